"""The JSON door of thresholds: the floor, the agreements with their offers and signatures, and the level of facts."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import WrongState
from apps.policies.rules.asking import facts_from
from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor, ThresholdOffer, ThresholdSignature
from apps.stakeholders.queries import thresholds as queries
from apps.stakeholders.rules.levels import Level
from apps.stakeholders.rules.negotiating import LONGEST_NOTE
from apps.stakeholders.rules.proofs import Proof
from apps.stakeholders.rules.thresholds import COMPARATORS, LONGEST_WHY, MOST_CONDITIONS, MOST_THRESHOLDS
from apps.stakeholders.states import AgreementState, FloorState

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
_LEVELS = [(one.value, one.words) for one in Level]


class ThresholdConditionField(Strict):
    fact = serializers.CharField(max_length=40)
    comparator = serializers.ChoiceField(choices=[(one, one) for one in COMPARATORS])
    value = serializers.JSONField(help_text="A whole number, a word, or for “in” and “not in” a list of words.")


class ThresholdField(Strict):
    """One threshold: conditions that must all hold, and the level from there on."""

    when = serializers.ListField(child=ThresholdConditionField(), max_length=MOST_CONDITIONS)
    level = serializers.ChoiceField(choices=_LEVELS)
    why = serializers.CharField(max_length=LONGEST_WHY, required=False, allow_blank=True)


class ThresholdTextIn(Strict):
    thresholds = serializers.ListField(child=ThresholdField(), max_length=MOST_THRESHOLDS)


class ThresholdFloorIn(ThresholdTextIn):
    """The draft of the next floor."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    based_on = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="The version of the draft that was read; 0: none was."
    )


class ThresholdFloorOut(serializers.ModelSerializer[ThresholdFloor]):
    thresholds = ThresholdField(many=True)
    written_by = serializers.SlugRelatedField[Person](**_HANDLE)
    adopted_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)

    class Meta:
        model = ThresholdFloor
        fields = (
            *("number", "state", "thresholds", "digest", "note", "written_by", "written_at"),
            *("adopted_by", "adopted_at", "ended_at", "version"),
        )
        read_only_fields = fields


class ThresholdSignatureOut(serializers.ModelSerializer[ThresholdSignature]):
    signer = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = ThresholdSignature
        fields = ("side", "signer", "digest", "signed_at")
        read_only_fields = fields


class ThresholdOfferOut(serializers.ModelSerializer[ThresholdOffer]):
    agreement = serializers.IntegerField(source="agreement_id")
    author = serializers.SlugRelatedField[Person](**_HANDLE)
    thresholds = ThresholdField(many=True)
    signatures = ThresholdSignatureOut(many=True)

    class Meta:
        model = ThresholdOffer
        fields = (
            *("id", "agreement", "number", "side", "author", "made_at", "thresholds"),
            *("effective_on", "review_on", "note", "digest", "signatures"),
        )
        read_only_fields = fields


class ThresholdAgreementOut(serializers.ModelSerializer[ThresholdAgreement]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    opened_by = serializers.SlugRelatedField[Person](**_HANDLE)
    offer = serializers.IntegerField(source="offer_id", allow_null=True, help_text="What both sides signed.")
    floor = serializers.SlugRelatedField[ThresholdFloor](
        slug_field="number", read_only=True, allow_null=True, help_text="The version of the floor it is proven to hold."
    )

    class Meta:
        model = ThresholdAgreement
        fields = (
            *("id", "cluster", "number", "state", "opened_by", "opened_at", "offer", "floor"),
            *("agreed_at", "in_force_at", "ended_at", "end_reason", "version"),
        )
        read_only_fields = fields


class OfferBodyIn(ThresholdTextIn):
    effective_on = serializers.DateField(help_text="The first day, in the cluster's zone.")
    review_on = serializers.DateField()
    note = serializers.CharField(max_length=LONGEST_NOTE, help_text="Why, to the other side.")


class ThresholdProposalIn(OfferBodyIn):
    """The first offer of a negotiation."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")


class CounterOfferIn(OfferBodyIn):
    """The next offer."""

    seen = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The number of the offer you read.")


class ThresholdDigestIn(Strict):
    digest = serializers.CharField(max_length=64, help_text="SHA-256 of the text you read, as it is given with it.")


class BreakingOffIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_NOTE)


class CounterExampleOut(serializers.Serializer[Any]):
    sentence = serializers.CharField()
    facts = serializers.DictField()
    floor_rule = serializers.IntegerField(help_text="The floor's threshold, from 1.")
    wanted = serializers.ChoiceField(choices=_LEVELS)
    found = serializers.ChoiceField(choices=_LEVELS)
    is_smallest = serializers.BooleanField(help_text="No counter-example needs fewer facts.")


class ThresholdProofOut(serializers.Serializer[Any]):
    """Whether the last offer holds the floor in force, for every combination of facts."""

    holds = serializers.BooleanField()
    floor = serializers.CharField(help_text="The hash of the floor it was compared with; empty where none is in force.")
    compared = serializers.IntegerField(help_text="Comparisons that it took.")
    examples = CounterExampleOut(many=True)
    idle = serializers.ListField(child=serializers.CharField(), help_text="Thresholds that never change a level.")


class ThresholdQuestionIn(Strict):
    """Facts to judge; one that is left out or null is not known."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")
    facts = serializers.DictField(help_text="Name of the fact to its value; see the table of facts in the guide.")


