"""Typed columns and the cells under them: what a fact may be, and which of its values a rule takes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.kernel.refusals import Invalid

Value = str | int
Facts = Mapping[str, Value | None]
MOST_TEXTS = 50  # of one cell
LONGEST_TEXT = 80  # characters
GROUPED_FROM = 10_000  # four digits are read at a glance
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))", re.ASCII)
ANY_OTHER = ""  # stands for every text no cell names; no fact is empty text


class Kind(StrEnum):
    """What the values of a column are."""

    NUMBER = "number"  # whole numbers from low to high; what lies beyond counts as the bound
    CHOICE = "choice"  # one of a finite vocabulary; yes/no is one of two
    TEXT = "text"  # any text, such as a short name


@dataclass(frozen=True)
class Range:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def holds(self, value: Value) -> bool:
        """Whether the number lies in it."""
        return isinstance(value, int) and self.low <= value <= self.high


@dataclass(frozen=True)
class Among:
    """One of `values`; none of them when it is negated."""

    values: frozenset[str]
    is_negated: bool = False

    def holds(self, value: Value) -> bool:
        """Whether the word is taken."""
        return (value in self.values) != self.is_negated


Cell = Range | Among


@dataclass(frozen=True)
class Column:
    """One fact: its name for programs, its label for people, and its domain."""

    name: str
    label: str
    kind: Kind
    low: int = 0
    high: int = 0
    vocabulary: tuple[str, ...] = ()
    unit: str = ""
    hint: str = ""
    is_ordered: bool = False  # its words run from the mildest to the strictest

    def known(self, value: Value | None) -> Value | None:
        """The value as rules compare it: a number within bounds, a word of the vocabulary; None when it is neither."""
        if self.kind == Kind.NUMBER:
            return max(self.low, min(self.high, value)) if type(value) is int else None
        if not isinstance(value, str) or not value:
            return None
        return value if self.kind == Kind.TEXT or value in self.vocabulary else None

    def told(self, value: Value) -> str:
        """The fact as people say it: “risk 5”, “day weekend”."""
        if value == ANY_OTHER:
            return f"a {self.label} no rule names"
        end = " or more" if value == self.high and self.is_open_ended else ""
        return f"{self.label} {figure(value)}{end}{' ' + self.unit if self.unit else ''}"

    @property
    def is_open_ended(self) -> bool:
        """Whether the highest number stands for everything above it too."""
        return self.kind == Kind.NUMBER and bool(self.unit)


def figure(value: Value) -> str:
    """The value in a sentence: from 10,000 on, thousands are set apart."""
    return f"{value:,}" if isinstance(value, int) and value >= GROUPED_FROM else str(value)


def ungrouped(text: str) -> str:
    """The text without the commas that set thousands apart: what `figure` wrote can be read again."""
    return _GROUPED.sub("", text)


def yes_no(name: str, label: str, hint: str = "") -> Column:
    """A column of two answers."""
    return Column(name, label, Kind.CHOICE, vocabulary=("yes", "no"), hint=hint)


@dataclass(frozen=True)
class Atom:
    """Values of a column that no cell tells apart: the smallest of them, and which cells take it."""

    value: Value
    taken_by: tuple[bool, ...]


def atoms(column: Column, cells: Sequence[Cell]) -> list[Atom]:
    """The classes of values that `cells` tell apart, each by its smallest member, in the order of the domain."""
    found: dict[tuple[bool, ...], Atom] = {}
    for value in _probes(column, cells):
        taken_by = tuple(cell.holds(value) for cell in cells)
        found.setdefault(taken_by, Atom(value, taken_by))
    return list(found.values())


def _probes(column: Column, cells: Iterable[Cell]) -> list[Value]:
    if column.kind == Kind.NUMBER:
        edges = {column.low}
        for cell in cells:
            if isinstance(cell, Range):
                edges |= {cell.low, cell.high + 1}
        return sorted(edge for edge in edges if column.low <= edge <= column.high)
    if column.kind == Kind.CHOICE:
        return list(column.vocabulary)
    named = sorted({text for cell in cells if isinstance(cell, Among) for text in cell.values})
    return [*named, ANY_OTHER]


def cell_from(column: Column, data: object) -> Cell | None:
    """The cell written as `{"from", "to"}`, `{"in"}` or `{"not_in"}`; None for any value. Refuses what does not fit."""
    if data is None or data == {}:
        return None
    if not isinstance(data, Mapping):
        raise _misfit(column, "a condition is an object")
    if column.kind == Kind.NUMBER:
        return _range_from(column, data)
    return _among_from(column, data)


def _range_from(column: Column, data: Mapping[str, object]) -> Cell | None:
    low, high = data.get("from", column.low), data.get("to", column.high)
    if not set(data) <= {"from", "to"} or type(low) is not int or type(high) is not int:
        raise _misfit(column, "it takes whole numbers “from” and “to”")
    if not column.low <= low <= high <= column.high:
        raise _misfit(column, f"its numbers run from {column.low} to {figure(column.high)}, the lower one first")
    return None if (low, high) == (column.low, column.high) else Range(low, high)


def _among_from(column: Column, data: Mapping[str, object]) -> Cell | None:
    texts = data.get("in", data.get("not_in"))
    if len(data) != 1 or not isinstance(texts, list) or not 0 < len(texts) <= MOST_TEXTS:
        raise _misfit(column, f"it takes a list “in” or “not_in” of 1 to {MOST_TEXTS} words")
    if not all(isinstance(text, str) and 0 < len(text) <= LONGEST_TEXT and "\0" not in text for text in texts):
        raise _misfit(column, f"each word has 1 to {LONGEST_TEXT} characters")
    words = frozenset(texts)
    if column.kind == Kind.TEXT:
        return Among(words, is_negated="not_in" in data)
    return _choice_from(column, words, is_negated="not_in" in data)


def _choice_from(column: Column, words: frozenset[str], *, is_negated: bool) -> Cell | None:
    if unknown := sorted(words - set(column.vocabulary)):
        raise _misfit(column, f"“{unknown[0]}” is none of {', '.join(column.vocabulary)}")
    taken = frozenset(column.vocabulary) - words if is_negated else words
    if not taken:
        raise _misfit(column, "it takes no value at all, so its rule would never apply")
    return None if taken == frozenset(column.vocabulary) else Among(taken)


def cell_data(cell: Cell) -> dict[str, object]:
    """The cell as `cell_from` reads it."""
    if isinstance(cell, Range):
        return {"from": cell.low, "to": cell.high}
    return {"not_in" if cell.is_negated else "in": sorted(cell.values)}


def _misfit(column: Column, why: str) -> Invalid:
    return Invalid(
        f"The condition on {column.label} does not fit: {why}.",
        next_step="Correct the condition, or leave it empty for any value.",
        code="condition_misfit",
    )
