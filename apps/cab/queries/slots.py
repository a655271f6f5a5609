"""When a change could be done: free windows ahead, and which rule closes which hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from apps.cab.models import Change, FreezeException
from apps.cab.queries.conflicts import (
    EMERGENCY,
    PLANNED,
    declared_for,
    freeze_facts,
    maintenance_rulings,
    targets_of,
    windows_over,
)
from apps.cab.rules import conflicts
from apps.cab.rules import slots as rules
from apps.clusters.models import Dependency
from apps.kernel.refusals import Invalid
from apps.kernel.windows import require_window
from apps.windows.queries import freezes_between, scope_of
from apps.windows.rules.freezing import verdict
from apps.windows.rules.recurrence import Interval

AHEAD = timedelta(days=90)
FURTHEST = timedelta(days=366)  # that a search may begin from now
USUAL = timedelta(hours=1)  # of a change that has no window yet
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=14)
MOST_SLOTS = 20

# What planned changes close, by kind. `range_agg` joins them, so that the answer is bounded by the stretch, not by how
# many changes there are.
_TAKEN = f"""
SELECT kind, lower(span), upper(span)
FROM (
    SELECT near.kind, unnest(range_agg(tstzrange(c.window_start_at, c.window_end_at))) AS span
    FROM cab_change AS c
    JOIN (
        SELECT DISTINCT n.kind, t.change_id
        FROM unnest(%(kinds)s::text[], %(components)s::bigint[]) AS n(kind, component_id)
        JOIN cab_changecomponent AS t ON t.component_id = n.component_id
        UNION ALL
        SELECT 'person', p.id FROM cab_change AS p
        WHERE p.implementer_id = %(implementer)s AND p.state IN ({PLANNED})
    ) AS near ON near.change_id = c.id
    WHERE c.state IN ({PLANNED})
        AND tstzrange(c.window_start_at, c.window_end_at) && tstzrange(%(start)s, %(end)s)
        AND c.id <> %(change)s
    GROUP BY near.kind
) AS taken
ORDER BY kind, lower(span)
"""  # noqa: S608  # the states are ours


@dataclass(frozen=True)
class FreeWindow:
    """A free window, told in `window_zone`, and the latest start of the same length in the same free range."""

    window_start_at: datetime
    window_end_at: datetime
    window_zone: str
    latest_start_at: datetime


@dataclass(frozen=True)
class Slots:
    """The free windows of a stretch of time for a change of that length, and what closes the rest."""

    lasts: timedelta
    stretch: Interval
    zone: str
    free: Sequence[FreeWindow]
    blocked: Sequence[rules.Blocked]
    free_hours: float

    @property
    def minutes(self) -> int:
        """How long a slot lasts."""
        return int(self.lasts.total_seconds() // 60)


def slots_for(change: Change, *, at: datetime, minutes: int | None = None, start_at: datetime | None = None) -> Slots:
    """Free windows within 90 days of `start_at` (now, where left out), the first of each day, at most 20.

    A window lasts `minutes` (15 to 20,160), or as long as the one the change has, or an hour. Closed are the hours
    outside the maintenance windows of a cluster that has some (not to an emergency), blackouts, enforced freezes that
    do not spare it (soft ones too), and the windows of planned changes that touch the same component, a neighbour
    within two hops or a failover partner, or have the same implementer. A window that the change's zone cannot write
    (in the hour that autumn repeats, or spring skips) is left out.
    """
    lasts = _length(change, minutes)
    begins = _begin(start_at, at)
    stretch = (begins, begins + AHEAD)
    found = rules_for(change, stretch)
    ranges, zone = rules.free(stretch, found), zone_of(change)
    fitting = (one for one in rules.slots(ranges, lasts=lasts) if can_be_written(one.start_at, one.end_at, zone))
    first = islice(rules.first_of_each_day(fitting, ZoneInfo(zone)), MOST_SLOTS)
    return Slots(
        lasts,
        stretch,
        zone,
        [FreeWindow(one.start_at, one.end_at, zone, one.latest_start_at) for one in first],
        rules.blocked_hours(stretch, found),
        rules.hours_of(ranges),
    )


def rules_for(change: Change, stretch: Interval) -> list[rules.Rule]:
    """Everything that closes hours of the stretch to the change."""
    targets = targets_of(change)
    found = [
        *_windows(change, targets, stretch),
        *_freezes(change, targets, stretch),
        *_changes(change, stretch),
    ]
    return [one for one in found if one.closed]


def zone_of(change: Change) -> str:
    """The zone its window is written in: its own, else its cluster's."""
    return change.window_zone or change.cluster.zone


