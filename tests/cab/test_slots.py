"""Free windows: what is offered has no conflict, what is not offered has one, and one of two takers gets it."""

import random
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.accounts.rules import Role
from apps.cab.actions import flow, proposing
from apps.cab.actions.slots import take_slot
from apps.cab.models import Change, ChangeType
from apps.cab.queries.conflicts import found_for
from apps.cab.queries.slots import rules_for, slots_for
from apps.cab.rules.slots import free
from apps.clusters.actions import declare_dependency
from apps.clusters.models import Component, Tier
from apps.kernel.refusals import Invalid, NotAllowed, StaleRevision, WrongState
from apps.windows.models import Freeze, RecurringWindow, WindowKind
from apps.windows.rules.intervals import covers
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

HOUR = timedelta(hours=1)
NIGHTS = {
    "name": "Nights",
    "start_local": datetime(2026, 3, 1, 22, 0),
    "duration_minutes": 240,
    "zone": "Europe/Berlin",
    "rrule": "FREQ=WEEKLY;BYDAY=SA,SU",
}


def window(cluster, kind, **fields) -> RecurringWindow:
    planner = Change.objects.first().requester
    return RecurringWindow.objects.create(
        cluster=cluster, kind=kind, created_at=NOON, created_by=planner, **(NIGHTS | fields)
    )


def freeze(person, **fields) -> Freeze:
    start = fields.pop("start_at", NOON + timedelta(days=3))
    end = fields.pop("end_at", start + timedelta(days=2))
    return Freeze.objects.create(
        name="Quarter end",
        strength=fields.pop("strength", "hard"),
        state="enforced",
        start_local=start.replace(tzinfo=None),
        end_local=end.replace(tzinfo=None),
        zone="UTC",
        start_at=start,
        end_at=end,
        created_by=person,
        created_at=NOON,
        enforced_at=NOON,
        previewed_at=NOON,
        previewed_by=person,
        **fields,
    )


def starts(change, **asked) -> list[datetime]:
    return [one.window_start_at for one in slots_for(change, at=NOON, **asked).free]


def test_without_rules_every_day_has_a_window_from_now_on(submitted):
    found = slots_for(submitted, at=NOON)
    assert found.minutes == 90  # as long as the window it has
    assert len(found.free) == 20
    assert found.free[0].window_start_at == NOON
    berlin = ZoneInfo("Europe/Berlin")
    days = [one.window_start_at.astimezone(berlin).date() for one in found.free]
    assert days == [days[0] + timedelta(days=n) for n in range(20)]
    assert found.free_hours == 90 * 24
    assert not found.blocked


def test_a_maintenance_window_leaves_only_itself_and_says_how_late_one_may_start(submitted, payments):
    window(payments, WindowKind.MAINTENANCE)
    found = slots_for(submitted, at=NOON)
    first = found.free[0]
    assert first.window_start_at == datetime(2026, 3, 7, 21, 0, tzinfo=UTC)
    assert first.latest_start_at == datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
    (rule,) = found.blocked
    assert (rule.kind, rule.hours) == ("outside_window", rule.alone_hours)
    assert rule.hours == pytest.approx(90 * 24 - found.free_hours)


def test_the_start_moves_with_summer_time(submitted, payments):
    window(payments, WindowKind.MAINTENANCE)
    late = starts(submitted, start_at=datetime(2026, 3, 27, tzinfo=UTC))
    assert late[:2] == [datetime(2026, 3, 28, 21, 0, tzinfo=UTC), datetime(2026, 3, 29, 20, 0, tzinfo=UTC)]


def test_other_changes_freezes_and_blackouts_close_their_hours(submitted, ada, omar, payments, ledger):
    other = proposing.propose_change(
        requester=ada,
        content=content(
            payments, ledger, window_start=datetime(2026, 3, 2, 13, 0), window_end=datetime(2026, 3, 2, 18, 0)
        ),
        at=NOON,
    )
    flow.submit_change(change_id=other.pk, submitter=ada, at=NOON)
    freeze(omar)
    window(payments, WindowKind.BLACKOUT, name="Closing", rrule="FREQ=DAILY", duration_minutes=60)
    found = slots_for(submitted, at=NOON)
    assert {one.kind for one in found.blocked} == {"same_component", "freeze", "blackout"}
    assert found.free[0].window_start_at == datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # 18:00 in Berlin
    assert not any(NOON + timedelta(days=3) <= one < NOON + timedelta(days=5) for one in starts(submitted))


