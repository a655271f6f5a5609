"""Questions about KPIs and metrics: their values, how far they are, who carries whom, and which pull apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import Person
from apps.clusters.queries import standing
from apps.clusters.rules.parts import Standing
from apps.kernel.refusals import NotFound
from apps.stakeholders import measures
from apps.stakeholders.measures import Behind
from apps.stakeholders.models import Alignment, Metric, MetricPart, MetricQuerySet, MetricValue
from apps.stakeholders.rules import alignment as pulling
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.metrics import COURSE_WORDS, Period, Rolled, Track, told

SHOWN_PERIODS = 24  # of a series on a page
NO_METRIC_STEP = "Go back to the KPIs."
_LEAST_TOLD = 0.001  # of a p value; less is said as below it


def metrics_seen_by(person: Person) -> MetricQuerySet:
    """KPIs, and metrics of clusters the person may know of; retired ones too."""
    return Metric.objects.visible_to(person).select_related("cluster", "owner")


def visible_metric(code: str, person: Person) -> Metric:
    """One of them with its formula, or a refusal."""
    parts = MetricPart.objects.select_related("part__cluster").order_by("pk")
    rows = metrics_seen_by(person).prefetch_related(Prefetch("parts", parts))
    found = rows.filter(code=code).first()
    if found is None:
        raise NotFound("There is no such KPI or metric.", next_step=NO_METRIC_STEP)
    return found


def stands_to(person: Person, metric: Metric) -> Standing:
    """What the person is to the metric's cluster; to the federation for a KPI."""
    return standing(person, metric.cluster) if metric.cluster else Standing(person.capabilities)


def may_keep(person: Person, metric: Metric) -> bool:
    """Whether the person may change the metric."""
    if metric.cluster is None:
        return rules.is_kpi_keeper(person.capabilities, owns=metric.owner_id == person.pk)
    return rules.is_metric_keeper(stands_to(person, metric))


def formula_of(metric: Metric) -> str:
    """How its values come about, in a sentence."""
    if metric.measure:
        found = measures.find(metric.measure)
        return found.formula if found else f"The measure “{metric.measure}” is not computed any more."
    if parts := list(metric.parts.all()):
        return rules.formula_told((one.part.code, one.factor) for one in parts)
    return "Its values are sent by who keeps it."


def origin_of(metric: Metric) -> str:
    """Where its values come from, in a word or two."""
    if metric.measure:
        found = measures.find(metric.measure)
        return found.title if found else metric.measure
    return "formula over metrics" if metric.parts.all() else "sent by API or form"


def values_standing(metrics: Iterable[Metric | int]) -> dict[int, dict[date, MetricValue]]:
    """The standing value of each period, by metric; periods without an entry were never measured."""
    found: dict[int, dict[date, MetricValue]] = defaultdict(dict)
    rows = MetricValue.objects.filter(metric__in=list(metrics), superseded_at__isnull=True)
    for row in rows.order_by("first_on"):
        found[row.metric_id][row.first_on] = row
    return found


def values_of(metric: Metric) -> QuerySet[MetricValue]:
    """Every value it ever had, superseded ones too, the newest period first."""
    return metric.values_of.select_related("made_by").order_by("-first_on", "-pk")


@dataclass(frozen=True)
class ToldValue:
    """A value with its period and its number as people read them."""

    row: MetricValue
    period: Period

    @property
    def text(self) -> str:
        """The number; a dash where there is none."""
        return told(self.row.value)


def told_values(metric: Metric, *, most: int = 60) -> list[ToldValue]:
    """The newest values, superseded ones beside what took their place."""
    return [ToldValue(one, rules.period_of(metric.cadence, one.first_on)) for one in values_of(metric)[:most]]


def alignable(kpi: Metric, person: Person) -> MetricQuerySet:
    """Metrics of clusters that could carry the KPI."""
    rows = metrics_seen_by(person).kept().filter(cluster__isnull=False, cadence=kpi.cadence)
    return rows.order_by("cluster__name", "name", "pk")


