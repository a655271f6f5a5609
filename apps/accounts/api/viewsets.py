"""The JSON door that every area builds on: one base viewset, and two decorators for what is not list and retrieve.

A whole viewset of an area::

    class ClusterViewSet(ReadViewSet[Cluster]):
        '''Clusters you may know of.'''

        serializer_class = ClusterOut           # how one row reads (list and retrieve)
        lookup_field = "slug"                   # /clusters/{slug}/; unknown or invisible: 404
        ordering = ("name", "pk")               # key-set order, ends in a unique column
        filterset_class = ClusterFilter         # optional, django-filter
        scope_for_writes = Scope.CLUSTERS       # without it no API key may write here
        version_field = "version"               # what If-Match asks for; None for what has no version

        def rows(self) -> QuerySet[Cluster]:
            return Cluster.objects.visible_to(self.person)

        @write(takes=ClusterIn, gives=ClusterOut, status=201)
        def create(self, data: dict[str, Any]) -> Cluster:                      # POST /clusters/
            return actions.found_cluster(founder=self.person, at=self.at, **data)

        @write(takes=ClusterEditIn, gives=ClusterOut, edits=True)
        def partial_update(self, data: dict[str, Any]) -> Cluster:              # PATCH /clusters/{slug}/ with If-Match
            cluster = self.get_object()
            return actions.rename_cluster(cluster_id=cluster.pk, seen_version=cluster.version, ...)

        @action(detail=True, methods=["post"], url_path="retirement")
        @write(gives=ClusterOut, scope=Scope.CLUSTERS)
        def retire(self, data: dict[str, Any]) -> Cluster:                      # POST /clusters/{slug}/retirement/
            return actions.retire_cluster(cluster_id=self.get_object().pk, ...)

        @action(detail=True)
        @read(gives=ComponentOut, many=True, ordering=("name", "pk"))           # GET /clusters/{slug}/components/
        def components(self) -> QuerySet[Component]:
            return self.get_object().components.all()

What the base does for every one of them: signed-in people within their scope, throttling, Idempotency-Key on POST,
ETag and 304 on reads of one object, If-Match on edits (428, 412), refusals as problem+json, the schema. The row that a
`@write` handler returns is written out with `gives`, with its ETag; without `gives` it answers 204. `self.person` is
the caller and `self.at` the instant of the call. `hidden_in_replays` names parts of answers (secrets shown once) that
are never stored.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, ClassVar, TypeVar, cast

from django.core.exceptions import RequestDataTooBig
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.accounts.api import idempotency
from apps.accounts.api.bodies import Strict
from apps.accounts.api.etags import etag, is_unchanged, require_match, version_of
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.kernel.refusals import Invalid, NotFound, TooLarge

M_co = TypeVar("M_co", bound=Model, covariant=True)
Handler = Callable[..., Any]


class Door(APIView):
    """What every view of the API does, also one that is no viewset."""

    metadata_class = None  # OPTIONS would describe the serializers a second time, less well than the schema
    scope_for_writes: ClassVar[Scope | None] = None
    takes_body: ClassVar[bool] = False  # of a view that is no viewset and whose POST reads one
    looks_up: ClassVar[bool] = False  # of a view that is no viewset and whose query names things (404)
    needs_role: ClassVar[bool] = True  # False: also someone without any role may ask
    version_field: ClassVar[str | None] = "version"
    hidden_in_replays: ClassVar[frozenset[str]] = frozenset()

    @property
    def person(self) -> Person:
        """The caller; the permission has made sure that there is one."""
        return cast("Person", self.request.user)

    @cached_property
    def at(self) -> datetime:
        """The instant of this call: one clock reading for all that it does."""
        return timezone.now()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Admit the caller; after that, a POST that carries a key is done once."""
        super().initial(request, *args, **kwargs)
        _require_text(request, kwargs)
        if request.method == "POST" and (key := idempotency.key_of(request)):
            # Django's dispatch looks the handler up after this, so the instance's own attribute is what it finds.
            self.post = self._once(key, self.post)  # type: ignore[has-type]  # every POST view has one

    def handle_exception(self, exc: Exception) -> Response:
        """Our sentence for a body that Django refuses to read; everything else as the settings say."""
        if isinstance(exc, RequestDataTooBig):
            exc = TooLarge("The body is too large.", next_step="Send less in one call.")
        return super().handle_exception(exc)

    def _once(self, key: str, handler: Callable[..., Response]) -> Callable[..., Response]:
        def answered(request: Request, *args: Any, **kwargs: Any) -> Response:
            return idempotency.once(
                request,
                key,
                self.person,
                lambda: handler(request, *args, **kwargs),
                refuse=self.handle_exception,
                secrets=self.hidden_in_replays,
            )

        return answered


