"""Change failure rate and time to restore: what counts, who sees it, and the rows behind each figure."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from apps.cab.models import Change, Reversal
from apps.cab.queries import metrics
from apps.cab.queries.metrics import Scope
from apps.clusters.models import Visibility
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def done(ada, payments):
    """Six changes implemented a day apart; the first three were undone after 1, 2 and 4 hours, the fourth failed."""
    changes = [
        Change.objects.create(
            number=2000 + day,
            title=f"Day {day}",
            cluster=payments,
            requester=ada,
            state="closed",
            outcome="unsuccessful" if day == 3 else "successful",
            created_at=MARCH,
            implemented_at=MARCH + timedelta(days=day),
            source="tool" if day else "",
        )
        for day in range(6)
    ]
    for place, hours in enumerate((1, 2, 4)):
        Reversal.objects.create(undone=changes[place], undoing=changes[5], after=timedelta(hours=hours))
    Reversal.objects.create(undone=changes[0], undoing=changes[4], after=timedelta(hours=30))
    return changes


def test_a_change_fails_by_its_outcome_or_by_being_undone(done, ada):
    overall = metrics.board(ada, Scope()).overall
    assert (overall.changes, overall.failed) == (6, 4)
    assert overall.rate_text == "66.67 %"
    assert overall.hours == 2  # the soonest undoing of each: 1, 2 and 4 hours


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two(done, ada):
    assert metrics.board(ada, Scope(source="tool")).overall.hours == 3


def test_every_group_adds_up_to_the_whole(done, ada):
    board = metrics.board(ada, Scope())
    for groups in (board.sources, board.clusters, [one for _, one in board.months]):
        assert sum(one.changes for one in groups) == board.overall.changes
        assert sum(one.failed for one in groups) == board.overall.failed
    assert [one.name for one in board.sources] == ["Recorded here", "tool"]


def test_a_period_holds_its_first_and_its_last_day(done, ada):
    board = metrics.board(ada, Scope(since=date(2026, 3, 2), until=date(2026, 3, 4)))
    assert (board.overall.changes, board.overall.failed) == (3, 3)


def test_no_implemented_change_is_no_division_by_zero(ada, payments):
    overall = metrics.board(ada, Scope()).overall
    assert (overall.rate_text, overall.hours_text) == ("0.00 %", "–")


def test_a_restricted_cluster_counts_for_its_own_people_only(done, ada, cleo, payments, auditor):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert metrics.board(cleo, Scope()).overall.changes == 0
    assert metrics.board(auditor, Scope()).overall.changes == 6


def test_each_figure_opens_as_many_rows_as_it_says(done, ada):
    client = signed_in(ada)
    page = client.get("/metrics-board/").content.decode()
    assert "66.67 %" in page
    assert "/metrics-board/rows/?which=failed" in page
    failed = client.get("/metrics-board/rows/?which=failed").content.decode()
    assert [f"CHG-{change.number}" in failed for change in done] == [
        True,
        True,
        True,
        True,
        True,
        True,
    ]  # with undoings
    assert failed.count('scope="row"') == 4
    everything = client.get("/metrics-board/rows/?which=all&source=tool").content.decode()
    assert everything.count('scope="row"') == 5


def test_the_same_figures_as_json_and_csv(done, ada):
    client = signed_in(ada)
    data = client.get("/metrics-board/figures.json?source=tool").json()
    assert data["overall"] == {
        "name": "All",
        "source": "tool",
        "cluster": "",
        "changes": 5,
        "failed": 3,
        "failure_rate_percent": 60.0,
        "median_hours_to_restore": 3.0,
    }
    rows = list(csv.DictReader(io.StringIO(client.get("/metrics-board/figures.csv").content.decode())))
    assert [(row["group"], row["failed"]) for row in rows][:3] == [("all", "4"), ("source", "1"), ("source", "3")]
    undone = list(csv.DictReader(io.StringIO(client.get("/metrics-board/rows.csv?which=failed").content.decode())))
    assert (undone[-1]["reference"], undone[-1]["restored_hours"]) == ("CHG-2000", "1.0")
    assert undone[-1]["undone_by"] == "CHG-2005 CHG-2004"


@pytest.mark.parametrize(("which", "rows"), [("all", 5), ("failed", 3), ("restored", 2)])
def test_the_rows_page_says_how_many_and_the_median_opens_what_it_was_taken_over(done, ada, which, rows):
    page = signed_in(ada).get(f"/metrics-board/rows/?which={which}&source=tool").content.decode()
    assert f"{rows} changes, newest first" in page
    assert page.count('scope="row"') == rows
    assert "/metrics-board/rows/?which=restored" in signed_in(ada).get("/metrics-board/").content.decode()


def test_a_month_opens_its_own_rows_within_the_asked_period(done, ada):
    client = signed_in(ada)
    whole = client.get("/metrics-board/").content.decode()
    assert "which=failed&amp;since=2026-03-01&amp;until=2026-03-31" in whole
    assert "since=2026-03-03&amp;until=2026-03-31" in client.get("/metrics-board/?since=2026-03-03").content.decode()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2026-02-30", "is not a day"),
        ("since=2026-03-02&until=2026-03-01", "ends before it starts"),
    ],
)
def test_a_period_that_does_not_exist_is_refused(ada, query, sentence):
    answer = signed_in(ada).get(f"/metrics-board/?{query}")
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_question_that_is_none_is_refused(ada):
    assert signed_in(ada).get("/metrics-board/rows/?which=some").status_code == 422


def test_strangers_sign_in_first(client):
    assert client.get("/metrics-board/").status_code == 302
