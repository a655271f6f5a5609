"""The JSON door of what passes by hand between clusters."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import Invalid
from apps.stakeholders.actions import hand_offs as bulk
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.api.silos import HANDLE, SLUG
from apps.stakeholders.formats import hand_offs as formats
from apps.stakeholders.models import HandOff
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.handoff_plans import Status, counts
from apps.stakeholders.rules.silo_survey import LONGEST_LINE, MOST_COUNT, MOST_HOURS, WAY_WORDS, Period

_PERIODS = [(one.value, one.value) for one in Period]


class HandOffOut(serializers.ModelSerializer[HandOff]):
    source = serializers.SlugRelatedField[Cluster](**SLUG)  # type: ignore[assignment]  # the framework takes it off the class
    target = serializers.SlugRelatedField[Cluster](**SLUG)
    way = serializers.ChoiceField(choices=list(WAY_WORDS.items()))
    monthly = serializers.FloatField()
    declared_by = serializers.SlugRelatedField[Person](**HANDLE)

    class Meta:
        model = HandOff
        fields = (
            *("id", "source", "target", "what", "way", "count", "period", "monthly", "delay_hours", "evidence"),
            *("declared_by", "declared_at", "ended_at", "end_reason", "version"),
        )
        read_only_fields = fields


class HandOffIn(Strict):
    source = serializers.CharField(max_length=80, help_text="Short name of the cluster it comes from.")  # type: ignore[assignment]
    target = serializers.CharField(max_length=80, help_text="Of the one it goes to.")
    what = serializers.CharField(max_length=LONGEST_LINE)
    way = serializers.ChoiceField(choices=list(WAY_WORDS.items()))
    count = serializers.IntegerField(min_value=1, max_value=MOST_COUNT)
    period = serializers.ChoiceField(choices=_PERIODS)
    delay_hours = serializers.FloatField(
        min_value=0, max_value=MOST_HOURS, required=False, allow_null=True, help_text="It usually waits to be taken up."
    )
    evidence = serializers.CharField(max_length=LONGEST_LINE, help_text="Who counted, or where it was read.")


class HandOffStepOut(serializers.Serializer[Any]):
    """What becomes of one line."""

    line = serializers.IntegerField(source="claim.line")
    becomes = serializers.ChoiceField(source="status", choices=[(one.value, one.value) for one in Status])
    source = serializers.CharField(source="claim.source")  # type: ignore[assignment]  # the framework takes it off the class
    target = serializers.CharField(source="claim.target")
    what = serializers.CharField(source="claim.what")
    often = serializers.CharField(source="claim.often")
    sentence = serializers.CharField(allow_blank=True, help_text="Of a conflict: both that contradict each other.")


class HandOffsOut(serializers.Serializer[Any]):
    """What became of every line, or with `dry_run` what would."""

    dry_run = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField())
    lines = HandOffStepOut(many=True)


class HandOffEndIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_LINE)


class HandOffFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    source = CharFilter(field_name="source__slug", max_length=80)
    target = CharFilter(field_name="target__slug", max_length=80)


class HandOffViewSet(ReadViewSet[HandOff]):
    """Work that passes by hand between clusters you may know of."""

    serializer_class = HandOffOut
    lookup_value_converter = "int"
    filterset_class = HandOffFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[HandOff]:
        return queries.handoffs_seen_by(self.person)

    @write(takes=HandOffIn, gives=HandOffOut, status=201)
    def create(self, data: dict[str, Any]) -> HandOff:
        """Record a hand-off."""
        source, target = (visible_cluster(data.pop(end), self.person) for end in ("source", "target"))
        return survey.record_handoff(source=source, target=target, recorder=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=HandOffEndIn, gives=HandOffOut)
    def end(self, data: dict[str, Any]) -> HandOff:
        """Say that it no longer happens, and why."""
        return survey.end_handoff(handoff_id=self.get_object().pk, ender=self.person, at=self.at, **data)


class _BytesParser(BaseParser):
    """The body as it is: it is read within bounds by `formats.hand_offs`, not by a parser of the framework."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The bytes, up to one more than the bound."""
        del media_type, parser_context
        return stream.read(formats.MOST_BYTES + 1)


class CsvParser(_BytesParser):
    media_type = formats.CSV


class NdjsonParser(_BytesParser):
    media_type = formats.NDJSON


class HandOffBulkView(Door):
    """Hand-offs in bulk."""

    parser_classes = (CsvParser, NdjsonParser)
    takes_body = True
    scope_for_writes = Scope.CLUSTERS

    @extend_schema(
        parameters=[OpenApiParameter("dry_run", bool, description="Only say what would become (default).")],
        request={one: {"type": "string", "maxLength": formats.MOST_BYTES} for one in (formats.CSV, formats.NDJSON)},
        responses=HandOffsOut,
    )
    def post(self, request: Request) -> Response:
        """Record up to 2,000 hand-offs, all or none: CSV with a first line of names, or one JSON object a line.

        What stands on record with the same count stays; another count is refused (409), naming both.
        """
        is_dry = _flag(request.query_params.get("dry_run", "true"))
        sent: object = request.data
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        rows = formats.parse(sent if isinstance(sent, bytes) else b"", media_type=media_type)
        steps = bulk.record_handoffs(rows=rows, recorder=self.person, is_dry=is_dry, at=self.at)
        return Response(HandOffsOut({"dry_run": is_dry, "counts": counts(steps), "lines": steps}).data)


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise Invalid("dry_run is true or false.", next_step="Correct it.", fields={"dry_run": ["true or false."]})
    return text == "true"
