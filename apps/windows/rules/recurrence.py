"""RFC 5545 recurrence rules as people write them: bounded when saved, expanded over a range of instants.

The first occurrence starts at a wall-clock time of a zone; every further one at the wall-clock time the rule yields. A
start the zone skips in spring is read with the offset before the change, one that comes twice in autumn means the
first (RFC 5545, section 3.3.5). An occurrence lasts its number of elapsed minutes, whatever the clocks do meanwhile.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.parser import parse
from dateutil.rrule import rrule, rrulestr

from apps.kernel.bounded import run_bounded
from apps.kernel.refusals import Invalid

LONGEST_RULE = 500  # characters
MOST_OCCURRENCES = 4_000  # of one definition within one question: ten years of every day
HORIZON = timedelta(days=3 * 366)  # a rule that yields nothing for so long is a mistake
LOOK_AHEAD = timedelta(days=3653)  # ten years: what comes later is nobody's "next"
MOST_INTERVAL = 400  # days, weeks, months or years between two occurrences
CHECK_SECONDS, CHECK_MEGABYTES = 4.0, 256
CALENDAR_CYCLE_DAYS = 146_097  # the Gregorian calendar repeats every 400 years, weekdays included
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = (
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYSETPOS",
    "BYWEEKNO",
    "BYYEARDAY",
    "WKST",
)
Interval = tuple[datetime, datetime]  # half-open, aware, UTC


def require_rule(text: str, *, start_local: datetime) -> str:
    """The rule in canonical form (upper case, no RRULE: prefix, no spaces); empty means "once".

    Refuses what is no rule, parts and frequencies below a day, rules longer than 500 characters, rules whose first
    occurrence does not come within three years, and rules that take too long to expand: those are tried in a child.
    """
    rule = "".join(text.split()).upper().removeprefix("RRULE:")
    if not rule:
        return ""
    if len(rule) > LONGEST_RULE:
        raise _refused(f"The rule has {len(rule)} characters; at most {LONGEST_RULE} are read.")
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if len(parts) != rule.count(";") + 1:
        raise _refused("A part of the rule stands twice.")
    unknown = [name for name in parts if name not in PARTS]
    if unknown:
        raise _refused(f"“{unknown[0][:20]}” is no part of a rule here. Known are {', '.join(PARTS)}.")
    if parts.get("FREQ") not in FREQUENCIES:
        raise _refused(
            f"What comes back does so {', '.join(word.lower() for word in FREQUENCIES)}, and not more often."
        )
    _require_number(parts.get("INTERVAL", "1"), "INTERVAL", MOST_INTERVAL)
    _require_number(parts.get("COUNT", "1"), "COUNT", MOST_OCCURRENCES)
    if "Z" in parts.get("UNTIL", ""):  # the clock and the zone are written beside the rule
        raise _refused("UNTIL is a wall-clock time of the zone: leave the Z out.")
    try:
        _try_in_a_child(rule, start_local)
    except Invalid as error:
        raise _refused(error.sentence) from None
    return rule


@lru_cache(maxsize=1024)
def _try_in_a_child(rule: str, start_local: datetime) -> None:
    """Raises what the child says of it; what was found good stays good, and costs no second child."""
    run_bounded(
        "apps.windows.rules.recurrence:first_of",
        {"rule": rule, "start": start_local.isoformat()},
        seconds=CHECK_SECONDS,
        megabytes=CHECK_MEGABYTES,
        what="This rule",
    )


def _require_number(text: str, part: str, most: int) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= most):  # noqa: PLR2004  # digits
        raise _refused(f"{part} is a number from 1 to {most:,}.")


def first_of(argument: dict[str, Any]) -> str:
    """The first occurrence of a rule, ISO 8601; runs in the child. ValueError says what is wrong with the rule."""
    start = datetime.fromisoformat(argument["start"])
    try:
        first = next(iter(_parsed(argument["rule"], start)), None)
    except ValueError as error:
        raise ValueError(f"This is no rule that can be read: {error}.") from None
    if first is None or first > start + HORIZON:
        raise ValueError("This rule yields no day within three years of its start.")
    return first.isoformat()


def occurrences(
    *, rule: str, start_local: datetime, duration: timedelta, zone: str, between: Interval
) -> list[Interval]:
    """The occurrences that overlap the range, by start; `rule` has been through `require_rule`.

    At most 4,000 are given; a range that holds more is refused.
    """
    lowest, highest = between
    there = ZoneInfo(zone)
    earliest = (lowest - duration).astimezone(there).replace(tzinfo=None) - timedelta(days=1)  # clocks move by hours
    latest = highest.astimezone(there).replace(tzinfo=None) + timedelta(days=1)
    starts = (
        [start_local] if not rule else _between(_parsed(rule, _near(rule, start_local, earliest)), earliest, latest)
    )
    found = []
    for start in starts:
        start_at = start.replace(tzinfo=there, fold=0).astimezone(UTC)
        if start_at < highest and start_at + duration > lowest:
            found.append((start_at, start_at + duration))
    return found


def first_after(
    *, rule: str, start_local: datetime, duration: timedelta, zone: str, after: datetime, most: int
) -> list[Interval]:
    """The first `most` occurrences that end later than `after`, within ten years."""
    there = ZoneInfo(zone)
    earliest = (after - duration).astimezone(there).replace(tzinfo=None) - timedelta(days=1)
    latest = max(earliest, start_local) + LOOK_AHEAD
    found: list[Interval] = []
    near = _near(rule, start_local, earliest)
    for start in [start_local] if not rule else _parsed(rule, near).xafter(earliest, inc=True):
        if start > latest or len(found) == most:
            break
        start_at = start.replace(tzinfo=there, fold=0).astimezone(UTC)
        if start_at + duration > after:
            found.append((start_at, start_at + duration))
    return found


def wall_clock_of(start_at: datetime, *, start_local: datetime, zone: str) -> datetime:
    """The wall clock that a rule has for its occurrence at this instant: not what clocks show where they skip it.

    Every occurrence has the first one's time of day. What is no occurrence of the rule is as clocks show it.
    """
    there = ZoneInfo(zone)
    shown = start_at.astimezone(there).replace(tzinfo=None, fold=0)
    for day in (shown.date(), shown.date() - timedelta(days=1)):
        meant = datetime.combine(day, start_local.time())
        if meant.replace(tzinfo=there).astimezone(UTC) == start_at:
            return meant
    return shown


def is_unclear(start_at: datetime, *, start_local: datetime, zone: str) -> bool:
    """Whether clocks skip, or show twice, the time of day that the rule has for its occurrence at this instant."""
    meant = wall_clock_of(start_at, start_local=start_local, zone=zone).replace(tzinfo=ZoneInfo(zone))
    return meant.replace(fold=0).utcoffset() != meant.replace(fold=1).utcoffset()


def rule_from(rule: str, *, start_local: datetime, zone: str, first_at: datetime, until: datetime | None = None) -> str:
    """The rule as a calendar reads it whose first entry is the occurrence that starts at the instant `first_at`.

    COUNT is without those before it, UNTIL is an instant (RFC 5545, 3.3.10: "in UTC"); `until` ends it earlier.
    """
    there, parts = ZoneInfo(zone), dict(part.split("=") for part in rule.split(";"))
    if until is None and "UNTIL" in parts:
        until = parse(parts["UNTIL"]).replace(tzinfo=there)
    if until is not None:
        parts.pop("COUNT", None)
        parts["UNTIL"] = f"{until.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if "COUNT" in parts:
        first = wall_clock_of(first_at, start_local=start_local, zone=zone)
        before = sum(1 for _ in takewhile(lambda start: start < first, _parsed(rule, start_local)))
        parts["COUNT"] = str(int(parts["COUNT"]) - before)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _between(rule: rrule, earliest: datetime, latest: datetime) -> list[datetime]:
    found: list[datetime] = []
    for start in rule.xafter(earliest, inc=True):
        if start > latest:
            break
        if len(found) == MOST_OCCURRENCES:
            raise _refused(f"More than {MOST_OCCURRENCES:,} occurrences lie in this range.")
        found.append(start)
    return found


def _near(rule: str, start_local: datetime, earliest: datetime) -> datetime:
    """A later start from which the rule yields the same days from `earliest` on, so that centuries are not walked.

    Days and weeks come round after whole intervals of them; months and years with the calendar, whose 400 years are
    146,097 days and so whole weeks too. Two turns are left, for a first week that is cut off. COUNT counts from the
    true start, which is kept.
    """
    parts = dict(part.split("=") for part in rule.split(";")) if rule else {}
    if not parts or "COUNT" in parts:
        return start_local
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"], CALENDAR_CYCLE_DAYS) * int(parts.get("INTERVAL", "1"))
    turns = (earliest - start_local).days // days - 2
    return start_local + timedelta(days=days * turns) if turns > 0 else start_local


def _parsed(rule: str, start_local: datetime) -> rrule:
    parsed = rrulestr(rule, dtstart=start_local)
    if not isinstance(parsed, rrule):  # a set of rules: PARTS lets none in
        raise TypeError(rule)
    return parsed


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Write it as FREQ=WEEKLY;BYDAY=SU.", fields={"rrule": [sentence]})
