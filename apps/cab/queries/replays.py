"""Questions about replays: which changes one looks at, what policies ask of them, its figures and the rows behind."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from apps.accounts.models import Person
from apps.cab.models import Change, ChangeComponent, Handover, Replay, ReplayedChange
from apps.cab.models.replays import Course
from apps.cab.queries.metrics import FAILED
from apps.cab.queries.ways import blast_radii, facts_from, with_level
from apps.cab.rules import replays as rules
from apps.cab.rules import routing
from apps.cab.states import ChangeState
from apps.clusters.queries.findings import open_blockers
from apps.kernel.refusals import NotFound
from apps.policies.judging import answers_to
from apps.policies.models import PolicyVersion
from apps.policies.queries import compiled
from apps.policies.rules.columns import Facts
from apps.policies.rules.evaluation import Named, Ruling, cases, ruling
from apps.policies.rules.expressions import Question
from apps.stakeholders.queries.thresholds import Governing
from apps.stakeholders.rules.levels import LEVEL_FACT

# What a replay opens: the name in an address, what it says, and which of its changes.
_CAUGHT, _PASSED = Q(has_failed=True) & ~Q(drafted="approve"), Q(has_failed=True, drafted="approve")
_COLUMNS = {
    "drafted": "By the replayed version",
    "governed": "By what was in force",
    "happened": "What did happen",
}
WHICH: dict[str, tuple[str, Q]] = {
    "all": ("Every change of the replay", Q()),
    "failed": ("Changes that failed", Q(has_failed=True)),
    "caught": ("Failed changes that it sends to a board or refuses", _CAUGHT),
    "let-through": ("Failed changes that it authorizes", _PASSED),
    "newly-caught": ("Failed changes that only the replayed version stops", _CAUGHT & Q(governed="approve")),
    "newly-let-through": ("Failed changes that only the replayed version authorizes", _PASSED & ~Q(governed="approve")),
    "uncertain": ("Changes with a fact missing, read strictly", Q(is_certain=False)),
    "undecided-here": ("Changes that nothing here decided", Q(happened="")),
    **{
        f"{column}-{course}": (f"{title}: {Course(course).label}", Q(**{column: course}))
        for column, title in _COLUMNS.items()
        for course in rules.COURSES
    },
}

# What facts are read off; the other long texts are most of a row's bytes.
READ = (
    *("type", "category", "risk", "cluster__slug", "downtime_minutes", "window_start_local", "window_end_local"),
    *("cost_amount", "cost_currency", "cost_rate", "cost_into"),
    *("window_start_at", "submitted_at", "created_at", "backout_plan", "test_plan"),
)


@dataclass(frozen=True)
class Engine:
    """The policies of one cluster with their tables read once. Changes with the same facts are asked about once.

    Without any policy in force the fixed rule of `rules.routing` decides, as it does for a change on its way.
    """

    sources: Sequence[Named]
    _said: dict[Question, bool | str] = field(default_factory=dict)  # shared by the engines of a replay
    _known: dict[tuple[Any, ...], Ruling] = field(default_factory=dict)

    def course(self, facts: Facts) -> tuple[str, bool]:
        """How a change of these facts is decided, and whether every fact that was asked for is known."""
        if not self.sources:
            risk, touched = int(facts["risk"] or 1), int(facts["clusters_touched"] or 1)
            return routing.route(type=str(facts["type"]), clusters_touched=touched, risk=risk).kind, True
        key = self._key(facts)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = ruling(self.sources, facts, self._said)
        return rules.course_of(found.outcome.kind, found.outcome.board), not found.missing

    def cases(self, every: Iterable[Facts]) -> Iterator[Question]:
        """What its expressions have to be asked for these facts, those left out of which the ruling is known."""
        if any(row.expression for source in self.sources for row in source.table.rows):
            for facts in {key: one for one in every if (key := self._key(one)) not in self._known}.values():
                yield from cases(self.sources, facts)

    def _key(self, facts: Facts) -> tuple[Any, ...]:
        return tuple(facts.get(name) for name in self._named)

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The facts that some rule asks for: others cannot tell two changes apart."""
        rows = [row for source in self.sources for row in source.table.rows]
        return tuple(
            sorted({name for row in rows for name in (*row.cells, *(row.expression.names if row.expression else ()))})
        )


class Engines:
    """What a replay compares: for each cluster, the policies in force when it began, and those with the version."""

    def __init__(self, replay: Replay) -> None:
        versions = PolicyVersion.objects.filter(pk__in=replay.in_force).select_related("policy__cluster")
        self._tables = {one.policy_id: (one, compiled([one])[0]) for one in versions}
        self._version = replay.version
        replayed = PolicyVersion(policy=replay.version.policy, number=replay.version.number, rows=replay.rows)
        self._replayed = (replayed, compiled([replayed])[0])
        self._drafted: dict[int, Engine] = {}
        self._governed: dict[int, Engine] = {}
        self._said: dict[Question, bool | str] = {}
        self.has_expressions = any(row.expression for _, named in self._every() for row in named.table.rows)

    def _every(self) -> Iterable[tuple[PolicyVersion, Named]]:
        return (*self._tables.values(), self._replayed)

    def prepare(self, asked: Iterable[tuple[int, Facts]]) -> None:
        """Ask what expressions say about changes (key of the cluster, facts), all of them in one child."""
        if not self.has_expressions:
            return
        of_each: dict[int, list[Facts]] = defaultdict(list)
        for cluster_id, facts in asked:
            of_each[cluster_id].append(facts)
        found = {
            case
            for cluster_id, every in of_each.items()
            for engine in (self.drafted(cluster_id), self.governed(cluster_id))
            for case in engine.cases(every)
        }
        self._said.update(answers_to(found - self._said.keys()))

    def drafted(self, cluster_id: int) -> Engine:
        """With the replayed version in the place of its policy's."""
        if cluster_id not in self._drafted:
            tables = {**self._tables, self._version.policy_id: self._replayed}
            self._drafted[cluster_id] = _engine(tables, cluster_id, self._said)
        return self._drafted[cluster_id]

    def governed(self, cluster_id: int) -> Engine:
        """As in force."""
        if cluster_id not in self._governed:
            self._governed[cluster_id] = _engine(self._tables, cluster_id, self._said)
        return self._governed[cluster_id]


