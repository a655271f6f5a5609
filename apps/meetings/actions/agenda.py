"""Agendas: filled by rule, locked before the start; from then on only the chair admits and defers."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Person
from apps.cab.actions import rounds
from apps.cab.models import Ballot
from apps.cab.queries.boards import barred_from
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, WrongState
from apps.meetings import events
from apps.meetings.actions.moves import (
    item_of,
    led_meeting,
    locked_meeting,
    move_item,
    move_meeting,
    part_in,
    require_state,
)
from apps.meetings.actions.planning import require_reason
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.queries.agenda import MOST_ITEMS, candidates_of, ending_before, spoken_for, verdicts_of
from apps.meetings.queries.meetings import next_planned
from apps.meetings.rules.agenda import Candidate, in_order
from apps.meetings.rules.authority import require_member
from apps.meetings.states import LIVE, OPEN_ITEMS, ItemState, MeetingState

_BALLOTS = (events.BallotCastInRoom.name(), events.BallotCastElsewhere.name())
_OPEN_MEETING = (MeetingState.AGENDA_LOCKED, MeetingState.IN_SESSION)


@transaction.atomic
def fill_agendas(*, board_id: int, at: datetime) -> None:
    """Bring the board's agendas up to what waits for it now. Safe to run twice and beside another.

    A locked agenda only learns which items no longer wait, and which came late; the next planned one is filled anew.
    """
    live = Meeting.objects.filter(board=board_id, state__in=list(LIVE)).order_by("pk")
    for pk in live.values_list("pk", flat=True):
        meeting = locked_meeting(pk)
        if meeting.state in LIVE:
            _settle(meeting, at=at)
            _note_late(meeting, at=at)
    planned = next_planned(board_id)
    if planned is not None:
        meeting = locked_meeting(planned.pk)
        if meeting.state == MeetingState.PLANNED:
            _fill(meeting, at=at)


@transaction.atomic
def lock_agenda(*, meeting_id: int, at: datetime, chair: Person | None = None) -> Meeting:
    """Fix the agenda as it stands; `chair` None is the clock, which locks when the time has come. Safe to run twice."""
    if chair is None:
        meeting = locked_meeting(meeting_id)
        if meeting.state != MeetingState.PLANNED or meeting.lock_at > at:
            return meeting
    else:
        meeting = led_meeting(meeting_id, chair, at=at, to="lock its agenda")
        require_state(meeting, MeetingState.PLANNED, to="have its agenda locked")
    lock_now(meeting, actor=chair, at=at)
    return meeting


def lock_now(meeting: Meeting, *, actor: Person | None, at: datetime) -> None:
    """Fill and fix the agenda of a planned meeting. The caller holds its lock."""
    _fill(meeting, at=at)
    move_meeting(meeting, MeetingState.AGENDA_LOCKED, at=at)
    meeting.lock_at = min(meeting.lock_at, at)
    meeting.save()
    items = meeting.items.filter(state=ItemState.LISTED).count()
    journal.record(events.AgendaLocked(meeting_id=meeting.pk, items=items), subject=meeting, actor=actor, at=at)


@transaction.atomic
def admit_item(*, meeting_id: int, item_id: int, chair: Person, reason: str, at: datetime) -> AgendaItem:
    """Put a late, deferred or withdrawn item on the locked agenda, with a reason.

    Nobody admits their own change, and nothing is admitted that no longer waits for this board.
    """
    meeting = led_meeting(meeting_id, chair, at=at, to="admit items")
    require_state(meeting, *_OPEN_MEETING, to="admit an item")
    item = item_of(meeting, item_id)
    if chair.pk in barred_from(item.change):
        raise NotAllowed(
            "You wrote or carry out this change, so you do not put it before the board.",
            next_step="Ask another chair or an administrator to admit it.",
        )
    if item.change_id not in {one.change_id for one in candidates_of(meeting.board_id)}:
        raise WrongState(
            f"{item.change.reference} does not wait for the {meeting.board.name} now.",
            next_step="Open the change to see where it stands.",
        )
    why = require_reason(reason, "it cannot wait for the next meeting")
    move_item(item, ItemState.LISTED, at=at)
    item.reason, item.ruled_by, item.is_consent = why, chair, False
    item.position = _after_the_last(meeting)
    item.save()
    _keep_open(meeting, at=at)
    _tell(meeting, events.ItemAdmitted(**_of(item), reason=why), actor=chair, at=at)
    _fill_next(meeting, at=at)
    return item


@transaction.atomic
def defer_item(*, meeting_id: int, item_id: int, chair: Person, reason: str, at: datetime) -> AgendaItem:
    """Leave an item to a later meeting, with a reason; the board's next agenda lists it again."""
    meeting = led_meeting(meeting_id, chair, at=at, to="defer items")
    require_state(meeting, *_OPEN_MEETING, to="defer an item")
    item = item_of(meeting, item_id)
    why = require_reason(reason, "it is deferred")
    defer(meeting, item, why, actor=chair, at=at)
    _fill_next(meeting, at=at)
    return item


