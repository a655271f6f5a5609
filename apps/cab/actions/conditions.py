"""Conditions of an approval, tracked to closure."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_condition
from apps.cab.actions.rounds import schedule_if_ready
from apps.cab.models import Change, Condition
from apps.cab.queries import boards
from apps.cab.states import ConditionState, RoundState
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, WrongState


@transaction.atomic
def offer_evidence(*, condition_id: int, author: Person, evidence: str, at: datetime) -> Condition:
    """Say how a condition has been met; a member of the board confirms it."""
    condition, change = _locked(condition_id)
    if author.pk not in boards.authors_of(change):
        raise NotAllowed(
            "Only the authors offer evidence.", next_step="If you sit on the board, confirm the condition."
        )
    if condition.state != ConditionState.OPEN:
        raise WrongState("This condition is closed.", next_step="Nothing needs to be done.")
    if not evidence.strip():
        raise Invalid(
            "Say how it has been met.", next_step="Write a sentence or a link.", fields={"evidence": ["Missing."]}
        )
    condition.evidence = evidence.strip()
    condition.save(update_fields=["evidence"])
    journal.record(
        events.EvidenceOffered(change_id=change.pk, condition_id=condition.pk), subject=change, actor=author, at=at
    )
    return condition


@transaction.atomic
def confirm_condition(*, condition_id: int, member: Person, at: datetime) -> Condition:
    """Close a condition as met. When it was the last one, the change is scheduled."""
    condition, change = _locked(condition_id)
    _require_seat(condition, change, member, at=at)
    if not condition.evidence:
        raise WrongState(
            "There is no evidence yet.", next_step="Ask the authors to say how it was met, or let the chair waive it."
        )
    return _close(
        condition,
        change,
        ConditionState.MET,
        events.ConditionMet(change_id=change.pk, condition_id=condition.pk),
        member,
        at,
    )


@transaction.atomic
def waive_condition(*, condition_id: int, chair: Person, reason: str, at: datetime) -> Condition:
    """Close a condition without it being met. Only the board's chair may, with a reason."""
    condition, change = _locked(condition_id)
    _require_seat(condition, change, chair, at=at)
    if not boards.is_chair(chair, condition.ballot.round.board_id, on=at.date()):
        raise NotAllowed("Only the chair waives a condition.", next_step="Confirm it when it is met, or ask the chair.")
    if not reason.strip():
        raise Invalid("Say why it is waived.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    condition.evidence = reason.strip()
    return _close(
        condition,
        change,
        ConditionState.WAIVED,
        events.ConditionWaived(change_id=change.pk, condition_id=condition.pk),
        chair,
        at,
    )


def _locked(condition_id: int) -> tuple[Condition, Change]:
    change_id = Condition.objects.filter(pk=condition_id).values_list("change_id", flat=True).first()
    if change_id is None:
        raise NotFound("There is no such condition.", next_step="Open the change to see its conditions.")
    change = locked_change(change_id)
    condition = Condition.objects.select_related("ballot__round").get(pk=condition_id)
    if condition.ballot.round.state == RoundState.OPEN:
        raise WrongState(
            "The board has not decided yet, so this condition binds nobody.",
            next_step="Wait until its round closes.",
            code="round_open",
        )
    return condition, change


def _require_seat(condition: Condition, change: Change, person: Person, *, at: datetime) -> None:
    if person.pk in boards.barred_from(change):
        raise NotAllowed(
            "You cannot confirm a condition of your own change.",
            next_step="A member of the board confirms it.",
            code="own_change",
        )
    if not boards.has_voting_seat(person, condition.ballot.round.board_id, on=at.date()):
        raise NotAllowed("Only members of the board that set it close a condition.", next_step="Ask the board's chair.")


def _close(
    condition: Condition, change: Change, target: ConditionState, event: Event, person: Person, at: datetime
) -> Condition:
    move_condition(condition, target, at=at)
    condition.closed_by = person
    condition.save()
    journal.record(event, subject=change, actor=person, at=at)
    schedule_if_ready(change, actor=person, at=at)
    return condition
