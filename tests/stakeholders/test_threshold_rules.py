"""Texts of thresholds: what is read, to which level facts come, and the proof against the floor, by brute force too."""

import itertools
import random
from typing import Any

import pytest

from apps.cab.rules.facts import COLUMNS as EVERY
from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Column, Kind
from apps.stakeholders.rules.levels import Level, Source, Threshold, conditions_told, level_of, usable
from apps.stakeholders.rules.proofs import prove
from apps.stakeholders.rules.thresholds import data_of, difference, digest, thresholds_from
from apps.stakeholders.rules.writing import conditions_written

COLUMNS = usable(EVERY)


def at_least(fact: str, value: Any, level: str, *more: tuple[str, str, Any], why: str = "") -> dict[str, Any]:
    when = [(fact, ">=", value), *more]
    return {"when": [{"fact": f, "comparator": c, "value": v} for f, c, v in when], "level": level, "why": why}


def text(*rows: dict[str, Any]) -> tuple[Threshold, ...]:
    return thresholds_from(COLUMNS, list(rows))


def judged(rows: tuple[Threshold, ...], **facts: Any) -> Level:
    return level_of(COLUMNS, [Source("the agreement", rows)], facts).level


KNOWN = {
    "type": "normal", "category": "software", "risk": 1, "clusters_touched": 1, "tier": 3, "data_class": "public",
    "downtime": 0, "day": "weekday", "working_hours": "yes", "notice": 100, "backout_plan": "yes", "test_plan": "yes",
}  # fmt: skip


@pytest.mark.parametrize(
    ("risk", "downtime", "level"),
    [(1, 0, "autonomous"), (3, 0, "notify"), (4, 0, "enterprise_decides"), (5, 0, "enterprise_decides"),
     (1, 60, "consult"), (3, 59, "notify"), (4, 60, "enterprise_decides"), (4, 900, "prohibited"), (1, 900, "consult")],
)  # fmt: skip
def test_the_most_restrictive_threshold_wins(risk: int, downtime: int, level: str) -> None:
    rows = text(
        at_least("risk", 3, "notify"),
        at_least("risk", 4, "enterprise_decides"),
        at_least("downtime", 60, "consult"),
        at_least("downtime", 900, "prohibited", ("risk", ">=", 4)),
    )
    assert judged(rows, **{**KNOWN, "risk": risk, "downtime": downtime}) == level


def test_a_missing_fact_counts_as_the_most_restrictive_threshold_that_mentions_it_and_is_listed() -> None:
    rows = text(
        at_least("risk", 3, "notify"), at_least("risk", 5, "prohibited"), at_least("downtime", 60, "enterprise_decides")
    )
    found = level_of(COLUMNS, [Source("the agreement", rows)], {"downtime": 0})
    assert (found.level, found.missing) == (Level.PROHIBITED, ("risk",))
    assert [one.is_certain for one in found.reasons] == [False, False]
    assert "risk not known, so it counts" in found.deciding[0].sentence


def test_a_threshold_that_another_fact_rules_out_does_not_count_for_its_missing_one() -> None:
    rows = text(at_least("risk", 5, "prohibited", ("downtime", ">=", 60)))
    found = level_of(COLUMNS, [Source("the agreement", rows)], {"downtime": 0})
    assert (found.level, found.missing) == (Level.AUTONOMOUS, ())


def test_where_no_threshold_applies_the_cluster_is_autonomous() -> None:
    assert judged(text(at_least("risk", 4, "enterprise_decides")), **KNOWN) == Level.AUTONOMOUS


def test_the_floor_counts_beside_the_agreement_and_each_reason_names_its_source() -> None:
    floor = Source("the enterprise floor, version 2", text(at_least("risk", 4, "enterprise_decides")), "/floor/2/")
    own = Source("the agreement", text(at_least("risk", 2, "notify")), "/agreements/1/")
    found = level_of(COLUMNS, [floor, own], {**KNOWN, "risk": 4})
    assert found.level == Level.ENTERPRISE
    assert [(one.source, one.url) for one in found.deciding] == [("the enterprise floor, version 2", "/floor/2/")]
    assert len(found.reasons) == 2


