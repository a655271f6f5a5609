"""Who is in the room, and whether it is quorate."""

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import Person
from apps.cab.models import Board, Delegation, Seat
from apps.cab.queries.boards import voting_seats
from apps.meetings.models import Attendance, Meeting
from apps.meetings.rules.attendance import GUEST, Chairing, Quorum, quorum


@dataclass(frozen=True)
class Presence:
    """The stays of a meeting, in the order people came, and the quorum as it stands."""

    stays: tuple[Attendance, ...]
    quorum: Quorum

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
    return Presence(stays, standing(meeting.board, present=present, at=at))


def standing(board: Board, *, present: set[int], at: datetime) -> Quorum:
    """The quorum of a room in which these people are."""
    seats = chairings(board, at)
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
