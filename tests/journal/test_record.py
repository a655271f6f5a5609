"""Recording, and that nothing recorded ever changes."""

import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from kombu.exceptions import OperationalError

from apps.journal import actions
from apps.journal.models import Delivery, Entry
from apps.journal.queries import timeline
from apps.journal.tasks import deliver
from apps.notify.events import FeedOpened, FeedRevoked
from tests.journal.conftest import tell


def test_an_entry_says_who_did_what_to_which_and_when(ada, noon, listeners):
    entry = Entry.objects.get(pk=tell(ada, noon, actor=ada, number=7).pk)
    assert (entry.event, entry.actor, entry.at, entry.data) == ("notify.FeedOpened", ada, noon, {"feed_id": 7})
    assert (entry.subject_type, entry.subject_id, entry.subject_label) == ("accounts.person", ada.pk, str(ada))
    assert entry.digest == actions.digest_of(entry)


def test_the_cluster_is_the_subjects_own(ledger, payments, noon, listeners):
    assert tell(ledger, noon).cluster_id == payments.pk
    assert tell(ledger, noon, cluster_id=99).cluster_id == 99


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded(ada, noon):
    with pytest.raises(RuntimeError, match="transaction"):
        actions.record(FeedOpened(feed_id=1), subject=ada, actor=ada, at=noon)
    assert not Entry.objects.filter(event="notify.FeedOpened").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_told(ada, noon, listeners):
    actions.subscribe("test.all")(lambda entry: None)
    with transaction.atomic():
        tell(ada, noon)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    assert not Delivery.objects.exists()


class TestWakingUp:
    @pytest.fixture
    def asked(self, monkeypatch, listeners) -> list[int]:
        """How often a broker was asked; it refuses."""
        calls: list[int] = []

        def refuse(**_):
            calls.append(1)
            raise OperationalError("no broker")

        actions.subscribe("test.all")(lambda entry: None)
        monkeypatch.setattr(deliver, "apply_async", refuse)
        monkeypatch.setattr(actions, "_broker", {"quiet_until": 0.0})
        return calls

    def test_once_a_transaction_however_much_it_tells(self, ada, noon, asked, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as after, transaction.atomic():
            for number in range(3):
                tell(ada, noon, number=number)
        assert len(after) == 1

    def test_also_when_an_inner_part_was_undone(self, ada, noon, asked, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks() as after:
            with transaction.atomic():
                tell(ada, noon)
                transaction.set_rollback(True)
            tell(ada, noon, number=2)
        assert len(after) == 1

    def test_a_dead_broker_costs_one_commit_in_many_and_no_delivery(self, ada, noon, asked, monkeypatch):
        clock = [100.0]
        monkeypatch.setattr(time, "monotonic", lambda: clock[0])
        for _ in range(3):
            actions._wake_up()
        assert len(asked) == 1
        clock[0] += actions.QUIET_S
        actions._wake_up()
        assert len(asked) == 2
        tell(ada, noon)
        assert actions.deliver_due(at=noon) == 1


def test_each_subscriber_gets_the_events_it_hears(ada, noon, listeners):
    actions.subscribe("test.all")(lambda entry: None)
    actions.subscribe("test.opened", FeedOpened)(lambda entry: None)
    actions.subscribe("test.revoked", FeedRevoked)(lambda entry: None)
    entry = tell(ada, noon)
    assert set(entry.deliveries.values_list("subscriber", flat=True)) == {"test.all", "test.opened"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET event = 'x'",
        "UPDATE journal_entry SET digest = digest",
        "DELETE FROM journal_entry",
        "TRUNCATE journal_entry CASCADE",
    ],
)
def test_the_database_refuses_to_change_or_remove_an_entry(ada, noon, statement):
    entry = tell(ada, noon)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE asks first whether triggers wait
        with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
            cursor.execute(statement)
    assert Entry.objects.get(pk=entry.pk).event == entry.event


@pytest.mark.django_db
def test_the_orm_is_refused_as_well(ada, noon):
    entry = tell(ada, noon)
    entry.subject_label = "someone else"
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).delete()


def test_the_timeline_is_of_one_subject_newest_first(ada, ben, noon, listeners):
    entries = [tell(ada, noon + timedelta(minutes=n), number=n) for n in range(3)]
    tell(ben, noon)
    assert list(timeline(ada)) == entries[::-1]
    assert list(timeline(ada, limit=1)) == entries[2:]
    area = entries[0].event.partition(".")[0]
    assert (list(timeline(ada, area=area)), list(timeline(ada, area="mesh"))) == (entries[::-1], [])


class TestVerifying:
    def test_an_untouched_journal_is_intact(self, ada, noon, listeners, capsys):
        for number in range(3):
            tell(ada, noon, number=number)
        call_command("verify_journal")
        assert "3 entries verified; all" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "change",
        [
            "data = '{\"feed_id\": 2}'",
            "subject_label = 'someone else'",
            "at = at + interval '1 microsecond'",
            "actor_id = NULL",
        ],
    )
    def test_a_superusers_touch_is_named(self, ada, noon, listeners, change):
        tell(ada, noon, actor=ada)
        entry = tell(ada, noon, actor=ada)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE journal_entry DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE journal_entry SET {change} WHERE id = {entry.pk}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE journal_entry ENABLE TRIGGER USER")
        with pytest.raises(CommandError, match=f"1 of 2 entries do not match their digest: {entry.pk}$"):
            call_command("verify_journal")
        with pytest.raises(CommandError, match="1 of 1"):
            call_command("verify_journal", "--from", str(entry.pk))
