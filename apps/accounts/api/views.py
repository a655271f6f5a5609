"""The JSON door of accounts: the caller, people, and the caller's keys."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import actions, queries
from apps.accounts.actions import NewKey
from apps.accounts.api.serializers import ApiKeyIn, ApiKeyOut, MeOut, NewKeyOut, PersonOut
from apps.accounts.api.viewsets import Door, ReadViewSet, write
from apps.accounts.models import ApiKey, Person


class MeView(Door):
    """Who the API takes you for."""

    needs_role = False

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """You, your settings, your roles and what they let you do."""
        del request
        return Response(MeOut(self.person).data)


class PersonFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    search = CharFilter(method="named", label="Part of a handle or a name.", max_length=100)

    def named(self, rows: QuerySet[Person], name: str, value: str) -> QuerySet[Person]:
        del name
        return rows & queries.people(search=value)


class PersonViewSet(ReadViewSet[Person]):
    """People, service identities and names from imported records: what everyone may know of them."""

    serializer_class = PersonOut
    lookup_field = "handle"
    lookup_value_regex = "[^/]+"
    ordering = ("handle",)
    filterset_class = PersonFilter
    version_field = None

    def rows(self) -> QuerySet[Person]:
        return queries.people()


class ApiKeyViewSet(ReadViewSet[ApiKey]):
    """Your own API keys. No key can make or revoke keys: that is done signed in, in a browser."""

    serializer_class = ApiKeyOut
    hidden_in_replays = frozenset({"token"})
    version_field = None

    def rows(self) -> QuerySet[ApiKey]:
        return queries.keys_of(self.person)

    @write(takes=ApiKeyIn, gives=NewKeyOut, status=201)
    def create(self, data: dict[str, Any]) -> NewKey:
        """Make a key. Its token is in this answer and nowhere else, ever."""
        return actions.make_api_key(owner=self.person, maker=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=ApiKeyOut)
    def revocation(self, data: dict[str, Any]) -> ApiKey:
        """End a key now. It never comes back."""
        del data
        return actions.revoke_api_key(key_id=self.get_object().pk, revoker=self.person, at=self.at)


class SchemaView(SpectacularAPIView):
    """The schema itself, as YAML or JSON; what it refuses is JSON whatever was asked for, as everywhere."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Write refusals with the renderer that problem+json needs."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code >= 400:  # noqa: PLR2004  # a refusal
            answer.accepted_renderer = JSONRenderer()
        return answer
