"""The JSON door of isolation plans, their rehearsals, and the cut-off simulation."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.integrations import actions, queries
from apps.integrations.models import Integration, IsolationPlan, Rehearsal
from apps.integrations.models.plans import MODES, WRITERS
from apps.integrations.queries import plans
from apps.integrations.queries.cutoff import MOST_CHOSEN, CutOff, Question, simulated
from apps.integrations.rules import cutoff as rules
from apps.integrations.rules.isolation import FIELDS, FOREVER, MOST_BACKLOG, Rehearsed, Standing
from apps.integrations.rules.needs import LONGEST_TEXT, MOST_S
from apps.integrations.web.filters import CoverageFilter

_WITHOUT_END = "Null: without end, or there is no plan."


class PlanFieldsOut(serializers.ModelSerializer[IsolationPlan]):
    owner = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)
    written_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)
    conflict = serializers.CharField(help_text="Whose word counts; empty: it is no queue.")

    class Meta:
        model = IsolationPlan
        fields = (*FIELDS, "owner", "written_by", "written_at", "version")
        read_only_fields = fields


class IsolationPlanOut(serializers.ModelSerializer[Integration]):
    """An integration between clusters, and what it does while cut off."""

    integration = serializers.IntegerField(source="pk")
    consumer = serializers.IntegerField(source="consumer_id")
    consumer_cluster = serializers.CharField(source="consumer.cluster.slug")
    provider = serializers.IntegerField(source="interface.component_id")
    provider_cluster = serializers.CharField(source="interface.component.cluster.slug")
    standing = serializers.ChoiceField(choices=[(one.value, one.value) for one in Standing])
    holds_s = serializers.SerializerMethodField(help_text=_WITHOUT_END)
    must_go_on_s = serializers.IntegerField(source="survives_s")
    rehearsed_at = serializers.DateTimeField(allow_null=True)
    plan = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = (
            *("integration", "consumer", "consumer_cluster", "provider", "provider_cluster", "standing", "holds_s"),
            *("must_go_on_s", "rehearsed_at", "plan"),
        )
        read_only_fields = fields

    def get_holds_s(self, row: Any) -> float | None:
        """Seconds, where they end."""
        return None if row.holds_s in (None, FOREVER) else row.holds_s

    @extend_schema_field(PlanFieldsOut(allow_null=True))
    def get_plan(self, row: Any) -> Any:
        """The plan itself; null: there is none."""
        return None if row.holds_s is None else PlanFieldsOut(row.plan).data


class IsolationPlanIn(Strict):
    """A whole plan: what is left out is unsaid. Contradictions with the needs are refused (“contradiction”)."""

    integration = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="Of a component you own.")
    version = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="Of the plan that was read; 0: there is none yet."
    )
    mode = serializers.ChoiceField(choices=MODES)
    holds_s = serializers.IntegerField(min_value=1, max_value=MOST_S, allow_null=True, required=False)
    backlog = serializers.IntegerField(min_value=1, max_value=MOST_BACKLOG, allow_null=True, required=False)
    drain_per_s = serializers.FloatField(max_value=MOST_BACKLOG, allow_null=True, required=False)
    conflict = serializers.ChoiceField(choices=WRITERS, allow_blank=True, required=False)
    reconciliation = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    steps = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    owner = serializers.SlugRelatedField(
        slug_field="handle", queryset=Person.objects.all(), required=False, help_text="Who answers for it."
    )


class IsolationPlanEndIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_TEXT, help_text="Why it goes.")


class RehearsalOut(serializers.ModelSerializer[Rehearsal]):
    recorded_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Rehearsal
        fields = (
            *("id", "plan_version", "mode", "outcome", "held_s", "notes", "rehearsed_at", "recorded_by", "recorded_at"),
        )
        read_only_fields = fields


class RehearsalIn(Strict):
    """How it went when the plan was tried, or needed."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="Of the plan that was tried.")
    outcome = serializers.ChoiceField(choices=[(one.value, one.value) for one in Rehearsed])
    held_s = serializers.IntegerField(min_value=0, max_value=MOST_S, help_text="How long it went on.")
    notes = serializers.CharField(max_length=LONGEST_TEXT)
    rehearsed_at = serializers.DateTimeField()


class IsolationPlanViewSet(ReadViewSet[Integration]):
    """Integrations between clusters you may know of, with their isolation plans; addressed by the integration."""

    serializer_class = IsolationPlanOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = CoverageFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[Integration]:
        rows = queries.integrations_seen_by(self.person)
        found = plans.planned(rows.across_clusters() if self.action == "list" else rows, timezone.now())
        return found.select_related("plan__written_by")

    @write(takes=IsolationPlanIn, gives=IsolationPlanOut, status=201)
    def create(self, data: dict[str, Any]) -> Any:
        """Write the plan of an integration, or write it anew."""
        key, version, owner = data.pop("integration"), data.pop("version"), data.pop("owner", None)
        actions.plan_isolation(
            integration_id=key, planner=self.person, version=version, values=data, owner=owner, at=self.at
        )
        return self.rows().get(pk=key)

    @action(detail=True, methods=["post"])
    @write(takes=IsolationPlanEndIn)
    def withdrawal(self, data: dict[str, Any]) -> None:
        """Take the plan back, with the reason; its rehearsals stay."""
        one = self.get_object()
        actions.withdraw_isolation_plan(integration_id=one.pk, withdrawer=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=RehearsalOut, many=True, ordering=("-rehearsed_at", "-pk"))
    def rehearsals(self) -> QuerySet[Rehearsal]:
        """Every rehearsal of its plan, newest first."""
        return self.get_object().rehearsals.select_related("recorded_by")

    @rehearsals.mapping.post
    @write(takes=RehearsalIn, gives=RehearsalOut, status=201)
    def rehearse(self, data: dict[str, Any]) -> Rehearsal:
        """Record how a rehearsal went."""
        one = self.get_object()
        return actions.record_rehearsal(integration_id=one.pk, recorder=self.person, at=self.at, **data)