def test_a_number_beyond_its_bound_counts_as_the_bound() -> None:
    assert judged(text(at_least("downtime", 1440, "prohibited")), **{**KNOWN, "downtime": 9_999}) == Level.PROHIBITED


def test_an_ordered_word_is_compared_by_its_order() -> None:
    rows = text(at_least("data_class", "confidential", "consult"))
    levels = [judged(rows, **{**KNOWN, "data_class": one}) for one in ("internal", "confidential", "restricted")]
    assert levels == ["autonomous", "consult", "consult"]


FLOOR = (at_least("risk", 4, "enterprise_decides"), at_least("downtime", 120, "consult"))


def test_a_text_that_asks_for_as_much_everywhere_holds_the_floor() -> None:
    proof = prove(COLUMNS, text(*FLOOR, at_least("risk", 2, "notify")), text(*FLOOR))
    assert proof.holds
    assert proof.compared > 0


def test_the_counter_example_names_the_smallest_facts_and_both_levels() -> None:
    offered = text(at_least("risk", 5, "enterprise_decides"), at_least("downtime", 60, "consult"))
    (found,) = prove(COLUMNS, offered, text(*FLOOR)).examples
    assert found.facts == {"risk": 4}
    assert (found.wanted, found.found, found.floor_rule) == (Level.ENTERPRISE, Level.CONSULT, 1)
    assert found.sentence == (
        "Risk 4: threshold 1 of the floor says enterprise decides, this text nothing above consult."
    )


def test_pieces_that_together_cover_the_floors_region_hold_it() -> None:
    split = text(
        at_least("risk", 4, "enterprise_decides", ("downtime", "<=", 30)),
        at_least("risk", 4, "prohibited", ("downtime", ">", 30)),
        at_least("downtime", 120, "enterprise_decides"),
    )
    assert prove(COLUMNS, split, text(*FLOOR)).holds
    gap = text(
        at_least("risk", 4, "enterprise_decides", ("downtime", "<=", 30)),
        at_least("risk", 4, "prohibited", ("downtime", ">", 31)),
        at_least("downtime", 120, "enterprise_decides"),
    )
    (found,) = prove(COLUMNS, gap, text(*FLOOR)).examples
    assert found.facts == {"risk": 4, "downtime": 31}
    assert found.is_smallest


def test_a_threshold_that_never_changes_a_level_is_listed() -> None:
    rows = text(at_least("risk", 3, "consult"), at_least("risk", 4, "notify"), at_least("risk", 5, "prohibited"))
    assert prove(COLUMNS, rows).idle == (
        "Threshold 2 never changes a level: wherever it applies, another says as much.",
    )


SMALL = (
    Column("risk", "risk", Kind.NUMBER, low=1, high=4),
    Column("downtime", "downtime", Kind.NUMBER, low=0, high=3, unit="minutes"),
    Column("data_class", "data class", Kind.CHOICE, vocabulary=("public", "internal", "secret"), is_ordered=True),
)


def _some_text(chance: random.Random, size: int) -> tuple[Threshold, ...]:
    rows: dict[str, dict[str, Any]] = {}
    while len(rows) < size:
        when = []
        for column in chance.sample(SMALL, chance.randint(0, 3)):
            value = chance.choice(column.vocabulary) if column.vocabulary else chance.randint(column.low, column.high)
            when.append({"fact": column.name, "comparator": chance.choice([">=", "<=", "="]), "value": value})
        row = {"when": when, "level": chance.choice(list(Level)[1:])}
        try:
            (one,) = thresholds_from(SMALL, [row])
        except Invalid:
            continue
        rows.setdefault(conditions_told(SMALL, one), row)
    return thresholds_from(SMALL, list(rows.values()))


