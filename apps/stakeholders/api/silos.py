"""The JSON door of silos: assessments, rounds and answers, hand-offs, actions and weights."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.actions import silos as actions
from apps.stakeholders.models import (
    HandOff,
    SiloAction,
    SiloAnswer,
    SiloAssessment,
    SiloRound,
    SiloRun,
    SiloStanding,
    SiloWeighting,
)
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules.silo_survey import (
    LONGEST_LINE,
    LONGEST_REASON,
    MARKS,
    MOST_COUNT,
    QUESTIONS,
    WAY_WORDS,
    Period,
)
from apps.stakeholders.rules.silos import FORMULAS, SILO_WORDS, SOURCES, WORDS, Indicator, Silo
from apps.stakeholders.states import SiloActionState

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_SLUG: dict[str, Any] = {"slug_field": "slug", "read_only": True}
_INDICATORS = [(one.value, WORDS[one]) for one in Indicator]
_LEVELS = [(one.value, SILO_WORDS[one]) for one in Silo]
_PERIODS = [(one.value, one.value) for one in Period]
_STATES = [(one.value, one.value) for one in SiloActionState]


class SiloRowOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    url = serializers.CharField(help_text="The page of the thing; empty where it has none of its own.")


class SiloPartOut(serializers.Serializer[Any]):
    """One indicator."""

    indicator = serializers.ChoiceField(choices=_INDICATORS)
    value = serializers.FloatField(allow_null=True, help_text="0 joined … 100 apart; null: not judged, left out.")
    weight = serializers.IntegerField()
    sentence = serializers.CharField()
    formula = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]  # the framework takes declared fields off the class
    numbers = serializers.DictField(child=serializers.FloatField(allow_null=True))
    rows = serializers.DictField(child=SiloRowOut(many=True))

    def get_formula(self, one: dict[str, Any]) -> str:
        return FORMULAS[one["indicator"]]

    def get_source(self, one: dict[str, Any]) -> str:
        return SOURCES[one["indicator"]]


class SiloAdviceOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    indicator = serializers.ChoiceField(choices=_INDICATORS)
    sentence = serializers.CharField()


class SiloOut(serializers.ModelSerializer[SiloAssessment]):
    run = serializers.IntegerField(source="run.number")
    assessed_at = serializers.DateTimeField(source="run.ran_at")
    first = serializers.SlugRelatedField[Cluster](**_SLUG)
    second = serializers.SlugRelatedField[Cluster](**_SLUG)
    level = serializers.ChoiceField(choices=_LEVELS)
    few = serializers.CharField(allow_blank=True, help_text="Why there is no score.")
    parts = SiloPartOut(many=True)
    advice = SiloAdviceOut(many=True)

    class Meta:
        model = SiloAssessment
        fields = ("id", "run", "assessed_at", "first", "second", "score", "level", "few", "parts", "advice")
        read_only_fields = fields


class SiloRunOut(serializers.ModelSerializer[SiloRun]):
    by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True, help_text="Null: the schedule.")
    weights = serializers.DictField(child=serializers.IntegerField())
    counts = serializers.DictField(child=serializers.FloatField(allow_null=True))

    class Meta:
        model = SiloRun
        fields = ("number", "month", "by", "ran_at", "rules_version", "inputs_sha256", "weights", "counts")
        read_only_fields = fields


class SiloStandingOut(serializers.ModelSerializer[SiloStanding]):
    """A cluster against chance."""

    cluster = serializers.SlugRelatedField[Cluster](**_SLUG)
    homophily = serializers.FloatField(allow_null=True, help_text="Inside ÷ expected by mixing; 1 is chance.")
    ei = serializers.FloatField(allow_null=True, help_text="The raw external–internal index, −1 to 1.")

    class Meta:
        model = SiloStanding
        fields = ("cluster", "is_judged", "homophily", "ei", "inside", "needs", "needed", "passings")
        read_only_fields = fields

    def to_representation(self, one: SiloStanding) -> dict[str, Any]:
        """Without judgement where there are too few interactions."""
        told = super().to_representation(one)
        return told if one.is_judged else {**told, "homophily": None, "ei": None}


class SiloRoundOut(serializers.ModelSerializer[SiloRound]):
    opened_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = SiloRound
        fields = ("number", "opened_by", "opened_at", "closes_on", "closed_at")
        read_only_fields = fields


class SiloRoundIn(serializers.Serializer[Any]):
    closes_on = serializers.DateField(help_text="The last day to answer, at most 90 days on.")


class SiloAnswerOut(serializers.ModelSerializer[SiloAnswer]):
    round = serializers.IntegerField(source="round.number")
    first = serializers.SlugRelatedField[Cluster](**_SLUG)
    second = serializers.SlugRelatedField[Cluster](**_SLUG)
    side = serializers.SlugRelatedField[Cluster](**_SLUG)
    person = serializers.SlugRelatedField[Person](**_HANDLE)
    marks = serializers.DictField(source="marks_by_question", child=serializers.IntegerField())
    reasons = serializers.DictField(source="reasons_by_question", child=serializers.CharField())

    class Meta:
        model = SiloAnswer
        fields = ("id", "round", "first", "second", "side", "person", "marks", "reasons", "answered_at")
        read_only_fields = fields


class SiloAnswerIn(serializers.Serializer[Any]):
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


class HandOffOut(serializers.ModelSerializer[HandOff]):
    source = serializers.SlugRelatedField[Cluster](**_SLUG)  # type: ignore[assignment]  # the framework takes it off the class
    target = serializers.SlugRelatedField[Cluster](**_SLUG)
    way = serializers.ChoiceField(choices=list(WAY_WORDS.items()))
    monthly = serializers.FloatField()
    declared_by = serializers.SlugRelatedField[Person](**_HANDLE)

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


class SiloActionOut(serializers.ModelSerializer[SiloAction]):
    first = serializers.SlugRelatedField[Cluster](**_SLUG)
    second = serializers.SlugRelatedField[Cluster](**_SLUG)
    owner = serializers.SlugRelatedField[Person](**_HANDLE)
    planned_by = serializers.SlugRelatedField[Person](**_HANDLE)
    indicator = serializers.ChoiceField(choices=_INDICATORS, allow_blank=True)
    state = serializers.ChoiceField(choices=_STATES)

    class Meta:
        model = SiloAction
        fields = (
            *("id", "first", "second", "what", "indicator", "advice_key", "owner", "due_on", "state"),
            *("outcome", "planned_by", "planned_at", "settled_at", "version"),
        )
        read_only_fields = fields


class SiloActionIn(serializers.Serializer[Any]):
    clusters = serializers.ListField(child=serializers.CharField(max_length=80), min_length=2, max_length=2)
    what = serializers.CharField(max_length=LONGEST_LINE)
    owner = serializers.CharField(max_length=150, help_text="The handle of who does it.")
    due_on = serializers.DateField()
    indicator = serializers.ChoiceField(choices=_INDICATORS, required=False, allow_blank=True, default="")
    advice_key = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="Of the advice it follows."
    )


class SiloActionMoveIn(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=[(one, one) for one in ("started", "done", "dropped")])
    outcome = serializers.CharField(
        max_length=LONGEST_LINE, required=False, allow_blank=True, default="", help_text="Needed to settle it."
    )


class SiloWeightingOut(serializers.ModelSerializer[SiloWeighting]):
    weights = serializers.DictField(child=serializers.IntegerField())
    set_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = SiloWeighting
        fields = ("number", "weights", "reason", "set_by", "set_at")
        read_only_fields = fields


class SiloWeightingIn(serializers.Serializer[Any]):
    weights = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=100),
        help_text="Percent of each: " + ", ".join(one.value for one in Indicator) + "; they sum up to 100.",
    )
    reason = serializers.CharField(max_length=LONGEST_LINE)


class SiloFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    run = NumberFilter(field_name="run__number", min_value=1, max_value=2**31 - 1, label="Number of the run.")
    level = ChoiceFilter(choices=_LEVELS)
    cluster = CharFilter(method="of_cluster", max_length=80, label="Short name of one of the two.")

    def of_cluster(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Pairs that the cluster is one of."""
        del name
        return rows.filter(first__slug=value) | rows.filter(second__slug=value)


class HandOffFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    source = CharFilter(field_name="source__slug", max_length=80)
    target = CharFilter(field_name="target__slug", max_length=80)


class SiloActionFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=_STATES)
    owner = CharFilter(field_name="owner__handle", max_length=150)


class SiloViewSet(ReadViewSet[SiloAssessment]):
    """Pairs of clusters as the newest run assessed them (or `run`), with every part and its rows."""

    serializer_class = SiloOut
    lookup_value_converter = "int"
    filterset_class = SiloFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloAssessment]:
        rows = queries.assessments_seen_by(self.person)
        if self.detail or "run" in self.request.query_params:
            return rows
        return rows.filter(run=queries.runs().values("pk")[:1])


class SiloRunViewSet(ReadViewSet[SiloRun]):
    """Assessments of all pairs, monthly and by hand."""

    serializer_class = SiloRunOut
    lookup_field = "number"
    lookup_value_converter = "int"
    ordering = ("-number",)
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloRun]:
        return queries.runs()

    @write(gives=SiloRunOut, status=201)
    def create(self, data: dict[str, Any]) -> SiloRun:
        """Assess every pair as the map is now."""
        del data
        return actions.assess_silos(assessor=self.person, at=self.at)

    @action(detail=True)
    @read(gives=SiloStandingOut, many=True, ordering=("cluster__name", "pk"))
    def clusters(self) -> QuerySet[SiloStanding]:
        """How each cluster stood against chance."""
        return queries.standings_of(self.get_object(), self.person).order_by()


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
            clusters=_pair(data.pop("clusters"), self.person), person=self.person, at=self.at, **data
        )


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


