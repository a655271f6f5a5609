"""Meetings in calendars and inboxes: a stable UID, a SEQUENCE that counts up, cancellations."""

from datetime import timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from apps.journal.actions import deliver_due
from apps.meetings.actions import planning
from apps.meetings.models import Meeting
from apps.notify.actions.feeds import open_feed
from apps.notify.models import Notice
from tests.conftest import signed_in
from tests.meetings.conftest import MONDAYS

pytestmark = pytest.mark.django_db


@pytest.fixture
def single(board, ben) -> Meeting:
    start = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0, tzinfo=None)
    values = {name: MONDAYS[name] for name in ("name", "place", "lock_minutes", "item_minutes", "duration_minutes")}
    return planning.plan_meeting(
        board_id=board.pk, planner=ben, values=values | {"start_local": start, "zone": "UTC"}, at=timezone.now()
    )


def entry(client, address):
    (found,) = Calendar.from_ical(client.get(address).content).walk("VEVENT")
    return str(found["UID"]), int(found["SEQUENCE"]), str(found["STATUS"]), found["DTSTART"].dt


def test_a_calendar_entry_keeps_its_uid_and_counts_up(single, ben, cleo):
    now = timezone.now()
    address = open_feed(person=cleo, kind="meetings", at=now).address.partition("//")[2].partition("/")[2]
    client = signed_in(cleo)
    uid, sequence, status, start = entry(client, f"/{address}")
    assert (uid, sequence, status, start) == (f"meeting-{single.pk}@concordat", 0, "CONFIRMED", single.start_at)
    later = (single.start_at + timedelta(hours=2)).replace(tzinfo=None)
    planning.reschedule_meeting(
        meeting_id=single.pk, person=ben, version=1, start_local=later, duration_minutes=60, at=now
    )
    assert entry(client, f"/{address}") == (uid, 1, "CONFIRMED", single.start_at + timedelta(hours=2))
    planning.cancel_meeting(meeting_id=single.pk, person=ben, reason="Snow.", at=now)
    assert entry(client, f"/{address}")[:3] == (uid, 2, "CANCELLED")


def test_members_are_told_once_and_who_did_it_has_read_it(single, ben, cleo, dan):
    planning.cancel_meeting(meeting_id=single.pk, person=ben, reason="Snow.", at=timezone.now())
    while deliver_due(at=timezone.now() + timedelta(minutes=1)):
        pass
    told = Notice.objects.filter(kind="meeting", entry__event="meetings.MeetingCancelled")
    assert {one.person: one.read_at is not None for one in told} == {ben: True, cleo: False, dan: False}
    assert {(one.title, one.body) for one in told} == {("Monday board is cancelled", "Snow.")}
