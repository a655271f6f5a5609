"""The JSON door of dashboards. Their figures are those of `GET /metrics/`."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.rules import Scope
from apps.cab.actions import dashboards as actions
from apps.cab.api.metrics import METRIC_CHOICES
from apps.cab.models import Dashboard
from apps.cab.queries.change_models import MODELS
from apps.cab.queries.named import board_named
from apps.cab.rules.dashboards import MOST_TILES, PERIODS, WIDEST, Shape
from apps.clusters.queries import visible_cluster


class TilePart(Strict):
    """A metric as a figure or as its trend."""

    metric = serializers.ChoiceField(choices=METRIC_CHOICES)
    shape = serializers.ChoiceField(choices=[(one.value, one.value) for one in Shape])
    width = serializers.IntegerField(min_value=1, max_value=WIDEST, default=1)


class DashboardOut(serializers.ModelSerializer[Dashboard]):
    """A dashboard; without a board it is your own."""

    board = serializers.CharField(source="board.slug", allow_null=True, default=None, read_only=True)
    cluster = serializers.CharField(source="cluster_slug", read_only=True)
    tiles = TilePart(many=True, read_only=True)

    class Meta:
        model = Dashboard
        fields = ("id", "name", "board", "cluster", "model", "days", "tiles", "version")
        read_only_fields = fields


class DashboardEditIn(Strict):
    """All tiles, in their order."""

    tiles = TilePart(many=True, max_length=MOST_TILES)  # type: ignore[call-arg]  # the list's


class DashboardIn(Strict):
    """A new dashboard of your own, or of a board you sit on."""

    name = serializers.CharField(max_length=80)
    board = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    cluster = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    model = serializers.ChoiceField(choices=list(MODELS.items()), required=False, help_text="A change model.")
    days = serializers.ChoiceField(choices=list(PERIODS.items()), default=365, help_text="Back from today.")
    tiles = TilePart(many=True, max_length=MOST_TILES, required=False)  # type: ignore[call-arg]  # the list's


class LinkOut(serializers.Serializer[Any]):
    """The address, told this once."""

    address = serializers.CharField()


class DashboardViewSet(ReadViewSet[Dashboard]):
    """Your dashboards, and those of boards you may know of."""

    serializer_class = DashboardOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    scope_for_writes = Scope.POLICIES
    hidden_in_replays = frozenset({"address"})

    def rows(self) -> QuerySet[Dashboard]:
        return Dashboard.objects.visible_to(self.person).select_related("board")

    @write(takes=DashboardIn, gives=DashboardOut, status=201)
    def create(self, data: dict[str, Any]) -> Dashboard:
        """Make a dashboard; without tiles it begins with the usual ones."""
        if "board" in data:
            data["board"] = board_named(data["board"], self.person)
        if "cluster" in data:
            data["cluster_slug"] = visible_cluster(data.pop("cluster"), self.person).slug
        return actions.make_dashboard(maker=self.person, at=self.at, **data)

    @write(takes=DashboardEditIn, gives=DashboardOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Dashboard:
        """Arrange its tiles."""
        found = self.get_object()
        return actions.place_tiles(
            dashboard_id=found.pk, person=self.person, version=found.version, tiles=data["tiles"], at=self.at
        )

    @write(edits=True)
    def destroy(self, data: dict[str, Any]) -> None:
        """Remove it and the links to it."""
        del data
        found = self.get_object()
        actions.remove_dashboard(dashboard_id=found.pk, person=self.person, version=found.version, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=LinkOut, status=201)
    def links(self, data: dict[str, Any]) -> dict[str, str]:
        """A link for people who are signed in; each sees the figures that they may see."""
        del data
        token = actions.share_dashboard(dashboard_id=self.get_object().pk, person=self.person, at=self.at)
        return {"address": self.request.build_absolute_uri(reverse("cab:shared-dashboard", args=[token]))}
