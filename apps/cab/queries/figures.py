"""The figures of a programme, grouped by the database in one pass over each kind of rows (GROUPING SETS)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce

from apps.accounts.models import Person
from apps.cab.models import Board, ChangeCategory, ChangeType, FreezeException
from apps.cab.queries import programme
from apps.cab.queries.change_models import MODELS, NO_MODEL, models_published
from apps.cab.queries.metrics import FAILED
from apps.cab.queries.named import boards_visible_to
from apps.cab.queries.programme import Boards, Scope
from apps.cab.rules.metrics import METRICS, Metric, Rows
from apps.clusters.models import Cluster

SECONDS_AN_HOUR, SECONDS_A_DAY = 3_600, 86_400


@dataclass(frozen=True)
class Figure:
    """One metric of one group of changes: its value, and how many rows it opens."""

    metric: Metric
    value: float | None
    rows: int

    @property
    def text(self) -> str:
        """The value as people read it."""
        return self.metric.text(self.value)

    @property
    def brief(self) -> str:
        """The value for a cell under its heading."""
        return self.metric.brief(self.value)


@dataclass(frozen=True)
class Group:
    """Changes that belong together, with the scope that opens them and a figure a metric."""

    name: str
    scope: Scope
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Known:
    """What a scope can be narrowed to: the clusters and boards this person may know of, by name, and the models."""

    clusters: list[Cluster]
    boards: list[Board]
    models: list[str]


@dataclass(frozen=True)
class Report:
    """Every figure of one scope. Groups are ordered by name, months by time."""

    known: Known
    overall: Group
    clusters: list[Group]
    boards: list[Group]
    types: list[Group]
    categories: list[Group]
    models: list[Group]
    months: list[Group]

    def parts(self) -> dict[str, list[Group]]:
        """The groups by the name of what they are grouped by."""
        return {
            "all": [self.overall],
            "cluster": self.clusters,
            "board": self.boards,
            "type": self.types,
            "category": self.categories,
            "model": self.models,
            "month": self.months,
        }


def report(person: Person, scope: Scope, *, at: datetime, names_groups: bool = True) -> Report:
    """Every figure of the scope as of `at`, in three statements over the changes and two or three for names.

    Without `names_groups` the latter are saved, and there are no groups by cluster and board.
    """
    asked = replace(scope, until=max(scope.since, min(scope.until, at.date())))  # what is still to come holds nothing
    end_at = min(asked.end_at, at)
    known = _known(person, scope) if names_groups else Known([], [], [])
    boards = [one.pk for one in known.boards] if names_groups else None
    found = _Found()
    found.add(_DONE, _facts_done(person, asked, boards))
    found.add(_OPEN, _facts_open(person, asked, end_at, boards), end_at)
    found.add(_OPEN_BY_MONTH, _facts_spanning(person, asked, end_at), asked.start_at, end_at)
    if not names_groups:
        found.forget("cluster", "board")
    return _reported(asked, found, known)


def _known(person: Person, scope: Scope) -> Known:
    return Known(
        list(Cluster.objects.visible_to(person).order_by("name")),
        list(boards_visible_to(person).order_by("name")),
        models_published() if scope.model else [],  # else they are the groups
    )


def _facts_done(person: Person, scope: Scope, boards: Boards) -> Any:
    """What was implemented or decided in the period: mostly the same rows, so they are read once."""
    done, decided = programme.in_period("implemented_at", scope), programme.in_period("decided_at", scope)
    # CASE within CASE: conflicts and exceptions are looked up for the few that can have some.
    asked = Q(pk__in=FreezeException.objects.values("change"))
    excepted = Case(When(asked, then=Case(When(programme.by_exception(), then=True), default=False)), default=False)
    risked = Case(When(FAILED, then=Case(When(programme.after_acceptance(), then=True), default=False)), default=False)
    rows = programme.seen(person, scope, boards).filter(done | decided)
    rows = rows.annotate(
        is_done=_yes(done),
        done_at=F("implemented_at"),
        is_decided=_yes(decided & programme.HANDED_IN_BEFORE),
        moment=F("decided_at"),
        lead=F("implemented_at") - Coalesce("submitted_at", "created_at"),
        wait=F("decided_at") - F("submitted_at"),
        is_failed=_yes(FAILED),
        restored=programme.soonest_reversal(),
        is_risked=risked,
        is_excepted=excepted,
    )
    measured = ("lead", "wait", "is_failed", "restored", "is_risked", "is_excepted")
    return _keyed(rows, "is_done", "done_at", "is_decided", "moment", *measured)


def _yes(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False)


def _facts_open(person: Person, scope: Scope, end_at: datetime, boards: Boards) -> Any:
    """The backlog is of a moment and of no month: its months are asked for by themselves."""
    return _keyed(programme.open_at(person, scope, end_at, boards), "began_at")


def _facts_spanning(person: Person, scope: Scope, end_at: datetime) -> Any:
    rows = programme.with_span(programme.seen(person, scope)).filter(began_at__lt=end_at)
    return rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=scope.start_at)).values("began_at", "ended_at")


def _keyed(rows: Any, *measured: str) -> Any:
    """The measured columns beside those that are grouped by."""
    rows = rows.annotate(model_type=F("model_version__type"), model_category=F("model_version__category"))
    return rows.values("cluster_id", "last_board", "type", "category", "model_type", "model_category", *measured)


# A bit is set for each column that is not grouped by.
_LEVELS = {
    0b111111: "all",
    0b011111: "cluster",
    0b101111: "board",
    0b110111: "type",
    0b111011: "category",
    0b111101: "model",
    0b111110: "month",
}
_MONTH = "date_trunc('month', {moment}::timestamptz AT TIME ZONE 'UTC')::date AS {name}"
_BITS = "GROUPING(cluster_id, last_board, type, category, model_type"
_NAMED = "cluster_id, last_board, type, category, model_type || '/' || model_category AS model"
_BY = f"{_BITS}, {{month}}) AS level, {_NAMED}, {{month}}"
_SETS_OF_ALL = "(), (cluster_id), (last_board), (type), (category), (model_type, model_category)"
_SETS = f"GROUP BY GROUPING SETS ({_SETS_OF_ALL}, ({{month}}))"
_MEDIAN = "percentile_cont({share}) WITHIN GROUP (ORDER BY {what}) AS {name}"
_SECONDS = "extract(epoch FROM {what})::float8"  # once a row: each grouping sorts by it again
_DONE = f"""
WITH facts AS MATERIALIZED (
    SELECT cluster_id, last_board, type, category, model_type, model_category,
        is_done, is_decided, is_failed, is_risked, is_excepted,
        {_MONTH.format(moment="done_at", name="done_in")}, {_MONTH.format(moment="moment", name="month")},
        {_SECONDS.format(what="greatest(lead, interval '0')")} AS lead, {_SECONDS.format(what="wait")} AS wait,
        {_SECONDS.format(what="restored")} AS restored
    FROM ({{facts}}) AS found
)
SELECT {_BY.format(month="done_in")} AS month, count(*) AS implemented, count(*) FILTER (WHERE is_failed) AS failed,
    count(restored) AS restored, count(*) FILTER (WHERE type = '{ChangeType.EMERGENCY}') AS emergency,
    count(*) FILTER (WHERE is_risked) AS risked, count(*) FILTER (WHERE is_excepted) AS excepted,
    {_MEDIAN.format(share=0.5, what="lead", name="lead")},
    {_MEDIAN.format(share=0.5, what="restored", name="restoring")},
    NULL::bigint AS decided, NULL::float AS wait, NULL::float AS wait_p90
