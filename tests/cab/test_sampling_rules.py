"""The draw, the intervals and the figures of sampling, against published values and independent ways to reckon."""

import hashlib
import hmac
from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cab.rules.intervals import Z_95, difference, wilson
from apps.cab.rules.sampling import Comparison, Counted, Draw, commitment, digest, ranked
from apps.cab.web.sampling_told import gap_sentence, minutes_sentence

SEED = "0b" * 20 + "00" * 12


class TestWilson:
    @pytest.mark.parametrize(
        ("failed", "of", "low", "high"),
        [  # R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872, table I, method 3
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ],
    )
    def test_the_published_values(self, failed, of, low, high):
        found = wilson(failed, of)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)

    @given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
    def test_it_is_what_the_score_test_does_not_refuse(self, trial):
        """Reckoned by halving instead of by formula: where |p̂ - p| is z standard errors of p."""
        failed, of = trial
        share, found = failed / of, wilson(failed, of)

        def far(p):
            return abs(share - p) - Z_95 * sqrt(p * (1 - p) / of)

        def halved(outside, inside):
            for _ in range(60):
                middle = (outside + inside) / 2
                outside, inside = (middle, inside) if far(middle) > 0 else (outside, middle)
            return inside

        low = 0.0 if failed == 0 else halved(0.0, share)
        high = 1.0 if failed == of else halved(1.0, share)
        assert found.low == pytest.approx(low, abs=1e-9)
        assert found.high == pytest.approx(high, abs=1e-9)

    def test_without_trials_everything_is_possible(self):
        assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


class TestNewcombe:
    @pytest.mark.parametrize(
        ("one", "of_one", "other", "of_other", "low", "high"),
        [  # R. G. Newcombe, Statistics in Medicine 17 (1998), 873–890, table II, method 10
            (56, 70, 48, 80, 0.0524, 0.3339),
            (9, 10, 3, 10, 0.1705, 0.8090),
            (6, 7, 2, 7, 0.0582, 0.8062),
            (5, 56, 0, 29, -0.0381, 0.1926),
            (0, 10, 0, 20, -0.1611, 0.2775),
            (0, 10, 0, 10, -0.2775, 0.2775),
            (10, 10, 0, 20, 0.6791, 1.0),
            (10, 10, 0, 10, 0.6075, 1.0),
        ],
    )
    def test_the_published_values(self, one, of_one, other, of_other, low, high):
        found = difference(one, of_one, other, of_other)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)

    @given(
        st.integers(1, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
        st.integers(1, 60).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))),
    )
    def test_it_holds_the_difference_and_turns_with_the_groups(self, one, other):
        there, back = difference(*one, *other), difference(*other, *one)
        gap = one[0] / one[1] - other[0] / other[1]
        assert -1 <= there.low <= gap + 1e-12
        assert gap - 1e-12 <= there.high <= 1
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low))

    @pytest.mark.parametrize(("of_one", "of_other"), [(10, 30), (20, 20), (15, 60)])
    def test_it_covers_the_truth_as_often_as_it_says(self, of_one, of_other):
        """Every outcome of both groups by its probability: 95 % on average, and nowhere far below."""
        inside = {(x, y): difference(x, of_one, y, of_other) for x in range(of_one + 1) for y in range(of_other + 1)}

        def chance(x, of, p):
            return comb(of, x) * p**x * (1 - p) ** (of - x)

        covered = []
        for p in (0.02, 0.05, 0.1, 0.2, 0.35, 0.5):
            for q in (0.02, 0.05, 0.1, 0.2, 0.35, 0.5):
                one = [chance(x, of_one, p) for x in range(of_one + 1)]
                other = [chance(y, of_other, q) for y in range(of_other + 1)]
                covered.append(
                    sum(one[x] * other[y] for (x, y), found in inside.items() if found.low <= p - q <= found.high)
                )
        assert 0.945 <= sum(covered) / len(covered) <= 0.985
        assert min(covered) > 0.89


class TestTheDraw:
    def test_the_digest_is_the_hmac_of_the_reference(self):
        """RFC 4231, test case 1: the key of twenty bytes 0b, filled up with zeros as HMAC does."""
        published = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        assert digest(SEED, "Hi There") == published

    @given(st.sets(st.integers(1, 9999), max_size=40), st.integers(0, 100), st.integers(0, 10))
    def test_anybody_can_draw_it_again_and_order_does_not_matter(self, numbers, share, minimum):
        references = [f"CHG-{one}" for one in numbers]
        key = bytes.fromhex(SEED)
        again = sorted(references, key=lambda one: hmac.digest(key, one.encode(), "sha256").hex())
        found = [reference for _, reference in ranked(SEED, reversed(references))]
        assert found == again
        size = Draw(share, minimum).size(len(references))
        assert size <= len(references)
        assert size >= min(minimum, len(references))
        assert size * 100 >= share * len(references)
        assert size <= max(minimum, -(-len(references) * share // 100))

    def test_the_promise_is_the_hash_of_the_seed(self):
        assert commitment(SEED) == hashlib.sha256(bytes.fromhex(SEED)).hexdigest()

    def test_each_is_drawn_as_often_as_its_share_says(self):
        """500 periods of 20 approvals, a quarter drawn: each reference about 125 times (±5 standard deviations)."""
        drawn = dict.fromkeys((f"CHG-{one}" for one in range(20)), 0)
        for period in range(500):
            seed = hashlib.sha256(str(period).encode()).hexdigest()
            for _, reference in ranked(seed, drawn)[: Draw(25, 0).size(20)]:
                drawn[reference] += 1
        assert sum(drawn.values()) == 2500
        assert all(abs(times - 125) < 49 for times in drawn.values())


class TestFigures:
    def test_minutes_for_a_prevented_failure(self):
        told = Comparison(Counted(20, 3), Counted(80, 10), refused_failed=2, refused_fine=1, minutes=15)
        assert told.minutes_spent == 300
        assert told.minutes_a_failure == 150
        least, most = told.minutes_interval
        assert least == pytest.approx(15 / wilson(2, 20).high)
        assert most == pytest.approx(15 / wilson(2, 20).low)
        assert least < 150 < most
        assert f"{least:,.0f} to {most:,.0f}" in minutes_sentence(told)

    def test_while_no_failure_would_have_been_refused_there_is_a_least_only(self):
        told = Comparison(Counted(20, 3), Counted(80, 10), refused_failed=0, refused_fine=1, minutes=15)
        assert told.minutes_a_failure is None
        assert told.minutes_interval == (pytest.approx(15 / wilson(0, 20).high), None)

    @pytest.mark.parametrize(
        ("reviewed", "others", "says"),
        [
            ((40, 20), (100, 5), "more often"),
            ((40, 0), (100, 40), "less often"),
            ((10, 1), (30, 3), "No difference"),
            ((0, 0), (30, 3), "Nothing to compare"),
        ],
    )
    def test_the_sentence_follows_the_interval(self, reviewed, others, says):
        told = Comparison(Counted(*reviewed), Counted(*others), refused_failed=0, refused_fine=0, minutes=5)
        assert says in gap_sentence(told)
