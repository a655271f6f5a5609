"""The JSON door of escalation protocols: their steps in versions, and who would be asked when."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import NotFound
from apps.stakeholders.actions import protocols as protocol_actions
from apps.stakeholders.api.people import key_field
from apps.stakeholders.models import (
    EscalationProtocol,
    ProtocolStep,
    ProtocolVersion,
    WorkingCalendar,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import MOST_STEPS, Act, Asks, Planned, Trigger
from apps.stakeholders.states import ProtocolState

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_ASKS = [(one.value, one.value) for one in Asks]
_ACTS = [(one.value, one.value) for one in Act]
_ROLES = [(one.value, one.value.replace("_", " ")) for one in Role]
_TRIGGERS = [(one.value, one.value) for one in Trigger]
_LONGEST_HOURS = 24 * 60


class ProtocolStepField(Strict):
    """One rung: `role` or `person` (a handle) as `asks` says; `hours` of working time before the next."""

    asks = serializers.ChoiceField(choices=_ASKS)
    role = serializers.ChoiceField(choices=_ROLES, required=False, allow_blank=True, default="")
    person = serializers.CharField(max_length=150, required=False, allow_blank=True, default="")
    act = serializers.ChoiceField(choices=_ACTS)
    hours = serializers.FloatField(min_value=0, max_value=_LONGEST_HOURS)


class ProtocolVersionOut(serializers.ModelSerializer[ProtocolVersion]):
    steps = serializers.SerializerMethodField()
    written_by = serializers.SlugRelatedField[Person](**_HANDLE)
    published_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)

    class Meta:
        model = ProtocolVersion
        fields = (
            *("number", "state", "steps", "digest", "written_by", "written_at"),
            *("published_by", "published_at", "version"),
        )
        read_only_fields = fields

    @extend_schema_field(ProtocolStepField(many=True))
    def get_steps(self, row: ProtocolVersion) -> list[dict[str, Any]]:
        return [_step(one) for one in sorted(row.steps.all(), key=lambda one: one.number)]


class EscalationProtocolOut(serializers.ModelSerializer[EscalationProtocol]):
    trigger = serializers.ChoiceField(choices=_TRIGGERS, allow_blank=True)
    calendar = serializers.IntegerField(source="calendar_id")
    made_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = EscalationProtocol
        fields = ("slug", "name", "trigger", "calendar", "made_by", "made_at")
        read_only_fields = fields


class EscalationProtocolIn(Strict):
    slug = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=rules.LONGEST_NAME)
    trigger = serializers.ChoiceField(
        choices=_TRIGGERS, allow_blank=True, default="", help_text="What opens cases by itself; empty: people only."
    )
    calendar = key_field("By whose hours its clock runs; see /working-calendars/.")


class ProtocolStepsIn(Strict):
    steps = serializers.ListField(child=ProtocolStepField(), min_length=1, max_length=MOST_STEPS)
    based_on = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="The version of the draft that was read; 0: none was."
    )


class ProtocolDigestIn(Strict):
    digest = serializers.CharField(max_length=64, help_text="SHA-256 of the steps you read, as it is given with them.")


class SimulationIn(Strict):
    protocol = serializers.CharField(max_length=60)
    clusters = serializers.ListField(child=serializers.CharField(max_length=80), max_length=rules.MOST_PARTIES)
    start = serializers.DateTimeField(required=False, help_text="When the case would begin; now, where left out.")


class PlannedStepOut(serializers.Serializer[Any]):
    """Whom a step would ask, from when until when; `skipped`: everybody is a party."""

    step = serializers.IntegerField(source="step.number")
    asked = serializers.ListField(child=serializers.CharField())
    recused = serializers.ListField(child=serializers.CharField())
    skipped = serializers.BooleanField(source="on_call.is_skipped")
    asked_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    held_from = serializers.DateTimeField(allow_null=True, help_text="Nobody was on call from then on.")


class EscalationProtocolViewSet(ReadViewSet[EscalationProtocol]):
    """Protocols of escalation."""

    serializer_class = EscalationProtocolOut
    lookup_field = "slug"
    lookup_url_kwarg = "protocol"
    lookup_value_converter = "slug"
    ordering = ("name", "pk")
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[EscalationProtocol]:
        return queries.protocols()

    @write(takes=EscalationProtocolIn, gives=EscalationProtocolOut, status=201)
    def create(self, data: dict[str, Any]) -> EscalationProtocol:
        """Make a protocol; its steps are written next."""
        data["calendar"] = _calendar(data["calendar"])
        return protocol_actions.make_protocol(maker=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=ProtocolVersionOut, many=True, ordering=("-number", "-pk"))
    def versions(self) -> QuerySet[ProtocolVersion]:
        """Its versions with their steps, the newest first."""
        return queries.versions_of(self.get_object())

    @action(detail=True, methods=["post"])
    @write(takes=ProtocolStepsIn, gives=ProtocolVersionOut, status=201)
    def steps(self, data: dict[str, Any]) -> ProtocolVersion:
        """Write the draft of the next version, or write it anew."""
        said = [
            {
                **one,
                "limit": rules.limit_of(one["hours"]),
                "person": person_named(one["person"]) if one["person"] else None,
            }
            for one in data["steps"]
        ]
        row = protocol_actions.write_steps(
            protocol=self.get_object(), author=self.person, steps=said, based_on=data["based_on"], at=self.at
        )
        return self._read(row)

    @action(detail=True, methods=["post"])
    @write(takes=ProtocolDigestIn, gives=ProtocolVersionOut)
    def publication(self, data: dict[str, Any]) -> ProtocolVersion:
        """Let new cases follow the draft. Nobody publishes a protocol they wrote."""
        row = protocol_actions.publish_protocol(version_id=self._draft().pk, publisher=self.person, at=self.at, **data)
        return self._read(row)

    @action(detail=True, methods=["post"])
    @write(gives=ProtocolVersionOut)
    def discard(self, data: dict[str, Any]) -> ProtocolVersion:
        """Give the draft up."""
        del data
        return self._read(protocol_actions.discard_steps(version_id=self._draft().pk, person=self.person, at=self.at))

    def _draft(self) -> ProtocolVersion:
        found = queries.versions_of(self.get_object()).filter(state=ProtocolState.DRAFT).first()
        if found is None:
            raise NotFound("There is no draft.", next_step="Write the next steps first.")
        return found

    @staticmethod
    def _read(row: ProtocolVersion) -> ProtocolVersion:
        return queries.versions_of(row.protocol).get(pk=row.pk)


class EscalationSimulationView(Door):
    """Who would be asked when."""

    takes_body = True
    scope_for_writes = Scope.READ

    @extend_schema(request=SimulationIn, responses=PlannedStepOut(many=True))
    def post(self, request: Request) -> Response:
        """Who would be asked when, if nobody ever answered a case between these clusters. Nothing is written."""
        body = SimulationIn(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        protocol = queries.protocol_named(said["protocol"])
        version = queries.published_version(protocol)
        if version is None:
            raise NotFound(f"{protocol} is not published.", next_step="Have its draft published first.")
        clusters = [visible_cluster(slug, self.person) for slug in dict.fromkeys(said["clusters"])]
        found = queries.simulated(version, clusters, said.get("start") or self.at)
        return Response(PlannedStepOut(_named(found), many=True).data)


def _named(found: list[Planned]) -> list[dict[str, Any]]:
    ids = {pk for one in found for pk in (*one.on_call.asked, *(who for who, _ in one.on_call.recused))}
    handles = dict(Person.objects.filter(pk__in=ids).values_list("pk", "handle"))
    return [
        {
            "step": one.step,
            "on_call": one.on_call,
            "asked": [handles[pk] for pk in one.on_call.asked],
            "recused": [handles[pk] for pk, _ in one.on_call.recused],
            "asked_at": one.asked_at,
            "due_at": one.due_at,
            "held_from": one.held_from,
        }
        for one in found
    ]


def _step(one: ProtocolStep) -> dict[str, Any]:
    handle = one.person.handle if one.person else ""
    return {
        "asks": one.asks,
        "role": one.role,
        "person": handle,
        "act": one.act,
        "hours": round(rules.hours_of(one.limit), 4),
    }


def _calendar(pk: int) -> WorkingCalendar:
    found = queries.calendars().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such calendar.", next_step="Look it up under /working-calendars/.")
    return found
