"""Where a change is decided: by the policies in force, or by the fixed rule while there are none."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models import Value as SqlValue

from apps.accounts.models import Person
from apps.cab.models import Board, Change, ChangeComponent, TemplateVersion
from apps.cab.models.handovers import Way
from apps.cab.queries import boards, changes, standards
from apps.cab.rules import facts, routing
from apps.clusters.models import Component
from apps.clusters.queries.findings import blockers_counted
from apps.kernel.refusals import WrongState
from apps.policies import queries as policies
from apps.policies.models import PolicyVersion
from apps.policies.rules.columns import Facts, Value
from apps.stakeholders.queries import thresholds
from apps.stakeholders.queries.rates import enterprise_currency
from apps.stakeholders.rules.levels import LEVEL_FACT, Judgement


@dataclass(frozen=True)
class Route:
    """The way a change takes from here, and why."""

    way: str  # a value of Way
    sentence: str
    kind: str = ""  # of board, as it was asked for
    board: Board | None = None
    roles: tuple[str, ...] = ()  # which must have voted, beside those of the board's own quorum
    people: tuple[dict[str, Any], ...] = ()  # who must have voted: {"id", "name"}
    apart: bool = False  # different people in the roles
    facts: dict[str, Value | None] = field(default_factory=dict)
    grounds: dict[str, Any] = field(default_factory=dict)
    floor: PolicyVersion | None = None
    own: PolicyVersion | None = None
    template: TemplateVersion | None = None


def facts_of(change: Change, *, at: datetime) -> dict[str, Value | None]:
    """The facts of the change as policies read them, as known at `at`."""
    return judged_facts(change, at=at)[0]


def judged_facts(change: Change, *, at: datetime) -> tuple[dict[str, Value | None], Judgement | None]:
    """The same, and the judgement of the thresholds in force that one of them, the level, comes from."""
    touched = Component.objects.filter(touching__change=change).values_list("tier", "tags", "cluster_id")
    given = facts_from(change, list(touched), at=at, **_counted(change))
    judgement = thresholds.judged(change.cluster_id, given)
    return with_level(given, judgement), judgement


def with_level(given: Facts, judgement: Judgement | None) -> dict[str, Value | None]:
    """The facts with the level that thresholds come to; not known where none is in force."""
    return {**given, LEVEL_FACT: judgement.level.value if judgement else None}


def _counted(change: Change) -> dict[str, int]:
    """The two facts that are counts of rows, by one question."""
    reach = _reach([change.pk]).values_list(SqlValue("blast_radius"), "reach")
    standing = blockers_counted([change.cluster_id]).values_list(SqlValue(facts.FINDINGS_FACT), "number")
    return {"blast_radius": 0, facts.FINDINGS_FACT: 0} | dict(reach.union(standing, all=True))


def blast_radii(changes: Collection[int]) -> dict[int, int]:
    """How many components need, directly, what each change touches, its own left out; changes of none are left out."""
    return dict(_reach(changes).values_list("change", "reach"))


def _reach(changes: Collection[int]) -> QuerySet[Any, Any]:
    own = ChangeComponent.objects.filter(
        change=OuterRef("change"), component=OuterRef("component__needed_by__consumer")
    )
    rows = ChangeComponent.objects.filter(change__in=changes, component__needed_by__isnull=False).filter(~Exists(own))
    return rows.order_by().values("change").annotate(reach=Count("component__needed_by__consumer", distinct=True))


def cost_of(change: Change) -> int | None:
    """What it is thought to cost, in whole units of the enterprise's currency; None where nobody said."""
    return change.estimate.fact(enterprise_currency()) if change.estimate else None


def facts_from(
    change: Change,
    rows: list[tuple[int, list[str], int]],
    *,
    at: datetime,
    blast_radius: int | None = None,
    open_findings: int | None = None,
) -> dict[str, Value | None]:
    """The facts of a change whose cluster is read; `rows` are its components: tier, tags, key of the cluster."""
    local = (change.window_start_local, change.window_end_local)
    planned_from = change.submitted_at or at
    return facts.facts(
        facts.Situation(
            type=change.type,
            category=change.category,
            risk=change.risk,
            cluster=change.cluster.slug,
            clusters_touched=len({change.cluster_id, *(cluster for _, _, cluster in rows)}),
            tiers=[tier for tier, _, _ in rows],
            tags=[tag for _, tags, _ in rows for tag in tags],
            downtime_minutes=change.downtime_minutes,
            window_local=(local[0], local[1]) if local[0] and local[1] else None,
            notice=change.window_start_at - planned_from if change.window_start_at else None,
            has_backout_plan=bool(change.backout_plan.strip()),
            has_test_plan=bool(change.test_plan.strip()),
            blast_radius=blast_radius,
            cost=cost_of(change),
            open_findings=open_findings,
        )
    )


