"""Holding several changes at once, with one reason, and letting them go again: all of them or none. Never votes."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.actions.flow import hold_change, release_change
from apps.cab.models import Change
from apps.kernel.refusals import Invalid, Refusal, WrongState

MOST_AT_ONCE = 100


@transaction.atomic
def hold_changes(*, change_ids: Iterable[int], person: Person, reason: str, at: datetime) -> list[Change]:
    """Put every one of the changes on hold, each with its own entry in the journal; all or none.

    Refuses when one of them cannot be held, naming each that cannot and why. Their locks are taken in order.
    """
    return _each(
        change_ids,
        lambda pk: hold_change(change_id=pk, person=person, reason=reason, at=at),
        failing="None was put on hold.",
    )


@transaction.atomic
def release_changes(*, change_ids: Iterable[int], person: Person, at: datetime) -> list[Change]:
    """Take the hold away from every one of the changes, all or none: the reverse of `hold_changes`."""
    return _each(
        change_ids, lambda pk: release_change(change_id=pk, person=person, at=at), failing="None was released."
    )


def _each(change_ids: Iterable[int], act: Callable[[int], Change], *, failing: str) -> list[Change]:
    wanted = sorted(set(change_ids))
    if not wanted or len(wanted) > MOST_AT_ONCE:
        raise Invalid(
            f"Choose 1 to {MOST_AT_ONCE} changes.",
            next_step="Tick the changes that the reason is true of.",
            fields={"changes": ["None, or too many."]},
        )
    done, refused = [], []
    for pk in wanted:
        try:
            with transaction.atomic():
                done.append(act(pk))
        except Invalid:
            raise  # what is missing is missing for all of them alike
        except Refusal as refusal:
            refused.append((pk, refusal))
    if refused:
        numbers = dict(Change.objects.filter(pk__in=[pk for pk, _ in refused]).values_list("pk", "number"))
        why = " ".join(f"CHG-{numbers.get(pk, 0)}: {refusal.sentence}" for pk, refusal in refused)
        raise WrongState(f"{failing} {why}", next_step="Leave these out, and choose the others again.")
    return done
