"""An edit of a series beside all else that touches its meetings: no order of them leaves a board at two places."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from apps.meetings.actions import agenda, planning
from apps.meetings.actions import series as series_actions
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.meetings import HORIZON, times_of
from apps.meetings.states import MeetingState
from tests.cab.racing import race
from tests.conftest import NOON
from tests.meetings.conftest import START

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 25
RULES = ("FREQ=WEEKLY;BYDAY=TU", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "FREQ=WEEKLY;BYDAY=MO,FR")


def test_edits_moves_cancellations_and_the_hourly_job_at_once(series, board, ben, hand_in):
    hand_in()
    done: Counter[str] = Counter()
    for turn in range(ROUNDS):
        chosen = list(Meeting.objects.filter(series=series, state=MeetingState.PLANNED).order_by("start_at")[:4])
        by_hand = datetime(2026, 3, 9, 8) + timedelta(days=turn)
        acts: dict[str, Callable[[], object]] = {
            "times": lambda rule=RULES[turn % 4]: _edit(series, ben, rrule=rule),
            "words": lambda place=f"Room {turn}": _edit(series, ben, place=place),
            "move": lambda one=chosen[1], to=by_hand: planning.reschedule_meeting(
                meeting_id=one.pk, person=ben, version=one.version, start_local=to, duration_minutes=45, at=NOON
            ),
            "job": lambda day=turn % 3: series_actions.write_down_meetings(
                series_id=series.pk, at=NOON + timedelta(days=day)
            ),
            "agenda": lambda: agenda.fill_agendas(board_id=board.pk, at=NOON),
        }
        if turn % 5 == 0:
            acts["cancel"] = lambda one=chosen[2]: planning.cancel_meeting(
                meeting_id=one.pk, person=ben, reason="Snow.", at=NOON
            )
        (answers,) = race([acts], seed=turn, spread_s=0.005)
        assert [one for one in answers.values() if ":" in one] == []  # deadlocks and the like
        done.update(name for name, answer in answers.items() if answer == "done")
        _require_lawful(series)
    assert min(done.values()) > ROUNDS // 10, done  # each had its turn


def _edit(series, person, **values):
    version = MeetingSeries.objects.get(pk=series.pk).version
    return series_actions.edit_series(series_id=series.pk, person=person, version=version, values=values, at=NOON)


def _require_lawful(series) -> None:
    """What must hold whatever the order was, said without asking the code under test."""
    now = MeetingSeries.objects.get(pk=series.pk)
    rows = list(Meeting.objects.filter(board=series.board).exclude(state=MeetingState.CANCELLED).order_by("start_at"))
    assert all(one.end_at <= two.start_at for one, two in pairwise(rows)), "at two places"
    said = {span[0] for span in times_of(now, between=(NOON, NOON + HORIZON + timedelta(days=60)))}
    assert {one.occurrence_at for one in rows if one.series_id} <= said, "a meeting that the series does not have"
    known = set(Meeting.objects.filter(series=series).values_list("occurrence_at", flat=True))
    assert {start for start in said if START <= start < NOON + HORIZON} <= known, "an occurrence nobody wrote down"
