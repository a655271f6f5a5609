"""The smallest coalition, against every subset by brute force; the greedy one covers, and says that it is greedy."""

import random
import time
from decimal import Decimal
from itertools import combinations

from apps.stakeholders.rules import coalition as rules
from apps.stakeholders.rules.resources import Need, limits_on
from tests.stakeholders.test_resources import DAY, holding


def by_holder(held):
    return rules.limits_by_holder(held, limits_on(held, DAY))


def may_give(needs, limits, members):
    """By trying every way to split enterprise limits over the clusters' needs, in whole numbers."""
    for key in {(need.resource, need.unit) for need in needs}:
        of_key = [need for need in needs if (need.resource, need.unit) == key]
        enterprise = sum(limits[one].get((key, None), Decimal(0)) for one in members)
        wanted = Decimal(0)
        for need in of_key:
            own = sum(limits[one].get((key, need.cluster), Decimal(0)) for one in members) if need.cluster else 0
            wanted += max(need.amount - own, Decimal(0))
        if wanted > enterprise:
            return False
    return True


def test_no_smaller_set_covers_it():
    dice, covered = random.Random(11), 0
    for _ in range(300):
        held = [
            holding(
                key,
                dice.randint(0, 9),
                holder=dice.randint(1, 6),
                cluster=dice.choice([None, 7, 8]),
                resource=dice.choice(["budget", "data"]),
            )
            for key in range(dice.randint(0, 10))
        ]
        spots = [("budget", None), ("budget", 7), ("budget", 8), ("data", 7)]
        needs = [
            Need(resource, "EUR", cluster, Decimal(dice.randint(1, 12)))
            for resource, cluster in dice.sample(spots, dice.randint(1, 3))
        ]
        limits = by_holder(held)
        found = rules.coalition(needs, limits)
        sizes = [
            size
            for size in range(len(limits) + 1)
            for members in combinations(limits, size)
            if may_give(needs, limits, members)
        ]
        assert found.is_exact
        if sizes:
            covered += 1
            assert may_give(needs, limits, found.members)
            assert len(found.members) == min(sizes)
            assert not found.missing
        else:
            assert found.missing
            assert not found.members
    assert 60 < covered < 280


def test_beyond_twenty_the_greatest_gain_comes_first_and_it_says_so():
    held = [holding(key, 10 + key % 3) for key in range(21)]
    needs = [Need("budget", "EUR", None, Decimal(100))]
    found = rules.coalition(needs, by_holder(held))
    assert (found.is_exact, found.candidates) == (False, 21)
    assert rules.covers(needs, by_holder(held), found.members)
    for one in found.members:  # nobody in it is superfluous
        assert not rules.covers(needs, by_holder(held), [other for other in found.members if other != one])


def test_twenty_candidates_of_many_resources_are_searched_in_time():
    dice = random.Random(1)
    held = [
        holding(key, dice.randint(5, 15), holder=key % 20, resource=dice.choice(["budget", "data", "platform"]))
        for key in range(60)
    ]
    needs = [Need(resource, "EUR", None, Decimal(90)) for resource in ("budget", "data", "platform")]
    began = time.perf_counter()
    found = rules.coalition(needs, by_holder(held))
    assert found.is_exact
    assert time.perf_counter() - began < 20


def test_those_left_out_are_not_counted_and_vetoers_are_named():
    held, need = [holding(1, 100), holding(2, 60), holding(3, 60)], [Need("budget", "EUR", None, Decimal(100))]
    edges = [(4, 2, "vetoes", 1.0), (4, 1, "vetoes", 1.0), (5, 2, "advises", 1.0)]
    assert rules.coalition(need, by_holder(held), edges=edges).members == (1,)
    found = rules.coalition(need, by_holder(held), edges=edges, without={1})
    assert (found.members, found.vetoers) == ((2, 3), (4,))


def test_what_nobody_can_give_is_told():
    need = Need("budget", "EUR", None, Decimal(100))
    found = rules.coalition([need], by_holder([holding(1, 30), holding(2, 30, cluster=7)]))
    assert found.missing == ((need, Decimal(70)),)
    assert rules.coalition([], {}).members == ()
