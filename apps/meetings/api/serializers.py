"""How meetings read and are written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.cab.models import Board, Choice
from apps.cab.rules.ballots import LONGEST_CONDITION, LONGEST_REASON, MOST_CONDITIONS
from apps.meetings.models import ActionItem, AgendaItem, Attendance, Meeting, MeetingSeries
from apps.meetings.models.meetings import LONGEST, LONGEST_ITEM, LONGEST_LEAD, SHORTEST
from apps.meetings.queries.agenda import MOST_ITEMS
from apps.meetings.queries.room import Presence
from apps.windows.api.fields import WallClockIn

MOST_NUMBER = 2**31 - 1


class MeetingOut(serializers.ModelSerializer[Meeting]):
    """One meeting: [start_at, end_at). Its agenda locks at `lock_at`."""

    board = serializers.SlugRelatedField[Board](slug_field="slug", read_only=True)

    class Meta:
        model = Meeting
        fields = (
            "id",
            "board",
            "series",
            "name",
            "place",
            "start_at",
            "end_at",
            "zone",
            "lock_at",
            "item_minutes",
            "state",
            "opened_at",
            "closed_at",
            "consent_moved_at",
            "reason",
            "sequence",
            "version",
        )
        read_only_fields = fields


class SeriesOut(serializers.ModelSerializer[MeetingSeries]):
    """A meeting that comes back; `rrule` is of RFC 5545, without DTSTART."""

    board = serializers.SlugRelatedField[Board](slug_field="slug", read_only=True)
    start_local = serializers.SerializerMethodField(help_text="Wall clock of `zone`.")
    rule_words = serializers.CharField(read_only=True, help_text="How it comes back, as a person says it.")

    class Meta:
        model = MeetingSeries
        fields = (
            "id",
            "board",
            "name",
            "place",
            "start_local",
            "duration_minutes",
            "zone",
            "rrule",
            "rule_words",
            "lock_minutes",
            "item_minutes",
            "created_at",
            "changed_at",
            "times_from",
            "ended_at",
            "version",
        )
        read_only_fields = fields

    def get_start_local(self, series: MeetingSeries) -> str:
        return str(series.start_local.isoformat(timespec="minutes"))


class MeetingIn(Strict):
    """A single meeting of a board."""

    board = serializers.CharField(max_length=80, help_text="Short name of the board.")
    name = serializers.CharField(max_length=120)
    place = serializers.CharField(max_length=300, allow_blank=True, default="")
    start_local = WallClockIn(help_text="Wall clock of `zone`: 2026-03-10T14:00.")
    duration_minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST)
    zone = serializers.CharField(max_length=64, help_text="IANA name.")
    lock_minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_LEAD, default=120)
    item_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_ITEM, default=10)


class SeriesIn(MeetingIn):
    rrule = serializers.CharField(max_length=500, help_text="RFC 5545, without DTSTART: FREQ=WEEKLY;BYDAY=TU.")


class SeriesEditIn(Strict):
    """What changes of a series; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    place = serializers.CharField(max_length=300, allow_blank=True, required=False)
    start_local = WallClockIn(required=False, help_text="Wall clock of `zone`, of the first start by the rule.")
    duration_minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST, required=False)
    zone = serializers.CharField(max_length=64, required=False, help_text="IANA name.")
    rrule = serializers.CharField(
        max_length=500, required=False, help_text="RFC 5545, without DTSTART: FREQ=WEEKLY;BYDAY=TU."
    )
    lock_minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_LEAD, required=False)
    item_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_ITEM, required=False)


class MoveIn(Strict):
    start_local = WallClockIn(help_text="Wall clock of the meeting's zone.")
    duration_minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST)


class MeetingReasonIn(Strict):
    reason = serializers.CharField(max_length=500)


class AgendaItemIn(Strict):
    item = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, help_text="`id` of the agenda's item.")


class RuledItemIn(AgendaItemIn):
    reason = serializers.CharField(max_length=500)


