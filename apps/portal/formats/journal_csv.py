"""Journal entries as CSV (RFC 4180) that no spreadsheet runs."""

import csv
import json
from collections.abc import Iterable, Iterator

from apps.clusters.formats.catalog import safe_cell
from apps.journal.events import words_for
from apps.journal.models import Entry

COLUMNS = (
    "sequence",
    "at",
    "recorded_at",
    "event",
    "words",
    "actor",
    "subject_type",
    "subject_id",
    "subject",
    "data",
    "digest",
)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The header and one line per entry, instants in UTC. Cells that look like formulas begin with an apostrophe."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        yield writer.writerow([safe_cell(cell) for cell in _cells(entry)])


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.pk),
        entry.at.isoformat(),
        entry.recorded_at.isoformat(),
        entry.event,
        words_for(entry.event),
        entry.actor.get_username() if entry.actor else "",
        entry.subject_type,
        str(entry.subject_id),
        entry.subject_label,
        json.dumps(entry.data, sort_keys=True, ensure_ascii=False),
        entry.digest,
    )
