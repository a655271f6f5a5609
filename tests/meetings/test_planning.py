"""Series and single meetings: written down, moved, cancelled; never two of a board at once."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision, WrongState
from apps.meetings.actions import planning
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting
from apps.meetings.states import MeetingState
from tests.conftest import NOON
from tests.meetings.conftest import MONDAYS, START

pytestmark = pytest.mark.django_db
SINGLE = {name: MONDAYS[name] for name in ("name", "place", "duration_minutes", "zone", "lock_minutes", "item_minutes")}


def test_a_series_writes_its_meetings_of_ninety_days_down(series):
    meetings = list(Meeting.objects.order_by("start_at"))
    assert [one.start_at for one in meetings[:2]] == [START, START + timedelta(days=7)]
    assert meetings[-1].start_at < NOON + timedelta(days=90) <= meetings[-1].start_at + timedelta(days=7)
    # The clocks went forward on 29 March: 14:00 in Berlin is an hour earlier by UTC.
    assert {one.start_at.hour for one in meetings if one.start_at.month == 4} == {12}
    assert meetings[0].lock_at == START - timedelta(hours=2)
    assert Entry.objects.filter(event="meetings.MeetingPlanned").count() == len(meetings)


def test_writing_down_twice_writes_nothing_twice(series):
    before = Meeting.objects.count()
    assert series_actions.write_down_meetings(series_id=series.pk, at=NOON) == 0
    assert series_actions.write_down_meetings(series_id=series.pk, at=NOON + timedelta(days=7)) == 1
    assert Meeting.objects.count() == before + 1


def test_an_overlapping_series_of_the_board_is_refused_with_the_first_clash_and_the_count(series, board, ben):
    values = MONDAYS | {
        "name": "Second Mondays",
        "rrule": "FREQ=MONTHLY;BYDAY=2MO",
        "start_local": datetime(2026, 3, 9, 14, 30),
    }
    with pytest.raises(Conflict) as refused:
        series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
    assert refused.value.sentence == (
        "The Enterprise board already meets on 9 March 2026 at 14:30 (Europe/Berlin), for “Monday board”, "
        "and at 11 more times within a year."
    )
    assert refused.value.code == "meetings_overlap"
    assert refused.value.next_step


def test_the_clash_is_found_beyond_what_is_written_down(series, board, ben):
    values = MONDAYS | {
        "name": "Yearly look back",
        "rrule": "FREQ=YEARLY;BYMONTH=1;BYDAY=2MO",
        "start_local": datetime(2027, 1, 11, 14),
    }
    with pytest.raises(Conflict, match="already meets on 11 January 2027"):
        series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)


def test_back_to_back_is_no_overlap(series, board, ben):
    values = MONDAYS | {"name": "After it", "start_local": datetime(2026, 3, 9, 15, 0)}
    series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
    assert Meeting.objects.filter(name="After it", state=MeetingState.PLANNED).count() == 12


def test_series_of_two_boards_do_not_meet(series, board, ben, payments):
    board.__class__.objects.create(slug="emergency", name="Emergency board", kind="emergency")
    other = board.__class__.objects.get(slug="emergency")
    other.seats.create(person=ben, role="chair", term=(NOON.date(), None))
    series_actions.plan_series(board_id=other.pk, planner=ben, values=MONDAYS, at=NOON)
    assert Meeting.objects.filter(board=other, state=MeetingState.PLANNED).count() == 12


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rrule": "FREQ=SECONDLY"}, "and not more often"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "no day within three years"),
        ({"rrule": ""}, "A series comes back"),
        ({"zone": "Mars/Olympus"}, "no time zone called “Mars/Olympus”"),
        ({"duration_minutes": 4}, "between 5 minutes and 12 hours"),
        ({"lock_minutes": 20_000}, "at most 7 days"),
        ({"item_minutes": 0}, "1 to 240 minutes"),
        (
            {"rrule": "FREQ=WEEKLY;COUNT=1;BYDAY=MO", "start_local": datetime(2020, 3, 9, 14)},
            "does not meet within a year",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(board, ben, changes, sentence):
    with pytest.raises(Invalid, match=sentence) as refused:
        series_actions.plan_series(board_id=board.pk, planner=ben, values=MONDAYS | changes, at=NOON)
    assert refused.value.next_step
    assert not Meeting.objects.exists()


def test_only_who_leads_the_board_plans(board, cleo):
    with pytest.raises(NotAllowed, match="Only the chair of the Enterprise board or an administrator may plan"):
        series_actions.plan_series(board_id=board.pk, planner=cleo, values=MONDAYS, at=NOON)


def test_ending_a_series_cancels_what_lies_ahead(series, ben):
    series_actions.end_series(series_id=series.pk, person=ben, reason="The board meets on Tuesdays now.", at=NOON)
    assert set(Meeting.objects.values_list("state", flat=True)) == {MeetingState.CANCELLED}
    assert series_actions.write_down_meetings(series_id=series.pk, at=NOON + timedelta(days=7)) == 0
    with pytest.raises(WrongState, match="has ended"):
        series_actions.end_series(series_id=series.pk, person=ben, reason="Again.", at=NOON)


def test_an_occurrence_at_which_the_board_meets_by_then_is_written_down_as_cancelled(series, board, ben):
    later = NOON + timedelta(days=100)
    clash = datetime(2026, 6, 1, 14, 30)
    series_actions.end_series(series_id=series.pk, person=ben, reason="A pause.", at=NOON)
    planning.plan_meeting(
        board_id=board.pk, planner=ben, values=SINGLE | {"name": "Extra", "start_local": clash}, at=NOON
    )
    type(series).objects.filter(pk=series.pk).update(ended_at=None)
    series_actions.write_down_meetings(series_id=series.pk, at=NOON + timedelta(days=60))
    one = Meeting.objects.get(series=series, start_at__date=clash.date(), start_at__lt=later)
    assert (one.state, one.reason) == (MeetingState.CANCELLED, "The board already meets then: Extra.")


def test_a_single_meeting_over_a_series_is_refused(series, board, ben):
    values = SINGLE | {"start_local": datetime(2026, 3, 16, 13, 30)}
    with pytest.raises(Conflict, match="already meets"):
        planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=NOON)


def test_a_meeting_in_the_past_or_in_the_gap_of_spring_is_refused(board, ben):
    for start, sentence in (
        (datetime(2026, 3, 1, 9), "starts in the future"),
        (datetime(2026, 3, 29, 2, 30), "does not exist"),
    ):
        with pytest.raises(Invalid, match=sentence):
            planning.plan_meeting(board_id=board.pk, planner=ben, values=SINGLE | {"start_local": start}, at=NOON)


def test_moving_counts_the_calendar_entry_up(meeting, ben):
    moved = planning.reschedule_meeting(
        meeting_id=meeting.pk, person=ben, version=1, start_local=datetime(2026, 3, 10, 9), duration_minutes=45, at=NOON
    )
    assert moved.start_at == datetime.fromisoformat("2026-03-10T08:00:00+00:00")
    assert (moved.sequence, moved.version) == (1, 2)
    assert moved.lock_at == moved.start_at - timedelta(hours=2)
    assert series_actions.write_down_meetings(series_id=moved.series_id, at=NOON) == 0  # it is still that occurrence
    with pytest.raises(StaleRevision):
        planning.reschedule_meeting(
            meeting_id=meeting.pk,
            person=ben,
            version=1,
            start_local=datetime(2026, 3, 11, 9),
            duration_minutes=45,
            at=NOON,
        )


def test_the_database_itself_refuses_two_at_once(meeting):
    with pytest.raises(IntegrityError, match="meeting_not_at_once"), transaction.atomic():
        Meeting.objects.create(
            board=meeting.board, name="Sneaked in", start_at=meeting.start_at, end_at=meeting.end_at, zone="UTC",
            lock_at=meeting.start_at, created_at=NOON, changed_at=NOON,
        )  # fmt: skip


def test_cancelling_says_why(meeting, ben):
    with pytest.raises(Invalid, match="Say why"):
        planning.cancel_meeting(meeting_id=meeting.pk, person=ben, reason=" ", at=NOON)
    cancelled = planning.cancel_meeting(meeting_id=meeting.pk, person=ben, reason="A holiday.", at=NOON)
    assert (cancelled.state, cancelled.sequence) == (MeetingState.CANCELLED, 1)
    with pytest.raises(WrongState):
        planning.cancel_meeting(meeting_id=meeting.pk, person=ben, reason="Again.", at=NOON)
