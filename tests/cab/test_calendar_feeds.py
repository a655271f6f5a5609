"""The feed of freezes and blackouts, read back by a calendar's own parser."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from apps.accounts.rules import Role
from apps.clusters.models import Visibility
from apps.notify.actions.feeds import open_feed
from apps.windows.actions.freezes import draft_freeze, enforce_freeze, lift_freeze, preview_freeze
from apps.windows.actions.recurring import change_window, plan_window, retire_window
from apps.windows.models import Freeze
from tests.conftest import NOON, make_person

FREEZE = {
    "name": "Quarter end",
    "reason": "Books close.",
    "strength": "hard",
    "start_local": datetime(2026, 3, 30),
    "end_local": datetime(2026, 4, 2),
    "zone": "Europe/Berlin",
    "tiers": [],
    "types": [],
    "exemptions": [],
}
BLACKOUT = {
    "name": "Month end",
    "start_local": datetime(2026, 2, 28, 18, 0),
    "duration_minutes": 600,
    "zone": "Europe/Berlin",
    "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "reason": "Pay day.",
    "tiers": [],
}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def announced(admin):
    other = make_person("hana", Role.ADMINISTRATOR)

    def made(*clusters) -> Freeze:
        one = draft_freeze(author=admin, clusters=clusters, values=FREEZE, at=NOON)
        assert read(admin) == {}  # a draft is nobody's calendar
        preview_freeze(freeze_id=one.pk, viewer=other, version=one.version, at=NOON)
        return enforce_freeze(freeze_id=one.pk, enforcer=other, version=one.version, at=NOON)

    return made


def read(person) -> dict[str, object]:
    """The events of the person's feed by UID; the feed is opened the first time."""
    if not hasattr(person, "feed_path"):
        person.feed_path = "/" + open_feed(person=person, kind="quiet-times", at=NOON).address.split("/", 3)[3]
    answer = Client().get(person.feed_path)
    assert answer.status_code == 200
    found = Calendar.from_ical(answer.content).walk("VEVENT")
    assert len({str(one["uid"]) for one in found}) == len(found)
    return {str(one["uid"]): one for one in found}


def test_a_freeze_is_one_event_that_is_cancelled_when_it_is_lifted(announced, admin, ada):
    freeze = announced()
    uid = f"freeze-{freeze.pk}@concordat"
    before = read(ada)[uid]
    assert (str(before["summary"]), str(before["status"])) == ("Freeze: Quarter end", "CONFIRMED")
    assert before["dtstart"].dt == freeze.start_at
    assert before["dtend"].dt - before["dtstart"].dt == timedelta(days=3)
    lift_freeze(freeze_id=freeze.pk, lifter=admin, reason="Done early.", at=NOON)
    after = read(ada)[uid]
    assert str(after["status"]) == "CANCELLED"
    assert after["sequence"] > before["sequence"]


def test_a_freeze_of_a_hidden_cluster_is_in_nobodys_feed_who_may_not_know_of_it(announced, admin, dan, logistics):
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    freeze = announced(logistics)
    assert read(dan) == {}
    assert list(read(admin)) == [f"freeze-{freeze.pk}@concordat"]


def test_each_blackout_is_an_event_that_moves_with_its_hour_and_is_cancelled_once_retired(admin, ada):
    window = plan_window(planner=admin, cluster=None, kind="blackout", values=BLACKOUT, at=NOON)
    first = read(ada)
    march = f"blackout-{window.pk}-20260331@concordat"
    assert [uid.split("-")[2][:8] for uid in first] == [
        "20260228",
        "20260331",
        "20260430",
        "20260531",
        "20260630",
        "20260731",
    ]
    assert first[march]["dtstart"].dt == datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    moved = {"start_local": datetime(2026, 2, 28, 20, 0)}
    window = change_window(window_id=window.pk, editor=admin, version=window.version, changes=moved, at=NOON)
    second = read(ada)
    assert list(second) == list(first)
    assert second[march]["dtstart"].dt == datetime(2026, 3, 31, 18, 0, tzinfo=UTC)
    assert second[march]["sequence"] > first[march]["sequence"]
    retire_window(window_id=window.pk, person=admin, reason="No longer.", at=NOON)
    third = read(ada)
    assert third[march]["sequence"] > second[march]["sequence"]
    states = [str(one["status"]) for one in third.values()]
    assert states == ["CONFIRMED"] + ["CANCELLED"] * 5  # what has been stays as it was


def test_maintenance_windows_keep_nobody_from_anything_and_are_left_out(admin, ada):
    plan_window(planner=admin, cluster=None, kind="maintenance", values=BLACKOUT, at=NOON)
    assert read(ada) == {}
