"""How a change leaves assessment: to a board's round, or authorized or refused by the policies in force."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_change
from apps.cab.actions.rounds import authorize, decide_afterwards, open_round_at
from apps.cab.actions.scoring import score
from apps.cab.models import Board, Change, Handover, Round
from apps.cab.models.handovers import Way
from apps.cab.queries import boards
from apps.cab.queries.standards import is_stranded, preauthorizing
from apps.cab.queries.ways import Route, route_of
from apps.cab.states import ChangeState, RetroactiveState
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Conflict, NotAllowed, WrongState


def take_if_preauthorized(change: Change, *, actor: Person, at: datetime) -> None:
    """Let a published template authorize what was just submitted. For actions that hold the change's lock.

    Anything else waits for its assessment as ever, also what a policy would refuse: that is said at the handover.
    """
    if change.template_version_id is None or preauthorizing(change, lock=True)[0] is None:
        return
    route = route_of(change, at=at)
    if route.template is not None:
        take(route, change, actor=actor, at=at)


@transaction.atomic
def recall_change(*, change_id: int, at: datetime) -> Change:
    """Take a change that rests on a suspended template back to a board, before work begins. Safe to run twice."""
    change = locked_change(change_id)
    if change.state not in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED} or not is_stranded(change):
        return change
    move_change(change, ChangeState.AWAITING_AUTHORIZATION)
    change.decided_at = None
    change.save()
    assert change.template_version is not None  # only such a change is stranded
    event = events.ChangeRecalled(change_id=change.pk, template_id=change.template_version.template_id)
    journal.record(event, subject=change, actor=None, at=at)
    take(route_of(change, at=at), change, actor=None, at=at)
    return change


@transaction.atomic
def open_round(*, change_id: int, board: Board, opener: Person, at: datetime) -> Round:
    """Open another round after one that lapsed, at the same or another board. Only a chair of that board may."""
    change = locked_change(change_id)
    is_afterwards = change.retroactive == RetroactiveState.LAPSED
    if change.state != ChangeState.AWAITING_AUTHORIZATION and not is_afterwards:
        raise WrongState(
            f"{change.reference} is not waiting for a board.", next_step="A round opens when it is handed to a board."
        )
    if not boards.is_chair(opener, board.pk, on=at.date()) and not opener.may(Capability.MANAGE_BOARD):
        raise NotAllowed("Only the chair opens another round.", next_step=f"Ask the chair of the {board.name}.")
    if boards.open_round(change):
        raise Conflict("A round is already open for this change.", next_step="Vote in it, or wait until it closes.")
    score(change, actor=opener, at=at)
    # What is done is done: a policy that would refuse it now keeps nobody from deciding about it.
    route = replace(route_of(change, at=at), way=Way.BOARD, board=board) if is_afterwards else None
    round_ = take(route or _again(change, board, at=at), change, actor=opener, at=at)
    assert round_ is not None  # a board decides again
    if is_afterwards:
        decide_afterwards(round_, change, at=at)
    return round_


def straight_to_board(change: Change, *, submitter: Person, at: datetime) -> None:
    """Hand over without an assessment an emergency, or what its model has none for, and say so in the journal.

    The caller holds the lock.

    Where no board was founded it stays submitted: the handover then says who can found one.
    """
    try:
        route = route_of(change, at=at)
    except WrongState:
        return
    event = events.AssessmentSkipped(change_id=change.pk, revision=change.revision)
    journal.record(event, subject=change, actor=submitter, at=at)
    move_change(change, ChangeState.AWAITING_AUTHORIZATION)
    take(route, change, actor=submitter, at=at)


def _again(change: Change, board: Board, *, at: datetime) -> Route:
    """The route of another round: to the board that the policies in force lead to now, else to the one given.

    What a board already had stays with a board: a policy that would approve by now asks nothing more of it.
    """
    route = route_of(change, at=at)
    if route.way == Way.REFUSE:
        raise WrongState(
            f"The policy in force refuses this change now. {route.sentence}",
            next_step="Its authors can edit it so that the policy's rule no longer applies, or cancel it.",
            code="refused_by_policy",
        )
    by_policy = route.way == Way.BOARD and (route.floor or route.own)
    return route if by_policy else replace(route, way=Way.BOARD, board=board)


def take(route: Route, change: Change, *, actor: Person | None, at: datetime) -> Round | None:
    """Take the route and keep its grounds; the round it opened, None when a policy decided.

    For actions that hold the change's lock, with the change awaiting authorization.
    """
    round_ = open_round_at(change, route=route, opener=actor, at=at) if route.way == Way.BOARD else None
    handover = Handover.objects.create(
        change=change,
        revision=change.revision,
        way=route.way,
        round=round_,
        floor=route.floor,
        own=route.own,
        template=route.template if route.way == Way.APPROVE else None,
        facts=route.facts,
        grounds=route.grounds,
        at=at,
    )
    if route.way == Way.APPROVE:
        _authorized(handover, change, at=at)
    elif route.way == Way.REFUSE:
        _refused(handover, change, at=at)
    return round_


def _authorized(handover: Handover, change: Change, *, at: datetime) -> None:
    """The house itself authorizes: no person's voice is in it, so no person is named as its actor."""
    change.decided_at, change.deadline_at = at, None
    event: Event = events.ChangeAuthorizedByPolicy(change_id=change.pk, handover_id=handover.pk)
    if (template := handover.template) is not None:
        event = events.ChangePreauthorized(
            change_id=change.pk,
            handover_id=handover.pk,
            template_id=template.template_id,
            number=template.number,
        )
    authorize(change, event, actor=None, at=at)


def _refused(handover: Handover, change: Change, *, at: datetime) -> None:
    move_change(change, ChangeState.REJECTED)
    change.decided_at, change.deadline_at = at, None
    change.save()
    event = events.ChangeRefusedByPolicy(change_id=change.pk, handover_id=handover.pk)
    journal.record(event, subject=change, actor=None, at=at)
