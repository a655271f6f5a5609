"""Calendar items as iCalendar (RFC 5545), with the zones they are written in."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from apps.notify.feeds import CalendarItem


def render(items: Sequence[CalendarItem], *, name: str) -> bytes:
    """The feed's file. Times are in each item's own zone, described by a VTIMEZONE."""
    calendar = Calendar()
    calendar.add("prodid", "-//Concordat//Change calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for item in items:
        calendar.add_component(_event(item))
    if items:
        calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(item: CalendarItem) -> Event:
    event, zone = Event(), ZoneInfo(item.zone)
    event.add("uid", item.uid)
    event.add("sequence", item.sequence)
    event.add("dtstamp", item.changed_at.astimezone(UTC))
    event.add("last-modified", item.changed_at.astimezone(UTC))
    event.add("dtstart", item.start_at.astimezone(zone))
    event.add("dtend", item.end_at.astimezone(zone))
    event.add("summary", item.summary)
    event.add("url", item.url)
    event.add("status", "CANCELLED" if item.is_cancelled else "CONFIRMED")
    if item.description:
        event.add("description", item.description)
    return event
