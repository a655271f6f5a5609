"""Any list as a file: what its filters leave and its viewer may see, streamed and bounded.

A list offers itself with `components/exports.html`, and answers in its view, after its filters and before its pages::

    if kind := asked(request):
        return export(CHANGES, kind, rows.order_by("-number"))
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from apps.kernel import sheets
from apps.kernel.refusals import NotFound, TooLarge

MOST = 200_000  # rows of one file
_FETCHED = 2_000  # rows at once


@dataclass(frozen=True)
class Table:
    """What a file holds: its name, and a value of each row under each heading."""

    name: str
    columns: Mapping[str, Callable[[Any], object]]

    def cells(self, row: Any) -> sheets.Row:
        """One row, in the order of the columns."""
        return [value(row) for value in self.columns.values()]


def asked(request: HttpRequest) -> str:
    """The kind of file that the address of a list asks for (`?export=csv`); empty: the page itself."""
    return request.GET.get("export", "")


def export(table: Table, kind: str, rows: QuerySet[Any, Any], *, most: int = MOST) -> StreamingHttpResponse:
    """The rows, in their order, as a file; refuses more than `most` of them rather than leaving some out."""
    if rows.order_by()[: most + 1].count() > most:
        raise TooLarge(
            f"There are more than {most:,} rows.", next_step="Narrow the list by its filters, and export it in parts."
        )
    return download(table.name, kind, tuple(table.columns), map(table.cells, rows.iterator(chunk_size=_FETCHED)))


def listed(table: Table, kind: str, rows: Iterable[Any]) -> StreamingHttpResponse:
    """As `export`, of rows that have been read: the few of a page that shows all of them."""
    return download(table.name, kind, tuple(table.columns), map(table.cells, rows))


def download(name: str, kind: str, header: sheets.Row, rows: Iterable[sheets.Row]) -> StreamingHttpResponse:
    """A table as a file called `name`.`kind` (CSV, XLSX or JSON), written while it is read; refuses other kinds."""
    if kind not in sheets.TYPES:
        raise NotFound(f"There is no export as “{kind[:10]}”.", next_step="Ask for csv, xlsx or json.")
    return StreamingHttpResponse(
        sheets.written(kind, header, rows),
        content_type=sheets.TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )
