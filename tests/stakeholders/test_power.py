"""Power by its parts, the grid, and the classes of salience."""

from decimal import Decimal

import pytest

from apps.kernel.refusals import Invalid, NotAllowed
from apps.stakeholders.rules import power as rules
from apps.stakeholders.rules.resources import Need
from tests.stakeholders.test_resources import DAY, holding


def test_power_is_the_sum_of_its_three_parts():
    needs = [Need("budget", "EUR", None, Decimal(10)), Need("data", "EUR", None, Decimal(1))]
    held = [holding(1, 75), holding(2, 25), holding(3, 500, cluster=9)]
    shares = rules.shares(held, needs, clusters={7}, day=DAY)
    assert set(shares) == {1, 2}  # the third is out of scope
    assert shares[1][0].share == 0.75
    found = rules.power(own=shares[1], kinds=rules.kinds_of(needs, shares), centrality=0.5, felt=80)
    # Of two resources that are needed, three quarters of one and nothing of the other.
    assert (found.authority, found.sway, found.felt, found.total) == (18.75, 15.0, 16.0, 49.8)
    assert found.computed == 33.8


def test_shares_add_up_to_one_within_each_resource():
    held = [holding(1, 70), holding(2, 30, parent=1), holding(3, 25)]
    shares = rules.shares(held, [], clusters={7}, day=DAY)
    assert sum(one.share for own in shares.values() for one in own) == pytest.approx(1)
    assert shares[1][0].own == 40


def test_nobody_has_power_where_nothing_is_known():
    assert rules.power(own=(), kinds=0, centrality=0, felt=0).total == 0


@pytest.mark.parametrize(("total", "felt"), [(33.8, 0), (53.8, 100), (43.8, 50), (0, 0), (100, 100)])
def test_a_move_changes_only_what_is_felt(total, felt):
    assert rules.felt_for(total, computed=33.8) == felt


@pytest.mark.parametrize(
    ("power", "interest", "word"),
    [(50, 50, "manage closely"), (50, 49, "keep satisfied"), (49, 50, "keep informed"), (49, 49, "watch")],
)
def test_on_the_cut_counts_as_high(power, interest, word):
    assert rules.quadrant(power=power, interest=interest, power_cut=50, interest_cut=50) == word


@pytest.mark.parametrize(
    ("power", "legitimacy", "urgency", "word"),
    [
        (60, 60, 60, "definitive"),
        (60, 60, 0, "dominant"),
        (60, 0, 60, "dangerous"),
        (0, 60, 60, "dependent"),
        (60, 0, 0, "dormant"),
        (0, 60, 0, "discretionary"),
        (0, 0, 60, "demanding"),
        (0, 0, 0, "non-stakeholder"),
    ],
)
def test_seven_classes_and_none(power, legitimacy, urgency, word):
    assert rules.salience(power=power, legitimacy=legitimacy, urgency=urgency, power_cut=50) == word


def test_nobody_assesses_themselves_or_their_team():
    rules.require_assessor(assessor=1, subjects=[2])
    with pytest.raises(NotAllowed):
        rules.require_assessor(assessor=1, subjects=[2, 1])


@pytest.mark.parametrize(("name", "value"), [("power", 101), ("interest", -1), ("stance", 3), ("stance", -3)])
def test_marks_are_bounded(name, value):
    with pytest.raises(Invalid):
        rules.require_marks({name: value})
