"""What people wrote runs in a child that cannot take the house with it."""

import subprocess
import sys
import time

import pytest

from apps.kernel.bounded import ROOT, Exhausted, run_bounded
from apps.kernel.refusals import Invalid

HERE = "tests.kernel.test_bounded"


def answer(argument):
    return {"twice": argument * 2}


def refuse(_):
    raise ValueError("That makes no sense.")


def spin(_):
    while True:
        pass


def swallow(_):
    return len("x" * (1 << 30))


def environment(_):
    import os

    return sorted(os.environ)


def run(name, argument=None, **bounds):
    return run_bounded(f"{HERE}:{name}", argument, **{"seconds": 20, "megabytes": 512, "what": "This"} | bounds)


def test_an_answer_comes_back():
    assert run("answer", 21) == {"twice": 42}


def test_what_the_function_refuses_is_a_refusal():
    with pytest.raises(Invalid, match="makes no sense"):
        run("refuse")


def test_a_child_that_never_ends_is_ended():
    began = time.monotonic()
    with pytest.raises(Exhausted, match="too long"):
        run("spin", seconds=3)
    assert time.monotonic() - began < 15


def test_a_child_that_swallows_memory_is_ended():
    with pytest.raises(Exhausted, match="memory"):
        run("swallow", megabytes=300)


def test_the_child_knows_no_secret():
    assert not [name for name in run("environment") if "SECRET" in name or "URL" in name]


@pytest.mark.parametrize("module", ["apps.windows.rules.recurrence", "apps.policies.rules.evaluating"])
def test_a_child_starts_without_django(module):
    """People wait for it: with Django it took three times as long."""
    loads = f"import sys, apps.kernel.bounded, {module}; print([name for name in sys.modules if name == 'django'])"
    said = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True, env={}, cwd=ROOT)
    assert said.stdout.strip() == "[]"
