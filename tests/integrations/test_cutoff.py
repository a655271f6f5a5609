"""What a cut-off comes to: against a simulation by steps of time, and on the map."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.integrations.rules import cutoff as rules
from apps.integrations.rules.cutoff import Fate, Need, State
from apps.integrations.rules.isolation import FOREVER

HOLDS = (None, 0.0, 1.0, 2.0, 5.0, FOREVER)


def by_steps(needs, cut, components, *, until):
    """The same told second by second: who is up loses its supply, and stops when every plan for it has run out."""
    cut, up, lost, stops = set(cut), set(components), {}, {}
    for second in range(until + 1):
        changed = True
        while changed:  # what stops in this second takes others with it in the same
            changed = False
            for place, need in enumerate(needs):
                if place not in lost and (place in cut or need.provider not in up):
                    lost[place] = second
                over = place in lost and second - lost[place] >= (need.holds_s or 0)
                if over and need.consumer in up:
                    up.discard(need.consumer)
                    stops[need.consumer] = second
                    changed = True
    return stops


class TestAgainstStepsOfTime:
    @settings(max_examples=300, deadline=None)
    @given(st.integers(2, 8), st.integers(0, 16), st.randoms(use_true_random=False))
    def test_everybody_stops_in_the_same_second(self, size, number, chance):
        pairs = [(one, other) for one in range(1, size + 1) for other in range(1, size + 1) if one != other]
        needs = [Need(*pair, chance.choice(HOLDS)) for pair in chance.sample(pairs, min(number, len(pairs)))]
        cut = [place for place in range(len(needs)) if chance.random() < 0.3]
        found = rules.simulate(needs, cut)
        steps = by_steps(needs, cut, range(1, size + 1), until=45)
        assert {one: fate.stops_at for one, fate in found.fates.items() if fate.stops_at != FOREVER} == steps

    @settings(max_examples=100, deadline=None)
    @given(st.integers(2, 8), st.integers(0, 16), st.randoms(use_true_random=False))
    def test_every_stop_has_a_way_to_what_was_cut_and_its_plans_add_up(self, size, number, chance):
        pairs = [(one, other) for one in range(1, size + 1) for other in range(1, size + 1) if one != other]
        needs = [Need(*pair, chance.choice(HOLDS)) for pair in chance.sample(pairs, min(number, len(pairs)))]
        cut = [place for place in range(len(needs)) if chance.random() < 0.3]
        found = rules.simulate(needs, cut)
        for one, fate in found.fates.items():
            if fate.stops_at == FOREVER:
                continue
            way = found.reason(one, needs)
            assert needs[way[0]].consumer == one
            assert way[-1] in cut
            assert sum(needs[place].holds_s or 0 for place in way) == fate.stops_at


class TestStates:
    def test_who_holds_forever_is_on_its_plan_and_who_needs_it_leans(self):
        needs = [Need(1, 2, FOREVER), Need(3, 1, None), Need(4, 3, 60.0)]
        found = rules.simulate(needs, [0])
        assert [found.fate(one).state(0) for one in (1, 2, 3, 4)] == [
            State.ALONE,
            State.WHOLE,
            State.LEANING,
            State.LEANING,
        ]

    def test_an_old_answer_runs_out_and_takes_others_with_it(self):
        needs = [Need(1, 2, 600.0), Need(3, 1, 300.0), Need(4, 3, None)]
        found = rules.simulate(needs, [0])
        assert [found.fate(one).stops_at for one in (1, 3, 4)] == [600, 900, 900]
        assert found.fate(3).state(0) == State.LEANING
        assert found.fate(3).state(700) == State.ALONE
        assert found.moments(800) == [0, 600]

    def test_a_ring_ends(self):
        needs = [Need(1, 2, 10.0), Need(2, 3, 10.0), Need(3, 1, 10.0), Need(3, 9, None)]
        assert {one: fate.stops_at for one, fate in rules.simulate(needs, [3]).fates.items()} == {3: 0, 2: 10, 1: 20}

    def test_stretches_have_no_gaps(self):
        fate = Fate(alone_from=60, leaning_from=0, stops_at=120)
        found = rules.stretches(fate, 300)
        assert [(one.start_s, one.end_s, one.state) for one in found] == [
            (0, 60, State.LEANING),
            (60, 120, State.ALONE),
            (120, 300, State.DOWN),
        ]
        assert rules.stretches(rules.UNTOUCHED, 300) == [rules.Stretch(0, 300, State.WHOLE)]

    def test_together_is_the_worst_and_copies_are_the_best(self):
        first, second = Fate(stops_at=10), Fate(alone_from=0)
        assert rules.together([first, second]).stops_at == 10
        assert rules.best([first, second]) == second


class TestSides:
    def test_only_what_crosses_is_cut(self):
        needs = [Need(1, 2), Need(2, 3), Need(3, 1)]
        assert rules.parted(needs, rules.islands([[1, 2]], apart=False)).cut == [1, 2]
        assert rules.parted(needs, rules.islands([[1], [2]], apart=True)).cut == [0, 1, 2]

    def test_a_component_on_both_sides_goes_on_where_it_reaches_what_it_needs(self):
        # 1 runs here and on the island, and needs 2, which runs here only: its copy here goes on.
        needs = [Need(1, 2, None), Need(3, 1, None)]
        partition = rules.parted(needs, {1: frozenset({0, 1}), 3: frozenset({1})})
        cut = rules.simulate(partition.needs, partition.cut)
        assert rules.best(cut.fate(copy) for copy in partition.copies[1]) == rules.UNTOUCHED
        assert cut.fate(3).stops_at == 0  # its copy of 1 stopped

    @pytest.mark.parametrize("seed", range(20))
    def test_copies_of_the_same_side_alone_change_nothing(self, seed):
        chance = random.Random(seed)
        needs = [Need(chance.randint(1, 6), chance.randint(7, 12), chance.choice(HOLDS)) for _ in range(12)]
        sides = {one: frozenset({chance.randint(0, 2)}) for one in range(1, 13)}
        wide = sides | {99: frozenset({0, 1})}  # needs nobody, and nobody needs it
        narrow, copied = rules.parted(needs, sides), rules.parted(needs, wide)
        assert rules.simulate(copied.needs, copied.cut).fates == rules.simulate(narrow.needs, narrow.cut).fates
