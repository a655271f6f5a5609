"""Celery shells of the meetings area: read the clock, call one action. Each is safe to run twice and beside another."""

import logging
from collections.abc import Callable, Iterable

from celery import shared_task
from django.utils import timezone

from apps.meetings.actions import agenda, minutes, planning, session
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries import meetings as queries
from apps.meetings.queries import minutes as minutes_queries
from apps.meetings.states import AHEAD, LIVE, MeetingState

logger = logging.getLogger(__name__)

BATCH = 500


@shared_task(name="apps.meetings.tasks.write_down_meetings")
def write_down_meetings() -> int:
    """Write down the meetings of every series for the next 90 days."""
    now = timezone.now()
    running = MeetingSeries.objects.running().order_by("pk").values_list("pk", flat=True)[:BATCH]
    return _each(running, lambda pk: series_actions.write_down_meetings(series_id=pk, at=now), what="series")


@shared_task(name="apps.meetings.tasks.keep_agendas")
def keep_agendas() -> int:
    """Lock the agendas whose time has come, end what was left behind, and bring the others up to what waits."""
    now = timezone.now()
    left = list(queries.left_behind(now).values_list("pk", "state")[:BATCH])
    rooms = [pk for pk, state in left if state == MeetingState.IN_SESSION]
    went = _each(rooms, lambda pk: session.close_left_open(meeting_id=pk, at=now), what="meeting")
    unopened = [pk for pk, state in left if state in AHEAD]
    went += _each(unopened, lambda pk: planning.give_up_unopened(meeting_id=pk, at=now), what="meeting")
    due = queries.due_to_lock(now).values_list("pk", flat=True)[:BATCH]
    went += _each(due, lambda pk: agenda.lock_agenda(meeting_id=pk, at=now), what="meeting")
    boards = Meeting.objects.filter(state__in=[*AHEAD, *LIVE]).order_by("board").values_list("board", flat=True)
    return went + _each(boards.distinct()[:BATCH], lambda pk: agenda.fill_agendas(board_id=pk, at=now), what="board")


@shared_task(name="apps.meetings.tasks.chase_minutes")
def chase_minutes() -> int:
    """Draft the minutes that are missing, and remind chairs of those that lie unpublished."""
    now = timezone.now()
    missing = minutes_queries.undrafted().values_list("pk", flat=True)[:BATCH]
    went = _each(missing, lambda pk: minutes.draft_missing(meeting_id=pk, at=now), what="meeting")
    late = minutes_queries.to_remind(now).values_list("pk", flat=True)[:BATCH]
    return went + _each(late, lambda pk: minutes.remind_of_minutes(meeting_id=pk, at=now), what="meeting")


def _each(ids: Iterable[int], act: Callable[[int], object], *, what: str) -> int:
    """Act on each by itself; one that fails is logged and does not hold up those behind it. Returns how many went."""
    went = 0
    for pk in list(ids):
        try:
            act(pk)
        except Exception:
            logger.exception("The job failed for %s %s; it is tried again on the next turn.", what, pk)
        else:
            went += 1
    return went
