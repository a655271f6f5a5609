"""Who is in the room, and whether it is quorate."""

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import Person
from apps.cab.models import Ballot, Board, Choice, Delegation, Seat
from apps.cab.queries.boards import barred_from, voting_seats
from apps.cab.states import RoundState
from apps.meetings.models import AgendaItem, Attendance, Meeting
from apps.meetings.rules.attendance import GUEST, Came, Chairing, Line, Quorum, attendance_list, quorum


@dataclass(frozen=True)
class Presence:
    """The stays of a meeting, in the order people came, and the quorum as it stands."""

    stays: tuple[Attendance, ...]
    quorum: Quorum
    seats: tuple[Chairing, ...]

    @property
    def here(self) -> list[Attendance]:
        """Who has not left."""
        return [one for one in self.stays if one.left_at is None]

    def stay_of(self, person_id: int) -> Attendance | None:
        """The person's last stay, if any."""
        return next((one for one in reversed(self.stays) if one.person_id == person_id), None)


def presence(meeting: Meeting, *, at: datetime) -> Presence:
    """Attendance and quorum now; three queries."""
    stays = tuple(Attendance.objects.filter(meeting=meeting).select_related("person").order_by("joined_at", "pk"))
    present = {one.person_id for one in stays if one.left_at is None}
    seats = chairings(meeting.board, at)
    return Presence(stays, _standing(meeting.board, seats, present), tuple(seats))


def standing(board: Board, *, present: set[int], at: datetime) -> Quorum:
    """The quorum of a room in which these people are."""
    return _standing(board, chairings(board, at), present)


def lines_of(there: Presence, current: AgendaItem | None) -> list[Line]:
    """The compact list of who is there: one line a person. `current` is the item that is up, with its change."""
    came = [Came(one.person_id, str(one.person), one.capacity, one.joined_at, one.left_at) for one in there.stays]
    return attendance_list(came, there.seats, recused=_recused(current) if current else None)


def _recused(item: AgendaItem) -> dict[int, datetime]:
    """Who has no voice on the item: since it is up who wrote it, since their ballot who stepped aside by one.

    A board that hides its ballots until the end hides those too.
    """
    aside = dict.fromkeys(barred_from(item.change), item.taken_at) if item.taken_at else {}
    rows = Ballot.objects.filter(round__change=item.change_id, round__state=RoundState.OPEN, choice=Choice.RECUSE)
    shown = rows.exclude(round__rule__hides_ballots=True)
    return dict(shown.values_list("cast_by", "cast_at")) | aside


def _standing(board: Board, seats: list[Chairing], present: set[int]) -> Quorum:
    return quorum(seats, present=present, count=board.quorum_count, share=board.quorum_share, roles=board.quorum_roles)


def chairings(board: Board, at: datetime) -> list[Chairing]:
    """The board's seats with a vote that day, each with who may vote for its holder; two queries."""
    lent = Delegation.objects.filter(board=board).in_force_on(at.date()).values_list("from_person_id", "to_person_id")
    deputies: dict[int, set[int]] = {}
    for giver, taker in lent:
        deputies.setdefault(giver, set()).add(taker)
    return [
        Chairing(
            seat.person_id, seat.role, seat.function, frozenset(deputies.get(seat.person_id, ())), str(seat.person)
        )
        for seat in voting_seats(board.pk, at.date())
    ]


def capacity_of(person: Person, board: Board, *, at: datetime) -> str:
    """As what the person attends: their seat, whose seat they hold by delegation, or guest."""
    seat = Seat.objects.filter(board=board, person=person).filled_on(at.date()).first()
    if seat is not None:
        return f"{seat.role} for {seat.function}"[:60] if seat.function else seat.role
    lent = Delegation.objects.filter(board=board, to_person=person).in_force_on(at.date())
    one = lent.select_related("from_person").first()
    return f"for {one.from_person}"[:60] if one else GUEST
