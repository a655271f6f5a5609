"""Who comes to a board later, or leaves it: what their calendars show, read by another's library (ical.js)."""

from datetime import date, datetime, timedelta

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import boards
from apps.cab.models import Seat
from apps.journal.models import Entry
from apps.meetings import events
from apps.meetings.actions import inviting, planning
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting
from apps.meetings.queries.guests import days_by_person
from apps.meetings.rules.guests import Days
from apps.notify.actions.telling import set_mail_preference
from tests.conftest import NOON, make_person
from tests.meetings.conftest import MONDAYS, START
from tests.meetings.mailbox import DAY, WEEK, Guest, held, times

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


@pytest.fixture
def nina():
    return make_person("nina", Role.BOARD_MEMBER)


@pytest.fixture
def reads(nina) -> Guest:
    return Guest(nina.email, at=NOON + timedelta(hours=2))


@pytest.fixture
def dan_reads(dan) -> Guest:
    return Guest(dan.email, at=NOON + timedelta(hours=2))


@pytest.fixture
def single(board, ben, series) -> Meeting:
    values = {name: value for name, value in MONDAYS.items() if name != "rrule"}
    values |= {"start_local": datetime(2026, 3, 12, 9), "name": "Extra board"}
    return planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=NOON)


def seat(board, ben, person, *, first=TODAY, last=None, at=NOON) -> Seat:
    return boards.fill_seat(
        board_id=board.pk, appointer=ben, person=person, role="voter", first_day=first, last_day=last, at=at
    )


def delegate(board, giver, taker, first, last, *, at=NOON):
    return boards.delegate_vote(board_id=board.pk, giver=giver, taker=taker, first_day=first, last_day=last, at=at)


def by_uid(told):
    found = {one["uids"][0]: one for one in told}
    assert len(found) == len(told)  # one mail each
    return found


class TestJoining:
    def test_a_new_seat_brings_one_mail_a_series_and_one_a_single_meeting(
        self, board, ben, nina, reads, dan_reads, series, single
    ):
        first = Meeting.objects.filter(series=series).earliest("start_at")
        planning.reschedule_meeting(
            meeting_id=first.pk, person=ben, version=1, start_local=datetime(2026, 3, 10, 9), duration_minutes=60,
            at=NOON,
        )  # fmt: skip
        assert dan_reads.newest()
        seat(board, ben, nina)
        told = by_uid(reads.newest())
        assert set(told) == {f"series-{series.pk}@concordat", f"meeting-{single.pk}@concordat"}
        assert {one["method"] for one in told.values()} == {"REQUEST"}
        assert {tuple(one["attendees"]) for one in told.values()} == {(f"mailto:{nina.email}",)}
        assert times(told[f"series-{series.pk}@concordat"]) == held(series)  # with its exception
        assert told[f"series-{series.pk}@concordat"]["subject"] == "You are invited: Monday board"
        assert dan_reads.newest() == []  # nothing is new to who sat there

    def test_nothing_comes_twice(self, board, ben, nina, reads, series):
        reads.newest()  # what was planned before is told
        seat(board, ben, nina)
        assert len(reads.newest()) == 1
        entry = Entry.objects.get(event="cab.SeatFilled")
        assert inviting.follow_membership(because=entry, at=NOON) == 0
        assert reads.newest() == []

    def test_a_term_bounds_what_the_calendar_shows(self, board, ben, nina, reads, series, single):
        seat(board, ben, nina, first=date(2026, 3, 16), last=date(2026, 3, 30))
        (told,) = reads.newest()  # the single meeting is before
        assert times(told) == [one for one in held(series) if date(2026, 3, 16) <= one[0].date() <= date(2026, 3, 30)]
        assert len(told["shown"]) == 3

    def test_a_term_that_begins_in_years_is_told_from_then_on(self, board, ben, nina, reads, series):
        seat(board, ben, nina, first=date(2029, 1, 1))
        (told,) = reads.newest()
        assert told["method"] == "REQUEST"
        assert told["shown"] == []  # nothing within the quarter that is read

    def test_later_mails_are_bounded_too_and_count_on(self, board, ben, nina, reads, series):
        seat(board, ben, nina, last=date(2026, 3, 20))
        (told,) = reads.newest()
        version = type(series).objects.get(pk=series.pk).version
        series_actions.edit_series(
            series_id=series.pk, person=ben, version=version, values={"place": "Room 5"}, at=NOON
        )
        (again,) = reads.newest()
        assert again["sequences"][0] > told["sequences"][0]
        assert [one[0].date() for one in times(again)] == [date(2026, 3, 9), date(2026, 3, 16)]

    def test_a_meeting_beyond_the_term_is_not_told(self, board, ben, nina, reads, series, dan_reads):
        seat(board, ben, nina, last=date(2026, 3, 20))
        reads.newest()
        late = Meeting.objects.filter(series=series, start_at__gte=datetime(2026, 3, 28, tzinfo=NOON.tzinfo)).first()
        planning.cancel_meeting(meeting_id=late.pk, person=ben, reason="Snow.", at=NOON)
        assert reads.newest() == []

    def test_planned_and_seated_before_anybody_heard_is_one_mail(self, board, ben, nina, reads):
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=MONDAYS, at=NOON)
        seat(board, ben, nina)
        (told,) = reads.newest()
        assert times(told) == held(planned)

    def test_seated_and_planned_before_anybody_heard_is_one_mail(self, board, ben, nina, reads):
        seat(board, ben, nina)
        planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=MONDAYS, at=NOON)
        told = reads.newest()
        assert times(told[-1]) == held(planned)
        assert len(told) <= 2
        assert len({one["sequences"][0] for one in told}) == 1

    def test_who_wants_no_such_mail_gets_none(self, board, ben, nina, reads, series):
        set_mail_preference(person=nina, kind="meeting", by_mail=False)
        seat(board, ben, nina)
        assert reads.newest() == []


