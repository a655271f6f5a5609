"""Invitations by mail (iTIP): what the board's calendars show after each mail, read by another's library (ical.js)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from apps.meetings.actions import agenda, planning
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting
from apps.meetings.queries.meetings import HORIZON, times_of
from apps.notify.actions.telling import set_mail_preference
from apps.notify.models import Notice
from tests.conftest import NOON
from tests.meetings.conftest import MONDAYS, START
from tests.meetings.mailbox import DAY, WEEK, Guest, held, times

pytestmark = pytest.mark.django_db


@pytest.fixture
def dan_reads(dan) -> Guest:
    return Guest(dan.email)


@pytest.fixture
def invited(series, dan_reads) -> dict[str, Any]:
    """What the series' own mail brought."""
    (told,) = dan_reads.newest()
    return told


@pytest.fixture
def single(board, ben) -> Meeting:
    values = {name: value for name, value in MONDAYS.items() if name != "rrule"}
    return planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=NOON)


class TestSingle:
    def test_planned_moved_and_cancelled(self, single, ben, dan_reads, settings):
        settings.DEFAULT_FROM_EMAIL = "Concordat <board@example.org>"
        (told,) = dan_reads.newest()
        assert (told["method"], told["uids"], told["sequences"]) == ("REQUEST", [f"meeting-{single.pk}@concordat"], [0])
        assert (told["organizer"], told["attendees"]) == ("mailto:board@example.org", ["mailto:dan@example.org"])
        assert times(told) == [(single.start_at, single.end_at)]
        assert told["shown"][0]["place"] == "Room 3"
        later = datetime(2026, 3, 10, 9)
        planning.reschedule_meeting(
            meeting_id=single.pk, person=ben, version=1, start_local=later, duration_minutes=30, at=NOON
        )
        (told,) = dan_reads.newest()
        assert (told["method"], told["sequences"], told["subject"]) == ("REQUEST", [1], "Monday board moved")
        assert times(told)[0] == (datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 8, 30, tzinfo=UTC))
        planning.cancel_meeting(meeting_id=single.pk, person=ben, reason="Snow.", at=NOON)
        (told,) = dan_reads.newest()
        assert (told["method"], told["sequences"], told["status"]) == ("CANCEL", [2], ["CANCELLED"])

    def test_who_planned_it_is_invited_and_finds_the_notice_read(self, single, ben):
        (told,) = Guest(ben.email).newest()
        assert told["attendees"] == ["mailto:ben@example.org"]
        assert Notice.objects.get(person=ben).read_at is not None

    def test_who_wants_no_such_mail_gets_none(self, dan, dan_reads, single):
        set_mail_preference(person=dan, kind="meeting", by_mail=False)
        assert dan_reads.newest() == []

    def test_a_name_with_quotes_and_line_ends_breaks_nothing(self, single, dan, dan_reads):
        type(dan).objects.filter(pk=dan.pk).update(name='Dan "the\r\nATTENDEE:mailto:eve@example.org" Doe; x')
        (told,) = dan_reads.newest()
        assert told["attendees"] == ["mailto:dan@example.org"]


