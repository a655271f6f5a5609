"""Boards: founding, rules, seats with terms, and dated delegation."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.models import Board, Delegation, Seat
from apps.cab.queries import boards
from apps.cab.rules.delegation import circle
from apps.cab.rules.voting import require_roles_vote
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    StaleRevision,
    refusal_from_constraint,
    refusal_from_validation,
)

RULE_FIELDS = (
    "name",
    "purpose",
    "quorum_count",
    "quorum_share",
    "quorum_roles",
    "majority",
    "hides_ballots",
    "decision_hours",
    "allows_implement_first",
    "retroactive_hours",
)
LONGEST_DELEGATION = timedelta(days=180)


@transaction.atomic
def found_board(
    *, founder: Person, slug: str, kind: str, fields: Mapping[str, Any], cluster: Any = None, at: datetime
) -> Board:
    """Found a board with its rules (`fields` holds names from RULE_FIELDS)."""
    founder.require(Capability.MANAGE_BOARD, to="found a board")
    require_roles_vote(fields.get("quorum_roles", ()))
    board = Board(
        slug=slug, kind=kind, cluster=cluster, **{name: fields[name] for name in RULE_FIELDS if name in fields}
    )
    _save(board)
    journal.record(events.BoardFounded(board_id=board.pk), subject=board, actor=founder, at=at)
    return board


@transaction.atomic
def change_rules(*, board_id: int, person: Person, fields: Mapping[str, Any], version: int, at: datetime) -> Board:
    """Change a board's rules for the rounds that open from now on; open rounds keep theirs."""
    board = _locked(board_id)
    _require_manages(board, person, at=at)
    if version != board.version:
        raise StaleRevision("Someone else changed this board first.", next_step="Reload it and make your change again.")
    require_roles_vote(fields.get("quorum_roles", ()))
    changed = [name for name in RULE_FIELDS if name in fields and getattr(board, name) != fields[name]]
    if not changed:
        return board
    for name in changed:
        setattr(board, name, fields[name])
    board.version += 1
    _save(board)
    journal.record(events.BoardRulesChanged(board_id=board.pk, fields=changed), subject=board, actor=person, at=at)
    return board


@transaction.atomic
def fill_seat(
    *,
    board_id: int,
    appointer: Person,
    person: Person,
    role: str,
    first_day: date,
    last_day: date | None,
    at: datetime,
    function: str = "",
) -> Seat:
    """Seat a person for a term; `last_day` is inclusive, None has no end. No one seats themselves."""
    board = _locked(board_id)
    _require_manages(board, appointer, at=at)
    if appointer == person:
        raise NotAllowed("You cannot give yourself a seat.", next_step="Ask another chair or an administrator.")
    if last_day and last_day < first_day:
        raise Invalid(
            "The term ends before it starts.",
            next_step="Set a later last day.",
            fields={"last_day": ["Must not be before the first day."]},
        )
    seat = Seat(
        board=board,
        person=person,
        role=role,
        function=function,
        term=(first_day, last_day + timedelta(days=1) if last_day else None),
    )
    _save(seat)
    journal.record(
        events.SeatFilled(board_id=board.pk, seat_id=seat.pk, person_id=person.pk),
        subject=board,
        actor=appointer,
        at=at,
    )
    return seat


@transaction.atomic
def end_term(*, seat_id: int, person: Person, last_day: date, at: datetime) -> Seat:
    """End a term early; ballots cast before stand."""
    seat = Seat.objects.select_related("board").filter(pk=seat_id).first()
    if seat is None:
        raise NotFound("There is no such seat.", next_step="Open the board to see its seats.")
    board = _locked(seat.board_id)
    _require_manages(board, person, at=at)
    if last_day < seat.term.lower:
        raise Invalid(
            "The term has not begun by then.",
            next_step="Choose a later day.",
            fields={"last_day": ["Before the first day."]},
        )
    seat.term = (seat.term.lower, last_day + timedelta(days=1))
    _save(seat)
    journal.record(
        events.TermEnded(board_id=board.pk, seat_id=seat.pk, person_id=seat.person_id),
        subject=board,
        actor=person,
        at=at,
    )
    return seat