@dataclass(frozen=True)
class Reading:
    """A metric with its last values: how far it is, and whether that is on track as of `today`."""

    metric: Metric
    values: Mapping[date, MetricValue]
    today: date

    @cached_property
    def last_period(self) -> Period:
        """The last period that is over."""
        return rules.ended_periods(self.metric.cadence, today=self.today, count=1)[0]

    @cached_property
    def newest(self) -> MetricValue | None:
        """The value of that period, or its reason for none; None where it was not measured."""
        return self.values.get(self.last_period.first_on)

    @property
    def value(self) -> Decimal | None:
        """The value itself."""
        return self.newest.value if self.newest else None

    @property
    def text(self) -> str:
        """The value with its unit, as people read it."""
        return f"{told(self.value)} {self.metric.unit}" if self.value is not None else "–"

    @property
    def number(self) -> str:
        """The value without its unit."""
        return told(self.value)

    @property
    def label(self) -> str:
        """What stands under the number."""
        return f"{self.metric.unit}, {self.last_period.words}"

    @property
    def why_none(self) -> str:
        """Why there is no value."""
        if self.newest is None:
            return f"Nothing was measured for {self.last_period.words}."
        return self.newest.reason

    @cached_property
    def attained(self) -> float | None:
        """How much of the way it has come."""
        if self.value is None:
            return None
        return rules.attainment(self.value, self.metric.baseline, self.metric.target)

    @property
    def percent(self) -> str:
        """The same as people read it."""
        return "–" if self.attained is None else f"{self.attained:.0%}"

    @property
    def track(self) -> Track:
        """Where it stands."""
        return rules.track_of(self.attained)

    @property
    def track_why(self) -> str:
        """The status in words."""
        if self.attained is None:
            return self.why_none
        way = f"from {told(self.metric.baseline)} to {told(self.metric.target)} {self.metric.unit}"
        return f"{self.percent} of the way {way}; {COURSE_WORDS[self.metric.course]}."

    @cached_property
    def series(self) -> list[tuple[Period, MetricValue]]:
        """Its values from the oldest shown to the newest."""
        days = sorted(self.values)[-SHOWN_PERIODS:]
        return [(rules.period_of(self.metric.cadence, day), self.values[day]) for day in days]

    @property
    def points(self) -> list[tuple[str, float]]:
        """What a chart draws: periods with a value."""
        return [(period.words, float(one.value)) for period, one in self.series if one.value is not None]


@dataclass(frozen=True)
class Branch:
    """A metric under its KPI."""

    alignment: Alignment
    reading: Reading


@dataclass(frozen=True)
class Tree:
    """A KPI with the metrics that carry it. `hidden` of them are of clusters the reader may not know of."""

    reading: Reading
    branches: list[Branch]
    rolled: Rolled
    hidden: int

    @property
    def rows(self) -> list[tuple[Reading, Decimal]]:
        """Its metrics with their weights, the heaviest first."""
        return [(one.reading, one.alignment.weight) for one in self.branches]

    @property
    def rolled_track(self) -> Track:
        """Where the aligned metrics stand together."""
        return rules.track_of(self.rolled.attained)

    @property
    def rolled_percent(self) -> str:
        """What they attain together, as people read it."""
        return "–" if self.rolled.attained is None else f"{self.rolled.attained:.0%}"

    @property
    def covered_percent(self) -> str:
        """The weight of the metrics that have a value."""
        return f"{self.rolled.covered:.0%}"


def readings(metrics: Iterable[Metric], *, today: date) -> list[Reading]:
    """The metrics with their values; one query for all."""
    rows = list(metrics)
    values = values_standing(rows)
    return [Reading(one, values.get(one.pk, {}), today) for one in rows]


def trees(person: Person, *, today: date, kpis: Iterable[int] | None = None) -> list[Tree]:
    """Each KPI (or those named) with what carries it. What the aligned metrics attain counts hidden ones, too."""
    every = Metric.objects.kept().select_related("cluster", "owner").order_by("name", "pk")
    by_id = {one.metric.pk: one for one in readings(every, today=today)}
    seen = set(metrics_seen_by(person).values_list("pk", flat=True))
    aligned: dict[int, list[Branch]] = defaultdict(list)
    for row in Alignment.objects.order_by("-weight", "pk"):
        aligned[row.kpi_id].append(Branch(row, by_id[row.metric_id]))
    wanted = set(kpis) if kpis is not None else None
    return [
        _tree(one, aligned[one.metric.pk], seen)
        for one in by_id.values()
        if one.metric.is_kpi and (wanted is None or one.metric.pk in wanted)
    ]


def _tree(reading: Reading, branches: list[Branch], seen: set[int]) -> Tree:
    total = rules.rolled((one.alignment.weight, one.reading.attained) for one in branches)
    shown = [one for one in branches if one.reading.metric.pk in seen]
    return Tree(reading, shown, total, len(branches) - len(shown))


def orphans(person: Person) -> MetricQuerySet:
    """Metrics of clusters that carry no KPI, and stand in no formula of one that does."""
    rows = metrics_seen_by(person).kept().filter(cluster__isnull=False, carries__isnull=True, used_in__isnull=True)
    return rows.order_by("cluster__name", "name")


