"""The JSON door of escalation: protocols, cases and their ladder, resolutions, who is away, when people work."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import NotFound
from apps.stakeholders.actions import calendars as calendar_actions
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.actions import protocols as protocol_actions
from apps.stakeholders.api.people import key_field
from apps.stakeholders.models import (
    Absence,
    CaseParty,
    CaseStep,
    EscalationCase,
    EscalationProtocol,
    Holiday,
    ProtocolStep,
    ProtocolVersion,
    Resolution,
    ResolutionSignature,
    WorkingCalendar,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.queries.people import person_named
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import MOST_STEPS, Act, Asks, Planned, ResolutionKind, Trigger
from apps.stakeholders.states import CaseState, ProtocolState

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_ASKS = [(one.value, one.value) for one in Asks]
_ACTS = [(one.value, one.value) for one in Act]
_ROLES = [(one.value, one.value.replace("_", " ")) for one in Role]
_KINDS = [(one.value, one.value) for one in ResolutionKind]
_TRIGGERS = [(one.value, one.value) for one in Trigger]
_STATES = [(one.value, one.value) for one in CaseState]
_LONGEST_HOURS = 24 * 60


def _hours(duration: timedelta | None) -> float | None:
    return None if duration is None else round(rules.hours_of(duration), 4)


class ProtocolStepField(serializers.Serializer[Any]):
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


class EscalationProtocolIn(serializers.Serializer[Any]):
    slug = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=rules.LONGEST_NAME)
    trigger = serializers.ChoiceField(
        choices=_TRIGGERS, allow_blank=True, default="", help_text="What opens cases by itself; empty: people only."
    )
    calendar = key_field("By whose hours its clock runs; see /working-calendars/.")


class ProtocolStepsIn(serializers.Serializer[Any]):
    steps = serializers.ListField(child=ProtocolStepField(), min_length=1, max_length=MOST_STEPS)
    based_on = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="The version of the draft that was read; 0: none was."
    )


class ProtocolDigestIn(serializers.Serializer[Any]):
    digest = serializers.CharField(max_length=64, help_text="SHA-256 of the steps you read, as it is given with them.")


class CasePartyOut(serializers.ModelSerializer[CaseParty]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True, allow_null=True)
    person = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)

    class Meta:
        model = CaseParty
        fields = ("id", "cluster", "person", "benefit", "cost", "currency", "evidence")
        read_only_fields = fields


class EscalationCaseOut(serializers.ModelSerializer[EscalationCase]):
    protocol = serializers.CharField(source="version_of.protocol.slug")
    protocol_version = serializers.IntegerField(source="version_of.number")
    parties = CasePartyOut(many=True)
    hours_left = serializers.SerializerMethodField()
    opened_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)
    acknowledged_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)

    class Meta:
        model = EscalationCase
        fields = (
            *("number", "title", "reason", "protocol", "protocol_version", "parties", "state", "step", "due_at"),
            *("hours_left", "held_because", "subject_url", "opened_by", "opened_at", "acknowledged_by"),
            *("acknowledged_at", "ended_at", "end_reason", "version"),
        )
        read_only_fields = fields

    def get_hours_left(self, row: EscalationCase) -> float | None:
        """Working time that a case on hold still has at its step; null where its clock does not stand still."""
        return _hours(row.left)


class EscalationCaseIn(serializers.Serializer[Any]):
    protocol = serializers.CharField(max_length=60, help_text="Short name of a published protocol.")
    title = serializers.CharField(max_length=rules.LONGEST_NAME)
    reason = serializers.CharField(max_length=rules.LONGEST_REASON, help_text="Who gains, who loses.")
    clusters = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=rules.MOST_PARTIES, help_text="Short names."
    )


class CaseAskOut(serializers.Serializer[Any]):
    person = serializers.CharField(source="person.handle")
    recused_because = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()


class CaseStepOut(serializers.ModelSerializer[CaseStep]):
    asks = CaseAskOut(many=True)

    class Meta:
        model = CaseStep
        fields = ("number", "asked_at", "due_at", "left_at", "outcome", "asks")
        read_only_fields = fields


class CaseStepSeenIn(serializers.Serializer[Any]):
    step = serializers.IntegerField(
        min_value=1, max_value=MOST_STEPS, help_text="The step you read; refused when the case has moved on."
    )


class CaseReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=rules.LONGEST_REASON)


class CasePositionIn(serializers.Serializer[Any]):
    party = key_field("The party you speak for.")
    benefit = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0))
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0))
    currency = serializers.RegexField(r"^[A-Z]{3}$", max_length=3)
    evidence = serializers.CharField(max_length=300)


class TransferField(serializers.Serializer[Any]):
    giver = key_field("The party that makes good.")
    taker = key_field("The party it goes to.")
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
    currency = serializers.RegexField(r"^[A-Z]{3}$", max_length=3)


class ResolutionIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=_KINDS, help_text="override ends it at once; both parties sign others.")
    text = serializers.CharField(max_length=rules.LONGEST_REASON)
    transfers = serializers.ListField(child=TransferField(), max_length=20, default=list)


class ResolutionSignatureOut(serializers.ModelSerializer[ResolutionSignature]):
    party = serializers.IntegerField(source="party_id")
    signer = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = ResolutionSignature
        fields = ("party", "signer", "digest", "signed_at")
        read_only_fields = fields


class ResolutionOut(serializers.ModelSerializer[Resolution]):
    transfers = TransferField(many=True)
    proposed_by = serializers.SlugRelatedField[Person](**_HANDLE)
    refused_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)
    signatures = ResolutionSignatureOut(many=True)

    class Meta:
        model = Resolution
        fields = (
            *("number", "kind", "text", "transfers", "digest", "proposed_by", "proposed_at"),
            *("refused_by", "refused_at", "refused_because", "signatures"),
        )
        read_only_fields = fields


class ResolutionSignatureIn(serializers.Serializer[Any]):
    party = key_field("The party you sign for.")
    digest = serializers.CharField(max_length=64, help_text="SHA-256 of the resolution you read.")


class SimulationIn(serializers.Serializer[Any]):
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


class AbsenceOut(serializers.ModelSerializer[Absence]):
    person = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = Absence
        fields = ("id", "person", "first_on", "last_on", "recorded_at", "ended_at")
        read_only_fields = fields


class AbsenceIn(serializers.Serializer[Any]):
    person = serializers.CharField(
        max_length=150, required=False, allow_blank=True, default="", help_text="A handle; empty: yourself."
    )
    first_on = serializers.DateField()
    last_on = serializers.DateField()


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"})  # JSON Schema's “time” has an offset
class ClockField(serializers.TimeField):
    """A time of the wall clock, such as 09:00."""


class HolidayField(serializers.ModelSerializer[Holiday]):
    class Meta:
        model = Holiday
        fields = ("day", "name")


class WorkingCalendarOut(serializers.ModelSerializer[WorkingCalendar]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True, allow_null=True)
    opens = ClockField(format="%H:%M")
    closes = ClockField(format="%H:%M")
    weekdays = serializers.ListField(child=serializers.IntegerField())
    holidays = HolidayField(many=True)

    class Meta:
        model = WorkingCalendar
        fields = ("id", "name", "cluster", "zone", "opens", "closes", "weekdays", "holidays", "version")
        read_only_fields = fields


class WorkingCalendarEditIn(serializers.Serializer[Any]):
    """A calendar as it is from now on, with all its holidays."""

    name = serializers.CharField(max_length=80)
    zone = serializers.CharField(max_length=64, help_text="An IANA name.")
    opens = ClockField()
    closes = ClockField()
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, help_text="0 is Monday."
    )
    holidays = serializers.ListField(child=HolidayField(), max_length=calendar_actions.MOST_HOLIDAYS, default=list)


class WorkingCalendarIn(WorkingCalendarEditIn):
    cluster = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="Short name; empty: the federation's."
    )


class EscalationCaseFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=_STATES)
    cluster = CharFilter(field_name="parties__cluster__slug", max_length=80, label="Short name of a party.")
    step = NumberFilter(min_value=1, max_value=MOST_STEPS)


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


class EscalationCaseViewSet(ReadViewSet[EscalationCase]):
    """Cases between clusters you may know of."""

    serializer_class = EscalationCaseOut
    lookup_field = "number"
    lookup_value_converter = "int"
    filterset_class = EscalationCaseFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[EscalationCase]:
        return queries.cases_seen_by(self.person)

    @write(takes=EscalationCaseIn, gives=EscalationCaseOut, status=201)
    def create(self, data: dict[str, Any]) -> EscalationCase:
        """Bring a conflict up: whoever stands on the first step is asked at once."""
        case = actions.open_case(
            protocol=queries.protocol_named(data["protocol"]),
            title=data["title"],
            reason=data["reason"],
            clusters=[visible_cluster(slug, self.person) for slug in dict.fromkeys(data["clusters"])],
            opener=self.person,
            at=self.at,
        )
        return self._read(case)

    @action(detail=True, filterset_class=None)
    @read(gives=CaseStepOut, many=True, ordering=("number", "pk"))
    def ladder(self) -> QuerySet[CaseStep]:
        """The steps it reached: whom they asked, whom they recused, and what came of it."""
        return self.get_object().ladder.prefetch_related("asks__person")

    @action(detail=True, methods=["post"])
    @write(takes=CaseStepSeenIn, gives=EscalationCaseOut)
    def acknowledgement(self, data: dict[str, Any]) -> EscalationCase:
        """Take it: its clock stops."""
        return self._read(actions.acknowledge(case_id=self._pk(), person=self.person, at=self.at, **data))

    @action(detail=True, methods=["post"])
    @write(takes=CaseReasonIn, gives=EscalationCaseOut)
    def release(self, data: dict[str, Any]) -> EscalationCase:
        """Give it back: the clock of its step begins anew."""
        return self._read(actions.release(case_id=self._pk(), person=self.person, at=self.at, **data))

    @action(detail=True, methods=["post"])
    @write(takes=CasePositionIn, gives=CasePartyOut)
    def positions(self, data: dict[str, Any]) -> CaseParty:
        """Say what it is worth to your own party."""
        party = data.pop("party")
        return actions.state_position(case_id=self._pk(), party_id=party, person=self.person, at=self.at, **data)

    @action(detail=True, filterset_class=None)
    @read(gives=ResolutionOut, many=True, ordering=("-number", "-pk"))
    def resolutions(self) -> QuerySet[Resolution]:
        """What was put forward, the newest first."""
        return self._resolutions()

    @resolutions.mapping.post
    @write(takes=ResolutionIn, gives=ResolutionOut, status=201)
    def resolve(self, data: dict[str, Any]) -> Resolution:
        """Put forward what ends it. Never by a party."""
        row = actions.propose_resolution(case_id=self._pk(), person=self.person, at=self.at, **data)
        return self._resolutions().get(pk=row.pk)

    @action(detail=True, methods=["post"])
    @write(takes=ResolutionSignatureIn, gives=EscalationCaseOut)
    def signatures(self, data: dict[str, Any]) -> EscalationCase:
        """Sign the resolution for your party; the last party's signature resolves the case."""
        return self._read(
            actions.sign_resolution(
                case_id=self._pk(), party_id=data["party"], signer=self.person, digest=data["digest"], at=self.at
            )
        )

    @action(detail=True, methods=["post"])
    @write(takes=CaseReasonIn, gives=EscalationCaseOut)
    def refusal(self, data: dict[str, Any]) -> EscalationCase:
        """Refuse the resolution for your party."""
        return self._read(actions.refuse_resolution(case_id=self._pk(), person=self.person, at=self.at, **data))

    @action(detail=True, methods=["post"])
    @write(takes=CaseReasonIn, gives=EscalationCaseOut)
    def withdrawal(self, data: dict[str, Any]) -> EscalationCase:
        """End it without a resolution."""
        return self._read(actions.withdraw_case(case_id=self._pk(), person=self.person, at=self.at, **data))

    def _pk(self) -> int:
        return self.get_object().pk

    def _read(self, case: EscalationCase) -> EscalationCase:
        return queries.visible_case(case.number, self.person)

    def _resolutions(self) -> QuerySet[Resolution]:
        signatures = ResolutionSignature.objects.select_related("signer").order_by("pk")
        rows = self.get_object().resolutions.select_related("proposed_by", "refused_by")
        return rows.prefetch_related(Prefetch("signatures", signatures))


