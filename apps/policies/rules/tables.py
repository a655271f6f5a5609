"""Decision tables: rules in order over known columns, read from data that may be anything."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Cell, Column, cell_data, cell_from
from apps.policies.rules.expressions import Expression, expression_from
from apps.policies.rules.outcomes import Outcome, outcome_from

MOST_ROWS = 200
MOST_COLUMNS = 18
LONGEST_NAME = 120  # characters of a rule's name
Columns = Sequence[Column]


@dataclass(frozen=True)
class Row:
    """One rule: a name, conditions by column (none: any value), and what it asks for."""

    name: str
    cells: Mapping[str, Cell]
    outcome: Outcome
    expression: Expression | None = None  # a condition beside the cells, which no analysis sees into

    def as_data(self) -> dict[str, Any]:
        """As `table_from` reads it."""
        cells = {name: cell_data(self.cells[name]) for name in sorted(self.cells)}
        told = {"name": self.name, "cells": cells, "outcome": self.outcome.as_data()}
        return told | {"expression": self.expression.as_data()} if self.expression else told


@dataclass(frozen=True)
class Table:
    """Rules over columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def as_data(self) -> list[dict[str, Any]]:
        """The rows as `table_from` reads them."""
        return [row.as_data() for row in self.rows]

    @property
    def digest(self) -> str:
        """SHA-256 of the rows in canonical JSON, hex: what a decision names."""
        return hashlib.sha256(json.dumps(self.as_data(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def table_from(columns: Columns, data: object) -> Table:
    """The table that `data` (a list of rows) writes; refuses, naming the rule, what does not fit."""
    if not isinstance(data, list):
        raise Invalid("A table is a list of rules.", next_step="Send the rules as a list.", code="not_a_table")
    if len(data) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise Invalid(
            f"A table has at most {MOST_ROWS} rules over {MOST_COLUMNS} facts; this one has {len(data)} rules.",
            next_step="Join rules that ask for the same, or give a cluster its own policy.",
            code="table_too_large",
        )
    known = {column.name: column for column in columns}
    return Table(tuple(columns), tuple(_row(known, number, one) for number, one in enumerate(data, start=1)))


def _row(known: Mapping[str, Column], number: int, data: object) -> Row:
    if not isinstance(data, Mapping) or not set(data) <= {"name", "cells", "outcome", "expression"}:
        raise Invalid(
            f"Rule {number} does not fit: a rule is an object with name, cells, outcome and, if need be, expression.",
            next_step="Correct the rule.",
        )
    name, cells = data.get("name", ""), data.get("cells", {})
    if not isinstance(name, str) or len(name) > LONGEST_NAME or "\0" in name:
        raise Invalid(f"Rule {number}: a name has at most {LONGEST_NAME} characters.", next_step="Shorten the name.")
    if not isinstance(cells, Mapping) or (unknown := sorted(set(cells) - set(known))):
        what = f"there is no fact “{str(unknown[0])[:40]}”" if isinstance(cells, Mapping) else "its cells are no object"
        raise Invalid(f"Rule {number} does not fit: {what}.", next_step=f"Choose from {', '.join(known)}.")
    try:
        read = {name: cell_from(known[name], cell) for name, cell in cells.items()}
        outcome = outcome_from(data.get("outcome"))
        expression = expression_from(list(known.values()), data["expression"]) if data.get("expression") else None
    except Invalid as refusal:
        raise numbered(number, refusal) from refusal
    return Row(name.strip(), {name: cell for name, cell in read.items() if cell is not None}, outcome, expression)


def numbered(number: int, refusal: Invalid) -> Invalid:
    """The same refusal, saying which rule it is about."""
    return Invalid(
        f"Rule {number}: {refusal.sentence}", next_step=refusal.next_step, fields=refusal.fields, code=refusal.code
    )
