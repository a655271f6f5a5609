"""The JSON door of silos: assessments of pairs, runs of them, and weights."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import silo_runs as runs
from apps.stakeholders.actions import silos as actions
from apps.stakeholders.models import SiloAssessment, SiloRun, SiloStanding, SiloWeighting
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.rules.silo_survey import LONGEST_LINE
from apps.stakeholders.rules.silos import FORMULAS, SILO_WORDS, SOURCES, WORDS, Indicator, Silo
from apps.stakeholders.states import SiloRunState

HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
SLUG: dict[str, Any] = {"slug_field": "slug", "read_only": True}
INDICATORS = [(one.value, WORDS[one]) for one in Indicator]
_LEVELS = [(one.value, SILO_WORDS[one]) for one in Silo]
_STATES = [(one.value, one.value) for one in SiloRunState]


def two_clusters(slugs: list[str], person: Person) -> tuple[Cluster, Cluster]:
    """The two clusters of those short names that the person may know of."""
    one, other = (visible_cluster(slug, person) for slug in slugs)
    return one, other


class SiloRowOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    url = serializers.CharField(help_text="The page of the thing; empty where it has none of its own.")


class SiloPartOut(serializers.Serializer[Any]):
    """One indicator."""

    indicator = serializers.ChoiceField(choices=INDICATORS)
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
    indicator = serializers.ChoiceField(choices=INDICATORS)
    sentence = serializers.CharField()
    owner = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="The handle of who answers for it already."
    )


class SiloOut(serializers.ModelSerializer[SiloAssessment]):
    run = serializers.IntegerField(source="run.number")
    rules_version = serializers.IntegerField(
        source="run.rules_version", help_text="Of the formulas: scores of different ones, or weights, do not compare."
    )
    assessed_at = serializers.DateTimeField(source="run.ran_at")
    first = serializers.SlugRelatedField[Cluster](**SLUG)
    second = serializers.SlugRelatedField[Cluster](**SLUG)
    level = serializers.ChoiceField(choices=_LEVELS)
    few = serializers.CharField(allow_blank=True, help_text="Why there is no score.")
    parts = SiloPartOut(many=True)
    advice = SiloAdviceOut(many=True)

    class Meta:
        model = SiloAssessment
        fields = (
            *("id", "run", "rules_version", "assessed_at", "first", "second", "score", "level", "few"),
            *("missing_links", "parts", "advice"),
        )
        read_only_fields = fields


class SiloRunOut(serializers.ModelSerializer[SiloRun]):
    """A run: how far it is, and once it is done what it read. What it came to is only told then."""

    state = serializers.ChoiceField(choices=_STATES)
    total = serializers.IntegerField(allow_null=True, help_text="Pairs; null: the map is not read yet.")
    done = serializers.IntegerField(help_text="Of them, judged and kept.")
    ran_at = serializers.DateTimeField(allow_null=True, help_text="The moment at which the map was read.")
    failure = serializers.CharField(allow_blank=True, help_text="Why it was given up.")
    rules_version = serializers.IntegerField(
        help_text="Of the formulas: scores of different ones do not compare. 0: not read yet."
    )
    by = serializers.SlugRelatedField[Person](**HANDLE, allow_null=True, help_text="Null: the schedule.")
    weights = serializers.DictField(child=serializers.IntegerField())
    counts = serializers.DictField(child=serializers.FloatField(allow_null=True))

    class Meta:
        model = SiloRun
        fields = (
            *("number", "month", "by", "asked_at", "state", "done", "total", "ran_at", "ended_at", "failure"),
            *("rules_version", "inputs_sha256", "weights", "counts"),
        )
        read_only_fields = fields


class SiloStandingOut(serializers.ModelSerializer[SiloStanding]):
    """A cluster against chance."""

    cluster = serializers.SlugRelatedField[Cluster](**SLUG)
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


class SiloWeightingOut(serializers.ModelSerializer[SiloWeighting]):
    weights = serializers.DictField(child=serializers.IntegerField())
    set_by = serializers.SlugRelatedField[Person](**HANDLE)

    class Meta:
        model = SiloWeighting
        fields = ("number", "weights", "reason", "set_by", "set_at")
        read_only_fields = fields


class SiloWeightingIn(Strict):
    weights = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=100),
        help_text="Percent of each: " + ", ".join(one.value for one in Indicator) + "; they sum up to 100.",
    )
    reason = serializers.CharField(max_length=LONGEST_LINE)


class SiloRunFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=_STATES)


class SiloFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    run = NumberFilter(field_name="run__number", min_value=1, max_value=2**31 - 1, label="Number of the run.")
    level = ChoiceFilter(choices=_LEVELS)
    cluster = CharFilter(method="of_cluster", max_length=80, label="Short name of one of the two.")

    def of_cluster(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Pairs that the cluster is one of."""
        del name
        return rows.filter(first__slug=value) | rows.filter(second__slug=value)


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
        return rows.filter(run=queries.results().values("pk")[:1])


class SiloRunViewSet(ReadViewSet[SiloRun]):
    """Assessments of all pairs, monthly and by hand."""

    serializer_class = SiloRunOut
    lookup_field = "number"
    lookup_value_converter = "int"
    ordering = ("-number",)
    filterset_class = SiloRunFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[SiloRun]:
        return queries.runs()

    @write(gives=SiloRunOut, status=202)
    def create(self, data: dict[str, Any]) -> SiloRun:
        """Ask for an assessment of every pair; a worker does it. `Location` is where to look how far it is."""
        del data
        return runs.begin_silo_run(assessor=self.person, at=self.at)

    @action(detail=True, filterset_class=None)
    @read(gives=SiloStandingOut, many=True, ordering=("cluster__name", "pk"))
    def clusters(self) -> QuerySet[SiloStanding]:
        """How each cluster stood against chance; empty before the run is done."""
        return queries.standings_of(self.get_object(), self.person).order_by()


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
