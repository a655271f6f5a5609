"""A change's way before and after the vote: submit, assess, hand to a board, schedule, implement, cancel."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.handing import straight_to_board, take, take_if_preauthorized
from apps.cab.actions.moves import locked_change, move_change, move_round
from apps.cab.actions.rounds import give_time_back, schedule_if_ready
from apps.cab.actions.scoring import score
from apps.cab.models import Change, ChangeType, Review, Round
from apps.cab.queries import boards, changes
from apps.cab.queries.change_models import skips_assessment
from apps.cab.queries.ways import route_of
from apps.cab.rules import blockers, reviews
from apps.cab.states import CHANGE, ChangeState, Outcome, RetroactiveState, RoundState
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, WrongState
from apps.windows.actions.freezes import keep_freezes_as_they_are

HIGHEST_RISK = 5


@transaction.atomic
def submit_change(*, change_id: int, submitter: Person, at: datetime) -> Change:
    """Hand a draft in. Refuses while something is missing, naming each.

    An emergency goes straight to its board, as what a model without assessment holds for does; a standard change whose
    template is published is authorized at once.
    """
    change = locked_change(change_id)
    _require_author(change, submitter, to="submit it")
    missing = blockers.for_submission(changes.blocker_facts(change, at=at))
    if missing:
        raise Invalid(
            " ".join(one.sentence for one in missing),
            next_step=" ".join(one.next_step for one in missing),
            fields={one.anchor: [one.sentence] for one in missing},
            code="not_ready",
        )
    move_change(change, ChangeState.SUBMITTED)
    change.submitted_at = at
    score(change, actor=submitter, at=at)
    journal.record(
        events.ChangeSubmitted(change_id=change.pk, revision=change.revision), subject=change, actor=submitter, at=at
    )
    if change.type == ChangeType.EMERGENCY:
        straight_to_board(change, submitter=submitter, at=at)
    take_if_preauthorized(change, actor=submitter, at=at)
    if change.state == ChangeState.SUBMITTED and skips_assessment(change):
        straight_to_board(change, submitter=submitter, at=at)
    return change


@transaction.atomic
def begin_assessment(*, change_id: int, assessor: Person, at: datetime) -> Change:
    """Take a submitted change for assessment; its risk is computed anew."""
    change = locked_change(change_id)
    require_may_assess(change, assessor)
    move_change(change, ChangeState.ASSESSING)
    score(change, actor=assessor, at=at)
    journal.record(events.AssessmentBegun(change_id=change.pk, risk=change.risk), subject=change, actor=assessor, at=at)
    return change


@transaction.atomic
def raise_risk(*, change_id: int, assessor: Person, to: int, reason: str, at: datetime) -> Change:
    """Raise the risk above what counts now, with a reason. Nobody lowers it: only better facts do."""
    change = locked_change(change_id)
    require_may_assess(change, assessor)
    if change.state not in {ChangeState.SUBMITTED, ChangeState.ASSESSING}:
        raise WrongState(
            "The risk is raised during assessment only.", next_step="Vote on it, or ask for changes instead."
        )
    if not change.risk < to <= HIGHEST_RISK:
        raise Invalid(
            f"The risk is {change.risk}; it can only be raised, to at most {HIGHEST_RISK}.",
            next_step="Choose a higher risk. It falls by itself when the facts it is computed from improve.",
            fields={"risk": ["Must be higher than now."]},
        )
    if not reason.strip():
        raise Invalid(
            "Raising a risk needs a reason.",
            next_step="Say what the factors do not see.",
            fields={"reason": ["Missing."]},
        )
    before, change.risk, change.risk_raised_to = change.risk, to, to
    change.risk_raised_by, change.risk_reason = assessor, reason.strip()
    change.save()
    journal.record(
        events.RiskRaised(change_id=change.pk, from_risk=before, to_risk=to), subject=change, actor=assessor, at=at
    )
    return change


@transaction.atomic
def request_changes(*, change_id: int, assessor: Person, reason: str, at: datetime) -> Change:
    """Give a change back to its authors before a board sees it, saying what is missing."""
    change = locked_change(change_id)
    require_may_assess(change, assessor)
    if change.state == ChangeState.AWAITING_AUTHORIZATION:
        raise WrongState("The board has it now.", next_step="Cast a ballot that requests changes.")
    if not reason.strip():
        raise Invalid(
            "Say what should change.",
            next_step="Write a sentence that helps the authors.",
            fields={"reason": ["Missing."]},
        )
    move_change(change, ChangeState.CHANGES_REQUESTED)
    change.save()
    journal.record(
        events.ChangesRequested(change_id=change.pk, reason=reason.strip()), subject=change, actor=assessor, at=at
    )
    return change


@transaction.atomic
def hand_to_board(*, change_id: int, assessor: Person, at: datetime) -> Round | None:
    """End the assessment: a round opens at the board that the policies in force lead to; None when they decide.

    Until a policy is enabled, type, reach and risk lead to the board. The risk is computed once more: components may
    have failed since the assessment began. What came to a model without assessment is handed over as submitted.
    """
    change = locked_change(change_id)
    require_may_assess(change, assessor)
    CHANGE.require(change.state, ChangeState.AWAITING_AUTHORIZATION)
    if change.state == ChangeState.SUBMITTED and not skips_assessment(change):
        raise WrongState(f"Nobody has assessed {change.reference} yet.", next_step="Begin the assessment first.")
    score(change, actor=assessor, at=at)
    route = route_of(change, at=at)
    move_change(change, ChangeState.AWAITING_AUTHORIZATION)
    return take(route, change, actor=assessor, at=at)


@transaction.atomic
def schedule_change(*, change_id: int, scheduler: Person, at: datetime) -> Change:
    """Put an authorized change into the calendar; refuses while something is missing, naming each thing."""
    change = locked_change(change_id)
    require_doer(change, scheduler, to="schedule it")
    _require_nothing_blocks(change, at=at)
    if not schedule_if_ready(change, actor=scheduler, at=at):
        move_change(change, ChangeState.SCHEDULED)
    return change


@transaction.atomic
def start_implementation(*, change_id: int, implementer: Person, at: datetime) -> Change:
    """Begin the work of a scheduled change."""
    change = locked_change(change_id)
    require_doer(change, implementer, to="start it")
    if change.state == ChangeState.AWAITING_AUTHORIZATION:
        raise WrongState(
            f"Nobody has decided {change.reference} yet.",
            next_step="Wait for the board. An emergency may begin first, where its board allows it.",
        )
    _require_nothing_blocks(change, at=at)
    move_change(change, ChangeState.IMPLEMENTING)
    change.started_at = at
    change.save()
    journal.record(events.ImplementationStarted(change_id=change.pk), subject=change, actor=implementer, at=at)
    return change


@transaction.atomic
def finish_implementation(*, change_id: int, implementer: Person, outcome: str, at: datetime) -> Change:
    """End the work with its outcome and plan the post-implementation review."""
    change = locked_change(change_id)
    require_doer(change, implementer, to="report its outcome")
    if outcome not in list(Outcome):
        raise Invalid(
            "There is no such outcome.",
            next_step=f"Choose one of: {', '.join(Outcome)}.",
            fields={"outcome": ["Unknown."]},
        )
    move_change(change, ChangeState.IMPLEMENTED)
    change.outcome, change.implemented_at = outcome, at
    change.save()
    due_at = reviews.due_at(type=change.type, implemented_at=at, zone=change.cluster.zone)
    review = Review.objects.create(change=change, reviewer=change.requester, due_at=due_at)
    event = events.ImplementationFinished(change_id=change.pk, outcome=outcome, review_id=review.pk)
    journal.record(event, subject=change, actor=implementer, at=at)
    return change


@transaction.atomic
def hold_change(*, change_id: int, person: Person, reason: str, at: datetime) -> Change:
    """Put a change on hold: nobody votes and nothing starts until it is released."""
    change = locked_change(change_id)
    _require_holder(change, person)
    if change.state in {
        ChangeState.DRAFT,
        ChangeState.IMPLEMENTED,
        ChangeState.IN_REVIEW,
        ChangeState.CLOSED,
        ChangeState.REJECTED,
        ChangeState.CANCELLED,
    }:
        raise WrongState("There is nothing to hold.", next_step="Hold a change that is on its way.")
    if change.retroactive == RetroactiveState.PENDING:
        raise WrongState(
            "Its board decides after the fact; a hold would stop the clock of that decision.",
            next_step="Speak with the board's chair.",
        )
    if change.on_hold:
        raise WrongState("It is on hold already.", next_step="Release it when the reason is gone.")
    if not reason.strip():
        raise Invalid("Say why it is held.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    change.on_hold, change.held_at = True, at
    change.save()
    journal.record(events.ChangeHeld(change_id=change.pk, reason=reason.strip()), subject=change, actor=person, at=at)
    return change


@transaction.atomic
def release_change(*, change_id: int, person: Person, at: datetime) -> Change:
    """Take the hold away: an open round gets the time back, and what is authorized goes into the calendar."""
    change = locked_change(change_id)
    _require_holder(change, person)
    if not change.on_hold:
        raise WrongState("It is not on hold.", next_step="Nothing needs to be done.")
    held_at, change.on_hold, change.held_at = change.held_at or at, False, None
    give_time_back(change, held_at=held_at, at=at)
    change.save()
    journal.record(events.ChangeReleased(change_id=change.pk), subject=change, actor=person, at=at)
    schedule_if_ready(change, actor=person, at=at)
    return change


@transaction.atomic
def cancel_change(*, change_id: int, person: Person, reason: str, at: datetime) -> Change:
    """Withdraw a change before work begins; an open round is withdrawn with it."""
    change = locked_change(change_id)
    _require_author(change, person, to="cancel it")
    if not reason.strip():
        raise Invalid("Say why it is cancelled.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    if change.state == ChangeState.IMPLEMENTED:
        raise WrongState("The work is done.", next_step="Report how it went, and review it.")
    move_change(change, ChangeState.CANCELLED)
    round_ = boards.open_round(change)
    if round_:
        move_round(round_, RoundState.WITHDRAWN, at=at)
        round_.save(update_fields=["state", "closed_at"])
    change.deadline_at, change.closed_at, change.outcome = None, at, Outcome.NOT_IMPLEMENTED
    change.on_hold, change.held_at = False, None
    change.save()
    journal.record(
        events.ChangeCancelled(change_id=change.pk, reason=reason.strip()), subject=change, actor=person, at=at
    )
    return change


def require_may_assess(change: Change, person: Person) -> None:
    """Refuse authors (no one assesses their own) and people who neither own the cluster nor sit on a board."""
    if person.pk in boards.barred_from(change):
        raise NotAllowed(
            "You cannot assess your own change.",
            next_step="A board member or the cluster's owner assesses it.",
            code="own_change",
        )
    if not person.may(Capability.TRIAGE_CHANGE) and not standing(person, change.cluster).may_own:
        raise NotAllowed("You may not assess changes.", next_step="Ask a board member or the cluster's owner.")


def _require_author(change: Change, person: Person, *, to: str) -> None:
    person.require(Capability.PROPOSE_CHANGE, to=to)
    if person.pk not in boards.authors_of(change):
        raise NotAllowed(f"Only its authors may {to}.", next_step=f"Ask {change.requester}.")


def require_doer(change: Change, person: Person, *, to: str) -> None:
    """The implementer does it, or an operator of the cluster, or the cluster's owner."""
    named = person.pk in {change.implementer_id, change.requester_id}
    operates = standing(person, change.cluster).may_operate
    if not ((named and person.may(Capability.PROPOSE_CHANGE)) or operates or person.may(Capability.IMPLEMENT_CHANGE)):
        who = change.implementer or "an operator of the cluster"
        raise NotAllowed(
            f"You may not {to}: you neither carry it out nor operate {change.cluster}.", next_step=f"Ask {who}."
        )


def _require_holder(change: Change, person: Person) -> None:
    person.require(Capability.PROPOSE_CHANGE, to="hold or release changes")
    if person.pk not in boards.authors_of(change) and not person.may(Capability.TRIAGE_CHANGE):
        raise NotAllowed(
            "You may not hold or release this change.", next_step="Ask one of its authors or a board member."
        )


def _require_nothing_blocks(change: Change, *, at: datetime) -> None:
    keep_freezes_as_they_are()
    found = blockers.blockers(changes.blocker_facts(change, at=at))
    if found:
        raise WrongState(
            " ".join(one.sentence for one in found), next_step=" ".join(one.next_step for one in found), code="blocked"
        )
