"""Digests: at the hour one set, on one's own clock through both changes of it, once, and never about nothing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from apps.kernel.refusals import Invalid
from apps.notify import rules
from apps.notify.actions.digests import make_due_digests, send_due_digests, set_digest
from apps.notify.actions.telling import mark_read, tell
from apps.notify.models import Digest, DigestPlan, Notice
from tests.conftest import NOON, signed_in
from tests.journal.conftest import together
from tests.notify.conftest import say

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def notice(person, payments, at, number=1) -> None:
    entry = say(payments, at=at, number=number)
    tell([person], entry=entry, kind="vote", title=f"CHG-{number} waits", url=f"/changes/CHG-{number}/", at=at)


def turn(at) -> None:
    make_due_digests(at=at)
    send_due_digests(at=at)


def daily(person, hour=7, **more) -> DigestPlan:
    return set_digest(person=person, **({"frequency": "daily", "hour": hour, "weekday": 0, "at": NOON} | more))


@pytest.fixture
def berlin(ada):
    ada.zone = "Europe/Berlin"
    ada.save()
    return ada


class TestWhen:
    def test_it_comes_at_the_hour_of_its_zone(self, db, berlin):
        assert daily(berlin).next_at == datetime(2026, 3, 3, 6, tzinfo=UTC)  # 7:00 in Berlin
        weekly = daily(berlin, frequency="weekly", weekday=4)
        assert weekly.next_at == datetime(2026, 3, 6, 6, tzinfo=UTC)  # the Friday

    @pytest.mark.parametrize("hour", [0, 1, 2, 3, 12, 23])
    @pytest.mark.parametrize("start", [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])
    def test_once_a_day_through_both_changes_of_the_clock(self, hour, start):
        zone = ZoneInfo("Europe/Berlin")
        now, days, found = start, [], []
        while len(found) < 5:
            now = rules.next_digest(now, frequency="daily", hour=hour, weekday=0, zone="Europe/Berlin")
            found.append(now.astimezone(zone))
            days.append(now.astimezone(zone).date())
        assert [(b - a).days for a, b in pairwise(days)] == [1] * 4
        # Two o'clock does not exist on 29 March: it is three then.
        assert {one.hour for one in found} - {hour} <= ({3} if hour == 2 and start.month == 3 else set())

    @pytest.mark.parametrize("hour", [0, 2, 13])
    def test_in_every_zone_each_is_later_than_the_last_and_within_two_days(self, hour):
        for zone in sorted(available_timezones()):
            now = datetime(2026, 1, 1, tzinfo=UTC)
            while now.year == 2026:
                after = rules.next_digest(now, frequency="weekly", hour=hour, weekday=6, zone=zone)
                assert now < after <= now + 7 * DAY + 2 * HOUR, (zone, now)
                assert after.astimezone(ZoneInfo(zone)).weekday() == 6, (zone, now)
                now = after

    @pytest.mark.parametrize("wrong", [{"frequency": "hourly"}, {"hour": 24}, {"hour": -1}, {"weekday": 7}])
    def test_what_is_no_time_is_refused(self, db, ada, wrong):
        with pytest.raises(Invalid, match="off, daily or weekly"):
            daily(ada, **wrong)
        assert not DigestPlan.objects.exists()


@pytest.mark.django_db
class TestWhat:
    def test_one_mail_tells_what_came_and_the_next_only_what_is_new(self, berlin, payments, settings):
        daily(berlin)
        due = datetime(2026, 3, 3, 6, tzinfo=UTC)
        notice(berlin, payments, NOON + HOUR, 1)
        notice(berlin, payments, NOON + 2 * HOUR, 2)
        turn(due - HOUR)
        assert mail.outbox == []
        turn(due)
        turn(due)
        turn(due + HOUR)
        (message,) = mail.outbox
        assert message.subject == "2 notices in your Concordat inbox"
        assert message.extra_headers["Message-ID"] == f"<digest-{Digest.objects.get().pk}@concordat>"
        assert f"{settings.PUBLIC_URL}/changes/CHG-1/" in message.body
        assert "2 Mar 2026, 14:00 CET" in message.body
        notice(berlin, payments, due + 2 * HOUR, 3)
        turn(due + DAY)
        assert "CHG-3" in mail.outbox[1].body
        assert "CHG-1" not in mail.outbox[1].body

    def test_nothing_is_sent_when_nothing_came_or_all_of_it_is_read(self, berlin, payments):
        notice(berlin, payments, NOON - HOUR, 1)  # before there was a plan
        daily(berlin)
        turn(NOON + DAY)
        notice(berlin, payments, NOON + DAY + HOUR, 2)
        mark_read(person=berlin, notice_ids=None, at=NOON + DAY + 2 * HOUR)
        turn(NOON + 2 * DAY)
        assert mail.outbox == []
        assert not Digest.objects.exists()
        assert DigestPlan.objects.get().next_at > NOON + 2 * DAY

    def test_after_days_without_the_house_one_digest_tells_it_all(self, berlin, payments):
        daily(berlin)
        for n in range(3):
            notice(berlin, payments, NOON + n * DAY + HOUR, n + 1)
        turn(NOON + 4 * DAY)
        (message,) = mail.outbox
        assert message.subject.startswith("3 notices")

    def test_a_digest_that_is_off_or_of_somebody_who_left_does_not_come(self, berlin, payments):
        daily(berlin)
        notice(berlin, payments, NOON + HOUR, 1)
        berlin.is_active = False
        berlin.save()
        turn(NOON + DAY)
        berlin.is_active = True
        berlin.save()
        assert daily(berlin, frequency="off") is None
        turn(NOON + 2 * DAY)
        assert mail.outbox == []

    def test_who_moves_to_another_zone_gets_it_at_the_hour_there(self, berlin):
        daily(berlin)
        berlin.zone = "Asia/Tokyo"
        berlin.save()
        turn(NOON + HOUR)
        assert DigestPlan.objects.get().next_at == datetime(2026, 3, 2, 22, tzinfo=UTC)  # 7:00 in Tokyo

    def test_a_mail_server_that_refuses_is_asked_again_later(self, berlin, payments, settings):
        daily(berlin)
        notice(berlin, payments, NOON + HOUR, 1)
        settings.EMAIL_BACKEND = f"{__name__}.Refusing"
        turn(NOON + DAY)
        digest = Digest.objects.get()
        assert (digest.state, digest.attempts, "try later" in digest.last_error) == ("waiting", 1, True)
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        turn(NOON + DAY + timedelta(seconds=30))
        assert mail.outbox == []
        turn(NOON + DAY + timedelta(minutes=2))
        assert len(mail.outbox) == 1


class Refusing(EmailBackend):
    """A mail server that takes nothing from us."""

    def send_messages(self, messages):
        raise OSError("try later")


@pytest.mark.django_db(transaction=True)
def test_jobs_beside_one_another_send_one(berlin, payments):
    daily(berlin)
    notice(berlin, payments, NOON + HOUR, 1)
    together(4, lambda: turn(NOON + DAY))
    assert Digest.objects.count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db
class TestDoors:
    def test_the_page_sets_it_and_shows_the_next(self, ada, auditor):
        client = signed_in(ada)
        sent = {"frequency": "weekly", "weekday": "2", "hour": "9"}
        assert client.post("/inbox/digest/", sent).status_code == 302
        assert "The next one" in client.get("/inbox/preferences/").content.decode()
        refused = client.post("/inbox/digest/", sent | {"hour": "25"})
        assert (refused.status_code, DigestPlan.objects.get().hour) == (422, 9)
        assert signed_in(auditor).post("/inbox/digest/", sent).status_code == 302  # an inbox of their own
        assert client.post("/inbox/digest/", sent | {"frequency": "off"}).status_code == 302
        assert not DigestPlan.objects.filter(person=ada).exists()

    def test_the_api_sets_it(self, ada):
        client, address = signed_in(ada), "/api/v1/inbox/digest/"
        answer = client.put(address, {"frequency": "daily", "hour": 6}, content_type="application/json")
        assert (answer.status_code, answer.json()["frequency"]) == (200, "daily")
        assert DigestPlan.objects.get().hour == 6
        assert client.put(address, {"frequency": "often"}, content_type="application/json").status_code == 422
        assert Notice.objects.count() == 0