def defer(meeting: Meeting, item: AgendaItem, why: str, *, actor: Person | None, at: datetime) -> None:
    """Defer one item of a meeting. The caller holds the meeting's lock."""
    move_item(item, ItemState.DEFERRED, at=at)
    item.reason, item.ruled_by = why, actor
    item.save()
    _tell(meeting, events.ItemDeferred(**_of(item), reason=why), actor=actor, at=at)


@transaction.atomic
def reopen_consent(*, meeting_id: int, item_id: int, member: Person, at: datetime) -> AgendaItem:
    """Ask that a consent item be spoken of. Any member may, without a reason; it is not undone."""
    meeting = locked_meeting(meeting_id, member)
    require_member(part_in(meeting, member, at=at), board=meeting.board.name, to="ask to speak of an item")
    require_state(meeting, MeetingState.PLANNED, *_OPEN_MEETING, to="speak of a consent item")
    item = item_of(meeting, item_id)
    if item.state not in OPEN_ITEMS:
        raise WrongState("This item is settled.", next_step="Open the change to see where it stands.")
    if not item.is_consent:
        raise WrongState("This item is spoken of already.", next_step="Nothing needs to be done.")
    item.is_consent, item.reopened_by = False, member
    item.save(update_fields=["is_consent", "reopened_by"])
    _tell(meeting, events.ConsentReopened(**_of(item)), actor=member, at=at)
    return item


@transaction.atomic
def note_ballot(*, change_id: int, ballot_id: int, at: datetime) -> None:
    """Tell the room that speaks of a change of a ballot cast elsewhere. Safe to run twice."""
    speaking = AgendaItem.objects.filter(change=change_id, state=ItemState.CURRENT).values_list("meeting", flat=True)
    for pk in list(speaking):
        meeting = locked_meeting(pk)
        item = meeting.items.filter(change=change_id, state=ItemState.CURRENT).first()
        told = Entry.objects.about(meeting).filter(event__in=_BALLOTS, data__ballot_id=ballot_id)
        if item is not None and not told.exists():
            voter = Ballot.objects.select_related("cast_by").get(pk=ballot_id).cast_by
            _tell(meeting, events.BallotCastElsewhere(**_of(item), ballot_id=ballot_id), actor=voter, at=at)


def settle_item(meeting: Meeting, item: AgendaItem, verdict: str, *, actor: Person | None, at: datetime) -> None:
    """Take down that an item's change was decided ("" : no longer waits). The caller holds the meeting's lock."""
    move_item(item, ItemState.DECIDED if verdict else ItemState.WITHDRAWN, at=at)
    item.save()
    event = events.ItemDecided(**_of(item), verdict=verdict) if verdict else events.ItemWithdrawn(**_of(item))
    _tell(meeting, event, actor=actor, at=at)


