"""An import beside its floors: the same file through the bare parser, and through the bare parser into COPY."""

import csv
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection

ROWS = 10_000
HEADER = [
    "id",
    "title",
    "requester",
    "implementer",
    "purpose",
    "components",
    "implementation_plan",
    "backout_plan",
    "created_at",
    "implemented_at",
    "outcome",
]


@dataclass(frozen=True)
class Speeds:
    """Rows a second."""

    imported: float
    again: float
    parsed: float
    copied: float


def speeds() -> Speeds:
    """Import `ROWS` new records, the same once more, and what the machine does with the bare file right after."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        _write(path)
        imported, again = _rate(lambda: _import(path)), _rate(lambda: _import(path))
        return Speeds(imported, again, _rate(lambda: _parse(path)), _rate(lambda: _copy(path)))


def _write(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for n in range(ROWS):
            people, parts = (f"author {n % 300}", f"author {n % 70}"), f"site/{n % 900};role/{n % 400}"
            plans = ("Drain, change, watch the error rate for ten minutes. " * 4, "Put the old one back. " * 3)
            times = (f"2026-0{1 + n % 9}-10T10:00:00Z", f"2026-0{1 + n % 9}-11T10:00:00Z")
            writer.writerow([f"R-{n}", f"Change {n} of the rack", *people, "It is due.", parts, *plans, *times, ""])


def _import(path: Path) -> None:
    call_command("import_changes", path, map="generic-csv", cluster="cluster-1", source="bench", stdout=io.StringIO())


def _parse(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file):
            pass


def _copy(path: Path) -> None:
    with connection.cursor() as cursor, path.open(newline="", encoding="utf-8") as file:
        cursor.execute(f"CREATE TABLE bench_floor ({', '.join(f'{name} text' for name in HEADER)})")
        with cursor.copy("COPY bench_floor FROM STDIN") as copy:
            for row in csv.reader(file):
                copy.write_row(row)
        cursor.execute("DROP TABLE bench_floor")


def _rate(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return ROWS / (time.perf_counter() - began)
