"""The session: opening and closing it, who comes and goes, and ballots cast in the room."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.actions import rounds
from apps.cab.models import Ballot, Change
from apps.cab.states import ChangeState
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotAllowed, WrongState
from apps.kernel.signs import moment_words
from apps.meetings import events
from apps.meetings.actions import minutes
from apps.meetings.actions.agenda import defer, lock_now, settle_item
from apps.meetings.actions.moves import (
    item_of,
    led_meeting,
    locked_meeting,
    move_meeting,
    require_state,
)
from apps.meetings.models import AgendaItem, Attendance, Meeting
from apps.meetings.queries.agenda import verdicts_of
from apps.meetings.queries.room import capacity_of, presence
from apps.meetings.states import OPEN_ITEMS, ItemState, MeetingState

EARLIEST = timedelta(minutes=30)  # before the start, the room may be opened
MOST_PEOPLE = 200  # in one room
ENDED_FIRST = "The meeting ended first."


@transaction.atomic
def open_meeting(*, meeting_id: int, chair: Person, at: datetime) -> Meeting:
    """Open the session, at most half an hour early; a planned agenda is locked by it. Who opens it is present."""
    meeting = led_meeting(meeting_id, chair, at=at, to="open its meetings")
    if meeting.state == MeetingState.PLANNED:
        _require_near(meeting, at=at)
        lock_now(meeting, actor=chair, at=at)
    require_state(meeting, MeetingState.AGENDA_LOCKED, to="be opened")
    _require_near(meeting, at=at)
    if Meeting.objects.filter(board=meeting.board_id, state=MeetingState.IN_SESSION).exists():
        raise Conflict(
            "This board is in session already.", next_step="Close that meeting first.", code="meeting_one_in_session"
        )
    move_meeting(meeting, MeetingState.IN_SESSION, at=at)
    meeting.opened_at = at
    meeting.save()
    journal.record(events.MeetingOpened(meeting_id=meeting.pk), subject=meeting, actor=chair, at=at)
    if not _stays(meeting, chair).exists():
        _come_in(meeting, chair, at=at)
    return meeting


@transaction.atomic
def close_meeting(*, meeting_id: int, chair: Person, at: datetime) -> Meeting:
    """Close the session: what was not decided goes to the next meeting; everyone has left; the minutes are drafted."""
    meeting = led_meeting(meeting_id, chair, at=at, to="close its meetings")
    _close(meeting, actor=chair, at=at)
    return meeting


@transaction.atomic
def close_left_open(*, meeting_id: int, at: datetime) -> Meeting:
    """Close a room that was forgotten. Safe to run twice."""
    meeting = locked_meeting(meeting_id)
    if meeting.state == MeetingState.IN_SESSION:
        _close(meeting, actor=None, at=at)
    return meeting


@transaction.atomic
def join_room(*, meeting_id: int, person: Person, at: datetime) -> Attendance:
    """Note that the person is there now, as what they are to the board. Who is there already stays as they are."""
    meeting = locked_meeting(meeting_id, person)
    require_state(meeting, MeetingState.AGENDA_LOCKED, MeetingState.IN_SESSION, to="be joined")
    person.require(Capability.READ, to="join a meeting")
    stay = _stays(meeting, person).first()
    if stay is not None:
        return stay
    _require_room(meeting)
    return _come_in(meeting, person, at=at)


@transaction.atomic
def leave_room(*, meeting_id: int, person: Person, at: datetime) -> Attendance:
    """Note that the person has left; from now on they do not vote in the room, until they come back."""
    meeting = locked_meeting(meeting_id, person)
    stay = _stays(meeting, person).first()
    if stay is None:
        raise WrongState("You are not in the room.", next_step="Join it first.", code="not_in_room")
    _go(meeting, stay, at=at)
    return stay


@transaction.atomic
def mark_attendance(*, meeting_id: int, chair: Person, person: Person, is_here: bool, at: datetime) -> Attendance:
    """Note for somebody else that they came, or that they left. Who is there already stays as they are.

    Refused: who does not lead the board, people who may not see the meeting, and who is not in the room to leave it.
    """
    meeting = led_meeting(meeting_id, chair, at=at, to="note who is there")
    require_state(meeting, MeetingState.AGENDA_LOCKED, MeetingState.IN_SESSION, to="note who is there")
    stay = _stays(meeting, person).first()
    if is_here:
        _require_may_come(meeting, person)
        return stay or _come_in(meeting, person, noted_by=chair, at=at)
    if stay is None:
        raise WrongState(f"{person} is not in the room.", next_step="Look at the list anew.", code="not_in_room")
    _go(meeting, stay, noted_by=chair, at=at)
    return stay


def _require_may_come(meeting: Meeting, person: Person) -> None:
    knows = person.is_active and Meeting.objects.visible_to(person).filter(pk=meeting.pk).exists()
    if not knows or not person.may(Capability.READ):
        raise NotAllowed(
            f"{person} may not see this meeting.",
            next_step="Ask an administrator to let them in first.",
            code="may_not_come",
        )
    _require_room(meeting)


@transaction.atomic
def cast_ballot(
    *,
    meeting_id: int,
    item_id: int,
    voter: Person,
    choice: str,
    revision: int,
    at: datetime,
    reason: str = "",
    conditions: Sequence[str] = (),
    seat_of: Person | None = None,
) -> Ballot:
    """Vote in the room on the item it speaks of; the ballot is the change's own (see `cab.actions.rounds.cast_vote`).

    Refused on top of that: people who are not in the room or have left it, a room without its quorum, an item that is
    not the current one.
    """
    meeting = locked_meeting(meeting_id, voter)
    item = _require_may_vote(meeting, item_id, voter, at=at)
    ballot = rounds.cast_vote(
        change_id=item.change_id,
        voter=voter,
        choice=choice,
        revision=revision,
        reason=reason,
        conditions=conditions,
        seat_of=seat_of,
        at=at,
    )
    event = events.BallotCastInRoom(
        meeting_id=meeting.pk, item_id=item.pk, change_id=item.change_id, ballot_id=ballot.pk
    )
    journal.record(event, subject=meeting, actor=voter, at=at)
    settle_if_decided(meeting, item, actor=voter, at=at)
    return ballot


def _require_may_vote(meeting: Meeting, item_id: int, voter: Person, *, at: datetime) -> AgendaItem:
    require_state(meeting, MeetingState.IN_SESSION, to="vote in its room")
    item = item_of(meeting, item_id)
    require_present(meeting, voter, at=at)
    if item.state != ItemState.CURRENT:
        raise WrongState(
            f"The room is not speaking of {item.change.reference}.",
            next_step="Vote when the chair takes it, or on the change's own page.",
            code="not_current",
        )
    return item


def require_present(meeting: Meeting, voter: Person, *, at: datetime) -> None:
    """Refuse who is not in the room, and everyone while the room has no quorum."""
    found = presence(meeting, at=at)
    stay = found.stay_of(voter.pk)
    if stay is None:
        raise NotAllowed("You are not in the room.", next_step="Join it, then vote.", code="not_in_room")
    if stay.left_at is not None:
        raise NotAllowed(
            f"You left the room at {moment_words(stay.left_at)} UTC.",
            next_step="Join it again, then vote.",
            code="left_room",
        )
    if not found.quorum.is_complete:
        raise WrongState(
            f"The room has no quorum: {' '.join(found.quorum.missing)}",
            next_step="Wait for them, or let the chair defer the item.",
            code="no_quorum",
        )


def settle_if_decided(meeting: Meeting, item: AgendaItem, *, actor: Person, at: datetime) -> None:
    """Take down what became of an item whose change no longer waits. The caller holds the meeting's lock."""
    state = Change.objects.values_list("state", flat=True).get(pk=item.change_id)
    if state != ChangeState.AWAITING_AUTHORIZATION:
        verdict = verdicts_of(meeting.board_id, [item.change_id]).get(item.change_id, "")
        settle_item(meeting, item, verdict, actor=actor, at=at)