def _settle(meeting: Meeting, *, at: datetime) -> None:
    """Items whose change was decided elsewhere, or no longer waits."""
    waiting = {one.change_id for one in candidates_of(meeting.board_id)}
    known = [*OPEN_ITEMS, ItemState.LATE, ItemState.DEFERRED]
    gone = list(meeting.items.filter(state__in=known).exclude(change__in=waiting).select_related("change"))
    verdicts = verdicts_of(meeting.board_id, [one.change_id for one in gone])
    for item in gone:
        settle_item(meeting, item, verdicts.get(item.change_id, ""), actor=None, at=at)


def _note_late(meeting: Meeting, *, at: datetime) -> None:
    known = set(meeting.items.values_list("change_id", flat=True))
    place = _after_the_last(meeting)
    late = [one for one in in_order(candidates_of(meeting.board_id)) if one.change_id not in known]
    for one in late[: max(0, MOST_ITEMS - len(known))]:
        item = _new(meeting, one, place, at=at, state=ItemState.LATE)
        item.save(force_insert=True)
        place += 1
        _tell(meeting, events.ItemCameLate(**_of(item)), actor=None, at=at)
    _keep_open(meeting, at=at)


def _fill(meeting: Meeting, *, at: datetime) -> None:
    """Make a planned agenda what waits, in order; what was asked to be spoken of stays so."""
    fixed = spoken_for(meeting.board_id)
    wanted = [one for one in in_order(candidates_of(meeting.board_id)) if one.change_id not in fixed][:MOST_ITEMS]
    had = {one.change_id: one for one in meeting.items.all()}
    removed = sorted(had.keys() - {one.change_id for one in wanted})
    added = [one.change_id for one in wanted if one.change_id not in had]
    meeting.items.filter(change__in=removed).delete()
    new, kept = [], []
    for place, one in enumerate(wanted, start=1):
        item = had.get(one.change_id)
        if item is None:
            new.append(_new(meeting, one, place, at=at, state=ItemState.LISTED))
            continue
        item.position, item.is_consent = place, one.is_consent and item.reopened_by_id is None
        kept.append(item)
    AgendaItem.objects.bulk_update(kept, ["position", "is_consent"])
    AgendaItem.objects.bulk_create(new)
    if added or removed:
        event = events.AgendaFilled(meeting_id=meeting.pk, added=added, removed=removed)
        _tell(meeting, event, actor=None, at=at)
    _keep_open(meeting, at=at)


def _keep_open(meeting: Meeting, *, at: datetime) -> None:
    """No round of an item ends before the meeting that is to speak of it. The caller holds the meeting's lock."""
    for pk in ending_before(meeting).values_list("pk", flat=True):
        rounds.keep_open(round_id=pk, until=meeting.end_at, at=at)


def _new(meeting: Meeting, one: Candidate, place: int, *, at: datetime, state: ItemState) -> AgendaItem:
    return AgendaItem(
        meeting=meeting,
        change_id=one.change_id,
        position=place,
        state=state,
        is_consent=one.is_consent and state == ItemState.LISTED,
        minutes=meeting.item_minutes,
        added_at=at,
    )


def _fill_next(meeting: Meeting, *, at: datetime) -> None:
    """Fill the board's next planned agenda anew: what was admitted leaves it, what was deferred comes onto it."""
    planned = next_planned(meeting.board_id)
    if planned is not None:
        following = locked_meeting(planned.pk)
        if following.state == MeetingState.PLANNED:
            _fill(following, at=at)


def _after_the_last(meeting: Meeting) -> int:
    last: int | None = meeting.items.aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _of(item: AgendaItem) -> dict[str, int]:
    return {"meeting_id": item.meeting_id, "item_id": item.pk, "change_id": item.change_id}


def _tell(meeting: Meeting, event: Event, *, actor: Person | None, at: datetime) -> None:
    journal.record(event, subject=meeting, actor=actor, at=at)