@dataclass(frozen=True)
class Conflicting:
    """Two metrics that pull a KPI apart, with both series over the periods they share."""

    kpi: Metric
    left: Metric
    right: Metric
    pair: pulling.Pair
    left_points: list[tuple[str, float]]
    right_points: list[tuple[str, float]]

    @property
    def left_title(self) -> str:
        """The first with its cluster."""
        return f"{self.left}, {self.left.cluster}"

    @property
    def right_title(self) -> str:
        """The second with its cluster."""
        return f"{self.right}, {self.right.cluster}"

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        return told_pair(self.pair, self.left, self.right)


def told_pair(pair: pulling.Pair, left: Metric, right: Metric) -> str:
    """What was found about two metrics, in words."""
    if pair.is_opposed:
        return f"{left.cluster} wants {left} to go {left.course}, {right.cluster} wants the same to go {right.course}."
    found = pair.correlation
    assert found is not None  # only opposed pairs have none
    return (
        f"As {left} of {left.cluster} gets better, {right} of {right.cluster} gets worse: "
        f"rho {signed(found.rho)} over {found.count} periods, p {_chance(pair.adjusted_p)} after adjustment."
    )


def signed(number: float) -> str:
    """A number to hundredths, with a minus that is one."""
    return f"{number:.2f}".replace("-", "−")


def _chance(p: float) -> str:
    return f"{p:.3f}" if p >= _LEAST_TOLD else "below 0.001"


def judged_pairs() -> list[pulling.Pair]:
    """Every pair of metrics on one KPI that can be judged, whoever asks."""
    rows = list(Alignment.objects.filter(metric__cluster__isnull=False).select_related("metric"))
    values = values_standing({one.metric_id for one in rows})
    aligned: dict[int, list[pulling.Series]] = defaultdict(list)
    for row in rows:
        known = {day: one.value for day, one in values.get(row.metric_id, {}).items() if one.value is not None}
        metric = row.metric
        assert metric.cluster_id is not None  # as asked for
        aligned[row.kpi_id].append(pulling.Series(metric.pk, metric.cluster_id, metric.course, known, metric.measure))
    return pulling.pairs(aligned)


def conflicts_for(person: Person) -> list[Conflicting]:
    """Pairs that pull apart, both of clusters the person may know of."""
    found = [one for one in judged_pairs() if one.is_conflict]
    seen = metrics_seen_by(person).in_bulk({pk for one in found for pk in (one.kpi, one.left, one.right)})
    shown = [one for one in found if one.left in seen and one.right in seen]
    values = values_standing({pk for one in shown for pk in (one.left, one.right)})
    return [_conflicting(one, seen, values) for one in shown]


def _conflicting(
    pair: pulling.Pair, seen: Mapping[int, Metric], values: Mapping[int, Mapping[date, MetricValue]]
) -> Conflicting:
    points = []
    for pk in (pair.left, pair.right):
        rows, cadence = values.get(pk, {}), seen[pk].cadence
        days = pair.days or tuple(sorted(rows))
        told_days = [(rules.period_of(cadence, day).words, rows[day].value) for day in days]
        points.append([(words, float(value)) for words, value in told_days if value is not None])
    return Conflicting(seen[pair.kpi], seen[pair.left], seen[pair.right], pair, *points)


def value_at(metric: Metric, first_on: date) -> MetricValue:
    """The standing value of a period, or a refusal."""
    found = metric.values_of.filter(first_on=first_on, superseded_at__isnull=True).select_related("made_by").first()
    if found is None:
        raise NotFound("This period was not measured.", next_step="Choose one from the table of values.")
    return found


def rows_behind(metric: Metric, period: Period, person: Person) -> list[Behind]:
    """What a value of the metric was taken over, as far as the person may see it; nothing for values that were sent."""
    if metric.measure:
        found = measures.find(metric.measure)
        return list(found.rows(person, metric.cluster, period)) if found else []
    parts = list(metric.parts.all())
    values = values_standing([one.part_id for one in parts])
    seen = set(metrics_seen_by(person).filter(pk__in=values).values_list("pk", flat=True))
    return [
        Behind(one.part.name, one.part.get_absolute_url(), f"{told(one.factor)} × {told(row.value)} {one.part.unit}")
        for one in parts
        if one.part_id in seen and (row := values[one.part_id].get(period.first_on))
    ]


def formula_graph() -> dict[str, set[str]]:
    """Which metric's formula names which, by code."""
    found: dict[str, set[str]] = defaultdict(set)
    for code, part in MetricPart.objects.values_list("metric__code", "part__code"):
        found[code].add(part)
    return found
