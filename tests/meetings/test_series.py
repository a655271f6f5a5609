"""An edited series: what lies ahead follows and keeps its agenda, what somebody fixed stays, the past is left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.meetings.actions import agenda, planning
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.meetings import HORIZON, times_of
from apps.meetings.rules.series import NEAR, paired
from apps.meetings.states import MeetingState
from tests.conftest import NOON
from tests.meetings.conftest import MONDAYS, START

pytestmark = pytest.mark.django_db
TUESDAYS = {"rrule": "FREQ=WEEKLY;BYDAY=TU"}
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@pytest.fixture
def edit(series, ben):
    def make(at=NOON, person=ben, version=None, **values) -> MeetingSeries:
        now = MeetingSeries.objects.get(pk=series.pk).version
        return series_actions.edit_series(
            series_id=series.pk, person=person, version=version or now, values=values, at=at
        )

    return make


def ahead(series) -> list[Meeting]:
    return list(Meeting.objects.filter(series=series, state=MeetingState.PLANNED).order_by("start_at"))


class TestPairs:
    def test_a_time_that_stays_is_itself(self):
        days = [START + number * WEEK for number in range(4)]
        assert paired(days, [*days[::2], START - DAY]) == {one: one for one in days[::2]}

    def test_each_goes_to_the_nearest_that_is_free(self):
        assert paired([START, START + WEEK], [START + DAY, START + WEEK + DAY]) == {
            START: START + DAY,
            START + WEEK: START + WEEK + DAY,
        }
        assert paired([START, START + DAY], [START + DAY * 2]) == {START: START + DAY * 2}

    def test_of_two_as_near_it_takes_the_later_and_nothing_beyond_six_days(self):
        assert paired([START], [START - DAY, START + DAY]) == {START: START + DAY}
        assert paired([START], [START + NEAR + timedelta(minutes=1)]) == {}

    @given(st.lists(st.integers(0, 90), max_size=30).map(set), st.lists(st.integers(0, 90), max_size=30).map(set))
    def test_no_new_time_is_given_twice_and_none_lies_far(self, old, new):
        found = paired([START + DAY * one for one in old], [START + DAY * one for one in new])
        assert len(set(found.values())) == len(found)
        assert all(abs(after - before) <= NEAR for before, after in found.items())
        assert {START + DAY * one for one in old & new} <= {one for one in found if found[one] == one}


class TestEdit:
    def test_meetings_go_to_the_new_day_and_keep_their_agendas(self, series, meeting, board, hand_in, edit):
        change = hand_in()
        agenda.fill_agendas(board_id=board.pk, at=NOON)
        before = ahead(series)
        edited = edit(**TUESDAYS)
        after = ahead(series)
        assert [one.pk for one in after] == [one.pk for one in before]
        assert [one.start_at for one in after] == [one.start_at + DAY for one in before]
        assert all(one.occurrence_at == one.start_at and one.sequence == 1 for one in after)
        assert all(one.lock_at == one.start_at - timedelta(hours=2) for one in after)
        assert list(after[0].items.values_list("change", flat=True)) == [change.pk]
        assert (edited.version, edited.times_from, edited.changed_at) == (2, NOON, NOON)
        told = Entry.objects.about(series).get(event="meetings.SeriesEdited")
        assert told.data["fields"] == ["rrule"]
        assert Entry.objects.filter(event="meetings.MeetingFollowed").count() == len(after)

    def test_what_the_series_has_no_more_is_cancelled_and_comes_back_with_it(self, series, edit):
        count = len(ahead(series))
        edit(rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
        gone = Meeting.objects.filter(state=MeetingState.CANCELLED)
        assert gone.count() == count // 2
        assert {(one.series, one.reason) for one in gone} == {(None, "Its series meets at other times now.")}
        assert Entry.objects.filter(event="meetings.MeetingCancelled", data__with_series=True).count() == gone.count()
        edit(rrule="FREQ=WEEKLY;BYDAY=MO")
        assert [one.start_at for one in ahead(series)] == [one[0] for one in times_of(series, between=_next_days())]

    def test_words_alone_leave_the_times(self, series, edit):
        before = [(one.pk, one.start_at) for one in ahead(series)]
        edited = edit(name="Board of Mondays", place="Room 5", item_minutes=15, lock_minutes=60)
        after = ahead(series)
        assert [(one.pk, one.start_at) for one in after] == before
        assert {(one.name, one.place, one.item_minutes, one.sequence) for one in after} == {
            ("Board of Mondays", "Room 5", 15, 1)
        }
        assert all(one.lock_at == one.start_at - timedelta(hours=1) for one in after)
        assert edited.times_from == series.times_from

    def test_a_meeting_that_somebody_moved_keeps_its_time(self, series, meeting, ben, edit):
        by_hand = datetime(2026, 3, 10, 16, 0)
        planning.reschedule_meeting(
            meeting_id=meeting.pk, person=ben, version=1, start_local=by_hand, duration_minutes=30, at=NOON
        )
        edit(place="Room 5", **TUESDAYS)
        meeting.refresh_from_db()
        assert (meeting.start_at, meeting.end_at - meeting.start_at) == (
            datetime(2026, 3, 10, 15, 0, tzinfo=UTC),
            timedelta(minutes=30),
        )
        assert (meeting.occurrence_at, meeting.place, meeting.sequence) == (START + DAY, "Room 5", 2)
        assert Meeting.objects.filter(series=series, start_at__lt=START + WEEK).count() == 1

    def test_a_meeting_whose_agenda_is_locked_keeps_its_time(self, series, meeting, ben, edit):
        at = START - timedelta(hours=1)
        agenda.lock_agenda(meeting_id=meeting.pk, chair=ben, at=at)
        edit(at=at, **TUESDAYS)
        meeting.refresh_from_db()
        assert (meeting.state, meeting.start_at, meeting.occurrence_at) == ("agenda_locked", START, START + DAY)
        assert ahead(series)[0].start_at == START + WEEK + DAY

    def test_a_locked_meeting_that_the_series_has_no_more_is_held_by_itself(self, series, meeting, ben, edit):
        at = START - timedelta(hours=1)
        agenda.lock_agenda(meeting_id=meeting.pk, chair=ben, at=at)
        edit(at=at, rrule="FREQ=MONTHLY;BYMONTHDAY=28")
        meeting.refresh_from_db()
        assert (meeting.state, meeting.series, meeting.start_at) == ("agenda_locked", None, START)

    def test_a_meeting_that_somebody_cancelled_stays_so(self, series, meeting, ben, edit):
        planning.cancel_meeting(meeting_id=meeting.pk, person=ben, reason="A holiday.", at=NOON)
        edit(name="Board of Mondays")
        meeting.refresh_from_db()
        assert (meeting.state, meeting.reason, meeting.name) == ("cancelled", "A holiday.", "Monday board")
        assert ahead(series)[0].start_at == START + WEEK

    def test_a_new_time_over_a_moved_meeting_is_written_down_as_cancelled(self, series, meeting, ben, edit):
        second = ahead(series)[1]
        by_hand = datetime(2026, 3, 10, 14, 0)  # the Tuesday of the first
        planning.reschedule_meeting(
            meeting_id=second.pk, person=ben, version=1, start_local=by_hand, duration_minutes=60, at=NOON
        )
        edit(**TUESDAYS)
        first = Meeting.objects.get(series=series, occurrence_at=START + DAY)
        assert (first.state, first.reason) == ("cancelled", "The board already meets then: Monday board.")
        second.refresh_from_db()
        assert (second.state, second.start_at) == ("planned", START + DAY)

    def test_the_past_stays(self, series, meeting, edit):
        edit(at=START + timedelta(hours=2), **TUESDAYS)
        meeting.refresh_from_db()
        assert (meeting.start_at, meeting.sequence, meeting.state) == (START, 0, "planned")

    def test_what_says_nothing_new_writes_nothing(self, series, edit):
        before = Entry.objects.count()
        assert edit(name=MONDAYS["name"], rrule="freq=weekly;byday=mo").version == 1
        assert Entry.objects.count() == before

    @settings(
        max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
    )
    @given(
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=DAILY;INTERVAL=9"]),
        st.integers(0, 23),
        st.sampled_from([30, 60, 720]),
        st.sampled_from(["Europe/Berlin", "Pacific/Apia", "America/New_York"]),
    )
    def test_whatever_it_becomes_the_board_meets_when_the_series_says(self, edit, series, rrule, hour, minutes, zone):
        start = datetime(2026, 3, 2, hour, 15)
        edited = edit(rrule=rrule, start_local=start, duration_minutes=minutes, zone=zone)
        said = [one for one in times_of(edited, between=_next_days()) if one[0] > NOON]
        assert [(one.start_at, one.end_at) for one in ahead(series) if one.start_at < NOON + HORIZON] == said


class TestRefused:
    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"rrule": "FREQ=SECONDLY"}, "and not more often"),
            ({"rrule": " "}, "A series comes back"),
            ({"zone": "Mars/Olympus"}, "no time zone called “Mars/Olympus”"),
            ({"duration_minutes": 4}, "between 5 minutes and 12 hours"),
            ({"rrule": "FREQ=WEEKLY;COUNT=1;BYDAY=MO", "start_local": datetime(2020, 3, 9, 14)}, "within a year"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_nothing_is_kept(self, series, edit, values, sentence):
        before = list(Meeting.objects.order_by("pk").values())
        with pytest.raises(Invalid, match=sentence) as refused:
            edit(**values)
        assert refused.value.next_step
        assert list(Meeting.objects.order_by("pk").values()) == before
        assert MeetingSeries.objects.get(pk=series.pk).version == 1

    def test_an_overlap_with_another_series_of_the_board(self, series, board, ben, edit):
        other = MONDAYS | {"name": "Tuesday board", "start_local": datetime(2026, 3, 10, 14, 30), **TUESDAYS}
        series_actions.plan_series(board_id=board.pk, planner=ben, values=other, at=NOON)
        with pytest.raises(Conflict, match="already meets on 10 March 2026 at 14:00"):
            edit(**TUESDAYS)

    def test_who_does_not_lead_and_who_saw_another_version(self, series, cleo, ben, edit):
        with pytest.raises(NotAllowed, match="may change its series"):
            edit(person=cleo, **TUESDAYS)
        edit(place="Room 5")
        with pytest.raises(StaleRevision):
            edit(version=1, **TUESDAYS)

    def test_an_ended_series_and_one_that_is_none(self, series, ben, edit):
        series_actions.end_series(series_id=series.pk, person=ben, reason="A pause.", at=NOON)
        with pytest.raises(WrongState, match="has ended"):
            edit(**TUESDAYS)
        with pytest.raises(NotFound):
            series_actions.edit_series(series_id=series.pk + 1, person=ben, version=1, values=TUESDAYS, at=NOON)


def _next_days():
    return NOON, NOON + HORIZON
