"""KPIs and the metrics that carry them: the tree, one metric with its values, and the rows behind a value."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export, listed
from apps.kernel.refusals import NotFound, Refusal
from apps.stakeholders.actions import metrics as actions
from apps.stakeholders.models import Metric
from apps.stakeholders.queries import metrics as queries
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.alignment import RULE
from apps.stakeholders.web.margin import lines
from apps.stakeholders.web.metric_forms import DefineMetricForm, EditMetricForm, RetireForm, ValueForm, WeightsForm
from apps.stakeholders.web.metric_tables import METRICS, ROWS, VALUES


@require_GET
@signed_in
def tree(request: PersonRequest) -> HttpResponseBase:
    """Every KPI with the metrics that carry it, those that carry none, and how many pull apart."""
    today = timezone.now().date()
    if kind := asked(request):
        rows = queries.metrics_seen_by(request.user).kept().order_by("cluster__name", "name", "pk")
        return listed(METRICS, kind, queries.readings(rows, today=today))
    trees = queries.trees(request.user, today=today)
    orphans = queries.readings(queries.orphans(request.user), today=today)
    context = {
        "trees": trees,
        "orphans": [(one, None) for one in orphans],
        "conflicts": queries.conflicts_for(request.user),
        "track_rule": rules.TRACK_RULE,
        "may_define": rules.may_define(request.user.capabilities),
    }
    return render(request, "stakeholders/kpis.html", context)


@require_GET
@signed_in
def conflicts(request: PersonRequest) -> HttpResponse:
    """Pairs of clusters' metrics that pull a KPI apart, each with both series."""
    context = {
        "conflicts": queries.conflicts_for(request.user),
        "rule": RULE,
        "crumbs": _crumbs("Pulling apart"),
    }
    return render(request, "stakeholders/metric_conflicts.html", context)


@require_GET
@signed_in
def page(request: PersonRequest, code: str) -> HttpResponseBase:
    """One KPI or metric: where it stands and by which rule, its series, its values, what it carries."""
    metric = queries.visible_metric(code, request.user)
    if kind := asked(request):
        return export(VALUES, kind, queries.values_of(metric))
    return _page(request, metric)


@require_GET
@signed_in
def series(request: PersonRequest, code: str) -> HttpResponse:
    """The data of its chart."""
    metric = queries.visible_metric(code, request.user)
    (reading,) = queries.readings([metric], today=timezone.now().date())
    rows = [
        {"first_on": period.first_on, "period": period.words, "value": _float(one.value), "reason": one.reason}
        for period, one in reading.series
    ]
    return JsonResponse({"code": metric.code, "unit": metric.unit, "target": float(metric.target), "values": rows})


@require_GET
@signed_in
def rows(request: PersonRequest, code: str, first_on: str) -> HttpResponseBase:
    """What the value of a period was made of, as far as the reader may see it."""
    metric = queries.visible_metric(code, request.user)
    value = queries.value_at(metric, _day(first_on))
    period = rules.period_of(metric.cadence, value.first_on)
    behind = queries.rows_behind(metric, period, request.user)
    if kind := asked(request):
        return listed(ROWS, kind, behind)
    context = {
        "metric": metric,
        "value": value,
        "told": rules.told(value.value),
        "period": period,
        "behind": behind,
        "hidden": max(0, value.count - len(behind)) if metric.measure or behind else 0,
        "earlier": metric.values_of.filter(first_on=value.first_on).exclude(pk=value.pk).order_by("-pk"),
        "crumbs": _crumbs(period.words, metric),
    }
    return render(request, "stakeholders/metric_rows.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def define(request: PersonRequest) -> HttpResponse:
    """Define a KPI or a metric of a cluster."""
    rules.require_may_define(request.user.capabilities)
    form = DefineMetricForm(
        request.POST or None,
        person=request.user,
        initial={"owner": request.user, "cluster": request.GET.get("cluster"), "course": "down"},
    )

    def act() -> Metric:
        values, parts = form.said()
        code, cluster = form.cleaned_data["code"], form.cleaned_data["cluster"]
        return actions.define_metric(
            code=code, cluster=cluster, definer=request.user, values=values, parts=parts, at=timezone.now()
        )

    return _written(request, form, act, "Define a KPI or a metric", reverse("stakeholders:kpis"))


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, code: str) -> HttpResponse:
    """Change what a metric says."""
    metric = queries.visible_metric(code, request.user)
    fields = {name: getattr(metric, name) for name in actions.FIELDS} | {"version": metric.version}
    formula = rules.formula_told((one.part.code, one.factor) for one in metric.parts.all())
    form = EditMetricForm(request.POST or None, initial=fields | {"formula": formula})

    def act() -> Metric:
        changes, parts = form.said()
        version = form.cleaned_data["version"]
        return actions.describe_metric(
            metric_id=metric.pk, editor=request.user, version=version, changes=changes, parts=parts, at=timezone.now()
        )

    return _written(request, form, act, f"Edit {metric}", metric.get_absolute_url())