def _engine(
    tables: Mapping[int, tuple[PolicyVersion, Named]], cluster_id: int, said: dict[Question, bool | str]
) -> Engine:
    """The floor's table first, then the cluster's own."""
    found = [(version, named) for version, named in tables.values() if version.cluster_id in {None, cluster_id}]
    return Engine([named for _, named in sorted(found, key=lambda one: not one[0].policy.is_floor)], said)


def replayed_changes(replay: Replay) -> QuerySet[Change]:
    """The changes it looks at: in the policy's scope, seen by whoever began it, handed in (or recorded) in its time."""
    rows = Change.objects.visible_to(replay.started_by).exclude(state=ChangeState.DRAFT)
    if replay.cluster_id is not None:
        rows = rows.filter(cluster=replay.cluster_id)
    handed_in_at = Coalesce("submitted_at", "created_at")
    return rows.filter(GreaterThanOrEqual(handed_in_at, replay.since_at), LessThan(handed_in_at, replay.until_at))


def chunk_after(replay: Replay, *, size: int) -> list[Change]:
    """The next changes in the order of their keys, each with whether it failed."""
    failed = Case(When(FAILED, then=Value(True)), default=Value(False))
    rows = replayed_changes(replay).filter(pk__gt=replay.last_change).annotate(has_failed=failed)
    return list(rows.select_related("cluster").only(*READ).order_by("pk")[:size])


def facts_of_each(changes: Sequence[Change]) -> dict[int, Facts]:
    """The facts of each change: as they were at its last handover, else as they are known now; six questions in all.

    So is a fact that nobody asked for when it was handed over, such as the level of thresholds agreed on since.
    """
    ids = [one.pk for one in changes]
    handed = Handover.objects.filter(change__in=ids).exclude(facts={}).order_by("change_id", "-pk").distinct("change")
    recorded = dict(handed.values_list("change_id", "facts"))
    touched: dict[int, list[Any]] = defaultdict(list)  # rows of tier, tags, key of the cluster
    parts = ChangeComponent.objects.filter(change__in=[pk for pk in ids if pk not in recorded])
    for change_id, *part in parts.values_list(
        "change_id", "component__tier", "component__tags", "component__cluster_id"
    ):
        touched[change_id].append(tuple(part))
    reach, governing = blast_radii(ids), Governing()
    standing = open_blockers({one.cluster_id for one in changes})
    found: dict[int, Facts] = {}
    for one in changes:
        now = {"blast_radius": reach.get(one.pk, 0), "open_findings": standing.get(one.cluster_id, 0)}
        at = one.submitted_at or one.created_at
        given: Facts = facts_from(one, touched[one.pk], at=at, **now) | recorded.get(one.pk, {})
        is_told = given.get(LEVEL_FACT) is not None
        found[one.pk] = given if is_told else with_level(given, governing.judge(one.cluster_id, given))
    return found


def courses_taken(changes: Iterable[Change]) -> dict[int, str]:
    """How each was decided here at last; changes that nothing here decided are left out."""
    handed = Handover.objects.filter(change__in=[one.pk for one in changes]).order_by("change_id", "-pk")
    rows = handed.distinct("change").values_list("change_id", "way", "round__board__kind")
    return {change_id: rules.course_of(way, board or "") for change_id, way, board in rows}


def replays_shown_to(person: Person) -> QuerySet[Replay]:
    """Replays that this person may see, with what their pages name."""
    return Replay.objects.visible_to(person).select_related("version__policy__cluster", "version__author", "started_by")


def replay_shown_to(person: Person, replay_id: int) -> Replay:
    """One of them, or a refusal."""
    found = replays_shown_to(person).filter(pk=replay_id).first()
    if found is None:
        raise NotFound("There is no such replay that you may see.", next_step="Open the policy to see its versions.")
    return found


def tally_of(replay: Replay) -> rules.Tally:
    """Its figures, as far as it is."""
    keys = ("drafted", "governed", "happened", "has_failed", "is_certain")
    counted = replay.changes.order_by().values(*keys).annotate(changes=Count("pk"))
    return rules.tally((rules.Group(**row) for row in counted), minutes=replay.minutes)


def rows_behind(replay: Replay, which: str, person: Person) -> QuerySet[ReplayedChange]:
    """The changes of one figure, as far as this person may see them."""
    if which not in WHICH:
        raise NotFound("The replay has no such figure.", next_step="Open the replay and choose one of its figures.")
    visible = Change.objects.visible_to(person).values("pk")
    return replay.changes.filter(WHICH[which][1], change__in=visible).select_related("change__cluster")
