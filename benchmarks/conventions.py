"""A scan of 100,000 components by two conventions, beside reading their names and matching the pattern alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import re2
from django.db.models.functions import Upper
from django.utils import timezone

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.actions.conventions import make_convention
from apps.clusters.models import CheckRun, Component, Finding
from apps.clusters.queries.conventions import CHECKER, NAMES

PATTERN = "[a-z][a-z0-9]*(-[a-z0-9]+)*"


@dataclass(frozen=True)
class Scanned:
    """Seconds: a first scan that keeps its findings, one that finds the same, the names compared, and the bare."""

    first: float
    again: float
    names: float
    bare: float
    components: int
    findings: int


def took(person: Any) -> Scanned:
    """Make two conventions, one that a component in twenty breaks, and scan what `search.surround` filled."""
    RoleGrant.objects.get_or_create(person=person, role=Role.BOARD_CHAIR)
    keeper, before = Person.objects.get(pk=person.pk), timezone.now() - timedelta(minutes=1)
    keys = list(Component.objects.order_by("pk").values_list("pk", flat=True)[::20])
    Component.objects.filter(pk__in=keys).update(slug=Upper("slug"))
    for field, values in (
        ("slug", {"title": "Small letters", "pattern": PATTERN, "passing": ["card-gateway"], "failing": ["Card"]}),
        ("name", {"title": "An owner", "needs_owner": True}),
    ):
        make_convention(keeper=keeper, kind="component", field=field, values=values, reason="Measured.", at=before)
    first, again = _timed(lambda: _scan(CHECKER)), _timed(lambda: _scan(CHECKER))
    findings = Finding.objects.filter(checker=CHECKER).count()
    names, bare = _timed(lambda: _scan(NAMES)), _timed(_bare)
    return Scanned(first, again, names, bare, Component.objects.count(), findings)


def _scan(checker: str) -> None:
    ask_for_check(checker=checker)
    checks.run(checks.registered()[checker], at=timezone.now())
    assert CheckRun.objects.get(checker=checker).ran_at


def _bare() -> int:
    compiled = re2.compile(PATTERN)
    rows = Component.objects.order_by("pk").values_list("pk", "slug", "owner_name", "description", "tags", "sites")
    return sum(not compiled.fullmatch(slug) for _, slug, *_ in rows.iterator(chunk_size=5_000))


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
