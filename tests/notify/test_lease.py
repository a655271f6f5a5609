"""Sending holds no lock and survives a kill: what was taken is sent again after the lease, under the same id."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, connections, transaction

from apps.notify import rules
from apps.notify.actions import telling, webhooks
from apps.notify.models import MailSending, Sending
from apps.notify.states import SendingState
from tests.conftest import NOON, make_person
from tests.notify.conftest import say

LATER = NOON + rules.LEASE
SENDER = """
import django
from datetime import datetime
django.setup()
from apps.notify.actions import webhooks
webhooks.send_due(at=datetime.fromisoformat("%s"))
"""


def queued(endpoint) -> Sending:
    webhooks.queue_for_endpoints(say(endpoint.owner, at=NOON))
    Sending.objects.update(next_attempt_at=NOON)
    return Sending.objects.get()


@pytest.mark.django_db(transaction=True)
def test_while_a_receiver_takes_its_time_nothing_is_locked(endpoint, receiver):
    seen = []

    def look(handler) -> None:
        try:
            with transaction.atomic():
                row = Sending.objects.select_for_update(nowait=True).get()
                seen.append((row.state, row.attempts, row.next_attempt_at, webhooks.send_due(at=NOON)))
        finally:
            connections.close_all()
        handler.send_response(204)
        handler.end_headers()

    receiver.answer = look
    queued(endpoint)
    assert webhooks.send_due(at=NOON) == 1
    assert seen == [(SendingState.WAITING, 1, LATER, 0)], "taken, not locked, and not due for others"
    assert Sending.objects.get().state == SendingState.SENT


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_on_the_way_loses_nothing(endpoint, receiver):
    arrived, go_on = threading.Event(), threading.Event()

    def hang(handler) -> None:
        arrived.set()
        go_on.wait(20)

    receiver.answer = hang
    sending = queued(endpoint)
    given = connection.settings_dict
    address = f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER % NOON.isoformat()],
        env={**os.environ, "DATABASE_URL": address, "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"},
    )
    try:
        assert arrived.wait(30)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        go_on.set()
    receiver.answer = None
    assert webhooks.send_due(at=LATER - timedelta(seconds=1)) == 0
    assert webhooks.send_due(at=LATER) == 1
    sending.refresh_from_db()
    assert (sending.state, sending.attempts) == (SendingState.SENT, 2)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
    assert len(receiver.requests) == 2


def test_put_back_in_line_meanwhile_the_late_answer_changes_nothing(endpoint, receiver, operator, db):
    receiver.status = 500
    sending = queued(endpoint)
    taken = webhooks._take(NOON)
    webhooks.send_again(sending_id=sending.pk, person=operator, at=LATER)
    webhooks._note(taken, webhooks._post(taken, at=NOON), at=NOON)
    sending.refresh_from_db()
    assert (sending.attempts, sending.status, sending.next_attempt_at) == (0, None, LATER)


class TestMail:
    @pytest.fixture
    def waiting(self, db) -> MailSending:
        person = make_person("ada")
        telling.tell([person], entry=say(person, at=NOON), kind="vote", title="CHG-1 waits", url="/", at=NOON)
        return MailSending.objects.get()

    def test_it_is_taken_before_it_is_sent(self, waiting, monkeypatch):
        seen, send = [], EmailBackend.send_messages

        def look(self, messages):
            row = MailSending.objects.get()
            seen.append((row.state, row.attempts, row.next_attempt_at))
            return send(self, messages)

        monkeypatch.setattr(EmailBackend, "send_messages", look)
        assert telling.send_due_mail(at=NOON) == 1
        assert seen == [(SendingState.WAITING, 1, LATER)]
        waiting.refresh_from_db()
        assert waiting.state == SendingState.SENT

    def test_one_whose_sender_died_is_sent_after_the_lease(self, waiting):
        telling._take(NOON)
        assert telling.send_due_mail(at=LATER - timedelta(seconds=1)) == 0
        assert telling.send_due_mail(at=LATER) == 1
        assert len(mail.outbox) == 1

    def test_who_left_gets_no_mail(self, waiting):
        waiting.notice.person.is_active = False
        waiting.notice.person.save()
        assert telling.send_due_mail(at=NOON) == 0
        assert mail.outbox == []
