"""Recurrence rules: what is refused when saved, and what they yield over a range of instants."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.kernel.refusals import Invalid
from apps.windows.rules import intervals
from apps.windows.rules.recurrence import _near, _parsed, occurrences, require_rule

START = datetime(2026, 3, 1, 2, 30)  # a Sunday
HOURS = timedelta(hours=4)


def instant(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize("rule", ["", "FREQ=WEEKLY;BYDAY=SU", "rrule:freq=monthly; bysetpos=-1; byday=FR"])
def test_a_rule_is_kept_in_one_form(rule):
    assert require_rule(rule, start_local=START) == "".join(rule.split()).upper().removeprefix("RRULE:")


@pytest.mark.parametrize(
    "rule",
    [
        "every sunday",
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;UNTIL=20270101T000000Z",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=1000000",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;BYMONTHDAY=" + ",".join(["1"] * 300),
        "FREQ=YEARLY;UNTIL=20200101",
        "FREQ=DAILY\nEXRULE:FREQ=DAILY",
    ],
)
def test_a_rule_that_is_none_or_explodes_is_refused_with_a_sentence(rule):
    with pytest.raises(Invalid) as refused:
        require_rule(rule, start_local=START)
    assert refused.value.sentence.endswith(".")
    assert refused.value.next_step
    assert "rrule" in refused.value.fields


def test_a_window_keeps_its_wall_clock_and_its_length_over_the_change_of_clocks():
    between = (instant(2026, 3, 20), instant(2026, 4, 10))
    found = occurrences(
        rule="FREQ=WEEKLY;BYDAY=SU", start_local=START, duration=HOURS, zone="Europe/Berlin", between=between
    )
    # 29 March: 02:30 does not exist in Berlin; read with the offset before the change, as RFC 5545 says.
    assert [start for start, _ in found] == [
        instant(2026, 3, 22, 1, 30),
        instant(2026, 3, 29, 1, 30),
        instant(2026, 4, 5, 0, 30),
    ]
    assert {end - start for start, end in found} == {HOURS}


def test_an_occurrence_that_began_before_the_range_is_found():
    between = (instant(2026, 3, 8, 3), instant(2026, 3, 8, 4))
    found = occurrences(rule="FREQ=WEEKLY", start_local=START, duration=HOURS, zone="UTC", between=between)
    assert found == [(instant(2026, 3, 8, 2, 30), instant(2026, 3, 8, 6, 30))]


def test_what_happens_once_happens_once():
    found = occurrences(
        rule="", start_local=START, duration=HOURS, zone="UTC", between=(instant(2026, 1, 1), instant(2027, 1, 1))
    )
    assert found == [(instant(2026, 3, 1, 2, 30), instant(2026, 3, 1, 6, 30))]


def test_ranges_are_joined_and_taken_away():
    hour = [instant(2026, 3, 1, n) for n in range(24)]
    assert intervals.joined([(hour[3], hour[4]), (hour[1], hour[2]), (hour[2], hour[3])]) == [(hour[1], hour[4])]
    assert intervals.without([(hour[1], hour[9])], [(hour[2], hour[3]), (hour[8], hour[11])]) == [
        (hour[1], hour[2]),
        (hour[3], hour[8]),
    ]
    assert intervals.covers([(hour[1], hour[3]), (hour[3], hour[5])], (hour[2], hour[4]))
    assert not intervals.covers([(hour[1], hour[3]), (hour[4], hour[5])], (hour[2], hour[5]))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=13;BYDAY=SU",
        "FREQ=DAILY;INTERVAL=7;BYMONTH=1,2",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1SU",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=-1",
        "FREQ=DAILY;UNTIL=20990101",
        "FREQ=DAILY;COUNT=300",
    ],
)
@pytest.mark.parametrize("start", [datetime(1971, 1, 31, 3), datetime(2024, 2, 29, 23, 59)])
def test_the_way_past_centuries_is_cut_short_and_yields_the_same_days(rule, start):
    for year in (1980, 2027, 2301):
        lowest = datetime(year, 3, 1)
        near = _near(rule, start, lowest)
        walked = _parsed(rule, start).between(lowest, lowest + timedelta(days=1200), inc=True)
        assert _parsed(rule, near).between(lowest, lowest + timedelta(days=1200), inc=True) == walked


def test_a_far_range_is_answered_from_near_it():
    assert _near("FREQ=DAILY", START, datetime(6535, 4, 28)) == datetime(6535, 4, 25, 2, 30)
    assert len(
        occurrences(
            rule="FREQ=DAILY",
            start_local=START,
            duration=HOURS,
            zone="Europe/Berlin",
            between=(instant(6535, 4, 28), instant(6535, 5, 28)),
        )
    ) in (30, 31)