@transaction.atomic
def delegate_vote(
    *, board_id: int, giver: Person, taker: Person, first_day: date, last_day: date, at: datetime, reason: str = ""
) -> Delegation:
    """Let another person cast one's ballots on a board, first to last day inclusive, at most 180 days.

    Refused: a circle with other delegations of the same days, a giver without a seat, days that have passed.
    """
    board = _locked(board_id)  # delegations of a board take turns, so that two cannot close a circle together
    giver.require(Capability.VOTE, to="delegate a vote")
    taker.require(Capability.VOTE, to=f"delegate to {taker}: they may not vote")
    if not boards.has_voting_seat(giver, board.pk, on=max(first_day, at.date())):
        raise NotAllowed(
            "You have no vote on this board in that time.", next_step="Choose a board where you hold a seat."
        )
    if last_day < max(first_day, at.date()) or last_day - first_day > LONGEST_DELEGATION:
        raise Invalid(
            "The days must lie ahead, in order, and be at most 180.",
            next_step="Correct the days.",
            fields={"last_day": ["Out of range."]},
        )
    days = (first_day, last_day + timedelta(days=1))
    _require_no_circle(board, giver=giver, taker=taker, days=days)
    delegation = Delegation(board=board, from_person=giver, to_person=taker, days=days, reason=reason)
    _save(delegation)
    event = events.VoteDelegated(board_id=board.pk, delegation_id=delegation.pk, to_person_id=taker.pk)
    journal.record(event, subject=board, actor=giver, at=at)
    return delegation


@transaction.atomic
def revoke_delegation(*, delegation_id: int, person: Person, at: datetime) -> Delegation:
    """End a delegation now; ballots already cast stand."""
    delegation = (
        Delegation.objects.select_for_update(of=("self",)).select_related("board").filter(pk=delegation_id).first()
    )
    if delegation is None or (
        delegation.from_person_id != person.pk and not boards.is_chair(person, delegation.board_id, on=at.date())
    ):
        raise NotFound("There is no such delegation of yours.", next_step="Open the board to see its delegations.")
    if delegation.revoked_at is None:
        delegation.revoked_at = at
        delegation.save(update_fields=["revoked_at"])
        event = events.DelegationRevoked(board_id=delegation.board_id, delegation_id=delegation.pk)
        journal.record(event, subject=delegation.board, actor=person, at=at)
    return delegation


def _require_no_circle(board: Board, *, giver: Person, taker: Person, days: tuple[date, date]) -> None:
    others = Delegation.objects.filter(board=board, revoked_at__isnull=True, days__overlap=days)
    found = circle(others.values_list("from_person_id", "to_person_id"), giver=giver.pk, taker=taker.pk)
    if found and giver != taker:
        names = Person.objects.in_bulk(found)
        way = " → ".join(str(names[pk]) for pk in found)
        raise Conflict(
            f"This would close a circle of delegations: {way}.",
            next_step="Choose somebody outside the circle, or other days.",
            code="delegation_circle",
        )


def _locked(board_id: int) -> Board:
    board = Board.objects.select_for_update().filter(pk=board_id).first()
    if board is None:
        raise NotFound("There is no such board.", next_step="Go back to the list of boards.")
    return board


def _require_manages(board: Board, person: Person, *, at: datetime) -> None:
    owns = board.cluster is not None and standing(person, board.cluster).may_own
    if not (boards.is_chair(person, board.pk, on=at.date()) or owns or person.may(Capability.MANAGE_PEOPLE)):
        raise NotAllowed(f"You do not lead the {board.name}.", next_step="Ask its chair or an administrator.")


def _save(row: Board | Seat | Delegation) -> None:
    try:
        row.clean_fields()
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        raise refusal_from_validation(error) from error
    except IntegrityError as error:
        raise refusal_from_constraint(error, type(row)) from error
