"""Meetings as calendar items: in feeds, and as invitations (iTIP, RFC 5546)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Person
from apps.journal.models import Entry
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.meetings import CHECKED, times_of
from apps.meetings.states import MeetingState
from apps.notify.feeds import CalendarItem
from apps.notify.invitations import Invitation
from apps.windows.rules.recurrence import rule_from

LOOK_BACK, LOOK_AHEAD = timedelta(days=30), timedelta(days=120)
MOST_ITEMS = 1000


def calendar_items(person: Person) -> list[CalendarItem]:
    """The meetings of boards this person may know of, from a month ago to four months ahead; cancelled ones say so.

    A meeting keeps its UID when it is moved; each move and the cancellation count its SEQUENCE up.
    """
    now = timezone.now()
    rows = Meeting.objects.visible_to(person).filter(start_at__gte=now - LOOK_BACK, start_at__lt=now + LOOK_AHEAD)
    return [_item(one) for one in rows.select_related("board").order_by("start_at")[:MOST_ITEMS]]


def invitation(entry: Entry) -> Invitation | None:
    """What an entry about a meeting or a series brings to its board's calendars, as it is now.

    A series is one event that comes back; a meeting of it that differs, or is cancelled, is an exception of that event.
    """
    if "series_id" in entry.data:
        series = MeetingSeries.objects.select_related("board").get(pk=entry.data["series_id"])
        items = _series_items(series)
        return Invitation(host=series.board.name, items=items) if items else None
    meeting = Meeting.objects.select_related("board", "series").get(pk=entry.data["meeting_id"])
    item = _item(meeting) if meeting.series is None else _occurrence(meeting, meeting.series)
    return Invitation(host=meeting.board.name, items=(item,))


def _item(meeting: Meeting) -> CalendarItem:
    why = f" · Cancelled: {meeting.reason}" if meeting.reason else ""
    return CalendarItem(
        uid=f"meeting-{meeting.pk}@concordat",
        summary=meeting.name,
        start_at=meeting.start_at,
        end_at=meeting.end_at,
        zone=meeting.zone,
        url=settings.PUBLIC_URL + meeting.get_absolute_url(),
        sequence=meeting.sequence,
        changed_at=meeting.changed_at,
        description=f"{meeting.board}{why}",
        place=meeting.place,
        is_cancelled=meeting.state == MeetingState.CANCELLED,
    )


def _series_items(series: MeetingSeries) -> tuple[CalendarItem, ...]:
    """The event that comes back, and each occurrence that is another than the rule says; none if it never meets."""
    spans = times_of(series, between=(series.times_from, series.times_from + CHECKED))
    first = next((span for span in spans if span[0] > series.times_from), None)
    if first is None:
        return ()
    rows = Meeting.objects.filter(series=series, occurrence_at__gte=first[0]).select_related("board")
    meetings = list(rows.order_by("occurrence_at"))
    held = [one for one in meetings if one.state != MeetingState.CANCELLED]
    until = held[-1].occurrence_at if series.ended_at and held else None
    rule = rule_from(series.rrule, start_local=series.start_local, zone=series.zone, first_at=first[0], until=until)
    master = CalendarItem(
        uid=_uid(series),
        summary=series.name,
        start_at=first[0],
        end_at=first[1],
        zone=series.zone,
        url=settings.PUBLIC_URL + series.get_absolute_url(),
        sequence=series.version - 1,
        changed_at=series.changed_at,
        description=series.board.name,
        place=series.place,
        is_cancelled=bool(series.ended_at) and not held,
        rrule=rule,
        exdates=tuple(
            one.occurrence_at
            for one in meetings
            if one.occurrence_at
            and one.state == MeetingState.CANCELLED
            and (until is None or one.occurrence_at < until)
        ),
    )
    if master.is_cancelled:
        return (replace(master, exdates=()),)
    return (master, *(_occurrence(one, series) for one in _other_than_the_rule_says(held, series)))


def _other_than_the_rule_says(held: Sequence[Meeting], series: MeetingSeries) -> list[Meeting]:
    lasts = timedelta(minutes=series.duration_minutes)
    said = (series.name, series.place, lasts)
    return [
        one
        for one in held
        if one.start_at != one.occurrence_at or (one.name, one.place, one.end_at - one.start_at) != said
    ]


def _occurrence(meeting: Meeting, series: MeetingSeries) -> CalendarItem:
    """The meeting as an exception of its series. Both counts only grow, and so does their sum."""
    return replace(
        _item(meeting),
        uid=_uid(series),
        recurrence_at=meeting.occurrence_at,
        sequence=series.version - 1 + meeting.sequence,
    )


def _uid(series: MeetingSeries) -> str:
    return f"series-{series.pk}@concordat"
