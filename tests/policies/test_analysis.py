"""The analysis and the evaluation of decision tables against an oracle that looks at every fact there is."""

import time
from contextlib import suppress
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.kernel.refusals import Invalid
from apps.policies.rules.analysis import MOST_OF_A_KIND, analyse, compare_with_floor
from apps.policies.rules.boxes import TooTangled
from apps.policies.rules.columns import ANY_OTHER, Among, Column, Kind, Range, yes_no
from apps.policies.rules.evaluation import Named, ruling
from apps.policies.rules.outcomes import APART, REFUSED, Outcome, united
from apps.policies.rules.tables import MOST_COLUMNS, Row, Table, table_from
from apps.policies.rules.writing import cell_written, written

RISK = Column("risk", "risk", Kind.NUMBER, low=1, high=4)
TYPE = Column("type", "type", Kind.CHOICE, vocabulary=("standard", "normal", "emergency"))
PLACE = Column("place", "cluster", Kind.TEXT)
WEEKEND = yes_no("weekend", "weekend")
COLUMNS = (RISK, TYPE, PLACE, WEEKEND)
PLACES = ("payments", "logistics")


def is_at_least(strong, weak) -> bool:
    """The order of requirements, said once more: a refusal is above all, else inclusion."""
    return REFUSED in strong or weak <= strong


def some(texts):
    return st.sets(st.sampled_from(texts), min_size=1, max_size=len(texts) - 1).map(frozenset)


ranges = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(sorted).filter(lambda p: p != [1, 4])
cells = st.fixed_dictionaries(
    {},
    optional={
        "risk": ranges.map(lambda pair: Range(*pair)),
        "type": some(TYPE.vocabulary).map(Among),
        "place": st.builds(Among, st.sets(st.sampled_from(PLACES), min_size=1).map(frozenset), st.booleans()),
        "weekend": some(("yes", "no")).map(Among),
    },
)
at_boards = st.builds(
    Outcome,
    st.just("board"),
    st.sampled_from(["cluster", "cross_cluster", "emergency", "enterprise"]),
    st.sets(st.sampled_from(["chair", "security"])).map(frozenset),
    st.sets(st.sampled_from(["lena"])).map(frozenset),
    st.booleans(),
)
outcomes = st.one_of(
    at_boards, at_boards, st.sampled_from([Outcome("approve", reason="Low."), Outcome("refuse", reason="No.")])
)
rows = st.builds(Row, st.just(""), cells, outcomes)
tables = st.lists(rows, max_size=6).map(lambda found: Table(COLUMNS, tuple(found)))


def every_fact():
    names = [column.name for column in COLUMNS]
    domains = [range(1, 5), TYPE.vocabulary, (*PLACES, "elsewhere"), ("yes", "no")]
    return [dict(zip(names, values, strict=True)) for values in product(*domains)]


EVERY = every_fact()


def takes(row, facts) -> bool:
    return all(cell.holds(facts[name]) for name, cell in row.cells.items())


def asked(table, facts):
    outcome = united(row.outcome for row in table.rows if takes(row, facts))
    return outcome.pieces if outcome else frozenset()


def agrees(facts, partial) -> bool:
    return all(
        facts[name] == value or (value == ANY_OTHER and facts[name] == "elsewhere") for name, value in partial.items()
    )


def fewest_facts(is_bad) -> int:
    """The size of the smallest set of facts all of whose completions are bad."""
    for size in range(len(COLUMNS) + 1):
        for names in combinations([column.name for column in COLUMNS], size):
            seen: dict[tuple, bool] = {}
            for facts in EVERY:
                key = tuple(facts[name] for name in names)
                seen[key] = seen.get(key, True) and is_bad(facts)
            if any(seen.values()):
                return size
    raise AssertionError("nothing is bad")


@settings(max_examples=100, deadline=None)
@given(tables)
def test_gaps_are_exact_and_their_examples_smallest(table):
    gaps = [one for one in analyse(table).findings if one.kind == "gap"]
    undecided = [facts for facts in EVERY if not asked(table, facts)]
    assert bool(gaps) == bool(undecided)
    for gap in gaps:
        named = [facts for facts in EVERY if agrees(facts, gap.facts)]
        assert named
        assert all(facts in undecided for facts in named)
    if gaps:
        assert len(gaps[0].facts) == fewest_facts(lambda facts: facts in undecided)
        assert gaps[0].is_smallest


@settings(max_examples=100, deadline=None)
@given(tables)
def test_contradictions_are_exact(table):
    found = [one for one in analyse(table).findings if one.kind == "contradiction"]
    real = {
        (i + 1, j + 1)
        for i, j in combinations(range(len(table.rows)), 2)
        if table.rows[i].outcome.kind != table.rows[j].outcome.kind
        and any(takes(table.rows[i], facts) and takes(table.rows[j], facts) for facts in EVERY)
    }
    if len(real) < MOST_OF_A_KIND:
        assert {one.rules for one in found} == real
    else:
        assert len(found) == MOST_OF_A_KIND
        assert {one.rules for one in found} <= real
    for one in found:
        first, second = (table.rows[number - 1] for number in one.rules)
        named = [facts for facts in EVERY if agrees(facts, one.facts)]
        assert named
        assert all(takes(first, facts) and takes(second, facts) for facts in named)


@settings(max_examples=100, deadline=None)
@given(tables)
def test_rules_without_effect_are_exact(table):
    found = {one.rules[0]: one.rules[1:] for one in analyse(table).findings if one.kind == "without_effect"}
    idle = set()
    for number, row in enumerate(table.rows):
        rest = Table(COLUMNS, (*table.rows[:number], *table.rows[number + 1 :]))
        if all(is_at_least(asked(rest, facts), row.outcome.pieces) for facts in EVERY if takes(row, facts)):
            idle.add(number + 1)
    assert set(found) == idle if len(idle) < MOST_OF_A_KIND else set(found) <= idle
    for number, others in found.items():
        row = table.rows[number - 1]
        shadow = Table(COLUMNS, tuple(table.rows[other - 1] for other in others))
        assert all(is_at_least(asked(shadow, facts), row.outcome.pieces) for facts in EVERY if takes(row, facts))


@settings(max_examples=150, deadline=None)
@given(tables, tables)
def test_the_floor_holds_exactly_when_no_fact_is_decided_more_weakly(table, floor):
    found = compare_with_floor(table, floor).findings
    weaker = [facts for facts in EVERY if not is_at_least(asked(table, facts), asked(floor, facts))]
    assert bool(found) == bool(weaker)
    for one in found:
        named = [facts for facts in EVERY if agrees(facts, one.facts)]
        assert named
        assert all(facts in weaker for facts in named)


@settings(max_examples=100, deadline=None)
@given(tables, st.sampled_from(EVERY), st.sets(st.sampled_from([column.name for column in COLUMNS])))
def test_a_missing_fact_never_weakens_what_is_asked(table, facts, forgotten):
    known = {name: value for name, value in facts.items() if name not in forgotten}
    got = ruling([Named("the table", table)], known)
    for whole in EVERY:
        if all(whole[name] == value for name, value in known.items()) and (full := asked(table, whole)):
            assert is_at_least(got.outcome.pieces, full)
            assert got.hits
    doubtful = [hit for hit in got.hits if not hit.is_certain]
    assert all("not known, so the stricter reading counts" in hit.sentence for hit in doubtful)
    assert bool(doubtful) == bool(got.missing)


@given(st.lists(outcomes, min_size=1, max_size=4))
def test_uniting_asks_for_all_and_for_nothing_more(given_):
    whole = united(given_)
    assert all(is_at_least(whole.pieces, one.pieces) for one in given_)
    if whole.kind == "board":
        assert whole.pieces == frozenset().union(*(one.pieces for one in given_))


@given(rows)
def test_cells_read_as_they_were_written(row):
    for column in COLUMNS:
        cell = row.cells.get(column.name)
        assert cell_written(column, written(column, cell)) == cell
    assert table_from(COLUMNS, Table(COLUMNS, (row,)).as_data() if row.outcome.kind != "board" else []) is not None


def test_one_person_counts_in_several_roles_only_where_every_rule_says_so():
    apart = Outcome("board", "cluster", frozenset({"security"}))
    together = Outcome("board", "cluster", frozenset({"chair"}), may_coincide=True)
    assert APART in united([apart, together]).pieces
    assert APART not in united([together, together]).pieces