def _close(meeting: Meeting, *, actor: Person | None, at: datetime) -> None:
    require_state(meeting, MeetingState.IN_SESSION, to="be closed")
    left = meeting.items.filter(state__in=[*OPEN_ITEMS, ItemState.LATE]).select_related("change")
    for item in left.order_by("position"):
        defer(meeting, item, ENDED_FIRST, actor=None, at=at)
    for stay in meeting.attendances.filter(left_at__isnull=True).select_related("person").order_by("pk"):
        _go(meeting, stay, at=at)
    move_meeting(meeting, MeetingState.CLOSED, at=at)
    meeting.closed_at = at
    meeting.save()
    journal.record(events.MeetingClosed(meeting_id=meeting.pk), subject=meeting, actor=actor, at=at)
    minutes.draft(meeting, at=at)


def _require_near(meeting: Meeting, *, at: datetime) -> None:
    if at < meeting.start_at - EARLIEST:
        raise WrongState(
            f"The meeting starts at {moment_words(meeting.start_at)} UTC.",
            next_step="Open it half an hour before at the earliest, or move it.",
        )


def _require_room(meeting: Meeting) -> None:
    if meeting.attendances.filter(left_at__isnull=True).count() >= MOST_PEOPLE:
        raise Conflict(f"{MOST_PEOPLE} people are in the room.", next_step="Follow the meeting on its page.")


def _stays(meeting: Meeting, person: Person) -> models.QuerySet[Attendance]:
    return Attendance.objects.filter(meeting=meeting, person=person, left_at__isnull=True)


def _come_in(meeting: Meeting, person: Person, *, at: datetime, noted_by: Person | None = None) -> Attendance:
    capacity = capacity_of(person, meeting.board, at=at)
    stay = Attendance.objects.create(meeting=meeting, person=person, capacity=capacity, joined_at=at)
    event = events.PresenceNoted if noted_by else events.RoomJoined
    told = event(meeting_id=meeting.pk, person_id=person.pk, capacity=capacity)
    journal.record(told, subject=meeting, actor=noted_by or person, at=at)
    return stay


def _go(meeting: Meeting, stay: Attendance, *, at: datetime, noted_by: Person | None = None) -> None:
    stay.left_at = max(at, stay.joined_at)
    stay.save(update_fields=["left_at"])
    event = events.DepartureNoted if noted_by else events.RoomLeft
    told = event(meeting_id=meeting.pk, person_id=stay.person_id)
    journal.record(told, subject=meeting, actor=noted_by or stay.person, at=at)
