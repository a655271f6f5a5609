"""The public records beside the project: every figure that the issue names, measured and printed."""

import resource
import time

import pytest

from apps.accounts.models import Person
from apps.cab.models import Change, NamedApprover
from apps.cab.queries import metrics
from apps.cab.queries.changes import author_approvers
from apps.cab.queries.metrics import Scope
from apps.clusters.models import Cluster
from tests.cab.importing import MAPS, run_import
from tests.conftest import signed_in

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("folder", "name", "rows", "failed", "rate", "hours"),
    [
        ("wikimedia-puppet-changes", "puppet", 45_484, 1_758, "3.87 %", "1.59 h"),
        ("wikimedia-deployment-charts-changes", "charts", 7_473, 203, "2.72 %", "1.66 h"),
    ],
)
def test_wikimedia_changes(shared_data, auditor, capsys, folder, name, rows, failed, rate, hours):
    Cluster.objects.create(slug=name, name=name)
    path, column_map = shared_data / folder / "changes.csv.gz", MAPS / f"wikimedia-{name}.yaml"
    started = time.monotonic()
    run = run_import(path, column_map=column_map, cluster="")
    seconds = time.monotonic() - started
    overall = metrics.board(auditor, Scope(source=f"wikimedia-{name}")).overall
    again = run_import(path, column_map=column_map, cluster="")
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
