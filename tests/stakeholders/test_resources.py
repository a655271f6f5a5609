"""Units, limits, delegations and their days; delegations against a brute-force oracle."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.kernel.refusals import Conflict, Invalid, NotAllowed
from apps.stakeholders.rules import resources as rules
from apps.stakeholders.rules.resources import Holding, Need

DAY = date(2026, 3, 2)


def holding(
    key, amount, *, holder=None, cluster=None, starts=0, ends=None, parent=None, active=True, resource="budget"
):
    return Holding(
        key,
        key if holder is None else holder,
        resource,
        "EUR",
        cluster,
        Decimal(amount),
        DAY + timedelta(days=starts),
        None if ends is None else DAY + timedelta(days=ends),
        parent,
        active,
    )


@pytest.mark.parametrize(
    ("resource", "unit", "counted"),
    [("headcount", "", "FTE"), ("headcount", "FTE", "FTE"), ("budget", "EUR", "EUR"), ("platform", " vCPU ", "vCPU")],
)
def test_each_resource_is_counted_in_its_units(resource, unit, counted):
    assert rules.require_unit(resource, unit) == counted


@pytest.mark.parametrize(
    ("resource", "unit"), [("headcount", "EUR"), ("budget", "eur"), ("budget", ""), ("platform", ""), ("platform", "9")]
)
def test_another_unit_is_refused(resource, unit):
    with pytest.raises(Invalid) as refused:
        rules.require_unit(resource, unit)
    assert "unit" in refused.value.fields


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e20", "0.001"])
def test_amounts_are_plain_numbers(amount):
    with pytest.raises(Invalid):
        rules.require_amount(Decimal(amount))


def test_an_authority_ends_after_it_begins():
    rules.require_days(DAY, DAY + timedelta(days=1))
    with pytest.raises(Invalid):
        rules.require_days(DAY, DAY)


def test_nobody_records_their_own():
    rules.require_not_own(recorder=1, holder_people=[2])
    with pytest.raises(NotAllowed):
        rules.require_not_own(recorder=1, holder_people=[2, 1])


class TestDelegations:
    def test_within_limit_days_and_scope(self):
        parent = holding(1, 100, ends=100)
        rules.require_delegable(parent, holding(2, 100, ends=100, cluster=7, parent=1), siblings=[])

    @pytest.mark.parametrize(
        ("parent", "child", "error"),
        [
            (holding(1, 100), holding(2, 101, parent=1), Conflict),
            (holding(1, 100), holding(2, 10, holder=1, parent=1), Invalid),
            (holding(1, 100, ends=5), holding(2, 10, parent=1), Invalid),
            (holding(1, 100, ends=5), holding(2, 10, ends=6, parent=1), Invalid),
            (holding(1, 100, starts=1), holding(2, 10, ends=6, parent=1), Invalid),
            (holding(1, 100, cluster=7), holding(2, 10, parent=1), Invalid),
            (holding(1, 100, cluster=7), holding(2, 10, cluster=8, parent=1), Invalid),
            (holding(1, 100), holding(2, 10, resource="data", parent=1), Invalid),
        ],
    )
    def test_beyond_what_they_come_from_are_refused(self, parent, child, error):
        with pytest.raises(error):
            rules.require_delegable(parent, child, siblings=[])

    def test_one_after_the_other_may_each_take_all_of_it(self):
        parent, first = holding(1, 100, ends=20), holding(2, 100, ends=10, parent=1)
        rules.require_delegable(parent, holding(3, 100, starts=10, ends=20, parent=1), siblings=[first])
        with pytest.raises(Conflict) as refused:
            rules.require_delegable(parent, holding(3, 1, starts=9, ends=20, parent=1), siblings=[first])
        assert refused.value.code == "above_limit"

    def test_the_peak_is_the_greatest_sum_of_a_day(self):
        dice = random.Random(4)
        for _ in range(300):
            rows = [
                holding(key, dice.randint(0, 9), starts=(start := dice.randint(0, 8)), ends=start + dice.randint(1, 5))
                for key in range(dice.randint(0, 7))
            ]
            brute = max(
                (
                    sum((row.amount for row in rows if row.holds_on(DAY + timedelta(days=day))), Decimal(0))
                    for day in range(20)
                ),
                default=Decimal(0),
            )
            assert rules.peak(rows) == brute

    def test_what_is_delegated_counts_for_who_received_it(self):
        rows = [holding(1, 100), holding(2, 60, parent=1), holding(3, 20, parent=2), holding(4, 9, starts=5, parent=1)]
        limits = rules.limits_on(rows, DAY)
        assert limits == {1: 40, 2: 40, 3: 20}
        assert sum(limits.values()) == 100

    def test_of_somebody_who_left_it_falls_back(self):
        assert rules.limits_on([holding(1, 100), holding(2, 60, parent=1, active=False)], DAY) == {1: 100}


def test_the_enterprise_serves_a_cluster_and_never_the_reverse():
    assert Need("budget", "EUR", 7, Decimal(1)).is_served_by(holding(1, 5))
    assert Need("budget", "EUR", 7, Decimal(1)).is_served_by(holding(1, 5, cluster=7))
    assert not Need("budget", "EUR", 7, Decimal(1)).is_served_by(holding(1, 5, cluster=8))
    assert not Need("budget", "EUR", None, Decimal(1)).is_served_by(holding(1, 5, cluster=7))
