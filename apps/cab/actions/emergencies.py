"""Emergencies: work that begins before the board decides, and the clock of the decision after the fact."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.actions.flow import require_doer
from apps.cab.actions.moves import locked_change, move_change
from apps.cab.actions.rounds import decide_afterwards
from apps.cab.models import Change, ChangeType, Round
from apps.cab.queries import boards, changes
from apps.cab.queries.freezes import freezes_before
from apps.cab.rules import blockers, retroactive
from apps.cab.rules.exceptions import required_reason
from apps.cab.states import ChangeState, RoundState
from apps.journal import actions as journal
from apps.kernel.refusals import NotAllowed, WrongState


@transaction.atomic
def implement_first(*, change_id: int, implementer: Person, reason: str, at: datetime) -> Change:
    """Begin the work of an emergency before its board has decided; the round goes on, on the board's retroactive clock.

    Refused: anything but an emergency that waits for a board which allows it, a change on hold, one that a hard freeze
    or an open conflict stops, nobody named to carry it out, and no reason.
    """
    change = locked_change(change_id)
    require_doer(change, implementer, to="begin it")
    round_ = _require_allowed(change)
    _require_nothing_stops(change, at=at)
    why = required_reason(reason, prompt="Say why the work cannot wait for the decision.")
    move_change(change, ChangeState.IMPLEMENTING)
    change.started_at = change.implemented_first_at = at
    decide_afterwards(round_, change, at=at)
    event = events.ImplementedFirst(change_id=change.pk, round_id=round_.pk, reason=why)
    journal.record(event, subject=change, actor=implementer, at=at)
    return change


@transaction.atomic
def chase_retroactive_round(*, round_id: int, at: datetime) -> Round:
    """Remind those who have not voted, then tell the chair, once each. Safe to run twice.

    The end of the clock itself is `rounds.close_overdue_round`.
    """
    change = locked_change(Round.objects.values_list("change_id", flat=True).get(pk=round_id))
    round_ = Round.objects.select_for_update(of=("self",)).get(pk=round_id)
    if round_.state != RoundState.OPEN or round_.retroactive_at is None:
        return round_
    clock = {"since": round_.retroactive_at, "until": round_.closes_at}
    named = {"change_id": change.pk, "round_id": round_.pk}
    if round_.reminded_at is None and at >= retroactive.remind_at(**clock):
        round_.reminded_at = at
        journal.record(events.RetroactiveApprovalReminded(**named), subject=change, actor=None, at=at)
    if round_.escalated_at is None and at >= retroactive.escalate_at(**clock):
        round_.escalated_at = at
        journal.record(events.RetroactiveApprovalEscalated(**named), subject=change, actor=None, at=at)
    round_.save(update_fields=["reminded_at", "escalated_at"])
    return round_


def _require_allowed(change: Change) -> Round:
    if change.type != ChangeType.EMERGENCY:
        raise WrongState("Only an emergency begins before it is decided.", next_step="Wait for the board's decision.")
    round_ = boards.open_round(change)
    if change.state != ChangeState.AWAITING_AUTHORIZATION or round_ is None:
        raise WrongState(
            f"{change.reference} is {change.state.replace('_', ' ')}: no board is deciding it.",
            next_step="Submit it first; an emergency goes straight to its board.",
        )
    if not round_.board.allows_implement_first:
        raise NotAllowed(
            f"The {round_.board} does not allow work before its decision.",
            next_step="Call its chair; its members decide on their phones in three taps.",
            code="no_implement_first",
        )
    return round_


def _require_nothing_stops(change: Change, *, at: datetime) -> None:
    stops = freezes_before(change, at=at, may_start_now=True)
    facts = changes.blocker_facts(change, at=at)
    found = [one for one in blockers.blockers(facts) if one.code in blockers.STOPS_ANY_WORK]
    found += [blockers.frozen(one.is_hard, one.verdict.sentence) for one in stops if one.stands]
    if change.implementer_id is None:
        found.append(blockers.NO_IMPLEMENTER)
    if found:
        raise WrongState(
            " ".join(one.sentence for one in found), next_step=" ".join(one.next_step for one in found), code="blocked"
        )
