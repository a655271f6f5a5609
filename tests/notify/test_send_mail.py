"""Mails: both parts, links that lead to the page, back-off, and never twice."""

import smtplib
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from apps.notify import rules
from apps.notify.actions.telling import send_due_mail, tell
from apps.notify.models import MailSending
from apps.notify.states import SENDING, SendingState
from apps.notify.tasks import send_mail
from tests.conftest import NOON, make_person
from tests.journal.conftest import together
from tests.notify.conftest import say


def wait_for_mail(person, payments, number=1, **more) -> MailSending:
    fields = {"title": "CHG-1 waits", "body": "Decide <b>now</b> & here.", "url": "/changes/CHG-1/", **more}
    tell([person], entry=say(payments, at=NOON, number=number), kind="vote", at=NOON, **fields)
    return MailSending.objects.latest("pk")


class Refusing(EmailBackend):
    """A mail server that takes nothing from us."""

    error: Exception = smtplib.SMTPServerDisconnected("try later")

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def refused(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"


def test_a_mail_has_both_parts_and_leads_to_the_page(ada, payments, settings):
    sending = wait_for_mail(ada, payments)
    assert [send_due_mail(at=NOON) for _ in range(2)] == [1, 0]
    (message,) = mail.outbox
    assert message.subject == "CHG-1 waits"
    assert message.to == ["Ada <ada@example.org>"]
    link, preferences = f"{settings.PUBLIC_URL}/changes/CHG-1/", f"{settings.PUBLIC_URL}/inbox/preferences/"
    assert message.extra_headers["List-Unsubscribe"] == f"<{preferences}>"
    assert link in message.body
    assert "Decide <b>now</b> & here." in message.body
    (html,) = message.alternatives
    assert html.mimetype == "text/html"
    assert f'href="{link}"' in html.content
    assert "Decide &lt;b&gt;now&lt;/b&gt; &amp; here." in html.content
    assert "<form" not in html.content
    sending.refresh_from_db()
    assert (sending.state, sending.attempts) == (SendingState.SENT, 1)


def test_a_title_of_several_lines_adds_no_header(ada, payments):
    wait_for_mail(ada, payments, title="CHG-1\r\nBcc: eve@example.org")
    send_due_mail(at=NOON)
    assert mail.outbox[0].subject == "CHG-1 Bcc: eve@example.org"
    assert mail.outbox[0].recipients() == ["Ada <ada@example.org>"]


def test_each_try_carries_the_same_message_id(ada, payments):
    sending = wait_for_mail(ada, payments)
    for _ in range(2):
        MailSending.objects.update(state=SendingState.WAITING)
        send_due_mail(at=NOON)
    assert [one.extra_headers["Message-ID"] for one in mail.outbox] == [f"<notice-{sending.notice_id}@concordat>"] * 2


def test_a_server_that_refuses_is_asked_again_later_and_then_no_more(ada, payments, refused):
    sending, at, waits = wait_for_mail(ada, payments), NOON, []
    while sending.state == SendingState.WAITING:
        assert send_due_mail(at=at) == 1
        sending.refresh_from_db()
        waits.append(sending.next_attempt_at - at)
        at = sending.next_attempt_at
    assert waits == [*rules.MAIL_RETRIES, timedelta()]
    assert sending.state == SendingState.FAILED
    assert sending.last_error == "SMTPServerDisconnected: try later"


@pytest.mark.parametrize("error", [ValueError("bad address"), UnicodeError("odd"), TimeoutError()])
def test_one_mail_that_cannot_be_sent_does_not_stop_the_next(ada, ben, payments, monkeypatch, error):
    first = wait_for_mail(ada, payments)
    wait_for_mail(ben, payments)
    send = EmailBackend.send_messages

    def picky(self, messages):
        if messages[0].to[0].startswith("Ada"):
            raise error
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", picky)
    assert send_due_mail(at=NOON) == 2
    assert [one.to for one in mail.outbox] == [["Ben <ben@example.org>"]]
    first.refresh_from_db()
    assert (first.state, first.attempts) == (SendingState.WAITING, 1)


def test_two_beats_send_once(ada, payments, monkeypatch):
    wait_for_mail(ada, payments)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    assert [send_mail.apply().get() for _ in range(2)] == [1, 0]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_senders_beside_each_other_never_send_one_mail_twice(monkeypatch):
    person = make_person("ada")
    for number in range(30):
        wait_for_mail(person, person, number=number, title=f"CHG-{number}")
    send = EmailBackend.send_messages

    def slow(self, messages):
        time.sleep(0.005)
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", slow)
    attempted = together(5, lambda: send_due_mail(at=NOON))
    assert sum(attempted) == 30
    assert sorted(one.subject for one in mail.outbox) == sorted(f"CHG-{number}" for number in range(30))


@pytest.mark.parametrize("target", list(SendingState))
@pytest.mark.parametrize("current", list(SendingState))
def test_every_pair_of_states(current, target):
    allowed = {("waiting", "sent"), ("waiting", "failed"), ("failed", "waiting"), ("sent", "waiting")}
    assert SENDING.allows(current, target) == ((current, target) in allowed)
