"""Meetings as calendar items: in feeds, and as invitations (iTIP, RFC 5546)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Person
from apps.journal.models import Entry
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.guests import days_by_person, people_of, told_of, turns_of
from apps.meetings.queries.meetings import CHECKED, times_of
from apps.meetings.rules.guests import Days
from apps.meetings.states import MeetingState
from apps.notify.feeds import CalendarItem
from apps.notify.invitations import Invitation
from apps.windows.rules.recurrence import is_unclear, rule_from, wall_clock_of

LOOK_BACK, LOOK_AHEAD = timedelta(days=30), timedelta(days=120)
MOST_ITEMS = 1000
LONGEST_GAP = timedelta(hours=2)  # that clocks skip or show twice, and less than between two meetings
FAR_YEARS = 5  # a term that ends later is told as one without an end


def calendar_items(person: Person) -> list[CalendarItem]:
    """The meetings of boards this person may know of, from a month ago to four months ahead; cancelled ones say so.

    A meeting keeps its UID when it is moved; each move and the cancellation count its SEQUENCE up.
    """
    now = timezone.now()
    rows = Meeting.objects.visible_to(person).filter(start_at__gte=now - LOOK_BACK, start_at__lt=now + LOOK_AHEAD)
    return [_item(one) for one in rows.select_related("board").order_by("start_at")[:MOST_ITEMS]]


def invitation(entry: Entry, person: Person) -> Invitation | None:
    """What an entry about a meeting or a series brings to the calendar of a member of its board, as it is now.

    A series is one event that comes back; a meeting of it that differs, or is cancelled, is an exception of that event.
    Members see what lies in their days on the board (seats, delegations); what does not is cancelled for them.
    """
    if "series_id" in entry.data:
        series = MeetingSeries.objects.select_related("board").get(pk=entry.data["series_id"])
        board, items = series.board, _series_items(series, _days(person, series.board_id))
    else:
        meeting = Meeting.objects.select_related("board", "series").get(pk=entry.data["meeting_id"])
        board, item = meeting.board, _item(meeting) if meeting.series is None else _occurrence(meeting, meeting.series)
        is_there = meeting.start_at.date() in _days(person, board.pk)
        items = (replace(item, is_cancelled=item.is_cancelled or not is_there),)
    turns = turns_of(person, board.pk)
    told = (replace(one, sequence=one.sequence + turns, changed_at=max(one.changed_at, entry.at)) for one in items)
    return Invitation(host=board.name, items=tuple(told)) if items else None


def meets_with(thing: MeetingSeries | Meeting, days: Days, *, at: datetime) -> bool:
    """Whether anything of it that is not over at `at` lies in these days."""
    if isinstance(thing, Meeting):
        return thing.start_at.date() in days
    return any(one.is_there and one.end_at > at for one in _turns(thing, days, since=max(at, _since(days))))


def guests_of_series(series: MeetingSeries, *, at: datetime) -> list[Person]:
    """Who belongs to its board at one of its times to come, and who was invited to any, while they belong to it."""
    days = {pk: one for pk, one in days_by_person(series.board_id).items() if one.reach(at.date())}
    known = told_of(series, days)
    return people_of(pk for pk, one in days.items() if pk in known or meets_with(series, one, at=at))


def looks_alike(thing: MeetingSeries | Meeting, one: Days, other: Days) -> bool:
    """Whether it stands the same in the calendars of two members with these days."""
    if isinstance(thing, Meeting):
        return (thing.start_at.date() in one) is (thing.start_at.date() in other)
    return _series_items(thing, one) == _series_items(thing, other)


def _days(person: Person, board_id: int) -> Days:
    return days_by_person(board_id).get(person.pk, Days())


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


@dataclass(frozen=True)
class _Turn:
    """One time of a series: when the rule has it, when it is, and whether it takes place and concerns the member."""

    occurrence_at: datetime
    end_at: datetime
    is_there: bool


def _turns(series: MeetingSeries, days: Days, *, since: datetime) -> list[_Turn]:
    """The times of a series in the days (of a year where they do not end) and what is written down, by the rule."""
    low = max(series.times_from, since)
    spans = times_of(series, between=(low, _until(days, low) or low + CHECKED)) if series.ended_at is None else []
    turns = {start: _Turn(start, end, start.date() in days) for start, end in spans if start > series.times_from}
    for one in Meeting.objects.filter(series=series, occurrence_at__gt=series.times_from):
        if one.occurrence_at is not None:
            is_there = one.state != MeetingState.CANCELLED and one.start_at.date() in days
            turns[one.occurrence_at] = _Turn(one.occurrence_at, one.end_at, is_there)
    return sorted(turns.values(), key=lambda one: one.occurrence_at)


def _series_items(series: MeetingSeries, days: Days) -> tuple[CalendarItem, ...]:
    """The event that comes back, and each occurrence that is another than the rule says; none if it never meets.

    It begins and ends with the days; what the member will not be at within them is left out (EXDATE).
    """
    spans = times_of(series, between=(series.times_from, series.times_from + CHECKED))
    initial = next((span for span in spans if span[0] > series.times_from), None)
    if initial is None:
        return ()
    turns = _turns(series, days, since=_since(days))
    held = [one.occurrence_at for one in turns if one.is_there]
    first = held[0] if held else initial[0]
    goes_on = series.ended_at is None and _until(days, max(series.times_from, _since(days))) is None
    last = None if goes_on or not held else held[-1]
    until = last + LONGEST_GAP if last is not None and _is_unclear(series, last) else last
    rule = rule_from(series.rrule, start_local=series.start_local, zone=series.zone, first_at=first, until=until)
    master = CalendarItem(
        uid=_uid(series),
        summary=series.name,
        start_at=first,
        end_at=first + timedelta(minutes=series.duration_minutes),
        zone=series.zone,
        url=settings.PUBLIC_URL + series.get_absolute_url(),
        sequence=series.version - 1,
        changed_at=series.changed_at,
        description=series.board.name,
        place=series.place,
        is_cancelled=not held,
        rrule=rule,
        start_local=_meant(series, first),
        exdates=tuple(
            _meant(series, one.occurrence_at)
            for one in turns
            if not one.is_there and first <= one.occurrence_at and (last is None or one.occurrence_at < last)
        ),
    )
    if master.is_cancelled:
        return (replace(master, exdates=()),)
    rows = Meeting.objects.filter(series=series, occurrence_at__in=held).select_related("board")
    meetings = {one.occurrence_at: one for one in rows.order_by("occurrence_at")}
    other = [_occurrence(one, series) for one in _other_than_the_rule_says(list(meetings.values()), series)]
    unclear = [_at_its_instant(master, series, start) for start in _unclear(series, first, last, days)]
    told = {one.recurrence_local for one in other} | set(master.exdates)
    return (master, *other, *(one for one in unclear if one.recurrence_local not in told))


def _unclear(series: MeetingSeries, first: datetime, last: datetime | None, days: Days) -> list[datetime]:
    """The times of a series, for the next years, at which clocks skip its time of day, or show it twice.

    Calendars do not agree what these are (ours is what RFC 5545, 3.3.5, says): each is told by its instant.
    """
    until = first + timedelta(days=366 * FAR_YEARS) if last is None else last + timedelta(seconds=1)
    spans = times_of(series, between=(first, until))
    return [start for start, _ in spans if start.date() in days and _is_unclear(series, start)]


def _at_its_instant(master: CalendarItem, series: MeetingSeries, start: datetime) -> CalendarItem:
    return replace(
        master,
        start_at=start,
        end_at=start + timedelta(minutes=series.duration_minutes),
        rrule="",
        start_local=None,
        exdates=(),
        recurrence_local=_meant(series, start),
    )


def _meant(series: MeetingSeries, occurrence_at: datetime) -> datetime:
    return wall_clock_of(occurrence_at, start_local=series.start_local, zone=series.zone)


def _is_unclear(series: MeetingSeries, occurrence_at: datetime) -> bool:
    return is_unclear(occurrence_at, start_local=series.start_local, zone=series.zone)


def _since(days: Days) -> datetime:
    return datetime.combine(days.first or date.min, time.min, UTC)


def _until(days: Days, low: datetime) -> datetime | None:
    """The end of the days, later than `low`; None where they have none, or one so far away that none is told."""
    if days.end is None or days.end.year > low.year + FAR_YEARS:
        return None
    return max(datetime.combine(days.end, time.min, UTC), low + timedelta(seconds=1))


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
        recurrence_local=_meant(series, meeting.occurrence_at) if meeting.occurrence_at else None,
        sequence=series.version - 1 + meeting.sequence,
    )


def _uid(series: MeetingSeries) -> str:
    return f"series-{series.pk}@concordat"
