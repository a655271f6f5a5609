"""Action items: agreed in the room, done afterwards."""

from datetime import date, datetime, timedelta

from django.db import transaction

from apps.accounts.models import Person, PersonKind
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, WrongState
from apps.meetings import events
from apps.meetings.actions.moves import item_of, locked_meeting, move_action_item, part_in, require_state
from apps.meetings.models import ActionItem
from apps.meetings.rules.authority import require_member
from apps.meetings.states import ActionState, MeetingState

LONGEST_TEXT = 500  # characters
LATEST = timedelta(days=366)  # of a due date
MOST_ACTIONS = 200  # of one meeting


@transaction.atomic
def agree_action(
    *, meeting_id: int, member: Person, text: str, owner: Person, due_on: date, at: datetime, item_id: int | None = None
) -> ActionItem:
    """Write down what somebody does until when. Members and who leads the room may, while it is in session."""
    meeting = locked_meeting(meeting_id, member)
    part = part_in(meeting, member, at=at)
    if not part.leads:
        require_member(part, board=meeting.board.name, to="note action items")
    require_state(meeting, MeetingState.IN_SESSION, to="note an action item")
    if ActionItem.objects.filter(meeting=meeting).count() >= MOST_ACTIONS:
        raise Conflict(f"{MOST_ACTIONS} action items are noted.", next_step="Note the rest in the next meeting.")
    action = ActionItem.objects.create(
        meeting=meeting,
        item=item_of(meeting, item_id) if item_id is not None else None,
        text=_checked(text, owner, due_on, at=at),
        owner=owner,
        due_on=due_on,
        noted_by=member,
        noted_at=at,
    )
    event = events.ActionAgreed(meeting_id=meeting.pk, action_item_id=action.pk, owner_id=owner.pk)
    journal.record(event, subject=meeting, actor=member, at=at)
    return action


@transaction.atomic
def finish_action(*, meeting_id: int, action_item_id: int, person: Person, at: datetime) -> ActionItem:
    """Say that it is done: its owner may, and who leads the board. At any time, whatever became of the meeting."""
    meeting = locked_meeting(meeting_id, person)
    action = ActionItem.objects.select_related("owner").filter(meeting=meeting, pk=action_item_id).first()
    if action is None:
        raise NotFound("There is no such action item.", next_step="Reload the meeting's page.")
    if action.owner_id != person.pk and not part_in(meeting, person, at=at).leads:
        raise NotAllowed(f"{action.owner} says when it is done.", next_step="Ask them, or the chair.")
    if action.state == ActionState.DONE:
        raise WrongState("It is done already.", next_step="Nothing needs to be done.")
    move_action_item(action, ActionState.DONE, at=at)
    action.save()
    event = events.ActionDone(meeting_id=meeting.pk, action_item_id=action.pk)
    journal.record(event, subject=meeting, actor=person, at=at)
    return action


def _checked(text: str, owner: Person, due_on: date, *, at: datetime) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST_TEXT:
        raise _wrong("text", f"Say in 1 to {LONGEST_TEXT} characters what is to be done.")
    if not owner.is_active or owner.kind != PersonKind.HUMAN:
        raise _wrong("owner", f"{owner} cannot take it: they do not sign in.")
    if not at.date() <= due_on <= (at + LATEST).date():
        raise _wrong("due_on", "It is due today or within a year.")
    return said


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
