"""Imports changes from CSV, JSON Lines or YAML files by a column map."""

import hashlib
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.actions import imports
from apps.cab.formats import rejections
from apps.cab.formats.maps import ColumnMap, find_map
from apps.cab.formats.records import Record
from apps.cab.models import ImportRun, ImportState
from apps.kernel.refusals import Refusal, TooLarge


class Command(BaseCommand):
    """`manage.py import_changes FILE --map MAP`. A run that was killed is continued when the same is typed again."""

    help = "Import changes from a file by a column map. Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, metavar="FILE", help="CSV, JSONL or YAML, also gzip; or a folder or archive of YAML"
        )
        parser.add_argument("--map", required=True, help="a shipped map by name, or the path of one")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write no change")
        parser.add_argument("--source", default="", help="what the source is called (default: as the map says)")
        parser.add_argument(
            "--cluster", default="", help="the cluster of records that name none (default: as the map says)"
        )
        parser.add_argument("--rejects", type=Path, help="write every rejected row to this CSV")
        parser.add_argument("--as", dest="handle", help="the person who imports (default: the house)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Begin or continue the run, then work it off with a line of progress a slice."""
        try:
            run = self._run(options)
        except Person.DoesNotExist:
            raise CommandError(f"There is nobody called {options['handle']}.") from None
        except (Refusal, OSError, UnicodeDecodeError) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["rejects"]:
            with options["rejects"].open("w", newline="", encoding="utf-8") as out:
                rejections.write(out, run.rejections.order_by("row", "field").iterator())
        self._report(run, options["rejects"])
        if run.state == ImportState.FAILED:
            raise CommandError(run.failure)

    def _run(self, options: dict[str, Any]) -> ImportRun:
        path: Path = options["file"]
        column_map = find_map(options["map"])
        files = _File(path, column_map)
        run = _unfinished(files, column_map, options)
        if run:
            self.stdout.write(f"Continuing import {run.pk} after row {run.done_rows:,}.")
        else:
            run = imports.begin_import(
                file_name=path.name,
                sha256=files.sha256,
                column_map=column_map,
                source=options["source"],
                cluster=options["cluster"],
                is_dry=options["dry_run"],
                open_records=files.records,
                importer=Person.objects.get(handle=options["handle"].lower()) if options["handle"] else None,
                at=timezone.now(),
            )
        started, from_row = time.monotonic(), run.done_rows
        return imports.work_off(
            run_id=run.pk,
            open_records=files.records,
            on_slice=lambda run: self._progress(run, time.monotonic() - started, run.done_rows - from_row),
        )

    def _progress(self, run: ImportRun, seconds: float, rows: int) -> None:
        rate = rows / max(seconds, 0.001)
        left = ((run.total_rows or 0) - run.done_rows) / max(rate, 0.001)
        self.stdout.write(
            f"{run.done_rows:>9,} of {run.total_rows:,} rows · {rate:,.0f} a second · {left:,.0f} s left"
            f" · {run.rejected_rows:,} rejected"
        )
        self.stdout.flush()

    def _report(self, run: ImportRun, rejects: Path | None) -> None:
        told = ", ".join(f"{count:,} {word}" for word, count in imports.counts(run).items())
        dry = " (dry run: no change was written)" if run.is_dry else ""
        self.stdout.write(f"Import {run.pk} from {run.source}: {told}{dry}.")
        if run.rejected_rows and not rejects:
            for one in run.rejections.order_by("row", "field")[:20]:
                sys.stderr.write(f"rejected  {one.place} {one.field} “{one.value}”: {one.reason}\n")


class _File:
    """A file or folder on disk: its hash, and its records as often as they are asked for."""

    def __init__(self, path: Path, column_map: ColumnMap) -> None:
        self.path, self.map = path, column_map
        if path.is_file() and path.stat().st_size > settings.IMPORT_LARGEST_BYTES:
            raise TooLarge(
                f"{path.name} is over {settings.IMPORT_LARGEST_BYTES >> 20} MB.",
                next_step="Split it, or raise IMPORT_LARGEST_MB.",
            )
        self.sha256 = self._hash()

    def records(self) -> Iterator[Record]:
        """The records from the start."""
        if self.path.is_dir():
            files = {str(path.relative_to(self.path)): path.read_bytes() for path in self._inside()}
            yield from self.map.documents(files)
            return
        with self.path.open("rb") as raw:
            yield from self.map.records(raw, name=self.path.name, most=settings.IMPORT_LARGEST_BYTES)

    def _inside(self) -> list[Path]:
        # A link could lead out of the folder.
        found = (path for path in self.path.rglob("*.y*ml") if path.is_file() and not path.is_symlink())
        return sorted(found)

    def _hash(self) -> str:
        if not self.path.is_dir():
            with self.path.open("rb") as raw:
                return hashlib.file_digest(raw, "sha256").hexdigest()
        whole = hashlib.sha256()
        for path in self._inside():
            whole.update(f"{path.relative_to(self.path)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()


def _unfinished(file: _File, column_map: ColumnMap, options: dict[str, Any]) -> ImportRun | None:
    """The run over the same file, by the same map and for the same source, that was broken off."""
    rows = ImportRun.objects.filter(
        file_sha256=file.sha256,
        map_name=column_map.name,
        source=options["source"] or column_map.source,
        is_dry=options["dry_run"],
        file="",
        state__in=[ImportState.WAITING, ImportState.RUNNING],
    )
    same = {**column_map.data}
    for run in rows.order_by("-pk"):
        if {key: value for key, value in run.map.items() if key != "cluster"} == {
            key: value for key, value in same.items() if key != "cluster"
        } and options["cluster"] in ("", run.map["cluster"]):
            return run
    return None
