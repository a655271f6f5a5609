"""JSON Lines as records: one object a line."""

import json
from collections.abc import Iterator
from typing import IO

from apps.cab.formats.records import Flaw, Record, flattened, lines, oversized, shown

# Characters. Parsed, "[[],[],…" takes thirty times its length in memory; a record that fits our fields is far shorter.
LONGEST = 4_000_000


def records(stream: IO[bytes], *, name: str, encoding: str = "utf-8") -> Iterator[Record]:
    """Every line that is not empty; one that is no JSON object is flawed, and the next is read all the same."""
    number = 0
    for line_number, line in enumerate(lines(stream, name=name, encoding=encoding), start=1):
        if line.strip():
            number += 1
            yield _record(number, f"{name}, line {line_number}", line)


def _record(number: int, place: str, line: str) -> Record:
    if len(line) > LONGEST:
        reason = f"The line has {len(line):,} characters; one of JSON may have {LONGEST:,}."
        return Record(number, place, flaw=Flaw("", shown(line), reason))
    try:
        value = json.loads(line)
        if not isinstance(value, dict):
            return Record(number, place, flaw=Flaw("", shown(line.strip()), "The line is not a JSON object."))
        cells = flattened(value)
    except (ValueError, RecursionError) as error:
        return Record(number, place, flaw=Flaw("", shown(line.strip()), f"The line is not JSON: {str(error)[:120]}."))
    if flaw := oversized(cells):
        return Record(number, place, flaw=flaw)
    return Record(number, place, cells)
