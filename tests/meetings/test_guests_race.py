"""Somebody is seated while the board plans: in any order they are told of all that lies ahead, each once."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import boards
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery, Entry
from apps.meetings.actions import planning
from apps.meetings.models import Meeting
from apps.notify.models import Notice
from tests.cab.racing import race
from tests.conftest import NOON, make_person
from tests.meetings.conftest import MONDAYS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 12


def deliver() -> None:
    while deliver_due(at=NOON + timedelta(hours=1)):
        pass


def test_seated_while_the_board_plans(series, board, ben):
    deliver()
    for turn in range(ROUNDS):
        guest = make_person(f"guest{turn}", Role.BOARD_MEMBER)
        values = {name: value for name, value in MONDAYS.items() if name != "rrule"}
        values |= {"start_local": datetime(2026, 3, 10, 8) + timedelta(days=7 * turn), "duration_minutes": 30}
        acts: dict[str, Callable[[], object]] = {
            "seat": lambda guest=guest: boards.fill_seat(
                board_id=board.pk, appointer=ben, person=guest, role="adviser", first_day=NOON.date(), last_day=None,
                at=NOON,
            ),
            "plan": lambda values=values: planning.plan_meeting(
                board_id=board.pk, planner=ben, values=values, at=NOON
            ),
            "deliver": deliver,
            "deliver beside": deliver,
        }  # fmt: skip
        (answers,) = race([acts], seed=turn, spread_s=0.01)
        assert set(answers.values()) == {"done"}, answers
        deliver()
        about = Notice.objects.filter(person=guest, kind="meeting").values("entry")
        told = Counter(Entry.objects.filter(pk__in=about).values_list("subject_type", "subject_id"))
        ahead = {("meetings.meeting", pk) for pk in Meeting.objects.filter(series=None).values_list("pk", flat=True)}
        assert set(told) == ahead | {("meetings.meetingseries", series.pk)}
        assert set(told.values()) == {1}
    assert not Delivery.objects.exclude(state="done").exists()