@require_http_methods(["GET", "POST"])
@signed_in
def align(request: PersonRequest, code: str) -> HttpResponse:
    """Set the weights of a KPI's metrics, all together."""
    kpi = queries.visible_metric(code, request.user)
    if not kpi.is_kpi:
        raise NotFound("Only KPIs have weights.", next_step="Open the KPI that this metric carries.")
    rules.require_keeps_kpi(request.user.capabilities, owns=kpi.owner_id == request.user.pk)
    metrics = list(queries.alignable(kpi, request.user))
    stands = {one.metric.code: one for one in kpi.alignments.select_related("metric")}
    initial: dict[str, Any] = {f"weight_{code}": one.weight.normalize() for code, one in stands.items()}
    initial |= {f"why_{code}": one.rationale for code, one in stands.items()} | {"version": kpi.version}
    form = WeightsForm(request.POST or None, metrics=metrics, initial=initial)

    def act() -> Metric:
        weights, why = form.said()
        return actions.align_metrics(
            kpi_id=kpi.pk,
            keeper=request.user,
            weights=weights,
            rationales=why,
            version=form.cleaned_data["version"],
            at=timezone.now(),
        )

    if request.method == "POST" and form.is_valid() and (done := _tried(form, act)):
        return went(request, "stakeholders:metric", done.code)
    pairs = [(one, form[f"weight_{one.code}"], form[f"why_{one.code}"]) for one in metrics]
    context = {"kpi": kpi, "form": form, "pairs": pairs, "crumbs": _crumbs("Weights", kpi)}
    return render(request, "stakeholders/metric_weights.html", context, status=form.answer_status())


@require_POST
@signed_in
def push(request: PersonRequest, code: str) -> HttpResponse:
    """Write down a value that was made elsewhere."""
    metric, form = queries.visible_metric(code, request.user), ValueForm(request.POST)
    return _acted(request, metric, "value_form", form, lambda **said: actions.push_value(sender=request.user, **said))


@require_POST
@signed_in
def retire(request: PersonRequest, code: str) -> HttpResponse:
    """Measure it no more."""
    metric, form = queries.visible_metric(code, request.user), RetireForm(request.POST)
    return _acted(request, metric, "end_form", form, lambda **said: actions.retire_metric(keeper=request.user, **said))


@require_POST
@signed_in
def recompute(request: PersonRequest, code: str) -> HttpResponse:
    """Have its values computed again."""
    metric = queries.visible_metric(code, request.user)
    actions.recompute(metric=metric, keeper=request.user, at=timezone.now())
    return went(request, "stakeholders:metric", code)


def _page(request: PersonRequest, metric: Metric, **refused: Any) -> HttpResponse:
    today = timezone.now().date()
    (reading,) = queries.readings([metric], today=today)
    is_kept, is_sent = metric.retired_at is None, not metric.measure and not metric.parts.all()
    standing = queries.stands_to(request.user, metric)
    owns = metric.owner_id == request.user.pk
    form = next(iter(refused.values()), None)
    context = {
        "metric": metric,
        "reading": reading,
        "formula": queries.formula_of(metric),
        "origin": queries.origin_of(metric),
        "track_rule": rules.TRACK_RULE,
        "course": rules.COURSE_WORDS[metric.course],
        "baseline": rules.told(metric.baseline),
        "target": rules.told(metric.target),
        "mark": float(metric.target),
        "values": queries.told_values(metric),
        "tree": next(iter(queries.trees(request.user, today=today, kpis=[metric.pk])), None) if metric.is_kpi else None,
        "carries": metric.carries.select_related("kpi").order_by("kpi__name"),
        "may_keep": is_kept and queries.may_keep(request.user, metric),
        "may_push": is_kept and is_sent and rules.may_push(standing, owns=owns),
        "value_form": ValueForm(initial={"first_on": reading.last_period.first_on}),
        "end_form": RetireForm(),
        "entries": lines(timeline(metric, limit=20)),
        "crumbs": _crumbs(str(metric)),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/metric.html", context, status=form.answer_status() if form else 200)


def _acted(request: PersonRequest, metric: Metric, name: str, form: Any, act: Callable[..., Any]) -> HttpResponse:
    if form.is_valid() and _tried(form, lambda: act(metric_id=metric.pk, at=timezone.now(), **form.cleaned_data)):
        return went(request, "stakeholders:metric", metric.code)
    return _page(request, metric, **{name: form})


def _written(request: PersonRequest, form: Any, act: Callable[[], Metric], title: str, back: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid() and (done := _tried(form, act)):
        return went(request, "stakeholders:metric", done.code)
    context = {"form": form, "title": title, "back": back, "crumbs": _crumbs(title)}
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


def _tried(form: Any, act: Callable[[], Any]) -> Any:
    """What the act gives; None where it was refused, and the form says why."""
    try:
        return act()
    except Refusal as refusal:
        form.refuse(refusal)
        return None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("There is no such period.", next_step="Choose one from the table of values.") from None


def _crumbs(label: str, metric: Metric | None = None) -> list[dict[str, str]]:
    first = [{"label": "KPIs", "url": reverse("stakeholders:kpis")}]
    middle = [{"label": str(metric), "url": metric.get_absolute_url()}] if metric else []
    return [*first, *middle, {"label": label}]
