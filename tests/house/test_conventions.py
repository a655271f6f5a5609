"""The conventions of the house, as tests."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps as registry
from django.db import models
from django.urls import get_resolver

from apps.cab.states import MACHINES
from apps.clusters.states import MACHINES as CLUSTERS_MACHINES
from apps.integrations.states import MACHINES as INTEGRATIONS_MACHINES
from apps.journal.events import REGISTRY
from apps.journal.states import DELIVERY
from apps.meetings.states import MACHINES as MEETINGS_MACHINES
from apps.notify.states import SENDING
from apps.policies.states import MACHINES as POLICIES_MACHINES
from apps.stakeholders.states import MACHINES as STAKEHOLDERS_MACHINES
from apps.windows.states import MACHINES as WINDOWS_MACHINES
from config.schedule import SCHEDULE

ROOT = Path(__file__).parents[2]
AREAS = sorted(path.parent.name for path in (ROOT / "apps").glob("*/apps.py"))
FORBIDDEN = {"utils", "helpers", "common", "services", "signals", "managers", "constants"}
ALL_MACHINES = {
    **MACHINES,
    **WINDOWS_MACHINES,
    **POLICIES_MACHINES,
    **MEETINGS_MACHINES,
    **CLUSTERS_MACHINES,
    **STAKEHOLDERS_MACHINES,
    **INTEGRATIONS_MACHINES,
    "delivery": DELIVERY,
    "sending": SENDING,
}


def test_every_area_has_its_floor():
    floors = (ROOT / "pyproject.toml").read_text()
    assert [area for area in AREAS if not re.search(rf'"[^"\n]*\b{area}\b[^"\n]*"', floors)] == []


def test_no_room_is_named_for_everything_and_nothing():
    found = [path for path in (ROOT / "apps").rglob("*.py") if path.stem in FORBIDDEN or path.parent.name in FORBIDDEN]
    assert found == []


def test_the_kernel_stays_small():
    # See docs/adr/0004, 0009, 0010 and 0012.
    apart = {"charts.py", "signs.py", "ledger.py", "printing.py", "sheets.py", "exports.py", "prepared.py"}
    lines = sum(
        len(path.read_text().splitlines()) for path in (ROOT / "apps/kernel").rglob("*.py") if path.name not in apart
    )
    assert lines < 800


def test_the_kernel_has_no_models():
    assert list(registry.get_app_config("kernel").get_models()) == []


def test_no_model_saves_sorts_or_signals_in_its_own_way():
    for model in registry.get_models():
        if not model.__module__.startswith("apps."):
            continue
        assert "save" not in vars(model), model
        assert not model._meta.ordering, model


def test_every_choice_is_also_a_constraint():
    free = {"Person.theme", "Person.density"}  # a wrong one costs a look, not a truth
    for model in registry.get_models():
        if not model.__module__.startswith("apps."):
            continue
        checked = " ".join(
            str(one.condition) for one in model._meta.constraints if isinstance(one, models.CheckConstraint)
        )
        for field in model._meta.local_fields:
            if field.choices and f"{model.__name__}.{field.name}" not in free:
                assert field.name in checked, f"{model.__name__}.{field.name}"


def test_every_unique_truth_a_person_can_break_has_its_sentence():
    silent = re.compile(r"^Constraint “.*” is violated\.$")
    cab = [
        model
        for model in registry.get_app_config("cab").get_models()
        if model.__name__ in {"Board", "Seat", "Ballot", "Delegation"}
    ]
    for model in cab:
        for one in model._meta.constraints:
            known = isinstance(one, models.CheckConstraint) and one.name.endswith("_known")
            assert known or not silent.match(str(one.violation_error_message)), one.name


@pytest.mark.parametrize("name", ALL_MACHINES)
def test_every_pair_of_states_is_allowed_or_refused_in_a_sentence(name):
    from apps.kernel.refusals import WrongState

    machine = ALL_MACHINES[name]
    for current in machine.states():
        for target in machine.states():
            if target in machine.moves[current]:
                machine.require(current, target)
                continue
            with pytest.raises(WrongState) as refused:
                machine.require(current, target)
            assert refused.value.next_step


@pytest.mark.parametrize("name", ALL_MACHINES)
def test_every_state_can_be_reached(name):
    machine = ALL_MACHINES[name]
    reached = {machine.states()[0]} | {target for targets in machine.moves.values() for target in targets}
    assert reached == set(machine.states())


def test_actions_take_their_parameters_by_name():
    wrong = []
    for area in AREAS:
        for module in _modules(area, "actions"):
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if name.startswith("_") or function.__module__ != module.__name__ or not _writes(function):
                    continue
                kinds = [one.kind for one in inspect.signature(function).parameters.values()]
                if any(kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds):
                    wrong.append(f"{module.__name__}.{name}")
    assert wrong == []


def test_a_status_is_assigned_in_one_place_only():
    """`x.state = …` stands in functions named `_move` or `move_…` and nowhere else."""
    wrong = []
    for path in (ROOT / "apps").rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef) or function.name.lstrip("_").startswith("move"):
                continue
            for node in ast.walk(function):
                targets = node.targets if isinstance(node, ast.Assign) else []
                flat = [
                    one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])
                ]
                if any(isinstance(one, ast.Attribute) and one.attr == "state" for one in flat):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_every_event_says_in_words_what_happened():
    assert [name for name, event in REGISTRY.items() if not event.words and name.split(".")[0] in AREAS] == []


def test_every_periodic_job_names_a_task():
    for job in SCHEDULE.values():
        module, _, name = job["task"].rpartition(".")
        assert hasattr(import_module(module), name), job["task"]


def test_every_page_of_ours_answers_to_a_name():
    ours = [one for one in get_resolver().url_patterns if "apps." in str(getattr(one, "urlconf_name", ""))]
    assert ours
    for resolver in ours:
        assert all(pattern.name for pattern in resolver.url_patterns if hasattr(pattern, "name"))


def test_no_document_names_a_thing_that_is_not_there():
    """Relative links of the README and the docs lead to files."""
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        links = re.findall(r"\]\((?!https?:|/|#)([^)#]+)", page.read_text())
        broken += [f"{page.name}: {link}" for link in links if not (page.parent / link).exists()]
    assert broken == []


def _modules(area: str, name: str) -> list:
    root = ROOT / "apps" / area
    if (root / f"{name}.py").exists():
        return [import_module(f"apps.{area}.{name}")]
    return (
        [import_module(f"apps.{area}.{name}.{path.stem}") for path in (root / name).glob("[!_]*.py")]
        if (root / name).is_dir()
        else []
    )


def _writes(function) -> bool:
    return "atomic" in inspect.getsource(function).split("def ")[0]