FROM facts WHERE is_done {_SETS.format(month="done_in")}
UNION ALL
SELECT {_BY.format(month="month")}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*),
    {_MEDIAN.format(share=0.5, what="wait", name="wait")}, {_MEDIAN.format(share=0.9, what="wait", name="wait_p90")}
FROM facts WHERE is_decided {_SETS.format(month="month")}
"""  # noqa: S608  # all of it is ours
_OPEN = f"""
WITH facts AS MATERIALIZED ({{facts}})
SELECT {_BITS}) * 2 + 1 AS level, {_NAMED},
    count(*) AS open,
    {_MEDIAN.format(share=0.5, what=_SECONDS.format(what="%s - began_at"), name="age")}
FROM facts GROUP BY GROUPING SETS ({_SETS_OF_ALL})
"""  # noqa: S608
# At the end of each month of the period that is over. Wall clocks of UTC, so that no session's zone counts.
_OPEN_BY_MONTH = """
WITH facts AS MATERIALIZED ({facts})
SELECT 62 AS level, NULL AS cluster_id, NULL AS last_board, NULL AS type, NULL AS category, NULL AS model,
    (ended - interval '1 month')::date AS month, count(*) AS open, {age}
FROM facts CROSS JOIN LATERAL generate_series(
    date_trunc('month', greatest(began_at, %s) AT TIME ZONE 'UTC') + interval '1 month',
    least(ended_at, %s) AT TIME ZONE 'UTC', interval '1 month') AS ended