class CutOffIn(serializers.Serializer[Any]):
    """What is isolated, and for how long: clusters, or places."""

    clusters = serializers.ListField(
        child=serializers.RegexField(r"^[-a-zA-Z0-9_]+$", max_length=80),
        max_length=MOST_CHOSEN,
        default=list,
        help_text="Short names.",
    )
    places = serializers.ListField(
        child=serializers.RegexField(r"^[-a-zA-Z0-9_.]+$", max_length=40),
        max_length=MOST_CHOSEN,
        default=list,
        help_text="Codes of sites, or ISO 3166-1 codes of countries.",
    )
    apart = serializers.BooleanField(default=False, help_text="Each of them alone, also from each other.")
    lasts_s = serializers.IntegerField(min_value=60, max_value=rules.LONGEST_S, default=8 * 3_600)


class FateOut(serializers.Serializer[Any]):
    """Seconds from the cut; null: never, within any time."""

    alone_from_s = serializers.FloatField(allow_null=True, help_text="Since when it lives on a plan of its own.")
    leaning_from_s = serializers.FloatField(allow_null=True, help_text="Since when something it needs does.")
    stops_at_s = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in rules.State], help_text="At the end of the time asked."
    )


class CapabilityFateOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    cluster = serializers.CharField()
    components = serializers.ListField(child=serializers.IntegerField())
    is_tagged = serializers.BooleanField(help_text="Whether its components say so; else they are told by their tier.")
    fate = FateOut()


class ComponentFateOut(serializers.Serializer[Any]):
    component = serializers.IntegerField()
    slug = serializers.CharField(help_text="cluster/short-name")
    fate = FateOut()
    way = serializers.ListField(
        child=serializers.IntegerField(), help_text="Components from it to the one behind the cut."
    )


class CutNeedOut(serializers.Serializer[Any]):
    consumer = serializers.IntegerField()
    provider = serializers.IntegerField()
    integration = serializers.IntegerField(allow_null=True, help_text="Null: it is only drawn on the map.")
    mode = serializers.CharField(help_text="Empty: no plan.")
    holds_s = serializers.FloatField(allow_null=True, help_text=_WITHOUT_END)


class MomentOut(serializers.Serializer[Any]):
    second = serializers.FloatField()
    whole = serializers.IntegerField()
    leaning = serializers.IntegerField()
    on_its_plan = serializers.IntegerField()
    down = serializers.IntegerField()


class CutOffOut(serializers.Serializer[Any]):
    isolated = serializers.ListField(child=serializers.CharField())
    unplaced = serializers.IntegerField(help_text="Components that say no site, where places were asked.")
    capabilities = CapabilityFateOut(many=True)
    components = ComponentFateOut(many=True)
    cut = CutNeedOut(many=True)
    timeline = MomentOut(many=True)


class CutOffView(Door):
    """What a partition of the network does to the map."""

    @extend_schema(parameters=[CutOffIn], responses=CutOffOut)
    def get(self, request: Request) -> Response:
        """Which capabilities and components go on, by which plan and for how long, and what has no plan."""
        asked = CutOffIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        question = Question(tuple(said["clusters"]), tuple(said["places"]), said["apart"], said["lasts_s"])
        return Response(CutOffOut(_told(simulated(question, self.person))).data)


def _told(answer: CutOff) -> dict[str, Any]:
    lasts = answer.question.duration_s
    return {
        "isolated": answer.isolated,
        "unplaced": answer.unplaced,
        "capabilities": [
            {
                "name": one.name,
                "cluster": one.cluster_slug,
                "components": [part.pk for part in one.parts],
                "is_tagged": one.is_tagged,
                "fate": _fate(one.fate, lasts),
            }
            for one in answer.capabilities
        ],
        "components": [
            {
                "component": part.pk,
                "slug": f"{part.cluster_slug}/{part.slug}",
                "fate": _fate(answer.fate(part.pk), lasts),
                "way": [need.provider for need in answer.way(part.pk)],
            }
            for part in answer.touched
        ],
        "cut": [
            {
                "consumer": one.consumer.pk,
                "provider": one.provider.pk,
                "integration": one.integration_id,
                "mode": one.plan.mode if one.plan else "",
                "holds_s": _seconds(one.plan.holds_s) if one.plan else None,
            }
            for one in answer.cut_needs
        ],
        "timeline": [
            {"second": second, **{state.value: number for state, number in answer.states(second).items()}}
            for second in answer.moments
        ],
    }


def _fate(fate: rules.Fate, lasts: float) -> dict[str, Any]:
    return {
        "alone_from_s": _seconds(fate.alone_from),
        "leaning_from_s": _seconds(fate.leaning_from),
        "stops_at_s": _seconds(fate.stops_at),
        "state": fate.state(lasts).value,
    }


def _seconds(value: float) -> float | None:
    return None if value == FOREVER else value
