"""Recurrence rules as people choose and read them: from a few choices to a rule and back, and a rule in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from dateutil.parser import parse

from apps.kernel.signs import day_words

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = tuple(f"{date(2000, month, 1):%B}" for month in range(1, 13))
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
LONGEST_FEBRUARY, SHORTEST_MONTH = 29, 28  # days
_TOLD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"}


class Every(StrEnum):
    """How often something comes back."""

    ONCE = "once"
    DAY = "daily"
    WEEK = "weekly"
    TWO_WEEKS = "fortnightly"
    MONTH = "monthly"
    YEAR = "yearly"
    RULE = "rule"  # as it is written


class On(StrEnum):
    """On which day of a month; the numbers count the weekdays that are chosen."""

    DAY = "day"  # of the first start
    FIRST = "1"
    SECOND = "2"
    THIRD = "3"
    FOURTH = "4"
    LAST = "-1"
    LAST_DAY = "last_day"


@dataclass(frozen=True)
class Choice:
    """What is chosen: `weekdays` (MO, TU …) for weeks, and for months that count them; none: that of the first start.

    `rule` is read for Every.RULE only.
    """

    every: Every
    weekdays: tuple[str, ...] = ()
    on: On = On.DAY
    rule: str = ""


def rule_of(choice: Choice, *, start_local: datetime) -> str:
    """The rule of RFC 5545 that is chosen for something that first starts then; empty means "once"."""
    days = [day for day in DAYS if day in choice.weekdays] or [DAYS[start_local.weekday()]]
    by_day = ",".join(days)
    if choice.every == Every.MONTH and choice.on in {On.DAY, On.LAST_DAY}:
        return f"FREQ=MONTHLY;BYMONTHDAY={start_local.day if choice.on == On.DAY else -1}"
    return {
        Every.ONCE: "",
        Every.DAY: "FREQ=DAILY",
        Every.WEEK: f"FREQ=WEEKLY;BYDAY={by_day}",
        Every.TWO_WEEKS: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={by_day}",
        Every.MONTH: "FREQ=MONTHLY;BYDAY=" + ",".join(f"{choice.on}{day}" for day in days),
        Every.YEAR: f"FREQ=YEARLY;BYMONTH={start_local.month};BYMONTHDAY={start_local.day}",
        Every.RULE: choice.rule,
    }[choice.every]


def choice_of(rule: str, *, start_local: datetime) -> Choice:
    """The choice that says exactly this rule; Every.RULE where none does."""
    parts = _parts(rule)
    days = parts.get("BYDAY", "").split(",") if parts.get("BYDAY") else []
    plain = tuple(day for day in days if day in DAYS)
    counted = {day[:-2] for day in days}
    on = next((one for one in On if counted == {one.value}), On.DAY)
    tried = [
        *(Choice(every, plain) for every in (Every.ONCE, Every.DAY, Every.WEEK, Every.TWO_WEEKS, Every.YEAR)),
        *(Choice(Every.MONTH, on=one) for one in (On.DAY, On.LAST_DAY)),
        Choice(Every.MONTH, tuple(day[-2:] for day in days), on),
    ]
    said = (one for one in tried if rule_of(one, start_local=start_local) == rule)
    return next(said, Choice(Every.RULE, rule=rule))


def in_words(rule: str, *, start_local: datetime, zone: str) -> str:
    """The rule as a person says it: "every second Tuesday at 10:00, Europe/Berlin"; as it is where no words are known.

    `rule` has been through `require_rule`; empty means "once".
    """
    clock = f"at {start_local:%H:%M}, {zone}"
    if not rule:
        return f"once, on {day_words(start_local)} {clock}"
    words = _days_in_words(_parts(rule), start_local)
    if not words:
        return f"{rule} {clock}"
    return f"{words} {clock}{_end_in_words(_parts(rule), start_local)}"


def _parts(rule: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in rule.split(";")) if rule else {}


def _days_in_words(parts: dict[str, str], start: datetime) -> str:
    """Which days they are; empty where no words are known."""
    if set(parts) - _TOLD or parts.get("WKST", "MO") != "MO":
        return ""
    every = int(parts.get("INTERVAL", "1"))
    months = [int(month) for month in parts.get("BYMONTH", "").split(",") if month]
    told = {"YEARLY": _years_in_words, "MONTHLY": _months_in_words}.get(parts["FREQ"], _short_in_words)
    return told(parts, months, every, start)


def _short_in_words(parts: dict[str, str], months: list[int], every: int, start: datetime) -> str:
    """Days and weeks."""
    asked = parts["BYDAY"].split(",") if parts.get("BYDAY") else []
    days = [day for day in DAYS if day in asked]
    is_daily = parts["FREQ"] == "DAILY"
    if "BYMONTHDAY" in parts or len(days) != len(asked) or (every > 1 and (months or (is_daily and days))):
        return ""
    within = f" in {_listed([MONTH_NAMES[month - 1] for month in months])}" if months else ""
    if is_daily and not days:
        return _each(every, "day") + within
    return _weeks_in_words(days or [DAYS[start.weekday()]], every) + within


def _weeks_in_words(days: list[str], every: int) -> str:
    named = _listed([DAY_NAMES[DAYS.index(day)] for day in days])
    if every == 1:
        return {tuple(DAYS): "every day", DAYS[:5]: "every Monday to Friday"}.get(tuple(days), f"every {named}")
    return _each(every, named) if len(days) == 1 and every <= len(ORDINALS) else f"{_each(every, 'week')} on {named}"


def _months_in_words(parts: dict[str, str], months: list[int], every: int, start: datetime) -> str:
    days = _of_month(parts, start)
    if not days or (months and every > 1):
        return ""
    return f"on {days} of {_listed([MONTH_NAMES[month - 1] for month in months]) if months else _each(every, 'month')}"


def _years_in_words(parts: dict[str, str], months: list[int], every: int, start: datetime) -> str:
    if "BYDAY" not in parts and "BYMONTHDAY" not in parts:
        parts = {**parts, "BYMONTHDAY": str(start.day)}
        months = months or [start.month]
    if len(months) != 1:  # without a month, days are counted over all the months, or in the year
        return ""
    month = MONTH_NAMES[months[0] - 1]
    if parts.get("BYMONTHDAY", "").isdigit() and "BYDAY" not in parts:
        day = int(parts["BYMONTHDAY"])
        leap = " where there is one" if (day, months[0]) == (LONGEST_FEBRUARY, 2) else ""
        return f"{_each(every, 'year')} on {day} {month}{leap}"
    days = _of_month(parts, start)
    return f"{_each(every, 'year')} on {days} of {month}" if days else ""


def _of_month(parts: dict[str, str], start: datetime) -> str:
    """Which days of a month: "the second Tuesday", "the 1st and the 15th", "the last day"."""
    by_day, by_number = parts.get("BYDAY", ""), parts.get("BYMONTHDAY", "")
    if by_day and by_number:
        return ""
    if not by_day:
        return _listed([_numbered(int(day)) for day in (by_number or str(start.day)).split(",")])
    told = []
    for day in by_day.split(","):
        count = day[:-2].lstrip("+")
        if count not in {"1", "2", "3", "4", "5", "-1"}:
            return ""
        place = "last" if count == "-1" else ORDINALS[int(count) - 1]
        told.append(f"the {place} {DAY_NAMES[DAYS.index(day[-2:])]}")
    return _listed(told)


def _numbered(day: int) -> str:
    if day < 0:
        return "the last day" if day == -1 else f"the {_ordinal(-day)} last day"
    ending = "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"the {day}{ending}" + (", where there is one," if day > SHORTEST_MONTH else "")


def _end_in_words(parts: dict[str, str], start: datetime) -> str:
    if "COUNT" in parts:
        return ", once" if parts["COUNT"] == "1" else f", {int(parts['COUNT']):,} times in all"
    if "UNTIL" not in parts:
        return ""
    until = parse(parts["UNTIL"])
    last = until.date() if start.time() <= until.time() else until.date() - timedelta(days=1)
    return f", until {day_words(last)}"


def _each(every: int, what: str) -> str:
    """Every day, every second day, every 12 days."""
    if every == 1:
        return f"every {what}"
    return f"every {ORDINALS[every - 1]} {what}" if every <= len(ORDINALS) else f"every {every} {what}s"


def _ordinal(number: int) -> str:
    return ORDINALS[number - 1] if number <= len(ORDINALS) else f"{number}th"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
