"""How changes and ballots read and are written over the API. Bodies with unknown fields are refused."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.core.validators import URLValidator
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.cab.models import (
    Attachment,
    Ballot,
    Change,
    ChangeCategory,
    ChangeType,
    Choice,
    Condition,
    Handover,
    Review,
    Revision,
    Round,
    Verdict,
)
from apps.cab.models.handovers import Way
from apps.cab.queries.dossier import blockers_of
from apps.cab.queries.named import cluster_named, components_named, people_named
from apps.cab.queries.whole import rounds_of, whole_again
from apps.cab.rules.ballots import NO_SUCH_BALLOT
from apps.cab.rules.costs import DIGITS
from apps.cab.states import Outcome
from apps.windows.api.fields import WallClockIn

LONG, SHORT = 50_000, 20_000


class Word(serializers.ChoiceField):
    """One of a few words, or null while nothing is told."""

    def __init__(self, choices: Any) -> None:
        super().__init__(choices=choices, allow_null=True, read_only=True)

    def to_representation(self, value: Any) -> Any:
        return str(value) if value else None


class PersonRef(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ("handle", "name")
        read_only_fields = fields


class Link(Strict):
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]  # a field here; the base has a property
    url = serializers.URLField(max_length=2000, validators=[URLValidator(schemes=["http", "https"])])


class ChangeOut(serializers.ModelSerializer[Change]):
    """A change in a list."""

    reference = serializers.CharField(read_only=True)
    cluster = serializers.CharField(source="cluster.slug", read_only=True)
    requester = PersonRef(read_only=True)
    outcome = Word([(one.value, one.value) for one in Outcome])
    cost = serializers.DecimalField(
        source="estimate.converted",
        max_digits=24,
        decimal_places=2,
        read_only=True,
        allow_null=True,
        default=None,
        help_text="The estimate in the enterprise's currency, `cost_into`, at the rate it was said at; null: unknown.",
    )

    class Meta:
        model = Change
        fields = (
            "reference",
            "type",
            "title",
            "cluster",
            "requester",
            "state",
            "outcome",
            "on_hold",
            "unauthorized",
            "latent",
            "risk",
            "cost",
            "cost_into",
            "window_start_at",
            "window_end_at",
            "deadline_at",
            "submitted_at",
            "decided_at",
            "implemented_at",
            "revision",
        )
        read_only_fields = fields

    def to_representation(self, change: Any) -> dict[str, Any]:
        """The fields above, told straight: fifty rows a page are most of what an answer costs."""
        here = timezone.get_current_timezone()
        return {
            "reference": change.reference,
            "type": change.type,
            "title": change.title,
            "cluster": change.cluster.slug,
            "requester": {"handle": change.requester.handle, "name": change.requester.name},
            "state": change.state,
            "outcome": change.outcome or None,
            "on_hold": change.on_hold,
            "unauthorized": change.unauthorized,
            "latent": change.latent,
            "risk": change.risk,
            "cost": change.estimate.converted if change.estimate else None,
            "cost_into": change.cost_into,
            **{name: _told(getattr(change, name), here) for name in _INSTANTS},
            "revision": change.revision,
        }


_INSTANTS = (
    "window_start_at",
    "window_end_at",
    "deadline_at",
    "submitted_at",
    "decided_at",
    "implemented_at",
)


def _told(moment: datetime | None, zone: tzinfo) -> str | None:
    """An instant as Django REST framework writes it: in the caller's zone, UTC as Z."""
    if moment is None:
        return None
    text = moment.astimezone(zone).isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


class RoundOut(serializers.ModelSerializer[Round]):
    board = serializers.CharField(source="board.slug", read_only=True)
    rule = serializers.JSONField(read_only=True)
    tally = serializers.JSONField(read_only=True)
    verdict = Word(Verdict.choices)

    class Meta:
        model = Round
        fields = (
            "number",
            "board",
            "revision",
            "state",
            "verdict",
            "rule",
            "tally",
            "opened_at",
            "closes_at",
            "closed_at",
            "retroactive_at",
        )
        read_only_fields = fields


class GroundOut(serializers.Serializer[Any]):
    policy = serializers.CharField(source="source", help_text="The policy and its version.")
    number = serializers.IntegerField(help_text="The rule's place in the table, from 1.")
    name = serializers.CharField()
    sentence = serializers.CharField()
    is_certain = serializers.BooleanField(help_text="False: a missing fact counted for the stricter reading.")


