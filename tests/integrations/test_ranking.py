"""Weights, closeness and sensitivity: known values, and what must hold of any numbers."""

import math
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.integrations.rules.ranking import ranked, sensitivities, shifted, topsis
from apps.integrations.rules.weighing import USUAL, By, Criterion, ahp, from_pairs, own_weights, weighed
from apps.kernel.refusals import Invalid

PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}  # for a busy machine
NAMES = [one.value for one in Criterion]
PAIRS = list(combinations(NAMES, 2))
EVEN = dict.fromkeys(PAIRS, 1.0)


class TestWeights:
    def test_the_published_example_of_judgements_in_pairs(self):
        weights, ratio = ahp([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]])
        assert weights == pytest.approx([0.637, 0.258, 0.105], abs=5e-4)
        assert ratio == pytest.approx(0.033, abs=5e-4)

    @given(st.lists(st.floats(0.34, 3), min_size=6, max_size=6))
    @settings(max_examples=60, **PATIENT)
    def test_judgements_that_agree_give_back_the_weights_they_were_drawn_from(self, shares):
        drawn = dict(zip(NAMES, shares, strict=True))
        found = from_pairs({(a, b): drawn[a] / drawn[b] for a, b in PAIRS})
        for name in NAMES:
            assert found.weights[name] == pytest.approx(drawn[name] / math.fsum(shares), abs=1e-9)
        assert found.ratio == pytest.approx(0, abs=1e-9)

    def test_contradicting_judgements_are_refused_and_the_worst_is_named(self):
        wrong = EVEN | {("timeliness", "cost"): 7.0}
        assert from_pairs(wrong).ratio <= 0.10  # one alone is borne by the other fourteen
        wrong |= {("timeliness", "cost"): 9.0}
        with pytest.raises(Invalid) as refused:
            from_pairs(wrong)
        assert refused.value.code == "inconsistent"
        assert "consistency ratio is" in refused.value.sentence
        assert "fits the others least" in refused.value.sentence
        assert "timeliness to cost" in refused.value.next_step

    @pytest.mark.parametrize(
        ("pairs", "words"),
        [
            ({k: v for k, v in EVEN.items() if k != ("timeliness", "cost")}, "“timeliness to cost” is not judged"),
            (
                EVEN | {("cost", "timeliness"): 3.0, ("timeliness", "cost"): 3.0},
                "the other way 3: that should be 0.333",
            ),
            (EVEN | {("timeliness", "cost"): 10.0}, "judged from 1/9 to 9"),
            (EVEN | {("timeliness", "cost"): math.nan}, "judged from 1/9 to 9"),
            (EVEN | {("cost", "cost"): 2.0}, "exactly as much as itself"),
            (EVEN | {("beauty", "cost"): 2.0}, "“beauty” is no criterion"),
        ],
    )
    def test_judgements_that_are_none_are_refused(self, pairs, words):
        with pytest.raises(Invalid) as refused:
            from_pairs(pairs)
        assert words in refused.value.sentence
        assert refused.value.next_step

    def test_a_pair_may_be_judged_both_ways_when_they_agree(self):
        found = from_pairs(EVEN | {("timeliness", "cost"): 3.0, ("cost", "timeliness"): 0.333})
        assert found.pairs["timeliness", "cost"] == 3.0

    def test_percent_and_fractions_are_the_same_shares(self):
        percent = own_weights({"timeliness": 30, "cost": 90})
        fractions = own_weights({"timeliness": 0.25, "cost": 0.75})
        assert percent.weights == pytest.approx(fractions.weights)
        assert (percent.sum_said, fractions.sum_said) == (120, 1)
        assert percent.weights["autonomy"] == 0

    @pytest.mark.parametrize(
        "said", [{"cost": 0}, {"cost": -1, "timeliness": 2}, {"cost": math.nan}, {"cost": math.inf}, {"beauty": 1}]
    )
    def test_weights_that_are_none_are_refused(self, said):
        with pytest.raises(Invalid):
            own_weights(said)

    def test_without_weights_or_judgements_they_are_the_usual_ones_and_it_says_so(self):
        for by, words in ((By.PAIRS, "No judgements are given"), (By.OWN, "No weights are given")):
            found = weighed(by)
            assert (found.by, words in found.note) == (By.USUAL, True)
            assert found.weights == {one.value: share for one, share in USUAL.items()}
        assert weighed(By.USUAL).note == ""
        assert math.fsum(USUAL.values()) == pytest.approx(1)
        with pytest.raises(Invalid, match="do not come from"):
            weighed("feeling")


