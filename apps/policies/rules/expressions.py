"""Conditions in CEL, where no column can say it: what may be written, and the examples that go with it. Pure.

CEL is the Common Expression Language (github.com/google/cel-spec). Only its operators, literals and four functions of
texts are taken: what loops, builds, converts or matches patterns is refused, so the size of a text bounds its work.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Column, Facts, Value

LONGEST = 2048  # bytes
DEEPEST = 20  # brackets within brackets, signs before signs, choices within choices
FUNCTIONS = ("contains", "endsWith", "size", "startsWith")
_WORDS = frozenset({"true", "false", "in", *FUNCTIONS})
_TOKEN = re.compile(
    r"""\s+|(?P<text>"[^"\\\n]*"|'[^'\\\n]*')|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]])""",
    re.ASCII,
)
Question = tuple[str, tuple[tuple[str, Value], ...]]  # an expression, and the facts it names, in order
Said = Mapping[Question, bool | str]  # yes, no, or why neither


@dataclass(frozen=True)
class Expression:
    """A condition in CEL, with facts for which it says yes and facts for which it says no."""

    text: str
    passes: tuple[tuple[str, Value], ...]
    fails: tuple[tuple[str, Value], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The facts it names, sorted."""
        return tuple(sorted({token for kind, token in tokens(self.text) if kind == "name"} - _WORDS))

    def question(self, known: Mapping[str, Value | None]) -> Question | None:
        """What it has to be asked for these facts; None while one that it names is not known."""
        facts = [(name, value) for name in self.names if (value := known.get(name)) is not None]
        return (self.text, tuple(facts)) if len(facts) == len(self.names) else None

    def as_data(self) -> dict[str, Any]:
        """As `expression_from` reads it."""
        return {"text": self.text, "passes": dict(self.passes), "fails": dict(self.fails)}


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """The parts of an expression, each with its kind (text, number, name, sign); refuses what is none."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _misfit(f"“{text[place : place + 20]}” is no part of an expression")
        if found.lastgroup:
            yield found.lastgroup, found.group()
        place = found.end()


def expression_from(columns: Sequence[Column], data: object) -> Expression:
    """The expression as written; refuses one that is too long, too deep, or names what is no fact."""
    if not isinstance(data, Mapping) or not set(data) <= {"text", "passes", "fails"}:
        raise _misfit("it is an object with text, passes and fails")
    text = data.get("text")
    if not isinstance(text, str) or not text.strip() or len(text.encode(errors="replace")) > LONGEST:
        raise _misfit(f"it has from 1 to {LONGEST:,} bytes")
    text = text.strip()
    _require_shallow(text)
    known = {column.name: column for column in columns}
    _require_names(text, known)
    return Expression(text, _facts(known, data.get("passes"), "passes"), _facts(known, data.get("fails"), "fails"))


def _require_shallow(text: str) -> None:
    depth = deepest = signs = choices = 0
    for _, part in tokens(text):
        depth += (part in {"(", "["}) - (part in {")", "]"})
        signs = signs + 1 if part in {"!", "-"} else 0
        choices += part == "?"
        deepest = max(deepest, depth + signs, choices)
    if deepest > DEEPEST:
        raise _misfit(f"it is nested more than {DEEPEST} deep")


def _require_names(text: str, known: Mapping[str, Column]) -> None:
    for kind, token in tokens(text):
        if kind == "name" and token not in known and token not in _WORDS:
            others = f"{', '.join(FUNCTIONS)}, true, false, in"
            raise _misfit(f"“{token[:40]}” is neither a fact ({', '.join(known)}) nor one of {others}")


def _facts(known: Mapping[str, Column], data: object, which: str) -> tuple[tuple[str, Value], ...]:
    if not isinstance(data, Mapping) or not data or not set(data) <= set(known):
        raise _misfit(f"its example that it {which} names facts and their values")
    for name, value in data.items():
        if not isinstance(value, (str, int)) or known[name].known(value) != value:
            raise _misfit(f"its example that it {which} gives {known[name].label} a value that it cannot have")
    return tuple(sorted(data.items()))


def facts_of(case: Question) -> Facts:
    """The facts of a case by name."""
    return dict(case[1])


def _misfit(why: str) -> Invalid:
    return Invalid(
        f"The expression does not fit: {why}.",
        next_step="Correct the expression, or say the condition in the columns.",
        fields={"expression": [f"{why[0].upper()}{why[1:]}."]},
        code="expression_misfit",
    )