class TestLeaving:
    @pytest.fixture
    def seated(self, board, ben, nina, reads, series, single):
        held_seat = seat(board, ben, nina)
        return held_seat, by_uid(reads.newest())

    def test_the_end_before_the_first_meeting_takes_all_away(self, seated, ben, reads, series, single):
        boards.end_term(seat_id=seated[0].pk, person=ben, last_day=TODAY, at=NOON)
        told = by_uid(reads.newest())
        assert set(told) == set(seated[1])
        assert {one["method"] for one in told.values()} == {"CANCEL"}
        for uid, one in told.items():
            assert one["sequences"][0] > seated[1][uid]["sequences"][0]
        assert told[f"series-{series.pk}@concordat"]["subject"] == "Monday board is not in your calendar any more"

    def test_what_was_held_stays(self, seated, ben, reads, series, single):
        reads.at = at = START + WEEK + DAY
        boards.end_term(seat_id=seated[0].pk, person=ben, last_day=at.date(), at=at)
        (told,) = reads.newest()  # the single meeting is over
        assert told["method"] == "REQUEST"
        assert [one[0] for one in times(told)] == [START, START + WEEK]

    def test_who_comes_back_is_invited_with_a_higher_count(self, seated, board, ben, nina, reads, series):
        boards.end_term(seat_id=seated[0].pk, person=ben, last_day=TODAY, at=NOON)
        gone = by_uid(reads.newest())
        seat(board, ben, nina, first=TODAY + DAY, at=NOON + timedelta(hours=1))
        back = by_uid(reads.newest())
        assert {one["method"] for one in back.values()} == {"REQUEST"}
        assert all(one["sequences"][0] > gone[uid]["sequences"][0] for uid, one in back.items())
        assert times(back[f"series-{series.pk}@concordat"]) == held(series)

    def test_who_was_never_invited_hears_of_no_end(self, board, ben, nina, reads):
        past = seat(board, ben, nina, last=TODAY)
        assert reads.newest() == []
        reads.at = NOON + 3 * DAY
        series_actions.plan_series(board_id=board.pk, planner=ben, values=MONDAYS, at=NOON + 2 * DAY)
        assert reads.newest() == []
        boards.end_term(seat_id=past.pk, person=ben, last_day=TODAY, at=NOON + 2 * DAY)
        assert reads.newest() == []

    def test_a_mail_still_on_its_way_says_what_holds_when_it_goes(self, board, ben, nina, reads, series):
        held_seat = seat(board, ben, nina)
        boards.end_term(seat_id=held_seat.pk, person=ben, last_day=TODAY, at=NOON)
        assert [one["method"] for one in reads.newest()] in ([], ["CANCEL"])