class TestSeries:
    def test_one_mail_brings_every_meeting(self, series, invited):
        assert (invited["method"], invited["uids"]) == ("REQUEST", [f"series-{series.pk}@concordat"])
        assert times(invited) == held(series)
        assert len(invited["shown"]) == 12  # the change to summer time lies within

    def test_the_other_mails_of_members_bring_nothing(self, series, dan_reads, invited):
        assert {message.subject for message in mail.outbox} == {"Monday board is planned"}
        assert len(mail.outbox) == 3
        assert dan_reads.newest() == []

    def test_a_moved_and_a_cancelled_occurrence_are_exceptions(self, series, invited, ben, dan_reads):
        first, second = Meeting.objects.filter(series=series).order_by("start_at")[:2]
        planning.reschedule_meeting(
            meeting_id=first.pk,
            person=ben,
            version=1,
            start_local=datetime(2026, 3, 10, 9),
            duration_minutes=60,
            at=NOON,
        )
        planning.cancel_meeting(meeting_id=second.pk, person=ben, reason="Snow.", at=NOON)
        moved, gone = sorted(dan_reads.newest(), key=lambda one: one["method"], reverse=True)
        assert (moved["uids"], moved["recurrences"]) == (invited["uids"], [START.timestamp()])
        assert times(moved) == [(datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC))]
        assert (gone["method"], gone["recurrences"]) == ("CANCEL", [(START + WEEK).timestamp()])
        assert moved["sequences"] == gone["sequences"] == [1]

    def test_an_edit_brings_the_whole_series_anew(self, series, invited, ben, dan_reads):
        first, second, third = Meeting.objects.filter(series=series).order_by("start_at")[:3]
        planning.reschedule_meeting(
            meeting_id=second.pk, person=ben, version=1, start_local=datetime(2026, 3, 18, 9), duration_minutes=60,
            at=NOON,
        )  # fmt: skip
        planning.cancel_meeting(meeting_id=third.pk, person=ben, reason="Snow.", at=NOON)
        dan_reads.newest()
        edit(series, ben, rrule="FREQ=WEEKLY;BYDAY=TU", place="Room 5")
        (told,) = dan_reads.newest()
        assert (told["subject"], told["uids"][0], told["sequences"][0]) == (
            "Monday board changed",
            invited["uids"][0],
            1,
        )
        assert min(told["sequences"]) == 1
        # The third was cancelled as a Monday: as a Tuesday the series has it again.
        assert times(told) == held(series)
        assert {one["place"] for one in told["shown"]} == {"Room 5"}
        assert told["sequences"][told["recurrences"].index((START + WEEK + DAY).timestamp())] >= 2
        assert first.series_id == series.pk

    def test_a_cancelled_occurrence_stays_away_through_an_edit(self, series, invited, meeting, ben, dan_reads):
        planning.cancel_meeting(meeting_id=meeting.pk, person=ben, reason="Snow.", at=NOON)
        edit(series, ben, place="Room 5")
        assert times(dan_reads.newest()[-1]) == held(series)
        assert START not in [start for start, _ in held(series)]

    def test_a_locked_meeting_that_the_series_has_no_more_is_invited_by_itself(
        self, series, invited, meeting, ben, dan_reads
    ):
        at = START - timedelta(hours=1)
        agenda.lock_agenda(meeting_id=meeting.pk, chair=ben, at=at)
        edit(series, ben, at=at, rrule="FREQ=MONTHLY;BYMONTHDAY=28")
        told = {one["uids"][0]: one for one in dan_reads.newest()}
        alone = told.pop(f"meeting-{meeting.pk}@concordat")
        assert times(alone) == [(meeting.start_at, meeting.end_at)]
        assert times(told[f"series-{series.pk}@concordat"]) == held(series)

    def test_the_end_leaves_what_was_held(self, series, invited, ben, dan_reads):
        series_actions.end_series(series_id=series.pk, person=ben, reason="A pause.", at=START + WEEK + DAY)
        (told,) = dan_reads.newest()
        assert (told["method"], told["subject"]) == ("REQUEST", "Monday board has ended")
        assert times(told) == held(series)
        assert len(told["shown"]) == 2

    def test_the_end_before_the_first_takes_all_away(self, series, invited, ben, dan_reads):
        series_actions.end_series(series_id=series.pk, person=ben, reason="A pause.", at=NOON)
        (told,) = dan_reads.newest()
        assert (told["method"], told["uids"]) == ("CANCEL", invited["uids"])
        assert told["sequences"][0] > invited["sequences"][0]

    @pytest.mark.parametrize(
        ("rrule", "start"),
        [
            ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=30", datetime(2026, 2, 2, 14)),  # some of it lies in the past
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;UNTIL=20260430T235959", datetime(2026, 1, 7, 14)),
            ("FREQ=DAILY;UNTIL=20260420", datetime(2026, 3, 1, 4)),
            ("FREQ=MONTHLY;BYDAY=-1FR", datetime(2025, 12, 1, 14)),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2", datetime(2026, 3, 1, 14)),
            ("FREQ=MONTHLY", datetime(2026, 1, 31, 14)),
            ("FREQ=YEARLY;BYMONTH=3,4;BYMONTHDAY=15", datetime(2024, 3, 15, 14)),
        ],
    )
    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    def test_another_library_reads_the_rule_as_we_do(self, board, ben, dan_reads, rrule, start, zone):
        values = MONDAYS | {"rrule": rrule, "start_local": start, "zone": zone}
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
        (told,) = dan_reads.newest()
        assert times(told) == held(planned)
        assert told["shown"]


