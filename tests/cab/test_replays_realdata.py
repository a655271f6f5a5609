"""The public puppet changes, replayed: every change is told, and how long it took is printed."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.cab.actions import replays
from apps.cab.models import Change
from apps.cab.queries.replays import tally_of
from apps.clusters.models import Cluster
from apps.policies import actions as policies
from tests.cab.importing import MAPS, run_import
from tests.policies.conftest import FLOOR, enable, floor, rule  # noqa: F401  # fixtures

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]


def test_a_replay_tells_every_puppet_change(shared_data, floor, ben, admin, capsys):  # noqa: F811
    Cluster.objects.create(slug="puppet", name="puppet")
    path = shared_data / "wikimedia-puppet-changes" / "changes.csv.gz"
    run_import(path, column_map=MAPS / "wikimedia-puppet.yaml", cluster="")
    now = timezone.now()
    enable(floor, FLOOR, ben, admin)
    rows = [
        rule("approve", "Light", "Of low risk.", risk={"to": 2}),
        rule("cluster", "Weekdays", day={"in": ["weekday"]}, risk={"from": 3}),
        rule("enterprise", "Weekends", day={"in": ["weekend"]}, risk={"from": 3}),
    ]
    draft = policies.save_draft(policy_id=floor.pk, author=ben, rows=rows, at=now)
    later = timezone.now() + timedelta(seconds=1)  # the import recorded its changes just now
    replay = replays.begin_replay(version_id=draft.pk, starter=ben, months=240, minutes={}, at=later)
    started, used = time.monotonic(), time.process_time()
    replays.work_off(replay_id=replay.pk)
    seconds, used = time.monotonic() - started, time.process_time() - used
    found = tally_of(replay)
    with capsys.disabled():
        courses = {one.course: (one.drafted, one.governed) for one in found.lines}
        print(  # noqa: T201
            f"\nreplay: {found.changes:,} changes in {seconds:.1f} s ({used:.1f} s of our processor time);"
            f" {found.failed:,} failed, {found.caught:,} caught, {found.let_through:,} let through;"
            f" {found.uncertain:,} with a fact missing; {courses}"
        )
    assert found.changes == Change.objects.count() == 45_484
    assert found.failed == 1_758 == found.caught + found.let_through
    assert sum(one.drafted for one in found.lines) == sum(one.governed for one in found.lines) == found.changes
