"""What every file of records becomes, whatever its format: numbered records of cells, and what is wrong with them.

Files are read as a stream and within bounds; a compressed one is bounded by what it unpacks to.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from apps.kernel.refusals import Invalid, TooLarge

LONGEST_LINE = 32 * 1024 * 1024  # bytes; a longer "line" is a quotation mark that is never closed, or no text file
LONGEST_RECORD = 64 * 1024 * 1024  # characters of one record over all its lines
LONGEST_CELL = 1_000_000  # characters of one cell; the row of a longer one is rejected
LONGEST_SHOWN = 300  # characters of a refused value that the report repeats

Cells = Mapping[str, Sequence[str]]  # column → its values; a column may repeat, an absent value is no value


@dataclass(frozen=True)
class Flaw:
    """Why a record is not taken: the field (ours, or the column of the source), the value, the sentence."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Record:
    """One record as its source has it. `row` counts from 1 over the whole file; a header does not count."""

    row: int
    place: str  # where a person finds it: the file, and the line or document inside it
    cells: Cells = field(default_factory=dict)
    flaw: Flaw | None = None


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than `most` bytes, and says damaged packing in words."""

    def __init__(self, inside: IO[bytes], name: str, most: int) -> None:
        self.inside, self.name, self.most, self.given = inside, name, most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            read = self.inside.read(len(buffer))
        except (EOFError, zlib.error, OSError) as error:
            raise Invalid(
                f"{self.name} is damaged: its packing breaks off after {self.given:,} bytes.",
                next_step="Pack it again and send it once more.",
                code="bad_archive",
            ) from error
        self.given += len(read)
        if self.given > self.most:
            raise TooLarge(
                f"{self.name} is over {self.most >> 20} MB unpacked.", next_step="Split it and import the parts."
            )
        buffer[: len(read)] = read
        return len(read)


def unpacked(raw: IO[bytes], *, name: str, most: int) -> IO[bytes]:
    """The content of a file, gzip or plain, as a stream of at most `most` bytes."""
    start = raw.read(2)
    raw.seek(0)
    inside: Any = gzip.GzipFile(fileobj=raw) if start == b"\x1f\x8b" else raw
    return io.BufferedReader(_Bounded(inside, name, most), buffer_size=1 << 16)


def lines(stream: IO[bytes], *, name: str, encoding: str) -> Iterator[str]:
    """The lines of a text with their ends. Refuses the whole file at the first byte that is not of its encoding.

    An encoding such as `utf-8-or-cp1252` is the first in each line where that fits and the second where it does not:
    what a product writes depends on how it is set up, and CP1252 beyond ASCII is hardly ever UTF-8 too.
    """
    offset = number = 0
    first, _, second = encoding.partition("-or-")  # here and not in each of what may be millions of lines
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise TooLarge(
                f"Line {number:,} of {name} is over {LONGEST_LINE >> 20} MB.",
                next_step="Look for a quotation mark that is never closed before it.",
            )
        text = decoded(raw, name=name, encoding=first, otherwise=second, offset=offset, line=number)
        yield text.removeprefix("\ufeff")
        offset += len(raw)


def decoded(raw: bytes, *, name: str, encoding: str, otherwise: str = "", offset: int = 0, line: int = 1) -> str:
    """The bytes as text, in another encoding where the first does not fit; the refusal says which byte is wrong.

    `offset` bytes and `line` lines came before.
    """
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if otherwise:
            return decoded(raw, name=name, encoding=otherwise, offset=offset, line=line)
        line += raw.count(b"\n", 0, error.start)
        raise Invalid(
            f"{name} is not {encoding.upper()}: byte {offset + error.start + 1:,} (line {line:,}) "
            f"is 0x{raw[error.start]:02X}.",
            next_step="Save it as UTF-8, or name its encoding in the map.",
            code="wrong_encoding",
        ) from error


def flattened(value: Mapping[str, Any]) -> dict[str, list[str]]:
    """A nested record as cells: keys joined by dots, lists as several values, numbers and truth values as text."""
    cells: dict[str, list[str]] = {}
    _flatten(value, "", cells)
    return cells


def oversized(cells: Cells) -> Flaw | None:
    """The first cell that is too long to be taken."""
    for column, values in cells.items():
        for value in values:
            if len(value) > LONGEST_CELL:
                reason = f"It has {len(value):,} characters; a cell may have {LONGEST_CELL:,}."
                return Flaw(column[:80], shown(value), reason)
    return None


def shown(value: object) -> str:
    """A refused value as text that can be stored and shown: bounded, without NUL or lone surrogates."""
    text = str(value)[:LONGEST_SHOWN].replace("\x00", "␀")
    return text.encode("utf-8", "replace").decode()


def _flatten(value: Any, path: str, cells: dict[str, list[str]]) -> None:
    if isinstance(value, Mapping):
        for key, inside in value.items():
            _flatten(inside, f"{path}.{key}" if path else str(key), cells)
    elif isinstance(value, list):
        cells.setdefault(path, []).extend(text for one in value if (text := _text(one)))
    elif text := _text(value):
        cells.setdefault(path, []).append(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
