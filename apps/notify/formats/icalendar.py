"""Calendar items as iCalendar (RFC 5545): feeds, and invitations (iTIP, RFC 5546), with the zones they name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vRecur, vText

from apps.notify.feeds import CalendarItem

LAST_YEAR = 2037  # so far ahead the zone of an event that comes back is described
Party = tuple[str, str]  # name and mail address


def render(items: Sequence[CalendarItem], *, name: str) -> bytes:
    """The feed's file. Times are in each item's own zone, described by a VTIMEZONE."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", name)
    for item in items:
        calendar.add_component(_event(item))
    return _written(calendar)


def render_invitation(items: Sequence[CalendarItem], *, method: str, host: Party, guest: Party) -> str:
    """One iTIP message to one guest: `method` is REQUEST or CANCEL, the items share a UID.

    Nobody is asked to answer (RSVP=FALSE): a board's quorum is counted in the room.
    """
    calendar = _calendar(method)
    for item in items:
        event = _event(item)
        event.add("organizer", _address(host))
        event.add("attendee", _address(guest, role="REQ-PARTICIPANT", partstat="NEEDS-ACTION", rsvp="FALSE"))
        calendar.add_component(event)
    return _written(calendar).decode()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Concordat//Change calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _written(calendar: Calendar) -> bytes:
    events: list[Any] = calendar.walk("VEVENT")
    if events:
        starts = [event.DTSTART.year for event in events]
        last = LAST_YEAR if any("RRULE" in event for event in events) else max(starts) + 1
        # A year more on both sides: some readers overlook the first onset where further ones follow.
        calendar.add_missing_timezones(date(min(starts) - 1, 1, 1), date(max(last, max(starts) + 1), 12, 31))
        _correct_onsets(calendar)
    return bytes(calendar.to_ical())


def _address(party: Party, **params: str) -> vCalAddress:
    name, address = party
    found = vCalAddress(f"mailto:{address}")
    found.params["CN"] = vText(name.replace('"', "'"))  # a parameter has no way to say a double quote
    for param, value in params.items():
        found.params[param] = vText(value)
    return found


def _correct_onsets(calendar: Calendar) -> None:
    """Write each onset in the local time that it ends (by TZOFFSETFROM), as RFC 5545, 3.6.5, has it.

    The library writes where clocks go forward what they show afterwards: 03:00 for 02:00 in New York. A reader that
    takes the standard at its word would begin summer time an hour late. And each further onset stands on a line of its
    own: ical.js, and so Thunderbird, reads but the first of a line.
    """
    for zone in calendar.walk("VTIMEZONE"):
        onsets: list[Any] = zone.subcomponents
        for onset in onsets:
            forward = max(onset.TZOFFSETTO - onset.TZOFFSETFROM, timedelta(0))
            onset.DTSTART -= forward
            later = [moment - forward for moment in _rdates(onset)]
            onset.pop("RDATE", None)
            for moment in later:
                onset.add("RDATE", moment)


def _rdates(onset: Any) -> list[datetime]:
    told = onset.get("RDATE", [])
    return [one.dt for rows in (told if isinstance(told, list) else [told]) for one in rows.dts]


def _moment(at: datetime, zone: ZoneInfo) -> datetime:
    """The instant in its zone; in UTC in the hour that clocks show twice, whose passes readers do not tell apart."""
    local = at.astimezone(zone)
    is_clear = local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
    return local if is_clear else at.astimezone(UTC)


def _event(item: CalendarItem) -> Event:
    event, zone = Event(), ZoneInfo(item.zone)
    event.add("uid", item.uid)
    event.add("sequence", item.sequence)
    event.add("dtstamp", item.changed_at.astimezone(UTC))
    event.add("last-modified", item.changed_at.astimezone(UTC))
    if (
        item.start_local
    ):  # with DURATION: its end as wall clocks say it would come too early where clocks skip the start
        event.add("dtstart", item.start_local.replace(tzinfo=zone))
        event.add("duration", item.end_at - item.start_at)
    else:
        event.add("dtstart", _moment(item.start_at, zone))
        event.add("dtend", _moment(item.end_at, zone))
    event.add("summary", item.summary)
    event.add("url", item.url)
    event.add("status", "CANCELLED" if item.is_cancelled else "CONFIRMED")
    if item.description:
        event.add("description", item.description)
    if item.place:
        event.add("location", item.place)
    if item.rrule:
        event.add("rrule", vRecur.from_ical(item.rrule))
    if item.exdates:
        event.add("exdate", [start.replace(tzinfo=zone) for start in item.exdates])
    if item.recurrence_local:
        event.add("recurrence-id", item.recurrence_local.replace(tzinfo=zone))
    return event
