"""The JSON door of escalated cases: their ladder, positions, resolutions and signatures."""

from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.api.people import key_field
from apps.stakeholders.models import (
    CaseParty,
    CaseStep,
    EscalationCase,
    Resolution,
    ResolutionSignature,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import MOST_STEPS, ResolutionKind
from apps.stakeholders.states import CaseState

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_KINDS = [(one.value, one.value) for one in ResolutionKind]
_STATES = [(one.value, one.value) for one in CaseState]


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
        return None if row.left is None else round(rules.hours_of(row.left), 4)


class EscalationCaseIn(Strict):
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


class CaseStepSeenIn(Strict):
    step = serializers.IntegerField(
        min_value=1, max_value=MOST_STEPS, help_text="The step you read; refused when the case has moved on."
    )


class CaseReasonIn(Strict):
    reason = serializers.CharField(max_length=rules.LONGEST_REASON)


class CasePositionIn(Strict):
    party = key_field("The party you speak for.")
    benefit = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0))
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0))
    currency = serializers.RegexField(r"^[A-Z]{3}$", max_length=3)
    evidence = serializers.CharField(max_length=300)


class TransferField(Strict):
    giver = key_field("The party that makes good.")
    taker = key_field("The party it goes to.")
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
    currency = serializers.RegexField(r"^[A-Z]{3}$", max_length=3)


class ResolutionIn(Strict):
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


class ResolutionSignatureIn(Strict):
    party = key_field("The party you sign for.")
    digest = serializers.CharField(max_length=64, help_text="SHA-256 of the resolution you read.")


class EscalationCaseFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=_STATES)
    cluster = CharFilter(field_name="parties__cluster__slug", max_length=80, label="Short name of a party.")
    step = NumberFilter(min_value=1, max_value=MOST_STEPS)


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
