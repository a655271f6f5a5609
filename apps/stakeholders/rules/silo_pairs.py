"""Pairs of clusters judged by each indicator, with the keys of the rows behind it. Pure functions."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from apps.clusters.rules.spelling import normalised
from apps.stakeholders.rules.silos import (
    FEWEST_PASSINGS,
    FEWEST_RANKED,
    Edge,
    Entity,
    Facts,
    Indicator,
    Link,
    Pair,
    Part,
    Passing,
    Product,
    Said,
    Standing,
    level_of,
    scored,
    standings,
)

FEWEST_TAGS = 2  # that two components must share to be taken for the same
MOST_ALIKE = 40  # things of one name; a name that more have is a common word
MOST_ROWS = 100  # kept of one kind, beside their number


def assessed(facts: Facts, weights: Mapping[str, int]) -> list[Pair]:
    """Every pair whose two clusters have enough interactions, and every other pair that has anything between it."""
    known = {one.cluster: one for one in standings(facts)}
    judged = [pk for pk, one in known.items() if one.is_judged]
    sorted_out = _Sorted(facts)
    pairs = {*combinations(sorted(judged), 2), *sorted_out.touching()}
    return [_pair(first, second, sorted_out, known, weights) for first, second in sorted(pairs)]


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
        self.links: dict[tuple[int, int], list[Link]] = defaultdict(list)
        for link in facts.links:
            self.links[_ordered(link.source, link.target)].append(link)
        self.waits = {pair: wait for pair, rows in self.passings.items() if (wait := waiting(rows)) is not None}

    def touching(self) -> Collection[tuple[int, int]]:
        """Pairs that have a dependency, a hand-off, twins, answers or a required link between them."""
        return {*self.crossing, *self.passings, *self.twins, *self.answers, *self.links}


def _pair(first: int, second: int, found: _Sorted, known: Mapping[int, Standing], weights: Mapping[str, int]) -> Pair:
    parts = tuple(judge(first, second, found) for judge in _JUDGES)
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


def _delays(first: int, second: int, found: _Sorted) -> Part:
    measured = [one for one in found.passings.get((first, second), []) if one.hours is not None]
    wait = found.waits.get((first, second))
    ranked = sorted(one.half for one in found.waits.values())
    value = None
    if wait is not None and len(ranked) >= FEWEST_RANKED:
        less, same = sum(one < wait.half for one in ranked), ranked.count(wait.half)
        value = _rounded(100 * (less + same / 2) / len(ranked))
    numbers = {
        "delayed": len(measured),
        "monthly": _rounded(sum(one.monthly for one in measured)),
        "half": wait.half if wait else None,
        "most": wait.most if wait else None,
        "ranked": len(ranked),
    }
    rows = sorted(measured, key=lambda one: (-(one.hours or 0), one.pk))
    return Part(Indicator.DELAYS, value, numbers, {"delayed": tuple(one.pk for one in rows[:MOST_ROWS])})


def _links(first: int, second: int, found: _Sorted) -> Part:
    wanted = found.links.get((first, second), [])
    is_joined = bool(found.crossing.get((first, second)))
    ways = {(one.source, one.target) for one in found.passings.get((first, second), [])}
    missing = [one.pk for one in wanted if not is_joined and (one.source, one.target) not in ways]
    met = [one.pk for one in wanted if one.pk not in missing]
    numbers = {"required": len(wanted), "missing": len(missing), "met": len(met)}
    rows = {"missing": tuple(missing[:MOST_ROWS]), "met": tuple(met[:MOST_ROWS])}
    return Part(Indicator.LINKS, _rounded(100 * len(missing) / len(wanted)) if wanted else None, numbers, rows)


_JUDGES = (_mixing, _products, _handoffs, _duplicates, _answers, _delays, _links)


@dataclass(frozen=True)
class Wait:
    """How long hand-offs wait, in hours: half of them at most, and 85 of 100 at most."""

    half: float
    most: float


def waiting(passings: Iterable[Passing]) -> Wait | None:
    """How long hand-offs wait, each as often as it comes a month; None where too few have their hours known."""
    known = sorted((one.hours, one.monthly) for one in passings if one.hours is not None)
    whole = sum(often for _, often in known)
    if whole < FEWEST_PASSINGS:
        return None
    return Wait(_percentile(known, 0.5 * whole), _percentile(known, 0.85 * whole))


def _percentile(known: Sequence[tuple[float, float]], least: float) -> float:
    """The least hours up to which `least` of the hand-offs wait (nearest rank)."""
    passed = 0.0
    for hours, often in known:
        passed += often
        if passed >= least:
            return hours
    return known[-1][0]


def _mean(marks: Iterable[int]) -> float | None:
    given = list(marks)
    return sum(given) / len(given) if given else None


def _is_one_a_cluster(group: Sequence[Entity]) -> bool:
    return len(group) <= MOST_ALIKE and len({one.cluster for one in group}) == len(group)


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _rounded(value: float) -> float:
    return round(value, 1)
