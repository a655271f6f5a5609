"""Consent items decided together: the chair moves them, one confirmation of each voter casts all of their ballots."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.actions import rounds
from apps.cab.models import Ballot, Choice
from apps.cab.queries.boards import barred_from
from apps.journal import actions as journal
from apps.kernel.refusals import Refusal, StaleRevision, WrongState
from apps.meetings import events
from apps.meetings.actions.moves import led_meeting, locked_meeting, require_state
from apps.meetings.actions.session import require_present, settle_if_decided
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.queries.consent import consent_items
from apps.meetings.states import MeetingState

VOTED = "voted_already"


@transaction.atomic
def move_consent(*, meeting_id: int, chair: Person, at: datetime) -> Meeting:
    """Put the question on all remaining consent items at once. Safe to ask twice.

    Refused: who does not lead the board, a meeting that is not in session, an agenda without consent items. Until its
    last ballot any member may still ask to speak of an item (`agenda.reopen_consent`).
    """
    meeting = led_meeting(meeting_id, chair, at=at, to="move its consent items")
    require_state(meeting, MeetingState.IN_SESSION, to="decide its consent items")
    if meeting.consent_moved_at:
        return meeting
    items = [one.pk for one in consent_items(meeting)]
    if not items:
        raise WrongState("There is no consent item left.", next_step="Take the other items up one by one.")
    meeting.consent_moved_at = at
    meeting.save(update_fields=["consent_moved_at"])
    event = events.ConsentMoved(meeting_id=meeting.pk, items=items)
    journal.record(event, subject=meeting, actor=chair, at=at)
    return meeting


@transaction.atomic
def confirm_consent(
    *, meeting_id: int, voter: Person, seen: Mapping[int, int], at: datetime, seat_of: Person | None = None
) -> list[Ballot]:
    """Approve every remaining consent item by one confirmation: all ballots are cast in this one transaction, or none.

    `seen` holds the items the voter read and the revision of each (item id → revision); `seat_of` as in
    `cab.actions.rounds.cast_vote`. An item whose author the voter is gets no ballot of theirs: it leaves the consent
    items with a sentence and is spoken of, as does one that changed since it was read or takes no ballots now. An item
    on which the seat has voted is passed over. Refused: who is not in the room, a room without its quorum, a motion
    that was not made, items that the voter did not read, and who has no seat.
    """
    meeting = locked_meeting(meeting_id, voter)
    require_state(meeting, MeetingState.IN_SESSION, to="confirm its consent items")
    require_present(meeting, voter, at=at)
    items = _moved_items(meeting)
    unread = [one.change.reference for one in items if one.pk not in seen]
    if unread:
        raise StaleRevision(f"You did not read {', '.join(unread)}.", next_step="Look at the list, then confirm it.")
    cast = [_cast(meeting, one, voter, seen[one.pk], seat_of, at=at) for one in items]
    ballots = [one for one in cast if one is not None]
    if ballots:
        event = events.ConsentConfirmed(meeting_id=meeting.pk, ballots=[one.pk for one in ballots])
        journal.record(event, subject=meeting, actor=voter, at=at)
    for item in items:
        settle_if_decided(meeting, item, actor=voter, at=at)
    return ballots


def _moved_items(meeting: Meeting) -> list[AgendaItem]:
    if meeting.consent_moved_at is None:
        raise WrongState(
            "The chair has not moved the consent items.", next_step="Wait for the chair.", code="consent_not_moved"
        )
    items = consent_items(meeting)
    if not items:
        raise WrongState("There is no consent item left.", next_step="Nothing needs to be done.", code="consent_over")
    return items


def _cast(
    meeting: Meeting, item: AgendaItem, voter: Person, revision: int, seat_of: Person | None, *, at: datetime
) -> Ballot | None:
    """The ballot on one item; None where the seat has voted on it, or where the item leaves the consent items."""
    barred = barred_from(item.change)
    author = next((one for one in (voter, seat_of) if one is not None and one.pk in barred), None)
    if author is not None:
        why = f"{author} wrote this change or carries it out, so the room speaks of it."
        _leave(meeting, item, why, voter, at=at)
        return None
    try:
        return rounds.cast_vote(
            change_id=item.change_id, voter=voter, choice=Choice.APPROVE, revision=revision, seat_of=seat_of, at=at
        )
    except (WrongState, StaleRevision) as refusal:
        _leave(meeting, item, refusal.sentence, voter, at=at)
    except Refusal as refusal:
        if refusal.code != VOTED:
            raise
    return None


def _leave(meeting: Meeting, item: AgendaItem, why: str, voter: Person, *, at: datetime) -> None:
    item.is_consent, item.reason = False, why[:500]
    item.save(update_fields=["is_consent", "reason"])
    named = {"meeting_id": meeting.pk, "item_id": item.pk, "change_id": item.change_id}
    event = events.ConsentLeft(**named, reason=item.reason)
    journal.record(event, subject=meeting, actor=voter, at=at)
