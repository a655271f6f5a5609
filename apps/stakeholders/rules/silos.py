"""How far two clusters work apart: indicators of every pair, each with its rows, and one score. Pure functions.

An indicator runs from 0 (joined) to 100 (apart); None: there is nothing to judge it by, and it takes no part.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

from apps.clusters.rules.spelling import normalised
from apps.kernel.refusals import Invalid

VERSION = 1
FEWEST_INTERACTIONS = 10  # of a cluster; with fewer a share says more of chance than of the cluster
FEWEST_PARTS = 2  # indicators that a score needs
FEWEST_TAGS = 2  # that two components must share to be taken for the same
MOST_ALIKE = 40  # things of one name; a name that more have is a common word
MOST_ROWS = 100  # kept of one kind, beside their number


class Indicator(StrEnum):
    """What a pair is judged by."""

    MIXING = "mixing"
    PRODUCTS = "products"
    HANDOFFS = "handoffs"
    DUPLICATES = "duplicates"
    ANSWERS = "answers"


WEIGHTS: Mapping[str, int] = {
    Indicator.MIXING: 35,
    Indicator.PRODUCTS: 20,
    Indicator.HANDOFFS: 15,
    Indicator.DUPLICATES: 10,
    Indicator.ANSWERS: 20,
}  # until the boards set others
WORDS: Mapping[str, str] = {
    Indicator.MIXING: "Dependencies against chance",
    Indicator.PRODUCTS: "Data products kept inside",
    Indicator.HANDOFFS: "Work passed by hand",
    Indicator.DUPLICATES: "The same thing twice",
    Indicator.ANSWERS: "What owners say",
}
FORMULAS: Mapping[str, str] = {
    Indicator.MIXING: "100 × (observed − expected) ÷ (1 − expected), none below 0. Observed is the share of "
    "dependencies among the two that stay inside one of them; expected is that share were the same ends mixed at "
    "random: Σ out × in ÷ all².",
    Indicator.PRODUCTS: "100 × data products nobody outside uses ÷ (those + data products the other uses). "
    "Products that only third clusters use say nothing of the pair.",
    Indicator.HANDOFFS: "100 × manual crossings ÷ all crossings. Manual are hand-offs on record and dependencies on "
    "files; all are those and every other dependency between the two.",
    Indicator.DUPLICATES: "100 × components and capabilities that have a twin on the other side ÷ all of both. Twins "
    "read alike (case, separators and look-alike letters aside), or are of one kind and alone on either side with the "
    "same tags.",
    Indicator.ANSWERS: "100 × (1 − mean mark ÷ 4), each side counting the same however many answered; both must have.",
}
SOURCES: Mapping[str, str] = {
    Indicator.MIXING: "declared dependencies",
    Indicator.PRODUCTS: "interfaces marked as data products, and their integrations",
    Indicator.HANDOFFS: "hand-offs on record, integrations with files, declared dependencies",
    Indicator.DUPLICATES: "components and capabilities",
    Indicator.ANSWERS: "the last round of the questionnaire in which both sides answered",
}


class Silo(StrEnum):
    """What a score comes to."""

    JOINED = "joined"
    LOOSE = "loose"
    APART = "apart"
    SILO = "silo"
    UNJUDGED = "unjudged"


SILO_WORDS: Mapping[str, str] = {
    Silo.JOINED: "joined",
    Silo.LOOSE: "loosely joined",
    Silo.APART: "apart",
    Silo.SILO: "silo",
    Silo.UNJUDGED: "too few to judge",
}
CUTS: tuple[tuple[float, Silo], ...] = ((75.0, Silo.SILO), (50.0, Silo.APART), (25.0, Silo.LOOSE), (0.0, Silo.JOINED))


@dataclass(frozen=True)
class Edge:
    """One declared dependency; `is_manual`: it is on a file."""

    pk: int
    consumer: int
    provider: int
    is_manual: bool = False


@dataclass(frozen=True)
class Entity:
    """A component or a capability."""

    kind: str
    pk: int
    cluster: int
    name: str
    slug: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Product:
    """A data product, and the clusters beside its own that use it."""

    pk: int
    cluster: int
    users: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Passing:
    """A hand-off on record."""

    pk: int
    source: int
    target: int
    monthly: float


@dataclass(frozen=True)
class Said:
    """One person's answers about a pair, for one side."""

    pk: int
    first: int
    second: int
    side: int
    marks: tuple[int, ...]


