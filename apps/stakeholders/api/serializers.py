"""How initiatives and their maps read and are written over the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.stakeholders.api.people import RESOURCES, StakeholderOut, amount_field, key_field
from apps.stakeholders.models import Assessment, Conversation, Demand, Engagement, Initiative, Involvement
from apps.stakeholders.queries.initiatives import Want
from apps.stakeholders.queries.maps import SayYes
from apps.stakeholders.rules.initiatives import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_PURPOSE,
    LONGEST_REASON,
    LONGEST_SUMMARY,
    MOST_CLUSTERS,
)
from apps.stakeholders.rules.power import LONGEST_EVIDENCE
from apps.stakeholders.rules.resources import LONGEST_UNIT


def _person(**more: Any) -> serializers.SlugRelatedField[Person]:
    return serializers.SlugRelatedField[Person](slug_field="handle", read_only=True, **more)


def _mark(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=100, **more)


class InitiativeOut(serializers.ModelSerializer[Initiative]):
    clusters = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True, many=True)
    sponsor = _person()

    class Meta:
        model = Initiative
        fields = (
            *("id", "name", "purpose", "sponsor", "clusters", "power_cut", "interest_cut"),
            *("opened_at", "closed_at", "closing_reason", "version"),
        )
        read_only_fields = fields


class InitiativeEditIn(Strict):
    """What may change; what is left out stays."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    purpose = serializers.CharField(max_length=LONGEST_PURPOSE, required=False)
    sponsor = serializers.CharField(max_length=150, required=False, help_text="The handle of who wants it.")
    clusters = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=MOST_CLUSTERS, required=False, help_text="Short names."
    )
    power_cut = _mark(required=False, help_text="From here on power counts as high.")
    interest_cut = _mark(required=False)


