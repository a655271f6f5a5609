"""Post-implementation reviews: begun, reminded, escalated, completed."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_change, move_review
from apps.cab.models import Change, Review
from apps.cab.rules.checks import require_references
from apps.cab.rules.reviews import ESCALATE_AFTER, REMIND_BEFORE
from apps.cab.states import ChangeState, RetroactiveState, ReviewState
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, WrongState


@transaction.atomic
def begin_review(*, change_id: int, reviewer: Person, at: datetime) -> Change:
    """Open the review of an implemented change."""
    change = locked_change(change_id)
    _require_may_review(change, reviewer)
    move_change(change, ChangeState.IN_REVIEW)
    change.save()
    journal.record(
        events.ReviewBegun(change_id=change.pk, review_id=change.review.pk), subject=change, actor=reviewer, at=at
    )
    return change


@transaction.atomic
def complete_review(
    *,
    change_id: int,
    reviewer: Person,
    expected: str,
    happened: str,
    learned: str,
    at: datetime,
    incidents: Sequence[str] = (),
) -> Change:
    """Write down what was expected, what happened, what was learned and which incidents it led to; close the change.

    `incidents` are references, at most 20 of 200 characters each.
    """
    change = locked_change(change_id)
    _require_may_review(change, reviewer)
    missing = [name for name, text in (("expected", expected), ("happened", happened)) if not text.strip()]
    if missing:
        raise Invalid(
            "Say what was expected and what happened.",
            next_step="A sentence each is enough.",
            fields={name: ["Missing."] for name in missing},
        )
    references = require_references(incidents)
    if change.retroactive == RetroactiveState.PENDING:
        raise WrongState(
            "Its board has not decided about it yet, after the fact.",
            next_step="Complete the review when the board has decided or its clock has run out.",
        )
    if change.state == ChangeState.IMPLEMENTED:
        move_change(change, ChangeState.IN_REVIEW)
    move_change(change, ChangeState.CLOSED)
    change.closed_at = at
    change.save()
    review = Review.objects.select_for_update().get(change=change)
    move_review(review, ReviewState.DONE, at=at)
    review.reviewer, review.expected, review.happened, review.learned = (
        reviewer,
        expected.strip(),
        happened.strip(),
        learned.strip(),
    )
    review.incidents = references
    review.save()
    journal.record(
        events.ReviewCompleted(change_id=change.pk, review_id=review.pk), subject=change, actor=reviewer, at=at
    )
    journal.record(events.ChangeClosed(change_id=change.pk), subject=change, actor=reviewer, at=at)
    return change


@transaction.atomic
def remind_of_review(*, review_id: int, at: datetime) -> Review:
    """Remind the requester before the review is due and escalate to the board's chair when it is overdue, once each."""
    change_id = Review.objects.values_list("change_id", flat=True).get(pk=review_id)
    change = locked_change(change_id)
    review = Review.objects.select_for_update().get(pk=review_id)
    if review.state != ReviewState.PLANNED:
        return review
    if review.reminded_at is None and at >= review.due_at - REMIND_BEFORE:
        review.reminded_at = at
        journal.record(
            events.ReviewReminded(change_id=change.pk, review_id=review.pk), subject=change, actor=None, at=at
        )
    if review.escalated_at is None and at >= review.due_at + ESCALATE_AFTER:
        review.escalated_at = at
        journal.record(
            events.ReviewEscalated(change_id=change.pk, review_id=review.pk), subject=change, actor=None, at=at
        )
    review.save(update_fields=["reminded_at", "escalated_at"])
    return review


def _require_may_review(change: Change, person: Person) -> None:
    person.require(Capability.PROPOSE_CHANGE, to="review changes")
    if change.state not in {ChangeState.IMPLEMENTED, ChangeState.IN_REVIEW}:
        raise WrongState(
            f"{change.reference} is {change.state.replace('_', ' ')}; only implemented changes are reviewed.",
            next_step="Report its outcome first.",
        )
    if not Review.objects.filter(change=change).exists():
        raise WrongState(
            f"No review of {change.reference} is planned.",
            next_step="Explain its observed drift first, on its page." if change.unauthorized else "Nothing to do.",
        )
    involved = person.pk in {change.requester_id, change.implementer_id} or person.may(Capability.TRIAGE_CHANGE)
    if not involved and not standing(person, change.cluster).may_own:
        raise NotAllowed("You may not review this change.", next_step=f"Ask {change.requester}.")
