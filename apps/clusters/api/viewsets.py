"""The JSON door of clusters."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters import actions, queries
from apps.clusters.api.serializers import (
    ApiDescriptionOut,
    AppointmentIn,
    AppointmentOut,
    CatalogIn,
    CatalogOut,
    ClusterEditIn,
    ClusterIn,
    ClusterOut,
    ComponentEditIn,
    ComponentIn,
    ComponentOut,
    DependencyEditIn,
    DependencyIn,
    DependencyOut,
    NeighbourOut,
)
from apps.clusters.formats.catalog import MOST_BYTES
from apps.clusters.models import (
    ApiDescription,
    CatalogImport,
    Cluster,
    Component,
    Dependency,
    Lifecycle,
    Tier,
    Visibility,
)
from apps.clusters.queries import Holder
from apps.clusters.queries.apis import described_api
from apps.clusters.rules import Part
from apps.kernel.refusals import Invalid, TooLarge


class Appointing(ReadViewSet[Any]):
    """Who owns and operates the object of the address."""

    @action(detail=True)
    @read(gives=AppointmentOut, many=True)
    def appointments(self) -> list[Holder]:
        """Everyone appointed to it, owners first."""
        return queries.holders(self.get_object())

    @appointments.mapping.post
    @write(takes=AppointmentIn, gives=AppointmentOut, status=201)
    def appoint(self, data: dict[str, Any]) -> Holder:
        """Make a person or a team its owner or operator. Nobody appoints themselves."""
        holder, part = _holder(data), Part(data["part"])
        actions.appoint(subject=self.get_object(), part=part, holder=holder, appointer=self.person, at=self.at)
        return _told(holder, part)

    @action(detail=True, methods=["post"])
    @write(takes=AppointmentIn)
    def dismissals(self, data: dict[str, Any]) -> None:
        """End an appointment."""
        holder, part = _holder(data), Part(data["part"])
        actions.dismiss(subject=self.get_object(), part=part, holder=holder, dismisser=self.person, at=self.at)


class ClusterFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    search = CharFilter(field_name="name", lookup_expr="icontains", max_length=100, label="Part of a name.")
    visibility = ChoiceFilter(choices=Visibility.choices)


class ClusterViewSet(Appointing):
    """Clusters you may know of."""

    serializer_class = ClusterOut
    lookup_field = "slug"
    ordering = ("slug",)
    filterset_class = ClusterFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Cluster]:
        return Cluster.objects.visible_to(self.person)

    @write(takes=ClusterIn, gives=ClusterOut, status=201)
    def create(self, data: dict[str, Any]) -> Cluster:
        """Found a cluster; you become its first owner."""
        return actions.found_cluster(founder=self.person, at=self.at, **data)

    @write(takes=ClusterEditIn, gives=ClusterOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Cluster:
        """Edit a cluster."""
        cluster = self.get_object()
        return actions.describe_cluster(
            cluster_id=cluster.pk, editor=self.person, version=cluster.version, changes=data, at=self.at
        )


class ComponentFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    tier = ChoiceFilter(choices=Tier.choices)
    lifecycle = ChoiceFilter(choices=Lifecycle.choices)
    search = CharFilter(method="named", max_length=100, label="Part of a name or short name.")
    site = CharFilter(method="having", field_name="sites", max_length=40)
    tag = CharFilter(method="having", field_name="tags", max_length=63)

    def named(self, rows: QuerySet[Component], name: str, value: str) -> QuerySet[Component]:
        del name
        return rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))

    def having(self, rows: QuerySet[Component], name: str, value: str) -> QuerySet[Component]:
        return rows.filter(**{f"{name}__contains": [value]})


class ComponentViewSet(Appointing):
    """Components of clusters you may know of."""

    serializer_class = ComponentOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = ComponentFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Component]:
        return Component.objects.visible_to(self.person).select_related("cluster")

    @write(takes=ComponentIn, gives=ComponentOut, status=201)
    def create(self, data: dict[str, Any]) -> Component:
        """Add a component to a cluster you own."""
        cluster = queries.visible_cluster(data.pop("cluster"), self.person)
        slug = data.pop("slug")
        return actions.add_component(cluster_id=cluster.pk, editor=self.person, slug=slug, values=data, at=self.at)

    @write(takes=ComponentEditIn, gives=ComponentOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Component:
        """Edit a component."""
        component = self.get_object()
        return actions.describe_component(
            component_id=component.pk, editor=self.person, version=component.version, changes=data, at=self.at
        )

    @action(detail=True, url_path="api-description", filterset_class=None)
    @read(gives=ApiDescriptionOut)
    def api_description(self) -> ApiDescription:
        """What a catalogue said of it as an API, its document included; 404 where none did."""
        return described_api(self.get_object())

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "hops", {"type": "integer", "minimum": 1, "maximum": 2, "default": 1}, description="1 or 2."
            )
        ]
    )
    @action(detail=True, filterset_class=None)
    @read(gives=NeighbourOut, many=True)
    def neighbours(self) -> list[queries.Neighbour]:
        """What it needs and what needs it."""
        asked = self.request.query_params.get("hops", "1")
        if asked not in {"1", "2"}:
            raise Invalid("“hops” is 1 or 2.", next_step="Ask for 1 or 2.", fields={"hops": ["Out of range."]})
        return queries.neighbours(self.get_object().pk, person=self.person, hops=int(asked))


class DependencyFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    consumer = NumberFilter(field_name="consumer_id", min_value=1, max_value=2**63 - 1)
    provider = NumberFilter(field_name="provider_id", min_value=1, max_value=2**63 - 1)


class DependencyViewSet(ReadViewSet[Dependency]):
    """Declared dependencies between components you may know of."""

    serializer_class = DependencyOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = DependencyFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[Dependency]:
        return queries.visible_dependencies(self.person)

    @write(takes=DependencyIn, gives=DependencyOut, status=201)
    def create(self, data: dict[str, Any]) -> Dependency:
        """Declare that a component you own needs another."""
        return actions.declare_dependency(
            consumer_id=data["consumer"],
            provider_id=data["provider"],
            declarer=self.person,
            at=self.at,
            **{name: data[name] for name in ("kind", "weight", "data_class", "safeguard")},
        )

    @action(detail=True, methods=["post"])
    @write(takes=DependencyEditIn, gives=DependencyOut)
    def details(self, data: dict[str, Any]) -> Dependency:
        """Say more of a dependency of a component you own: how much, which data, under which safeguard."""
        return actions.describe_dependency(
            dependency_id=self.get_object().pk, editor=self.person, changes=data, at=self.at
        )

    @write()
    def destroy(self, data: dict[str, Any]) -> None:
        """Withdraw a dependency of a component you own."""
        del data
        actions.withdraw_dependency(dependency_id=self.get_object().pk, withdrawer=self.person, at=self.at)


class CatalogImportViewSet(ReadViewSet[CatalogImport]):
    """Catalogues you uploaded (auditors: all of them)."""

    serializer_class = CatalogOut
    lookup_value_converter = "int"
    parser_classes = (MultiPartParser,)
    scope_for_writes = Scope.IMPORTS
    version_field = None

    def rows(self) -> QuerySet[CatalogImport]:
        return queries.visible_imports(self.person)

    @write(takes=CatalogIn, gives=CatalogOut, status=201)
    def create(self, data: dict[str, Any]) -> CatalogImport:
        """Upload a catalogue. With `dry_run` (the default) it is only compared with the map."""
        file, is_dry = data.pop("file"), data.pop("dry_run")
        if file.size > MOST_BYTES:
            raise TooLarge(f"The file is over {MOST_BYTES >> 20} MB.", next_step="Split the file.")
        kept, _ = actions.upload_catalog(
            file_name=file.name,
            content=file.read(),
            catalog_format=data.pop("format"),
            options=data,
            uploader=self.person,
            at=self.at,
        )
        return kept if is_dry else actions.apply_upload(import_id=kept.pk, importer=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=CatalogOut)
    def application(self, data: dict[str, Any]) -> CatalogImport:
        """Write an upload to the map; a large one is written by a worker, parcel by parcel."""
        del data
        return actions.apply_upload(import_id=self.get_object().pk, importer=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=CatalogOut)
    def cancellation(self, data: dict[str, Any]) -> CatalogImport:
        """Stop an import, or give an upload up; what has been written stays."""
        del data
        return actions.cancel_import(import_id=self.get_object().pk, person=self.person, at=self.at)


def _holder(data: dict[str, Any]) -> Person | Group:
    """The person or team that is named; refuses none, both and unknown ones."""
    handle, team = data.get("person"), data.get("team")
    if bool(handle) == bool(team):
        raise Invalid("Name a person or a team, one of the two.", next_step="Send “person” or “team”.")
    people, teams = Person.objects.filter(handle=(handle or "").lower()), Group.objects.filter(name=team)
    found: Person | Group | None = people.first() if handle else teams.first()
    if found is None:
        name = "person" if handle else "team"
        raise Invalid(
            f"There is no {name} called “{handle or team}”.",
            next_step="Check the name.",
            fields={name: ["Unknown."]},
        )
    return found


def _told(holder: Person | Group, part: Part) -> Holder:
    if isinstance(holder, Person):
        return Holder(part, "person", holder.pk, str(holder), holder.handle)
    return Holder(part, "team", holder.pk, holder.name)