@dataclass(frozen=True)
class Facts:
    """All that an assessment reads. `home` says each component's cluster; ends of edges stand in it."""

    clusters: tuple[int, ...]
    home: Mapping[int, int]
    edges: tuple[Edge, ...] = ()
    entities: tuple[Entity, ...] = ()
    products: tuple[Product, ...] = ()
    passings: tuple[Passing, ...] = ()
    answers: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Standing:
    """One cluster in the federation: what stays inside it, against what mixing would leave there."""

    cluster: int
    inside: int
    needs: int  # dependencies out of it
    needed: int  # dependencies into it
    passings: int  # hand-offs on record from or to it
    all_edges: int  # of the federation

    @property
    def interactions(self) -> int:
        """Dependencies that touch it, each once, and hand-offs."""
        return self.inside + self.needs + self.needed + self.passings

    @property
    def is_judged(self) -> bool:
        """Whether there are enough of them to say anything."""
        return self.interactions >= FEWEST_INTERACTIONS

    @property
    def ei(self) -> float | None:
        """The external–internal index of its dependencies, −1 all inside … 1 all across (Krackhardt and Stern 1988)."""
        outside = self.needs + self.needed
        return (outside - self.inside) / (outside + self.inside) if outside + self.inside else None

    @property
    def expected(self) -> float:
        """How many would stay inside were the same ends mixed at random."""
        if not self.all_edges:
            return 0.0
        return (self.inside + self.needs) * (self.inside + self.needed) / self.all_edges

    @property
    def homophily(self) -> float | None:
        """How many times more stay inside than mixing would leave there; 1 is chance. None: mixing would leave none."""
        return self.inside / self.expected if self.expected else None


@dataclass(frozen=True)
class Part:
    """One indicator of one pair: its value, the numbers it comes from, and the keys of the rows behind each."""

    indicator: Indicator
    value: float | None
    numbers: Mapping[str, float | None]
    rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """What two clusters come to; `first` has the lower id. `few` names those with too few interactions."""

    first: int
    second: int
    parts: tuple[Part, ...]
    score: float | None
    level: Silo
    few: tuple[int, ...] = ()

    def part(self, indicator: Indicator) -> Part:
        """One of its indicators."""
        return next(one for one in self.parts if one.indicator == indicator)


def require_weights(weights: Mapping[str, int]) -> dict[str, int]:
    """The weights, whole; refuses others than one a known indicator, from 0 on, that sum up to 100."""
    known = [one.value for one in Indicator]
    wrong = set(weights) != set(known) or any(not 0 <= one <= 100 for one in weights.values())  # noqa: PLR2004  # percent
    if wrong or sum(weights.values()) != 100:  # noqa: PLR2004  # percent
        raise Invalid(
            "The weights of the five indicators lie between 0 and 100 and sum up to 100.",
            next_step="Correct them and send them again.",
            fields={"weights": ["They must sum up to 100."]},
        )
    return {one: weights[one] for one in known}


def standings(facts: Facts) -> list[Standing]:
    """Every cluster in the federation, by id."""
    inside, needs, needed, passed = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for one in facts.edges:
        source, target = facts.home[one.consumer], facts.home[one.provider]
        if source == target:
            inside[source] += 1
        else:
            needs[source] += 1
            needed[target] += 1
    for passing in facts.passings:
        passed[passing.source] += 1
        passed[passing.target] += 1
    whole = len(facts.edges)
    return [Standing(pk, inside[pk], needs[pk], needed[pk], passed[pk], whole) for pk in sorted(facts.clusters)]


def whole_ei(found: Iterable[Standing]) -> tuple[float | None, float | None]:
    """The E–I index of the whole federation, and its homophily: observed ÷ expected share inside."""
    rows = list(found)
    whole = rows[0].all_edges if rows else 0
    if not whole:
        return None, None
    inside, expected = sum(one.inside for one in rows), sum(one.expected for one in rows)
    return (whole - 2 * inside) / whole, inside / expected if expected else None


def assessed(facts: Facts, weights: Mapping[str, int]) -> list[Pair]:
    """Every pair whose two clusters have enough interactions, and every other pair that has anything between it."""
    known = {one.cluster: one for one in standings(facts)}
    judged = [pk for pk, one in known.items() if one.is_judged]
    sorted_out = _Sorted(facts)
    pairs = {*combinations(sorted(judged), 2), *sorted_out.touching()}
    return [_pair(first, second, sorted_out, known, weights) for first, second in sorted(pairs)]


