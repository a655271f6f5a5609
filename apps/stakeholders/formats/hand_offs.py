"""Hand-offs in bulk, as CSV (RFC 4180) or as one JSON object a line (NDJSON): bounded, each fault with its line."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.kernel.refusals import Invalid, Refusal, TooLarge
from apps.kernel.sheets import bare_cell
from apps.stakeholders.rules.silo_survey import Period, Way, require_count, require_hours, require_line

MOST_BYTES = 1024 * 1024
MOST_ROWS = 2_000
MOST_FAULTS = 50  # that a refusal names; who has more has another kind of file
LONGEST_SLUG = 80
NEEDED = ("source", "target", "what", "way", "count", "period", "evidence")
FIELDS = (*NEEDED, "delay_hours")
CSV, NDJSON = "text/csv", "application/x-ndjson"


@dataclass(frozen=True)
class Row:
    """One line, read: the clusters by their short names."""

    line: int
    source: str
    target: str
    what: str
    way: str
    count: int
    period: str
    evidence: str
    delay_hours: float | None

    @property
    def often(self) -> str:
        """What two lines about the same hand-off must agree on, in words."""
        return said(self.count, self.period, self.delay_hours)


def said(count: int, period: str, delay_hours: float | None) -> str:
    """How often, in words, and how long it waits where that is known: “12 a week, waiting 4 h”."""
    return f"{count:,} a {period}" + ("" if delay_hours is None else f", waiting {delay_hours:,.10g} h")


def parse(content: bytes, *, media_type: str) -> list[Row]:
    """Every line of a file; refuses one that is too large, and one with lines that do not fit, naming each."""
    text = _text_of(content)
    lines = _csv_lines(text) if media_type == CSV else _json_lines(text)
    rows: list[Row] = []
    faults: dict[str, list[str]] = {}
    for line, told in lines:
        if line > MOST_ROWS + 1:
            raise TooLarge(f"The body has more than {MOST_ROWS:,} lines.", next_step="Send it in parts.")
        try:
            rows.append(_row(line, told))
        except Refusal as refusal:
            faults[f"line {line}"] = [refusal.sentence]
            if len(faults) >= MOST_FAULTS:
                break
    refuse_lines(faults)
    if not rows:
        raise Invalid("The body has no line.", next_step="Send one hand-off a line.")
    return rows


def _text_of(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The body is over {MOST_BYTES >> 20} MB.", next_step="Send it in parts.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The body is no text in UTF-8.", next_step="Save it as UTF-8 and send it again.") from None
    if "\0" in text:
        raise Invalid("The body holds a NUL character.", next_step="Leave it out.")
    return text


def refuse_lines(faults: Mapping[str, list[str]]) -> None:
    """Refuse what does not fit, each fault at its line; nothing where there is none."""
    if faults:
        line, [sentence] = next(iter(faults.items()))
        more = f" And {len(faults) - 1} more." if len(faults) > 1 else ""
        raise Invalid(
            f"{line.capitalize()}: {sentence}{more}",
            next_step="Correct the lines and send all of them again: nothing was written.",
            fields=faults,
        )


def _csv_lines(text: str) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        if set(head) - set(FIELDS) or not set(NEEDED) <= set(head) or len(set(head)) != len(head):
            raise Invalid(
                f"The first line must name the columns {', '.join(NEEDED)}, and may name delay_hours.",
                next_step="Correct the first line.",
            )
        for cells in reader:
            if any(cells):
                whole = len(cells) == len(head)
                yield reader.line_num, dict(zip(head, map(bare_cell, cells), strict=True)) if whole else cells
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is no CSV: {error}.", next_step="Correct the line.") from None


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for line, told in enumerate(text.split("\n"), start=1):
        if told.strip():
            try:
                yield line, json.loads(told)
            except (ValueError, RecursionError):
                yield line, None


def _row(line: int, told: Any) -> Row:
    if not isinstance(told, Mapping):
        raise Invalid("It is no hand-off: as many cells as the first line has, or one JSON object.")
    unknown = sorted(str(name)[:40] for name in set(told) - set(FIELDS))
    if unknown:
        raise Invalid(f"There is no field “{unknown[0]}”: {', '.join(FIELDS)}.")
    values = {name: _text(name, told.get(name)) for name in ("source", "target", "what", "way", "period", "evidence")}
    if values["way"] not in set(Way) or values["period"] not in set(Period):
        raise Invalid(f"The way is one of {', '.join(Way)}, and the period one of {', '.join(Period)}.")
    hours = told.get("delay_hours")
    return Row(
        line=line,
        source=require_line(values["source"], field="source", what="The short name of a cluster")[:LONGEST_SLUG],
        target=require_line(values["target"], field="target", what="The short name of a cluster")[:LONGEST_SLUG],
        what=require_line(values["what"], field="what", what="What is passed"),
        way=values["way"],
        count=require_count(int(_number("count", told.get("count"), whole=True))),
        period=values["period"],
        evidence=require_line(values["evidence"], field="evidence", what="What the count rests on"),
        delay_hours=None if hours in (None, "") else require_hours(_number("delay_hours", hours)),
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"“{name}” is needed, and is text.")
    if not value.isprintable() or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid(f"“{name}” holds characters that are no text.")
    return value.strip()


def _number(name: str, value: Any, *, whole: bool = False) -> float:
    sentence = f"“{name}” is a {'whole ' if whole else ''}number."
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:  # noqa: PLR2004  # digits
        raise Invalid(sentence)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Invalid(sentence) from None
    if whole and not number.is_integer():
        raise Invalid(sentence)
    return number
