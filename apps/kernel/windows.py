"""Windows of local time: kept as people wrote them (wall clock and IANA zone), compared as instants."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from apps.kernel.refusals import Invalid
from apps.kernel.signs import moment_words

EARLIEST, LATEST = datetime(1970, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001  # wall-clock times
LONGEST_TEXT = 32  # characters of a time with seconds, fractions and an offset
_MOMENT = r"\d{1,2} [A-Z][a-z]+ \d{4} \d\d:\d\d"  # as `moment_words` says it; older sentences had a leading zero
_SAID = re.compile(rf"(?:\b({_MOMENT})( to ))?\b({_MOMENT}) UTC\b")  # a range says UTC once, at its end
LONGEST = timedelta(days=366)  # a window longer than a year is a typing error


@dataclass(frozen=True)
class Window:
    """A half-open range [start, end) of instants, with the wall clock and zone it was written in."""

    start_local: datetime
    end_local: datetime
    zone: str

    @property
    def start_at(self) -> datetime:
        """The first instant, UTC."""
        return _instant(self.start_local, self.zone)

    @property
    def end_at(self) -> datetime:
        """The first instant after the window, UTC."""
        return _instant(self.end_local, self.zone)


@cache
def zone_names() -> frozenset[str]:
    """The names of all IANA zones. Read once a process: asking the system walks through hundreds of files."""
    return frozenset(available_timezones())


def read_wall_clock(text: str) -> datetime:
    """A wall-clock time from ISO 8601, naive and to the minute; refuses an offset: the zone is written beside it."""
    try:
        moment = datetime.fromisoformat(text if len(text) <= LONGEST_TEXT else "")
    except ValueError:
        raise Invalid("This is no date and time.", next_step="Write it as 2026-03-10T22:00.") from None
    if moment.tzinfo is not None:
        raise Invalid(
            "A wall-clock time has no offset.", next_step="Leave the offset out: the zone is written beside it."
        )
    return moment.replace(second=0, microsecond=0)


def moments_in(sentence: str, zone: tzinfo) -> str:
    """The sentence, made and kept in UTC, with its moments as clocks of `zone` show them, the zone named."""
    return _SAID.sub(lambda found: _reckoned(found, zone), sentence)


def _reckoned(hit: re.Match[str], zone: tzinfo) -> str:
    try:
        moments = [datetime.strptime(f"{one}Z", "%d %B %Y %H:%M%z").astimezone(zone) for one in hit.group(1, 3) if one]
    except (ValueError, OverflowError):  # somebody's own words that only look like one
        return hit.group()
    words = [f"{moment_words(one)} {zone_word(one)}" for one in moments]
    is_one_clock = len({one.utcoffset() for one in moments}) == 1  # then a range names it once
    return " to ".join([moment_words(one) for one in moments[:-1]] + words[-1:] if is_one_clock else words)


def zone_word(moment: datetime) -> str:
    """The zone's abbreviation; zones that have none are named by their offset."""
    word = moment.tzname() or "UTC"
    return f"UTC{word}" if word[0] in "+-" else word


def require_window(*, start_local: datetime, end_local: datetime, zone: str) -> Window:
    """Check a window as a person wrote it.

    `start_local` and `end_local` are naive wall-clock times of `zone`. Refuses unknown zones, times that the zone skips
    (spring daylight-saving gap), years out of range, windows that end before they start, and windows over a year. A
    time that occurs twice (autumn) means its first occurrence for a start and its second for an end, so that the window
    never shrinks.
    """
    if zone not in zone_names():
        raise Invalid(
            f"There is no time zone called “{zone[:64]}”.",
            next_step="Use an IANA name such as Europe/Berlin or UTC.",
            fields={"window_zone": ["Unknown time zone."]},
        )
    # What a zone's rules can be asked of: going to UTC and back must stay within what a clock can show.
    start_local, end_local = start_local.replace(fold=0), end_local.replace(fold=1)
    for field, moment in (("window_start", start_local), ("window_end", end_local)):
        if not EARLIEST <= moment <= LATEST:
            raise Invalid(
                f"The year {moment.year} is out of range.",
                next_step=f"Choose a day between {EARLIEST.year} and {LATEST.year}.",
                fields={field: ["Out of range."]},
            )
        if _is_skipped(moment, zone):
            raise Invalid(
                f"{moment_words(moment)} does not exist in {zone}: the clocks go forward over it.",
                next_step="Choose a time before or after the change of clocks.",
                fields={field: ["This time is skipped by daylight saving."]},
            )
    window = Window(start_local, end_local, zone)
    if window.end_at <= window.start_at:
        raise Invalid(
            "The window ends before it starts.",
            next_step="Set an end later than the start.",
            fields={"window_end": ["Must be later than the start."]},
        )
    if window.end_at - window.start_at > LONGEST:
        raise Invalid(
            "The window is longer than a year.",
            next_step="Split the change, or correct the dates.",
            fields={"window_end": ["Must be within a year of the start."]},
        )
    return window


def _instant(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _is_skipped(moment: datetime, zone: str) -> bool:
    """A wall-clock time is skipped when going to UTC and back does not return it."""
    there = _instant(moment.replace(fold=0), zone)
    return there.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) != moment.replace(fold=0)
