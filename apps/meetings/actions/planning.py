"""Planning series and single meetings, moving and cancelling them, and writing down what a series brings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.clusters.actions.clusters import require_version, save_new
from apps.clusters.rules import require_zone
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, WrongState
from apps.kernel.windows import require_window
from apps.meetings import events
from apps.meetings.actions.moves import led_meeting, locked_meeting, move_meeting, require_state
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.models.meetings import LONGEST, LONGEST_ITEM, LONGEST_LEAD, SHORTEST
from apps.meetings.queries.meetings import CHECKED, HORIZON, part_of, taken_times, times_of
from apps.meetings.rules.authority import require_leads
from apps.meetings.states import MeetingState
from apps.windows.rules.recurrence import Interval, require_rule

LONGEST_REASON = 500  # characters
MOST_SERIES = 20  # running ones of one board
TOLD = 5  # clashes of a refusal
ALREADY = "The board already meets then: {}."


@transaction.atomic
def plan_series(*, board_id: int, planner: Person, values: Mapping[str, Any], at: datetime) -> MeetingSeries:
    """Keep a series of a board and write its meetings of the next 90 days down.

    `values` holds name, place, start_local, duration_minutes, zone, rrule, lock_minutes, item_minutes. Refused: who
    does not lead the board, rules and times that make no sense, and a series that would meet at a time at which the
    board already meets, looked at for a year.
    """
    board = _locked_board(board_id)
    require_leads(part_of(planner, board.pk, at=at), board=board.name, to="plan its meetings")
    series = MeetingSeries(board=board, created_by=planner, created_at=at, **_checked(dict(values)))
    if MeetingSeries.objects.running().filter(board=board).count() >= MOST_SERIES:
        raise Conflict(f"The {board} has {MOST_SERIES} series already.", next_step="End one that nobody needs.")
    _require_free(series, at=at)
    save_new(series)
    journal.record(events.SeriesPlanned(series_id=series.pk), subject=series, actor=planner, at=at)
    _write_down(series, actor=planner, at=at)
    return series


def drafted_series(*, board: Board, values: Mapping[str, Any], at: datetime) -> MeetingSeries:
    """The series as it would be (without a rule: one that meets once), checked and not kept: for a preview."""
    given = _checked({**values, "rrule": values["rrule"] or None})
    series = MeetingSeries(board=board, **given | {"rrule": given["rrule"] or ""})
    _require_free(series, at=at)
    return series


@transaction.atomic
def end_series(*, series_id: int, person: Person, reason: str, at: datetime) -> MeetingSeries:
    """End a series: meetings of it that still lie ahead and whose agenda is not locked are cancelled."""
    rows = MeetingSeries.objects.visible_to(person).select_for_update(of=("self",)).select_related("board")
    series = rows.filter(pk=series_id).first()
    if series is None:
        raise NotFound("There is no such series that you may see.", next_step="Go back to the list of meetings.")
    require_leads(part_of(person, series.board_id, at=at), board=series.board.name, to="end its series")
    if series.ended_at:
        raise WrongState("This series has ended.", next_step="Plan a new one.")
    why = require_reason(reason, "it ends")
    series.ended_at, series.version = at, series.version + 1
    series.save(update_fields=["ended_at", "version"])
    journal.record(events.SeriesEnded(series_id=series.pk, reason=why), subject=series, actor=person, at=at)
    ahead = Meeting.objects.filter(series=series, state=MeetingState.PLANNED, start_at__gt=at).order_by("pk")
    for meeting in ahead.select_for_update(of=("self",), no_key=True):
        _cancel(meeting, why, actor=person, at=at)
    return series


@transaction.atomic
def write_down_meetings(*, series_id: int, at: datetime) -> int:
    """Write down the meetings of a series for the next 90 days; returns how many were new. Safe to run twice.

    An occurrence at which the board meets by then is written down as cancelled, with that reason.
    """
    found = MeetingSeries.objects.running().filter(pk=series_id).first()
    if found is None:
        return 0
    _locked_board(found.board_id)
    return _write_down(found, actor=None, at=at)


@transaction.atomic
def plan_meeting(*, board_id: int, planner: Person, values: Mapping[str, Any], at: datetime) -> Meeting:
    """Plan a single meeting. `values` as of a series, without a rule; refused as a series is, and in the past."""
    board = _locked_board(board_id)
    require_leads(part_of(planner, board.pk, at=at), board=board.name, to="plan its meetings")
    given = _checked({**values, "rrule": None})
    given.pop("rrule")
    start, lasts = given.pop("start_local"), given.pop("duration_minutes")
    span = _span(start, lasts, given["zone"], at=at)
    _require_span_free(board, span)
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
    meeting = led_meeting(meeting_id, person, at=at, to="move its meetings")
    board = _locked_board(meeting.board_id)
    require_version(version, meeting.version)
    require_state(meeting, MeetingState.PLANNED, to="be moved")
    if not SHORTEST <= duration_minutes <= LONGEST:
        raise _wrong("duration_minutes", "A meeting lasts between 5 minutes and 12 hours.")
    lead = meeting.start_at - meeting.lock_at
    span = _span(start_local, duration_minutes, meeting.zone, at=at)
    _require_span_free(board, span, but=meeting)
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
    _cancel(meeting, require_reason(reason, "it is cancelled"), actor=person, at=at)
    return meeting


@transaction.atomic
def give_up_unopened(*, meeting_id: int, at: datetime) -> Meeting:
    """Cancel a meeting that nobody opened, long after its end, so that its items go to the next one."""
    meeting = locked_meeting(meeting_id)
    if meeting.state in {MeetingState.PLANNED, MeetingState.AGENDA_LOCKED}:
        _cancel(meeting, "Nobody opened the meeting.", actor=None, at=at)
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


def _cancel(meeting: Meeting, why: str, *, actor: Person | None, at: datetime) -> None:
    move_meeting(meeting, MeetingState.CANCELLED, at=at)
    meeting.reason, meeting.sequence = why, meeting.sequence + 1
    meeting.save()
    event = events.MeetingCancelled(meeting_id=meeting.pk, reason=why)
    journal.record(event, subject=meeting, actor=actor, at=at)


def _locked_board(board_id: int) -> Board:
    """The board, locked so that two plans for it take turns; votes on it go on."""
    return Board.objects.select_for_update(no_key=True, of=("self",)).get(pk=board_id)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if not SHORTEST <= values["duration_minutes"] <= LONGEST:
        raise _wrong("duration_minutes", "A meeting lasts between 5 minutes and 12 hours.")
    if not 0 <= values["lock_minutes"] <= LONGEST_LEAD:
        raise _wrong("lock_minutes", "An agenda locks at most 7 days before the start.")
    if not 1 <= values["item_minutes"] <= LONGEST_ITEM:
        raise _wrong("item_minutes", f"An item takes 1 to {LONGEST_ITEM} minutes.")
    require_zone(values["zone"])
    if values["rrule"] is not None:
        if not values["rrule"].strip():
            raise _wrong("rrule", "A series comes back: write its rule, or plan a single meeting.")
        values["rrule"] = require_rule(values["rrule"], start_local=values["start_local"])
    return values


def _span(start_local: datetime, minutes: int, zone: str, *, at: datetime) -> Interval:
    """The single meeting's range; refuses a start that the zone skips, and one in the past."""
    window = require_window(start_local=start_local, end_local=start_local + timedelta(days=1), zone=zone)
    start_at = window.start_at
    if start_at <= at:
        raise _wrong("start_local", "A meeting starts in the future.")
    return start_at, start_at + timedelta(minutes=minutes)