class HandoverOut(serializers.ModelSerializer[Handover]):
    board = serializers.CharField(source="round.board.slug", read_only=True, allow_null=True, default=None)
    round = RoundOut(read_only=True, allow_null=True)
    way = Word(Way.choices)
    sentence = serializers.CharField(source="grounds.sentence", read_only=True)
    rules = GroundOut(source="grounds.rules", many=True, read_only=True)
    missing = serializers.ListField(source="grounds.missing", child=serializers.CharField(), read_only=True)
    policies = serializers.JSONField(source="grounds.versions", read_only=True)
    facts = serializers.JSONField(read_only=True)

    class Meta:
        model = Handover
        fields = ("way", "board", "sentence", "rules", "missing", "policies", "facts", "revision", "round", "at")
        read_only_fields = fields


class BlockerOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = serializers.CharField()
    next_step = serializers.CharField()


class FactorOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    sentence = serializers.CharField()
    weight = serializers.FloatField()
    value = serializers.FloatField()
    points = serializers.FloatField()


class ChangeDetailOut(ChangeOut):
    """A change with everything its dossier holds."""

    implementer = PersonRef(read_only=True, allow_null=True)
    co_authors = PersonRef(many=True, read_only=True, source="listed_co_authors")
    category = serializers.ChoiceField(choices=ChangeCategory.choices, allow_blank=True, read_only=True)
    components = serializers.SerializerMethodField()
    links = Link(many=True, read_only=True)
    risk_factors = FactorOut(many=True, read_only=True)
    template = serializers.IntegerField(
        source="template_version.template_id",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="The standard change template it was proposed from.",
    )
    blockers = serializers.SerializerMethodField()
    current_round = serializers.SerializerMethodField()

    class Meta:
        model = Change
        fields = (
            *ChangeOut.Meta.fields,
            "category",
            "purpose",
            "components",
            "implementer",
            "co_authors",
            "implementation_plan",
            "test_plan",
            "communication_plan",
            "backout_plan",
            "window_start_local",
            "window_end_local",
            "window_zone",
            "downtime_minutes",
            "cost_amount",
            "cost_currency",
            "cost_rate",
            "links",
            "risk_computed",
            "risk_factors",
            "risk_reason",
            "unauthorized_because",
            "implemented_first_at",
            "retroactive",
            "template",
            "blockers",
            "current_round",
            "created_at",
            "started_at",
            "closed_at",
        )
        read_only_fields = fields

    def to_representation(self, change: Any) -> dict[str, Any]:
        """What an action returned is read again, whole; so are the rounds, once."""
        whole = change if hasattr(change, "listed_components") else whole_again(change, self.context["view"].person)
        whole.all_rounds = rounds_of(whole)
        return serializers.ModelSerializer.to_representation(self, whole)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_components(self, change: Any) -> list[str]:
        return sorted(f"{one['cluster_slug']}/{one['slug']}" for one in change.listed_components)

    @extend_schema_field(BlockerOut(many=True))
    def get_blockers(self, change: Any) -> Any:
        return BlockerOut(blockers_of(change, change.all_rounds, at=self.context["view"].at), many=True).data

    @extend_schema_field(RoundOut(allow_null=True))
    def get_current_round(self, change: Any) -> Any:
        return RoundOut(change.all_rounds[0]).data if change.all_rounds else None


class ChangeEditIn(Strict):
    """What may change; what is left out stays. Components are "cluster/component", people are handles."""

    title = serializers.CharField(max_length=300, required=False)
    type = serializers.ChoiceField(choices=ChangeType.choices, required=False)
    category = serializers.ChoiceField(choices=ChangeCategory.choices, allow_blank=True, required=False)
    cluster = serializers.CharField(max_length=80, required=False)
    components = serializers.ListField(child=serializers.CharField(max_length=300), max_length=200, required=False)
    purpose = serializers.CharField(max_length=SHORT, allow_blank=True, required=False)
    implementation_plan = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    test_plan = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    communication_plan = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    backout_plan = serializers.CharField(max_length=LONG, allow_blank=True, required=False)
    window_start = WallClockIn(required=False, allow_null=True)
    window_end = WallClockIn(required=False, allow_null=True)
    window_zone = serializers.CharField(max_length=64, allow_blank=True, required=False, help_text="IANA name.")
    downtime_minutes = serializers.IntegerField(min_value=0, max_value=100_000, required=False)
    cost_amount = serializers.DecimalField(
        min_value=Decimal(0),
        max_digits=DIGITS,
        decimal_places=2,
        required=False,
        allow_null=True,
        help_text="What it is thought to cost; null: not known.",
    )
    cost_currency = serializers.CharField(
        max_length=3,
        allow_blank=True,
        required=False,
        help_text="Three letters; one that has a stored rate. Empty: the enterprise's.",
    )
    implementer = serializers.CharField(max_length=150, allow_blank=True, required=False)
    co_authors = serializers.ListField(child=serializers.CharField(max_length=150), max_length=50, required=False)
    links = Link(many=True, required=False, max_length=20)  # type: ignore[call-arg]  # of the list, not of a link


class ChangeIn(ChangeEditIn):
    """A new change; it begins as a draft."""

    title = serializers.CharField(max_length=300)
    cluster = serializers.CharField(max_length=80)


