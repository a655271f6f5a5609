"""The JSON door of KPIs and metrics: their values, what carries what, which pull apart."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import NotFound
from apps.stakeholders import measures
from apps.stakeholders.actions import metrics as actions
from apps.stakeholders.api.people import key_field
from apps.stakeholders.models import Metric, MetricPart, MetricValue, ValueSource
from apps.stakeholders.models.metrics import COURSES
from apps.stakeholders.queries import metrics as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.alignment import RULE
from apps.stakeholders.rules.metrics import MOST_VALUE, Cadence, Track

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_CADENCES = [(one.value, one.value) for one in Cadence]
_TRACKS = [(one.value, one.value) for one in Track]


def _number(**more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=15, decimal_places=4, min_value=-MOST_VALUE, max_value=MOST_VALUE, **more
    )


class MetricPartField(Strict):
    """One term of a formula: another metric's value of the same period, times a factor."""

    metric = serializers.CharField(max_length=rules.LONGEST_CODE)
    factor = _number()


class SuccessMetricOut(serializers.ModelSerializer[Metric]):
    cluster = serializers.SlugRelatedField[Cluster](
        slug_field="slug", read_only=True, allow_null=True, help_text="null: it is a KPI of the enterprise."
    )
    owner = serializers.SlugRelatedField[Person](**_HANDLE)
    parts = serializers.SerializerMethodField()
    formula = serializers.SerializerMethodField()

    class Meta:
        model = Metric
        fields = (
            *("code", "cluster", "name", "meaning", "unit", "course", "cadence", "owner", "baseline", "target"),
            *("measure", "parts", "formula", "defined_at", "retired_at", "version"),
        )
        read_only_fields = fields

    @extend_schema_field(MetricPartField(many=True))
    def get_parts(self, row: Metric) -> list[dict[str, Any]]:
        return [{"metric": one.part.code, "factor": float(one.factor)} for one in row.parts.all()]

    def get_formula(self, row: Metric) -> str:
        return queries.formula_of(row)


class SuccessMetricBodyIn(Strict):
    name = serializers.CharField(max_length=rules.LONGEST_NAME)
    meaning = serializers.CharField(max_length=rules.LONGEST_MEANING, allow_blank=True, required=False)
    unit = serializers.CharField(max_length=rules.LONGEST_UNIT)
    course = serializers.ChoiceField(choices=COURSES)
    baseline = _number()
    target = _number(help_text="On the better side of the baseline.")
    owner = serializers.CharField(max_length=150, help_text="Handle of who answers for it.")
    measure = serializers.CharField(
        max_length=60,
        allow_blank=True,
        required=False,
        help_text="See /measures/; empty: a formula, or values are sent.",
    )
    parts = serializers.ListField(child=MetricPartField(), max_length=rules.MOST_PARTS, required=False)


class SuccessMetricIn(SuccessMetricBodyIn):
    """A KPI (no cluster) or a metric of a cluster."""

    code = serializers.CharField(max_length=rules.LONGEST_CODE)
    cluster = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="Short name; empty: a KPI of the enterprise."
    )
    cadence = serializers.ChoiceField(choices=_CADENCES, default=Cadence.MONTH.value)


