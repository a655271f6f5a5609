"""The JSON door of what is done about silos."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.api.silos import HANDLE, INDICATORS, SLUG, two_clusters
from apps.stakeholders.models import SiloAction
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules.silo_survey import LONGEST_LINE
from apps.stakeholders.states import SiloActionState

_STATES = [(one.value, one.value) for one in SiloActionState]


class SiloActionOut(serializers.ModelSerializer[SiloAction]):
    first = serializers.SlugRelatedField[Cluster](**SLUG)
    second = serializers.SlugRelatedField[Cluster](**SLUG)
    owner = serializers.SlugRelatedField[Person](**HANDLE)
    planned_by = serializers.SlugRelatedField[Person](**HANDLE)
    indicator = serializers.ChoiceField(choices=INDICATORS, allow_blank=True)
    state = serializers.ChoiceField(choices=_STATES)

    class Meta:
        model = SiloAction
        fields = (
            *("id", "first", "second", "what", "indicator", "advice_key", "owner", "due_on", "state"),
            *("outcome", "planned_by", "planned_at", "settled_at", "version"),
        )
        read_only_fields = fields


class SiloActionIn(Strict):
    clusters = serializers.ListField(child=serializers.CharField(max_length=80), min_length=2, max_length=2)
    what = serializers.CharField(max_length=LONGEST_LINE)
    owner = serializers.CharField(max_length=150, help_text="The handle of who does it.")
    due_on = serializers.DateField()
    indicator = serializers.ChoiceField(choices=INDICATORS, required=False, allow_blank=True, default="")
    advice_key = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="Of the advice it follows."
    )


class SiloActionMoveIn(Strict):
    state = serializers.ChoiceField(choices=[(one, one) for one in ("started", "done", "dropped")])
    outcome = serializers.CharField(
        max_length=LONGEST_LINE, required=False, allow_blank=True, default="", help_text="Needed to settle it."
    )


class SiloActionFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=_STATES)
    owner = CharFilter(field_name="owner__handle", max_length=150)


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
        clusters, owner = two_clusters(data.pop("clusters"), self.person), person_named(data.pop("owner"))
        return survey.plan_silo_action(clusters=clusters, owner=owner, planner=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=SiloActionMoveIn, gives=SiloActionOut)
    def moves(self, data: dict[str, Any]) -> SiloAction:
        """Start it, or settle it with what came of it."""
        return survey.move_silo_action(action_id=self.get_object().pk, mover=self.person, at=self.at, **data)
