"""What reviews leave behind: checks added, answered and retired; proposals to change a standard made and closed."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.flow import require_doer
from apps.cab.actions.moves import locked_change, move_check, move_proposal
from apps.cab.models import Change, CheckHit, Review, ReviewCheck, StandardProposal
from apps.cab.queries import boards
from apps.cab.queries.checks import matching
from apps.cab.rules import checks as rules
from apps.cab.rules.exceptions import LONGEST_REASON
from apps.cab.states import ChangeState, CheckState, ProposalState
from apps.clusters.models import Component
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import NotAllowed, NotFound, WrongState, refusal_from_constraint

_REVIEWED = {ChangeState.IMPLEMENTED, ChangeState.IN_REVIEW, ChangeState.CLOSED}


@transaction.atomic
def add_check(
    *,
    change_id: int,
    author: Person,
    question: str,
    at: datetime,
    type: str = "",  # noqa: A002  # the field's own name
    component: Component | None = None,
    component_kind: str = "",
    everywhere: bool = False,
) -> ReviewCheck:
    """Turn a finding of the review of a change into a check, of its cluster or (by a chair) of the federation.

    Refused: who may not review the change, a change that was not carried out, no question, and no scope at all.
    """
    change = locked_change(change_id)
    _require_may_find(change, author)
    rules.require_scope(type=type, component=component, component_kind=component_kind)
    if everywhere and not author.may(Capability.MANAGE_BOARD):
        raise NotAllowed(
            "Only the chair of a board asks something of the whole federation.",
            next_step=f"Ask it of {change.cluster} alone, or ask a chair.",
        )
    check = ReviewCheck.objects.create(
        change=change,
        question=rules.required_text(question, name="question", prompt="Ask something.", most=rules.LONGEST_QUESTION),
        cluster=None if everywhere else change.cluster,
        type=type,
        component=component,
        component_kind=component_kind,
        added_by=author,
        added_at=at,
    )
    event = events.CheckAdded(change_id=change.pk, check_id=check.pk)
    journal.record(event, subject=change, actor=author, at=at)
    return check


@transaction.atomic
def answer_check(*, change_id: int, check_id: int, person: Person, answer: str, at: datetime) -> CheckHit:
    """Answer a check that comes up on a change, by who wrote it or carries it out: a draft waits for that."""
    change = locked_change(change_id)
    if not (person.may(Capability.PROPOSE_CHANGE) and person.pk in boards.authors_of(change)):
        require_doer(change, person, to="answer its checks")
    if not matching(change.pk, type=change.type, cluster=change.cluster_id).filter(pk=check_id).exists():
        raise NotFound("This check does not come up on the change.", next_step="Open the change to see which do.")
    told = rules.required_text(answer, name="answer", prompt="Answer the question.", most=rules.LONGEST_ANSWER)
    hit = CheckHit(check_asked_id=check_id, change=change, answer=told, answered_by=person, answered_at=at)
    try:
        with transaction.atomic():
            hit.save(force_insert=True)
    except IntegrityError as error:
        raise refusal_from_constraint(error, CheckHit) from error
    journal.record(events.CheckAnswered(change_id=change.pk, check_id=check_id), subject=change, actor=person, at=at)
    return hit


@transaction.atomic
def retire_check(*, check_id: int, person: Person, reason: str, at: datetime) -> ReviewCheck:
    """Let a check come up no more, with a reason: by an owner of its cluster, or the chair of a board."""
    check = ReviewCheck.objects.visible_to(person).select_for_update(of=("self",)).filter(pk=check_id).first()
    if check is None:
        raise NotFound("There is no such check.", next_step="Open the list of checks.")
    owns = check.cluster is not None and standing(person, check.cluster).may_own
    if not (person.may(Capability.MANAGE_BOARD) or (owns and person.may(Capability.PROPOSE_CHANGE))):
        raise NotAllowed(
            "Only an owner of the cluster or the chair of a board retires a check.", next_step="Ask one of them."
        )
    move_check(check, CheckState.RETIRED)
    check.retired_because = rules.required_text(
        reason, name="reason", prompt="Say why nobody needs to be asked any more.", most=LONGEST_REASON
    )
    check.retired_by, check.retired_at = person, at
    check.save()
    event = events.CheckRetired(change_id=check.change_id, check_id=check.pk, reason=check.retired_because)
    journal.record(event, subject=check.change, actor=person, at=at)
    return check


@transaction.atomic
def propose_standard_change(
    *, change_id: int, author: Person, standard: str, text: str, owner: Person, due_on: date, at: datetime
) -> StandardProposal:
    """Turn a finding of a review into a proposal to change a standard, with an owner and a day it is due."""
    change = locked_change(change_id)
    _require_may_find(change, author)
    rules.require_due(due_on, today=at.date())
    proposal = StandardProposal.objects.create(
        change=change,
        standard=rules.required_text(standard, name="standard", prompt="Name the standard.", most=200),
        text=rules.required_text(text, name="text", prompt="Say what should change in it.", most=LONGEST_REASON),
        owner=owner,
        due_on=due_on,
        proposed_by=author,
        proposed_at=at,
    )
    event = events.StandardChangeProposed(change_id=change.pk, proposal_id=proposal.pk, owner_id=owner.pk)
    journal.record(event, subject=change, actor=author, at=at)
    return proposal


@transaction.atomic
def close_proposal(*, proposal_id: int, person: Person, outcome: str, note: str, at: datetime) -> StandardProposal:
    """Say what became of it, `adopted` or `dropped`, and why: by its owner, or the chair of a board."""
    rows = StandardProposal.objects.visible_to(person).select_for_update(of=("self",))
    proposal = rows.select_related("change").filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("There is no such proposal.", next_step="Open the list of proposals.")
    person.require(Capability.PROPOSE_CHANGE, to="close proposals")
    if person.pk != proposal.owner_id and not person.may(Capability.MANAGE_BOARD):
        raise NotAllowed("Only its owner or the chair of a board closes it.", next_step=f"Ask {proposal.owner}.")
    if outcome not in (ProposalState.ADOPTED, ProposalState.DROPPED):
        raise WrongState("A proposal is adopted or dropped.", next_step="Choose one of the two.")
    move_proposal(proposal, ProposalState(outcome), at=at)
    proposal.note = rules.required_text(note, name="note", prompt="Say why.", most=LONGEST_REASON)
    proposal.save()
    event = events.StandardProposalClosed(change_id=proposal.change_id, proposal_id=proposal.pk, outcome=outcome)
    journal.record(event, subject=proposal.change, actor=person, at=at)
    return proposal


@transaction.atomic
def remind_of_proposal(*, proposal_id: int, at: datetime) -> StandardProposal:
    """Remind its owner once that the day has passed. Safe to run twice."""
    proposal = StandardProposal.objects.select_for_update(of=("self",)).select_related("change").get(pk=proposal_id)
    if proposal.reminded_at is None and proposal.is_overdue(at.date()):
        proposal.reminded_at = at
        proposal.save(update_fields=["reminded_at"])
        event = events.StandardProposalOverdue(change_id=proposal.change_id, proposal_id=proposal.pk)
        journal.record(event, subject=proposal.change, actor=None, at=at)
    return proposal


def _require_may_find(change: Change, person: Person) -> None:
    person.require(Capability.PROPOSE_CHANGE, to="keep findings of reviews")
    if change.state not in _REVIEWED or not Review.objects.filter(change=change).exists():
        raise WrongState(
            f"{change.reference} is {change.state.replace('_', ' ')}: there is no review to find something in.",
            next_step="Keep findings once it is carried out.",
        )
    involved = person.pk in {change.requester_id, change.implementer_id} or person.may(Capability.TRIAGE_CHANGE)
    if not involved and not standing(person, change.cluster).may_own:
        raise NotAllowed("You may not keep findings of this review.", next_step=f"Ask {change.requester}.")