class LevelReasonOut(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]  # the framework takes declared fields off the class
    number = serializers.IntegerField(help_text="The threshold, from 1.")
    level = serializers.ChoiceField(choices=_LEVELS)
    sentence = serializers.CharField()
    is_certain = serializers.BooleanField(help_text="False: it counts because a fact is not known.")
    url = serializers.CharField()


class ThresholdLevelOut(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=_LEVELS)
    reasons = LevelReasonOut(many=True, help_text="Every threshold that applies, the most restrictive first.")
    missing = serializers.ListField(child=serializers.CharField())


class ThresholdFloorFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=[(one.value, one.value) for one in FloorState])


class ThresholdAgreementFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    state = ChoiceFilter(choices=[(one.value, one.value) for one in AgreementState])


class ThresholdFloorViewSet(ReadViewSet[ThresholdFloor]):
    """Versions of the enterprise floor of thresholds."""

    serializer_class = ThresholdFloorOut
    lookup_field = "number"
    lookup_value_converter = "int"
    ordering = ("-number",)
    filterset_class = ThresholdFloorFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[ThresholdFloor]:
        return queries.floors()

    @write(takes=ThresholdFloorIn, gives=ThresholdFloorOut, status=201)
    def create(self, data: dict[str, Any]) -> ThresholdFloor:
        """Write the draft of the next floor, or write it anew."""
        return actions.write_floor(author=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=ThresholdDigestIn, gives=ThresholdFloorOut)
    def adoption(self, data: dict[str, Any]) -> ThresholdFloor:
        """Put a draft in force. Nobody adopts a floor they wrote."""
        return actions.adopt_floor(floor_id=self.get_object().pk, adopter=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=ThresholdFloorOut)
    def discard(self, data: dict[str, Any]) -> ThresholdFloor:
        """Give up a draft."""
        del data
        return actions.discard_floor(floor_id=self.get_object().pk, person=self.person, at=self.at)


class ThresholdAgreementViewSet(ReadViewSet[ThresholdAgreement]):
    """Agreements on thresholds of clusters you may know of, in negotiation, in force and over."""

    serializer_class = ThresholdAgreementOut
    lookup_value_converter = "int"
    filterset_class = ThresholdAgreementFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[ThresholdAgreement]:
        return queries.agreements_seen_by(self.person)

    @write(takes=ThresholdProposalIn, gives=ThresholdOfferOut, status=201)
    def create(self, data: dict[str, Any]) -> ThresholdOffer:
        """Propose thresholds for a cluster: the first offer of a negotiation."""
        cluster = visible_cluster(data.pop("cluster"), self.person)
        return actions.open_negotiation(cluster=cluster, proposer=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=ThresholdOfferOut, many=True, ordering=("-number", "-pk"))
    def offers(self) -> QuerySet[ThresholdOffer]:
        """Every offer with its signatures, the newest first."""
        rows = self.get_object().offers.select_related("author")
        return rows.prefetch_related("signatures__signer")

    @action(detail=True, methods=["post"], url_path="counter-offers")
    @write(takes=CounterOfferIn, gives=ThresholdOfferOut, status=201)
    def counter_offer(self, data: dict[str, Any]) -> ThresholdOffer:
        """Make the next offer; signatures under the one before bind nobody."""
        return actions.make_offer(agreement_id=self.get_object().pk, author=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=ThresholdDigestIn, gives=ThresholdAgreementOut)
    def signature(self, data: dict[str, Any]) -> ThresholdAgreement:
        """Sign the last offer for your side, under the hash of the text you read."""
        return actions.sign_offer(agreement_id=self.get_object().pk, signer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="breaking-off")
    @write(takes=BreakingOffIn, gives=ThresholdAgreementOut)
    def breaking_off(self, data: dict[str, Any]) -> ThresholdAgreement:
        """End a negotiation, or an agreement whose first day has not come."""
        return actions.break_off(agreement_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=ThresholdProofOut)
    def proof(self) -> Proof:
        """Whether the offer that stands holds the floor in force, or the facts for which it does not."""
        agreement = self.get_object()
        offer = agreement.offer or agreement.offers.order_by("-number").first()
        return queries.proof_of(queries.thresholds_of(offer), queries.floor_in_force())


class ThresholdQuestionView(Door):
    """To which level facts come."""

    takes_body = True
    scope_for_writes = Scope.READ

    @extend_schema(request=ThresholdQuestionIn, responses=ThresholdLevelOut)
    def post(self, request: Request) -> Response:
        """The level to which facts come in a cluster, and the thresholds it comes from. Nothing is written."""
        body = ThresholdQuestionIn(data=request.data)
        body.is_valid(raise_exception=True)
        cluster = visible_cluster(body.validated_data["cluster"], self.person)
        found = queries.judged(cluster.pk, facts_from(queries.columns(), body.validated_data["facts"]))
        if found is None:
            raise WrongState(
                f"Neither a floor nor an agreement of {cluster.name} is in force, so there is no level.",
                next_step="Have a floor adopted, or agree on thresholds.",
                code="no_thresholds",
            )
        return Response(ThresholdLevelOut(found).data)
