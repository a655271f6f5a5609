"""Planning, editing and ending series, and writing down the meetings they bring."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.clusters.actions.clusters import require_version, save_new
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotFound, WrongState
from apps.meetings import events
from apps.meetings.actions.planning import cancel, checked, locked_board, refuse_clashes, require_reason, wrong
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.meetings import CHECKED, HORIZON, part_of, taken_times, times_of
from apps.meetings.rules.authority import require_leads
from apps.meetings.rules.series import NEAR, paired
from apps.meetings.states import AHEAD, MeetingState
from apps.windows.rules.recurrence import Interval

MOST_SERIES = 20  # running ones of one board
ALREADY = "The board already meets then: {}."
ELSEWHEN = "Its series meets at other times now."
EDITABLE = ("name", "place", "start_local", "duration_minutes", "zone", "rrule", "lock_minutes", "item_minutes")
TIMES = frozenset({"start_local", "duration_minutes", "zone", "rrule"})


@transaction.atomic
def plan_series(*, board_id: int, planner: Person, values: Mapping[str, Any], at: datetime) -> MeetingSeries:
    """Keep a series of a board and write its meetings of the next 90 days down.

    `values` holds name, place, start_local, duration_minutes, zone, rrule, lock_minutes, item_minutes. Refused: who
    does not lead the board, rules and times that make no sense, and a series that would meet at a time at which the
    board already meets, looked at for a year.
    """
    board = locked_board(board_id)
    require_leads(part_of(planner, board.pk, at=at), board=board.name, to="plan its meetings")
    given = checked(dict(values))
    series = MeetingSeries(board=board, created_by=planner, created_at=at, changed_at=at, times_from=at, **given)
    if MeetingSeries.objects.running().filter(board=board).count() >= MOST_SERIES:
        raise Conflict(f"The {board} has {MOST_SERIES} series already.", next_step="End one that nobody needs.")
    _require_free(series, at=at)
    save_new(series)
    journal.record(events.SeriesPlanned(series_id=series.pk), subject=series, actor=planner, at=at)
    _write_down(series, actor=planner, at=at)
    return series


def drafted_series(
    *, board: Board, values: Mapping[str, Any], at: datetime, instead_of: MeetingSeries | None = None
) -> MeetingSeries:
    """The series as it would be (without a rule: one that meets once), checked and not kept: for a preview."""
    given = checked({**values, "rrule": values["rrule"] or None})
    own = {"pk": instead_of.pk} if instead_of else {}
    series = MeetingSeries(board=board, **own, **given | {"rrule": given["rrule"] or ""})
    _require_free(series, at=at)
    return series


@transaction.atomic
def edit_series(
    *, series_id: int, person: Person, version: int, values: Mapping[str, Any], at: datetime
) -> MeetingSeries:
    """Change a series from now on; its meetings that lie ahead follow, and keep their agendas.

    `values` holds what changes of the fields a plan has. A meeting goes to the nearest new time within six days, keeps
    its own time where somebody moved it or its agenda is locked, and is cancelled where the series meets no more. The
    past stays. Refused as a plan is, and where the series has ended or `version` is not the one in force.
    """
    series = _led(series_id, person, at=at, to="change its series")
    require_version(version, series.version)
    given = checked({name: values.get(name, getattr(series, name)) for name in EDITABLE})
    changed = [name for name in EDITABLE if getattr(series, name) != given[name]]
    if not changed:
        return series
    for name in changed:
        setattr(series, name, given[name])
    if TIMES.intersection(changed):
        series.times_from = at
        _require_free(series, at=at)
    series.version, series.changed_at = series.version + 1, at
    series.save()
    journal.record(events.SeriesEdited(series_id=series.pk, fields=changed), subject=series, actor=person, at=at)
    _follow(series, actor=person, at=at)
    _write_down(series, actor=person, at=at)
    return series


@transaction.atomic
def end_series(*, series_id: int, person: Person, reason: str, at: datetime) -> MeetingSeries:
    """End a series: meetings of it that still lie ahead and whose agenda is not locked are cancelled."""
    series = _led(series_id, person, at=at, to="end its series")
    why = require_reason(reason, "it ends")
    series.ended_at, series.changed_at, series.version = at, at, series.version + 1
    series.save(update_fields=["ended_at", "changed_at", "version"])
    journal.record(events.SeriesEnded(series_id=series.pk, reason=why), subject=series, actor=person, at=at)
    for meeting in _ahead(series, at=at):
        if meeting.state == MeetingState.PLANNED:
            cancel(meeting, why, actor=person, at=at, with_series=True)
    return series


@transaction.atomic
def write_down_meetings(*, series_id: int, at: datetime) -> int:
    """Write down the meetings of a series for the next 90 days; returns how many were new. Safe to run twice.

    An occurrence at which the board meets by then is written down as cancelled, with that reason.
    """
    found = MeetingSeries.objects.filter(pk=series_id).first()
    if found is None:
        return 0
    locked_board(found.board_id)
    series = MeetingSeries.objects.running().filter(pk=series_id).first()  # as it is now that no edit runs
    return _write_down(series, actor=None, at=at) if series else 0


def _led(series_id: int, person: Person, *, at: datetime, to: str) -> MeetingSeries:
    """The running series, locked after its board, for who leads that; `to` says what for."""
    seen = MeetingSeries.objects.visible_to(person).filter(pk=series_id).first()
    if seen is None:
        raise NotFound("There is no such series that you may see.", next_step="Go back to the list of meetings.")
    board = locked_board(seen.board_id)
    series = MeetingSeries.objects.select_for_update(of=("self",), no_key=True).get(pk=series_id)
    series.board = board
    require_leads(part_of(person, board.pk, at=at), board=board.name, to=to)
    if series.ended_at:
        raise WrongState("This series has ended.", next_step="Plan a new one.")
    return series


def _ahead(series: MeetingSeries, *, at: datetime) -> list[Meeting]:
    rows = Meeting.objects.filter(series=series, state__in=AHEAD, start_at__gt=at).order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _follow(series: MeetingSeries, *, actor: Person, at: datetime) -> None:
    """Bring the meetings that lie ahead to the series' times and words as they are now."""
    meetings = _ahead(series, at=at)
    goes = _places(series, meetings, at=at)
    for meeting in [one for one in meetings if one.state == MeetingState.PLANNED and one.pk not in goes]:
        meetings.remove(meeting)
        _let_go(meeting, actor=actor, at=at)
    fixed = [one for one in meetings if _stays(one)]
    for meeting in fixed:
        _rewrite(meeting, series, None, goes[meeting.pk][0] if meeting.pk in goes else None, actor=actor, at=at)
    moving = [one for one in meetings if one not in fixed]
    while moving:
        meeting = next((one for one in moving if _free(goes[one.pk], moving, but=one)), moving[0])
        moving.remove(meeting)
        span = goes[meeting.pk]
        if _free(span, [*fixed, *moving], but=meeting):
            _rewrite(meeting, series, span, span[0], actor=actor, at=at)
        else:
            _let_go(meeting, actor=actor, at=at)


def _places(series: MeetingSeries, meetings: list[Meeting], *, at: datetime) -> dict[int, Interval]:
    """Where the series has each meeting from now on, by its id; those it has nowhere are left out."""
    old = {one.pk: one.occurrence_at for one in meetings if one.occurrence_at}
    last = max([at + HORIZON, *(start + NEAR for start in old.values())])
    others = Meeting.objects.filter(series=series).exclude(pk__in=old)
    gone = set(others.values_list("occurrence_at", flat=True))  # cancelled by somebody, or held already
    spans = {span[0]: span for span in times_of(series, between=(at, last)) if span[0] > at and span[0] not in gone}
    becomes = paired(old.values(), spans)
    return {pk: spans[becomes[start]] for pk, start in old.items() if start in becomes}


def _let_go(meeting: Meeting, *, actor: Person, at: datetime) -> None:
    """Cancel a meeting that the series does not have any more.

    It leaves its series: should that come back to this time, the time is free for a new meeting.
    """
    meeting.series = meeting.occurrence_at = None
    cancel(meeting, ELSEWHEN, actor=actor, at=at, with_series=True)


def _stays(meeting: Meeting) -> bool:
    """Whether the meeting keeps its time: somebody moved it, or its agenda is locked."""
    return meeting.state != MeetingState.PLANNED or meeting.start_at != meeting.occurrence_at


def _free(span: Interval, meetings: list[Meeting], *, but: Meeting) -> bool:
    """Whether none of these meetings is at that time as yet: the database sees no two at once."""
    return not any(one.start_at < span[1] and span[0] < one.end_at for one in meetings if one is not but)


def _rewrite(
    meeting: Meeting, series: MeetingSeries, span: Interval | None, occurrence_at: datetime | None, *,
    actor: Person, at: datetime,
) -> None:  # fmt: skip
    """Give the meeting the series' words, and the time `span` where it moves (None: it keeps its own).

    One that takes the place of no occurrence is a meeting by itself from now on.
    """
    before = (meeting.name, meeting.place, meeting.start_at, meeting.end_at, meeting.zone)
    meeting.name, meeting.place, meeting.item_minutes = series.name, series.place, series.item_minutes
    meeting.occurrence_at = occurrence_at
    meeting.series = series if occurrence_at else None
    if span is not None:
        meeting.start_at, meeting.end_at, meeting.zone = *span, series.zone
    if meeting.state == MeetingState.PLANNED:
        meeting.lock_at = _lock_at(series, meeting.start_at, at=at)
    if before != (meeting.name, meeting.place, meeting.start_at, meeting.end_at, meeting.zone):
        meeting.sequence, meeting.changed_at = meeting.sequence + 1, at
    meeting.version += 1
    meeting.save()
    event = events.MeetingFollowed(meeting_id=meeting.pk, sequence=meeting.sequence)
    journal.record(event, subject=meeting, actor=actor, at=at)


def _lock_at(series: MeetingSeries, start_at: datetime, *, at: datetime) -> datetime:
    return max(at, start_at - timedelta(minutes=series.lock_minutes))


def _require_free(series: MeetingSeries, *, at: datetime) -> None:
    between = (at, at + CHECKED)
    mine = times_of(series, between=between)
    if not mine:
        raise wrong("rrule", "This series does not meet within a year.")
    refuse_clashes(series.board, mine, taken_times(series.board_id, between=between, but=series), series.zone)


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
        lock_at=_lock_at(series, start, at=at),
        item_minutes=series.item_minutes,
        state=MeetingState.CANCELLED if clash else MeetingState.PLANNED,
        reason=ALREADY.format(clash) if clash else "",
        created_at=at,
        changed_at=at,
    )