def route_of(change: Change, *, at: datetime, otherwise: Board | None = None) -> Route:
    """Where the change goes now; to `otherwise` when the board that should decide was never founded (None: refused)."""
    given, judgement = judged_facts(change, at=at)
    decided = policies.required(given, cluster_id=change.cluster_id)
    route = _by_policy(change, given, decided) if decided else _by_rule(change, given)
    if change.template_version_id is not None:
        route = _by_template(change, route)
    if judgement is not None:
        route = replace(route, grounds={**route.grounds, "level": judgement.as_data()})
    if route.board is not None and route.board.kind != route.kind:
        said = f"{route.sentence} That board was never founded, so the {route.board} decides."
        return replace(route, sentence=said, grounds={**route.grounds, "sentence": said})
    if route.way == Way.BOARD and route.board is None and otherwise is not None:
        return replace(route, board=otherwise)
    if route.way == Way.BOARD and route.board is None:
        raise WrongState(
            f"{route.sentence} There is no such board yet.",
            next_step="Ask an administrator to found the board.",
            code="no_board",
        )
    return route


def _by_template(change: Change, route: Route) -> Route:
    """A published template authorizes beforehand, unless a policy refuses; one that does not, never lets others do so.

    Its publication was the decision that a board or a policy would make. Without it the change is none that was
    decided once for all, whatever its type says, and a board looks at it.
    """
    version, sentence = standards.preauthorizing(change, lock=True)
    grounds = {**route.grounds, "sentence": sentence}
    if route.way == Way.REFUSE:
        return route
    if version is not None:
        kept = {"rules": [], "versions": [], "template": _named(version)}
        return Route(Way.APPROVE, sentence, facts=route.facts, grounds={**grounds, **kept}, template=version)
    if route.way == Way.BOARD:
        return replace(route, sentence=f"{sentence} {route.sentence}", grounds=grounds)
    fallen_back = _by_rule(change, route.facts)
    return replace(fallen_back, sentence=sentence, grounds={**fallen_back.grounds, "sentence": sentence})


def _named(version: TemplateVersion) -> dict[str, Any]:
    return {"id": version.template_id, "name": version.template.name, "number": version.number}


def _by_rule(change: Change, given: dict[str, Value | None]) -> Route:
    way = routing.route(type=change.type, clusters_touched=changes.clusters_touched(change), risk=change.risk)
    grounds = {"sentence": way.sentence, "rules": [], "missing": [], "versions": []}
    board = boards.board_for(way.kind, change.cluster_id)
    return Route(Way.BOARD, way.sentence, way.kind, board, facts=given, grounds=grounds)


def _by_policy(change: Change, given: dict[str, Value | None], decided: policies.Decided) -> Route:
    outcome, ruling = decided.ruling.outcome, decided.ruling
    told = outcome.told()
    sentence = f"{told[:1].upper()}{told[1:]}" + (" decides." if outcome.kind == Way.BOARD else "")
    grounds = {
        "sentence": sentence,
        "rules": [hit.as_data() for hit in ruling.hits],
        "missing": list(ruling.missing),
        "versions": [
            {"name": str(one), "slug": one.policy.slug, "number": one.number, "digest": one.digest}
            for one in decided.versions
        ],
    }
    return Route(
        outcome.kind,
        sentence,
        kind=outcome.board,
        board=boards.board_for(outcome.board, change.cluster_id) if outcome.kind == Way.BOARD else None,
        roles=tuple(sorted(outcome.roles)),
        people=_people(outcome.people),
        apart=bool(outcome.roles) and not outcome.may_coincide,
        facts=given,
        grounds=grounds,
        floor=next((one for one in decided.versions if one.policy.is_floor), None),
        own=next((one for one in decided.versions if not one.policy.is_floor), None),
    )


def _people(handles: frozenset[str]) -> tuple[dict[str, Any], ...]:
    """The named people; one whom nobody knows any more stays named, so that the round says who is missing."""
    if not handles:
        return ()
    known = {one.handle: one for one in Person.objects.filter(handle__in=handles)}
    return tuple(
        {"id": known[handle].pk if handle in known else 0, "name": str(known.get(handle, handle))}
        for handle in sorted(handles)
    )
