"""Catalogues as CSV, read through a column map that is data: whose column is which field, and what its values mean."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.clusters.formats.catalog import (
    MOST_BYTES,
    MOST_ROWS,
    Catalog,
    ClusterRow,
    ComponentRow,
    DependencyRow,
    Place,
    PlacementRow,
    Row,
    cluster_slug,
    printable,
)
from apps.kernel.refusals import Invalid, TooLarge
from apps.kernel.sheets import bare_cell, guarded_cell

# Fields by kind of row; the ones in the second set must have a value.
FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "clusters": (frozenset({"slug", "name", "purpose", "zone", "visibility"}), frozenset({"slug"})),
    "components": (
        frozenset(
            {"cluster", "slug", "name", "kind", "tier", "lifecycle", "description", "owner_name", "sites", "tags"}
        ),
        frozenset({"slug"}),
    ),
    "dependencies": (
        frozenset(
            {"consumer_cluster", "consumer", "kind", "provider_cluster", "provider"}
            | {"weight", "data_class", "safeguard"}
        ),
        frozenset({"consumer", "provider"}),
    ),
    "placements": (frozenset({"cluster", "site", "host", "runs"}), frozenset({"cluster", "site", "host"})),
}
LONGEST_CELL = 131_072  # characters; the parser's own bound is one for the whole process, and others raise it
LISTS = frozenset({"sites", "tags", "runs"})
CHOICES = {
    "lifecycle": frozenset({"experimental", "production", "deprecated", "retired"}),
    "visibility": frozenset({"open", "restricted"}),
    "data_class": frozenset({"public", "internal", "confidential", "restricted"}),
}
MOST_WEIGHT = 1_000_000
TIERS = frozenset({"0", "1", "2", "3"})
_END_CLUSTERS = ("consumer_cluster", "provider_cluster")
_COLUMN_KEYS = frozenset({"column", "values", "default", "split", "prefix", "fixed", "or"})


@dataclass(frozen=True)
class Column:
    """How one field is filled: from a column or fixed; translated by `values`; `default` when empty or unknown.

    Where its cell is empty, another column may tell (`instead`, "or" in a map), with a prefix of its own.
    """

    column: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    split: str = ""
    prefix: str = ""
    fixed: str | None = None
    instead: "Column | None" = None


@dataclass(frozen=True)
class ColumnMap:
    """Which kind of row a file holds and how each field is filled."""

    rows: str
    columns: Mapping[str, Column]
    delimiter: str = ","


def generic_map(rows: str) -> ColumnMap:
    """The map of a file whose columns are named as our fields; lists are split at semicolons."""
    names = FIELDS[rows][0]
    return ColumnMap(rows, {name: Column(name, split=";" if name in LISTS else "") for name in names})


def read_map(data: Any) -> ColumnMap:
    """A column map from its JSON form: {"rows": …, "columns": {field: column or {…}}, "delimiter": ","}.

    Refuses unknown kinds of rows, fields and keys, naming each.
    """
    if not isinstance(data, dict) or data.get("rows") not in list(FIELDS):
        raise _bad_map("“rows” must be clusters, components, dependencies or placements.")
    if unknown := set(data) - {"rows", "columns", "delimiter"}:
        raise _bad_map(f"it has no part called {_list(unknown)}.")
    rows, columns = data["rows"], data.get("columns")
    known, required = FIELDS[rows]
    if not isinstance(columns, dict) or not required <= set(columns) or not set(columns) <= known:
        raise _bad_map(f"“columns” must name {_list(required)} and may name {_list(known - required)}.")
    delimiter = data.get("delimiter", ",")
    if delimiter not in (",", ";", "\t", "|"):
        raise _bad_map("“delimiter” must be a comma, semicolon, tab or bar.")
    return ColumnMap(rows, {name: _column(name, spec) for name, spec in columns.items()}, delimiter)


def parse(content: bytes, *, file: str, columns: ColumnMap, cluster_map: Mapping[str, str] | None = None) -> Catalog:
    """Everything the file says; rows that do not fit are among the rejections.

    Refuses a file as a whole only where nothing in it can be trusted: too large, not UTF-8, no header, a column
    missing, broken quoting.
    """
    reader = csv.reader(io.StringIO(_decoded(content, file), newline=""), delimiter=columns.delimiter, strict=True)
    catalog = Catalog()
    lines = _lines(reader, file)
    _, header = next(lines, (1, []))
    _require_header(header, columns, file)
    for count, (line, cells) in enumerate(lines):
        if count >= MOST_ROWS:
            raise TooLarge(f"{file} has more than {MOST_ROWS} rows.", next_step="Split the file.")
        place = Place(file, line)
        if len(cells) == len(header):
            _take(catalog, place, dict(zip(header, cells, strict=True)), columns, cluster_map or {})
        elif cells:
            reason = f"The row has {len(cells)} cells, the header {len(header)}."
            catalog.refuse(place, "", columns.delimiter.join(cells), reason)
    return catalog


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MOST_BYTES:
        raise TooLarge(f"{file} is over {MOST_BYTES >> 20} MB.", next_step="Split the file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"{file} is not UTF-8: byte {error.start + 1} cannot be read.",
            next_step="Save it as “CSV UTF-8” and send it again.",
            code="wrong_encoding",
        ) from None
    if "\x00" in text:
        raise Invalid(
            f"{file} holds NUL characters: it is not text, or it is UTF-16.",
            next_step="Save it as “CSV UTF-8” and send it again.",
            code="wrong_encoding",
        )
    return text


def _require_short(cells: list[str]) -> None:
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise csv.Error(f"a cell is longer than {LONGEST_CELL} characters")


def _lines(reader: Any, file: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on."""
    start = 1
    try:
        for cells in reader:
            _require_short(cells)
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            f"{file} cannot be read from line {start}: {error}.",
            next_step="Correct the quotes on that line, or shorten its longest field.",
            code="broken_csv",
        ) from None


