"""The table form: decision tables as rows of text fields, read from a POST and written back as they were typed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from apps.kernel.refusals import Invalid
from apps.policies.rules.asking import facts_written
from apps.policies.rules.columns import Column, Value, cell_data
from apps.policies.rules.outcomes import AUTHORITIES, Kind
from apps.policies.rules.tables import MOST_ROWS, Row, Table, numbered
from apps.policies.rules.writing import cell_written, written

LONGEST_EXAMPLE = 2000  # characters, more than every fact needs
WAYS = (
    *((name, f"{name.replace('_', '-')} board") for name in AUTHORITIES),
    (Kind.APPROVE, "approve automatically"),
    (Kind.REFUSE, "refuse automatically"),
)


@dataclass
class Line:
    """One rule as typed."""

    name: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    way: str = "cluster"
    roles: str = ""
    people: str = ""
    may_coincide: bool = False
    reason: str = ""
    expression: str = ""
    passes: str = ""  # facts for which the expression says yes: “risk=4; type=normal”
    fails: str = ""

    def as_data(self, columns: Sequence[Column]) -> dict[str, Any]:
        """The rule as `table_from` reads it; refuses what cannot be read."""
        cells = {column.name: cell_written(column, self.cells.get(column.name, "")) for column in columns}
        is_board = self.way in AUTHORITIES
        told: dict[str, Any] = {
            "name": self.name,
            "cells": {name: cell_data(cell) for name, cell in cells.items() if cell is not None},
            "outcome": {
                "kind": "board" if is_board else self.way,
                "board": self.way if is_board else "",
                "roles": self.roles.split(",") if self.roles.strip() else [],
                "people": self.people.split(",") if self.people.strip() else [],
                "may_coincide": self.may_coincide,
                "reason": self.reason,
            },
        }
        if self.expression.strip():
            examples = {"passes": _example(columns, self.passes), "fails": _example(columns, self.fails)}
            told["expression"] = {"text": self.expression, **examples}
        return told


@dataclass
class Sheet:
    """The whole form: which columns show, and the rules."""

    columns: list[Column]
    lines: list[Line]

    def as_data(self, every: Sequence[Column]) -> list[dict[str, Any]]:
        """The table's data, naming the rule that cannot be read."""
        data = []
        for number, line in enumerate(self.lines, start=1):
            try:
                data.append(line.as_data(every))
            except Invalid as refusal:
                raise numbered(number, refusal) from refusal
        return data

    def drawn(self) -> list[dict[str, Any]]:
        """The rules for the template: cells in the order of the columns shown."""
        return [
            {"line": line, "cells": [(column, line.cells.get(column.name, "")) for column in self.columns]}
            for line in self.lines
        ]


def sheet_of(table: Table) -> Sheet:
    """The form that shows a table; an empty one starts with one rule."""
    shown = used_columns(table) or list(table.columns[:2])
    return Sheet(shown, [_line(row, table.columns) for row in table.rows] or [Line()])


def sheet_from(post: QueryDict, every: Sequence[Column]) -> Sheet:
    """The form as it came, with the act on it done: a rule added or removed, a column shown."""
    shown = set(post.getlist("columns"))
    if post.get("act") == "column":
        shown.add(post.get("new_column", ""))
    text = post.get("rows", "")
    count = min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else 0  # noqa: PLR2004
    lines = [_typed(post, number, every) for number in range(count)]
    act, _, number = post.get("act", "").partition("-")
    if act == "add" and len(lines) < MOST_ROWS:
        lines.append(Line())
    if act == "remove" and number in {str(one) for one in range(len(lines))}:
        del lines[int(number)]
    return Sheet([column for column in every if column.name in shown], lines)


def used_columns(*tables: Table) -> list[Column]:
    """The columns that some rule names."""
    named = {name for table in tables for row in table.rows for name in row.cells}
    return [column for column in tables[0].columns if column.name in named]


def drawn(table: Table, *others: Table) -> dict[str, Any]:
    """A table to read: its columns in use (of `others` too), and its rules with their words."""
    columns = used_columns(table, *others)
    rules = [
        {
            "name": row.name,
            "cells": [(column, written(column, row.cells.get(column.name))) for column in columns],
            "outcome": row.outcome.told(),
            "expression": row.expression,
        }
        for row in table.rows
    ]
    return {"columns": columns, "rules": rules}


def difference(older: Table, newer: Table) -> list[tuple[str, str]]:
    """Rules that went, came or stayed, as (sign, sentence): “−”, “+”; what stayed is left out."""
    was, now = ([_told(row, table.columns) for row in table.rows] for table in (older, newer))
    return [*(("−", one) for one in was if one not in now), *(("+", one) for one in now if one not in was)]


def _told(row: Row, columns: Sequence[Column]) -> str:
    cells = [
        f"{column.label} {written(column, row.cells[column.name])}" for column in columns if column.name in row.cells
    ]
    if row.expression:
        cells.append(f"where {row.expression.text}")
    return f"{row.name or 'Rule'}: {', '.join(cells) or 'every change'} → {row.outcome.told()}"


def _example(columns: Sequence[Column], text: str) -> dict[str, Value]:
    """The facts of “risk=4; type=normal”; refuses what is no fact."""
    if len(text) > LONGEST_EXAMPLE:
        raise Invalid("The example is too long.", next_step="Name only the facts that the expression names.")
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    texts = {name.strip(): value.strip() for name, _, value in parts}
    unknown = sorted(set(texts) - {column.name for column in columns})
    if unknown:
        raise Invalid(
            f"There is no fact “{unknown[0][:40]}”, which the example of an expression names.",
            next_step="Write the example as risk=4; type=normal.",
        )
    return {name: value for name, value in facts_written(columns, texts).items() if value is not None}


def _example_written(facts: Iterable[tuple[str, Value]]) -> str:
    return "; ".join(f"{name}={value}" for name, value in facts)


def _line(row: Row, columns: Sequence[Column]) -> Line:
    outcome = row.outcome
    return Line(
        row.name,
        {column.name: written(column, row.cells.get(column.name)) for column in columns},
        outcome.board or outcome.kind,
        ", ".join(sorted(outcome.roles)),
        ", ".join(sorted(outcome.people)),
        outcome.may_coincide,
        outcome.reason,
        row.expression.text if row.expression else "",
        _example_written(row.expression.passes) if row.expression else "",
        _example_written(row.expression.fails) if row.expression else "",
    )


def _typed(post: Mapping[str, str], number: int, every: Sequence[Column]) -> Line:
    def text(name: str) -> str:
        return str(post.get(f"{name}-{number}", ""))

    cells = {column.name: str(post.get(f"cell-{number}-{column.name}", "")) for column in every}
    coincide = text("coincide") == "on"
    beside = (text("expression"), text("passes"), text("fails"))
    return Line(text("name"), cells, text("way"), text("roles"), text("people"), coincide, text("reason"), *beside)
