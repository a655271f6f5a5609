"""Which meetings there are, and what a person is to their boards."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Board, Delegation, Seat, SeatRole
from apps.cab.queries.named import boards_visible_to
from apps.kernel.refusals import NotFound
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.rules.authority import Part
from apps.meetings.states import AHEAD, OPEN_ITEMS, MeetingState
from apps.windows.rules.recurrence import Interval, occurrences

HORIZON = timedelta(days=90)  # so far ahead meetings are written down
CHECKED = timedelta(days=366)  # so far ahead two series may not meet
UNOPENED = timedelta(hours=1)  # after its end, nobody opens a meeting any more
SECRETARY = "secretary"  # the function of a seat; advisers hold it too
LEFT_OPEN = timedelta(hours=12)  # after its end, nobody is in the room any more


def part_of(person: Person, board_id: int, *, at: datetime) -> Part:
    """What the person is to the board on that day."""
    seats = list(
        Seat.objects.filter(board=board_id, person=person).filled_on(at.date()).values_list("role", "function")
    )
    lent = Delegation.objects.filter(board=board_id, to_person=person).in_force_on(at.date())
    return Part(
        is_chair=any(role == SeatRole.CHAIR for role, _ in seats),
        is_administrator=person.may(Capability.MANAGE_PEOPLE),
        is_member=bool(seats) or lent.exists(),
        is_secretary=any(function.lower() == SECRETARY for _, function in seats),
    )


def visible_meeting(pk: int, person: Person) -> Meeting:
    """The meeting with its board and series, or a refusal when there is none for this person."""
    found = Meeting.objects.visible_to(person).select_related("board", "series").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such meeting that you may see.", next_step="Go back to the list of meetings.")
    return found


def visible_series(pk: int, person: Person) -> MeetingSeries:
    """The series with its board, or a refusal when there is none for this person."""
    rows = MeetingSeries.objects.visible_to(person).select_related("board", "created_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such series that you may see.", next_step="Go back to the list of meetings.")
    return found


def listed(person: Person) -> QuerySet[Meeting]:
    """Meetings the person may see, with their boards and how many items are open on each."""
    items = Count("items", filter=Q(items__state__in=[*OPEN_ITEMS, "decided"]))
    return Meeting.objects.visible_to(person).select_related("board").annotate(on_agenda=items)


def ahead(rows: QuerySet[Meeting], *, at: datetime) -> QuerySet[Meeting]:
    """What is to come or runs now, the next first; ends before `at` are left out unless the room is open."""
    return rows.filter(Q(state__in=list(AHEAD), end_at__gt=at) | Q(state=MeetingState.IN_SESSION)).order_by("start_at")


def times_of(series: MeetingSeries, *, between: Interval) -> list[Interval]:
    """When the series meets within the range, by start."""
    return occurrences(
        rule=series.rrule,
        start_local=series.start_local,
        duration=timedelta(minutes=series.duration_minutes),
        zone=series.zone,
        between=between,
    )


@dataclass(frozen=True)
class Time:
    """One time of a series, under the names that planned times have everywhere."""

    window_start_at: datetime
    window_end_at: datetime
    window_zone: str


def next_times(series: MeetingSeries, *, at: datetime, most: int) -> list[Time]:
    """The next times of a series."""
    found = times_of(series, between=(at, at + CHECKED))[:most]
    return [Time(start, end, series.zone) for start, end in found]


def taken_times(board_id: int, *, between: Interval, but: MeetingSeries | None = None) -> list[tuple[Interval, str]]:
    """When the board meets within the range, each with its name: meetings, and what its other series will bring."""
    low, high = between
    written = Meeting.objects.filter(board=board_id, start_at__lt=high, end_at__gt=low)
    if but is not None and but.pk:
        written = written.exclude(series=but)
    taken = [((one.start_at, one.end_at), one.name) for one in written.exclude(state=MeetingState.CANCELLED)]
    others = MeetingSeries.objects.running().filter(board=board_id)
    for one in others.exclude(pk=but.pk) if but is not None and but.pk else others:
        known = _written_of(one)
        taken += [(span, one.name) for span in times_of(one, between=between) if span[0] not in known]
    return sorted(taken)


def _written_of(series: MeetingSeries) -> Collection[datetime | None]:
    return set(Meeting.objects.filter(series=series).values_list("occurrence_at", flat=True))


def due_to_lock(at: datetime) -> QuerySet[Meeting]:
    """Planned meetings whose agenda locks now."""
    return Meeting.objects.filter(state=MeetingState.PLANNED, lock_at__lte=at).order_by("lock_at")


def left_behind(at: datetime) -> QuerySet[Meeting]:
    """Meetings that nobody opened, and rooms that nobody closed, long after their end."""
    unopened = Q(state__in=list(AHEAD), end_at__lte=at - UNOPENED)
    return Meeting.objects.filter(unopened | Q(state=MeetingState.IN_SESSION, end_at__lte=at - LEFT_OPEN)).order_by(
        "pk"
    )


def next_planned(board_id: int) -> Meeting | None:
    """The board's next meeting whose agenda is still filled."""
    rows: QuerySet[Any] = Meeting.objects.filter(board=board_id, state=MeetingState.PLANNED)
    return rows.order_by(F("start_at").asc(), "pk").first()


def boards_led_by(person: Person, *, at: datetime) -> QuerySet[Board]:
    """The boards whose meetings the person may plan today."""
    rows = boards_visible_to(person).order_by("name")
    if person.may(Capability.MANAGE_PEOPLE):
        return rows
    chairs = Seat.objects.filter(person=person, role=SeatRole.CHAIR).filled_on(at.date())
    return rows.filter(pk__in=chairs.values("board"))


def chairs_of(board_id: int, *, at: datetime) -> list[Person]:
    """Who chairs the board that day."""
    seats = Seat.objects.filter(board=board_id, role=SeatRole.CHAIR).filled_on(at.date()).select_related("person")
    return [seat.person for seat in seats]


def minutes_readers(meeting: Meeting, *, at: datetime) -> list[Person]:
    """Who hears that the minutes are published: the board that day, and who was in the room."""
    seats = Seat.objects.filter(board=meeting.board_id).filled_on(at.date()).values("person")
    return list(Person.objects.filter(Q(pk__in=seats) | Q(attendances__meeting=meeting)).distinct())
