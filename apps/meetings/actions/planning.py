"""Planning single meetings, moving and cancelling meetings, and what every plan is checked for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.clusters.actions.clusters import require_version, save_new
from apps.clusters.rules import require_zone
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound
from apps.kernel.signs import day_words
from apps.kernel.windows import require_window
from apps.meetings import events
from apps.meetings.actions.moves import led_meeting, locked_meeting, move_meeting, require_state
from apps.meetings.models import Meeting
from apps.meetings.models.meetings import LONGEST, LONGEST_ITEM, LONGEST_LEAD, SHORTEST
from apps.meetings.queries.meetings import part_of, taken_times
from apps.meetings.rules.authority import require_leads
from apps.meetings.states import MeetingState
from apps.windows.rules.recurrence import Interval, require_rule

LONGEST_REASON = 500  # characters


@transaction.atomic
def plan_meeting(*, board_id: int, planner: Person, values: Mapping[str, Any], at: datetime) -> Meeting:
    """Plan a single meeting. `values` as of a series, without a rule; refused as a series is, and in the past."""
    board = locked_board(board_id)
    require_leads(part_of(planner, board.pk, at=at), board=board.name, to="plan its meetings")
    given = checked({**values, "rrule": None})
    given.pop("rrule")
    start, lasts = given.pop("start_local"), given.pop("duration_minutes")
    span = _span(start, lasts, given["zone"], at=at)
    _require_span_free(board, span, given["zone"])
    lead = timedelta(minutes=given.pop("lock_minutes"))
    meeting = Meeting(
        board=board, start_at=span[0], end_at=span[1], lock_at=span[0] - lead, created_by=planner, **given,
        created_at=at, changed_at=at,
    )  # fmt: skip
    save_new(meeting)
    journal.record(events.MeetingPlanned(meeting_id=meeting.pk), subject=meeting, actor=planner, at=at)
    return meeting


@transaction.atomic
def reschedule_meeting(
    *, meeting_id: int, person: Person, version: int, start_local: datetime, duration_minutes: int, at: datetime
) -> Meeting:
    """Move a meeting whose agenda is not locked yet; wall clock of its own zone. Its calendar entry counts up."""
    board = locked_board(_board_of(meeting_id))  # before the meeting, as an edit of its series does
    meeting = led_meeting(meeting_id, person, at=at, to="move its meetings")
    require_version(version, meeting.version)
    require_state(meeting, MeetingState.PLANNED, to="be moved")
    if not SHORTEST <= duration_minutes <= LONGEST:
        raise wrong("duration_minutes", "A meeting lasts between 5 minutes and 12 hours.")
    lead = meeting.start_at - meeting.lock_at
    span = _span(start_local, duration_minutes, meeting.zone, at=at)
    _require_span_free(board, span, meeting.zone, but=meeting)
    meeting.start_at, meeting.end_at, meeting.lock_at = *span, span[0] - lead
    meeting.sequence, meeting.version, meeting.changed_at = meeting.sequence + 1, meeting.version + 1, at
    meeting.save()
    event = events.MeetingMoved(meeting_id=meeting.pk, sequence=meeting.sequence)
    journal.record(event, subject=meeting, actor=person, at=at)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting_id: int, person: Person, reason: str, at: datetime) -> Meeting:
    """Cancel a meeting that has not begun, with a reason; what stood on its agenda goes to the next one."""
    meeting = led_meeting(meeting_id, person, at=at, to="cancel its meetings")
    cancel(meeting, require_reason(reason, "it is cancelled"), actor=person, at=at)
    return meeting


@transaction.atomic
def give_up_unopened(*, meeting_id: int, at: datetime) -> Meeting:
    """Cancel a meeting that nobody opened, long after its end, so that its items go to the next one."""
    meeting = locked_meeting(meeting_id)
    if meeting.state in {MeetingState.PLANNED, MeetingState.AGENDA_LOCKED}:
        cancel(meeting, "Nobody opened the meeting.", actor=None, at=at)
    return meeting


def require_reason(reason: str, what: str) -> str:
    """The reason, trimmed; refused when it is missing or longer than 500 characters."""
    said = reason.strip()
    if not said:
        raise Invalid(f"Say why {what}.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    if len(said) > LONGEST_REASON:
        raise Invalid(
            f"A reason has at most {LONGEST_REASON} characters.",
            next_step="Shorten it.",
            fields={"reason": ["Too long."]},
        )
    return said


def cancel(meeting: Meeting, why: str, *, actor: Person | None, at: datetime, with_series: bool = False) -> None:
    """Cancel a locked meeting; `with_series` where an act on its series does, which tells people itself."""
    move_meeting(meeting, MeetingState.CANCELLED, at=at)
    meeting.reason, meeting.sequence = why, meeting.sequence + 1
    meeting.save()
    event = events.MeetingCancelled(meeting_id=meeting.pk, reason=why, with_series=with_series)
    journal.record(event, subject=meeting, actor=actor, at=at)


def locked_board(board_id: int) -> Board:
    """The board, locked so that two plans for it take turns; votes on it go on."""
    return Board.objects.select_for_update(no_key=True, of=("self",)).get(pk=board_id)


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a plan, its rule in canonical form (None: a single meeting), or a refusal that names the field."""
    if not SHORTEST <= values["duration_minutes"] <= LONGEST:
        raise wrong("duration_minutes", "A meeting lasts between 5 minutes and 12 hours.")
    if not 0 <= values["lock_minutes"] <= LONGEST_LEAD:
        raise wrong("lock_minutes", "An agenda locks at most 7 days before the start.")
    if not 1 <= values["item_minutes"] <= LONGEST_ITEM:
        raise wrong("item_minutes", f"An item takes 1 to {LONGEST_ITEM} minutes.")
    require_zone(values["zone"])
    if values["rrule"] is not None:
        if not values["rrule"].strip():
            raise wrong("rrule", "A series comes back: write its rule, or plan a single meeting.")
        values["rrule"] = require_rule(values["rrule"], start_local=values["start_local"])
    return values