def _require_free(series: MeetingSeries, *, at: datetime) -> None:
    between = (at, at + CHECKED)
    mine = times_of(series, between=between)
    if not mine:
        raise _wrong("rrule", "This series does not meet within a year.")
    _refuse_clashes(series.board, mine, taken_times(series.board_id, between=between, but=series), series.zone)


def _require_span_free(board: Board, span: Interval, *, but: Meeting | None = None) -> None:
    taken = taken_times(board.pk, between=span)
    if but is not None:
        taken = [one for one in taken if one[0] != (but.start_at, but.end_at)]
    _refuse_clashes(board, [span], taken, "UTC")


def _refuse_clashes(board: Board, mine: list[Interval], taken: list[tuple[Interval, str]], zone: str) -> None:
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
        f"The {board} already meets on {when:%d %B %Y at %H:%M} ({zone}), for “{name}”{more}.",
        next_step="Choose another time, or end the other series first.",
        fields={"start_local": ["Another meeting of the board overlaps."]},
        code="meetings_overlap",
    )


def _write_down(series: MeetingSeries, *, actor: Person | None, at: datetime) -> int:
    between = (at, at + HORIZON)
    known = set(Meeting.objects.filter(series=series).values_list("occurrence_at", flat=True))
    written = Meeting.objects.filter(board=series.board_id, start_at__lt=between[1], end_at__gt=between[0])
    taken = [(one.start_at, one.end_at, one.name) for one in written.exclude(state=MeetingState.CANCELLED)]
    new = 0
    for start, end in times_of(series, between=between):
        if start in known or start <= at:
            continue
        clash = next((name for low, high, name in taken if low < end and start < high), "")
        meeting = _occurrence(series, start, end, clash, at=at)
        taken.append((start, end, series.name))
        journal.record(events.MeetingPlanned(meeting_id=meeting.pk), subject=meeting, actor=actor, at=at)
        new += 1
    return new


def _occurrence(series: MeetingSeries, start: datetime, end: datetime, clash: str, *, at: datetime) -> Meeting:
    return Meeting.objects.create(
        board_id=series.board_id,
        series=series,
        occurrence_at=start,
        name=series.name,
        place=series.place,
        start_at=start.astimezone(UTC),
        end_at=end.astimezone(UTC),
        zone=series.zone,
        lock_at=max(at, start - timedelta(minutes=series.lock_minutes)),
        item_minutes=series.item_minutes,
        state=MeetingState.CANCELLED if clash else MeetingState.PLANNED,
        reason=ALREADY.format(clash) if clash else "",
        created_at=at,
        changed_at=at,
    )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
