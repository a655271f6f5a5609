"""Exceptions from freezes: asked for, granted or denied, withdrawn, expired."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.flow import require_doer
from apps.cab.actions.moves import locked_change, move_exception
from apps.cab.models import Change, FreezeException
from apps.cab.queries import boards
from apps.cab.queries.exceptions import decider_of
from apps.cab.queries.freezes import STOPPABLE, freezes_before
from apps.cab.rules import exceptions as rules
from apps.cab.states import ExceptionState
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import NotAllowed, NotFound, WrongState, refusal_from_constraint
from apps.kernel.signs import moment_words
from apps.windows.models import Freeze
from apps.windows.states import FreezeState


@transaction.atomic
def request_exception(
    *, change_id: int, requester: Person, freeze_id: int, reason: str, at: datetime
) -> FreezeException:
    """Ask that one hard freeze lets one change through, with a reason; the clock of 72 hours at most starts.

    Refused: who neither wrote the change nor carries it out, a change that is not on its way, a freeze that does not
    stand before it, a soft freeze (it is acknowledged), and a second request while one is open or granted.
    """
    change = locked_change(change_id)
    _require_may_ask(change, requester)
    if change.state not in STOPPABLE:
        raise WrongState(
            f"{change.reference} is {change.state.replace('_', ' ')}: no freeze stops it.",
            next_step="Ask once the change is submitted and before work begins.",
        )
    freeze = _standing_before(change, requester, freeze_id, at=at)
    exception = FreezeException(
        change=change,
        freeze=freeze,
        revision=change.revision,
        reason=rules.required_reason(reason, prompt="Say why it cannot wait until the freeze is over."),
        requested_by=requester,
        requested_at=at,
        decide_by=rules.decide_by(requested_at=at, window_start_at=change.window_start_at, freeze_end_at=freeze.end_at),
    )
    try:
        exception.save(force_insert=True)
    except IntegrityError as error:
        raise refusal_from_constraint(error, FreezeException) from error
    _record(events.FreezeExceptionRequested, exception, actor=requester, at=at, reason=exception.reason)
    return exception


@transaction.atomic
def decide_exception(
    *, exception_id: int, decider: Person, decision: str, reason: str, at: datetime
) -> FreezeException:
    """Grant or deny an open request, with a reason. What is granted lifts this freeze for this change alone.

    Refused: authors and implementers of the change, who asked for it, people who keep neither the freeze nor a board,
    and a request whose clock has run out.
    """
    exception = _locked(exception_id, decider)
    rules.require_may_decide(
        decider_of(decider, exception.change, exception.freeze), requested_by_id=exception.requested_by_id
    )
    if decision not in (ExceptionState.GRANTED, ExceptionState.DENIED):
        raise WrongState("An exception is granted or denied.", next_step="Choose one of the two.")
    move_exception(exception, ExceptionState(decision))
    if exception.decide_by <= at:
        raise WrongState(
            f"The time to decide ended {moment_words(exception.decide_by)} UTC.",
            next_step="Its author can ask again.",
            code="too_late",
        )
    exception.decision_reason = rules.required_reason(reason, prompt="Say why you decide so.")
    exception.decided_by, exception.decided_at = decider, at
    exception.save()
    told = events.FreezeExceptionGranted if decision == ExceptionState.GRANTED else events.FreezeExceptionDenied
    _record(told, exception, actor=decider, at=at, reason=exception.decision_reason)
    return exception


@transaction.atomic
def withdraw_exception(*, exception_id: int, person: Person, at: datetime) -> FreezeException:
    """Take an open request back: by who asked, or by an author of the change."""
    exception = _locked(exception_id, person)
    _require_may_ask(exception.change, person)
    move_exception(exception, ExceptionState.WITHDRAWN)
    exception.ended_at, exception.ended_because = at, f"Withdrawn by {person}."[:200]
    exception.save()
    _record(events.FreezeExceptionWithdrawn, exception, actor=person, at=at)
    return exception


@transaction.atomic
def expire_exception(*, exception_id: int, at: datetime) -> FreezeException:
    """End a request that nobody decided in time, or that has nothing left to ask. Safe to run twice."""
    exception = _locked(exception_id, None)
    why = rules.ended_sentence(
        is_lifted=exception.freeze.state != FreezeState.ENFORCED or exception.freeze.end_at <= at,
        is_over=exception.decide_by <= at,
        is_change_over=exception.change.state not in STOPPABLE,
    )
    if exception.state == ExceptionState.REQUESTED and why:
        _expire(exception, why, at=at)
    return exception


def end_exceptions_of(change: Change, *, at: datetime) -> None:
    """A material edit makes it another change than was excepted. For actions that hold the change's lock."""
    open_ones = change.freeze_exceptions.filter(state__in=[ExceptionState.REQUESTED, ExceptionState.GRANTED])
    for exception in open_ones.select_for_update(of=("self",)).order_by("pk"):
        _expire(exception, rules.MATERIAL_EDIT, at=at)


def _expire(exception: FreezeException, why: str, *, at: datetime) -> None:
    move_exception(exception, ExceptionState.EXPIRED)
    exception.ended_at, exception.ended_because = at, why
    exception.save()
    _record(events.FreezeExceptionExpired, exception, actor=None, at=at, reason=why)


def _locked(exception_id: int, person: Person | None) -> FreezeException:
    """The exception with its change, both locked; refused as not found when the person may not see it."""
    rows = FreezeException.objects.all() if person is None else FreezeException.objects.visible_to(person)
    change_id = rows.filter(pk=exception_id).values_list("change_id", flat=True).first()
    if change_id is None:
        raise NotFound("There is no such exception that you may see.", next_step="Open the list of exceptions.")
    change = locked_change(change_id)
    exception = FreezeException.objects.select_for_update(of=("self",)).select_related("freeze").get(pk=exception_id)
    exception.change = change
    return exception


def _require_may_ask(change: Change, person: Person) -> None:
    if person.may(Capability.PROPOSE_CHANGE) and person.pk in boards.authors_of(change):
        return
    if not person.may(Capability.READ):
        raise NotAllowed("You hold no role here.", next_step="Ask an administrator for the role you need.")
    require_doer(change, person, to="ask for an exception for it")


def _standing_before(change: Change, person: Person, freeze_id: int, *, at: datetime) -> Freeze:
    stop = next((one for one in freezes_before(change, at=at) if one.freeze.pk == freeze_id), None)
    known = Freeze.objects.visible_to(person).filter(pk=freeze_id).exists()
    if stop is None or not known:
        raise NotFound(
            "This freeze does not stand before the change.", next_step="Open the change to see which freezes do."
        )
    if not stop.is_hard:
        raise WrongState(
            "A soft freeze needs no exception.", next_step="Acknowledge it with a reason once the change is approved."
        )
    return stop.freeze


def _record(event: type[Event], exception: FreezeException, *, actor: Person | None, at: datetime, **more: str) -> None:
    named = {"change_id": exception.change_id, "exception_id": exception.pk, "freeze_id": exception.freeze_id}
    journal.record(event(**named, **more), subject=exception.change, actor=actor, at=at)
