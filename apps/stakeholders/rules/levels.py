"""The levels at which a change is decided, and the one that thresholds come to for given facts.

The levels are a chain, so the most restrictive of all thresholds that apply wins. A fact that is missing counts as the
most restrictive of the thresholds that mention it, unless another of their conditions rules them out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.policies.rules.columns import Among, Cell, Column, Facts, Kind, Value, figure

VERSION = 1  # of the evaluation; rises whenever the same facts may come to another level
LEVEL_FACT = "level"  # the fact that policies read; thresholds cannot name it, they make it
OWN_FACTS = frozenset({LEVEL_FACT, "cluster"})  # what no threshold may name: an agreement is one cluster's already


class Level(StrEnum):
    """Who decides, from the cluster by itself to nobody."""

    AUTONOMOUS = "autonomous"
    NOTIFY = "notify"
    CONSULT = "consult"
    ENTERPRISE = "enterprise_decides"
    PROHIBITED = "prohibited"

    @property
    def rank(self) -> int:
        """Its place in the chain, from 0; the higher one is the more restrictive."""
        return list(Level).index(self)

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")

    @property
    def meaning(self) -> str:
        """What it asks of the cluster."""
        return MEANINGS[self]


MEANINGS: Mapping[Level, str] = {
    Level.AUTONOMOUS: "The cluster decides by itself.",
    Level.NOTIFY: "The cluster decides, and tells the enterprise.",
    Level.CONSULT: "The cluster decides after the enterprise was heard.",
    Level.ENTERPRISE: "The enterprise decides.",
    Level.PROHIBITED: "It is not done.",
}


@dataclass(frozen=True)
class Threshold:
    """Conditions over facts, all of which must hold, and the level from which they take the decision."""

    cells: Mapping[str, Cell]
    level: Level
    why: str = ""


@dataclass(frozen=True)
class Source:
    """Thresholds with the name that sentences give them: “the enterprise floor, version 2”."""

    name: str
    thresholds: tuple[Threshold, ...]
    url: str = ""


@dataclass(frozen=True)
class Reason:
    """A threshold that applies, or may apply because a fact is missing."""

    source: str
    number: int  # of the threshold, from 1
    level: Level
    sentence: str
    is_certain: bool
    url: str = ""

    def as_data(self) -> dict[str, Any]:
        """As a decision keeps it."""
        return {
            "source": self.source,
            "number": self.number,
            "level": self.level.value,
            "sentence": self.sentence,
            "is_certain": self.is_certain,
            "url": self.url,
        }


@dataclass(frozen=True)
class Judgement:
    """The level, the thresholds it comes from, the other ones that apply, and the facts nobody knew."""

    level: Level
    reasons: tuple[Reason, ...]  # the most restrictive first
    missing: tuple[str, ...] = ()  # labels of facts that some threshold asked for and nobody knew

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The thresholds that set the level."""
        return tuple(one for one in self.reasons if one.level == self.level)

    def as_data(self) -> dict[str, Any]:
        """As a decision keeps it."""
        return {
            "level": self.level.value,
            "reasons": [one.as_data() for one in self.reasons],
            "missing": list(self.missing),
            "version": VERSION,
        }


def usable(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The facts that thresholds may name, of all that policies know."""
    return tuple(one for one in columns if one.name not in OWN_FACTS)


def level_of(columns: Sequence[Column], sources: Iterable[Source], facts: Facts) -> Judgement:
    """The most restrictive level of all thresholds that apply or, a fact being missing, may apply; else autonomous."""
    known = {column.name: column.known(facts.get(column.name)) for column in columns}
    labels = {column.name: column for column in columns}
    reasons, missing = [], dict[str, None]()
    for source in sources:
        for number, one in enumerate(source.thresholds, start=1):
            unknown = _unknown_in(one, known)
            if unknown is None:
                continue
            names = [labels[name].label for name in unknown]
            missing |= dict.fromkeys(names)
            reasons.append(_reason(source, number, one, labels, names))
    reasons.sort(key=lambda one: -one.level.rank)
    return Judgement(reasons[0].level if reasons else Level.AUTONOMOUS, tuple(reasons), tuple(missing))


def told(columns: Sequence[Column], one: Threshold) -> str:
    """Say a threshold in words, as in “risk ≥ 4 and downtime ≥ 60 minutes: enterprise decides” and its reason."""
    end = f" {one.why}" if one.why else ""
    return f"{conditions_told(columns, one)}: {one.level.words}.{end}"


def conditions_told(columns: Sequence[Column], one: Threshold) -> str:
    """Its conditions in words, in the order of the facts; “every change” without any."""
    named = [_condition_told(column, one.cells[column.name]) for column in columns if column.name in one.cells]
    return " and ".join(named) or "every change"


def is_ordered(column: Column) -> bool:
    """Whether its words run from the mildest to the strictest, so that ≥ can be said of them."""
    return column.kind == Kind.CHOICE and column.is_ordered


def _condition_told(column: Column, cell: Cell) -> str:
    if isinstance(cell, Among):
        words = sorted(cell.values, key=column.vocabulary.index) if column.vocabulary else sorted(cell.values)
        if is_ordered(column) and len(words) > 1 and words == list(column.vocabulary[-len(words) :]):
            return f"{column.label} ≥ {words[0]}"
        *head, last = words
        either = f"{', '.join(head)} or {last}" if head else last
        return f"{column.label} {'not ' if cell.is_negated else ''}{either}"
    unit, low, high = f" {column.unit}" if column.unit else "", figure(cell.low), figure(cell.high)
    if cell.low == cell.high:
        return f"{column.label} {low}{unit}"
    if cell.high == column.high:
        return f"{column.label} ≥ {low}{unit}"
    if cell.low == column.low:
        return f"{column.label} ≤ {high}{unit}"
    return f"{column.label} from {low} to {high}{unit}"


def _unknown_in(one: Threshold, known: Mapping[str, Value | None]) -> list[str] | None:
    """The facts it waits for; None when a known fact rules it out."""
    unknown = []
    for name, cell in one.cells.items():
        value = known.get(name)
        if value is None:
            unknown.append(name)
        elif not cell.holds(value):
            return None
    return unknown


def _reason(
    source: Source, number: int, one: Threshold, columns: Mapping[str, Column], unknown: Sequence[str]
) -> Reason:
    because = conditions_told(list(columns.values()), one)
    doubt = f" ({', '.join(unknown)} not known, so it counts)" if unknown else ""
    why = f" {one.why}" if one.why else ""
    sentence = f"{because[:1].upper()}{because[1:]}{doubt}: {one.level.words}.{why}"
    return Reason(source.name, number, one.level, sentence, not unknown, source.url)
