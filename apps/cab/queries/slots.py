"""When a change could be done: free windows ahead, and which rule closes which hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q

from apps.cab.models import Change, ChangeComponent
from apps.cab.queries.conflicts import freeze_facts, maintenance_rulings, targets_of, windows_over
from apps.cab.rules import slots as rules
from apps.cab.rules.conflicts import FAILOVER_WORD, Target
from apps.cab.states import PLANNING
from apps.clusters.models import Dependency
from apps.windows.queries import freezes_between, scope_of
from apps.windows.rules.freezing import verdict
from apps.windows.rules.recurrence import Interval

AHEAD = timedelta(days=90)
USUAL = timedelta(hours=1)  # of a change that has no window yet
LONGEST = timedelta(days=14)
EMERGENCY = "emergency"
MOST_OTHERS = 2_000


@dataclass(frozen=True)
class Slots:
    """The free windows of a stretch of time for a change of that length, and what closes the rest."""

    lasts: timedelta
    stretch: Interval
    free: Sequence[Interval]
    blocked: Sequence[rules.Blocked]


def slots_for(change: Change, *, at: datetime) -> Slots:
    """Free windows of the change's length within 90 days of `at`, at most 20, by start.

    Closed are: hours outside the maintenance windows of a cluster that has some, blackouts, enforced freezes that do not
    spare it (soft ones too), and the windows of planned changes that touch the same component, a neighbour within two
    hops or a failover partner, or have the same implementer.
    """
    had = (change.window_start_at, change.window_end_at)
    lasts = min(had[1] - had[0], LONGEST) if had[0] and had[1] else USUAL
    stretch = (at, at + AHEAD)
    found = rules_for(change, stretch)
    ranges = rules.free(stretch, found)
    return Slots(
        lasts,
        stretch,
        list(islice(rules.slots(ranges, lasts=lasts), rules.MOST_SLOTS)),
        rules.blocked_hours(stretch, found),
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


def _windows(change: Change, targets: Sequence[Target], stretch: Interval) -> list[rules.Rule]:
    maintenance, blackouts = windows_over(stretch, targets)
    found = [
        rules.Rule(
            "blackout",
            f"The blackout “{name}”.",
            tuple((o.start_at, o.end_at) for o in blackouts if o.name == name and any(o.holds_for(t) for t in targets)),
        )
        for name in sorted({one.name for one in blackouts})
    ]
    if change.type == EMERGENCY:
        return found
    ruled = maintenance_rulings(targets)
    for target in (one for one in targets if ruled(one)):
        kept = [(o.start_at, o.end_at) for o in maintenance if o.holds_for(target)]
        where = target.cluster_name if target.tier is None else f"{target.cluster_name}, tier {target.tier}"
        sentence = f"Outside the maintenance windows of {where}."
        found.append(rules.Rule("outside_window", sentence, rules.outside(stretch, kept)))
    return found


def _freezes(change: Change, targets: Sequence[Target], stretch: Interval) -> list[rules.Rule]:
    facts = freeze_facts(change, targets, stretch)
    rows = [(one, scope_of(one)) for one in freezes_between(*stretch)]
    return [
        rules.Rule("freeze", f"The freeze “{one.name}”.", ((one.start_at, one.end_at),))
        for one, scope in rows
        if verdict(scope, facts).stops
    ]


def _changes(change: Change, stretch: Interval) -> list[rules.Rule]:
    near = neighbourhood(set(change.components.values_list("pk", flat=True)))
    touching = ChangeComponent.objects.filter(component__in=near).values("change_id")
    busy = Q(implementer=change.implementer_id) if change.implementer_id else Q(pk__in=[])
    rows = (
        Change.objects.filter(Q(pk__in=touching) | busy, state__in=[*PLANNING])
        .filter(window_start_at__lt=stretch[1], window_end_at__gt=stretch[0])
        .exclude(pk=change.pk)
        .values_list("window_start_at", "window_end_at")[:MOST_OTHERS]
    )
    closed = tuple((start, end) for start, end in rows if start and end)
    return [rules.Rule("changes", "Other changes near it, or of the same implementer.", closed)]


def neighbourhood(components: set[int]) -> set[int]:
    """These components, what they need and what needs them within two hops, and their failover partners."""
    found = set(components)
    edges = Dependency.objects.exclude(kind=FAILOVER_WORD)
    for near, far in (("consumer", "provider"), ("provider", "consumer")):
        reached = components
        for _ in range(2):
            reached = set(edges.filter(**{f"{near}__in": reached}).values_list(far, flat=True))
            found |= reached
    partners = Dependency.objects.filter(kind=FAILOVER_WORD)
    found |= set(partners.filter(consumer__in=components).values_list("provider", flat=True))
    return found | set(partners.filter(provider__in=components).values_list("consumer", flat=True))