GROUP BY ended
""".replace(
    "{age}", _MEDIAN.format(share=0.5, what=_SECONDS.format(what="ended - (began_at AT TIME ZONE 'UTC')"), name="age")
)

Key = tuple[str, Any]
Measures = dict[str, Any]


class _Found:
    """What was measured, by what it is grouped by and the group's own key."""

    def __init__(self) -> None:
        self.measures: dict[Key, Measures] = {}

    def add(self, statement: str, facts: Any, *more: Any) -> None:
        """Ask for the measures of every group of the facts."""
        inside, values = facts.order_by().query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("{facts}", inside), [*values, *more])
            names = [column.name for column in cursor.description or ()]
            for row in cursor.fetchall():
                found = dict(zip(names, row, strict=True))
                part = _LEVELS[found["level"]]
                key = (part, found[_COLUMN[part]] if part in _COLUMN else None)
                if key != ("month", None):
                    told = {name: value for name, value in found.items() if value is not None}
                    self.measures.setdefault(key, {}).update(told)

    def forget(self, *parts: str) -> None:
        """Leave these parts out."""
        self.measures = {key: one for key, one in self.measures.items() if key[0] not in parts}

    def of(self, part: str) -> dict[Any, Measures]:
        """The groups of one part."""
        return {key: measures for (name, key), measures in self.measures.items() if name == part}


_COLUMN = {
    "cluster": "cluster_id",
    "board": "last_board",
    "type": "type",
    "category": "category",
    "model": "model",
    "month": "month",
}


def _reported(scope: Scope, found: _Found, known: Known) -> Report:
    clusters = {one.pk: one for one in known.clusters}
    # Who decides on a change reads it, though its cluster is hidden from them otherwise.
    hidden = [pk for pk in found.of("cluster") if pk not in clusters]
    clusters |= Cluster.objects.in_bulk(hidden) if hidden else {}
    boards = {one.pk: one for one in known.boards}
    by_board = [
        (boards[pk].name, replace(scope, board=boards[pk].slug), one)
        if pk
        else ("No board", replace(scope, board=programme.NO_BOARD), one)
        for pk, one in found.of("board").items()
    ]
    return Report(
        known=known,
        overall=_group("All", scope, found.measures.get(("all", None), {})),
        clusters=_groups(
            (clusters[pk].name, replace(scope, cluster=clusters[pk].slug), one)
            for pk, one in found.of("cluster").items()
        ),
        boards=_groups(by_board),
        types=_groups((name, replace(scope, type=name), one) for name, one in found.of("type").items()),
        categories=_groups(
            (
                ChangeCategory(name).label if name else "No category",
                replace(scope, category=name or programme.NO_CATEGORY),
                one,
            )
            for name, one in found.of("category").items()
        ),
        models=_groups(_of_model(name, scope, one) for name, one in found.of("model").items()),
        months=[
            _group(f"{month:%b %Y}", scope.within(month), measures) for month, measures in _months(scope, found).items()
        ],
    )


def _of_model(name: str | None, scope: Scope, measures: Measures) -> tuple[str, Scope, Measures]:
    model = name.rstrip("/") if name else NO_MODEL
    words = MODELS[model]
    return words[0].upper() + words[1:], replace(scope, model=model), measures


def _months(scope: Scope, found: _Found) -> dict[date, Measures]:
    """The months of the period from the first that holds anything, each with its measures."""
    known = found.of("month")
    last = scope.until.replace(day=1)
    # A month that is not over has its backlog now.
    if scope.end_at.day != 1 or last not in known:
        whole = found.measures.get(("all", None), {})
        known.setdefault(last, {}).update({name: whole[name] for name in ("open", "age") if name in whole})
    month, months = max(min(known), scope.since.replace(day=1)), {}
    while month <= last:
        months[month] = known.get(month, {})
        month = (month + timedelta(days=31)).replace(day=1)
    return months


def _groups(found: Iterable[tuple[str, Scope, Measures]]) -> list[Group]:
    return [_group(*one) for one in sorted(found, key=lambda one: one[0])]


def _group(name: str, scope: Scope, measures: Measures) -> Group:
    values = _values(scope, measures)
    return Group(
        name,
        scope,
        {one.name: Figure(one, values[one.name], int(measures.get(one.rows, 0))) for one in METRICS.values()},
    )


def _values(scope: Scope, measures: Measures) -> dict[str, float | None]:
    """The value of each metric, in its unit."""
    done = measures.get(Rows.IMPLEMENTED, 0)
    return {
        "deployment_frequency": done / scope.weeks,
        "lead_time": _in(SECONDS_AN_HOUR, measures.get("lead")),
        "change_failure_rate": 100 * measures["failed"] / done if done else None,
        "time_to_restore": _in(SECONDS_AN_HOUR, measures.get("restoring")),
        "approval_wait": _in(SECONDS_AN_HOUR, measures.get("wait")),
        "approval_wait_p90": _in(SECONDS_AN_HOUR, measures.get("wait_p90")),
        "backlog": float(measures.get("open", 0)),
        "backlog_age": _in(SECONDS_A_DAY, measures.get("age")),
        "emergency_share": 100 * measures["emergency"] / done if done else None,
        "accepted_conflicts_failed": float(measures.get("risked", 0)),
        "freeze_exceptions": float(measures.get("excepted", 0)),
    }


def _in(unit: int, seconds: float | None) -> float | None:
    return None if seconds is None else float(seconds) / unit
