"""What the board's area offers to success metrics: undecided changes count, and every value opens its rows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.cab.events import ChangeHeld, ChangeReleased
from apps.cab.models import Change
from apps.cab.queries import measures
from apps.cab.rules.metrics import METRICS
from apps.journal import actions as journal
from apps.stakeholders.measures import registered
from apps.stakeholders.rules.metrics import Period

FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
MONDAY = datetime(2026, 2, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Berlin


@pytest.fixture
def change(ada, payments):
    def make(number, submitted, decided=None, **more):
        said = {"state": "awaiting_authorization" if decided is None else "authorized"} | more
        return Change.objects.create(
            number=number,
            title=f"Change {number}",
            requester=ada,
            cluster=payments,
            created_at=submitted,
            submitted_at=submitted,
            decided_at=decided,
            **said,
        )

    return make


def test_everything_the_programme_measures_is_offered():
    assert {*METRICS, "time_to_decision", "time_to_decision_p85", "cost_per_integration"} <= set(registered())


def test_the_median_counts_what_is_undecided(change, payments):
    for number, hours in enumerate((1, 2, 3), start=1):
        change(number, MONDAY, MONDAY + timedelta(hours=hours))
    quick = measures.decision_measured("time_to_decision", payments, FEBRUARY)
    assert (quick.value, quick.count, quick.censored) == (Decimal(2), 3, 0)
    for number in range(4, 8):
        change(number, MONDAY)
    slow = measures.decision_measured("time_to_decision", payments, FEBRUARY)
    assert (slow.value, slow.count, slow.censored) == (None, 7, 4)
    assert slow.reason == "Fewer than 50% of 7 changes were decided when the period ended."
    assert slow.inputs_sha256 != quick.inputs_sha256


def test_what_was_decided_after_the_period_was_undecided_in_it(change, payments):
    change(1, MONDAY, datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    found = measures.decision_measured("time_to_decision", payments, FEBRUARY)
    assert (found.value, found.censored) == (None, 1)


def test_nights_and_weekends_do_not_count(change, payments):
    change(1, datetime(2026, 2, 6, 15, 0, tzinfo=UTC), datetime(2026, 2, 9, 9, 0, tzinfo=UTC))  # Friday to Monday
    assert measures.decision_measured("time_to_decision", payments, FEBRUARY).value == 2


def test_time_on_hold_is_not_waited(change, payments, ben):
    """Held from ten to noon and released; held again from four on, and not released before the decision."""
    found = change(1, MONDAY, MONDAY + timedelta(days=1, hours=2))
    for event, after in (
        (ChangeHeld(change_id=1, reason="The supplier was asked."), timedelta(hours=1)),
        (ChangeReleased(change_id=1), timedelta(hours=3)),
        (ChangeHeld(change_id=1), timedelta(hours=7)),
    ):
        with transaction.atomic():
            journal.record(event, subject=found, actor=ben, at=MONDAY + after)
    assert measures.decision_measured("time_to_decision", payments, FEBRUARY).value == 5
    assert measures.held_times([found.pk], until=MONDAY + timedelta(hours=2)) == {
        found.pk: [(MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2))]
    }


def test_no_change_is_no_value(payments, db):
    found = measures.decision_measured("time_to_decision", payments, FEBRUARY)
    assert (found.value, found.reason) == (None, "No change was handed in during this period.")


def test_the_rows_are_those_the_reader_may_see(change, payments, ada, auditor):
    change(1, MONDAY)
    change(2, MONDAY, MONDAY + timedelta(hours=3))
    rows = list(measures.decision_rows(ada, payments, FEBRUARY))
    assert [one.is_open for one in rows] == [True, False]
    assert rows[1].says == "3.0 working hours"
    payments.visibility = "restricted"
    payments.save()
    from tests.conftest import make_person

    stranger = make_person("stan", "requester")
    assert list(measures.decision_rows(stranger, payments, FEBRUARY)) == []


def test_figures_of_the_programme_are_those_of_its_page(change, payments, auditor):
    change(1, MONDAY, MONDAY + timedelta(hours=4))
    wait = registered()["approval_wait"]
    found = wait.compute(payments, FEBRUARY)
    assert (found.value, found.count) == (4, 1)
    assert [one.title for one in wait.rows(auditor, payments, FEBRUARY)] == ["CHG-1 Change 1"]
    none = registered()["time_to_restore"].compute(payments, FEBRUARY)
    assert (none.value, none.reason) == (None, "No change of this period has anything to measure.")
