"""Questions about windows and freezes: what lies over a range of time, for whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.windows.models import Freeze, RecurringWindow, WindowKind
from apps.windows.rules.freezing import Scope
from apps.windows.rules.recurrence import Interval, occurrences


@dataclass(frozen=True)
class Occurrence:
    """One time a maintenance window or blackout comes round: [start_at, end_at)."""

    definition: RecurringWindow
    start_at: datetime
    end_at: datetime

    @property
    def is_blackout(self) -> bool:
        """Whether nothing may change in it."""
        return self.definition.kind == WindowKind.BLACKOUT


def occurrences_between(
    start_at: datetime, end_at: datetime, *, cluster_ids: Collection[int] | None = None, kind: str = ""
) -> list[Occurrence]:
    """Maintenance windows and blackouts that overlap [start_at, end_at), by start; one query.

    `cluster_ids` limits them to those of these clusters and of the federation (None: all).
    """
    definitions = RecurringWindow.objects.in_force().select_related("cluster").order_by("pk")
    if cluster_ids is not None:
        definitions = definitions.governing(set(cluster_ids))
    if kind:
        definitions = definitions.filter(kind=kind)
    found = [
        Occurrence(one, start, end) for one in definitions for start, end in expand(one, between=(start_at, end_at))
    ]
    return sorted(found, key=lambda one: (one.start_at, one.end_at, one.definition.pk))


def expand(definition: RecurringWindow, *, between: Interval) -> list[Interval]:
    """The occurrences of one definition that overlap the range."""
    return occurrences(
        rule=definition.rrule,
        start_local=definition.start_local,
        duration=timedelta(minutes=definition.duration_minutes),
        zone=definition.zone,
        between=between,
    )


def freezes_between(start_at: datetime, end_at: datetime) -> list[Freeze]:
    """Enforced freezes that overlap [start_at, end_at), by start, with the clusters they are limited to."""
    rows = Freeze.objects.enforced().filter(start_at__lt=end_at, end_at__gt=start_at)
    return list(rows.prefetch_related("scope").order_by("start_at", "pk"))


def scope_of(freeze: Freeze) -> Scope:
    """The freeze as the rules read it."""
    return Scope(
        name=freeze.name,
        is_hard=freeze.strength == "hard",
        start_at=freeze.start_at,
        end_at=freeze.end_at,
        cluster_ids=frozenset(one.cluster_id for one in freeze.scope.all()),
        tiers=frozenset(freeze.tiers),
        types=frozenset(freeze.types),
        exemptions=freeze.exemptions,
    )
