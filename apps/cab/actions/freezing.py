"""What people do about freezes that stand before a change."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.actions.flow import require_doer
from apps.cab.actions.moves import locked_change
from apps.cab.models import Change
from apps.cab.queries.freezes import freezes_before
from apps.cab.states import ChangeState
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotFound, WrongState


@transaction.atomic
def acknowledge_freeze(*, change_id: int, person: Person, freeze_id: int, reason: str, at: datetime) -> Change:
    """Go on in spite of a soft freeze, with a reason that stays in the journal. A hard one is not acknowledged away."""
    change = locked_change(change_id)
    require_doer(change, person, to="acknowledge a freeze for it")
    if change.state not in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}:
        raise WrongState("A freeze is acknowledged when the change is approved.", next_step="Wait for the decision.")
    stop = next((one for one in freezes_before(change, at=at) if one.freeze.pk == freeze_id), None)
    if stop is None:
        raise NotFound("This freeze does not stand before the change.", next_step="Open the change to see what does.")
    if stop.is_hard:
        raise WrongState("A hard freeze cannot be acknowledged away.", next_step="Ask for an exception from it.")
    if stop.is_acknowledged:
        raise WrongState("It is acknowledged already.", next_step="Go on with the change.")
    if not reason.strip():
        raise Invalid("Say why it cannot wait.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    event = events.FreezeAcknowledged(change_id=change.pk, freeze_id=freeze_id, reason=reason.strip())
    journal.record(event, subject=change, actor=person, at=at)
    return change
