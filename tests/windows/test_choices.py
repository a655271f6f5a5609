"""How things come back: chosen without a rule, back from a rule to the choice, and said in words."""

from datetime import datetime
from itertools import islice, product

import pytest
from dateutil.rrule import rrulestr

from apps.windows.rules.choices import DAYS, Choice, Every, On, choice_of, in_words, rule_of
from apps.windows.rules.recurrence import require_rule

TUESDAY = datetime(2026, 10, 13, 10)  # wall clock; the second Tuesday of its month
LAST_OF_JANUARY = datetime(2026, 1, 31, 2, 30)
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("choice", "rule", "first_two"),
    [
        (Choice(Every.ONCE), "", []),
        (Choice(Every.DAY), "FREQ=DAILY", ["2026-10-13", "2026-10-14"]),
        (Choice(Every.WEEK), "FREQ=WEEKLY;BYDAY=TU", ["2026-10-13", "2026-10-20"]),
        (Choice(Every.WEEK, ("TH", "MO")), "FREQ=WEEKLY;BYDAY=MO,TH", ["2026-10-15", "2026-10-19"]),
        (Choice(Every.TWO_WEEKS), "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["2026-10-13", "2026-10-27"]),
        (Choice(Every.MONTH), "FREQ=MONTHLY;BYMONTHDAY=13", ["2026-10-13", "2026-11-13"]),
        (Choice(Every.MONTH, on=On.SECOND), "FREQ=MONTHLY;BYDAY=2TU", ["2026-10-13", "2026-11-10"]),
        (Choice(Every.MONTH, ("FR",), On.LAST), "FREQ=MONTHLY;BYDAY=-1FR", ["2026-10-30", "2026-11-27"]),
        (Choice(Every.MONTH, on=On.LAST_DAY), "FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-10-31", "2026-11-30"]),
        (Choice(Every.YEAR), "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=13", ["2026-10-13", "2027-10-13"]),
    ],
)
def test_a_choice_is_a_rule_that_falls_on_its_days(choice, rule, first_two):
    assert rule_of(choice, start_local=TUESDAY) == rule
    assert [f"{day:%Y-%m-%d}" for day in islice(rrulestr(rule, dtstart=TUESDAY), 2)] == first_two if rule else True


def test_every_choice_comes_back_from_its_rule_and_is_a_rule_that_is_taken():
    weekdays = [(), ("MO",), ("TU", "FR"), DAYS]
    for every, days, on, start in product(Every, weekdays, On, (TUESDAY, LAST_OF_JANUARY)):
        if every == Every.RULE:
            continue
        rule = rule_of(Choice(every, days, on), start_local=start)
        told = choice_of(rule, start_local=start)
        assert told.every == every, rule
        assert rule_of(told, start_local=start) == rule
    assert require_rule("FREQ=MONTHLY;BYDAY=-1MO,-1FR", start_local=TUESDAY)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=14",  # not the day of the first start
        "FREQ=WEEKLY;BYDAY=TU;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=1MO,2TU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=WEEKLY",
    ],
)
def test_what_no_choice_says_stays_a_rule(rule):
    assert choice_of(rule, start_local=TUESDAY) == Choice(Every.RULE, rule=rule)
    assert rule_of(Choice(Every.RULE, rule=rule), start_local=TUESDAY) == rule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "once, on 13 October 2026 at 10:00, Europe/Berlin"),
        ("FREQ=DAILY", "every day at 10:00, Europe/Berlin"),
        ("FREQ=DAILY;INTERVAL=3", "every third day at 10:00, Europe/Berlin"),
        ("FREQ=DAILY;INTERVAL=12", "every 12 days at 10:00, Europe/Berlin"),
        ("FREQ=DAILY;BYDAY=SA,SU", "every Saturday and Sunday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY", "every Tuesday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every second Tuesday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "every second week on Monday and Thursday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every Monday to Friday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every Monday, Wednesday and Friday at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;BYMONTH=3,9;BYDAY=MO", "every Monday in March and September at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY", "on the 13th of every month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,22", "on the 1st and the 22nd of every month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "on the last day of every month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "on the third last day of every month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYDAY=2TU", "on the second Tuesday of every month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "on the last Friday of every third month at 10:00, Europe/Berlin"),
        ("FREQ=MONTHLY;BYMONTH=3,6;BYDAY=1MO", "on the first Monday of March and June at 10:00, Europe/Berlin"),
        ("FREQ=YEARLY", "every year on 13 October at 10:00, Europe/Berlin"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=17", "every year on 17 May at 10:00, Europe/Berlin"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "every year on 29 February where there is one at 10:00, Europe/Berlin"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "every year on the last Monday of May at 10:00, Europe/Berlin"),
        ("FREQ=WEEKLY;COUNT=5", "every Tuesday at 10:00, Europe/Berlin, 5 times in all"),
        ("FREQ=DAILY;COUNT=1", "every day at 10:00, Europe/Berlin, once"),
        ("FREQ=WEEKLY;UNTIL=20261201", "every Tuesday at 10:00, Europe/Berlin, until 30 November 2026"),
        ("FREQ=WEEKLY;UNTIL=20261201T100000", "every Tuesday at 10:00, Europe/Berlin, until 1 December 2026"),
    ],
)  # fmt: skip
def test_a_rule_in_words(rule, words):
    assert in_words(rule, start_local=TUESDAY, zone=BERLIN) == words


def test_a_day_that_some_months_lack_is_said_to_be_left_out():
    words = in_words("FREQ=MONTHLY", start_local=LAST_OF_JANUARY, zone=BERLIN)
    assert words == "on the 31st, where there is one, of every month at 02:30, Europe/Berlin"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
        "FREQ=DAILY;BYMONTHDAY=13",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTH=3",
        "FREQ=DAILY;INTERVAL=2;BYMONTH=3",
    ],
)
def test_a_rule_without_words_is_shown_as_it_is(rule):
    assert in_words(rule, start_local=TUESDAY, zone=BERLIN) == f"{rule} at 10:00, Europe/Berlin"


def test_the_last_day_said_is_the_last_day_that_comes():
    for until in ("20261201", "20261201T095900", "20261201T100000", "20261201T235900"):
        rule = f"FREQ=DAILY;UNTIL={until}"
        last = list(rrulestr(rule, dtstart=TUESDAY))[-1]
        assert in_words(rule, start_local=TUESDAY, zone=BERLIN).endswith(f"until {last.day} {last:%B %Y}")
