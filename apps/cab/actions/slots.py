"""Taking a free window for a change."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.actions import proposing
from apps.cab.actions.conflicts import take_turn
from apps.cab.actions.moves import locked_change
from apps.cab.models import Change
from apps.cab.queries.slots import LONGEST, SHORTEST, can_be_written, rules_for, zone_of
from apps.cab.rules.slots import blocked_hours
from apps.kernel.refusals import Invalid, WrongState
from apps.windows.actions.freezes import keep_freezes_as_they_are
from apps.windows.actions.recurring import keep_windows_as_they_are


@transaction.atomic
def take_slot(
    *, change_id: int, taker: Person, start_at: datetime, end_at: datetime, based_on: int, at: datetime
) -> Change:
    """Plan the change for that window, an edit like any other (see `edit_change`), if it is still free.

    Of two who take the same window for changes in each other's way, the second is refused. Refuses also windows that
    have begun, that last less than 15 minutes or more than 14 days, or that the change's zone cannot write.
    """
    take_turn()
    change = locked_change(change_id)
    proposing.require_may_edit(change, taker)
    _require_sound(change, start_at, end_at, at=at)
    keep_windows_as_they_are()  # what frees the window is still there when the change is planned for it
    keep_freezes_as_they_are()
    window = (start_at, end_at)
    closing = blocked_hours(window, rules_for(change, window))
    if closing:
        raise WrongState(
            f"That window is not free: {closing[0].sentence}", next_step="Look for free windows again and take another."
        )
    zone = ZoneInfo(zone_of(change))
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in window)
    return proposing.edit_change(
        change_id=change_id,
        editor=taker,
        content=proposing.content_from(change, window_start=start, window_end=end, window_zone=zone.key),
        based_on=based_on,
        at=at,
    )


def _require_sound(change: Change, start_at: datetime, end_at: datetime, *, at: datetime) -> None:
    if start_at < at:
        raise Invalid("That window has begun already.", next_step="Take a later one.", fields={"start": ["Past."]})
    if not SHORTEST <= end_at - start_at <= LONGEST:
        raise Invalid(
            "A window lasts from 15 minutes to 14 days.",
            next_step="Ask for a length in between.",
            fields={"end": ["Out of range."]},
        )
    zone = zone_of(change)
    if not can_be_written(start_at, end_at, zone):
        raise Invalid(
            f"{zone} has no wall-clock times that say just this window.",
            next_step="Take whole minutes that no change of clocks repeats or skips.",
            fields={"start": ["Cannot be written in the change's zone."]},
        )