values = st.floats(1, 9)
tables = st.integers(2, 5).flatmap(
    lambda rows: st.lists(st.lists(values, min_size=4, max_size=4), min_size=rows, max_size=rows)
)
shares = st.lists(st.floats(0.05, 1), min_size=4, max_size=4).map(lambda one: [each / math.fsum(one) for each in one])
benefits = st.lists(st.booleans(), min_size=4, max_size=4)


class TestCloseness:
    def test_the_published_example(self):
        assert topsis([[1, 2], [2, 1], [3, 3]], [0.5, 0.5], [True, False]) == pytest.approx(
            [0.309, 0.691, 0.5], abs=5e-4
        )

    def test_what_nothing_tells_apart_is_each_the_ideal(self):
        assert topsis([[2, 3], [2, 3]], [0.5, 0.5], [True, False]) == [1, 1]
        assert topsis([[0, 0]], [0.5, 0.5], [True, False]) == [1]

    @given(tables, shares, benefits, st.randoms())
    @settings(max_examples=150, **PATIENT)
    def test_the_order_of_alternatives_does_not_matter(self, rows, weights, kinds, random):
        before = topsis(rows, weights, kinds)
        places = list(range(len(rows)))
        random.shuffle(places)
        assert topsis([rows[one] for one in places], weights, kinds) == [before[one] for one in places]

    @given(tables, shares, benefits, st.integers(0, 3), st.floats(0.1, 5))
    @settings(max_examples=150, **PATIENT)
    def test_what_is_better_in_one_and_worse_in_none_is_never_behind(self, rows, weights, kinds, column, more):
        better = list(rows[0])
        better[column] += more if kinds[column] else -more
        near = topsis([*rows, better], weights, kinds)
        assert near[-1] >= near[0] - 1e-12
        names = [f"{place}" for place in range(len(near))]
        order = [name for name, _ in ranked(names, near)]
        assert order.index(names[-1]) < order.index(names[0])


class TestSensitivity:
    @given(tables, shares, benefits)
    @settings(max_examples=150, **PATIENT)
    def test_the_weight_that_sways_is_where_two_are_even_and_no_nearer_one_is(self, rows, weights, kinds):
        names = [f"p{place}" for place in range(len(rows))]

        def first(column, to):
            return ranked(names, topsis(rows, shifted(weights, column, to), kinds))[0][0]

        said = dict(zip("abcd", weights, strict=True))
        winner = first(0, weights[0])
        for column, one in enumerate(sensitivities(names, rows, said, kinds)):
            for sway in (one.below, one.above):
                if sway is None:
                    continue
                near = topsis(rows, shifted(weights, column, sway.weight), kinds)
                assert near[names.index(winner)] == pytest.approx(near[names.index(sway.winner)], abs=1e-6)
            low = one.below.weight if one.below else 0.0
            high = one.above.weight if one.above else 1.0
            for step in range(1, 8):  # between both it holds
                at = low + (high - low) * step / 8
                if min(at - low, high - at) > 1e-6:
                    assert first(column, at) == winner
            if one.holds:
                assert one.winner_low == one.winner_high == winner

    def test_a_winner_that_does_not_bear_a_fifth_does_not_hold(self):
        rows = [[9, 1], [1, 9]]
        found = sensitivities(["a", "b"], rows, {"x": 0.52, "y": 0.48}, [True, True])
        assert [one.holds for one in found] == [False, False]
        assert found[0].below.weight == pytest.approx(0.5)
        assert (found[0].below.winner, found[0].above) == ("b", None)
        assert (found[0].winner_low, found[0].winner_high) == ("b", "a")
