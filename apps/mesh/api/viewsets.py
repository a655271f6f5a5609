"""The meshes of clusters over the API: what is generated, how edges are called, and what is applied otherwise."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.clusters.api.bodies import YamlParser, body_of
from apps.clusters.formats import yaml_documents
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster, visible_dependency
from apps.kernel.refusals import Conflict, NotFound
from apps.mesh import actions, queries
from apps.mesh.actions.profiles import FIELDS
from apps.mesh.api.serializers import EdgePolicyIn, MeshEdgeOut, MeshEditIn, MeshIn, MeshOut, MeshStateOut
from apps.mesh.formats.yaml_files import archive_of, files_of, list_text
from apps.mesh.models import MeshProfile

_DEFAULTS: dict[str, Any] = {"gateway": "", "gateway_port": 15_443, "sampling_percent": 1, "tracing_provider": ""}


class MeshViewSet(ReadViewSet[MeshProfile]):
    """Meshes of clusters you may know of."""

    serializer_class = MeshOut
    lookup_field = "cluster__slug"
    lookup_url_kwarg = "slug"
    lookup_value_converter = "str"
    ordering = ("namespace", "pk")
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[MeshProfile]:
        rows = MeshProfile.objects.select_related("cluster")
        return rows.filter(cluster__in=Cluster.objects.visible_to(self.person).values("pk"))

    @write(takes=MeshIn, gives=MeshOut, status=201)
    def create(self, data: dict[str, Any]) -> MeshProfile:
        """Describe the mesh of a cluster you own."""
        cluster = visible_cluster(data.pop("cluster"), self.person)
        if queries.profile_of(cluster):
            raise Conflict(f"The mesh of {cluster.name} is described already.", next_step="Edit it with PATCH.")
        values = {**_DEFAULTS, **data}
        return actions.describe_profile(cluster=cluster, editor=self.person, version=0, values=values, at=self.at)

    @write(takes=MeshEditIn, gives=MeshOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> MeshProfile:
        """Edit how it is called and reached."""
        profile = self.get_object()
        values = {name: data.get(name, getattr(profile, name)) for name in FIELDS}
        return actions.describe_profile(
            cluster=profile.cluster, editor=self.person, version=profile.version, values=values, at=self.at
        )

    @action(detail=True)
    @read(gives=MeshEdgeOut, many=True, looks_up=True)
    def edges(self) -> list[Any]:
        """Its declared edges and how each is called: for those who run the cluster, and auditors."""
        return list(queries.visible_mesh(self.get_object().cluster.slug, self.person).lines)

    @action(detail=True, methods=["post"], url_path="edge-policies")
    @write(takes=EdgePolicyIn, gives=MeshEdgeOut)
    def edge_policies(self, data: dict[str, Any]) -> Any:
        """Say how one of its edges is called. Tries that do not fit into the whole time are refused (422)."""
        cluster, dependency_id = self.get_object().cluster, data["dependency"]
        if visible_dependency(dependency_id, self.person).consumer.cluster_id != cluster.pk:
            raise NotFound(f"{cluster.name} has no such edge.", next_step="Name one of its own: GET its edges.")
        if data["policy"] is None:
            actions.unset_edge_policy(dependency_id=dependency_id, editor=self.person, at=self.at)
        else:
            actions.set_edge_policy(dependency_id=dependency_id, editor=self.person, values=data["policy"], at=self.at)
        lines = queries.visible_mesh(cluster.slug, self.person).lines
        return next(one for one in lines if one.dependency_id == dependency_id)


class MeshManifestsView(Door):
    """What is generated for the mesh of a cluster."""

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.OBJECT})
    def get(self, request: Request, slug: str) -> HttpResponse:
        """All manifests as one List, as kubectl takes it: the same registry gives the same bytes and the same ETag."""
        estate = queries.visible_mesh(slug, self.person)
        tag = f'"{estate.sha256}"'
        if request.headers.get("If-None-Match") == tag:
            return HttpResponse(status=304, headers={"ETag": tag})
        return HttpResponse(list_text(estate.manifests), content_type="application/yaml", headers={"ETag": tag})


class MeshArchiveView(Door):
    """What is generated for the mesh of a cluster, as an archive."""

    @extend_schema(responses={(200, "application/gzip"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str) -> HttpResponse:
        """One file a kind in a .tar.gz, the same bytes for the same registry."""
        del request
        estate = queries.visible_mesh(slug, self.person)
        content = archive_of(files_of(estate.manifests), folder=estate.side.namespace)
        return HttpResponse(content, content_type="application/gzip")


class MeshAppliedView(Door):
    """What is applied in the mesh of a cluster."""

    parser_classes = (YamlParser,)
    takes_body = True
    scope_for_writes: ClassVar[Scope | None] = Scope.CLUSTERS

    @extend_schema(responses=MeshStateOut)
    def get(self, request: Request, slug: str) -> Response:
        """How what was last pushed differs from what is declared now."""
        del request
        estate = queries.visible_mesh(slug, self.person)
        applied = queries.applied_in(estate.cluster.pk)
        if applied is None:
            raise NotFound("Nobody has said yet what is applied.", next_step="POST it to this address.")
        return Response(MeshStateOut(queries.state_of(estate, applied)).data)

    @extend_schema(
        request={"application/yaml": {"type": "string", "maxLength": yaml_documents.MOST_BYTES}}, responses=MeshStateOut
    )
    def post(self, request: Request, slug: str) -> Response:
        """Push all mesh resources that are applied in its namespace, as `kubectl get -o yaml` prints them."""
        cluster = visible_cluster(slug, self.person)
        content = body_of(request)
        state = actions.push_applied(cluster=cluster, person=self.person, content=content, at=self.at)
        return Response(MeshStateOut(state).data)