def resolved(data: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """Names of a body as the rows they mean, among those the person may know of."""
    found = dict(data)
    if "cluster" in data:
        found["cluster"] = cluster_named(data["cluster"], person)
    if "components" in data:
        found["components"] = components_named(data["components"], person)
    if "implementer" in data:
        named = people_named([data["implementer"]], field="implementer") if data["implementer"] else [None]
        found["implementer"] = named[0]
    if "co_authors" in data:
        found["co_authors"] = people_named(data["co_authors"], field="co_authors")
    return found


class FieldChangeOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field here; the base has a property of that name
    materiality = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()


class VerdictOut(serializers.Serializer[Any]):
    is_material = serializers.BooleanField()
    sentence = serializers.CharField()
    changes = FieldChangeOut(many=True)


class ReasonIn(Strict):
    reason = serializers.CharField(max_length=4000)


class HoldsIn(ReasonIn):
    changes = serializers.ListField(child=serializers.CharField(max_length=24), min_length=1, max_length=100)


class ReleasesIn(Strict):
    changes = serializers.ListField(child=serializers.CharField(max_length=24), min_length=1, max_length=100)


class HoldsOut(serializers.Serializer[Any]):
    """The references of what was put on hold, or released."""

    changes = serializers.ListField(child=serializers.CharField())


class RiskIn(ReasonIn):
    risk = serializers.IntegerField(
        min_value=1,
        max_value=5,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "A risk is a number from 1 to 5."),
    )


class OutcomeIn(Strict):
    outcome = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in Outcome],
        error_messages={"invalid_choice": "There is no such outcome."},
    )


class ReviewIn(Strict):
    expected = serializers.CharField(max_length=SHORT)
    happened = serializers.CharField(max_length=SHORT)
    learned = serializers.CharField(max_length=SHORT, allow_blank=True, default="")
    incidents = serializers.ListField(child=serializers.CharField(max_length=200), max_length=20, default=list)


class EvidenceIn(Strict):
    evidence = serializers.CharField(max_length=4000)


class VoteIn(Strict):
    """One ballot. `revision` is the one you read; `seat_of` the handle of who delegated their vote to you."""

    choice = serializers.ChoiceField(choices=Choice.choices, error_messages={"invalid_choice": NO_SUCH_BALLOT})
    revision = serializers.IntegerField(min_value=1, max_value=2_147_483_647)
    reason = serializers.CharField(max_length=4000, allow_blank=True, default="")
    conditions = serializers.ListField(child=serializers.CharField(max_length=500), max_length=10, default=list)
    seat_of = serializers.CharField(max_length=150, required=False)


class BallotOut(serializers.ModelSerializer[Ballot]):
    change = serializers.CharField(source="round.change.reference", read_only=True)
    round = serializers.IntegerField(source="round.number", read_only=True)
    voter = PersonRef(read_only=True)
    cast_by = PersonRef(read_only=True)

    class Meta:
        model = Ballot
        fields = (
            "id",
            "change",
            "round",
            "voter",
            "cast_by",
            "seat_role",
            "seat_function",
            "choice",
            "reason",
            "revision",
            "cast_at",
        )
        read_only_fields = fields


class ConditionOut(serializers.ModelSerializer[Condition]):
    asked_by = PersonRef(source="ballot.voter", read_only=True)

    class Meta:
        model = Condition
        fields = ("id", "text", "state", "evidence", "asked_by", "closed_at")
        read_only_fields = fields


class RevisionOut(serializers.ModelSerializer[Revision]):
    author = PersonRef(read_only=True)
    content = serializers.JSONField(read_only=True)

    class Meta:
        model = Revision
        fields = ("number", "author", "at", "is_material", "digest", "content")
        read_only_fields = fields


class AttachmentOut(serializers.ModelSerializer[Attachment]):
    class Meta:
        model = Attachment
        fields = ("id", "name", "content_type", "size", "sha256", "added_at")
        read_only_fields = fields


class AttachmentIn(Strict):
    file = serializers.FileField()


class ReviewOut(serializers.ModelSerializer[Review]):
    incidents = serializers.ListField(child=serializers.CharField(), read_only=True)
    change = serializers.CharField(source="change.reference", read_only=True)

    class Meta:
        model = Review
        fields = (
            "id",
            "change",
            "state",
            "due_at",
            "reminded_at",
            "escalated_at",
            "done_at",
            "expected",
            "happened",
            "learned",
            "incidents",
        )
        read_only_fields = fields


class TimelineOut(serializers.Serializer[Any]):
    sequence = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    event = serializers.CharField()
    actor = PersonRef(allow_null=True)
    data = serializers.JSONField()  # type: ignore[assignment]  # a field here; the base has a property of that name
    digest = serializers.CharField()
