"""Moments in the sentences of conflicts, blockers and notices stand in the reader's zone; the API keeps UTC."""

import pytest
from django.core import mail

from apps.cab.actions.conflicts import recheck_change
from apps.cab.models import Conflict
from apps.journal.actions import deliver_due
from apps.notify.actions.telling import send_due_mail
from apps.notify.models import Notice
from tests.cab.test_conflicts import freeze_of
from tests.conftest import NOON, signed_in

IN_UTC = "from 10 March 2026 00:00 to 12 March 2026 00:00 UTC"
IN_KATHMANDU = "from 10 March 2026 05:45 to 12 March 2026 05:45 UTC+0545"


@pytest.fixture
def stopped(submitted, ada, omar, payments):
    type(ada).objects.filter(pk=ada.pk).update(zone="Asia/Kathmandu")
    ada.refresh_from_db()
    freeze_of(omar, payments)
    recheck_change(change_id=submitted.pk, at=NOON)
    return submitted


@pytest.mark.parametrize("address", ["/changes/{}/", "/conflicts/"])
def test_a_page_shows_the_readers_clock(stopped, ada, omar, address):
    shown = signed_in(ada).get(address.format(stopped.reference)).content.decode()
    assert IN_KATHMANDU in shown
    assert IN_UTC not in shown
    type(omar).objects.update(zone="UTC")
    assert IN_UTC in signed_in(ada).get(address.format(stopped.reference)).content.decode()


def test_the_api_keeps_utc_and_names_the_moments(stopped, ada):
    (told,) = signed_in(ada).get("/api/v1/conflicts/").json()["results"]
    assert IN_UTC in told["sentence"]
    assert (told["starts_at"], told["ends_at"]) == ("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z")
    assert IN_UTC in Conflict.objects.get().details["sentence"]  # so it is kept


def test_a_mail_shows_the_readers_clock_and_the_inbox_too(stopped, ada):
    while deliver_due(at=NOON):
        pass
    while send_due_mail(at=NOON):
        pass
    (told,) = [one for one in mail.outbox if ada.email in one.to[0] and "stops it" in one.body]
    assert IN_KATHMANDU in told.body
    assert IN_KATHMANDU in told.alternatives[0][0]
    assert IN_UTC in Notice.objects.get(person=ada, body__contains="stops it").body
    assert IN_KATHMANDU in signed_in(ada).get("/inbox/").content.decode()
