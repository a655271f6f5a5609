"""Questions about boards, rounds and who may vote."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, DateField, Func, OuterRef, Q, QuerySet

from apps.accounts.models import Person
from apps.cab.models import (
    Ballot,
    Board,
    BoardKind,
    Change,
    CoAuthorship,
    Condition,
    Revision,
    Round,
    Seat,
    SeatRole,
)
from apps.cab.rules import voting
from apps.cab.states import RoundState
from apps.kernel.prepared import Prepared


@dataclass(frozen=True)
class Standing:
    """A round as it stands: the voices, the ballots, the quorum and, once settled, the decision."""

    voices: tuple[voting.Voice, ...]
    casts: tuple[voting.Cast, ...]
    quorum: voting.Quorum


@dataclass(frozen=True)
class OpenBallot:
    """A ballot this person may cast: for whose seat, and as what."""

    voter: Person
    seat: Seat
    is_delegated: bool


def authors_of(change: Change) -> set[int]:
    """The ids of those the change names as its own: requester, co-authors, implementer."""
    people = CoAuthorship.objects.filter(change=change).values_list("person_id", flat=True)
    return _named(change, people)


def barred_from(change: Change) -> set[int]:
    """The ids of all who may not decide this change: its authors, and who else wrote a material revision of it.

    A cluster's owner may edit without being named as co-author; whoever wrote what the board decides is an author of
    it all the same. A correction that is administrative makes nobody an author.
    """
    return _named(change, _wrote(change=change.pk))


def _named(change: Change, others: Iterable[int]) -> set[int]:
    return {one for one in {*others, change.requester_id, change.implementer_id} if one}


def voting_seats(board_id: Any, day: Any) -> QuerySet[Seat]:
    """The board's seats with a vote on `day`, with their people."""
    return (
        Seat.objects.filter(board_id=board_id)
        .filled_on(day)
        .voting()
        .select_related("person")
        .order_by("role", "person__name")
    )


@dataclass(frozen=True)
class Table:
    """Who sits at a round's table today, who of them is barred as an author, and the ballots cast so far."""

    seats: tuple[Seat, ...]
    barred: frozenset[int]
    ballots: tuple[Ballot, ...]


def table(round_: Round, change: Change, *, at: datetime) -> Table:
    """The round's table as the database has it now."""
    return Table(
        seats=tuple(_seats(board_id=round_.board_id, day=at.date())),
        barred=frozenset(_named(change, round_.wrote) if hasattr(round_, "wrote") else barred_from(change)),
        ballots=tuple(_ballots(round_id=round_.pk)),
    )


_seats = Prepared(voting_seats, board_id=BigIntegerField(), day=DateField())
_ballots = Prepared(lambda round_id: Ballot.objects.filter(round=round_id).order_by("id"), round_id=BigIntegerField())
_co_authors = CoAuthorship.objects.filter(change=OuterRef("change")).values("person_id")
_writers = Revision.objects.filter(change=OuterRef("change"), is_material=True).values("author_id")
_wrote = Prepared(
    lambda change: (
        CoAuthorship.objects.filter(change=change)
        .values_list("person_id", flat=True)
        .union(Revision.objects.filter(change=change, is_material=True).values_list("author_id", flat=True))
    ),
    change=BigIntegerField(),
)
_open_rounds = Prepared(
    lambda change: (
        Round.objects.filter(change=change, state=RoundState.OPEN)
        .select_related("board")
        .annotate(wrote=Func(ArraySubquery(_co_authors), ArraySubquery(_writers), function="array_cat"))
        .order_by("pk")
    ),
    change=BigIntegerField(),
)


def standing(round_: Round, change: Change, *, at: datetime) -> Standing:
    """Where the round's quorum stands: seats filled on the day, authors left out."""
    return standing_at(table(round_, change, at=at), round_)


