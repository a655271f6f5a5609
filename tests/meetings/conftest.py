"""A board that meets on Mondays, and changes on their way to it."""

from datetime import datetime, timedelta

import pytest

from apps.cab.actions import flow, proposing
from apps.cab.models import Change
from apps.meetings.actions import planning
from apps.meetings.models import Meeting, MeetingSeries
from tests.cab.conftest import content
from tests.conftest import NOON

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


@pytest.fixture
def mondays() -> dict:
    return dict(MONDAYS)


@pytest.fixture
def series(board, ben) -> MeetingSeries:
    type(board).objects.update(decision_hours=400)  # its rounds stay open until it meets
    return planning.plan_series(board_id=board.pk, planner=ben, values=MONDAYS, at=NOON)


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