def _board_of(meeting_id: int) -> int:
    found = Meeting.objects.filter(pk=meeting_id).values_list("board_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such meeting that you may see.", next_step="Go back to the list of meetings.")
    return found


def _span(start_local: datetime, minutes: int, zone: str, *, at: datetime) -> Interval:
    """The single meeting's range; refuses a start that the zone skips, and one in the past."""
    window = require_window(start_local=start_local, end_local=start_local + timedelta(days=1), zone=zone)
    start_at = window.start_at
    if start_at <= at:
        raise wrong("start_local", "A meeting starts in the future.")
    return start_at, start_at + timedelta(minutes=minutes)


def _require_span_free(board: Board, span: Interval, zone: str, *, but: Meeting | None = None) -> None:
    taken = taken_times(board.pk, between=span)
    if but is not None:
        taken = [one for one in taken if one[0] != (but.start_at, but.end_at)]
    refuse_clashes(board, [span], taken, zone)


def refuse_clashes(board: Board, mine: list[Interval], taken: list[tuple[Interval, str]], zone: str) -> None:
    """Refuse when any of `mine` overlaps any that is taken; both lists are sorted by start."""
    clashes, first = [], 0
    for start, end in mine:
        while first < len(taken) and taken[first][0][1] <= start:
            first += 1
        if first < len(taken) and taken[first][0][0] < end:
            clashes.append((start, taken[first][1]))
    if not clashes:
        return
    start, name = clashes[0]
    more = f", and at {len(clashes) - 1} more times within a year" if len(clashes) > 1 else ""
    when = start.astimezone(ZoneInfo(zone))
    raise Conflict(
        f"The {board} already meets on {day_words(when)} at {when:%H:%M} ({zone}), for “{name}”{more}.",
        next_step="Choose another time, or end the other series first.",
        fields={"start_local": ["Another meeting of the board overlaps."]},
        code="meetings_overlap",
    )


def wrong(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
