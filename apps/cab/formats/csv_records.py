"""CSV files (RFC 4180) as records; columns may repeat, cells are text and never formulas."""

import csv
from collections.abc import Iterator, Sequence
from typing import IO

from apps.cab.formats.records import LONGEST_CELL, LONGEST_LINE, LONGEST_RECORD, Flaw, Record, lines, shown
from apps.kernel.refusals import Invalid, TooLarge

MOST_COLUMNS = 5_000  # Jira writes a column for every comment of the issue that has the most
# The parser's own bound lies above ours, so that a long cell is rejected with its row and the file goes on.
csv.field_size_limit(LONGEST_LINE)


def records(stream: IO[bytes], *, name: str, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[Record]:
    """Every row below the header. A row of another width than the header is flawed; an empty line is none."""
    text = _Lines(lines(stream, name=name, encoding=encoding), name)
    reader = csv.reader(text, delimiter=delimiter)
    header = _header(reader, name)
    number = 0
    while True:
        text.taken = 0
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


class _Lines:
    """The lines of a file, within a bound on those of one record: quoted cells may go over any number of them."""

    def __init__(self, inside: Iterator[str], name: str) -> None:
        self.inside, self.name, self.taken = inside, name, 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self.inside)
        self.taken += len(line)
        if self.taken > LONGEST_RECORD:
            raise TooLarge(
                f"A record of {self.name} is over {LONGEST_RECORD >> 20} MB.",
                next_step="Look for a quotation mark that is never closed, or shorten the record.",
            )
        return line


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