def _everywhere() -> list[dict[str, Any]]:
    values = [one.vocabulary or range(one.low, one.high + 1) for one in SMALL]
    return [dict(zip([one.name for one in SMALL], point, strict=True)) for point in itertools.product(*values)]


@pytest.mark.parametrize("seed", range(200))
def test_the_proof_says_what_trying_every_combination_of_facts_says(seed: int) -> None:
    chance = random.Random(seed)
    offered, floor = _some_text(chance, chance.randint(1, 5)), _some_text(chance, chance.randint(1, 3))
    proof = prove(SMALL, offered, floor)

    def level(rows: tuple[Threshold, ...], facts: dict[str, Any]) -> Level:
        return level_of(SMALL, [Source("", rows)], facts).level

    undercut = [one for one in _everywhere() if level(offered, one).rank < level(floor, one).rank]
    assert proof.holds == (not undercut)
    for found in proof.examples:
        matching = [one for one in _everywhere() if all(one[name] == value for name, value in found.facts.items())]
        assert all(level(offered, one).rank < found.wanted.rank <= level(floor, one).rank for one in matching)
        assert max(level(offered, one).rank for one in matching) <= found.found.rank


@pytest.mark.parametrize("seed", range(60))
def test_leaving_out_a_threshold_that_is_told_as_idle_changes_no_level(seed: int) -> None:
    rows = _some_text(random.Random(1_000 + seed), 5)
    idle = {int(one.split()[1]) for one in prove(SMALL, rows).idle}
    kept = tuple(one for number, one in enumerate(rows, start=1) if number not in idle)
    for facts in _everywhere():
        whole = level_of(SMALL, [Source("", rows)], facts).level
        assert level_of(SMALL, [Source("", kept)], facts).level == whole


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"when": [{"fact": "cluster", "comparator": "=", "value": "x"}], "level": "notify"}, "no fact “cluster”"),
        ({"when": [{"fact": "level", "comparator": "=", "value": "x"}], "level": "notify"}, "no fact “level”"),
        ({"when": [{"fact": "risk", "comparator": ">=", "value": 9}], "level": "notify"}, "from 1 to 5"),
        ({"when": [{"fact": "risk", "comparator": ">=", "value": True}], "level": "notify"}, "from 1 to 5"),
        ({"when": [{"fact": "risk", "comparator": ">", "value": 5}], "level": "notify"}, "never apply"),
        ({"when": [{"fact": "risk", "comparator": "~", "value": 5}], "level": "notify"}, "one says >=, <=, >, <, ="),
        ({"when": [{"fact": "type", "comparator": ">=", "value": "normal"}], "level": "notify"}, "one says =, in"),
        ({"when": [{"fact": "type", "comparator": "in", "value": ["odd"]}], "level": "notify"}, "“odd” is none of"),
        ({"when": [], "level": "autonomous"}, "what holds where no threshold applies"),
        ({"when": [], "level": "sometimes"}, "its level is one of"),
        ({"when": [], "level": "notify", "why": "x" * 301}, "at most 300"),
        ({"when": [], "level": "notify", "why": "a\0b"}, "at most 300"),
        ({"when": [], "level": "notify", "extra": 1}, "object with when, level and why"),
        ({"when": [{"fact": "risk", "comparator": ">=", "value": 4}] * 7, "level": "notify"}, "at most 6"),
        (at_least("risk", 4, "notify", ("risk", "<", 4)), "exclude each other"),
        ([], "object with when"),
        (None, "object with when"),
    ],
)
def test_what_is_no_threshold_is_refused_by_its_number(row: Any, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        thresholds_from(COLUMNS, [at_least("risk", 5, "prohibited"), row])
    assert says in refused.value.sentence
    assert refused.value.sentence.startswith("Threshold 2")


@pytest.mark.parametrize("data", [None, {}, [], "risk", [at_least("risk", 1, "notify")] * 41])
def test_what_is_no_text_is_refused(data: Any) -> None:
    with pytest.raises(Invalid):
        thresholds_from(COLUMNS, data)


def test_the_same_conditions_twice_are_refused() -> None:
    with pytest.raises(Invalid, match="same conditions as threshold 1"):
        text(at_least("risk", 4, "notify"), at_least("risk", 4, "consult"))


def test_the_canonical_form_reads_back_and_has_one_hash_however_it_was_written() -> None:
    written = text(at_least("risk", 2, "notify", ("risk", "<=", 3)), at_least("data_class", "confidential", "consult"))
    again = thresholds_from(COLUMNS, data_of(COLUMNS, written))
    assert again == written
    other = text(
        {"when": [{"fact": "risk", "comparator": ">", "value": 1}, {"fact": "risk", "comparator": "<", "value": 4}],
         "level": "notify"},
        {"when": [{"fact": "data_class", "comparator": "in", "value": ["restricted", "confidential"]}],
         "level": "consult"},
    )  # fmt: skip
    assert digest({"thresholds": data_of(COLUMNS, other)}) == digest({"thresholds": data_of(COLUMNS, written)})


@pytest.mark.parametrize(
    "said",
    [
        "risk ≥ 4", "risk from 2 to 3", "risk 5", "downtime ≥ 60 minutes", "notice ≤ 24 hours",
        "type normal or emergency",
        "data class ≥ confidential", "data class restricted", "clusters touched ≥ 3 and downtime ≥ 30 minutes",
        "cost ≥ 25,000 EUR", "cost ≤ 9999 EUR", "cost from 1000 to 1,250,000 EUR",
        "category software, database or network", "backout plan no", "every change",
    ],
)  # fmt: skip
def test_conditions_read_back_as_they_are_told(said: str) -> None:
    (one,) = thresholds_from(COLUMNS, [{"when": conditions_written(COLUMNS, said), "level": "notify"}])
    assert conditions_told(COLUMNS, one) == said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Risk >= 4 AND Downtime > 59", "risk ≥ 4 and downtime ≥ 60 minutes"),
        ("clusters_touched 2-4", "clusters touched from 2 to 4"),
        ("type not standard", "type normal or emergency"),
        ("type is emergency", "type emergency"),
        ("data_class > internal", "data class ≥ confidential"),
        ("day not weekend", "day weekday"),
        ("cost > 24999", "cost ≥ 25,000 EUR"),
        ("cost 1,000-25,000 EUR", "cost from 1000 to 25,000 EUR"),
    ],
)  # fmt: skip
def test_conditions_may_be_written_in_other_ways(said: str, told: str) -> None:
    (one,) = thresholds_from(COLUMNS, [{"when": conditions_written(COLUMNS, said), "level": "notify"}])
    assert conditions_told(COLUMNS, one) == told


@pytest.mark.parametrize(
    "said",
    [
        "colour ≥ 4",
        "cost ≥ 25,00",
        "cost ≥ 1,0000",
        "cost ≥ 100,000,001",
        "risk",
        "risk high",
        "risk ≥ 99999999999",
        "type",
        "risky ≥ 4",
        "x" * 601,
        "risk ≥ 4 and",
    ],
)
def test_conditions_that_cannot_be_read_are_refused(said: str) -> None:
    with pytest.raises(Invalid):
        thresholds_from(COLUMNS, [{"when": conditions_written(COLUMNS, said), "level": "notify"}])


def test_the_difference_says_what_went_came_or_changed() -> None:
    before = text(at_least("risk", 4, "enterprise_decides"), at_least("downtime", 60, "consult"))
    after = text(at_least("risk", 4, "consult", why="Payments knows."), at_least("tier", 1, "notify"))
    assert [(one.sign, one.before, one.after) for one in difference(COLUMNS, before, after)] == [
        ("−", "downtime ≥ 60 minutes: consult.", ""),
        ("±", "risk ≥ 4: enterprise decides.", "risk ≥ 4: consult. Payments knows."),
        ("+", "", "tier ≥ 1: notify."),
    ]
