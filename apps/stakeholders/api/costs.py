"""The JSON door of what integrations cost, and when they went live."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.integrations.models import Integration
from apps.kernel.refusals import NotFound
from apps.stakeholders.actions import costs as cost_actions
from apps.stakeholders.api.metrics import MetricRetirementIn
from apps.stakeholders.api.people import key_field
from apps.stakeholders.models import GoingLive, IntegrationCost
from apps.stakeholders.queries import costs as cost_queries
from apps.stakeholders.rules.costs import MOST_MONTHS, CostKind

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_KINDS = [(one.value, one.value) for one in CostKind]


class IntegrationCostOut(serializers.ModelSerializer[IntegrationCost]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    integration = serializers.IntegerField(source="integration_id", allow_null=True)
    recorded_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = IntegrationCost
        fields = (
            *("id", "cluster", "integration", "about", "kind", "hours", "rate", "amount", "currency", "from_on"),
            *("months", "note", "recorded_by", "recorded_at", "struck_at", "struck_because"),
        )
        read_only_fields = fields


class IntegrationCostIn(Strict):
    """Labour in hours and a rate, anything else as an amount; in equal parts over `months` from that of `from_on`."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")
    integration = key_field("One of the cluster's; null: several, or none.", allow_null=True, default=None)
    about = serializers.CharField(max_length=300, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=_KINDS)
    hours = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True, default=None)
    rate = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True, default=None)
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True, default=None)
    currency = serializers.CharField(max_length=3, help_text="Three letters, such as EUR.")
    from_on = serializers.DateField()
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, default=1)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class IntegrationCostFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    kind = ChoiceFilter(choices=_KINDS)


class IntegrationCostViewSet(ReadViewSet[IntegrationCost]):
    """What integrations of clusters you may know of cost."""

    serializer_class = IntegrationCostOut
    lookup_value_converter = "int"
    filterset_class = IntegrationCostFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[IntegrationCost]:
        return cost_queries.costs_seen_by(self.person)

    @write(takes=IntegrationCostIn, gives=IntegrationCostOut, status=201)
    def create(self, data: dict[str, Any]) -> IntegrationCost:
        """Write a cost down."""
        data["cluster"] = visible_cluster(data["cluster"], self.person)
        data["integration"] = _integration(data["integration"], self.person)
        return cost_actions.record_cost(recorder=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=MetricRetirementIn, gives=IntegrationCostOut)
    def striking(self, data: dict[str, Any]) -> IntegrationCost:
        """Strike a cost out: it stays readable and counts no more."""
        return cost_actions.strike_cost(cost=self.get_object(), keeper=self.person, at=self.at, **data)


class GoingLiveOut(serializers.ModelSerializer[GoingLive]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    integration = serializers.IntegerField(source="integration_id", allow_null=True)

    class Meta:
        model = GoingLive
        fields = ("id", "cluster", "integration", "about", "live_on", "recorded_at")
        read_only_fields = fields


class GoingLiveIn(Strict):
    integration = key_field("The integration.")
    live_on = serializers.DateField()


class GoingLiveViewSet(ReadViewSet[GoingLive]):
    """Integrations that went live, of clusters you may know of."""

    serializer_class = GoingLiveOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[GoingLive]:
        return cost_queries.live_seen_by(self.person)

    @write(takes=GoingLiveIn, gives=GoingLiveOut, status=201)
    def create(self, data: dict[str, Any]) -> GoingLive:
        """Say on which day an integration went live; once."""
        integration = _integration(data["integration"], self.person)
        assert integration is not None  # a key was given
        return cost_actions.record_going_live(
            integration=integration, recorder=self.person, live_on=data["live_on"], at=self.at
        )


def _integration(pk: int | None, person: Person) -> Integration | None:
    if pk is None:
        return None
    rows = Integration.objects.visible_to(person).select_related("consumer__cluster", "interface__component")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such integration.", next_step="Look it up under /integrations/.")
    return found
