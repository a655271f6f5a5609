"""What lies in some days of the calendar: changes, freezes, windows and blackouts, open conflicts."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import states
from apps.cab.models import Change, CoAuthorship, Conflict
from apps.cab.rules.calendar import DAY, Span
from apps.cab.states import ChangeState, ConflictState
from apps.clusters.models import Cluster
from apps.clusters.queries import held_on
from apps.kernel.windows import LONGEST
from apps.windows.models import Freeze, RecurringWindow
from apps.windows.queries import Occurrence, expand
from apps.windows.rules.recurrence import Interval

ON_CALENDAR = (
    ChangeState.AUTHORIZED,
    ChangeState.SCHEDULED,
    ChangeState.IMPLEMENTING,
    ChangeState.IMPLEMENTED,
    ChangeState.IN_REVIEW,
    ChangeState.CLOSED,
)
FIRST_INSTANT = datetime(1, 1, 2, tzinfo=UTC)  # before it no day can be reckoned
MOST_CHANGES = 1000  # on one sheet
MOST_DEFINITIONS = 300  # of windows on one sheet: each is expanded
MOST_CONFLICTS = 2000
EDITABLE = [*(states.FREELY_EDITABLE | states.WEIGHED_EDITABLE)]


@dataclass(frozen=True)
class FreezeHere:
    """A freeze with the clusters it is limited to; none: the whole federation."""

    freeze: Freeze
    cluster_ids: frozenset[int]


@dataclass(frozen=True)
class ConflictHere:
    """An open conflict: the changes in it, and when each of them is planned."""

    pk: int
    change_ids: tuple[int, ...]
    ranges: tuple[Interval, ...]


@dataclass(frozen=True)
class Sheet:
    """What a person may know of within a span; `is_cut` where there are more changes than one sheet takes."""

    span: Span
    changes: list[Change]
    movable: frozenset[int]  # ids of the changes that the person may edit
    freezes: list[FreezeHere]
    occurrences: list[Occurrence]
    conflicts: list[ConflictHere]
    is_cut: bool = False

    @cached_property
    def conflicts_by_change(self) -> Counter[int]:
        """How many of them each change is in, by its id."""
        return Counter(pk for one in self.conflicts for pk in one.change_ids)


def sheet(person: Person, span: Span, rows: "QuerySet[Change]", *, cluster: Cluster | None = None) -> Sheet:
    """The sheet of a span. `rows` are the changes asked for, already narrowed to what the person may see.

    At most 1,000 changes stand on it. `cluster` limits freezes and windows to those that hold there, and conflicts to
    those that a change of it is in.
    """
    found = list(planned(rows, person, span)[: MOST_CHANGES + 1])
    return Sheet(
        span,
        found[:MOST_CHANGES],
        frozenset(one.pk for one in found if cast("Any", one).may_move),
        freezes_in(span, person, cluster),
        occurrences_in(span, person, cluster),
        conflicts_in(span, person, cluster),
        is_cut=len(found) > MOST_CHANGES,
    )


def touching(rows: "QuerySet[Change]", start_at: datetime, end_at: datetime) -> "QuerySet[Change]":
    """Those whose window overlaps [start_at, end_at)."""
    return rows.filter(window_start_at__lt=end_at, window_end_at__gt=start_at)


def planned(rows: "QuerySet[Change]", person: Person, span: Span) -> "QuerySet[Change]":
    """The changes of the span by start, as the calendar shows them, each with `may_move`."""
    found = touching(rows, span.start_at, span.end_at).select_related("cluster")
    shown = ("number", "title", "type", "state", "risk", "on_hold", "window_start_at", "window_end_at", "window_zone")
    found = found.only(*shown, "cluster__slug", "cluster__name").annotate(may_move=_may_move(person))
    return found.order_by("window_start_at", "number")


def _may_move(person: Person) -> "Exists | Q | Value":
    """Whether the person may edit the change: they wrote it, or own its cluster; and it can still be edited."""
    if not person.may(Capability.PROPOSE_CHANGE):
        return Q(pk__isnull=True)
    writes = Exists(CoAuthorship.objects.filter(change=OuterRef("pk"), person=person))
    owns = [Exists(held.filter(permission__codename="own_cluster")) for held in held_on(OuterRef("cluster"), person)]
    mine = Q(requester=person) | Q(implementer=person) | Q(writes) | Q(owns[0]) | Q(owns[1])
    return Q(state__in=EDITABLE) & mine


def freezes_in(span: Span, person: Person, cluster: Cluster | None = None) -> list[FreezeHere]:
    """Enforced freezes of the span that the person may know of, by start."""
    rows = Freeze.objects.visible_to(person).enforced().filter(start_at__lt=span.end_at, end_at__gt=span.start_at)
    named = ArrayAgg("scope__cluster", filter=Q(scope__isnull=False), default=Value([]))
    found = [
        FreezeHere(one, frozenset(cast("Any", one).named))
        for one in rows.annotate(named=named).order_by("start_at", "pk")
    ]
    return [one for one in found if cluster is None or not one.cluster_ids or cluster.pk in one.cluster_ids]


def occurrences_in(span: Span, person: Person, cluster: Cluster | None = None, *, kind: str = "") -> list[Occurrence]:
    """When windows and blackouts that the person may know of come round in the span, by start.

    At most 300 definitions are read, the oldest first.
    """
    known = RecurringWindow.objects.visible_to(person).in_force().select_related("cluster").order_by("pk")
    if cluster is not None:
        known = known.governing({cluster.pk})
    if kind:
        known = known.filter(kind=kind)
    between = (span.start_at, span.end_at)
    found = [Occurrence(one, *when) for one in known[:MOST_DEFINITIONS] for when in expand(one, between=between)]
    return sorted(found, key=lambda one: (one.start_at, one.end_at, one.definition.pk))


def planned_within(start_at: datetime | None, end_at: datetime | None) -> Q:
    """Conflicts in which either change is planned within the range, open where None: its changes are found first."""
    found = Change.objects.filter(window_start_at__isnull=False)
    if start_at:
        # No window is longer than a year, which gives the index on its start both ends.
        earliest = max(start_at, FIRST_INSTANT + LONGEST + DAY) - LONGEST - DAY
        found = found.filter(window_end_at__gt=start_at, window_start_at__gt=earliest)
    if end_at:
        found = found.filter(window_start_at__lt=end_at)
    return Q(change__in=found.values("pk")) | Q(other__in=found.values("pk"))


def open_conflicts(span: Span, person: Person, cluster: Cluster | None = None) -> "QuerySet[Conflict]":
    """The open conflicts the person may know of in which either change is planned within the span."""
    rows = Conflict.objects.visible_to(person).filter(state=ConflictState.OPEN)
    rows = rows.filter(planned_within(span.start_at, span.end_at))
    return rows.filter(Q(change__cluster=cluster) | Q(other__cluster=cluster)) if cluster else rows


def conflicts_in(span: Span, person: Person, cluster: Cluster | None = None) -> list[ConflictHere]:
    """The same, the oldest first, at most 2,000."""
    ends = [f"{side}__window_{end}_at" for side in ("change", "other") for end in ("start", "end")]
    rows = open_conflicts(span, person, cluster).order_by("pk").values_list("pk", "change_id", "other_id", *ends)
    return [
        ConflictHere(
            pk,
            tuple(one for one in (change_id, other_id) if one),
            tuple((start, end) for start, end in (times[:2], times[2:]) if start),
        )
        for pk, change_id, other_id, *times in rows[:MOST_CONFLICTS]
    ]
