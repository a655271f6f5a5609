"""One turn of a job goes to one process, however many beats ask."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.journal import actions, rules
from apps.journal.models import Slot
from apps.journal.tasks import forget_old_slots, once_per_turn
from tests.journal.conftest import together

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_turns_are_multiples_of_the_interval(noon):
    def take(seconds, job="a"):
        return actions.take_slot(job=job, every=MINUTE, at=noon + timedelta(seconds=seconds))

    assert [take(s) for s in (0, 1, 59.9, 60, 119, 120)] == [True, False, False, True, False, True]
    assert take(0, job="b"), "each job has its own turns"
    assert list(Slot.objects.filter(job="a").order_by("turn_at").values_list("turn_at", flat=True)) == [
        noon,
        noon + MINUTE,
        noon + 2 * MINUTE,
    ]


@pytest.mark.django_db
def test_turns_do_not_depend_on_the_callers_zone(noon):
    assert actions.take_slot(job="a", every=timedelta(days=1), at=noon)
    other = datetime.fromtimestamp(noon.timestamp(), tz=UTC).astimezone()
    assert not actions.take_slot(job="a", every=timedelta(days=1), at=other)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_has_the_turn(noon):
    for turn in range(20):
        answers = together(8, lambda at=noon + turn * MINUTE: actions.take_slot(job="a", every=MINUTE, at=at))
        assert sorted(answers) == [False] * 7 + [True]
    assert Slot.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_two_beats_run_a_job_once(noon, monkeypatch):
    ran = []

    @once_per_turn("test.job", every=MINUTE)
    def job(at: datetime) -> int:
        ran.append(at)
        return 5

    monkeypatch.setattr("django.utils.timezone.now", lambda: noon)
    assert sorted(together(6, job)) == [0, 0, 0, 0, 0, 5]
    assert ran == [noon]


@pytest.mark.django_db
def test_old_slots_are_forgotten_once_a_day(noon, monkeypatch):
    for age in (rules.SLOT_KEPT + timedelta(days=1), rules.SLOT_KEPT - timedelta(days=1), timedelta()):
        assert actions.take_slot(job="a", every=MINUTE, at=noon - age)
    monkeypatch.setattr("django.utils.timezone.now", lambda: noon)
    assert forget_old_slots.apply().get() == 1
    assert Slot.objects.filter(job="a").count() == 2
    assert forget_old_slots.apply().get() == 0
