"""The JSON door of what runs where, and of loose ends."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts.api.viewsets import Door, ReadViewSet, write
from apps.accounts.rules import Scope
from apps.clusters import actions
from apps.clusters.formats import exporting
from apps.clusters.models import Cluster, DataClass, LooseEnd, Placement
from apps.clusters.queries import archive_of, visible_cluster
from apps.clusters.queries import running as queries
from apps.kernel.refusals import Invalid


class PlacementOut(serializers.ModelSerializer[Placement]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    runs = serializers.ListField(child=serializers.CharField(), help_text="Short names of components, known or not.")

    class Meta:
        model = Placement
        fields = ("id", "cluster", "site", "host", "runs", "source", "created_at")
        read_only_fields = fields


class LooseEndOut(serializers.ModelSerializer[LooseEnd]):
    consumer = serializers.IntegerField(source="consumer_id", allow_null=True, help_text="Null: not known.")
    provider = serializers.IntegerField(source="provider_id", allow_null=True, help_text="Null: not known.")
    data_class = serializers.ChoiceField(
        choices=DataClass.choices, allow_blank=True, help_text="Empty: the catalogue does not say."
    )

    class Meta:
        model = LooseEnd
        fields = (
            "id",
            "consumer",
            "consumer_cluster",
            "consumer_name",
            "provider",
            "provider_cluster",
            "provider_name",
            "kind",
            "weight",
            "data_class",
            "safeguard",
            "note",
            "source",
            "found_at",
        )
        read_only_fields = fields


class CatalogExportView(Door):
    """The map, or one cluster, as an archive that an import reads again."""

    looks_up = True

    @extend_schema(
        parameters=[
            OpenApiParameter("as", {"type": "string", "enum": sorted(exporting.FORMATS), "default": "csv"}),
            OpenApiParameter(
                "cluster", {"type": "string", "maxLength": 80}, description="Short name; else all you may know of."
            ),
        ],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Clusters, components, dependencies, loose ends and placements; imported again, they change nothing."""
        slug, kind = request.query_params.get("cluster", ""), request.query_params.get("as", "csv")
        if kind not in exporting.FORMATS:
            raise Invalid("“as” is csv or backstage.", next_step="Ask for one of them.", fields={"as": ["Unknown."]})
        cluster = visible_cluster(slug, self.person) if slug else None
        content = archive_of(self.person, cluster=cluster, as_format=kind)
        return HttpResponse(content, content_type="application/zip")


class PlacementFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    site = CharFilter(max_length=40)
    host = CharFilter(lookup_expr="icontains", max_length=200, label="Part of a host's name.")


class LooseEndFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the known end's cluster.")
    consumer_name = CharFilter(max_length=200)
    provider_name = CharFilter(max_length=200)


class PlacementViewSet(ReadViewSet[Placement]):
    """Hosts at sites, with what runs on them, of clusters you may know of."""

    serializer_class = PlacementOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = PlacementFilter
    version_field = None

    def rows(self) -> QuerySet[Placement]:
        return queries.placements(self.person)


class LooseEndViewSet(ReadViewSet[LooseEnd]):
    """Dependencies that catalogues name with an end that is not known; each becomes one when what it names comes."""

    serializer_class = LooseEndOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = LooseEndFilter
    scope_for_writes = Scope.IMPORTS
    version_field = None

    def rows(self) -> QuerySet[LooseEnd]:
        return queries.loose_ends(self.person)

    @write()
    def destroy(self, data: dict[str, Any]) -> None:
        """Give a loose end up: what it names will not come."""
        del data
        actions.drop_loose_end(loose_end_id=self.get_object().pk, person=self.person, at=self.at)
