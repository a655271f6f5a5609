"""Answers that are files for a spreadsheet: streamed, and bounded."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse

from apps.clusters.formats import sheets
from apps.kernel.refusals import NotFound


def kind_of(name: str) -> str:
    """The kind of file that an address ends in; refuses others than CSV and XLSX."""
    if name not in sheets.TYPES:
        raise NotFound(f"There is no export as “{name[:10]}”.", next_step="Ask for csv or xlsx.")
    return name


def download(name: str, kind: str, header: sheets.Row, rows: Iterable[sheets.Row]) -> StreamingHttpResponse:
    """A table as a file called `name`.`kind` (CSV or XLSX), written while it is read."""
    return StreamingHttpResponse(
        sheets.written(kind_of(kind), header, rows),
        content_type=sheets.TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )
