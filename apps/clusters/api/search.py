"""The JSON door of the catalogue's search."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door
from apps.clusters import queries
from apps.clusters.queries.search import PAGE, Answered, Asked
from apps.clusters.rules.search import LONGEST_QUESTION, Match
from apps.kernel.paging import LARGEST_PAGE


class CatalogSearchIn(serializers.Serializer[Any]):
    """What one asks of the catalogue; something must be asked."""

    q = serializers.CharField(
        max_length=LONGEST_QUESTION,
        default="",
        allow_blank=True,
        help_text="Names, tags, capabilities, owners: every word counts, also unfinished or misspelt.",
    )
    kind = serializers.CharField(max_length=40, default="", allow_blank=True, help_text="Only this kind.")
    cluster = serializers.CharField(max_length=80, default="", allow_blank=True, help_text="Only of this cluster.")
    owner = serializers.CharField(
        max_length=150, default="", allow_blank=True, help_text="Only what this person owns (handle), also by a team."
    )
    after = serializers.CharField(max_length=1_200, default="", allow_blank=True, help_text="Answers after this key.")
    limit = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=PAGE, help_text="Answers a page.")


class CatalogHitOut(serializers.Serializer[Any]):
    kind = serializers.CharField(source="hit.kind")
    id = serializers.IntegerField(source="hit.pk")
    name = serializers.CharField(source="told.name")
    url = serializers.CharField(source="told.url", help_text="Its page, without the host.")
    cluster = serializers.SerializerMethodField(help_text="Short name of the cluster whose it is; null: nobody's.")
    note = serializers.CharField(source="told.note")
    match = serializers.SerializerMethodField(
        help_text=f"Why it is an answer: {', '.join(one.name.lower() for one in reversed(Match))}."
    )
    through = serializers.CharField(source="hit.through", help_text="The owner or capability that led to it, or empty.")

    def get_cluster(self, one: Answered) -> str | None:
        return one.cluster.slug if one.cluster else None

    def get_match(self, one: Answered) -> str:
        return one.hit.match.name.lower()


class SearchFacetOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field here; the base has an attribute of that name
    count = serializers.IntegerField()


class CatalogSearchOut(serializers.Serializer[Any]):
    results = CatalogHitOut(many=True, source="rows")
    count = serializers.IntegerField(help_text="Answers in all; of a very common word, of those that were ranked.")
    is_cut = serializers.BooleanField(help_text="More hold the words than were ranked: add a word or a cluster.")
    is_near = serializers.BooleanField(help_text="Nothing holds the words; these are the nearest names.")
    kinds = SearchFacetOut(many=True)
    clusters = SearchFacetOut(many=True)
    after = serializers.CharField(help_text="The key of the next page; empty at the end.")


class CatalogSearchView(Door):
    """Everything the catalogue holds, as far as you may know of it."""

    @extend_schema(parameters=[CatalogSearchIn], responses=CatalogSearchOut)
    def get(self, request: Request) -> Response:
        """What answers the words, the best first: exact names, then beginnings, then what holds every word."""
        form = CatalogSearchIn(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        wanted = Asked(asked["q"], asked["kind"], asked["cluster"], asked["owner"])
        answer = queries.search_catalogue(wanted, self.person, after=asked["after"], size=asked["limit"])
        return Response(CatalogSearchOut(answer).data)
