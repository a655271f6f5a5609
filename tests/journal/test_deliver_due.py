"""Delivering: at least once, one at a time, with back-off; a dead worker loses nothing."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.models import Person
from apps.journal import actions, rules
from apps.journal.models import Delivery, Entry, Slot
from apps.journal.queries import failed_deliveries
from apps.journal.states import DELIVERY, DeliveryState
from apps.journal.tasks import deliver
from apps.kernel.refusals import NotFound, WrongState
from tests.journal.conftest import tell, together


def failing(entry: Entry) -> None:
    Slot.objects.create(job="half done", turn_at=entry.at)
    raise ValueError("the other side said no")


def test_a_delivery_is_made_once(ada, noon, listeners):
    heard = []
    actions.subscribe("test.one")(lambda entry: heard.append(entry.pk))
    entry = tell(ada, noon)
    assert [actions.deliver_due(at=noon) for _ in range(2)] == [1, 0]
    assert heard == [entry.pk]
    delivery = entry.deliveries.get()
    assert (delivery.state, delivery.attempts, delivery.done_at) == (DeliveryState.DONE, 1, noon)


def test_nothing_is_delivered_before_its_time(ada, noon, listeners):
    actions.subscribe("test.one")(lambda entry: None)
    tell(ada, noon)
    assert actions.deliver_due(at=noon - timedelta(seconds=1)) == 0


def test_the_limit_bounds_one_turn(ada, noon, listeners):
    actions.subscribe("test.one")(lambda entry: None)
    for number in range(3):
        tell(ada, noon, number=number)
    assert [actions.deliver_due(at=noon, limit=2) for _ in range(2)] == [2, 1]


def test_a_handler_that_raises_is_rolled_back_and_tried_again_later(ada, noon, listeners):
    actions.subscribe("test.bad")(failing)
    delivery = tell(ada, noon).deliveries.get()
    actions.deliver_due(at=noon)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 1)
    assert delivery.last_error == "ValueError: the other side said no"
    assert delivery.next_attempt_at == noon + rules.FIRST_WAIT
    assert not Slot.objects.exists(), "what the handler wrote before it failed is gone"


def test_one_bad_handler_does_not_stop_the_others(ada, noon, listeners):
    heard = []
    actions.subscribe("test.bad")(failing)
    actions.subscribe("test.good")(lambda entry: heard.append(entry.pk))
    tell(ada, noon)
    assert actions.deliver_due(at=noon) == 2
    assert len(heard) == 1


def test_the_waits_double_up_to_an_hour_and_then_it_is_given_up(ada, noon, listeners):
    actions.subscribe("test.bad")(failing)
    delivery, at, waits = tell(ada, noon).deliveries.get(), noon, []
    while delivery.state == DeliveryState.WAITING:
        actions.deliver_due(at=at)
        delivery.refresh_from_db()
        waits.append((delivery.next_attempt_at - at).total_seconds())
        at = delivery.next_attempt_at
    assert waits == [10, 20, 40, 80, 160, 320, 640, 0]
    assert rules.retry_after(40) is None
    assert max(filter(None, map(rules.retry_after, range(1, 9)))) <= rules.LONGEST_WAIT
    assert list(failed_deliveries()) == [delivery]


def test_a_subscriber_that_is_gone_shows_among_the_failed(ada, noon, listeners):
    actions.subscribe("test.gone")(lambda entry: None)
    delivery = tell(ada, noon).deliveries.get()
    del listeners["test.gone"]
    Delivery.objects.update(attempts=rules.MOST_ATTEMPTS - 1)
    actions.deliver_due(at=noon)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert "Nobody subscribes any more" in delivery.last_error


def test_the_task_delivers_what_is_due(ada, noon, listeners):
    actions.subscribe("test.one")(lambda entry: None)
    tell(ada, noon)
    assert deliver.apply().get() == 1


class TestRetrying:
    @pytest.fixture
    def failed(self, ada, noon, listeners) -> Delivery:
        actions.subscribe("test.bad")(failing)
        delivery = tell(ada, noon).deliveries.get()
        Delivery.objects.update(state=DeliveryState.FAILED, attempts=8, last_error="no")
        listeners.clear()
        delivery.refresh_from_db()
        return delivery

    def test_a_failed_one_gets_fresh_attempts_and_the_journal_says_who(self, failed, omar, noon):
        later = noon + timedelta(days=1)
        actions.retry_delivery(delivery_id=failed.pk, actor=omar, at=later)
        failed.refresh_from_db()
        assert (failed.state, failed.attempts, failed.next_attempt_at) == (DeliveryState.WAITING, 0, later)
        entry = Entry.objects.get(event="journal.DeliveryRetried")
        assert (entry.actor, entry.data["delivery_id"], entry.data["entry_id"]) == (omar, failed.pk, failed.entry_id)

    def test_one_that_is_not_failed_is_refused(self, failed, omar, noon):
        actions.retry_delivery(delivery_id=failed.pk, actor=omar, at=noon)
        with pytest.raises(WrongState):
            actions.retry_delivery(delivery_id=failed.pk, actor=omar, at=noon)
        with pytest.raises(NotFound):
            actions.retry_delivery(delivery_id=failed.pk + 1, actor=omar, at=noon)

    def test_all_at_once_and_twice_does_nothing_twice(self, failed, omar, noon):
        assert [actions.retry_failed(actor=omar, at=noon) for _ in range(2)] == [1, 0]
        assert Entry.objects.filter(event="journal.DeliveryRetried").count() == 1

    def test_only_those_named(self, failed, omar, noon):
        assert actions.retry_failed(actor=omar, at=noon, delivery_ids=[failed.pk + 1]) == 0
        assert actions.retry_failed(actor=omar, at=noon, delivery_ids=[failed.pk]) == 1


@pytest.mark.parametrize("target", list(DeliveryState))
@pytest.mark.parametrize("current", list(DeliveryState))
def test_every_pair_of_states(current, target):
    allowed = {("waiting", "done"), ("waiting", "failed"), ("failed", "waiting")}
    assert DELIVERY.allows(current, target) == ((current, target) in allowed)


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_never_deliver_one_entry_twice(noon, listeners):
    person = Person.objects.create_user("ada", "ada@example.org", "correct horse battery", name="Ada")
    heard = []
    actions.subscribe("test.one")(lambda entry: (heard.append(entry.pk), time.sleep(0.002)))
    entries = [tell(person, noon, number=number).pk for number in range(60)]
    attempted = together(6, lambda: actions.deliver_due(at=noon))
    assert sorted(heard) == entries
    assert sum(attempted) == 60
    assert sum(1 for number in attempted if number) > 1, "more than one of them worked"


DELIVERER = """
import time, django
from datetime import datetime
django.setup()
from apps.journal import actions
from apps.journal.models import Slot

def handler(entry):
    Slot.objects.create(job="half done", turn_at=entry.at)
    print("in the handler", flush=True)
    time.sleep(60)

actions._subscribers.clear()
actions.subscribe("test.one")(handler)
actions.deliver_due(at=datetime.fromisoformat("%s"))
"""


@pytest.mark.django_db(transaction=True)
def test_a_deliverer_killed_in_the_middle_loses_nothing(noon, listeners):
    person = Person.objects.create_user("ada", "ada@example.org", "correct horse battery", name="Ada")
    heard = []
    actions.subscribe("test.one")(lambda entry: heard.append(entry.pk))
    entry = tell(person, noon)
    given = connection.settings_dict
    address = f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
    child = subprocess.Popen(
        [sys.executable, "-c", DELIVERER % noon.isoformat()],
        env={**os.environ, "DATABASE_URL": address},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "in the handler\n"
        assert actions.deliver_due(at=noon) == 0, "the other one holds it"
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    deadline = time.monotonic() + 10
    while not heard and time.monotonic() < deadline:
        actions.deliver_due(at=noon)
        time.sleep(0.05)
    assert heard == [entry.pk]
    assert entry.deliveries.get().attempts == 1
    assert not Slot.objects.exists(), "what the killed handler wrote is gone"
