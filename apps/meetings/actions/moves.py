"""The only places where a status is assigned, and the lock every action on a meeting starts with.

Whoever records an entry about a meeting holds its row: entries about one meeting are therefore committed in the order
of their numbers, which is what lets a screen go on from the last number it saw and miss nothing (docs/adr/0008).
"""

from datetime import datetime

from apps.accounts.models import Person
from apps.kernel.refusals import NotFound, WrongState
from apps.meetings.models import ActionItem, AgendaItem, Meeting
from apps.meetings.queries.meetings import part_of
from apps.meetings.rules.authority import Part, require_leads
from apps.meetings.rules.timing import spent_seconds
from apps.meetings.states import ACTION_ITEM, ITEM, MEETING, ActionState, ItemState, MeetingState


def locked_meeting(meeting_id: int, person: Person | None = None) -> Meeting:
    """The meeting with its board, locked until the transaction ends; refused where `person` may not know of it."""
    rows = Meeting.objects.all() if person is None else Meeting.objects.visible_to(person)
    rows = rows.select_for_update(of=("self",), no_key=True).select_related("board")
    meeting = rows.filter(pk=meeting_id).first()
    if meeting is None:
        raise NotFound("There is no such meeting that you may see.", next_step="Go back to the list of meetings.")
    return meeting


def led_meeting(meeting_id: int, leader: Person, *, at: datetime, to: str) -> Meeting:
    """The same for who leads it; `to` says what for."""
    meeting = locked_meeting(meeting_id, leader)
    require_leads(part_of(leader, meeting.board_id, at=at), board=meeting.board.name, to=to)
    return meeting


def part_in(meeting: Meeting, person: Person, *, at: datetime) -> Part:
    """What the person is to the meeting's board today."""
    return part_of(person, meeting.board_id, at=at)


def require_state(meeting: Meeting, *allowed: MeetingState, to: str) -> None:
    """Refuse an act that the meeting's state does not allow; `to` completes "… to …"."""
    if meeting.state in allowed:
        return
    words = " or ".join(state.replace("_", " ") for state in allowed)
    raise WrongState(
        f"The meeting is {meeting.state.replace('_', ' ')}; it must be {words} to {to}.",
        next_step="Look at the meeting's page for what can be done now.",
    )


def item_of(meeting: Meeting, item_id: int) -> AgendaItem:
    """The item of this meeting's agenda with its change. The caller holds the meeting's lock."""
    item = AgendaItem.objects.select_related("change").filter(meeting=meeting, pk=item_id).first()
    if item is None:
        raise NotFound("There is no such item on this agenda.", next_step="Reload the meeting's page.")
    return item


def move_meeting(meeting: Meeting, target: MeetingState, *, at: datetime) -> None:
    """Give the meeting its next state, noting when. The caller saves."""
    MEETING.require(meeting.state, target)
    meeting.state, meeting.changed_at = target, at
    meeting.version += 1


def move_item(item: AgendaItem, target: ItemState, *, at: datetime) -> None:
    """Give the item its next state; the time the room spoke of it is added up. The caller saves."""
    ITEM.require(item.state, target)
    item.spent_seconds = spent_seconds(before=item.spent_seconds, taken_at=item.taken_at, at=at)
    item.taken_at = at if target == ItemState.CURRENT else None
    item.state = target


def move_action_item(action: ActionItem, target: ActionState, *, at: datetime) -> None:
    """End the action item, noting when. The caller saves."""
    ACTION_ITEM.require(action.state, target)
    action.state, action.done_at = target, at