def _require_header(header: list[str], columns: ColumnMap, file: str) -> None:
    if not header:
        raise Invalid(f"{file} is empty.", next_step="Send a file with a header line.")
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise Invalid(f"{file} has two columns called “{doubled[0][:80]}”.", next_step="Rename one of them.")
    required = FIELDS[columns.rows][1]
    # A generic map names every field; a file need only bring the ones it has.
    named = [
        *columns.columns.items(),
        *((name, spec.instead) for name, spec in columns.columns.items() if spec.instead),
    ]
    wanted = {spec.column for name, spec in named if spec.column != name or name in required}
    if missing := sorted(wanted - set(header) - {""}):
        raise Invalid(
            f"{file} has no column called {_list(missing)}.",
            next_step=f"Its columns are {_list(name[:80] for name in header[:40])}: correct the map or the file.",
            code="missing_column",
        )


def _take(
    catalog: Catalog, place: Place, cells: Mapping[str, str], columns: ColumnMap, cluster_map: Mapping[str, str]
) -> None:
    values: dict[str, Any] = {}
    for name, first in columns.columns.items():
        spec, raw = _telling(first, cells)
        value = _value(spec, raw)
        if reason := _reason(name, value, raw, spec, columns):
            catalog.refuse(place, spec.column or name, raw, reason)
            return
        if value is not None:
            values[name] = _typed(name, value, spec)
    catalog.take(_row(columns.rows, place, values, cluster_map))


def _row(rows: str, place: Place, values: dict[str, Any], cluster_map: Mapping[str, str]) -> Row:
    if rows == "clusters":
        return ClusterRow(place, slug=cluster_slug([values.pop("slug")], cluster_map), **values)
    if rows == "dependencies":
        ends: dict[str, Any] = {
            end: cluster_slug([values.pop(end)], cluster_map) for end in _END_CLUSTERS if end in values
        }
        return DependencyRow(place, **ends, **values)
    named = values.pop("cluster", "")
    cluster = cluster_slug([named], cluster_map)
    if rows == "placements":
        return PlacementRow(place, cluster=cluster, **values)
    return ComponentRow(place, cluster=cluster, cluster_name=named, **values)


def _telling(spec: Column, cells: Mapping[str, str]) -> tuple[Column, str]:
    """The column that fills a field, and its cell: the other one where the first is empty."""
    raw = bare_cell(cells.get(spec.column, "").strip())
    return _telling(spec.instead, cells) if not raw and spec.instead else (spec, raw)


def _value(spec: Column, raw: str) -> str | None:
    """The field's text: None where the file has no such column or leaves it empty without a default."""
    if spec.fixed is not None:
        return spec.fixed
    if spec.values:
        return spec.values.get(raw, spec.default)
    return f"{spec.prefix}{raw}" if raw else spec.default


def _reason(name: str, value: str | None, raw: str, spec: Column, columns: ColumnMap) -> str:
    """Why the value cannot be taken; "" when it can."""
    if value is None:
        if spec.values and raw:
            return f"The map knows only {_list(spec.values)}."
        return "It is empty, and the row needs it." if name in FIELDS[columns.rows][1] else ""
    if name == "tier" and value not in TIERS:
        return "A tier is a number from 0 (foundation) to 3 (ordinary)."
    if name in CHOICES and value not in CHOICES[name]:
        return f"It is one of {_list(CHOICES[name])}."
    if name == "weight" and not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST_WEIGHT):
        return f"A weight is a whole number from 1 to {MOST_WEIGHT:,}."
    return ""


def _typed(name: str, value: str, spec: Column) -> Any:
    if name in LISTS:
        parts = _json_texts(value) or (value.split(spec.split) if spec.split else [value])
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return int(value) if name in ("tier", "weight") else value