class MarkIn(Strict):
    """Whom the chair notes as here, or as gone."""

    person = serializers.CharField(max_length=150, help_text="Their handle.")
    mark = serializers.ChoiceField(choices=[("present", "present"), ("left", "left")])


class TakenIn(Strict):
    """Which item the room speaks of now; null puts the current one back."""

    item = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, allow_null=True)


class ShiftIn(AgendaItemIn):
    step = serializers.ChoiceField(choices=[("up", "up"), ("down", "down")])


class RoomBallotIn(AgendaItemIn):
    """A ballot in the room, on the item it speaks of."""

    choice = serializers.ChoiceField(choices=Choice.choices)
    revision = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, help_text="The revision you read.")
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")
    conditions = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_CONDITION), max_length=MOST_CONDITIONS, default=list
    )
    seat_of = serializers.CharField(max_length=150, allow_null=True, default=None, help_text="By delegation: whose.")


class SeenItemIn(AgendaItemIn):
    revision = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, help_text="The revision you read.")


class ConfirmationIn(Strict):
    """One confirmation: a vote for each consent item that is left."""

    items = serializers.ListField(child=SeenItemIn(), max_length=MOST_ITEMS, help_text="Every consent item you read.")
    seat_of = serializers.CharField(max_length=150, allow_null=True, default=None, help_text="By delegation: whose.")


class ActionIn(Strict):
    """What somebody does until when; about an item of the agenda, or about none."""

    text = serializers.CharField(max_length=500)
    owner = serializers.CharField(max_length=150, help_text="Their handle.")
    due_on = serializers.DateField()
    item = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, allow_null=True, default=None)


class FinishIn(Strict):
    action = serializers.IntegerField(min_value=1, max_value=MOST_NUMBER, help_text="`id` of the action item.")


class ActionOut(serializers.ModelSerializer[ActionItem]):
    """One action item of a meeting."""

    owner = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)
    is_done = serializers.SerializerMethodField()

    class Meta:
        model = ActionItem
        fields = ("id", "item", "text", "owner", "due_on", "is_done", "noted_at", "done_at")
        read_only_fields = fields

    def get_is_done(self, one: ActionItem) -> bool:
        return one.done_at is not None


class AgendaItemOut(serializers.ModelSerializer[AgendaItem]):
    """One item of an agenda, in order of `position`."""

    change = serializers.CharField(source="change.reference")
    title = serializers.CharField(source="change.title")
    risk = serializers.IntegerField(source="change.risk")
    ruled_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True, allow_null=True)

    class Meta:
        model = AgendaItem
        fields = (
            "id",
            "position",
            "change",
            "title",
            "risk",
            "state",
            "is_consent",
            "minutes",
            "reason",
            "ruled_by",
            "taken_at",
            "spent_seconds",
        )
        read_only_fields = fields


class StayOut(serializers.ModelSerializer[Attendance]):
    """One stay in the room; `left_at` null: still there."""

    person = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Attendance
        fields = ("person", "capacity", "joined_at", "left_at")
        read_only_fields = fields


class PresenceOut(serializers.Serializer[Presence]):
    """Who was and is in the room, and whether it may vote."""

    stays = StayOut(many=True)
    seats = serializers.IntegerField(source="quorum.seats", help_text="With a vote.")
    filled = serializers.IntegerField(source="quorum.filled")
    needed = serializers.IntegerField(source="quorum.needed")
    missing = serializers.ListField(source="quorum.missing", child=serializers.CharField())
    is_quorate = serializers.BooleanField(source="quorum.is_complete")


class RoomBallotOut(serializers.Serializer[Any]):
    """A ballot that was taken down."""

    id = serializers.IntegerField()
    choice = serializers.ChoiceField(choices=Choice.choices)
    revision = serializers.IntegerField()
    cast_at = serializers.DateTimeField()


class ConfirmationOut(serializers.Serializer[Any]):
    """The ballots of one confirmation; items that left the consent items have none."""

    ballots = RoomBallotOut(many=True)