class InitiativeIn(InitiativeEditIn):
    """An initiative across at least two clusters."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    purpose = serializers.CharField(max_length=LONGEST_PURPOSE)
    sponsor = serializers.CharField(max_length=150, help_text="The handle of who wants it.")
    clusters = serializers.ListField(
        child=serializers.CharField(max_length=80), max_length=MOST_CLUSTERS, help_text="Short names."
    )


class ClosingIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class DemandOut(serializers.ModelSerializer[Demand]):
    cluster = serializers.SlugRelatedField[Cluster](
        slug_field="slug", read_only=True, allow_null=True, help_text="null: the enterprise."
    )

    class Meta:
        model = Demand
        fields = ("id", "resource", "cluster", "unit", "amount", "why")
        read_only_fields = fields


class DemandIn(Strict):
    """How much of a resource it needs, of one of its clusters or of the enterprise."""

    resource = serializers.ChoiceField(choices=RESOURCES)
    amount = amount_field()
    unit = serializers.CharField(max_length=LONGEST_UNIT, allow_blank=True, default="")
    cluster = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="Short name; empty: the enterprise."
    )
    why = serializers.CharField(max_length=LONGEST_LINE, allow_blank=True, default="")


class WithdrawnDemandIn(Strict):
    demand = key_field("The demand.")


class ControllerOut(serializers.Serializer[Any]):
    authority = serializers.IntegerField()
    stakeholder = serializers.IntegerField()
    name = serializers.CharField()
    left = amount_field(help_text="Of the limit, after delegations; 0 where it has lapsed.")
    decides_alone = serializers.BooleanField()
    has_lapsed = serializers.BooleanField(help_text="It is over, or its holder has left.")
    is_on_map = serializers.BooleanField()
    spoken_on = serializers.DateField(allow_null=True, help_text="null: not spoken to.")


class WantOut(serializers.Serializer[Any]):
    demand = DemandOut()
    coverage = serializers.CharField(help_text="covered, one alone, only together, or nobody may.")
    lacks = amount_field(help_text="What nobody may give.")
    controllers = ControllerOut(many=True)


def told_want(one: Want) -> Mapping[str, Any]:
    """A want as its serializer reads it."""
    return {
        "demand": one.demand,
        "coverage": one.coverage.word,
        "lacks": one.coverage.lacks,
        "controllers": [
            {
                "authority": row.authority.pk,
                "stakeholder": row.authority.holder_id,
                "name": row.authority.holder.name,
                "left": row.left,
                "decides_alone": row.decides_alone,
                "has_lapsed": row.lapsed,
                "is_on_map": row.is_on_map,
                "spoken_on": row.spoken_on,
            }
            for row in one.controllers
        ],
    }


class ShareOut(serializers.Serializer[Any]):
    resource = serializers.CharField()
    unit = serializers.CharField()
    own = amount_field()
    all = amount_field(help_text="Of everybody, in the scope of the initiative.")
    share = serializers.FloatField()


class PowerOut(serializers.Serializer[Any]):
    total = serializers.FloatField(help_text="0 to 100: the sum of the three parts.")
    authority = serializers.FloatField(help_text="Of 50: the mean share of what may be decided.")
    sway = serializers.FloatField(help_text="Of 30: how central they are (PageRank).")
    felt = serializers.FloatField(help_text="Of 20: as assessed.")
    shares = ShareOut(many=True)


class SpotOut(serializers.Serializer[Any]):
    stakeholder = StakeholderOut()
    part = serializers.CharField(source="involvement.part")
    power = PowerOut()
    interest = serializers.IntegerField()
    stance = serializers.CharField(help_text="In words; empty: not assessed.")
    quadrant = serializers.CharField()
    salience = serializers.CharField()
    spoken_on = serializers.DateField(allow_null=True)


class InvolvementIn(Strict):
    stakeholder = key_field("The stakeholder.")
    part = serializers.CharField(max_length=120, allow_blank=True, default="")


class InvolvementOut(serializers.ModelSerializer[Involvement]):
    stakeholder = StakeholderOut()

    class Meta:
        model = Involvement
        fields = ("stakeholder", "part", "added_at")
        read_only_fields = fields


class ReleaseIn(Strict):
    stakeholder = key_field("The stakeholder.")


class CoalitionMemberOut(serializers.Serializer[Any]):
    stakeholder = serializers.IntegerField()
    name = serializers.CharField()
    stance = serializers.CharField()
    spoken_on = serializers.DateField(allow_null=True)


class VetoerOut(serializers.Serializer[Any]):
    stakeholder = serializers.IntegerField()
    name = serializers.CharField()
    stance = serializers.CharField()


class MissingOut(serializers.Serializer[Any]):
    resource = serializers.CharField()
    unit = serializers.CharField()
    amount = amount_field(help_text="What is needed.")
    lacks = amount_field(help_text="What nobody can give.")


class CoalitionOut(serializers.Serializer[Any]):
    members = CoalitionMemberOut(many=True, help_text="Empty where something is missing, or nothing is needed.")
    vetoers = VetoerOut(many=True)
    missing = MissingOut(many=True)
    candidates = serializers.IntegerField()
    is_exact = serializers.BooleanField(help_text="Whether no smaller set covers it; else the greatest gain first.")


def told_coalition(one: SayYes) -> Mapping[str, Any]:
    """A coalition as its serializer reads it."""
    return {
        "members": [
            {"stakeholder": who.pk, "name": who.name, "stance": stance, "spoken_on": spoken}
            for who, stance, spoken in one.members
        ],
        "vetoers": [{"stakeholder": who.pk, "name": who.name, "stance": stance} for who, stance in one.vetoers],
        "missing": [
            {"resource": need.resource, "unit": need.unit, "amount": need.amount, "lacks": lacks}
            for need, lacks in one.found.missing
        ],
        "candidates": one.found.candidates,
        "is_exact": one.found.is_exact,
    }


class AssessmentOut(serializers.ModelSerializer[Assessment]):
    stakeholder = serializers.IntegerField(source="stakeholder_id")
    assessor = _person()

    class Meta:
        model = Assessment
        fields = (
            *("id", "stakeholder", "power", "interest", "urgency", "legitimacy", "stance"),
            *("evidence", "assessor", "assessed_at"),
        )
        read_only_fields = fields


class AssessmentIn(Strict):
    """A judgement of a stakeholder; marks left out stay as they were."""

    stakeholder = key_field("The stakeholder.")
    power = _mark(required=False, help_text="As felt, beside what is computed.")
    interest = _mark(required=False)
    urgency = _mark(required=False)
    legitimacy = _mark(required=False)
    stance = serializers.IntegerField(
        min_value=-2, max_value=2, required=False, help_text="−2 works against it … 2 drives it."
    )
    evidence = serializers.CharField(max_length=LONGEST_EVIDENCE)


class EngagementOut(serializers.ModelSerializer[Engagement]):
    stakeholder = serializers.IntegerField(source="stakeholder_id")
    owner = _person()

    class Meta:
        model = Engagement
        fields = ("id", "stakeholder", "what", "due_on", "owner", "settled_at", "dropped_because", "version")
        read_only_fields = fields


class EngagementIn(Strict):
    stakeholder = key_field("Whom to speak to.")
    what = serializers.CharField(max_length=LONGEST_LINE)
    due_on = serializers.DateField()
    owner = serializers.CharField(max_length=150, help_text="The handle of who speaks to them.")


class DroppedIn(Strict):
    engagement = key_field("The entry of the plan.")
    reason = serializers.CharField(max_length=LONGEST_LINE)


class ConversationOut(serializers.ModelSerializer[Conversation]):
    stakeholder = serializers.IntegerField(source="stakeholder_id")
    engagement = serializers.IntegerField(source="engagement_id", allow_null=True)
    held_by = _person()

    class Meta:
        model = Conversation
        fields = ("id", "stakeholder", "engagement", "held_by", "held_on", "summary", "recorded_at")
        read_only_fields = fields


class ConversationIn(Strict):
    stakeholder = key_field("With whom.")
    engagement = key_field("The entry of the plan that it settles.", allow_null=True, default=None)
    held_on = serializers.DateField()
    summary = serializers.CharField(max_length=LONGEST_SUMMARY)
