"""The JSON door of programme metrics and their targets."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, write
from apps.accounts.rules import Scope as KeyScope
from apps.cab.actions.targets import set_target, withdraw_target
from apps.cab.api.sampling import ComparisonOut
from apps.cab.models import ChangeCategory, ChangeType, MetricTarget
from apps.cab.queries import figures
from apps.cab.queries.change_models import MODELS
from apps.cab.queries.named import board_named, people_named
from apps.cab.queries.programme import NO_CATEGORY, Scope
from apps.cab.queries.sampling import comparisons
from apps.cab.queries.targets import targets_of
from apps.cab.rules.metrics import HIGHEST_TARGET, METRICS, Direction
from apps.cab.web.programme import as_data
from apps.clusters.queries import visible_cluster

METRIC_CHOICES = [(one.name, one.title) for one in METRICS.values()]
DIRECTIONS = [(Direction.AT_MOST.value, "at most"), (Direction.AT_LEAST.value, "at least")]


class MetricsIn(Strict):
    """Which changes are counted; the last twelve months where no days are named."""

    since = serializers.DateField(required=False, help_text="First day (UTC); twelve months before `until`.")
    until = serializers.DateField(required=False, help_text="Last day (UTC), included; today, where left out.")
    cluster = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    board = serializers.CharField(max_length=80, required=False, help_text="Short name; “(none)” for no board.")
    type = serializers.ChoiceField(choices=ChangeType.choices, required=False)
    category = serializers.ChoiceField(
        choices=[*ChangeCategory.choices, (NO_CATEGORY, "no category")], required=False, help_text="“(none)” for none."
    )
    model = serializers.ChoiceField(
        choices=list(MODELS.items()),
        required=False,
        help_text="The change model followed: a type, or type/category; “(none)” for none.",
    )


class FigureOut(serializers.Serializer[Any]):
    """One metric of one group. `rows` is how many changes it is taken over."""

    metric = serializers.ChoiceField(choices=METRIC_CHOICES)
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    rows = serializers.IntegerField()
    target = serializers.CharField(allow_null=True)
    is_met = serializers.BooleanField(allow_null=True)


class GroupOut(serializers.Serializer[Any]):
    """Changes that belong together: all, or those of a cluster, board, type, category, change model or month."""

    by = serializers.ChoiceField(
        choices=[(one, one) for one in ("all", "cluster", "board", "type", "category", "model", "month")]
    )
    name = serializers.CharField()
    scope = serializers.DictField(child=serializers.CharField())
    figures = FigureOut(many=True)


class SampledBoardOut(serializers.Serializer[Any]):
    """What the reviews of the automatic approvals of the scope say that were given in a board's place."""

    board = serializers.CharField(help_text="Short name.")
    name = serializers.CharField()
    candidates = serializers.IntegerField(help_text="Automatic approvals of the scope.")
    reviewed_share = serializers.FloatField(allow_null=True, help_text="Of them, drawn, reviewed and finished: 0 to 1.")
    comparison = ComparisonOut()


class MetricsOut(serializers.Serializer[Any]):
    """Figures by group, and sampling by board."""

    scope = serializers.DictField(child=serializers.CharField())
    groups = GroupOut(many=True)
    sampling = SampledBoardOut(many=True)


class MetricsView(Door):
    """How changes went in a period."""

    @extend_schema(parameters=[MetricsIn], responses=MetricsOut)
    def get(self, request: Any) -> Response:
        """DORA's four keys, waiting, backlog and risk taken: over all, by cluster, board, type, category, model, month.

        Beside them, for each board whose automatic approvals are sampled, what the reviews say
        of what was approved in the period.
        """
        asked = MetricsIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        words = {name: str(value) for name, value in asked.validated_data.items()}
        scope = Scope.from_address(words, today=self.at.date())
        report = figures.report(self.person, scope, at=self.at)
        compared = comparisons(self.person, report.known.boards, scope)
        return Response(MetricsOut(as_data(report, targets_of(self.person), compared)).data)


class TargetOut(serializers.ModelSerializer[MetricTarget]):
    """A target. Without cluster and board it is the federation's."""

    cluster = serializers.CharField(source="cluster.slug", allow_null=True, default=None, read_only=True)
    board = serializers.CharField(source="board.slug", allow_null=True, default=None, read_only=True)
    owner = serializers.CharField(source="owner.handle", read_only=True)

    class Meta:
        model = MetricTarget
        fields = ("id", "metric", "cluster", "board", "direction", "value", "owner", "set_at", "version")
        read_only_fields = fields


class TargetIn(Strict):
    """A target to set; one that is there already for the same metric and place is replaced."""

    metric = serializers.ChoiceField(choices=METRIC_CHOICES)
    cluster = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    board = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    direction = serializers.ChoiceField(choices=DIRECTIONS, required=False)
    value = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=Decimal(0), max_value=HIGHEST_TARGET, help_text="In its unit."
    )
    owner = serializers.CharField(max_length=150, help_text="Handle of who answers for it.")


class TargetViewSet(ReadViewSet[MetricTarget]):
    """Targets of metrics that you may know of."""

    serializer_class = TargetOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    scope_for_writes = KeyScope.POLICIES

    def rows(self) -> QuerySet[MetricTarget]:
        return MetricTarget.objects.visible_to(self.person).select_related("cluster", "board", "owner")

    @write(takes=TargetIn, gives=TargetOut, status=201)
    def create(self, data: dict[str, Any]) -> MetricTarget:
        """Set a target; programme managers, and owners for their cluster."""
        data["owner"] = people_named([data["owner"]], field="owner")[0]
        if "cluster" in data:
            data["cluster"] = visible_cluster(data["cluster"], self.person)
        if "board" in data:
            data["board"] = board_named(data["board"], self.person)
        return set_target(setter=self.person, at=self.at, **data)

    @write(edits=True)
    def destroy(self, data: dict[str, Any]) -> None:
        """Withdraw a target."""
        del data
        withdraw_target(target_id=self.get_object().pk, person=self.person, at=self.at)
