"""Texts of thresholds: reading what may be anything, the canonical form that signatures bind to, and differences."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Among, Cell, Column, Kind, Range, cell_from, figure
from apps.stakeholders.rules.levels import Level, Threshold, conditions_told, is_ordered, told

MOST_THRESHOLDS = 40
MOST_CONDITIONS = 6  # of one threshold, all of which must hold
LONGEST_WHY = 300  # characters
COMPARATORS = (">=", "<=", ">", "<", "=", "in", "not in")


@dataclass(frozen=True)
class Step:
    """One line of the difference between two texts: what went (−), came (+) or changed its level or reason (±)."""

    sign: str
    before: str = ""
    after: str = ""


def thresholds_from(columns: Sequence[Column], data: object) -> tuple[Threshold, ...]:
    """The thresholds that `data` (a list) writes; refuses, naming the threshold, what does not fit.

    Each is `{"when": [{"fact", "comparator", "value"}, …], "level", "why"}`. Written again with `as_data` they are in
    one canonical form, so the same text has the same hash.
    """
    if not isinstance(data, list) or not data:
        raise _misfit("A text of thresholds is a list of at least one.")
    if len(data) > MOST_THRESHOLDS:
        raise _misfit(f"A text has at most {MOST_THRESHOLDS} thresholds; this one has {len(data)}.")
    known = {column.name: column for column in columns}
    read = [_threshold(known, number, one) for number, one in enumerate(data, start=1)]
    seen: dict[tuple[tuple[str, Cell], ...], int] = {}
    for number, one in enumerate(read, start=1):
        key = tuple(sorted(one.cells.items()))
        if key in seen:
            raise _numbered(number, f"it has the same conditions as threshold {seen[key]}")
        seen[key] = number
    return tuple(read)


def data_of(columns: Sequence[Column], thresholds: Sequence[Threshold]) -> list[dict[str, Any]]:
    """As `thresholds_from` reads it, in one canonical form."""
    return [
        {
            "when": [one for c in columns if c.name in each.cells for one in _conditions_of(c, each.cells[c.name])],
            "level": each.level.value,
            "why": each.why,
        }
        for each in thresholds
    ]


def digest(said: Mapping[str, Any]) -> str:
    """SHA-256 of what a text says in canonical JSON, hex: what a signature binds to."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Pair:
    """The same conditions in two texts; None where a text does not have them."""

    conditions: str
    left: Threshold | None
    right: Threshold | None

    @property
    def word(self) -> str:
        """What became of it from left to right; empty: nothing."""
        if self.left is None or self.right is None:
            return "new" if self.left is None else "gone"
        return "changed" if self.left != self.right else ""


def side_by_side(columns: Sequence[Column], left: Sequence[Threshold], right: Sequence[Threshold]) -> list[Pair]:
    """Two texts in one list: in the order of the right one, then what only the left one has."""
    was = {_key(one): one for one in left}
    now = {_key(one): one for one in right}
    pairs = [Pair(conditions_told(columns, one), was.get(key), one) for key, one in now.items()]
    return pairs + [Pair(conditions_told(columns, one), one, None) for key, one in was.items() if key not in now]


def difference(columns: Sequence[Column], before: Sequence[Threshold], after: Sequence[Threshold]) -> list[Step]:
    """What changed from one text to the other; what stayed is left out. The same conditions are the same threshold."""
    was = {_key(one): one for one in before}
    now = {_key(one): one for one in after}
    steps = [Step("−", before=told(columns, one)) for key, one in was.items() if key not in now]
    steps += [
        Step("±", told(columns, was[key]), told(columns, one)) for key, one in now.items() if was.get(key, one) != one
    ]
    return steps + [Step("+", after=told(columns, one)) for key, one in now.items() if key not in was]


def comparators_of(column: Column) -> tuple[str, ...]:
    """What may be said of the fact."""
    if column.kind == Kind.NUMBER or is_ordered(column):
        return COMPARATORS if is_ordered(column) else COMPARATORS[:5]
    return COMPARATORS[4:]


def _key(one: Threshold) -> tuple[tuple[str, Cell], ...]:
    return tuple(sorted(one.cells.items()))


def _threshold(known: Mapping[str, Column], number: int, data: object) -> Threshold:
    if not isinstance(data, Mapping) or not set(data) <= {"when", "level", "why"}:
        raise _numbered(number, "it is an object with when, level and why")
    why, level, when = data.get("why", ""), data.get("level"), data.get("when", [])
    if not isinstance(why, str) or len(why) > LONGEST_WHY or "\0" in why:
        raise _numbered(number, f"its reason is text of at most {LONGEST_WHY} characters")
    if not isinstance(level, str) or level not in set(Level):
        raise _numbered(number, f"its level is one of {', '.join(Level)}")
    if level == Level.AUTONOMOUS:
        raise _numbered(number, "autonomous is what holds where no threshold applies, so none is needed for it")
    if not isinstance(when, list) or not len(when) <= MOST_CONDITIONS:
        raise _numbered(number, f"“when” is a list of at most {MOST_CONDITIONS} conditions")
    cells: dict[str, Cell] = {}
    for condition in when:
        name, cell = _condition(known, number, condition)
        cells[name] = _both(known[name], number, cells[name], cell) if name in cells else cell
    every = {name: cell for name, cell in cells.items() if not _is_any(known[name], cell)}
    return Threshold(every, Level(level), " ".join(why.split()))


