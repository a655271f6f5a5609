"""The public records beside the project: every figure that the issue names, measured and printed."""

import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.actions import replays
from apps.cab.models import Change, ImportRun, NamedApprover
from apps.cab.queries import metrics
from apps.cab.queries.changes import author_approvers
from apps.cab.queries.metrics import Scope
from apps.cab.queries.replays import tally_of
from apps.clusters.models import Cluster
from apps.policies import actions as policies
from tests.cab.importing import MAPS, run_import
from tests.conftest import SHARED_DATA, signed_in
from tests.policies.conftest import FLOOR, enable, floor, rule  # noqa: F401  # fixtures

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]


class Imported(NamedTuple):
    """A run, how long it took, and the same file once more."""

    run: ImportRun
    seconds: float
    again: Callable[[], ImportRun]


def imported(folder: str, name: str) -> Imported:
    Cluster.objects.create(slug=name, name=name)
    path, column_map = SHARED_DATA / folder / "changes.csv.gz", MAPS / f"wikimedia-{name}.yaml"
    started = time.monotonic()
    run = run_import(path, column_map=column_map, cluster="")
    seconds = time.monotonic() - started
    return Imported(run, seconds, lambda: run_import(path, column_map=column_map, cluster=""))


def tell(found: Imported, auditor, capsys, name, rows, failed, rate, hours):
    """Print what the records show, and hold it against what the issue says."""
    run, seconds, again_imported = found
    overall = metrics.board(auditor, Scope(source=f"wikimedia-{name}")).overall
    again = again_imported()
    page = signed_in(auditor).get(f"/metrics-board/rows/?which=failed&source=wikimedia-{name}").content.decode()
    with capsys.disabled():
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(  # noqa: T201
            f"\n{name}: {run.created_rows:,} of {rows:,} imported, {run.rejected_rows} rejected, in {seconds:.1f} s"
            f" ({50_000 * seconds / rows:.0f} s per 50,000), {megabytes} MB; {overall.failed:,} failed ="
            f" {overall.rate_text}, median time to restore {overall.hours_text};"
            f" again: {again.unchanged_rows:,} unchanged"
        )
    assert (run.created_rows, run.rejected_rows) == (rows, 0)
    assert (overall.changes, overall.failed) == (rows, failed)
    assert (overall.rate_text, overall.hours_text) == (rate, hours)
    assert (again.created_rows, again.updated_rows, again.unchanged_rows) == (0, 0, rows)
    assert metrics.failed(auditor, Scope(source=f"wikimedia-{name}")).count() == failed
    assert page.count('scope="row"') == 50


@pytest.fixture(scope="class")
def puppet(django_db_setup, django_db_blocker):
    """Imported once for this class; the transactions of its tests are savepoints in this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield imported("wikimedia-puppet-changes", "puppet")
        transaction.set_rollback(True)


class TestPuppet:
    def test_every_figure(self, puppet, auditor, capsys):
        tell(puppet, auditor, capsys, "puppet", rows=45_484, failed=1_758, rate="3.87 %", hours="1.59 h")

    def test_a_replay_tells_every_puppet_change(self, puppet, floor, ben, admin, capsys):  # noqa: F811
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


def test_charts(auditor, capsys):
    found = imported("wikimedia-deployment-charts-changes", "charts")
    tell(found, auditor, capsys, "charts", rows=7_473, failed=203, rate="2.72 %", hours="1.66 h")


def test_enhancement_proposals(shared_data, capsys):
    Cluster.objects.create(slug="kubernetes", name="Kubernetes")
    run = run_import(shared_data / "k8s-keps" / "kep_yaml_raw.tar.gz", column_map=MAPS / "kep.yaml", cluster="")
    rejected = [(one.field, one.value) for one in run.rejections.order_by("row")]
    flagged = [one for one in Change.objects.all() if author_approvers(one)]
    with capsys.disabled():
        named = NamedApprover.objects.count()
        print(  # noqa: T201
            f"\nKEPs: {run.created_rows} of {run.total_rows} imported with {named:,} named approvals;"
            f" rejected: {rejected}; {len(flagged)} with an author among the approvers"
        )
    assert (run.total_rows, run.created_rows) == (649, 647)
    assert rejected == [("created_at", "2023-14-05"), ("created_at", "2025-30-01")]
    assert {one.place.rpartition("/")[2] for one in run.rejections.all()} == {"kep.yaml"}
    assert all("Column creation-date" in one.reason for one in run.rejections.all())
    assert len(flagged) == 27
    assert not Person.objects.filter(handle__contains=":@").exists()


def test_an_author_among_the_approvers_is_a_blocker_on_the_page(shared_data, auditor):
    Cluster.objects.create(slug="kubernetes", name="Kubernetes")
    run_import(shared_data / "k8s-keps" / "kep_yaml_raw.tar.gz", column_map=MAPS / "kep.yaml", cluster="")
    shown = [one for one in Change.objects.all() if author_approvers(one)]
    pages = [signed_in(auditor).get(one.get_absolute_url()).content.decode() for one in shown]
    assert len(pages) == 27
    assert all("An author is also named as approver" in page for page in pages)