def _json_texts(value: str) -> list[str]:
    """A list written as JSON, for items in which a semicolon stands; empty where it is none."""
    try:
        found = json.loads(value) if value.startswith('["') else []
    except (ValueError, RecursionError):
        return []
    return found if all(isinstance(one, str) for one in found) else []


def _column(name: str, spec: Any) -> Column:
    if isinstance(spec, str):
        return Column(column=spec, split=";" if name in LISTS else "")
    if not isinstance(spec, dict) or not set(spec) <= _COLUMN_KEYS or not {"column", "fixed"} & set(spec):
        raise _bad_map(f"“{name}” must be a column's name, or an object with {_list(_COLUMN_KEYS)}.")
    texts = {key: value for key, value in spec.items() if key not in ("values", "or")}
    values = spec.get("values", {})
    told = [*texts.values(), *values, *values.values()] if isinstance(values, dict) else [None]
    if not all(isinstance(text, str) and printable(text) == text for text in told):
        raise _bad_map(f"Everything under “{name}” must be text, and “values” an object of texts.")
    other = spec.get("or")
    if isinstance(other, dict) and "or" in other:
        raise _bad_map(f"“{name}” may be told by one other column, not by a chain of them.")
    return Column(values=values, instead=None if other is None else _column(name, other), **texts)


def _bad_map(sentence: str) -> Invalid:
    return Invalid(
        f"The column map does not fit: {sentence}",
        next_step="Correct the map; docs/reference/catalog-import.md shows one.",
        fields={"map": [sentence]},
        code="bad_map",
    )


def _list(words: Any) -> str:
    return ", ".join(sorted(str(word) for word in words)) or "none"


# The files of an archive that holds a whole catalogue, and their columns in order.
FILES: Mapping[str, tuple[str, ...]] = {
    "clusters": ("slug", "name", "purpose", "zone", "visibility"),
    "components": (
        *("cluster", "slug", "name", "kind", "tier", "lifecycle", "description", "owner_name"),
        *("sites", "tags"),
    ),
    "dependencies": (
        *("consumer_cluster", "consumer", "kind", "provider_cluster", "provider"),
        *("weight", "data_class", "safeguard"),
    ),
    "placements": ("cluster", "site", "host", "runs"),
}


DELIMITERS = (",", ";", "\t", "|")
_SHOWN = 3  # rows of a file that its columns are chosen by


@dataclass(frozen=True)
class Top:
    """What stands at the top of a file: how its cells are parted, its header, and the first rows."""

    delimiter: str
    header: list[str]
    rows: list[list[str]]

    @property
    def columns(self) -> list[tuple[str, list[str]]]:
        """Each column with its first cells."""
        return [(name, [row[n] for row in self.rows if n < len(row) and row[n]]) for n, name in enumerate(self.header)]

    def has(self, rows: str) -> bool:
        """Whether it can be read without a map, as rows of a kind."""
        return self.delimiter == "," and FIELDS[rows][1] <= set(self.header)


def top_of(content: bytes, *, file: str) -> Top:
    """The top of a file; refuses what `parse` refuses of every file."""
    text = _decoded(content, file)
    line = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = [cells for _, (_, cells) in zip(range(_SHOWN + 1), _lines(reader, file), strict=False)]
    if not found or not any(cell.strip() for cell in found[0]):
        raise Invalid(f"{file} is empty.", next_step="Send a file with a header line.")
    return Top(delimiter, found[0], found[1:])


def parse_files(files: Mapping[str, bytes], *, cluster_map: Mapping[str, str] | None = None) -> Catalog:
    """Everything that the files of an archive say: each is named for what it holds, as `render` names them."""
    whole = Catalog()
    by_kind = {name.rsplit("/", 1)[-1].removesuffix(".csv"): name for name in sorted(files)}
    if unknown := set(by_kind) - set(FILES):
        raise Invalid(
            f"The archive holds a file that is none of {_list(f'{name}.csv' for name in FILES)}:"
            f" {by_kind[min(unknown)][:100]}.",
            next_step="Name each file for what it holds, or send them one by one with a column map.",
            code="unknown_file",
        )
    for kind in (kind for kind in FILES if kind in by_kind):
        name = by_kind[kind]
        said = parse(files[name], file=name, columns=generic_map(kind), cluster_map=cluster_map)
        for part, rows in vars(said).items():
            getattr(whole, part).extend(rows)
    return whole


def render(catalog: Catalog) -> dict[str, bytes]:
    """The catalogue as the files that `parse_files` reads: name → content."""
    return {f"{kind}.csv": _written(names, getattr(catalog, kind)) for kind, names in FILES.items()}


def _written(names: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        writer.writerow([guarded_cell(_cell(getattr(row, name))) for name in names])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        has_bounds = any(";" in one or one.startswith('["') for one in value)
        return json.dumps(value, ensure_ascii=False) if has_bounds else ";".join(value)
    return "" if value is None else str(value)