def can_be_written(start_at: datetime, end_at: datetime, zone: str) -> bool:
    """Whether wall-clock times of the zone can say just this window."""
    start_local, end_local = (moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in (start_at, end_at))
    try:
        window = require_window(start_local=start_local, end_local=end_local, zone=zone)
    except Invalid:
        return False
    return (window.start_at, window.end_at) == (start_at, end_at)


def neighbourhood(components: set[int]) -> list[tuple[str, int]]:
    """These components, what they need and what needs them within two hops, and failover partners: (kind, id) pairs."""
    found = {(conflicts.SAME_COMPONENT, one) for one in components}
    edges = Dependency.objects.exclude(kind=conflicts.FAILOVER_WORD)
    partners = Dependency.objects.filter(kind=conflicts.FAILOVER_WORD)
    for near, far in (("consumer", "provider"), ("provider", "consumer")):
        reached = components
        for _ in range(2):
            reached = set(edges.filter(**{f"{near}__in": reached}).values_list(far, flat=True))
            found |= {(conflicts.DEPENDENCY, one) for one in reached}
        mates = partners.filter(**{f"{near}__in": components}).values_list(far, flat=True)
        found |= {(conflicts.FAILOVER, one) for one in mates}
    return sorted(found)


def _length(change: Change, minutes: int | None) -> timedelta:
    if minutes is None:
        had = (change.window_start_at, change.window_end_at)
        return max(SHORTEST, min(had[1] - had[0], LONGEST)) if had[0] and had[1] else USUAL
    lasts = timedelta(minutes=minutes)
    if not SHORTEST <= lasts <= LONGEST:
        raise Invalid(
            "A window lasts from 15 minutes to 14 days.",
            next_step="Ask for a length in between, in minutes.",
            fields={"minutes": ["Out of range."]},
        )
    return lasts


def _begin(start_at: datetime | None, at: datetime) -> datetime:
    if start_at is None or at - timedelta(days=1) < start_at <= at:  # "today" has begun
        return at
    if not at < start_at <= at + FURTHEST:
        raise Invalid(
            "The search begins today or within a year.",
            next_step="Choose a later day, or leave it out.",
            fields={"from": ["Out of range."]},
        )
    return start_at


def _windows(change: Change, targets: Sequence[conflicts.Target], stretch: Interval) -> list[rules.Rule]:
    declared = declared_for(targets)
    maintenance, blackouts = windows_over(stretch, declared)
    hit = [one for one in blackouts if any(one.holds_for(target) for target in targets)]
    found = [
        rules.Rule(
            conflicts.BLACKOUT,
            f"The blackout “{name}”.",
            tuple((one.start_at, one.end_at) for one in hit if one.definition_id == pk),
        )
        for pk, name in sorted({(one.definition_id, one.name) for one in hit})
    ]
    if change.type == EMERGENCY:
        return found
    ruled = maintenance_rulings(declared)
    for target in (one for one in targets if ruled(one)):
        kept = [(one.start_at, one.end_at) for one in maintenance if one.holds_for(target)]
        where = target.cluster_name if target.tier is None else f"{target.cluster_name}, tier {target.tier}"
        sentence = f"Outside the maintenance windows of {where}."
        found.append(rules.Rule(conflicts.OUTSIDE_WINDOW, sentence, rules.outside(stretch, kept)))
    return found


def _freezes(change: Change, targets: Sequence[conflicts.Target], stretch: Interval) -> list[rules.Rule]:
    passed = set(FreezeException.objects.in_force().filter(change=change).values_list("freeze_id", flat=True))
    found = []
    for freeze in freezes_between(*stretch):
        span = (freeze.start_at, freeze.end_at)
        if freeze.pk not in passed and verdict(scope_of(freeze), freeze_facts(change, targets, span)).stops:
            sentence = f"The {freeze.strength} freeze “{freeze.name}”."
            found.append(rules.Rule(conflicts.FREEZE, sentence, (span,)))
    return found


def _changes(change: Change, stretch: Interval) -> list[rules.Rule]:
    near = neighbourhood(set(change.components.values_list("pk", flat=True)))
    facts: dict[str, Any] = {
        "kinds": [kind for kind, _ in near],
        "components": [pk for _, pk in near],
        "implementer": change.implementer_id,
        "start": stretch[0],
        "end": stretch[1],
        "change": change.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, facts)
        rows = cursor.fetchall()
    words = {
        conflicts.SAME_COMPONENT: "Other changes of the same components.",
        conflicts.DEPENDENCY: "Changes of what these components need, or of what needs them, within two hops.",
        conflicts.FAILOVER: "Changes of their failover partners.",
        conflicts.PERSON: f"Other work of {change.implementer}.",
    }
    return [
        rules.Rule(kind, sentence, tuple((low, high) for one, low, high in rows if one == kind))
        for kind, sentence in words.items()
    ]
