"""What a change is in conflict with, as the database has it now; and the conflicts a person may see."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from apps.cab.models import Change, Conflict, FreezeException
from apps.cab.rules import conflicts as rules
from apps.cab.states import PLANNING, ConflictState
from apps.clusters.models import Component, Visibility
from apps.kernel.prepared import Prepared
from apps.windows.models import RecurringWindow, WindowKind
from apps.windows.queries import freezes_over, occurrences_of, scope_of
from apps.windows.rules.freezing import FreezeFacts, verdict
from apps.windows.rules.recurrence import Interval

MOST_LINKS = 2_000  # of one change: more pairs of components than a person will ever read; the page says when it is so
MOST_NEAR = 2_000  # changes planned in the same span that are read one by one
EMERGENCY = "emergency"
PLANNED = ", ".join(f"'{state.value}'" for state in PLANNING)  # as written in the index, so that the planner takes it

_OVERLAPS = f"""c.state IN ({PLANNED})
    AND tstzrange(c.window_start_at, c.window_end_at) && tstzrange(%(start)s, %(end)s)
    AND c.id <> %(change)s"""
# What is planned and overlaps, by the index of planned spans; then only these are looked at. Where it is more than
# `MOST_NEAR`, none of it is: `_LINKS_AMONG_MANY` and `_BUSY` then ask the database for those that are linked, so that
# none is missed and few are read.
_NEAR = f"""
SELECT c.id, c.implementer_id, c.window_start_at, c.window_end_at
FROM cab_change AS c
WHERE {_OVERLAPS}
LIMIT {MOST_NEAR + 1}
"""  # noqa: S608  # the states are ours
_BUSY = f"""
SELECT c.id, c.window_start_at, c.window_end_at
FROM cab_change AS c
WHERE {_OVERLAPS} AND c.implementer_id = %(implementer)s
ORDER BY c.id
LIMIT {MOST_LINKS + 1}
"""  # noqa: S608  # only words of our own are put in
# What the change's own components reach within two hops comes first: a few rows, by the map's indexes. Read the other
# way about (everything planned against the whole map) the answer takes ten times as long. Asked only where something is
# near: PostgreSQL takes longer to plan this than to answer it.
_REACH = """
WITH mine AS MATERIALIZED (SELECT component_id AS id FROM cab_changecomponent WHERE change_id = %(change)s),
reach(kind, mine, theirs, hops, mine_needs) AS MATERIALIZED (
    SELECT 'same_component', mine.id, mine.id, 0, false FROM mine
    UNION ALL
    SELECT CASE edge.kind WHEN %(failover)s THEN 'failover' ELSE 'dependency' END, mine.id, edge.provider_id, 1,
        edge.kind <> %(failover)s
    FROM mine JOIN clusters_dependency AS edge ON edge.consumer_id = mine.id
    UNION ALL
    SELECT CASE edge.kind WHEN %(failover)s THEN 'failover' ELSE 'dependency' END, mine.id, edge.consumer_id, 1, false
    FROM mine JOIN clusters_dependency AS edge ON edge.provider_id = mine.id
    UNION ALL
    SELECT 'dependency', mine.id, two.provider_id, 2, true
    FROM mine
    JOIN clusters_dependency AS one ON one.consumer_id = mine.id AND one.kind <> %(failover)s
    JOIN clusters_dependency AS two ON two.consumer_id = one.provider_id AND two.kind <> %(failover)s
    WHERE two.provider_id <> mine.id
    UNION ALL
    SELECT 'dependency', mine.id, two.consumer_id, 2, false
    FROM mine
    JOIN clusters_dependency AS one ON one.provider_id = mine.id AND one.kind <> %(failover)s
    JOIN clusters_dependency AS two ON two.provider_id = one.consumer_id AND two.kind <> %(failover)s
    WHERE two.consumer_id <> mine.id
),
"""
_LINKED = f"""
FROM reach JOIN theirs ON theirs.id = reach.theirs
JOIN clusters_component AS m ON m.id = reach.mine JOIN clusters_component AS t ON t.id = reach.theirs
ORDER BY theirs.change_id, reach.kind, reach.hops, m.name, t.name, reach.mine_needs
LIMIT {MOST_LINKS + 1}
"""
_TOLD = "reach.kind, theirs.change_id, m.name AS mine, t.name AS theirs, reach.hops, reach.mine_needs"
_LINKS = f"""{_REACH}
theirs AS MATERIALIZED (
    SELECT change_id, component_id AS id FROM cab_changecomponent WHERE change_id = ANY(%(near)s)
)
SELECT DISTINCT {_TOLD} {_LINKED}"""  # noqa: S608  # only words of our own are put in
_LINKS_AMONG_MANY = f"""{_REACH}
theirs AS MATERIALIZED (
    SELECT touched.change_id, touched.component_id AS id, c.window_start_at, c.window_end_at
    FROM cab_changecomponent AS touched JOIN cab_change AS c ON c.id = touched.change_id
    WHERE touched.component_id IN (SELECT theirs FROM reach) AND {_OVERLAPS}
)
SELECT DISTINCT {_TOLD}, theirs.window_start_at, theirs.window_end_at {_LINKED}"""  # noqa: S608  # only words of our own are put in


_stopping = Prepared(
    lambda change: Conflict.objects.of_change(change).stopping().with_both().order_by("kind", "pk"),
    change=BigIntegerField(),
)
_touched = Prepared(
    lambda change: Component.objects.filter(touching__change=change).values_list("cluster_id", "cluster__name", "tier"),
    change=BigIntegerField(),
)
_declared = Prepared(
    lambda clusters: RecurringWindow.objects.in_force().governing(clusters).order_by("pk"),
    clusters=ArrayField(BigIntegerField()),
)
_freezes = Prepared(freezes_over, start_at=DateTimeField(), end_at=DateTimeField())


@dataclass(frozen=True)
class Findings:
    """The conflicts of one change, and whether it meets others in more places than `MOST_LINKS`: then some lack."""

    rows: Sequence[rules.Found] = ()
    is_cut: bool = False


def found_for(change: Change) -> Findings:
    """Every conflict of the change as it is planned; none for one that has no window or is not being planned."""
    if change.window_start_at is None or change.window_end_at is None or change.state not in PLANNING:
        return Findings()
    window = (change.window_start_at, change.window_end_at)
    targets = targets_of(change)
    others = _with_others(change, window)
    alone = [*_with_windows(change, window, targets), *_with_freezes(change, window, targets)]
    return Findings([*others.rows, *alone], others.is_cut)


def targets_of(change: Change) -> list[rules.Target]:
    """Its own cluster, and every cluster and tier of the components it touches."""
    found = {rules.Target(*row) for row in _touched(change=change.pk)}
    if all(one.cluster_id != change.cluster_id for one in found):
        found.add(rules.Target(change.cluster_id, change.cluster.name, None))
    return sorted(found, key=lambda one: (one.cluster_id, one.tier if one.tier is not None else -1))


def freeze_facts(change: Change, targets: Sequence[rules.Target], window: Interval) -> FreezeFacts:
    """What freezes ask of the change, were it done in that window."""
    return FreezeFacts(
        window_start_at=window[0],
        window_end_at=window[1],
        cluster_ids=frozenset(one.cluster_id for one in targets),
        tiers=frozenset(one.tier for one in targets if one.tier is not None),
        type=change.type,
        risk=change.risk,
        roles=frozenset(change.implementer.roles) if change.implementer else frozenset(),
    )


def declared_for(targets: Sequence[rules.Target]) -> list[RecurringWindow]:
    """The maintenance windows and blackouts in force that may concern the targets."""
    return _declared(clusters=sorted({one.cluster_id for one in targets}))


def windows_over(
    window: Interval, declared: Sequence[RecurringWindow]
) -> tuple[list[rules.Occurs], list[rules.Occurs]]:
    """When the declared ones come round over the range: maintenance windows, and blackouts."""
    found = occurrences_of(declared, between=window)
    read = [
        (
            one.is_blackout,
            rules.Occurs(
                one.definition.pk,
                one.definition.name,
                one.definition.cluster_id,
                frozenset(one.definition.tiers),
                one.start_at,
                one.end_at,
            ),
        )
        for one in found
    ]
    return [one for black, one in read if not black], [one for black, one in read if black]


def maintenance_rulings(declared: Sequence[RecurringWindow]) -> Callable[[rules.Target], bool]:
    """What to ask of each target: whether any maintenance window is declared for it at all."""
    ruling = [(one.cluster_id, one.tiers) for one in declared if one.kind == WindowKind.MAINTENANCE]

    def ruled(target: rules.Target) -> bool:
        return any(
            cluster_id in (None, target.cluster_id) and (not tiers or target.tier is None or target.tier in tiers)
            for cluster_id, tiers in ruling
        )

    return ruled


def planning_of(component_ids: Collection[int], *, at: datetime) -> list[int]:
    """The planned changes, with a window not yet over, that touch any of these components."""
    rows = planned_at(at).filter(touched__component__in=component_ids)
    return sorted(set(rows.values_list("pk", flat=True)))


def planned_at(at: datetime) -> QuerySet[Change]:
    """Every change that is being planned or done, with a window that is not over."""
    return Change.objects.filter(state__in=[*PLANNING], window_end_at__gt=at)


def is_stopped(change: Change) -> bool:
    """Whether an open conflict keeps the change from being scheduled and started."""
    return Conflict.objects.of_change(change.pk).stopping().exists()


def stops_on(change: Change) -> list[tuple[str, str]]:
    """What stops the change, whoever asks, as (sentence, next step); of a restricted change no more than that it is."""
    return [_stop(one, change.pk, is_told=not _is_restricted(one, change.pk)) for one in _stopping(change=change.pk)]


@dataclass(frozen=True)
class Shown:
    """The conflicts of one change to one person: what stops it, and those the person may read, open ones first."""

    stops: Sequence[tuple[str, str]]
    rows: Sequence[Conflict]


def listed_for(person: Any, *, reads_restricted: bool) -> ArraySubquery:
    """To annotate changes with their open and accepted conflicts, as `shown_of` reads them: no query of their own.

    `person` is an id, or the place in a prepared question where it will stand (see `ChangeQuerySet.seen_by`).
    """
    seen = Change.objects.seen_by(person, reads_restricted=reads_restricted)
    rows = (
        Conflict.objects.filter(Q(change=OuterRef("pk")) | Q(other=OuterRef("pk")))
        .exclude(state=ConflictState.RESOLVED)
        .order_by("-state", "-is_stopping", "kind", "pk")
    )
    return ArraySubquery(
        rows.values(
            one=JSONObject(
                id="pk",
                kind="kind",
                state="state",
                is_stopping="is_stopping",
                details="details",
                accepted_by="accepted_by__name",
                accepted_at="accepted_at",
                accepted_reason="accepted_reason",
                freeze_id="freeze_id",
                change=JSONObject(id="change_id", number="change__number", title="change__title"),
                other=JSONObject(id="other_id", number="other__number", title="other__title"),
                other_seen=Exists(seen.filter(pk=OuterRef("other"))),
                change_seen=Exists(seen.filter(pk=OuterRef("change"))),
            )
        )
    )


def shown_of(change: Any) -> Shown:
    """The conflicts of a change annotated with `listed_conflicts`. Rows carry `words`, as this change reads them."""
    stops, told = [], []
    for data in change.listed_conflicts:
        one, is_told = _read(data), data["change_seen"] and (data["other"]["id"] is None or data["other_seen"])
        if one.state == ConflictState.OPEN and one.is_stopping:
            stops.append(_stop(one, change.pk, is_told=is_told))
        if is_told:
            one.words = one.sentence_for(change.pk)
            one.counterpart = one.change if one.other_id == change.pk else one.other
            told.append(one)
    return Shown(stops, told)


def _read(data: dict[str, Any]) -> Any:
    one: Any = Conflict(
        change=Change(**data["change"]),
        other=Change(**data["other"]) if data["other"]["id"] else None,
        accepted_at=datetime.fromisoformat(data["accepted_at"]) if data["accepted_at"] else None,
        **{
            name: data[name]
            for name in ("id", "kind", "state", "is_stopping", "details", "accepted_reason", "freeze_id")
        },
    )
    one.acceptor = data["accepted_by"]
    return one


def _stop(one: Conflict, change_id: int, *, is_told: bool) -> tuple[str, str]:
    step = rules.next_step(one.kind, may_be_accepted=one.may_be_accepted)
    return (one.sentence_for(change_id), step) if is_told else (rules.UNTOLD, rules.UNTOLD_STEP)


def _is_restricted(one: Conflict, change_id: int) -> bool:
    counterpart = one.change if one.other_id == change_id else one.other
    return counterpart is not None and counterpart.cluster.visibility == Visibility.RESTRICTED


def _with_others(change: Change, window: Interval) -> Findings:
    """With planned changes near it on the map, and with other work of whoever carries it out."""
    facts: dict[str, Any] = {"start": window[0], "end": window[1], "change": change.pk}
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, facts)
        near: list[tuple[Any, ...]] = cursor.fetchall()
        if not near:
            return Findings()
        facts |= {"failover": rules.FAILOVER_WORD, "implementer": change.implementer_id}
        if len(near) > MOST_NEAR:
            cursor.execute(_LINKS_AMONG_MANY, facts)
            linked = cursor.fetchall()
            cursor.execute(_BUSY, facts)
            busy = cursor.fetchall()
            spans = {row[0]: row[1:] for row in busy} | {row[1]: row[6:] for row in linked}
            people = [row[0] for row in busy]
        else:
            cursor.execute(_LINKS, facts | {"near": [row[0] for row in near]})
            linked, spans = cursor.fetchall(), {row[0]: row[2:] for row in near}
            people = sorted(row[0] for row in near if change.implementer_id and row[1] == change.implementer_id)
    links = [_link(change, row[:6]) for row in linked]
    met = {*people, *(link.other_id for link in links)}
    told = {pk: _span(change, window, pk, spans[pk]) for pk in met}
    details = {"person": change.implementer.name if change.implementer else ""}
    double_booked = [rules.found(rules.PERSON, details, inputs=told[pk], other_id=pk) for pk in people[:MOST_LINKS]]
    return Findings(
        [*rules.from_links(links[:MOST_LINKS], spans=told), *double_booked],
        is_cut=max(len(links), len(people)) > MOST_LINKS,
    )


def _link(change: Change, row: Sequence[Any]) -> rules.Link:
    kind, other_id, mine, theirs, hops, mine_needs = row
    low, high, low_needs = mine, theirs, mine_needs
    if other_id < change.pk:
        low, high, low_needs = theirs, mine, kind == rules.DEPENDENCY and not mine_needs
    return rules.Link(other_id, kind, low=low, high=high, hops=hops, low_needs=low_needs)


def _span(change: Change, window: Interval, other_id: int, others: Sequence[Any]) -> list[list[str]]:
    """Both windows, the lower change's first: the same from either side."""
    mine, theirs = ([moment.isoformat() for moment in one] for one in (window, others))
    return [mine, theirs] if change.pk < other_id else [theirs, mine]


