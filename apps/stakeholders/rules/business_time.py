"""Working time: adding it to an instant and counting it between two, by a zone's clock, weekdays and holidays. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.kernel.refusals import Invalid
from apps.kernel.windows import zone_names

MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
LONGEST_SEARCH = 3_700  # days: a calendar without a working day in ten years never opens


@dataclass(frozen=True)
class Calendar:
    """When people of a zone work: half-open hours of its wall clock, on these weekdays (0 is Monday), no holiday."""

    zone: str = "UTC"
    opens: time = time(9)
    closes: time = time(17)
    weekdays: tuple[int, ...] = MONDAY_TO_FRIDAY
    holidays: frozenset[date] = frozenset()

    @property
    def words(self) -> str:
        """As sentences say it."""
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        days = ", ".join(names[one] for one in self.weekdays)
        if self.weekdays == MONDAY_TO_FRIDAY:
            days = "Mon to Fri"
        return f"{days}, {self.opens:%H:%M} to {self.closes:%H:%M} {self.zone}"

    def hours_of(self, day: date) -> tuple[datetime, datetime] | None:
        """The working hours of a day as instants; None on a day off.

        They are told apart as instants, so a day on which the clocks change is as long as it is.
        """
        if day.weekday() not in self.weekdays or day in self.holidays:
            return None
        zone = ZoneInfo(self.zone)
        first = datetime.combine(day, self.opens, tzinfo=zone).astimezone(UTC)
        last = datetime.combine(day, self.closes, tzinfo=zone).astimezone(UTC)
        return (first, last) if first < last else None

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at that instant."""
        hours = self.hours_of(at.astimezone(ZoneInfo(self.zone)).date())
        return hours is not None and hours[0] <= at < hours[1]

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which `duration` of working time has passed since `start`.

        Nothing of a night, a weekend or a holiday counts. Where the time is up exactly at closing, that is the instant.
        """
        left = duration
        for opening, closing in self._hours_from(start):
            room = closing - max(opening, start)
            if left <= room:
                return max(opening, start) + left
            left -= room
        raise Invalid(
            "This calendar has no working time to wait for.", next_step="Give it working days that are no holidays."
        )

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`; nothing where the end is not after the start."""
        if end <= start:
            return timedelta(0)
        total = timedelta(0)
        for opening, closing in self._hours_from(start):
            if opening >= end:
                break
            total += min(closing, end) - max(opening, start)
        return total

    def _hours_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = start.astimezone(ZoneInfo(self.zone)).date()
        for ahead in range(LONGEST_SEARCH):
            hours = self.hours_of(first + timedelta(days=ahead))
            if hours and hours[1] > start:
                yield hours


def require_calendar(calendar: Calendar) -> Calendar:
    """Refuse a calendar of no zone, no day or no hour."""
    if calendar.zone not in zone_names():
        raise Invalid(
            f"There is no time zone called “{calendar.zone[:64]}”.",
            next_step="Use an IANA name such as Europe/Berlin or UTC.",
            fields={"zone": ["Unknown time zone."]},
        )
    if not calendar.weekdays or not set(calendar.weekdays) <= set(range(7)):
        raise Invalid(
            "A calendar has working days.", next_step="Name at least one weekday.", fields={"weekdays": ["None."]}
        )
    if calendar.closes <= calendar.opens:
        raise Invalid(
            "The working day ends before it begins.",
            next_step="Set an end later than the start; a night shift is two calendars.",
            fields={"closes": ["Must be later than the start."]},
        )
    return calendar