def test_if_none_is_free_the_rules_that_close_it_are_named_with_their_hours(submitted, omar):
    freeze(omar, start_at=NOON - HOUR, end_at=NOON + timedelta(days=200))
    found = slots_for(submitted, at=NOON)
    assert not found.free
    assert [(one.sentence, one.hours) for one in found.blocked] == [("The hard freeze “Quarter end”.", 90 * 24)]


def test_an_emergency_waits_for_no_maintenance_window(submitted, payments):
    window(payments, WindowKind.MAINTENANCE)
    submitted.type = ChangeType.EMERGENCY
    assert starts(submitted)[0] == NOON


def test_what_is_offered_has_no_conflict_and_every_quarter_that_is_not_has_one(
    submitted, ada, ben, omar, payments, ledger
):
    """Six hundred quarters of an hour out of forty days, inside the free ranges and outside them."""
    random_ = random.Random(5)
    gateway = Component.objects.create(cluster=payments, slug="gateway", name="Gateway", tier=Tier.CRITICAL)
    other_one = Component.objects.create(cluster=payments, slug="mail", name="Mail", tier=Tier.IMPORTANT)
    store = Component.objects.create(cluster=payments, slug="store", name="Store", tier=Tier.CRITICAL)
    for consumer, provider in ((ledger, gateway), (gateway, store)):
        declare_dependency(consumer_id=consumer.pk, provider_id=provider.pk, declarer=omar, at=NOON)
    window(payments, WindowKind.MAINTENANCE, rrule="FREQ=DAILY", duration_minutes=600)
    window(payments, WindowKind.BLACKOUT, name="Closing", rrule="FREQ=MONTHLY;BYMONTHDAY=-1", duration_minutes=1440)
    freeze(omar, strength="soft")
    for _ in range(25):
        day = datetime(2026, 3, 2) + timedelta(days=random_.randrange(40), minutes=random_.randrange(1440))
        fields = {"window_start": day, "window_end": day + timedelta(minutes=random_.randrange(30, 600))}
        person, part = random_.choice([(ben, other_one), (None, ledger), (None, gateway), (None, store)])
        wanted = content(payments, part, implementer=person, window_zone="UTC", **fields)
        other = proposing.propose_change(requester=ada, content=wanted, at=NOON)
        flow.submit_change(change_id=other.pk, submitter=ada, at=NOON)
    submitted.implementer = ben
    submitted.save()
    stretch = (NOON, NOON + timedelta(days=40))
    ranges, wrong, freely = free(stretch, rules_for(submitted, stretch)), [], 0
    for quarter in random_.sample(range(40 * 96 - 6), 600):
        start = NOON + timedelta(minutes=15 * quarter)
        submitted.window_start_at, submitted.window_end_at = start, start + timedelta(minutes=90)
        is_free = covers(ranges, (start, start + timedelta(minutes=90)))
        freely += is_free
        if is_free is bool(found_for(submitted).rows):
            wrong.append((start, is_free, [one.kind for one in found_for(submitted).rows]))
    assert not wrong
    assert 20 < freely < 580


def test_taking_one_is_an_edit_with_its_materiality(waiting, ada, later):
    asked = slots_for(waiting, at=later).free[1]
    change = take_slot(
        change_id=waiting.pk,
        taker=ada,
        start_at=asked.window_start_at,
        end_at=asked.window_end_at,
        based_on=waiting.revision,
        at=later,
    )
    assert (change.window_start_at, change.window_end_at) == (asked.window_start_at, asked.window_end_at)
    assert change.window_zone == "Europe/Berlin"
    assert change.revision == waiting.revision + 1
    assert [one.state for one in change.rounds.order_by("number")] == ["invalidated", "open"]