class ReadViewSet(Door, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[M_co]):
    """List and retrieve of what the caller may see; see the module for the rest."""

    filter_backends = (DjangoFilterBackend,)
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)

    def rows(self) -> QuerySet[M_co]:
        """What the caller may see. Every address below builds on it, so what is invisible is a 404 everywhere."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[M_co]:
        """DRF's name for `rows`; nothing while the schema is drawn, when there is no caller."""
        if getattr(self, "swagger_fake_view", False):
            model: type[Model] = self.serializer_class.Meta.model  # type: ignore[union-attr]
            return cast("QuerySet[M_co]", model._default_manager.none())  # Django's documented way
        return self.rows()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One row with its ETag; 304 when the caller has been told the same already."""
        del args, kwargs
        row = self.get_object()
        body = self.get_serializer(row).data
        tag = self.tag(row, body)
        if is_unchanged(request, tag):
            return Response(status=304, headers={"ETag": tag or ""})
        return Response(body, headers={"ETag": tag} if tag else None)

    def version(self, row: Model) -> str | None:
        """What counts the row's edits, or None."""
        return version_of(row, self.version_field) if self.version_field else None

    def tag(self, row: Model, body: Any) -> str | None:
        """The ETag of the row as `body` tells it, or None."""
        version = self.version(row)
        return None if version is None else etag(version, body)

    def listed(self, rows: Any, gives: type[BaseSerializer[Any]], ordering: tuple[str, ...]) -> Response:
        """One page of `rows` (a queryset: by key in `ordering`; a plain list: whole)."""
        context = self.get_serializer_context()
        if not isinstance(rows, QuerySet):
            return Response({"results": gives(rows, many=True, context=context).data, "next": None, "previous": None})
        self.ordering = ordering  # type: ignore[misc]  # what the paginator reads; this instance serves one call
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(gives(page, many=True, context=context).data)


def read(
    *,
    gives: type[BaseSerializer[Any]],
    many: bool = False,
    ordering: tuple[str, ...] = ("-pk",),
    looks_up: bool = False,
) -> Callable[[Handler], Handler]:
    """A further GET of a `ReadViewSet`: the method returns a row (or rows, with `many`), written out with `gives`.

    A queryset is paged by key in `ordering`, columns of its own (not of the viewset); a list is short and told whole.
    `looks_up`: its query names things, which may not be there (404).
    """

    def decorate(method: Handler) -> Handler:
        @wraps(method)
        def handler(self: ReadViewSet[Any], request: Request, **_: Any) -> Response:
            del request
            found = method(self)
            if many:
                return self.listed(found, gives, ordering)
            return Response(gives(found, context=self.get_serializer_context()).data)

        return _described(handler, gives=gives, many=many, looks_up=looks_up)

    return decorate


def write(
    *,
    gives: type[BaseSerializer[Any]] | None = None,
    takes: type[Strict] | None = None,
    status: int = 200,
    edits: bool = False,
    scope: Scope | None = None,
) -> Callable[[Handler], Handler]:
    """A write of a `ReadViewSet`: the method gets the validated body and returns the row it wrote (None: 204).

    `takes` refuses, and names, a field that there is not: a misspelt one would be dropped without a word.
    With `status` 202 a worker goes on with the row; the answer's `Location` is the address at which it is read.
    `edits` asks for If-Match and checks it against the object of the address before the method runs.
    """

    def decorate(method: Handler) -> Handler:
        @wraps(method)
        def handler(self: ReadViewSet[Any], request: Request, **_: Any) -> Response:
            if edits:
                require_match(request, self.version(self.get_object()))
            row = method(self, _validated(takes, request, self))
            if gives is None:
                return Response(status=204)
            body = gives(row, context=self.get_serializer_context()).data
            tag = self.tag(row, body) if isinstance(row, Model) else None
            headers = {"ETag": tag} if tag else {}
            if status == 202:  # noqa: PLR2004  # accepted: a worker goes on with it, and this is where to look
                headers["Location"] = self.reverse_action("detail", args=[getattr(row, self.lookup_field)])
            return Response(body, status=status, headers=headers or None)

        return _described(handler, gives=gives, takes=takes, status=status, edits=edits, scope=scope)

    return decorate


def _described(handler: Handler, **facts: Any) -> Handler:
    """Leave on the handler what the schema and the permission read."""
    for name, value in facts.items():
        setattr(handler, name, value)
    return handler


def _validated(takes: type[Strict] | None, request: Request, view: ReadViewSet[Any]) -> dict[str, Any]:
    if takes is None:
        return {}
    serializer = takes(data=request.data, context=view.get_serializer_context())
    serializer.is_valid(raise_exception=True)
    return cast("dict[str, Any]", serializer.validated_data)


def _require_text(request: Request, kwargs: dict[str, Any]) -> None:
    """NUL is no text to PostgreSQL: in an address nothing has that name, in a query it is refused."""
    if any("\0" in str(value) for value in kwargs.values()):
        raise NotFound("There is nothing here, or you may not see it.", next_step="Check the address.")
    for name, value in request.query_params.items():
        if "\0" in name or "\0" in value:
            raise Invalid("The query holds a NUL character.", next_step="Leave it out.", fields={name: ["Not text."]})
