"""Cells as people write them in the editor: `4-5`, `>=4`, `normal, standard`, `not payments`; empty for any value."""

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Among, Cell, Column, Kind, Range, cell_from, ungrouped

LONGEST = 4200  # characters of one cell, more than fifty long names need


def cell_written(column: Column, text: str) -> Cell | None:
    """The cell that `text` writes; refuses, naming the column, what cannot be read."""
    text = text.strip()
    if not text or text.lower() == "any":
        return None
    if len(text) > LONGEST:
        raise Invalid(
            f"The condition on {column.label} is too long.", next_step=f"Write at most {LONGEST:,} characters."
        )
    if column.kind == Kind.NUMBER:
        return cell_from(column, _range_written(column, text))
    is_negated = text.lower().startswith("not ")
    words = [word.strip() for word in (text[4:] if is_negated else text).split(",")]
    return cell_from(column, {"not_in" if is_negated else "in": [word for word in words if word]})


def written(column: Column, cell: Cell | None) -> str:
    """The cell as `cell_written` reads it."""
    if isinstance(cell, Among):
        return ("not " if cell.is_negated else "") + ", ".join(sorted(cell.values))
    if not isinstance(cell, Range):
        return ""
    if cell.low == cell.high:
        return str(cell.low)
    if cell.high == column.high:
        return f">={cell.low}"
    return f"<={cell.high}" if cell.low == column.low else f"{cell.low}-{cell.high}"


def _range_written(column: Column, text: str) -> dict[str, object]:
    plain = text.replace("–", "-").replace("≥", ">=").replace("≤", "<=").replace(" ", "")
    plain = ungrouped(plain)
    if plain.startswith(">="):
        return {"from": _number(column, plain[2:])}
    if plain.startswith("<="):
        return {"to": _number(column, plain[2:])}
    low, dash, high = plain.partition("-")
    return {"from": _number(column, low), "to": _number(column, high if dash else low)}


def _number(column: Column, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004  # more than any column counts
        raise Invalid(
            f"The condition on {column.label} is not a number or a range: “{text[:40]}”.",
            next_step="Write it as 4, 4-5, >=4 or <=2; leave it empty for any value.",
            code="condition_misfit",
        )
    return int(text)