@pytest.mark.parametrize(
    ("start", "lasts", "refusal"),
    [
        (NOON - HOUR, HOUR, Invalid),
        (NOON + HOUR, timedelta(minutes=5), Invalid),
        (NOON + HOUR, timedelta(days=15), Invalid),
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), HOUR, Invalid),  # the second 02:15 of that night in Berlin
        (NOON + timedelta(days=3, hours=1), HOUR, WrongState),  # frozen
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_written(submitted, ada, omar, start, lasts, refusal):
    freeze(omar)
    with pytest.raises(refusal) as said:
        take_slot(change_id=submitted.pk, taker=ada, start_at=start, end_at=start + lasts, based_on=1, at=NOON)
    assert said.value.next_step
    assert Change.objects.get(pk=submitted.pk).revision == 1


def test_neither_a_stranger_nor_an_old_page_takes_one(submitted, ada):
    eve = make_person("eve", Role.REQUESTER)
    slot = {"start_at": NOON + HOUR, "end_at": NOON + 2 * HOUR, "at": NOON}
    with pytest.raises(NotAllowed):
        take_slot(change_id=submitted.pk, taker=eve, based_on=1, **slot)
    with pytest.raises(StaleRevision):
        take_slot(change_id=submitted.pk, taker=ada, based_on=0, **slot)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_same_window_at_once_one_gets_it(submitted, ada, payments, ledger):
    other = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    flow.submit_change(change_id=other.pk, submitter=ada, at=NOON)
    start, said, ready = NOON + timedelta(days=5), [], threading.Barrier(2)

    def take(pk):
        ready.wait()
        try:
            take_slot(change_id=pk, taker=ada, start_at=start, end_at=start + HOUR, based_on=1, at=NOON)
            said.append("taken")
        except WrongState as refusal:
            said.append(refusal.sentence)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(pk,)) for pk in (submitted.pk, other.pk)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(said) == ["That window is not free: Other changes of the same components.", "taken"]


class TestDoors:
    def test_the_page_lists_them_and_takes_one_in_one_click(self, submitted, ada, payments):
        window(payments, WindowKind.MAINTENANCE)
        client, address = signed_in(ada), f"/changes/{submitted.reference}/slots/"
        page = client.get(address)
        slot = page.context["found"].free[0]
        assert "Outside the maintenance windows of Payments, tier" in page.text
        data = {"start": slot.window_start_at.isoformat(), "end": slot.window_end_at.isoformat()}
        data |= {"based_on": submitted.revision, "seen": page.context["seen"]}
        assert client.post(address, data).status_code == 302
        assert Change.objects.get(pk=submitted.pk).window_start_at == slot.window_start_at
        again = client.post(address, data)  # the old page: it has another revision now
        assert again.status_code == 422
        assert "was saved by someone else" in again.text

    def test_nobody_loses_an_approval_without_having_read_so(self, waiting, ada):
        client, address = signed_in(ada), f"/changes/{waiting.reference}/slots/"
        slot = slots_for(waiting, at=datetime.now(UTC)).free[1]
        data = {"start": slot.window_start_at.isoformat(), "end": slot.window_end_at.isoformat()}
        said = client.post(address, data | {"based_on": waiting.revision, "seen": ""})
        assert said.status_code == 422
        assert "Not saved yet. This edit is material (window start)" in said.text
        assert Change.objects.get(pk=waiting.pk).revision == waiting.revision

    def test_the_page_reads_little(self, submitted, ada, payments):
        window(payments, WindowKind.MAINTENANCE)
        client = signed_in(ada)
        client.get(f"/changes/{submitted.reference}/slots/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/changes/{submitted.reference}/slots/")
        assert len(asked) <= 26, len(asked)

    @pytest.mark.parametrize("query", ["minutes=0", "minutes=x", "day=tomorrow", "day=9999-12-31", "minutes=99999999"])
    def test_a_search_that_does_not_fit_is_refused_on_the_page(self, submitted, ada, query):
        said = signed_in(ada).get(f"/changes/{submitted.reference}/slots/?{query}")
        assert said.status_code == 422
