"""The metrics of a programme: what each counts, that its rows are as many as it says, who sees what."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.cab.models import Change, Conflict, ConflictKind, FreezeException, Reversal, Round
from apps.cab.queries import figures, programme
from apps.cab.queries.programme import Scope
from apps.cab.rules.metrics import METRICS, Rows, is_met
from apps.clusters.models import Visibility
from apps.windows.models import Freeze

pytestmark = pytest.mark.django_db
TODAY = date(2026, 4, 10)
NOW = datetime(2026, 4, 10, 15, 0, tzinfo=UTC)
WHOLE = Scope(since=date(2026, 1, 1), until=TODAY)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def change(number, cluster, requester, **fields) -> Change:
    given = {"title": f"Change {number}", "state": "closed", "created_at": datetime(2026, 1, 5, tzinfo=UTC)}
    return Change.objects.create(number=number, cluster=cluster, requester=requester, **(given | fields))


@pytest.fixture
def year(ada, payments, logistics, board):
    """Ten done in Payments (one a day from 10 March, handed in 10 days before), four in Logistics, three open."""
    march = datetime(2026, 3, 10, 12, tzinfo=UTC)
    done = []
    for n in range(14):
        implemented_at = march + n * DAY
        done.append(
            change(
                2000 + n,
                payments if n < 10 else logistics,
                ada,
                type="emergency" if n in (3, 4) else "normal",
                submitted_at=implemented_at - 10 * DAY,
                decided_at=implemented_at - 10 * DAY + (n + 1) * HOUR,
                implemented_at=implemented_at,
                outcome="backed_out" if n == 0 else "successful",
            )
        )
    for n, hours in ((1, 2), (2, 4)):
        Reversal.objects.create(undone=done[n], undoing=done[13], after=hours * HOUR)
    for n in range(5):
        Round.objects.create(
            change=done[n], board=board, number=1, revision=1, state="decided", verdict="approved", rule={},
            opened_at=march, closes_at=march, closed_at=march,
        )  # fmt: skip
    for n, begun in enumerate((NOW - 40 * DAY, NOW - 20 * DAY, NOW - 5 * DAY)):
        change(3000 + n, payments, ada, state="submitted", submitted_at=begun)
    change(3100, payments, ada, state="draft", created_at=NOW - DAY)
    Conflict.objects.create(
        change=done[1], other=done[6], kind=ConflictKind.SAME_COMPONENT, state="accepted", is_stopping=True, digest="x",
        found_at=march - DAY, accepted_by=ada, accepted_at=march - DAY, accepted_reason="Told both teams.",
    )  # fmt: skip
    freeze = Freeze.objects.create(
        name="Quarter end", start_local=march.replace(tzinfo=None), end_local=(march + 30 * DAY).replace(tzinfo=None),
        zone="UTC", start_at=march - DAY, end_at=march + 30 * DAY, created_by=ada, created_at=march - 2 * DAY,
    )  # fmt: skip
    asked = {"freeze": freeze, "revision": 1, "reason": "A law.", "requested_by": ada, "requested_at": march - DAY}
    given = {"decided_by": board.seats.first().person, "decided_at": march - HOUR, "decision_reason": "So be it."}
    for n, state in ((5, "granted"), (6, "denied"), (7, "requested")):
        decided = given if state != "requested" else {}
        FreezeException.objects.create(change=done[n], state=state, decide_by=march, **asked, **decided)
    return done


def values(report) -> dict[str, float | None]:
    return {name: one.value for name, one in report.overall.figures.items()}


def test_each_metric_measures_what_its_meaning_says(year, ada):
    found = values(figures.report(ada, WHOLE, at=NOW))
    assert found["deployment_frequency"] == pytest.approx(14 / (100 / 7))
    assert found["lead_time"] == 240  # hours
    assert found["change_failure_rate"] == pytest.approx(100 * 3 / 14)
    assert found["time_to_restore"] == 3  # between 2 and 4 hours
    assert found["approval_wait"] == 7.5  # 1, 2, … 14 hours
    assert found["approval_wait_p90"] == pytest.approx(12.7)
    assert found["backlog"] == 3
    assert found["backlog_age"] == 20
    assert found["emergency_share"] == pytest.approx(100 * 2 / 14)
    assert found["accepted_conflicts_failed"] == 1
    assert found["freeze_exceptions"] == 1  # asked for three times, granted once


def test_every_figure_of_every_group_opens_as_many_rows_as_it_says(year, ada):
    report = figures.report(ada, WHOLE, at=NOW)
    checked = 0
    for groups in report.parts().values():
        for group in groups:
            for name, figure in group.figures.items():
                rows = programme.rows_behind(ada, group.scope, METRICS[name], at=NOW)
                assert rows.count() == figure.rows, (group.name, name)
                if figure.metric.rows in (Rows.OPEN, Rows.RISKED, Rows.EXCEPTED) and name != "backlog_age":
                    assert figure.value == figure.rows
                checked += figure.rows
    assert checked > 100  # not all of them empty


def test_groups_add_up_to_the_whole(year, ada):
    report = figures.report(ada, WHOLE, at=NOW)
    whole = report.overall.figures
    for part in ("cluster", "board", "type", "month"):
        for name in ("deployment_frequency", "change_failure_rate", "approval_wait", "emergency_share"):
            assert sum(one.figures[name].rows for one in report.parts()[part]) == whole[name].rows, (part, name)
    assert [one.name for one in report.boards] == ["Enterprise board", "No board"]
    assert [one.name for one in report.types] == ["emergency", "normal"]


def test_the_backlog_of_a_month_is_that_of_its_last_moment(year, ada):
    months = {one.name: one.figures["backlog"].value for one in figures.report(ada, WHOLE, at=NOW).months}
    # The first of the fourteen was handed in on 28 February; at the end of March all of them were done.
    assert months == {"Feb 2026": 1, "Mar 2026": 2, "Apr 2026": 3}
    assert programme.open_at(ada, WHOLE, datetime(2026, 3, 1, tzinfo=UTC)).count() == months["Feb 2026"]


def test_what_failed_only_later_or_elsewhere_does_not_count(year, ada, logistics):
    report = figures.report(ada, Scope(WHOLE.since, WHOLE.until, cluster="logistics"), at=NOW)
    assert report.overall.figures["change_failure_rate"].value == 0
    assert report.overall.figures["time_to_restore"].text == "–"
    assert [one.name for one in report.clusters] == ["Logistics"]


def test_a_restricted_cluster_counts_for_its_own_people_only(year, cleo, ada, auditor, payments):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert figures.report(auditor, WHOLE, at=NOW).overall.figures["lead_time"].rows == 14
    # Cleo sits on the board that had five of them; the others she may not know of.
    assert figures.report(cleo, WHOLE, at=NOW).overall.figures["lead_time"].rows == 4 + 5


def test_nothing_measured_is_a_dash_and_no_division_by_zero(ada):
    report = figures.report(ada, WHOLE, at=NOW)
    assert {one.text for one in report.overall.figures.values()} == {"–", "0.0 a week", "0"}
    assert report.clusters == []


def test_a_period_in_the_future_holds_nothing(year, ada):
    report = figures.report(ada, Scope(date(2027, 1, 1), date(2027, 2, 1)), at=NOW)
    assert report.overall.figures["lead_time"].rows == 0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "2026-02-30"}, "is not a day"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "ends before it starts"),
        ({"since": "1991-01-01", "until": "2026-03-01"}, "longer than ten years"),
        ({"type": "strange"}, "no type of change"),
    ],
)
def test_a_scope_that_cannot_be_is_refused(query, sentence):
    with pytest.raises(Exception, match=sentence):
        Scope.from_address(query, today=TODAY)


def test_the_usual_period_is_twelve_months():
    assert Scope.from_address({}, today=TODAY) == Scope(date(2025, 4, 11), TODAY)


def test_a_target_is_met_at_its_own_value():
    assert is_met("at_most", 15, 15.0) is True
    assert is_met("at_most", 15, 15.1) is False
    assert is_met("at_least", 5, 4.0) is False
    assert is_met("at_least", 5, None) is None


def test_a_month_knows_its_days_within_the_period():
    assert WHOLE.within(date(2026, 4, 3)) == Scope(date(2026, 4, 1), TODAY)