class SuccessMetricEditIn(SuccessMetricBodyIn):
    """What changes; the rest stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in self.fields.values():
            one.required = False


class MetricValueOut(serializers.ModelSerializer[MetricValue]):
    value = serializers.DecimalField(max_digits=15, decimal_places=4, allow_null=True, help_text="null: see reason.")
    source = serializers.ChoiceField(choices=ValueSource.choices)  # type: ignore[assignment]  # a field of that name
    details = serializers.DictField(child=serializers.CharField())
    made_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)
    supersedes = serializers.IntegerField(source="supersedes_id", allow_null=True)

    class Meta:
        model = MetricValue
        fields = (
            *("id", "first_on", "value", "reason", "count", "censored", "details", "source", "formula"),
            *("inputs_sha256", "note", "made_by", "made_at", "supersedes", "superseded_at"),
        )
        read_only_fields = fields


class MetricValueIn(Strict):
    """The value of a period that is over; the same again changes nothing."""

    first_on = serializers.DateField(help_text="The first day of its period.")
    value = _number()
    note = serializers.CharField(max_length=300, allow_blank=True, default="", help_text="Where it comes from.")
    supersedes = key_field("The id of the value that it takes the place of.", allow_null=True, default=None)


class MetricReadingOut(serializers.Serializer[Any]):
    """Where a metric stands: the value of the last period that is over, and what it counts as."""

    code = serializers.CharField(source="metric.code")
    period = serializers.DateField(source="last_period.first_on")
    value = serializers.DecimalField(max_digits=15, decimal_places=4, allow_null=True)
    no_value_because = serializers.SerializerMethodField()
    attained = serializers.FloatField(allow_null=True, help_text="From 0 (baseline) to 1 (target).")
    status = serializers.ChoiceField(choices=_TRACKS, source="track")
    why = serializers.CharField(source="track_why")

    def get_no_value_because(self, row: queries.Reading) -> str:
        return row.why_none if row.value is None else ""


class MetricBranchOut(serializers.Serializer[Any]):
    weight = serializers.DecimalField(max_digits=5, decimal_places=4, source="alignment.weight")
    rationale = serializers.CharField(source="alignment.rationale", allow_blank=True)
    reading = MetricReadingOut()


class KpiTreeOut(serializers.Serializer[Any]):
    """A KPI and what carries it; `together` is the weighted mean over the `covered` weight that has a value."""

    reading = MetricReadingOut()
    branches = MetricBranchOut(many=True)
    hidden = serializers.IntegerField(help_text="Metrics of clusters you may not know of.")
    together = serializers.FloatField(source="rolled.attained", allow_null=True)
    covered = serializers.FloatField(source="rolled.covered")
    status = serializers.ChoiceField(choices=_TRACKS, source="rolled_track")


class MetricConflictOut(serializers.Serializer[Any]):
    kpi = serializers.CharField(source="kpi.code")
    left = serializers.CharField(source="left.code")
    right = serializers.CharField(source="right.code")
    opposed = serializers.BooleanField(source="pair.is_opposed")
    rho = serializers.FloatField(source="pair.correlation.rho", default=None, allow_null=True)
    periods = serializers.IntegerField(source="pair.correlation.count", default=0)
    p = serializers.FloatField(source="pair.adjusted_p", help_text="After Benjamini and Hochberg.")
    sentence = serializers.CharField()


class AlignmentReportOut(serializers.Serializer[Any]):
    """Which KPIs are carried by what, which metrics carry none, and which pull apart."""

    rule = serializers.CharField()
    kpis = KpiTreeOut(many=True)
    orphans = serializers.ListField(child=serializers.CharField())
    conflicts = MetricConflictOut(many=True)


class MetricWeightField(Strict):
    metric = serializers.CharField(max_length=rules.LONGEST_CODE)
    weight = serializers.DecimalField(max_digits=5, decimal_places=4, min_value=Decimal(0), max_value=Decimal(1))
    rationale = serializers.CharField(max_length=300, allow_blank=True, default="")


class MetricWeightsIn(Strict):
    """All weights of a KPI; they sum to 1 (± .01), or there are none."""

    weights = serializers.ListField(child=MetricWeightField(), max_length=rules.MOST_ALIGNED)


class MetricRetirementIn(Strict):
    reason = serializers.CharField(max_length=300)


class MetricRecomputationOut(serializers.Serializer[Any]):
    written = serializers.IntegerField(help_text="Periods that came to something else.")


class MetricRowOut(serializers.Serializer[Any]):
    title = serializers.CharField()
    url = serializers.CharField()
    says = serializers.CharField()
    is_open = serializers.BooleanField(help_text="Still open when the period ended: it counts as censored.")


class MeasureOut(serializers.Serializer[Any]):
    """Something the house computes by itself."""

    name = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    course = serializers.ChoiceField(choices=COURSES)
    formula = serializers.CharField()
    version = serializers.IntegerField()


class SuccessMetricFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    kpi = BooleanFilter(field_name="cluster", lookup_expr="isnull", label="Whether it is a KPI of the enterprise.")
    retired = BooleanFilter(field_name="retired_at", lookup_expr="isnull", exclude=True)


class SuccessMetricViewSet(ReadViewSet[Metric]):
    """KPIs of the enterprise, and metrics of clusters you may know of."""

    serializer_class = SuccessMetricOut
    lookup_field = "code"
    lookup_value_converter = "slug"
    ordering = ("code", "pk")
    filterset_class = SuccessMetricFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Metric]:
        parts = MetricPart.objects.select_related("part").order_by("pk")
        return queries.metrics_seen_by(self.person).prefetch_related(Prefetch("parts", parts))

    @write(takes=SuccessMetricIn, gives=SuccessMetricOut, status=201)
    def create(self, data: dict[str, Any]) -> Metric:
        """Define a KPI or a metric of a cluster."""
        code, slug = data.pop("code"), data.pop("cluster")
        cluster = visible_cluster(slug, self.person) if slug else None
        values, parts = _said(data)
        return actions.define_metric(
            code=code, cluster=cluster, definer=self.person, values=values, parts=parts, at=self.at
        )

    @write(takes=SuccessMetricEditIn, gives=SuccessMetricOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Metric:
        """Edit one; `parts` left out leaves its formula."""
        row = self.get_object()
        values, parts = _said(data)
        edited = actions.describe_metric(
            metric_id=row.pk, editor=self.person, version=row.version, changes=values, parts=parts, at=self.at
        )
        return queries.visible_metric(edited.code, self.person)

    @action(detail=True, methods=["post"])
    @write(takes=MetricRetirementIn, gives=SuccessMetricOut)
    def retirement(self, data: dict[str, Any]) -> Metric:
        """Measure it no more; its values stay."""
        return actions.retire_metric(metric_id=self.get_object().pk, keeper=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=MetricReadingOut)
    def standing(self) -> queries.Reading:
        """Where it stands now."""
        return queries.readings([self.get_object()], today=self.at.date())[0]

    @action(detail=True)
    @read(gives=KpiTreeOut)
    def tree(self) -> queries.Tree:
        """What carries a KPI."""
        kpi = self.get_object()
        found = queries.trees(self.person, today=self.at.date(), kpis=[kpi.pk]) if kpi.is_kpi else []
        if not found:
            raise NotFound("Nothing carries this: it is no KPI in use.", next_step="Ask for the tree of a KPI.")
        return found[0]

    @action(detail=True, methods=["put"])
    @write(takes=MetricWeightsIn, gives=KpiTreeOut, edits=True)
    def weights(self, data: dict[str, Any]) -> queries.Tree:
        """Say which metrics carry a KPI, and with what weights, all at once."""
        kpi, said = self.get_object(), data["weights"]
        actions.align_metrics(
            kpi_id=kpi.pk,
            keeper=self.person,
            weights={one["metric"]: one["weight"] for one in said},
            rationales={one["metric"]: one["rationale"] for one in said},
            version=kpi.version,
            at=self.at,
        )
        return queries.trees(self.person, today=self.at.date(), kpis=[kpi.pk])[0]

    @action(detail=True, filterset_class=None)
    @read(gives=MetricValueOut, many=True, ordering=("-first_on", "-pk"))
    def values(self) -> QuerySet[MetricValue]:
        """Every value it ever had, superseded ones too, the newest period first."""
        return self.get_object().values_of.select_related("made_by")

    @values.mapping.post
    @write(takes=MetricValueIn, gives=MetricValueOut, status=201, scope=Scope.OBSERVATIONS)
    def push(self, data: dict[str, Any]) -> MetricValue:
        """Send the value of a period. Another one than stands is refused, unless it names the one it supersedes."""
        return actions.push_value(metric_id=self.get_object().pk, sender=self.person, at=self.at, **data)

    @action(detail=True, url_path="values/(?P<first_on>[0-9-]{10})/rows", filterset_class=None)
    @read(gives=MetricRowOut, many=True, looks_up=True)
    def value_rows(self) -> list[measures.Behind]:
        """What the value of a period was made of, as far as you may see it."""
        metric = queries.visible_metric(self.kwargs["code"], self.person)
        value = queries.value_at(metric, _day(self.kwargs["first_on"]))
        return queries.rows_behind(metric, rules.period_of(metric.cadence, value.first_on), self.person)

    @action(detail=True, methods=["post"])
    @write(gives=MetricRecomputationOut)
    def recomputation(self, data: dict[str, Any]) -> Mapping[str, int]:
        """Have its periods computed again; what came to something else takes the old value's place."""
        del data
        return {"written": actions.recompute(metric=self.get_object(), keeper=self.person, at=self.at)}


class AlignmentReportView(Door):
    """Which KPIs are carried by what."""

    @extend_schema(responses=AlignmentReportOut)
    def get(self, request: Request) -> Response:
        """Every KPI with the metrics that carry it, those that carry none, and pairs that pull a KPI apart."""
        del request
        found = {
            "rule": RULE,
            "kpis": queries.trees(self.person, today=self.at.date()),
            "orphans": [one.code for one in queries.orphans(self.person)],
            "conflicts": queries.conflicts_for(self.person),
        }
        return Response(AlignmentReportOut(found).data)


class MeasuresView(Door):
    """What the house computes by itself."""

    @extend_schema(responses=MeasureOut(many=True))
    def get(self, request: Request) -> Response:
        """Every measure that a metric may name, with its formula."""
        del request
        rows = sorted(measures.registered().values(), key=lambda one: one.name)
        return Response(MeasureOut(rows, many=True).data)


def _said(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Decimal] | None]:
    """The fields of a metric, and its formula where one was sent."""
    terms = data.pop("parts", None)
    if "owner" in data:
        data["owner"] = person_named(data["owner"])
    return data, None if terms is None else {one["metric"]: one["factor"] for one in terms}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("There is no such period.", next_step="Choose one of its values.") from None