def test_the_sentence_of_a_gap_names_its_facts():
    data = [
        {"name": "", "cells": {"risk": {"to": 3}}, "outcome": {"kind": "board", "board": "cluster"}},
        {"name": "", "cells": {"type": {"not_in": ["standard"]}}, "outcome": {"kind": "board", "board": "enterprise"}},
        {"name": "", "cells": {"weekend": {"in": ["no"]}}, "outcome": {"kind": "board", "board": "enterprise"}},
    ]
    (gap,) = analyse(table_from(COLUMNS, data)).findings
    assert gap.sentence == "Risk 4, type standard, weekend yes: nobody decides."


def wide(random, *, rows_, pinned) -> Table:
    columns = tuple(Column(f"f{n}", f"fact {n}", Kind.NUMBER, low=0, high=99) for n in range(MOST_COLUMNS))
    made = []
    for _ in range(rows_):
        cells_ = {}
        for column in random.sample(columns, pinned):
            low = random.randint(0, 90)
            cells_[column.name] = Range(low, min(99, low + random.randint(5, 60)))
        made.append(Row("", cells_, Outcome("board", random.choice(["cluster", "enterprise"]))))
    return Table(columns, tuple(made))


@pytest.mark.parametrize("pinned", [1, 2, 4, MOST_COLUMNS])
def test_all_facts_and_two_hundred_rules_end_in_bounded_time(pinned):
    table = wide(Random(pinned), rows_=200, pinned=pinned)
    began = time.process_time()
    with suppress(TooTangled):  # a sentence, and no endless search
        analyse(table)
    assert time.process_time() - began < 30


@pytest.mark.slow
def test_a_sound_table_of_all_facts_and_two_hundred_rules_is_proven():
    """The space is split at random into 200 parts, one rule each: no gap, no contradiction, nothing idle."""
    random = Random(7)
    columns = tuple(Column(f"f{n}", f"fact {n}", Kind.NUMBER, low=0, high=99) for n in range(MOST_COLUMNS))
    parts: list[dict[str, Range]] = [{}]
    while len(parts) < 200:
        part, column = parts.pop(random.randrange(len(parts))), random.choice(columns)
        whole = part.get(column.name, Range(0, 99))
        if whole.low == whole.high:
            parts.append(part)
            continue
        middle = random.randint(whole.low, whole.high - 1)
        parts += [part | {column.name: Range(whole.low, middle)}, part | {column.name: Range(middle + 1, whole.high)}]
    table = Table(columns, tuple(Row("", part, Outcome("board", "cluster")) for part in parts))
    assert analyse(table).is_clean
    without_one = Table(columns, table.rows[1:])
    assert {one.kind for one in analyse(without_one).findings} == {"gap"}


def test_a_table_over_its_bounds_is_refused():
    with pytest.raises(Invalid, match="at most 200 rules"):
        table_from(COLUMNS, [{}] * 201)


@pytest.mark.parametrize(
    "row",
    [
        1,
        {"cells": {"colour": {"in": ["red"]}}, "outcome": {"kind": "approve", "reason": "x"}},
        {"cells": {"risk": {"from": 0, "to": 9}}, "outcome": {"kind": "approve", "reason": "x"}},
        {"cells": {"risk": {"from": True}}, "outcome": {"kind": "approve", "reason": "x"}},
        {"cells": {"type": {"in": []}}, "outcome": {"kind": "approve", "reason": "x"}},
        {"cells": {"type": {"in": [["x"]]}}, "outcome": {"kind": "approve", "reason": "x"}},
        {"cells": {}, "outcome": {"kind": "approve"}},
        {"cells": {}, "outcome": {"kind": "board", "board": "moon"}},
        {"cells": {}, "outcome": {"kind": "board", "board": ["cluster"]}},
        {"cells": {}, "outcome": {"kind": ["board"]}},
        {"cells": {}, "outcome": {"kind": "board", "board": "cluster", "roles": ["adviser"]}},
        {"cells": {}, "outcome": None},
        {"cells": [], "outcome": {"kind": "approve", "reason": "x"}},
        {"name": "\0", "cells": {}, "outcome": {"kind": "approve", "reason": "x"}},
    ],
)
def test_what_is_no_rule_is_refused_with_its_number(row):
    with pytest.raises(Invalid) as refused:
        table_from(COLUMNS, [row])
    assert "Rule 1" in refused.value.sentence
    assert refused.value.next_step