def _with_windows(change: Change, window: Interval, targets: Sequence[rules.Target]) -> list[rules.Found]:
    declared = declared_for(targets)
    maintenance, blackouts = windows_over(window, declared)
    inputs = [moment.isoformat() for moment in window]
    found = [
        rules.found(
            rules.BLACKOUT,
            {"name": one.name, "from": one.start_at.isoformat(), "to": one.end_at.isoformat()},
            inputs=inputs,
            window_id=one.definition_id,
        )
        for one in rules.hit_by(window, targets, blackouts)
    ]
    # An emergency waits for no maintenance window.
    outside = (
        rules.outside_windows(window, targets, maintenance, maintenance_rulings(declared))
        if change.type != EMERGENCY
        else []
    )
    if outside:
        found.append(rules.found(rules.OUTSIDE_WINDOW, {"clusters": outside}, inputs=inputs))
    return found


def _with_freezes(change: Change, window: Interval, targets: Sequence[rules.Target]) -> list[rules.Found]:
    freezes = _freezes(start_at=window[0], end_at=window[1])
    if not freezes:
        return []
    facts = freeze_facts(change, targets, window)
    passed = set(FreezeException.objects.in_force().filter(change=change).values_list("freeze_id", flat=True))
    found = []
    for freeze in freezes:
        if freeze.pk in passed:
            continue
        scope = scope_of(freeze)
        said = verdict(scope, facts)
        if said.stops:
            details = {"name": scope.name, "sentence": said.sentence, "is_hard": scope.is_hard}
            inputs = [moment.isoformat() for moment in window]
            found.append(rules.found(rules.FREEZE, details, inputs=inputs, freeze_id=freeze.pk))
    return found