class TestSkippedHours:
    """A series at a time of day that clocks skip once a year, and show twice: calendars show what we hold."""

    @pytest.mark.parametrize(
        ("zone", "start"),
        [
            ("Europe/Berlin", datetime(2026, 3, 15, 2, 30)),
            ("America/New_York", datetime(2026, 3, 3, 2, 30)),
            ("Africa/Cairo", datetime(2026, 4, 12, 0, 30)),
            ("Australia/Lord_Howe", datetime(2026, 3, 8, 2, 15)),  # half an hour, in October
            ("America/Santiago", datetime(2026, 3, 8, 0, 15)),  # at midnight, in September; and one that comes twice
        ],
    )
    @pytest.mark.parametrize("rrule", ["FREQ=WEEKLY;BYDAY=SU,FR", "FREQ=DAILY;COUNT=400"])
    def test_a_year_of_it_agrees(self, board, ben, dan_reads, zone, start, rrule):
        values = MONDAYS | {"rrule": rrule, "start_local": start, "zone": zone, "duration_minutes": 60}
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
        until = NOON + timedelta(days=300)
        (told,) = dan_reads.newest(until=until)
        expected = [one for one in times_of(planned, between=(NOON, until)) if one[0] < until]
        assert times(told) == expected
        assert held(planned) == [one for one in expected if one[0] < NOON + HORIZON]
        clocks = {one[0].astimezone(ZoneInfo(zone)).strftime("%H:%M") for one in expected}
        assert len(clocks) == 2, "no hour was skipped: this tests nothing"

    @pytest.mark.parametrize("rrule", ["FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;BYDAY=SU;COUNT=3"])
    def test_the_first_of_all_may_be_skipped(self, board, ben, dan_reads, rrule):
        values = MONDAYS | {"rrule": rrule, "start_local": datetime(2026, 3, 29, 2, 30), "zone": "Europe/Berlin"}
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
        (told,) = dan_reads.newest()
        assert times(told) == held(planned)
        assert times(told)[0][0] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    def test_a_skipped_one_that_is_cancelled_or_moved(self, board, ben, dan_reads):
        values = MONDAYS | {"rrule": "FREQ=DAILY", "start_local": datetime(2026, 3, 27, 2, 30)}
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
        dan_reads.newest()
        skipped = Meeting.objects.get(series=planned, start_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
        planning.reschedule_meeting(
            meeting_id=skipped.pk, person=ben, version=1, start_local=datetime(2026, 3, 29, 9), duration_minutes=60,
            at=NOON,
        )  # fmt: skip
        (moved,) = dan_reads.newest()
        assert times(moved) == [(datetime(2026, 3, 29, 7, tzinfo=UTC), datetime(2026, 3, 29, 8, tzinfo=UTC))]
        planning.cancel_meeting(meeting_id=skipped.pk, person=ben, reason="Snow.", at=NOON)
        dan_reads.newest()
        edit(planned, ben, place="Room 5")
        assert times(dan_reads.newest()[-1]) == held(planned)


def edit(series, person, *, at=NOON, **values):
    version = type(series).objects.get(pk=series.pk).version
    return series_actions.edit_series(series_id=series.pk, person=person, version=version, values=values, at=at)
