"""Windows of local time: kept as people wrote them (wall clock and IANA zone), compared as instants."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from apps.kernel.refusals import Invalid

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


def require_window(*, start_local: datetime, end_local: datetime, zone: str) -> Window:
    """Check a window as a person wrote it.

    `start_local` and `end_local` are naive wall-clock times of `zone`. Refuses unknown zones, times that the zone skips
    (spring daylight-saving gap), windows that end before they start, and windows over a year. A time that occurs twice
    (autumn) means its first occurrence for a start and its second for an end, so that the window never shrinks.
    """
    if zone not in available_timezones():
        raise Invalid(
            f"There is no time zone called “{zone[:64]}”.",
            next_step="Use an IANA name such as Europe/Berlin or UTC.",
            fields={"window_zone": ["Unknown time zone."]},
        )
    for field, moment in (("window_start", start_local), ("window_end", end_local)):
        if _is_skipped(moment, zone):
            raise Invalid(
                f"{moment:%d %B %Y %H:%M} does not exist in {zone}: the clocks go forward over it.",
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
    return Window(start_local, end_local.replace(fold=1), zone)


def _instant(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _is_skipped(moment: datetime, zone: str) -> bool:
    """A wall-clock time is skipped when going to UTC and back does not return it."""
    there = _instant(moment.replace(fold=0), zone)
    return there.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) != moment.replace(fold=0)
