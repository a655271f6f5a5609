"""Helpers of the import tests: files on disk and the command that reads them."""

import csv
import io
from pathlib import Path

from django.core.management import call_command

from apps.cab.models import ImportRun

MAPS = Path(__file__).parent / "maps"
HEADER = [
    "id",
    "title",
    "requester",
    "purpose",
    "components",
    "created_at",
    "implemented_at",
    "reverts",
    "outcome",
    "state",
]


def csv_file(folder: Path, *rows: dict, name: str = "changes.csv", header: list[str] = HEADER) -> Path:
    """A CSV of the generic map; what a row does not say is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="")
    writer.writeheader()
    writer.writerows({"title": f"Change {row.get('id')}", "requester": "@Ada", **row} for row in rows)
    path = folder / name
    path.write_text(out.getvalue(), "utf-8")
    return path


def run_import(
    path: Path, *, column_map: str | Path = "generic-csv", cluster: str = "payments", **options
) -> ImportRun:
    """The run that the command leaves behind."""
    call_command("import_changes", path, map=str(column_map), cluster=cluster, stdout=io.StringIO(), **options)
    return ImportRun.objects.latest("pk")


def reasons(run: ImportRun) -> dict[int, tuple[str, str]]:
    """Row → (field, reason) of what was rejected."""
    return {one.row: (one.field, one.reason) for one in run.rejections.all()}