def level_of(score: float | None) -> Silo:
    """What a score comes to; none is no judgement."""
    if score is None:
        return Silo.UNJUDGED
    return next(level for least, level in CUTS if score >= least)


def scored(parts: Sequence[Part], weights: Mapping[str, int]) -> float | None:
    """The mean of the indicators that are there, by weight; None of fewer than two, or where they weigh nothing."""
    there = [(one.value, weights[one.indicator]) for one in parts if one.value is not None]
    whole = sum(weight for _, weight in there)
    if len(there) < FEWEST_PARTS or not whole:
        return None
    return round(sum(value * weight for value, weight in there) / whole, 1)


def mixing(inside: tuple[int, int], crossing: tuple[int, int]) -> Mapping[str, float | None]:
    """Of two clusters: dependencies inside each, and from the first to the second and back.

    `ei` is the E–I index of the two, `homophily` observed ÷ expected, `assortativity` what is above chance as a part of
    what could be (Newman 2003): 1 wholly apart, 0 as by chance, less: more mixed than chance.
    """
    (one, other), (there, back) = inside, crossing
    whole = one + other + there + back
    if not whole:
        return {"ei": None, "observed": None, "expected": None, "homophily": None, "assortativity": None}
    observed = (one + other) / whole
    expected = ((one + there) * (one + back) + (other + back) * (other + there)) / whole**2
    return {
        "ei": (there + back - one - other) / whole,
        "observed": observed,
        "expected": expected,
        "homophily": observed / expected if expected else None,
        "assortativity": (observed - expected) / (1 - expected) if expected < 1 else None,
    }


def twins(entities: Iterable[Entity]) -> dict[tuple[int, int], list[tuple[Entity, Entity, str]]]:
    """Things of two clusters that may be the same, by pair of clusters; each with why.

    They read alike, or are of one kind and the only ones of their cluster with the same two tags or more.
    """
    alike: dict[tuple[str, str, str], list[Entity]] = defaultdict(list)
    tagged: dict[tuple[str, frozenset[str]], list[Entity]] = defaultdict(list)
    for one in entities:
        for form in {normalised(one.name), normalised(one.slug.rpartition("/")[2])} - {""}:
            alike["capability" if one.kind == "capability" else "component", "name", form].append(one)
        if len(one.tags) >= FEWEST_TAGS:
            tagged[one.kind, one.tags].append(one)
    found: dict[tuple[int, int], dict[tuple[Any, ...], tuple[Entity, Entity, str]]] = defaultdict(dict)
    named = [(group, "names that read alike") for group in alike.values() if len(group) <= MOST_ALIKE]
    marked = [(group, "the same tags") for group in tagged.values() if _is_one_a_cluster(group)]
    for group, why in (*named, *marked):
        for one, other in combinations(sorted(group, key=lambda each: (each.cluster, each.kind, each.pk)), 2):
            if one.cluster != other.cluster:
                key = (one.kind, one.pk, other.kind, other.pk)
                found[one.cluster, other.cluster].setdefault(key, (one, other, why))
    return {pair: list(rows.values()) for pair, rows in found.items()}


class _Sorted:
    """The facts, sorted by pair of clusters."""

    def __init__(self, facts: Facts) -> None:
        self.inside: Counter[int] = Counter()
        self.crossing: dict[tuple[int, int], list[Edge]] = defaultdict(list)
        for edge in facts.edges:
            source, target = facts.home[edge.consumer], facts.home[edge.provider]
            if source == target:
                self.inside[source] += 1
            else:
                self.crossing[_ordered(source, target)].append(edge)
        self.home = facts.home
        self.passings: dict[tuple[int, int], list[Passing]] = defaultdict(list)
        for passing in facts.passings:
            self.passings[_ordered(passing.source, passing.target)].append(passing)
        self.products: dict[int, list[Product]] = defaultdict(list)
        for product in facts.products:
            self.products[product.cluster].append(product)
        self.twins = twins(facts.entities)
        self.entities = Counter(one.cluster for one in facts.entities)
        self.answers: dict[tuple[int, int], list[Said]] = defaultdict(list)
        for said in facts.answers:
            self.answers[said.first, said.second].append(said)

    def touching(self) -> Collection[tuple[int, int]]:
        """Pairs that have a dependency, a hand-off, twins or answers between them."""
        return {*self.crossing, *self.passings, *self.twins, *self.answers}


