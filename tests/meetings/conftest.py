"""A board that meets on Mondays, and changes on their way to it."""

from datetime import date, datetime, timedelta

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import flow, proposing
from apps.cab.models import Change, Round, Seat, SeatRole
from apps.meetings.actions import agenda, agreed, room, session
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting, MeetingSeries, MinutesSection
from tests.cab.conftest import content
from tests.conftest import NOON, make_person

MONDAYS = {
    "name": "Monday board",
    "place": "Room 3",
    "start_local": datetime(2026, 3, 9, 14, 0),
    "duration_minutes": 60,
    "zone": "Europe/Berlin",
    "rrule": "FREQ=WEEKLY;BYDAY=MO",
    "lock_minutes": 120,
    "item_minutes": 10,
}
START = datetime.fromisoformat("2026-03-09T13:00:00+00:00")
MINUTE = timedelta(minutes=1)
END = START + 50 * MINUTE
AFTER = END + timedelta(hours=1)


@pytest.fixture
def mondays() -> dict:
    return dict(MONDAYS)


@pytest.fixture
def series(board, ben) -> MeetingSeries:
    type(board).objects.update(decision_hours=400)  # its rounds stay open until it meets
    return series_actions.plan_series(board_id=board.pk, planner=ben, values=MONDAYS, at=NOON)


@pytest.fixture
def meeting(series) -> Meeting:
    return Meeting.objects.filter(series=series).earliest("start_at")


@pytest.fixture
def hand_in(ada, ben, board, payments, ledger):
    """Makes a change that waits for the enterprise board."""

    def make(title="Rotate the signing keys", *, at=NOON, requester=None, **fields) -> Change:
        author = requester or ada
        change = proposing.propose_change(
            requester=author, content=content(payments, ledger, title=title, **fields), at=at
        )
        flow.submit_change(change_id=change.pk, submitter=author, at=at)
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=at)
        flow.hand_to_board(change_id=change.pk, assessor=ben, at=at)
        return Change.objects.get(pk=change.pk)

    return make


@pytest.fixture
def soon() -> datetime:
    """A minute after the first meeting's start."""
    return START + timedelta(minutes=1)


def join(meeting, *people, at=START):
    for person in people:
        session.join_room(meeting_id=meeting.pk, person=person, at=at)


def vote(item, voter, choice="approve", *, at, **more):
    return session.cast_ballot(
        meeting_id=item.meeting_id, item_id=item.pk, voter=voter, choice=choice, revision=1, at=at, **more
    )


@pytest.fixture
def secretary(board):
    person = make_person("sela", Role.REQUESTER)
    Seat.objects.create(
        board=board, person=person, role=SeatRole.ADVISER, function="Secretary", term=(date(2026, 1, 1), None)
    )
    return person


@pytest.fixture
def held(meeting, hand_in, board, ada, ben, cleo, dan):
    """A meeting that decided one item by two to one with a condition, and deferred another; not yet closed."""
    for title in ("First", "Second"):
        hand_in(title)
    agenda.fill_agendas(board_id=board.pk, at=NOON)
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    join(meeting, cleo, at=START + 2 * MINUTE)
    join(meeting, dan, ada, at=START + 4 * MINUTE)
    first, second = meeting.items.order_by("position")
    room.take_item(meeting_id=meeting.pk, item_id=first.pk, chair=ben, at=START + 5 * MINUTE)
    Round.objects.filter(change=first.change_id).update(rule=_all_three(first))
    vote(first, dan, "reject", reason="The way back is too slow.", at=START + 6 * MINUTE)
    vote(first, ben, at=START + 7 * MINUTE)
    agreed.agree_action(
        meeting_id=meeting.pk, member=ben, text="Time the way back", owner=dan, due_on=date(2026, 3, 20),
        item_id=first.pk, at=START + 8 * MINUTE,
    )  # fmt: skip
    vote(first, cleo, "approve_with_conditions", conditions=["Tell support."], at=START + 14 * MINUTE)
    agenda.defer_item(
        meeting_id=meeting.pk, item_id=second.pk, chair=ben, reason="Its author is ill.", at=START + 20 * MINUTE
    )
    agreed.agree_action(
        meeting_id=meeting.pk, member=cleo, text="Book a larger room", owner=cleo, due_on=date(2026, 3, 12),
        at=START + 21 * MINUTE,
    )  # fmt: skip
    session.leave_room(meeting_id=meeting.pk, person=dan, at=START + 30 * MINUTE)
    session.leave_room(meeting_id=meeting.pk, person=cleo, at=START + 40 * MINUTE)
    return meeting


def _all_three(item):
    rule = Round.objects.get(change=item.change_id).rule
    return rule | {"quorum": rule["quorum"] | {"count": 3}}


@pytest.fixture
def closed(held, ben) -> Meeting:
    session.close_meeting(meeting_id=held.pk, chair=ben, at=END)
    return Meeting.objects.get(pk=held.pk)


@pytest.fixture
def sections(closed) -> list[MinutesSection]:
    return list(MinutesSection.objects.filter(minutes=closed.pk).order_by("position"))
