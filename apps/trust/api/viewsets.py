"""The JSON door of trust."""

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters.rest_framework import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.clusters.queries import visible_cluster
from apps.integrations.models import Integration
from apps.trust import actions, queries
from apps.trust.api.serializers import (
    BundleIn,
    CheckedOut,
    IntegrationWayOut,
    RotationIn,
    SigningKeyOut,
    TokenIn,
    TrustDomainEditIn,
    TrustDomainIn,
    TrustDomainOut,
    TrustEndIn,
    TrustLinkIn,
    TrustLinkOut,
    WayOut,
)
from apps.trust.checking import checked_token
from apps.trust.models import SigningKey, TrustDomain, TrustLink
from apps.trust.queries.files import bundle_file, manifest_file
from apps.trust.queries.ways import Told, Way, told, way_between, with_ways


class TrustDomainFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    name = CharFilter(lookup_expr="iexact", max_length=255)


class TrustDomainViewSet(ReadViewSet[TrustDomain]):
    """Trust domains of clusters you may know of."""

    serializer_class = TrustDomainOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    filterset_class = TrustDomainFilter
    scope_for_writes = Scope.CLUSTERS
    hidden_in_replays: ClassVar[frozenset[str]] = frozenset({"claims"})

    def rows(self) -> QuerySet[TrustDomain]:
        return queries.domains_seen_by(self.person)

    @write(takes=TrustDomainIn, gives=TrustDomainOut, status=201)
    def create(self, data: dict[str, Any]) -> TrustDomain:
        """Declare the trust domain of a cluster you own."""
        cluster = visible_cluster(data.pop("cluster"), self.person)
        return actions.declare_domain(cluster=cluster, declarer=self.person, values=data, at=self.at)

    @write(takes=TrustDomainEditIn, gives=TrustDomainOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> TrustDomain:
        """Edit a trust domain."""
        domain = self.get_object()
        return actions.describe_domain(
            domain_id=domain.pk, editor=self.person, version=domain.version, changes=data, at=self.at
        )

    @action(detail=True)
    @read(gives=SigningKeyOut, many=True, ordering=("pk",))
    def keys(self) -> QuerySet[SigningKey]:
        """Its keys, retired ones too."""
        return SigningKey.objects.filter(domain=self.get_object())

    @action(detail=True, methods=["post"])
    @write(takes=BundleIn, gives=TrustDomainOut)
    def bundle(self, data: dict[str, Any]) -> TrustDomain:
        """Make the keys of a bundle those of the domain. An older bundle than the one before is refused (409)."""
        content = data["bundle"].encode()
        return actions.take_in_bundle(domain_id=self.get_object().pk, keeper=self.person, content=content, at=self.at)

    @action(detail=True, methods=["post"])
    @write(takes=RotationIn, gives=SigningKeyOut)
    def rotations(self, data: dict[str, Any]) -> SigningKey:
        """Say when a key is to be replaced."""
        return actions.plan_rotation(domain_id=self.get_object().pk, keeper=self.person, at=self.at, **data)

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    @action(detail=True, url_path="spiffe-bundle")
    def spiffe_bundle(self, request: Request, **_: Any) -> HttpResponse:
        """Its public keys as a SPIFFE trust bundle, for whoever federates with it."""
        del request
        return HttpResponse(bundle_file(self.get_object()), content_type="application/json")

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.OBJECT})
    @action(detail=True, url_path="request-authentication")
    def request_authentication(self, request: Request, **_: Any) -> HttpResponse:
        """What its cluster believes, as Istio's RequestAuthentication."""
        del request
        text = manifest_file(self.get_object(), self.person, at=self.at)
        return HttpResponse(text, content_type="application/yaml")

    @extend_schema(parameters=[OpenApiParameter("to", str, required=True, description="The callee's trust domain.")])
    @action(detail=True)
    @read(gives=WayOut, looks_up=True)
    def path(self) -> Way:
        """The shortest way of trust in force to another domain, and the claims that arrive; else why there is none."""
        source = self.get_object()
        target = queries.domain_named(self.request.query_params.get("to", ""), self.person)
        return way_between(source, target, self.person, at=self.at)


class TrustWayFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    is_believed = BooleanFilter()


class TrustWayViewSet(ReadViewSet[Integration]):
    """Of every integration you may know of: whether the callee believes the caller, and which claims arrive."""

    serializer_class = IntegrationWayOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = TrustWayFilter
    version_field = None

    @cached_property
    def told(self) -> Told:
        """The ways of this call, each sought once."""
        return told(self.person, at=self.at)

    def rows(self) -> QuerySet[Integration]:
        return with_ways(self.person, self.told)


class TrustLinkFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    caller = CharFilter(field_name="source__name", max_length=255)
    callee = CharFilter(field_name="target__name", max_length=255)


class TrustLinkViewSet(ReadViewSet[TrustLink]):
    """Who believes whom, as far as you may know of both."""

    serializer_class = TrustLinkOut
    lookup_value_converter = "int"
    filterset_class = TrustLinkFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[TrustLink]:
        return queries.links_seen_by(self.person)

    @write(takes=TrustLinkIn, gives=TrustLinkOut, status=201)
    def create(self, data: dict[str, Any]) -> TrustLink:
        """Propose that another domain believes one of yours."""
        source, target = (queries.domain_named(data.pop(end), self.person) for end in ("caller", "callee"))
        return actions.propose_link(source=source, target=target, proposer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=TrustLinkOut)
    def agreement(self, data: dict[str, Any]) -> TrustLink:
        """Agree for the domain that is to believe. Nobody agrees to what they proposed."""
        del data
        return actions.agree_to_link(link_id=self.get_object().pk, agreer=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(takes=TrustEndIn)
    def end(self, data: dict[str, Any]) -> None:
        """End the trust at once."""
        actions.end_link(link_id=self.get_object().pk, person=self.person, at=self.at, **data)


class TokenCheckView(Door):
    """Whether a token would be believed."""

    takes_body = True
    scope_for_writes = Scope.READ
    hidden_in_replays: ClassVar[frozenset[str]] = frozenset({"claims"})

    @extend_schema(request=TokenIn, responses=CheckedOut)
    def post(self, request: Request) -> Response:
        """Check every link of the argument in order; the first that fails is named. The token is kept nowhere."""
        asked = TokenIn(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        found = checked_token(
            said["token"],
            issuer=queries.domain_named(said["issuer"], self.person),
            callee=queries.domain_named(said["callee"], self.person),
            person=self.person,
            at=self.at,
        )
        return Response(CheckedOut(found).data, headers={"Cache-Control": "no-store"})