def _pair(first: int, second: int, found: _Sorted, known: Mapping[int, Standing], weights: Mapping[str, int]) -> Pair:
    parts = tuple(judge(first, second, found) for judge in (_mixing, _products, _handoffs, _duplicates, _answers))
    few = tuple(pk for pk in (first, second) if not known[pk].is_judged)
    score = None if few else scored(parts, weights)
    return Pair(first, second, parts, score, level_of(score), few)


def _mixing(first: int, second: int, found: _Sorted) -> Part:
    edges = found.crossing.get((first, second), [])
    there = [one.pk for one in edges if found.home[one.consumer] == first]
    back = [one.pk for one in edges if found.home[one.consumer] == second]
    inside = (found.inside[first], found.inside[second])
    numbers = mixing(inside, (len(there), len(back)))
    above = numbers["assortativity"]
    return Part(
        Indicator.MIXING,
        None if above is None else _rounded(100 * max(0.0, above)),
        {"inside_first": inside[0], "inside_second": inside[1], "there": len(there), "back": len(back), **numbers},
        {"there": tuple(there[:MOST_ROWS]), "back": tuple(back[:MOST_ROWS])},
    )


def _products(first: int, second: int, found: _Sorted) -> Part:
    used: list[int] = []
    kept: list[int] = []
    elsewhere: list[int] = []
    for one, other in ((first, second), (second, first)):
        for product in found.products.get(one, []):
            place = used if other in product.users else elsewhere if product.users else kept
            place.append(product.pk)
    whole = len(used) + len(kept)
    rows = {"used": tuple(used[:MOST_ROWS]), "kept": tuple(kept[:MOST_ROWS]), "elsewhere": tuple(elsewhere[:MOST_ROWS])}
    numbers = {"used": len(used), "kept": len(kept), "elsewhere": len(elsewhere)}
    return Part(Indicator.PRODUCTS, _rounded(100 * len(kept) / whole) if whole else None, numbers, rows)


def _handoffs(first: int, second: int, found: _Sorted) -> Part:
    passings = sorted(found.passings.get((first, second), []), key=lambda one: (-one.monthly, one.pk))
    edges = found.crossing.get((first, second), [])
    files = [one.pk for one in edges if one.is_manual]
    manual, whole = len(passings) + len(files), len(passings) + len(edges)
    numbers = {
        "handoffs": len(passings),
        "files": len(files),
        "automatic": len(edges) - len(files),
        "monthly": _rounded(sum(one.monthly for one in passings)),
    }
    rows = {"handoffs": tuple(one.pk for one in passings[:MOST_ROWS]), "files": tuple(files[:MOST_ROWS])}
    return Part(Indicator.HANDOFFS, _rounded(100 * manual / whole) if whole else None, numbers, rows)


def _duplicates(first: int, second: int, found: _Sorted) -> Part:
    rows = found.twins.get((first, second), [])
    doubled = {(each.kind, each.pk) for one, other, _ in rows for each in (one, other)}
    whole = found.entities[first] + found.entities[second]
    kept = tuple((one.kind, one.pk, other.kind, other.pk, why) for one, other, why in rows[:MOST_ROWS])
    numbers = {"twins": len(rows), "doubled": len(doubled), "all": whole}
    return Part(Indicator.DUPLICATES, _rounded(100 * len(doubled) / whole) if whole else None, numbers, {"twins": kept})


def _answers(first: int, second: int, found: _Sorted) -> Part:
    said = found.answers.get((first, second), [])
    sides = [[one for one in said if one.side == side] for side in (first, second)]
    means = [_mean(mark for one in side for mark in one.marks) for side in sides]
    numbers = {
        "first_people": len(sides[0]),
        "second_people": len(sides[1]),
        "first_mean": means[0],
        "second_mean": means[1],
    }
    value = None
    if means[0] is not None and means[1] is not None:
        value = _rounded(100 * (1 - (means[0] + means[1]) / 2 / 4))
    return Part(Indicator.ANSWERS, value, numbers, {"answers": tuple(one.pk for one in said[:MOST_ROWS])})


def _mean(marks: Iterable[int]) -> float | None:
    given = list(marks)
    return sum(given) / len(given) if given else None


def _is_one_a_cluster(group: Sequence[Entity]) -> bool:
    return len(group) <= MOST_ALIKE and len({one.cluster for one in group}) == len(group)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _rounded(value: float) -> float:
    return round(value, 1)
