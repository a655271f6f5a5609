"""The JSON door of the silo questionnaire: rounds, and what owners answered."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.api.silos import HANDLE, SLUG, two_clusters
from apps.stakeholders.models import SiloAnswer, SiloRound
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.silo_survey import LONGEST_REASON, MARKS, QUESTIONS


class SiloRoundOut(serializers.ModelSerializer[SiloRound]):
    opened_by = serializers.SlugRelatedField[Person](**HANDLE)

    class Meta:
        model = SiloRound
        fields = ("number", "opened_by", "opened_at", "closes_on", "closed_at")
        read_only_fields = fields


class SiloRoundIn(Strict):
    closes_on = serializers.DateField(help_text="The last day to answer, at most 90 days on.")


class SiloAnswerOut(serializers.ModelSerializer[SiloAnswer]):
    round = serializers.IntegerField(source="round.number")
    first = serializers.SlugRelatedField[Cluster](**SLUG)
    second = serializers.SlugRelatedField[Cluster](**SLUG)
    side = serializers.SlugRelatedField[Cluster](**SLUG)
    person = serializers.SlugRelatedField[Person](**HANDLE)
    marks = serializers.DictField(source="marks_by_question", child=serializers.IntegerField())
    reasons = serializers.DictField(source="reasons_by_question", child=serializers.CharField())

    class Meta:
        model = SiloAnswer
        fields = ("id", "round", "first", "second", "side", "person", "marks", "reasons", "answered_at")
        read_only_fields = fields


class SiloAnswerIn(Strict):
    """Your answers on two clusters, in the open round."""

    clusters = serializers.ListField(child=serializers.CharField(max_length=80), min_length=2, max_length=2)
    side = serializers.CharField(
        max_length=80, required=False, allow_blank=True, default="", help_text="Needed by who owns both."
    )
    marks = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=max(MARKS)),
        help_text="; ".join(f"{name}: {text}" for name, text in QUESTIONS.items()),
    )
    reasons = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_REASON, allow_blank=True),
        required=False,
        default=dict,
        help_text="Needed with marks of 0 and 1.",
    )


class SiloRoundViewSet(ReadViewSet[SiloRound]):
    """Rounds of the questionnaire."""

    serializer_class = SiloRoundOut
    lookup_field = "number"
    lookup_value_converter = "int"
    ordering = ("-number",)
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloRound]:
        return SiloRound.objects.select_related("opened_by")

    @write(takes=SiloRoundIn, gives=SiloRoundOut, status=201)
    def create(self, data: dict[str, Any]) -> SiloRound:
        """Open a round; one that is open ends."""
        return survey.open_silo_round(opener=self.person, at=self.at, **data)


class SiloAnswerViewSet(ReadViewSet[SiloAnswer]):
    """What owners said of pairs you may know of, in every round."""

    serializer_class = SiloAnswerOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloAnswer]:
        return queries.answers_seen_by(self.person)

    @write(takes=SiloAnswerIn, gives=SiloAnswerOut, status=201)
    def create(self, data: dict[str, Any]) -> SiloAnswer:
        """Answer on two clusters for the side you own, once a round."""
        return survey.answer_silo_questions(
            clusters=two_clusters(data.pop("clusters"), self.person), person=self.person, at=self.at, **data
        )