class AbsenceViewSet(ReadViewSet[Absence]):
    """Who is away: no case asks them on these days."""

    serializer_class = AbsenceOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[Absence]:
        return Absence.objects.select_related("person")

    @write(takes=AbsenceIn, gives=AbsenceOut, status=201)
    def create(self, data: dict[str, Any]) -> Absence:
        """Say that you are away; administrators say it for others."""
        handle = data.pop("person")
        person = person_named(handle) if handle else self.person
        return protocol_actions.record_absence(person=person, recorder=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=AbsenceOut)
    def end(self, data: dict[str, Any]) -> Absence:
        """Say that somebody is back."""
        del data
        return protocol_actions.end_absence(absence_id=self.get_object().pk, person=self.person, at=self.at)


class WorkingCalendarViewSet(ReadViewSet[WorkingCalendar]):
    """When people work: hours of a zone's clock, weekdays, holidays."""

    serializer_class = WorkingCalendarOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[WorkingCalendar]:
        return queries.calendars_seen_by(self.person)

    @write(takes=WorkingCalendarIn, gives=WorkingCalendarOut, status=201)
    def create(self, data: dict[str, Any]) -> WorkingCalendar:
        """Write a calendar of the federation, or of a cluster."""
        slug = data.pop("cluster")
        cluster = visible_cluster(slug, self.person) if slug else None
        return self._written(data, cluster, None, 0)

    @write(takes=WorkingCalendarEditIn, gives=WorkingCalendarOut, edits=True)
    def update(self, data: dict[str, Any]) -> WorkingCalendar:
        """Write it anew; its holidays are those said here, no others."""
        row = self.get_object()
        return self._written(data, row.cluster, row.pk, row.version)

    def _written(self, data: dict[str, Any], cluster: Cluster | None, pk: int | None, version: int) -> WorkingCalendar:
        days = {one["day"]: one["name"] for one in data.pop("holidays")}
        row = calendar_actions.write_calendar(
            cluster=cluster, holidays=days, writer=self.person, calendar_id=pk, version=version, at=self.at, **data
        )
        return queries.calendars().get(pk=row.pk)


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
    return {"asks": one.asks, "role": one.role, "person": handle, "act": one.act, "hours": _hours(one.limit)}


def _calendar(pk: int) -> WorkingCalendar:
    found = queries.calendars().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such calendar.", next_step="Look it up under /working-calendars/.")
    return found
