"""Silos by rule: hand-computed maps, the same numbers by brute force, what is too few to judge, and the advice."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.clusters.rules.spelling import normalised
from apps.kernel.refusals import Invalid
from apps.stakeholders.rules import silo_pairs
from apps.stakeholders.rules import silos as rules
from apps.stakeholders.rules.silo_advice import advised
from apps.stakeholders.rules.silo_words import sentence
from apps.stakeholders.rules.silos import Edge, Entity, Facts, Indicator, Passing, Product, Said, Silo

HOME = {1: 10, 2: 10, 3: 10, 4: 20, 5: 20, 6: 20}
A, B, C = 10, 20, 30


def edges(*pairs, manual=()):
    return tuple(Edge(pk, one, other, pk in manual) for pk, (one, other) in enumerate(pairs, start=1))


def facts(*pairs, manual=(), **more):
    return Facts(clusters=(A, B), home=HOME, edges=edges(*pairs, manual=manual), **more)


def pair_of(given_facts, weights=rules.WEIGHTS):
    [found] = [one for one in silo_pairs.assessed(given_facts, weights) if (one.first, one.second) == (A, B)]
    return found


# Six inside A, five inside B, one across: all ends known by hand.
APART = [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (4, 5), (5, 4), (4, 6), (6, 4), (5, 6), (1, 4)]


class TestMixing:
    def test_by_hand(self):
        found = silo_pairs.mixing((6, 5), (1, 0))
        assert found["observed"] == pytest.approx(11 / 12)
        # Out and in of A are 7 and 6, of B 5 and 6: (42 + 30) ÷ 144.
        assert found["expected"] == pytest.approx(0.5)
        assert found["homophily"] == pytest.approx(11 / 6)
        assert found["assortativity"] == pytest.approx(5 / 6)
        assert found["ei"] == pytest.approx(-10 / 12)

    def test_chance_is_nothing_and_more_mixed_than_chance_is_below(self):
        assert silo_pairs.mixing((5, 5), (5, 5))["assortativity"] == pytest.approx(0)
        assert silo_pairs.mixing((0, 0), (5, 5))["assortativity"] == pytest.approx(-1)
        assert silo_pairs.mixing((5, 5), (0, 0))["assortativity"] == pytest.approx(1)

    def test_the_raw_index_calls_open_what_mixing_shows_closed(self):
        """A small cluster beside nine others: most of its edges cross, yet far more stay than chance would leave."""
        one = rules.Standing(cluster=1, inside=8, needs=6, needed=6, passings=0, all_edges=200)
        assert one.ei > 0
        assert one.homophily == pytest.approx(8 / (14 * 14 / 200))
        assert one.homophily > 8

    def test_nothing_is_nothing(self):
        assert set(silo_pairs.mixing((0, 0), (0, 0)).values()) == {None}
        assert silo_pairs.mixing((7, 0), (0, 0))["assortativity"] is None

    @given(st.lists(st.tuples(st.sampled_from([*HOME]), st.sampled_from([*HOME])), max_size=40))
    @settings(max_examples=200, deadline=None)
    def test_as_by_counting_every_pair_of_ends(self, pairs):
        """Expected inside: the chance that an out-end and an in-end drawn apart are of one cluster."""
        found = pair_of_or_none(facts(*pairs))
        if not pairs or found is None:
            return
        numbers = found.part(Indicator.MIXING).numbers
        whole = len(pairs)
        same = sum(HOME[one] == HOME[other] for one, _ in pairs for _, other in pairs) / whole**2
        inside = sum(HOME[one] == HOME[other] for one, other in pairs) / whole
        assert numbers["expected"] == pytest.approx(same)
        assert numbers["observed"] == pytest.approx(inside)
        assert numbers["ei"] == pytest.approx(1 - 2 * inside)
        if same < 1:
            assert numbers["assortativity"] == pytest.approx((inside - same) / (1 - same))
        for one in rules.standings(facts(*pairs)):
            touching = [HOME[a] == HOME[b] for a, b in pairs if one.cluster in (HOME[a], HOME[b])]
            assert one.interactions == len(touching)
            if touching:
                assert one.ei == pytest.approx(1 - 2 * sum(touching) / len(touching))
        ei, homophily = rules.whole_ei(rules.standings(facts(*pairs)))
        assert ei == pytest.approx(1 - 2 * inside)
        if same:
            assert homophily == pytest.approx(inside / same)


def pair_of_or_none(given_facts):
    return next(iter(silo_pairs.assessed(given_facts, rules.WEIGHTS)), None)


class TestScore:
    def test_by_hand_with_every_part(self):
        found = pair_of(
            facts(
                *APART,
                *APART,
                (4, 1),
                (4, 1),
                manual={12},
                entities=(
                    Entity("service", 1, A, "Customer index"),
                    Entity("service", 2, A, "Ledger"),
                    Entity("service", 4, B, "customer_index"),
                    Entity("service", 5, B, "Routes"),
                ),
                products=(Product(1, A), Product(2, A, frozenset({B})), Product(3, B, frozenset({C}))),
                passings=(Passing(1, A, B, 52.0),),
                answers=(Said(1, A, B, A, (4, 4, 4, 4, 4, 4)), Said(2, A, B, B, (0, 1, 2, 1, 2, 0))),
            )
        )
        values = {one.indicator: one.value for one in found.parts}
        # 22 of 26 inside; out and in of A are 14 and 14, of B 12 and 12: 85 ÷ 169 by chance.
        assert values[Indicator.MIXING] == pytest.approx(100 * (11 / 13 - 85 / 169) / (1 - 85 / 169), abs=0.05)
        assert values[Indicator.PRODUCTS] == 50.0, "one kept, one used; the one that only a third uses says nothing"
        assert values[Indicator.HANDOFFS] == 40.0, "a hand-off and a file of five crossings"
        assert values[Indicator.DUPLICATES] == 50.0
        assert values[Indicator.ANSWERS] == 37.5, "4 and 1 of 4: each side counts the same"
        assert found.score == pytest.approx((35 * 69.0 + 20 * 50 + 15 * 40 + 10 * 50 + 20 * 37.5) / 100, abs=0.1)
        assert found.level == Silo.APART
        assert (
            sentence(found.part(Indicator.HANDOFFS), "A", "B")
            == "2 of 5 crossings by hand, about 52 hand-offs a month."
        )

    def test_what_is_not_there_weighs_nothing(self):
        found = pair_of(facts(*APART, *APART))
        assert {one.indicator: one.value for one in found.parts} == {
            Indicator.MIXING: 83.3,
            Indicator.PRODUCTS: None,
            Indicator.HANDOFFS: 0.0,
            Indicator.DUPLICATES: None,
            Indicator.ANSWERS: None,
            Indicator.DELAYS: None,
            Indicator.LINKS: None,
        }
        assert found.score == pytest.approx((35 * 83.3 + 15 * 0) / 50, abs=0.06)

    def test_fewer_than_ten_interactions_are_too_few(self):
        nine = facts(*APART[:6], *APART[9:12])  # A touches 7, B 3
        assert [one.interactions for one in rules.standings(nine)] == [7, 3]
        found = pair_of(nine)
        assert (found.score, found.level, found.few) == (None, Silo.UNJUDGED, (A, B))
        passed = facts(*APART, passings=tuple(Passing(pk, A, B, 1.0) for pk in range(3)))
        assert [one.interactions for one in rules.standings(passed)] == [10, 9]
        assert pair_of(passed).few == (B,)

    def test_a_side_that_did_not_answer_leaves_the_answers_out(self):
        found = pair_of(facts(*APART, answers=(Said(1, A, B, A, (0,) * 6),)))
        part = found.part(Indicator.ANSWERS)
        assert part.value is None
        assert sentence(part, "A", "B").startswith("Only one side has answered")

    @pytest.mark.parametrize(
        ("score", "level"),
        [(None, "unjudged"), (0.0, "joined"), (24.9, "joined"), (25.0, "loose"), (50.0, "apart"), (75.0, "silo")],
    )
    def test_levels(self, score, level):
        assert rules.level_of(score) == level

    def test_weights_are_whole_and_known(self):
        assert rules.require_weights(rules.WEIGHTS) == {key.value: value for key, value in rules.WEIGHTS.items()}
        for wrong in (
            {},
            {**rules.WEIGHTS, "mixing": 34},
            {**rules.WEIGHTS, "other": 0},
            {**rules.WEIGHTS, "mixing": -5},
        ):
            with pytest.raises(Invalid):
                rules.require_weights(wrong)

    def test_a_self_dependency_of_clusters_is_inside(self):
        assert rules.standings(facts((1, 2)))[0].inside == 1


NAMES = st.sampled_from(["Ledger", "ledger", "LEDGER", "Led-ger", "Routes", "routes ", "Ꭱoutes", "Mail", ""])
TAGS = st.frozensets(st.sampled_from(["a:1", "b:2", "c:3"]), max_size=3)
ENTITIES = st.lists(
    st.tuples(st.sampled_from(["service", "capability"]), st.sampled_from([A, B, C]), NAMES, TAGS), max_size=10
)


class TestTwins:
    def test_names_that_read_alike_and_tags_that_are_the_same(self):
        found = silo_pairs.twins(
            [
                Entity("service", 1, A, "Customer index", "customer-index"),
                Entity("service", 2, B, "CUSTOMER_INDEX", "ci"),
                Entity("store", 3, A, "Blue", tags=frozenset({"data:x", "team:y"})),
                Entity("store", 4, B, "Green", tags=frozenset({"data:x", "team:y"})),
                Entity("service", 5, B, "Red", tags=frozenset({"data:x", "team:y"})),  # of another kind
                Entity("capability", 6, A, "Routes"),
                Entity("service", 7, B, "Routes"),  # a capability and a service are two things
            ]
        )
        assert {(one.pk, other.pk, why) for one, other, why in found[A, B]} == {
            (1, 2, "names that read alike"),
            (3, 4, "the same tags"),
        }

    def test_a_word_that_everybody_uses_says_nothing(self):
        many = [Entity("service", pk, pk % 2 * 10 + 10, "api") for pk in range(silo_pairs.MOST_ALIKE + 1)]
        assert silo_pairs.twins(many) == {}
        assert len(silo_pairs.twins(many[1:])[A, B]) == 400

    @given(ENTITIES)
    @settings(max_examples=200, deadline=None)
    def test_as_by_comparing_everything_with_everything(self, drawn):
        things = [Entity(kind, pk, cluster, name, tags=tags) for pk, (kind, cluster, name, tags) in enumerate(drawn)]

        def is_alone(one):
            return (
                sum((each.kind, each.cluster, each.tags) == (one.kind, one.cluster, one.tags) for each in things) == 1
            )

        expected = set()
        for one, other in combinations(things, 2):
            if one.cluster == other.cluster:
                continue
            alike = one.kind == other.kind and normalised(one.name) == normalised(other.name) != ""
            groups = [each for each in things if each.kind == one.kind and each.tags == one.tags]
            tagged = (
                one.kind == other.kind and one.tags == other.tags and len(one.tags) > 1 and all(map(is_alone, groups))
            )
            if alike or tagged:
                expected.add(frozenset({one.pk, other.pk}))
        found = [frozenset({one.pk, other.pk}) for rows in silo_pairs.twins(things).values() for one, other, _ in rows]
        assert set(found) == expected
        assert len(found) == len(expected), "each once"


class TestAdvice:
    ROWS = {  # read only
        "mixing": {"there": [], "back": []},
        "products": {"used": [], "kept": [{"key": 7, "name": "stock.levels", "cluster": "B"}], "elsewhere": []},
        "handoffs": {"handoffs": [{"key": 1, "name": "Refund list", "source": "A", "target": "B"}], "files": []},
        "duplicates": {"twins": []},
        "answers": {"answers": []},
        "delays": {"delayed": []},
        "links": {"missing": [], "met": []},
    }
    VALUES = {"mixing": 90.0, "products": 100.0, "handoffs": 100.0, "duplicates": 0.0, "answers": None}

    def test_it_names_what_to_build(self):
        found = {one.key: one.sentence for one in advised(("A", "B"), self.VALUES, self.ROWS)}
        assert found["product:7"] == (
            "Offer the data product “stock.levels” of B to A as an interface: nobody outside uses it."
        )
        assert found["handoff:1"].startswith("Replace the hand-off “Refund list” of A to B by an interface")
        assert "silent" in found

    def test_a_missing_link_comes_first_with_what_is_there_for_it(self):
        link = {"key": 4, "source": "B", "target": "A", "why": "Stock counts", "owner": "nora"}
        first = advised(("A", "B"), self.VALUES, {**self.ROWS, "links": {"missing": [link], "met": []}})[0]
        assert (first.key, first.owner, first.indicator) == ("link:4", "nora", "links")
        assert first.sentence == (
            "Close the required link of B to A: A uses the data product “stock.levels” of B. "
            "It is required for “Stock counts”."
        )

    def test_questions_with_low_marks_and_wide_gaps(self):
        questions = [("people", 1.0, 2.0), ("data", 4.0, 2.0), ("plans", 3.0, 3.0)]
        found = [one.key for one in advised(("A", "B"), self.VALUES, self.ROWS, questions)]
        assert "talk:people" in found
        assert "gap:data" in found
        assert not any("plans" in one for one in found)


class TestDelays:
    def passing(self, pk, source, target, monthly, hours):
        return Passing(pk, source, target, monthly, hours)

    def test_by_hand(self):
        rows = [self.passing(1, A, B, 10, 2.0), self.passing(2, A, B, 80, 8.0), self.passing(3, B, A, 10, 48.0)]
        wait = silo_pairs.waiting(rows)
        assert (wait.half, wait.most) == (8.0, 8.0)
        wait = silo_pairs.waiting([*rows, self.passing(4, A, B, 100, None), self.passing(5, A, B, 30, 72.0)])
        # 130 a month: half of them at 65 (8 h), 85 of 100 at 110.5 (72 h).
        assert (wait.half, wait.most) == (8.0, 72.0)

    def test_too_few_a_month_are_not_judged(self):
        assert silo_pairs.waiting([self.passing(1, A, B, 9.9, 5.0)]) is None
        assert silo_pairs.waiting([self.passing(1, A, B, 10, 5.0)]).half == 5.0
        assert silo_pairs.waiting([self.passing(1, A, B, 500, None)]) is None

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), min_size=1, max_size=12))
    def test_as_by_writing_every_hand_off_out(self, rows):
        given_rows = [self.passing(pk, A, B, often, float(hours)) for pk, (hours, often) in enumerate(rows)]
        written = sorted(float(hours) for hours, often in rows for _ in range(often))
        wait = silo_pairs.waiting(given_rows)
        if len(written) < rules.FEWEST_PASSINGS:
            assert wait is None
            return
        assert wait.half == written[-(-len(written) // 2) - 1]
        assert wait.most == written[-(-len(written) * 85 // 100) - 1]

    def ranked(self, hours):
        """The delay of each pair of the first cluster with every other."""
        clusters = tuple(range(1, len(hours) + 2))
        passings = tuple(self.passing(n, 1, n + 2, 30, each) for n, each in enumerate(hours))
        given_facts = Facts(clusters=clusters, home={}, passings=passings)
        found = silo_pairs.assessed(given_facts, rules.WEIGHTS)
        return [one.part(Indicator.DELAYS) for one in found if one.first == 1]

    def test_the_rank_among_pairs_that_are_measured(self):
        parts = self.ranked([2.0, 4.0, 4.0, 8.0, 16.0, None])
        assert [one.value for one in parts] == [10.0, 40.0, 40.0, 70.0, 90.0, None]
        assert parts[-1].numbers["half"] is None

    def test_too_few_pairs_to_rank(self):
        parts = self.ranked([2.0, 4.0, 8.0, 16.0])
        assert {one.value for one in parts} == {None}
        assert "too few to rank" in sentence(parts[0], "A", "B")
        assert "Half of the hand-offs wait up to 2 h" in sentence(parts[0], "A", "B")

    def test_what_weighs_nothing_does_not_make_a_score(self):
        parts = [
            rules.Part(Indicator.HANDOFFS, 80.0, {}),
            rules.Part(Indicator.DELAYS, 20.0, {}),
            rules.Part(Indicator.LINKS, 100.0, {}),
        ]
        assert rules.scored(parts, rules.WEIGHTS) is None
        assert rules.scored(parts, {**rules.WEIGHTS, Indicator.DELAYS: 15}) == 50.0


class TestWeightsOfWhatStandsBeside:
    def test_they_may_be_left_out_and_others_may_not(self):
        five = {one.value: weight for one, weight in rules.WEIGHTS.items() if weight}
        assert rules.require_weights(five) == {**five, "delays": 0, "links": 0}
        assert rules.require_weights({**five, "mixing": 15, "links": 20})["links"] == 20
        for wrong in ({**five, "links": 20}, {**five, "whim": 0}, {"mixing": 60, "links": 40}):
            with pytest.raises(Invalid):
                rules.require_weights(wrong)
