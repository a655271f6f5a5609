"""What the chair does with the items in session: take one up, put it back, move it up or down."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import WrongState
from apps.meetings import events
from apps.meetings.actions.moves import item_of, led_meeting, move_item, require_state
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.states import OPEN_ITEMS, ItemState, MeetingState


@transaction.atomic
def take_item(*, meeting_id: int, item_id: int, chair: Person, at: datetime) -> AgendaItem:
    """Make an item the one the room speaks of; its timer runs. What was spoken of before is put back, not decided."""
    meeting = _in_session(meeting_id, chair, at=at)
    item = item_of(meeting, item_id)
    if item.state == ItemState.CURRENT:
        return item
    if item.state not in OPEN_ITEMS:
        raise WrongState(
            f"{item.change.reference} is {item.state} on this agenda.",
            next_step="Admit it first." if item.state != ItemState.DECIDED else "Take another item.",
        )
    _put_back_current(meeting, chair, at=at)
    move_item(item, ItemState.CURRENT, at=at)
    item.is_consent = False  # what is taken up is spoken of
    item.save()
    _tell(meeting, events.ItemTaken(**_of(item)), chair, at=at)
    return item


@transaction.atomic
def put_back(*, meeting_id: int, chair: Person, at: datetime) -> Meeting:
    """Put the current item back onto the agenda; nothing is current then. Safe to ask twice."""
    meeting = _in_session(meeting_id, chair, at=at)
    _put_back_current(meeting, chair, at=at)
    return meeting


@transaction.atomic
def promote_item(*, meeting_id: int, item_id: int, chair: Person, at: datetime) -> AgendaItem:
    """Move an open item one place up. The first stays where it is."""
    return _shift(meeting_id, item_id, chair, up=True, at=at)


@transaction.atomic
def demote_item(*, meeting_id: int, item_id: int, chair: Person, at: datetime) -> AgendaItem:
    """Move an open item one place down. The last stays where it is."""
    return _shift(meeting_id, item_id, chair, up=False, at=at)


def _shift(meeting_id: int, item_id: int, chair: Person, *, up: bool, at: datetime) -> AgendaItem:
    meeting = _in_session(meeting_id, chair, at=at)
    item = item_of(meeting, item_id)
    if item.state not in OPEN_ITEMS:
        raise WrongState("Only an open item is moved.", next_step="Reload the room to see how it stands.")
    rows = meeting.items.filter(state__in=list(OPEN_ITEMS), is_consent=item.is_consent)
    if up:
        other = rows.filter(position__lt=item.position).order_by("-position").first()
    else:
        other = rows.filter(position__gt=item.position).order_by("position").first()
    if other is None:
        return item
    item.position, other.position = other.position, item.position
    AgendaItem.objects.bulk_update([item, other], ["position"])
    _tell(meeting, events.ItemShifted(**_of(item), position=item.position), chair, at=at)
    return item


def _in_session(meeting_id: int, chair: Person, *, at: datetime) -> Meeting:
    meeting = led_meeting(meeting_id, chair, at=at, to="lead its room")
    require_state(meeting, MeetingState.IN_SESSION, to="work through its agenda")
    return meeting


def _put_back_current(meeting: Meeting, chair: Person, *, at: datetime) -> None:
    current = meeting.items.filter(state=ItemState.CURRENT).first()
    if current is not None:
        move_item(current, ItemState.LISTED, at=at)
        current.save()
        _tell(meeting, events.ItemPutBack(**_of(current)), chair, at=at)


def _of(item: AgendaItem) -> dict[str, int]:
    return {"meeting_id": item.meeting_id, "item_id": item.pk, "change_id": item.change_id}


def _tell(meeting: Meeting, event: Event, chair: Person, *, at: datetime) -> None:
    journal.record(event, subject=meeting, actor=chair, at=at)
