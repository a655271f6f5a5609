"""`kill -9` in the middle of a replay: the next worker goes on, and every change is looked at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.cab.actions import replays
from apps.cab.models import Change, Replay, ReplayedChange
from apps.cab.queries.replays import tally_of
from apps.cab.states import ReplayState
from apps.cab.tasks import continue_replays
from apps.journal.models import Entry
from apps.policies import actions as policies
from tests.conftest import signed_in
from tests.durability.conftest import kill_twice_in_the_middle, require_reaches
from tests.policies.conftest import FLOOR

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
REPLAYED = 20_000  # changes: ten chunks


@pytest.fixture
def long_replay(ben, ada, payments, ledger) -> Replay:
    """A draft to be replayed on so many changes that a worker is killed in the middle."""
    now = timezone.now()
    floor = policies.found_policy(founder=ben, slug="enterprise-floor", name="Floor", cluster=None, at=now)
    enabled = policies.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=now)
    changes = (
        Change(
            number=50_000 + n,
            title=f"Change {n}",
            cluster=payments,
            requester=ada,
            state="closed",
            created_at=now,
            risk=1 + n % 5,
            risk_computed=1 + n % 5,
            outcome="backed_out" if n % 10 == 0 else "successful",
        )
        for n in range(REPLAYED)
    )
    Change.objects.bulk_create(changes, batch_size=1000)
    later = now + timedelta(seconds=1)
    return replays.begin_replay(version_id=enabled.pk, starter=ben, months=12, minutes={}, at=later)


def test_killing_the_worker_in_the_middle_of_a_replay_looks_at_every_change_once(house, long_replay, ben):
    client, page = signed_in(ben), long_replay.get_absolute_url()

    def look(done):
        assert done == ReplayedChange.objects.count(), "a chunk is kept whole or not at all"
        assert f"{done:,} of {REPLAYED:,}<" in client.get(page).content.decode()

    kill_twice_in_the_middle(
        house, done=lambda: Replay.objects.get().done, look=look, whole=REPLAYED, wake=continue_replays
    )
    house.start("worker")
    require_reaches(lambda: Replay.objects.get().state == ReplayState.DONE, wake=continue_replays)
    assert ReplayedChange.objects.values("change").distinct().count() == ReplayedChange.objects.count() == REPLAYED
    told = tally_of(Replay.objects.get())
    assert (told.changes, told.failed, told.caught + told.let_through) == (REPLAYED, REPLAYED // 10, REPLAYED // 10)
    assert Entry.objects.filter(event="cab.ReplayFinished").count() == 1
    assert "every 2s" not in client.get(page).content.decode()