class SiloActionViewSet(ReadViewSet[SiloAction]):
    """What is done about silos, by whom and until when."""

    serializer_class = SiloActionOut
    lookup_value_converter = "int"
    filterset_class = SiloActionFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[SiloAction]:
        return queries.actions_seen_by(self.person)

    @write(takes=SiloActionIn, gives=SiloActionOut, status=201)
    def create(self, data: dict[str, Any]) -> SiloAction:
        """Plan an action about two clusters."""
        clusters, owner = _pair(data.pop("clusters"), self.person), person_named(data.pop("owner"))
        return survey.plan_silo_action(clusters=clusters, owner=owner, planner=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=SiloActionMoveIn, gives=SiloActionOut)
    def moves(self, data: dict[str, Any]) -> SiloAction:
        """Start it, or settle it with what came of it."""
        return survey.move_silo_action(action_id=self.get_object().pk, mover=self.person, at=self.at, **data)


class SiloWeightingViewSet(ReadViewSet[SiloWeighting]):
    """What each indicator weighs, in versions; before the first the house's own."""

    serializer_class = SiloWeightingOut
    lookup_field = "number"
    lookup_value_converter = "int"
    ordering = ("-number",)
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloWeighting]:
        return SiloWeighting.objects.select_related("set_by")

    @write(takes=SiloWeightingIn, gives=SiloWeightingOut, status=201)
    def create(self, data: dict[str, Any]) -> SiloWeighting:
        """Set them from the next run on."""
        return actions.set_silo_weights(setter=self.person, at=self.at, **data)


def _pair(slugs: list[str], person: Person) -> tuple[Cluster, Cluster]:
    one, other = (visible_cluster(slug, person) for slug in slugs)
    return one, other
