"""How far two clusters work apart: indicators of every pair, each with its rows, and one score. Pure functions.

An indicator runs from 0 (joined) to 100 (apart); None: there is nothing to judge it by, and it takes no part.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.kernel.refusals import Invalid

VERSION = 2  # since 2 an indicator that weighs nothing does not help to make a score
FEWEST_INTERACTIONS = 10  # of a cluster; with fewer a share says more of chance than of the cluster
FEWEST_PARTS = 2  # indicators that a score needs
FEWEST_PASSINGS = 10  # hand-offs a month whose hours are known; with fewer a wait says more of chance
FEWEST_RANKED = 5  # pairs; a rank among fewer says nothing


class Indicator(StrEnum):
    """What a pair is judged by."""

    MIXING = "mixing"
    PRODUCTS = "products"
    HANDOFFS = "handoffs"
    DUPLICATES = "duplicates"
    ANSWERS = "answers"
    DELAYS = "delays"
    LINKS = "links"


WEIGHTS: Mapping[str, int] = {
    Indicator.MIXING: 35,
    Indicator.PRODUCTS: 20,
    Indicator.HANDOFFS: 15,
    Indicator.DUPLICATES: 10,
    Indicator.ANSWERS: 20,
    # Beside the score until a board weighs them: a rank moves when others move, and what must be joined is a judgement.
    Indicator.DELAYS: 0,
    Indicator.LINKS: 0,
}  # until the boards set others
WORDS: Mapping[str, str] = {
    Indicator.MIXING: "Dependencies against chance",
    Indicator.PRODUCTS: "Data products kept inside",
    Indicator.HANDOFFS: "Work passed by hand",
    Indicator.DUPLICATES: "The same thing twice",
    Indicator.ANSWERS: "What owners say",
    Indicator.DELAYS: "Waiting for hand-offs",
    Indicator.LINKS: "Required links that are missing",
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
    Indicator.DELAYS: "100 × (pairs that wait less + ½ of those that wait as long, itself among them) ÷ pairs that are "
    "judged. A pair waits as long as half of its hand-offs with known hours do, each as often as it comes a month. "
    f"From {FEWEST_PASSINGS} such hand-offs a month, and {FEWEST_RANKED} such pairs on.",
    Indicator.LINKS: "100 × required links without an interaction ÷ all required links of the two. Dependencies, and "
    "so integrations and the use of data products, count in either direction, hand-offs in that of the link.",
}
SOURCES: Mapping[str, str] = {
    Indicator.MIXING: "declared dependencies",
    Indicator.PRODUCTS: "interfaces marked as data products, and their integrations",
    Indicator.HANDOFFS: "hand-offs on record, integrations with files, declared dependencies",
    Indicator.DUPLICATES: "components and capabilities",
    Indicator.ANSWERS: "the last round of the questionnaire in which both sides answered",
    Indicator.DELAYS: "hand-offs on record with the hours they wait",
    Indicator.LINKS: "required links, declared dependencies, integrations and hand-offs on record",
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
    """A hand-off on record; `hours` it waits until the other side takes it up, None: nobody has measured."""

    pk: int
    source: int
    target: int
    monthly: float
    hours: float | None = None


@dataclass(frozen=True)
class Link:
    """A link that somebody requires from a cluster to another."""

    pk: int
    source: int
    target: int


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
    links: tuple[Link, ...] = ()


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
    """The weights, whole; refuses others than one a known indicator, from 0 on, that sum up to 100.

    Those that stand beside the score by themselves may be left out, and weigh nothing.
    """
    needed = {one.value for one in Indicator if WEIGHTS[one]}
    wrong = not needed <= set(weights) <= set(Indicator) or any(not 0 <= one <= 100 for one in weights.values())  # noqa: PLR2004  # percent
    if wrong or sum(weights.values()) != 100:  # noqa: PLR2004  # percent
        raise Invalid(
            "The weights of the indicators lie between 0 and 100 and sum up to 100.",
            next_step="Correct them and send them again.",
            fields={"weights": ["They must sum up to 100."]},
        )
    return completed(weights)


def completed(weights: Mapping[str, int]) -> dict[str, int]:
    """One weight each indicator; those that were set before an indicator came do not name it, and leave it aside."""
    return {one.value: weights.get(one, 0) for one in Indicator}


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


def level_of(score: float | None) -> Silo:
    """What a score comes to; none is no judgement."""
    if score is None:
        return Silo.UNJUDGED
    return next(level for least, level in CUTS if score >= least)


def scored(parts: Sequence[Part], weights: Mapping[str, int]) -> float | None:
    """The mean of the indicators that are there and weigh something, by weight; None of fewer than two."""
    there = [(one.value, weights[one.indicator]) for one in parts if one.value is not None and weights[one.indicator]]
    if len(there) < FEWEST_PARTS:
        return None
    whole = sum(weight for _, weight in there)
    return round(sum(value * weight for value, weight in there) / whole, 1)
