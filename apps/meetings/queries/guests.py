"""Who is invited to the meetings of a board: seats for their terms, delegations for their days."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet

from apps.accounts.models import Person
from apps.cab import events as cab
from apps.cab.models import Board, Delegation, Seat
from apps.journal.models import Entry
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.rules.guests import Days, Range
from apps.meetings.states import AHEAD
from apps.notify.models import Notice
from apps.notify.states import SendingState

MEMBERSHIP = (cab.SeatFilled, cab.TermEnded, cab.VoteDelegated, cab.DelegationRevoked)


def days_by_person(board_id: int) -> dict[int, Days]:
    """The days of everyone who ever belonged to the board."""
    seats = Seat.objects.filter(board=board_id)
    return _read(seats, Delegation.objects.filter(board=board_id, revoked_at__isnull=True))


def days_before(person_id: int, entry: Entry) -> Days | None:
    """The person's days as they would be without what the entry says; None where that cannot be told any more."""
    board, seat, lent = entry.data["board_id"], entry.data.get("seat_id"), entry.data.get("delegation_id")
    if entry.event == cab.TermEnded.name():
        return None
    seats = Seat.objects.filter(board=board, person=person_id).exclude(pk=seat)
    own = Delegation.objects.filter(board=board, to_person=person_id)
    standing = own.filter(revoked_at__isnull=True).exclude(pk=lent)
    is_over = entry.event == cab.DelegationRevoked.name()
    return _read(seats, standing | own.filter(pk=lent) if is_over else standing).get(person_id, Days())


def whose_days(entry: Entry) -> int:
    """The person whose days on the board the entry changed."""
    if entry.event == cab.DelegationRevoked.name():
        return Delegation.objects.get(pk=entry.data["delegation_id"]).to_person_id
    return int(entry.data.get("person_id") or entry.data["to_person_id"])


def _read(seats: QuerySet[Seat], delegations: QuerySet[Delegation]) -> dict[int, Days]:
    found: dict[int, list[Range]] = defaultdict(list)
    for person_id, span in [*seats.values_list("person", "term"), *delegations.values_list("to_person", "days")]:
        found[person_id].append((span.lower or date.min, span.upper))
    return {pk: Days.of(ranges) for pk, ranges in found.items()}


def turns_of(person: Person, board_id: int) -> int:
    """How often the person's days on the board were decided anew; only grows, as a SEQUENCE must (RFC 5546, 2.1.4)."""
    lent = Delegation.objects.filter(board=board_id, to_person=person).values_list("pk", flat=True)
    mine = Q(data__person_id=person.pk) | Q(data__to_person_id=person.pk) | Q(data__delegation_id__in=list(lent))
    names = [event.name() for event in MEMBERSHIP]
    return Entry.objects.about(Board(pk=board_id)).filter(mine, event__in=names).count()


def guests_of(meeting: Meeting, *, at: datetime) -> list[Person]:
    """Who belongs to its board then; one that was moved also concerns who was invited to it before, or belongs then."""
    was_on = {one.date() for one in (meeting.start_at, meeting.occurrence_at) if one is not None}
    days = {pk: one for pk, one in days_by_person(meeting.board_id).items() if one.reach(at.date())}
    known = set() if meeting.occurrence_at else told_of(meeting, days)
    return people_of(pk for pk, one in days.items() if pk in known or any(day in one for day in was_on))


def told_of(subject: Meeting | MeetingSeries, people: Iterable[int]) -> set[int]:
    """Those of the people who have a notice about it, and so whose calendar may hold it."""
    entries = Entry.objects.about(subject).filter(event__startswith="meetings.").values("pk")
    rows = Notice.objects.filter(kind="meeting", person__in=list(people), entry__in=entries)
    return set(rows.values_list("person", flat=True))


def hears_anyway(subject: Meeting | MeetingSeries, person_id: int) -> bool:
    """Whether a mail about it still waits in line for the person: it will say how things stand when it goes."""
    rows = Notice.objects.filter(person=person_id, entry__in=Entry.objects.about(subject).values("pk"))
    return rows.filter(mail__state=SendingState.WAITING, mail__attempts=0).exists()


def series_ahead(board_id: int, *, at: datetime) -> list[MeetingSeries]:
    """The series of a board that still meet: running ones, and ended ones that left a meeting ahead."""
    left = Meeting.objects.filter(state__in=AHEAD, end_at__gt=at, series__isnull=False).values("series")
    rows = MeetingSeries.objects.filter(Q(ended_at__isnull=True) | Q(pk__in=left), board=board_id)
    return list(rows.select_related("board").order_by("pk"))


def single_ahead(board_id: int, *, at: datetime) -> list[Meeting]:
    """The meetings of a board that belong to no series and still lie ahead, the next first."""
    rows = Meeting.objects.filter(board=board_id, series=None, state__in=AHEAD, end_at__gt=at)
    return list(rows.select_related("board").order_by("start_at"))


def people_of(ids: Iterable[int]) -> list[Person]:
    """Those of them who are still active."""
    return list(Person.objects.filter(pk__in=list(ids), is_active=True).order_by("pk"))
