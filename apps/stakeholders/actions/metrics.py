"""Defining KPIs and metrics, aligning them, and writing down what each period came to."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, WrongState
from apps.stakeholders import events, measures
from apps.stakeholders.measures import Measured
from apps.stakeholders.models import Alignment, Metric, MetricPart, MetricValue, ValueSource
from apps.stakeholders.queries import metrics as queries
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.initiatives import require_text
from apps.stakeholders.rules.metrics import Period

FIELDS = ("name", "meaning", "unit", "course", "owner", "baseline", "target", "measure")
LONGEST_NOTE = 300
LOOKS_BACK = 13  # periods: what a new metric is measured for, so that its series begins with a year


@transaction.atomic
def define_metric(
    *,
    code: str,
    cluster: Cluster | None,
    definer: Person,
    values: Mapping[str, Any],
    parts: Mapping[str, Decimal] | None = None,
    at: datetime,
) -> Metric:
    """Define a KPI (no cluster) or a cluster's metric. `values` holds FIELDS and the cadence; `parts` code to factor.

    Refuses who may not keep it, a target on the wrong side of the baseline, a measure that nobody computes, a formula
    that comes back to itself, and more than one source of values.
    """
    if cluster is None:
        rules.require_keeps_kpi(definer.capabilities)
    else:
        rules.require_keeps_metric(standing(definer, cluster), of=cluster.name)
    said = dict(values)
    row = Metric(code=rules.require_code(code), cluster=cluster, defined_by=definer, defined_at=at)
    row.cadence = said.pop("cadence", None) or rules.Cadence.MONTH
    for name, value in _checked(said).items():
        setattr(row, name, value)
    _require_fit(row, {})
    save_new(row)
    _write_parts(row, parts or {}, definer)
    event = events.MetricDefined(metric_id=row.pk, cluster_id=row.cluster_id)
    journal.record(event, subject=row, actor=definer, at=at)
    return row


@transaction.atomic
def describe_metric(
    *,
    metric_id: int,
    editor: Person,
    version: int,
    changes: Mapping[str, Any],
    parts: Mapping[str, Decimal] | None = None,
    at: datetime,
) -> Metric:
    """Change what a metric says; `parts` None leaves its formula. Values that stand keep the formula they came from."""
    row = _locked(metric_id, editor)
    require_version(version, row.version)
    told = _checked(changes)
    _require_fit(row, told)
    fields = redescribe(row, told, allowed=FIELDS) if told else ()
    if parts is not None and parts != {one.part.code: one.factor for one in row.parts.select_related("part")}:
        _write_parts(row, parts, editor)
        fields = (*fields, "parts")
        if fields == ("parts",):
            row.version += 1
            row.save(update_fields=["version"])
    if fields:
        event = events.MetricDescribed(metric_id=row.pk, version=row.version, fields=fields)
        journal.record(event, subject=row, actor=editor, at=at)
    return row


@transaction.atomic
def retire_metric(*, metric_id: int, keeper: Person, reason: str, at: datetime) -> Metric:
    """Measure it no more; its values stay. Refused while it carries a KPI, is carried, or stands in a formula."""
    row = _locked(metric_id, keeper)
    said = require_text(reason, field="reason", most=LONGEST_NOTE, what="The reason")
    if holding := (
        Alignment.objects.filter(metric=row).select_related("kpi").first()
        or Alignment.objects.filter(kpi=row).select_related("kpi").first()
    ):
        raise WrongState(
            f"It is aligned with {holding.kpi}, whose weights would not sum to 1 without it.",
            next_step=f"Set the weights of {holding.kpi} anew first.",
        )
    if used := MetricPart.objects.filter(part=row, metric__retired_at__isnull=True).select_related("metric").first():
        raise WrongState(f"The formula of {used.metric} names it.", next_step="Change that formula first.")
    row.retired_at, row.version = at, row.version + 1
    row.save(update_fields=["retired_at", "version"])
    journal.record(events.MetricRetired(metric_id=row.pk, reason=said), subject=row, actor=keeper, at=at)
    return row


@transaction.atomic
def align_metrics(
    *,
    kpi_id: int,
    keeper: Person,
    weights: Mapping[str, Decimal],
    rationales: Mapping[str, str] | None = None,
    version: int,
    at: datetime,
) -> Metric:
    """Say which metrics carry a KPI, and with what weights, all at once: they sum to 1 (± .01), or there are none."""
    kpi = _locked(kpi_id, keeper)
    if not kpi.is_kpi:
        raise Invalid("Metrics are aligned with enterprise KPIs.", next_step="Align this metric with a KPI instead.")
    require_version(version, kpi.version)
    rules.require_weights(weights, kpi=kpi.name)
    chosen = _named(weights, keeper)
    if other := next((one for one in chosen.values() if one.is_kpi), None):
        raise Invalid(f"{other} is a KPI itself.", next_step="Align metrics of clusters.")
    if other := next((one for one in chosen.values() if one.cadence != kpi.cadence), None):
        raise Invalid(
            f"{other} is measured each {other.cadence}, the KPI each {kpi.cadence}.",
            next_step="Align metrics of the same cadence.",
        )
    if hidden := _hidden_aligned(kpi, keeper):
        raise WrongState(
            f"{hidden} of its metrics belong to clusters you may not know of.",
            next_step="Ask an administrator to set the weights.",
        )
    kpi.alignments.all().delete()
    said = rationales or {}
    for code, weight in weights.items():
        why = said.get(code, "").strip()[:LONGEST_NOTE]
        row = Alignment(kpi=kpi, metric=chosen[code], weight=weight, rationale=why, set_by=keeper, set_at=at)
        save_new(row)
    kpi.version += 1
    kpi.save(update_fields=["version"])
    pairs = tuple(sorted((chosen[code].pk, f"{weight:f}") for code, weight in weights.items()))
    journal.record(events.MetricsAligned(kpi_id=kpi.pk, weights=pairs), subject=kpi, actor=keeper, at=at)
    return kpi


@transaction.atomic
def push_value(
    *,
    metric_id: int,
    sender: Person,
    first_on: date,
    value: Decimal,
    note: str = "",
    supersedes: int | None = None,
    at: datetime,
) -> MetricValue:
    """Write down a period's value that was made elsewhere. The same value again changes nothing.

    Refuses another value than the one that stands, unless `supersedes` names that one; it stays in the history. Refuses
    metrics that the house computes, and periods that are not over.
    """
    row = _locked(metric_id, sender, to_push=True)
    if row.measure or row.parts.exists():
        raise WrongState(
            f"{row} is computed, so nobody sends its values.",
            next_step="Look at its formula; have it computed again where its rows were corrected.",
        )
    period = rules.require_period(row.cadence, first_on)
    rules.require_over(period, today=at.date())
    sent = rules.require_value(value)
    stands = _standing_value(row, period)
    if stands is None and supersedes is not None:
        raise Conflict("There is no value that it could take the place of.", next_step="Send it without supersedes.")
    if stands is not None:
        if stands.value == sent and supersedes in {None, stands.pk}:
            return stands
        rules.require_same_or_superseding(
            period=period, stands=stands.value, sent=sent, current_id=stands.pk, supersedes=supersedes
        )
    return _written(row, period, stands, Measured(sent), sender, at, source=ValueSource.PUSHED, note=note.strip())


@transaction.atomic
def measure_period(*, metric_id: int, first_on: date, at: datetime, again: bool = False) -> MetricValue | None:
    """Compute a period of a metric that the house computes; None where there is nothing (new) to write.

    With `again`, a value that stands is computed anew and replaced when its rows have changed; without, it is left.
    Safe beside another: the metric is locked, and whoever comes second finds the value there.
    """
    row = Metric.objects.select_for_update(of=("self",)).select_related("cluster").filter(pk=metric_id).first()
    if row is None or row.retired_at is not None:
        return None
    period = rules.require_period(row.cadence, first_on)
    stands = _standing_value(row, period)
    if period.end_on > at.date() or (stands is not None and not again):
        return None
    found = _computed(row, period)
    if found is None or (stands is not None and _is_same(stands, found)):
        return None
    return _written(row, period, stands, found, None, at, source=ValueSource.COMPUTED)


def measure_metrics(*, at: datetime, again: int = 0, only: Iterable[int] | None = None) -> int:
    """Compute every period that is over and has no value, and the last `again` anew; returns how many were written.

    Each period is a transaction of its own, so whoever breaks off goes on where it was. Formulas come after their
    parts.
    """
    rows = Metric.objects.kept().prefetch_related("parts__part")
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    by_code = {one.code: one for one in rows if one.measure or one.parts.all()}
    graph = {code: {one.part.code for one in metric.parts.all()} for code, metric in by_code.items()}
    had = queries.values_standing(by_code.values())
    written = 0
    for code in rules.computing_order(graph):
        metric = by_code.get(code)
        if metric is None:
            continue
        periods = rules.ended_periods(metric.cadence, today=at.date(), count=LOOKS_BACK)
        for place, period in enumerate(periods):
            is_again = place >= len(periods) - again
            if period.first_on in had.get(metric.pk, {}) and not is_again:
                continue
            found = measure_period(metric_id=metric.pk, first_on=period.first_on, at=at, again=is_again)
            written += found is not None
    return written


def recompute(*, metric: Metric, keeper: Person, at: datetime) -> int:
    """Have all shown periods computed again; returns how many came to something else. Refuses who may not keep it."""
    _require_keeps(metric, keeper)
    if not metric.measure and not metric.parts.exists():
        raise WrongState("Its values are sent, not computed.", next_step="Send a better one with supersedes.")
    return measure_metrics(at=at, again=LOOKS_BACK, only=[metric.pk])


def _computed(row: Metric, period: Period) -> Measured | None:
    if row.measure:
        found = measures.find(row.measure)
        return found.compute(row.cluster, period) if found else None
    parts = list(row.parts.select_related("part").order_by("pk"))
    if not parts:
        return None
    values = queries.values_standing([one.part_id for one in parts])
    known = []
    for one in parts:
        value = values.get(one.part_id, {}).get(period.first_on)
        if value is None:
            return None  # not measured yet: the next run finds it
        if value.value is None:
            return Measured(None, f"{one.part} has no value: {value.reason}"[:300], count=len(parts))
        known.append((one.factor, value.value))
    combined = rules.combined(known)
    if abs(combined) > rules.MOST_VALUE:
        return Measured(None, "The result is too large to be kept.", count=len(parts))
    return Measured(combined, count=len(parts))


def _is_same(stands: MetricValue, found: Measured) -> bool:
    value = None if found.value is None else rules.require_value(found.value)
    return (stands.value, stands.reason, stands.inputs_sha256) == (value, found.reason, found.inputs_sha256)


def _written(
    row: Metric,
    period: Period,
    stands: MetricValue | None,
    found: Measured,
    maker: Person | None,
    at: datetime,
    *,
    source: ValueSource,
    note: str = "",
) -> MetricValue:
    if stands is not None:
        stands.superseded_at = at
        stands.save(update_fields=["superseded_at"])
    value = MetricValue(
        metric=row,
        first_on=period.first_on,
        value=None if found.value is None else rules.require_value(found.value),
        reason=found.reason[:300],
        count=found.count,
        censored=found.censored,
        details=dict(found.details),
        source=source,
        formula=queries.formula_of(row)[:500],
        inputs_sha256=found.inputs_sha256,
        note=note[:LONGEST_NOTE],
        made_by=maker,
        made_at=at,
        supersedes=stands,
    )
    save_new(value)
    event = events.MetricMeasured(
        metric_id=row.pk,
        value_id=value.pk,
        first_on=period.first_on.isoformat(),
        value=None if value.value is None else f"{value.value:f}",
        source=source,
        superseded_id=stands.pk if stands else None,
    )
    journal.record(event, subject=row, actor=maker, at=at)
    return value


def _standing_value(row: Metric, period: Period) -> MetricValue | None:
    return MetricValue.objects.filter(metric=row, first_on=period.first_on, superseded_at__isnull=True).first()


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(values)
    for name, most, what in (
        ("name", rules.LONGEST_NAME, "The name"),
        ("unit", rules.LONGEST_UNIT, "The unit"),
    ):
        if name in said:
            said[name] = require_text(said[name], field=name, most=most, what=what)
    if "meaning" in said:
        said["meaning"] = said["meaning"].strip()[: rules.LONGEST_MEANING]
    for name in ("baseline", "target"):
        if name in said:
            said[name] = rules.require_value(said[name])
    if said.get("measure"):
        measures.require_measure(said["measure"])
    return said


def _require_fit(row: Metric, changes: Mapping[str, Any]) -> None:
    """What the fields must say together when they are changed, and that its owner may know of it."""
    said = {name: changes.get(name, getattr(row, name, None)) for name in ("course", "baseline", "target")}
    rules.require_course(said["course"], baseline=said["baseline"], target=said["target"])
    owner: Person = changes.get("owner") or row.owner
    is_seen = row.cluster is None or Cluster.objects.visible_to(owner).filter(pk=row.cluster.pk).exists()
    if not owner.is_active or not is_seen:
        raise Invalid(
            f"{owner} may not see this metric.",
            next_step="Choose an owner who may.",
            fields={"owner": ["May not see it."]},
        )


def _write_parts(row: Metric, parts: Mapping[str, Decimal], writer: Person) -> None:
    if row.measure and parts:
        raise Invalid(
            "A metric has a measure or a formula, not both.",
            next_step="Leave one of them out.",
            fields={"parts": ["There is a measure already."]},
        )
    if len(parts) > rules.MOST_PARTS:
        raise Invalid(f"More than {rules.MOST_PARTS} terms.", next_step="Make a metric of some of them first.")
    list(Metric.objects.select_for_update().order_by("pk").values_list("pk", flat=True))  # formulas take turns
    graph = {**queries.formula_graph(), row.code: set(parts)}
    rules.require_acyclic(graph, of=row.code)
    named = _named(parts, writer)
    if wrong := next((one for one in named.values() if one.cadence != row.cadence), None):
        raise Invalid(
            f"{wrong} is measured each {wrong.cadence}, this one each {row.cadence}.",
            next_step="Use metrics of the same cadence.",
            fields={"parts": ["Another cadence."]},
        )
    row.parts.all().delete()
    for code, factor in parts.items():
        save_new(MetricPart(metric=row, part=named[code], factor=rules.require_value(factor)))


def _named(codes: Iterable[str], person: Person) -> dict[str, Metric]:
    wanted = list(codes)
    found = {one.code: one for one in queries.metrics_seen_by(person).kept().filter(code__in=wanted)}
    if missing := [code for code in wanted if code not in found]:
        raise NotFound(f"There is no metric “{missing[0][:60]}”.", next_step="Write the code of one that is measured.")
    return found


def _hidden_aligned(kpi: Metric, keeper: Person) -> int:
    seen = queries.metrics_seen_by(keeper).values("pk")
    return kpi.alignments.exclude(metric__in=seen).count()


def _require_keeps(row: Metric, person: Person) -> None:
    if row.cluster is None:
        rules.require_keeps_kpi(person.capabilities, owns=row.owner_id == person.pk)
    else:
        rules.require_keeps_metric(standing(person, row.cluster), of=row.cluster.name)


def _locked(metric_id: int, person: Person, *, to_push: bool = False) -> Metric:
    rows = Metric.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster", "owner")
    row = rows.filter(pk=metric_id).first()
    if row is None:
        raise NotFound("There is no such KPI or metric.", next_step=queries.NO_METRIC_STEP)
    if to_push:
        rules.require_may_push(queries.stands_to(person, row), owns=row.owner_id == person.pk)
    else:
        _require_keeps(row, person)
    if row.retired_at is not None:
        raise WrongState(f"{row} is retired.", next_step="Define another one.")
    return row