class TestDelegation:
    def test_who_stands_in_sees_the_days_they_stand_in(self, board, dan, nina, reads, series, single):
        lent = delegate(board, dan, nina, date(2026, 3, 10), date(2026, 3, 17))
        told = by_uid(reads.newest())
        assert [one[0].date() for one in times(told[f"series-{series.pk}@concordat"])] == [date(2026, 3, 16)]
        assert f"meeting-{single.pk}@concordat" in told
        boards.revoke_delegation(delegation_id=lent.pk, person=dan, at=NOON)
        gone = by_uid(reads.newest())
        assert {one["method"] for one in gone.values()} == {"CANCEL"}
        assert set(gone) == set(told)

    def test_a_gap_between_two_delegations_is_left_out(self, board, dan, nina, reads, series):
        delegate(board, dan, nina, date(2026, 3, 9), date(2026, 3, 9))
        reads.newest()
        delegate(board, dan, nina, date(2026, 3, 23), date(2026, 3, 24))
        (told,) = reads.newest()
        assert [one[0].date() for one in times(told)] == [date(2026, 3, 9), date(2026, 3, 23)]

    def test_members_among_themselves_get_no_further_mail(self, board, dan, ben, dan_reads, series):
        dan_reads.newest()
        delegate(board, ben, dan, date(2026, 3, 9), date(2026, 3, 20))
        assert dan_reads.newest() == []

    def test_given_and_revoked_before_anybody_heard_brings_nothing(self, board, dan, nina, reads, series):
        lent = delegate(board, dan, nina, date(2026, 3, 10), date(2026, 3, 17))
        boards.revoke_delegation(delegation_id=lent.pk, person=dan, at=NOON)
        assert reads.newest() == []


@pytest.mark.parametrize(
    ("rrule", "start"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=9", datetime(2026, 3, 2, 14)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;UNTIL=20260420T235959", datetime(2026, 1, 7, 14)),
        ("FREQ=DAILY", datetime(2026, 3, 3, 4)),
        ("FREQ=MONTHLY;BYDAY=-1FR", datetime(2025, 12, 1, 14)),
    ],
)
@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 3, 2), None), (date(2026, 3, 20), date(2026, 4, 10)), (date(2026, 4, 1), date(2028, 5, 1))],
)
def test_every_rule_shows_just_the_days_of_the_term(board, ben, nina, reads, rrule, start, zone, first, last):
    values = MONDAYS | {"rrule": rrule, "start_local": start, "zone": zone}
    planned = series_actions.plan_series(board_id=board.pk, planner=ben, values=values, at=NOON)
    seat(board, ben, nina, first=first, last=last)
    days = days_by_person(board.pk)[nina.pk]
    expected = [one for one in held(planned) if one[0].date() in days]
    told = reads.newest()
    assert [one["method"] for one in told] == ["REQUEST"] * len(told)
    assert [one for part in told for one in times(part)] == expected
    assert len(told) == 1 or not expected


def test_days():
    third, late = date(2026, 1, 3), date(2026, 2, 1)
    days = Days.of([(date(2026, 1, 1), third), (late, late), (date(2026, 3, 9), None)])
    assert (date(2026, 1, 2) in days, third in days, late in days) == (True, False, False)
    assert (days.first, days.end, days.reach(date(2030, 1, 1))) == (date(2026, 1, 1), None, True)
    assert (Days().first, Days().end, Days().reach(date.min)) == (None, None, False)


def test_the_entry_names_what_brought_it(board, ben, nina, series):
    seat(board, ben, nina)
    because = Entry.objects.get(event="cab.SeatFilled")
    inviting.follow_membership(because=because, at=NOON)
    entry = Entry.objects.get(event=events.SeriesGuestChanged.name())
    assert entry.data == {"series_id": series.pk, "person_id": nina.pk, "because_id": because.pk}
    assert entry.actor == ben