def standing_at(table: Table, round_: Round) -> Standing:
    """The same from a table that has been read already."""
    voices = tuple(
        voting.Voice(seat.person_id, seat.role, seat.function)
        for seat in table.seats
        if seat.person_id not in table.barred
    )
    casts = tuple(
        voting.Cast(ballot.voter_id, ballot.choice, ballot.seat_role, ballot.seat_function) for ballot in table.ballots
    )
    # A seat that voted and was vacated since keeps its ballot and stays among those who could vote.
    seated = {voice.person_id for voice in voices}
    voices += tuple(voting.Voice(c.person_id, c.role, c.function) for c in casts if c.person_id not in seated)
    return Standing(voices, casts, voting.quorum(voting.Rule.from_data(round_.rule), voices=voices, casts=casts))


def open_round(change: Change) -> Round | None:
    """The change's open round, if any."""
    return next(iter(_open_rounds(change=change.pk)), None)


def ballots_shown_to(round_: Round, person: Person) -> QuerySet[Ballot]:
    """The ballots this person may read: all once the round is closed or the board votes openly, else their own."""
    ballots = (
        Ballot.objects.filter(round=round_)
        .select_related("voter", "cast_by")
        .prefetch_related("conditions")
        .order_by("id")
    )
    if round_.state == RoundState.OPEN and round_.rule.get("hides_ballots"):
        ballots = ballots.filter(Q(voter=person) | Q(cast_by=person))
    return ballots


def conditions_shown_to(change: Any, person: Any) -> QuerySet[Condition]:
    """The change's conditions this person may read: a condition tells whose ballot it is and how they voted."""
    open_ = Q(ballot__round__state=RoundState.OPEN, ballot__round__rule__hides_ballots=True)
    mine = Q(ballot__voter=person) | Q(ballot__cast_by=person)
    return (
        Condition.objects.filter(change=change)
        .filter(~open_ | mine)
        .select_related("ballot__voter", "closed_by")
        .order_by("id")
    )


def is_chair(person: Person, board_id: int, *, on: date) -> bool:
    """Whether the person chairs the board on that day."""
    return Seat.objects.filter(board_id=board_id, person=person, role=SeatRole.CHAIR).filled_on(on).exists()


def has_voting_seat(person: Person, board_id: int, *, on: date) -> bool:
    """Whether the person has a seat with a vote on the board that day."""
    return voting_seats(board_id, on).filter(person=person).exists()


def board_for(kind: str, cluster_id: int) -> Board | None:
    """The board of that kind. A cluster without a board of its own is decided by the enterprise board."""
    if kind == BoardKind.CLUSTER:
        own = Board.objects.filter(kind=BoardKind.CLUSTER, cluster_id=cluster_id).first()
        return own or Board.objects.filter(kind=BoardKind.ENTERPRISE).first()
    return Board.objects.filter(kind=kind).first() or Board.objects.filter(kind=BoardKind.ENTERPRISE).first()


def unvoted_seats(round_: Round, change: Change, *, at: datetime) -> list[Person]:
    """Who still has a ballot to cast in the round."""
    now = table(round_, change, at=at)
    done = now.barred | {one.voter_id for one in now.ballots}
    return [seat.person for seat in now.seats if seat.person_id not in done]


def retroactive_rounds_open(at: datetime) -> QuerySet[Round]:
    """Open rounds that decide after the fact and have somebody to remind or to tell yet."""
    unsaid = Q(reminded_at=None) | Q(escalated_at=None)
    rows = Round.objects.filter(unsaid, state=RoundState.OPEN, retroactive_at__isnull=False, closes_at__gt=at)
    return rows.order_by("closes_at")


def rounds_overdue_at(at: datetime) -> QuerySet[Round]:
    """Open rounds whose deadline has passed; while a change is on hold nobody can vote, so its deadline waits."""
    return Round.objects.filter(state=RoundState.OPEN, closes_at__lte=at, change__on_hold=False).order_by("closes_at")
