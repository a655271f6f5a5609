"""The JSON door of what passes by hand between clusters."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.api.silos import HANDLE, SLUG
from apps.stakeholders.models import HandOff
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.silo_survey import LONGEST_LINE, MOST_COUNT, WAY_WORDS, Period

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
            *("id", "source", "target", "what", "way", "count", "period", "monthly", "evidence"),
            *("declared_by", "declared_at", "ended_at", "end_reason", "version"),
        )
        read_only_fields = fields


class HandOffIn(serializers.Serializer[Any]):
    source = serializers.CharField(max_length=80, help_text="Short name of the cluster it comes from.")  # type: ignore[assignment]
    target = serializers.CharField(max_length=80, help_text="Of the one it goes to.")
    what = serializers.CharField(max_length=LONGEST_LINE)
    way = serializers.ChoiceField(choices=list(WAY_WORDS.items()))
    count = serializers.IntegerField(min_value=1, max_value=MOST_COUNT)
    period = serializers.ChoiceField(choices=_PERIODS)
    evidence = serializers.CharField(max_length=LONGEST_LINE, help_text="Who counted, or where it was read.")


class HandOffEndIn(serializers.Serializer[Any]):
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