def _condition(known: Mapping[str, Column], number: int, data: object) -> tuple[str, Cell]:
    if not isinstance(data, Mapping) or set(data) != {"fact", "comparator", "value"}:
        raise _numbered(number, "a condition is an object with fact, comparator and value")
    name, comparator, value = data["fact"], data["comparator"], data["value"]
    if not isinstance(name, str) or name not in known:
        raise _numbered(number, f"there is no fact “{str(name)[:40]}”; choose from {', '.join(known)}")
    column = known[name]
    if not isinstance(comparator, str) or comparator not in comparators_of(column):
        raise _numbered(number, f"of {column.label} one says {', '.join(comparators_of(column))}")
    if column.kind == Kind.NUMBER:
        return name, _range(column, number, comparator, value)
    return name, _words(column, number, comparator, value)


def _range(column: Column, number: int, comparator: str, value: object) -> Cell:
    if type(value) is not int or not column.low <= value <= column.high:
        raise _numbered(
            number, f"{column.label} is compared with a whole number from {column.low} to {figure(column.high)}"
        )
    low, high = {
        ">=": (value, column.high),
        ">": (value + 1, column.high),
        "<=": (column.low, value),
        "<": (column.low, value - 1),
        "=": (value, value),
    }[comparator]
    if low > high:
        raise _numbered(number, f"{column.label} is never {comparator} {value}, so it would never apply")
    return Range(low, high)


def _words(column: Column, number: int, comparator: str, value: object) -> Cell:
    words = value if isinstance(value, list) else [value]
    if comparator in {"in", "="} or comparator == "not in":
        data: dict[str, object] = {"not_in" if comparator == "not in" else "in": words}
    else:
        data = {"in": _from_on(column, number, comparator, value)}
    try:
        cell = cell_from(column, data)
    except Invalid as refusal:
        raise _numbered(number, refusal.sentence[:1].lower() + refusal.sentence[1:].rstrip(".")) from refusal
    return cell if cell is not None else Among(frozenset(column.vocabulary))


def _from_on(column: Column, number: int, comparator: str, value: object) -> list[str]:
    """The words of an ordered fact that are at least, at most, above or below one of them."""
    words = list(column.vocabulary)
    if not isinstance(value, str) or value not in words:
        raise _numbered(number, f"{column.label} is one of {', '.join(words)}")
    place = words.index(value)
    found = {
        ">=": words[place:],
        ">": words[place + 1 :],
        "<=": words[: place + 1],
        "<": words[:place],
    }[comparator]
    if not found:
        raise _numbered(number, f"{column.label} is never {comparator} {value}, so it would never apply")
    return found


def _both(column: Column, number: int, one: Cell, other: Cell) -> Cell:
    """What two conditions on one fact take together."""
    met: Cell | None = None
    if isinstance(one, Range) and isinstance(other, Range):
        low, high = max(one.low, other.low), min(one.high, other.high)
        met = Range(low, high) if low <= high else None
    elif isinstance(one, Among) and isinstance(other, Among):
        met = _among_both(one, other)
    if met is None:
        raise _numbered(number, f"its conditions on {column.label} exclude each other, so it would never apply")
    return met


def _among_both(one: Among, other: Among) -> Among | None:
    if one.is_negated and other.is_negated:
        return Among(one.values | other.values, is_negated=True)
    if one.is_negated or other.is_negated:
        kept, left_out = (other, one) if one.is_negated else (one, other)
        values = kept.values - left_out.values
    else:
        values = one.values & other.values
    return Among(values) if values else None


def _is_any(column: Column, cell: Cell) -> bool:
    if isinstance(cell, Range):
        return (cell.low, cell.high) == (column.low, column.high)
    return column.kind == Kind.CHOICE and cell.values == frozenset(column.vocabulary) and not cell.is_negated


def _conditions_of(column: Column, cell: Cell) -> list[dict[str, Any]]:
    if isinstance(cell, Among):
        comparator = "not in" if cell.is_negated else "in"
        return [{"fact": column.name, "comparator": comparator, "value": sorted(cell.values)}]
    if cell.low == cell.high:
        return [{"fact": column.name, "comparator": "=", "value": cell.low}]
    ends = [(">=", cell.low, column.low), ("<=", cell.high, column.high)]
    return [{"fact": column.name, "comparator": word, "value": end} for word, end, bound in ends if end != bound]


def _numbered(number: int, why: str) -> Invalid:
    sentence = f"Threshold {number} does not fit: {why}."
    return Invalid(
        sentence,
        next_step="Correct the threshold.",
        fields={"thresholds": [sentence]},
        code="threshold_misfit",
    )


def _misfit(sentence: str) -> Invalid:
    return Invalid(
        sentence,
        next_step="Name the facts from which autonomy yields, each with its level.",
        fields={"thresholds": [sentence]},
        code="threshold_misfit",
    )
