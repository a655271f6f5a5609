"""Tables as files, written while they are read: CSV (RFC 4180), XLSX (ECMA-376, one sheet) and JSON (RFC 8259).

No cell is ever run as a formula: in CSV an apostrophe stands before what looks like one; in XLSX text is written as
inline text, which no program evaluates. JSON is a list of objects, a key a heading. Memory does not grow with the rows.
"""

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import RawIOBase
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

Row = Sequence[object]
CSV, XLSX, JSON = "csv", "xlsx", "json"
TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    JSON: "application/json",
}
LONGEST_CELL = 32_767  # characters; what a spreadsheet's cell holds at most
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets run
_CHUNK = 200  # rows written at once
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe_cell(value: object) -> str:
    """A value for a cell of an exported CSV: an apostrophe keeps what a spreadsheet would run as a formula as text."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def guarded_cell(text: str) -> str:
    """As `safe_cell`, of a text that is read again: `bare_cell` gives exactly it back."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def bare_cell(text: str) -> str:
    """The text of a cell without the apostrophe that kept a spreadsheet from running it."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text


def written(kind: str, header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """The header and one line a row, as bytes of the asked `kind` (one of TYPES)."""
    writers: dict[str, Callable[[Row, Iterable[Row]], Iterator[bytes]]] = {CSV: _csv, XLSX: _xlsx, JSON: _json}
    return writers[kind](header, rows)


class _Echo:
    """A text file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _csv(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield str(writer.writerow(header)).encode()
    for chunk in _chunks(rows):
        lines = (writer.writerow([_csv_cell(cell) for cell in row]) for row in chunk)
        yield "".join(str(line) for line in lines).encode("utf-8", "replace")


def _csv_cell(value: object) -> object:
    return value if _is_number(value) else safe_cell(_text(value))


def _json(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    names, before = [str(one) for one in header], "[\n"
    for chunk in _chunks(rows):
        told = (dict(zip(names, map(_json_cell, row), strict=True)) for row in chunk)
        yield (before + ",\n".join(json.dumps(one, ensure_ascii=False) for one in told)).encode("utf-8", "replace")
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _json_cell(value: object) -> object:
    """Numbers, yes and no, and nothing stay what they are; a decimal becomes a number, all else the cell's text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if isfinite(value) else None
    return _text(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


class _Pipe(RawIOBase):
    """What a ZIP archive is written to: keeps the bytes until they are taken away."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.kept += data
        return len(data)

    def taken(self) -> bytes:
        taken, self.kept = bytes(self.kept), bytearray()
        return taken


_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
    f'"{_SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    f'"{_SHEET_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def _xlsx(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _DECLARED + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'{_DECLARED}<worksheet xmlns="{_NAMESPACE}"><sheetData>{_xlsx_row(header)}'.encode())
            for chunk in _chunks(rows):
                sheet.write("".join(map(_xlsx_row, chunk)).encode())
                yield pipe.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield pipe.taken()


def _xlsx_row(row: Row) -> str:
    return f"<row>{''.join(map(_xlsx_cell, row))}</row>"


def _xlsx_cell(value: object) -> str:
    if _is_number(value):
        return f"<c><v>{value}</v></c>"
    text = _NOT_XML.sub("\ufffd", _text(value))[:LONGEST_CELL]
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _text(value: object) -> str:
    """A value as a cell reads: instants in UTC (ISO 8601), yes and no as words, nothing as an empty cell."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds") if value.tzinfo else value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
