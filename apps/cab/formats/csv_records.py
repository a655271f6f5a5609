"""CSV files (RFC 4180) as records; columns may repeat, cells are text and never formulas."""

import csv
from collections.abc import Iterator, Sequence
from typing import IO

from apps.cab.formats.records import LONGEST_CELL, LONGEST_LINE, Flaw, Record, lines, shown
from apps.kernel.refusals import Invalid

MOST_COLUMNS = 1_000
# The parser's own bound lies above ours, so that a long cell is rejected with its row and the file goes on.
csv.field_size_limit(LONGEST_LINE)


def records(stream: IO[bytes], *, name: str, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[Record]:
    """Every row below the header. A row of another width than the header is flawed; an empty line is none."""
    reader = csv.reader(lines(stream, name=name, encoding=encoding), delimiter=delimiter)
    header = _header(reader, name)
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield Record(
                number, f"{name}, line {reader.line_num}", flaw=Flaw("", "", f"The row cannot be read: {error}.")
            )
            continue
        if row:
            number += 1
            yield _record(number, f"{name}, line {reader.line_num}", header, row)


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise Invalid(f"The header of {name} cannot be read: {error}.", next_step="Export it as CSV again.") from error
    if not any(column.strip() for column in header):
        raise Invalid(f"{name} is empty: a header was expected in its first line.", next_step="Choose another file.")
    if len(header) > MOST_COLUMNS:
        raise Invalid(
            f"The header of {name} has {len(header):,} columns; at most {MOST_COLUMNS:,} are read.",
            next_step="Check the separator that the map names.",
        )
    return [column.strip() for column in header]


def _record(number: int, place: str, header: Sequence[str], row: Sequence[str]) -> Record:
    if len(row) != len(header):
        reason = f"The row has {len(row):,} cells and the header {len(header):,}."
        return Record(number, place, flaw=Flaw("", shown(",".join(row[:5])), reason))
    cells: dict[str, list[str]] = {}
    for column, value in zip(header, row, strict=True):
        if len(value) > LONGEST_CELL:
            reason = f"It has {len(value):,} characters; a cell may have {LONGEST_CELL:,}."
            return Record(number, place, flaw=Flaw(column[:80], shown(value), reason))
        if value:
            cells.setdefault(column, []).append(value)
    return Record(number, place, cells)
