"""The session: who is there, whether that is a quorum, and who votes."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.cab.actions import boards, rounds
from apps.cab.models import Ballot, Board, Change
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, WrongState
from apps.meetings.actions import agenda, room, session
from apps.meetings.models import Attendance, Meeting
from apps.meetings.queries.room import presence
from apps.meetings.rules.attendance import Chairing, quorum
from apps.meetings.rules.timing import level, spent_seconds
from apps.meetings.states import ItemState, MeetingState
from tests.conftest import NOON
from tests.meetings.conftest import START

pytestmark = pytest.mark.django_db
LATER = START + timedelta(minutes=10)


@pytest.fixture
def live(meeting, hand_in, board, ben):
    """In session, two items on the agenda; Ben, who opened it, is there."""
    hand_in("First")
    hand_in("Second")
    agenda.fill_agendas(board_id=board.pk, at=NOON)
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    return Meeting.objects.select_related("board").get(pk=meeting.pk)


@pytest.fixture
def item(live, ben):
    return room.take_item(meeting_id=live.pk, item_id=live.items.earliest("position").pk, chair=ben, at=START)


def join(live, *people, at=START):
    for person in people:
        session.join_room(meeting_id=live.pk, person=person, at=at)


def vote(live, item, voter, choice="approve", *, at=LATER, **more) -> Ballot:
    return session.cast_ballot(
        meeting_id=live.pk, item_id=item.pk, voter=voter, choice=choice, revision=1, at=at, **more
    )


SEATS = [Chairing(1, "chair", ""), Chairing(2, "voter", "security"), Chairing(3, "voter", ""), Chairing(4, "voter", "")]


@pytest.mark.parametrize(
    ("present", "share", "roles", "missing"),
    [
        ({1, 2}, "0", [], ()),
        ({1}, "0", [], ("1 more of 4 seats must be present.",)),
        ({1, 2}, "0.75", [], ("1 more of 4 seats must be present.",)),
        ({2, 3}, "0", ["chair"], ("The chair is not present.",)),
        ({1, 3}, "0", ["chair", "Security"], ("The Security is not present.",)),
        ({9, 8, 7}, "0", [], ("2 more of 4 seats must be present.",)),  # guests fill no seat
    ],
)
def test_the_quorum_is_the_boards_rule_over_who_is_there(present, share, roles, missing):
    assert quorum(SEATS, present=present, count=2, share=Decimal(share), roles=roles).missing == missing


def test_who_holds_a_delegation_fills_the_seat():
    seats = [Chairing(1, "chair", "", frozenset({9})), *SEATS[1:]]
    assert quorum(seats, present={9, 2}, count=2, share=Decimal(0), roles=["chair"]).is_complete


@pytest.mark.parametrize(
    ("seconds", "passed"), [(0, 0), (299, 0), (300, 50), (449, 50), (450, 75), (600, 100), (9_000, 100)]
)
def test_the_timer_passes_its_marks(seconds, passed):
    assert level(seconds=seconds, minutes=10) == passed


def test_time_is_added_up_over_turns(live, ben):
    first, second = live.items.order_by("position")
    room.take_item(meeting_id=live.pk, item_id=first.pk, chair=ben, at=START)
    room.take_item(meeting_id=live.pk, item_id=second.pk, chair=ben, at=START + timedelta(minutes=3))
    room.take_item(meeting_id=live.pk, item_id=first.pk, chair=ben, at=START + timedelta(minutes=5))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.spent_seconds, second.spent_seconds) == (ItemState.CURRENT, 180, 120)
    assert spent_seconds(before=first.spent_seconds, taken_at=first.taken_at, at=START + timedelta(minutes=6)) == 240


def test_it_opens_half_an_hour_early_at_most(meeting, ben, cleo):
    with pytest.raises(WrongState, match="The meeting starts at 9 March 2026 13:00 UTC"):
        session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START - timedelta(minutes=31))
    with pytest.raises(NotAllowed, match="Only the chair"):
        session.open_meeting(meeting_id=meeting.pk, chair=cleo, at=START)
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START - timedelta(minutes=30))
    assert [one.event for one in Entry.objects.about(meeting).order_by("id")][-3:] == [
        "meetings.AgendaLocked",
        "meetings.MeetingOpened",
        "meetings.RoomJoined",
    ]


def test_a_board_is_in_one_session_at_a_time(live, ben):
    other = Meeting.objects.filter(state="planned").earliest("start_at")
    with pytest.raises(Conflict, match="in session already"):
        session.open_meeting(meeting_id=other.pk, chair=ben, at=other.start_at)


def test_joining_twice_is_being_there_once(live, cleo):
    join(live, cleo, cleo)
    assert Attendance.objects.filter(person=cleo).count() == 1
    assert Attendance.objects.get(person=cleo).capacity == "voter"
    assert Entry.objects.filter(event="meetings.RoomJoined", actor=cleo).count() == 1


def test_a_guest_is_there_and_fills_no_seat(live, ada):
    join(live, ada)
    found = presence(live, at=LATER)
    assert {one.capacity for one in found.here} == {"chair", "guest"}
    assert found.quorum.filled == 1


def test_a_room_without_its_quorum_does_not_vote(live, item, ben, cleo):
    with pytest.raises(WrongState, match="The room has no quorum: 1 more of 3 seats must be present") as refused:
        vote(live, item, ben)
    assert refused.value.next_step
    join(live, cleo)
    vote(live, item, ben)
    assert Ballot.objects.count() == 1


def test_who_has_left_does_not_vote_until_they_come_back(live, item, ben, cleo, dan):
    join(live, cleo, dan)
    session.leave_room(meeting_id=live.pk, person=dan, at=START + timedelta(minutes=5))
    with pytest.raises(NotAllowed, match="You left the room at 9 March 2026 13:05 UTC") as refused:
        vote(live, item, dan)
    assert (refused.value.code, refused.value.next_step) == ("left_room", "Join it again, then vote.")
    assert not Ballot.objects.exists()
    join(live, dan, at=START + timedelta(minutes=6))
    vote(live, item, dan)
    assert Ballot.objects.get().voter == dan
    assert [bool(one.left_at) for one in Attendance.objects.filter(person=dan).order_by("pk")] == [True, False]


def test_who_never_came_does_not_vote(live, item, cleo, dan):
    join(live, cleo)
    with pytest.raises(NotAllowed, match="You are not in the room"):
        vote(live, item, dan)


def test_only_the_current_item_is_voted_on(live, item, ben, cleo):
    join(live, cleo)
    other = live.items.exclude(pk=item.pk).get()
    with pytest.raises(WrongState, match="The room is not speaking of CHG-"):
        vote(live, other, ben)


def test_the_last_ballot_decides_and_the_item_is_done(live, item, ben, cleo):
    join(live, cleo)
    vote(live, item, ben)
    vote(live, item, cleo, "approve_with_conditions", conditions=["Tell support."])
    item.refresh_from_db()
    assert item.state == ItemState.DECIDED
    assert Change.objects.get(pk=item.change_id).state == "authorized"
    said = [one.event for one in Entry.objects.about(live).order_by("id")][-3:]
    assert said == ["meetings.BallotCastInRoom", "meetings.BallotCastInRoom", "meetings.ItemDecided"]
    # A ballot's choice stays the change's own: what the room's screens hear holds none.
    assert "choice" not in Entry.objects.filter(event="meetings.BallotCastInRoom").latest("id").data


def test_what_the_change_refuses_the_room_refuses_and_nothing_is_written(live, item, ben, cleo):
    join(live, cleo)
    told = Entry.objects.count()
    with pytest.raises(Invalid, match="needs a reason"):
        vote(live, item, ben, "reject")
    assert (Ballot.objects.count(), Entry.objects.count()) == (0, told)


def test_an_author_does_not_vote_though_they_sit_there(live, item, ben, cleo):
    join(live, cleo)
    Change.objects.filter(pk=item.change_id).update(implementer=cleo)
    with pytest.raises(NotAllowed):
        vote(live, item, cleo)


def test_a_delegate_in_the_room_votes_for_the_seat(live, item, board, ben, cleo, dan):
    boards.delegate_vote(
        board_id=board.pk, giver=dan, taker=cleo, first_day=START.date(), last_day=START.date(), at=START
    )
    join(live, cleo)
    vote(live, item, cleo, seat_of=dan)
    assert (Ballot.objects.get().voter, Ballot.objects.get().cast_by) == (dan, cleo)


def test_moving_up_and_down(live, ben):
    first, second = live.items.order_by("position")
    room.promote_item(meeting_id=live.pk, item_id=second.pk, chair=ben, at=START)
    assert [one.pk for one in live.items.order_by("position")] == [second.pk, first.pk]
    room.promote_item(meeting_id=live.pk, item_id=second.pk, chair=ben, at=START)  # the first stays
    room.demote_item(meeting_id=live.pk, item_id=second.pk, chair=ben, at=START)
    assert [one.pk for one in live.items.order_by("position")] == [first.pk, second.pk]
    assert Entry.objects.filter(event="meetings.ItemShifted").count() == 2


def test_closing_ends_every_stay_and_defers_what_is_left(live, item, ben, cleo):
    join(live, cleo)
    session.close_meeting(meeting_id=live.pk, chair=ben, at=LATER)
    assert set(Attendance.objects.values_list("left_at", flat=True)) == {LATER}
    assert set(live.items.values_list("state", flat=True)) == {ItemState.DEFERRED}
    with pytest.raises(WrongState, match="must be agenda locked or in session to be joined"):
        join(live, cleo, at=LATER)
    with pytest.raises(WrongState):
        session.close_meeting(meeting_id=live.pk, chair=ben, at=LATER)


def test_a_forgotten_room_is_closed_by_the_clock_once(live):
    for _ in range(2):
        session.close_left_open(meeting_id=live.pk, at=LATER)
    assert Meeting.objects.get(pk=live.pk).state == MeetingState.CLOSED
    assert Entry.objects.get(event="meetings.MeetingClosed").actor is None


@pytest.mark.django_db(transaction=True)
def test_two_last_voters_at_once_leave_one_decision(live, item, ben, cleo, dan):
    join(live, cleo, dan)
    vote(live, item, ben)
    refused = []

    def cast(person):
        try:
            vote(live, item, person)
        except WrongState as refusal:
            refused.append(refusal.sentence)
        finally:
            connection.close()

    threads = [threading.Thread(target=cast, args=(one,)) for one in (cleo, dan)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Entry.objects.filter(event="meetings.ItemDecided").count() == 1
    assert Ballot.objects.count() == 2
    assert len(refused) == 1
    assert "The room is not speaking of" in refused[0]


def test_a_vote_on_the_changes_own_page_needs_no_room(live, item, dan):
    rounds.cast_vote(change_id=item.change_id, voter=dan, choice="approve", revision=1, at=NOON)
    assert Board.objects.count() == 1
