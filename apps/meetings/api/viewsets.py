"""The JSON door of meetings: every act the pages have, by the same actions."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, FilterSet, IsoDateTimeFilter
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.models import Ballot
from apps.cab.queries.named import board_named, people_named
from apps.meetings.actions import agenda as agendas
from apps.meetings.actions import agreed, consent, planning, room, session
from apps.meetings.actions import series as series_actions
from apps.meetings.api import serializers as s
from apps.meetings.models import ActionItem, AgendaItem, Attendance, Meeting, MeetingSeries
from apps.meetings.queries.agenda import agenda_for
from apps.meetings.queries.live import actions_of
from apps.meetings.queries.room import Presence, presence
from apps.meetings.states import MeetingState


class MeetingFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    board = CharFilter(field_name="board__slug", max_length=80, label="Short name of the board.")
    state = ChoiceFilter(choices=[(one.value, one.value) for one in MeetingState])
    since = IsoDateTimeFilter(field_name="end_at", lookup_expr="gt", label="That end later than this instant.")
    until = IsoDateTimeFilter(field_name="start_at", lookup_expr="lt", label="That start before this instant.")


class SeriesFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    board = CharFilter(field_name="board__slug", max_length=80, label="Short name of the board.")
    ended = BooleanFilter(field_name="ended_at", lookup_expr="isnull", exclude=True, label="Ended or not.")


class SeriesViewSet(ReadViewSet[MeetingSeries]):
    """Series of meetings of boards you may know of."""

    serializer_class = s.SeriesOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = SeriesFilter
    scope_for_writes = Scope.VOTES

    def rows(self) -> QuerySet[MeetingSeries]:
        return MeetingSeries.objects.visible_to(self.person).select_related("board")

    @write(takes=s.SeriesIn, gives=s.SeriesOut, status=201)
    def create(self, data: dict[str, Any]) -> MeetingSeries:
        """Plan a series of a board you chair; its meetings of the next 90 days are written down at once."""
        board = board_named(data.pop("board"), self.person)
        return series_actions.plan_series(board_id=board.pk, planner=self.person, values=data, at=self.at)

    @write(takes=s.SeriesEditIn, gives=s.SeriesOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> MeetingSeries:
        """Change a series from now on; its meetings that lie ahead follow and keep their agendas."""
        series = self.get_object()
        return series_actions.edit_series(
            series_id=series.pk, person=self.person, version=series.version, values=data, at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.MeetingReasonIn, gives=s.SeriesOut)
    def ending(self, data: dict[str, Any]) -> MeetingSeries:
        """End a series; its meetings that lie ahead are cancelled."""
        return series_actions.end_series(series_id=self.get_object().pk, person=self.person, at=self.at, **data)


class MeetingViewSet(ReadViewSet[Meeting]):
    """Meetings of boards you may know of, and every act on them."""

    serializer_class = s.MeetingOut
    lookup_value_converter = "int"
    ordering = ("start_at", "pk")
    filterset_class = MeetingFilter
    scope_for_writes = Scope.VOTES

    def rows(self) -> QuerySet[Meeting]:
        return Meeting.objects.visible_to(self.person).select_related("board")

    @write(takes=s.MeetingIn, gives=s.MeetingOut, status=201)
    def create(self, data: dict[str, Any]) -> Meeting:
        """Plan a single meeting of a board you chair."""
        board = board_named(data.pop("board"), self.person)
        return planning.plan_meeting(board_id=board.pk, planner=self.person, values=data, at=self.at)

    @write(takes=s.MoveIn, gives=s.MeetingOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Meeting:
        """Move a meeting to another time; its calendar entry counts up."""
        meeting = self.get_object()
        return planning.reschedule_meeting(
            meeting_id=meeting.pk, person=self.person, version=meeting.version, at=self.at, **data
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.MeetingReasonIn, gives=s.MeetingOut)
    def cancellation(self, data: dict[str, Any]) -> Meeting:
        """Cancel a meeting that has not begun."""
        return planning.cancel_meeting(meeting_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=s.MeetingOut)
    def lock(self, _: dict[str, Any]) -> Meeting:
        """Lock the agenda before its time."""
        return agendas.lock_agenda(meeting_id=self.get_object().pk, chair=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=s.MeetingOut)
    def session(self, _: dict[str, Any]) -> Meeting:
        """Open the meeting, at most half an hour early."""
        return session.open_meeting(meeting_id=self.get_object().pk, chair=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=s.MeetingOut)
    def closing(self, _: dict[str, Any]) -> Meeting:
        """Close the meeting; what is not decided goes to the next one."""
        return session.close_meeting(meeting_id=self.get_object().pk, chair=self.person, at=self.at)

    @action(detail=True)
    @read(gives=s.AgendaItemOut, many=True)
    def agenda(self) -> list[AgendaItem]:
        """The items in order; those about changes you may not see are left out."""
        found = agenda_for(self.get_object(), self.person)
        rows: list[AgendaItem] = [*found.items, *found.consent, *found.late, *found.settled]
        return sorted(rows, key=lambda one: one.position)

    @action(detail=True)
    @read(gives=s.PresenceOut)
    def presence(self) -> Presence:
        """Who was and is in the room, and its quorum."""
        return presence(self.get_object(), at=self.at)

    @action(detail=True, methods=["post"])
    @write(gives=s.StayOut, status=201)
    def attendance(self, _: dict[str, Any]) -> Attendance:
        """Join the room."""
        return session.join_room(meeting_id=self.get_object().pk, person=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="attendance/end")
    @write(gives=s.StayOut)
    def leave(self, _: dict[str, Any]) -> Attendance:
        """Leave the room."""
        return session.leave_room(meeting_id=self.get_object().pk, person=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="attendance/marks")
    @write(takes=s.MarkIn, gives=s.StayOut)
    def marks(self, data: dict[str, Any]) -> Attendance:
        """Note for somebody else that they came, or that they left; for who leads the board."""
        (person,) = people_named([data["person"]], field="person")
        return session.mark_attendance(
            meeting_id=self.get_object().pk,
            chair=self.person,
            person=person,
            is_here=data["mark"] == "present",
            at=self.at,
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.RuledItemIn, gives=s.AgendaItemOut)
    def admissions(self, data: dict[str, Any]) -> AgendaItem:
        """Admit a late item, with a reason."""
        return agendas.admit_item(
            meeting_id=self.get_object().pk, item_id=data["item"], chair=self.person, reason=data["reason"], at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.RuledItemIn, gives=s.AgendaItemOut)
    def deferrals(self, data: dict[str, Any]) -> AgendaItem:
        """Leave an item to a later meeting, with a reason."""
        return agendas.defer_item(
            meeting_id=self.get_object().pk, item_id=data["item"], chair=self.person, reason=data["reason"], at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.AgendaItemIn, gives=s.AgendaItemOut)
    def consent(self, data: dict[str, Any]) -> AgendaItem:
        """Ask that a consent item be spoken of."""
        return agendas.reopen_consent(
            meeting_id=self.get_object().pk, item_id=data["item"], member=self.person, at=self.at
        )

    @action(detail=True, methods=["post"], url_path="consent/motion")
    @write(gives=s.MeetingOut)
    def consent_motion(self, _: dict[str, Any]) -> Meeting:
        """Move that the remaining consent items be decided together."""
        return consent.move_consent(meeting_id=self.get_object().pk, chair=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="consent/confirmations")
    @write(takes=s.ConfirmationIn, gives=s.ConfirmationOut, status=201)
    def consent_confirmations(self, data: dict[str, Any]) -> dict[str, Any]:
        """Approve every remaining consent item by one confirmation; the ballots that were cast."""
        seat_of = people_named([handle], field="seat_of")[0] if (handle := data["seat_of"]) else None
        ballots = consent.confirm_consent(
            meeting_id=self.get_object().pk,
            voter=self.person,
            seen={one["item"]: one["revision"] for one in data["items"]},
            seat_of=seat_of,
            at=self.at,
        )
        return {"ballots": ballots}

    @action(detail=True, methods=["post"])
    @write(takes=s.TakenIn, gives=s.MeetingOut)
    def current(self, data: dict[str, Any]) -> Meeting:
        """Take an item up, or with null put the current one back."""
        meeting = self.get_object()
        if data["item"] is None:
            return room.put_back(meeting_id=meeting.pk, chair=self.person, at=self.at)
        room.take_item(meeting_id=meeting.pk, item_id=data["item"], chair=self.person, at=self.at)
        return meeting

    @action(detail=True, methods=["post"])
    @write(takes=s.ShiftIn, gives=s.AgendaItemOut)
    def order(self, data: dict[str, Any]) -> AgendaItem:
        """Move an item one place up or down."""
        shift = room.promote_item if data["step"] == "up" else room.demote_item
        return shift(meeting_id=self.get_object().pk, item_id=data["item"], chair=self.person, at=self.at)

    @action(detail=True, methods=["post"])
    @write(takes=s.RoomBallotIn, gives=s.RoomBallotOut, status=201)
    def ballots(self, data: dict[str, Any]) -> Ballot:
        """Vote in the room on the item it speaks of."""
        seat_of = people_named([handle], field="seat_of")[0] if (handle := data.pop("seat_of")) else None
        item, conditions = data.pop("item"), data.pop("conditions")
        return session.cast_ballot(
            meeting_id=self.get_object().pk,
            item_id=item,
            voter=self.person,
            seat_of=seat_of,
            conditions=conditions,
            at=self.at,
            **data,
        )

    @action(detail=True, url_path="actions")
    @read(gives=s.ActionOut, many=True)
    def agreed(self) -> list[ActionItem]:
        """What was agreed that somebody does, by due date."""
        return actions_of(self.get_object(), self.person)

    @agreed.mapping.post
    @write(takes=s.ActionIn, gives=s.ActionOut, status=201)
    def agree(self, data: dict[str, Any]) -> ActionItem:
        """Note an action item while the meeting is in session."""
        (owner,) = people_named([data["owner"]], field="owner")
        return agreed.agree_action(
            meeting_id=self.get_object().pk,
            member=self.person,
            text=data["text"],
            owner=owner,
            due_on=data["due_on"],
            item_id=data["item"],
            at=self.at,
        )

    @action(detail=True, methods=["post"], url_path="actions/done")
    @write(takes=s.FinishIn, gives=s.ActionOut)
    def finish(self, data: dict[str, Any]) -> ActionItem:
        """Say that an action item of yours is done."""
        return agreed.finish_action(
            meeting_id=self.get_object().pk, action_item_id=data["action"], person=self.person, at=self.at
        )
