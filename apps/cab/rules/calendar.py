"""The calendar's arithmetic: days of a zone as instants, rows of a lane, a window that moves. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EARLIEST_YEAR, LATEST_YEAR = 1971, 9000  # what every zone can be asked of, a day to either side included


@dataclass(frozen=True)
class Span:
    """Whole days of one zone, both ends inclusive: a week in which the clocks change has 167 or 169 hours."""

    first: date
    last: date
    zone: tzinfo

    @cached_property
    def days(self) -> list[date]:
        """Its days in order."""
        return [self.first + DAY * n for n in range((self.last - self.first).days + 1)]

    @cached_property
    def start_at(self) -> datetime:
        """Its first instant, UTC."""
        return self.midnight(self.first)

    @cached_property
    def end_at(self) -> datetime:
        """The first instant after it, UTC."""
        return self.midnight(self.last + DAY)

    @property
    def hours(self) -> float:
        """The hours that pass in it."""
        return (self.end_at - self.start_at) / timedelta(hours=1)

    def midnight(self, day: date) -> datetime:
        """The instant a day begins, UTC; where the zone skips midnight, the instant the clocks jump."""
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)

    def percent(self, at: datetime) -> float:
        """How far through the span an instant lies, 0 to 100 of elapsed time; before and after it, its ends."""
        share = (at - self.start_at) / (self.end_at - self.start_at)
        return min(max(share, 0.0), 1.0) * 100

    def days_touched(self, start_at: datetime, end_at: datetime) -> range:
        """Which of its days (counted from 0) a half-open range of instants touches."""
        first = (start_at.astimezone(self.zone).date() - self.first).days
        last = ((end_at - timedelta(microseconds=1)).astimezone(self.zone).date() - self.first).days
        return range(max(first, 0), min(last + 1, len(self.days)))


def footprint(start: float, end: float, *, least: float) -> tuple[float, float]:
    """Where something between two percentages stands when it needs `least` percent to be read; it ends by 100."""
    width = min(max(end - start, least), 100.0)
    left = min(start, 100.0 - width)
    return left, left + width


def packed(footprints: Sequence[tuple[float, float]]) -> list[int]:
    """The row of each footprint, in order of their starts: the lowest in which it covers no other."""
    free_from: list[float] = []
    rows = []
    for start, end in footprints:
        row = next((n for n, free in enumerate(free_from) if free <= start), len(free_from))
        free_from[row : row + 1] = [end]
        rows.append(row)
    return rows


def moved(*, start_at: datetime, end_at: datetime, zone: str, to: datetime) -> tuple[datetime, datetime]:
    """Start and end, on the wall clock of `zone`, of a window of the same elapsed length that starts at `to`."""
    there, to = ZoneInfo(zone), to.astimezone(UTC)  # in UTC, adding a length means hours that pass
    ends = (to + (end_at - start_at)).astimezone(there)
    return to.astimezone(there).replace(tzinfo=None, fold=0), ends.replace(tzinfo=None, fold=0)
