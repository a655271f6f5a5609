"""Imports clusters, components and dependencies from CSV, Backstage or Kubernetes files."""

import csv
import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Person
from apps.clusters import queries
from apps.clusters.actions.imports import TakenUp, begin_import, write_out
from apps.clusters.actions.reading import read_catalog
from apps.clusters.formats import archives, backstage
from apps.clusters.formats.catalog import MOST_BYTES, Rejection
from apps.clusters.models import CatalogFormat, CatalogImport
from apps.clusters.queries import Status
from apps.clusters.queries.steps import WHAT
from apps.clusters.states import CatalogState
from apps.kernel.refusals import Refusal, TooLarge
from apps.kernel.sheets import safe_cell

Counts = Mapping[str, Mapping[str, int]]
_IN_ARCHIVES = str.maketrans(":\\", "--")  # signs of other systems' paths, that no archive may have
_TURN_S = 1.0  # seconds between two looks at an import that another process has taken up


class Command(BaseCommand):
    """`manage.py import_catalog FILE… --format csv|backstage|kubernetes`."""

    help = (
        "Import clusters, components and dependencies, parcel by parcel. Running it again changes nothing;"
        " broken off, it goes on where it stood."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file; but for CSV also a folder")
        parser.add_argument("--format", required=True, choices=CatalogFormat.values)
        parser.add_argument(
            "--rows", default="components", help="clusters, components, dependencies or placements (generic CSV)"
        )
        parser.add_argument("--map", type=Path, help="column map of a CSV, as JSON")
        parser.add_argument(
            "--cluster-map", action="append", default=[], metavar="NAME=SLUG|FILE", help="which cluster a name means"
        )
        parser.add_argument("--found-clusters", action="store_true", help="found clusters that components name")
        parser.add_argument("--refuse-loose", action="store_true", help="reject dependencies with an unknown end")
        parser.add_argument("--dry-run", action="store_true", help="show what would change and write nothing")
        parser.add_argument("--rejects", type=Path, help="write every rejected row to this CSV")
        parser.add_argument("--as", dest="handle", help="the person who imports (default: the house)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Read every file as one catalogue, then plan or write it."""
        try:
            importer = Person.objects.get(handle=options["handle"].lower()) if options["handle"] else None
            given = _given(options)
            if options["dry_run"]:
                counts, rejections = self._planned(given, importer, options)
            else:
                upload = self._written(given, importer)
                counts, rejections = upload.counts, [Rejection(**one) for one in upload.rejections]
                rejections.sort(key=lambda one: (one.file, one.row))
        except Person.DoesNotExist:
            raise CommandError(f"There is nobody called {options['handle']}.") from None
        except (Refusal, OSError, json.JSONDecodeError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._report(counts, rejections)
        if options["rejects"]:
            _write_rejects(options["rejects"], rejections)

    def _planned(
        self, given: dict[str, Any], importer: Person | None, options: dict[str, Any]
    ) -> tuple[Counts, list[Rejection]]:
        plan = queries.plan_import(
            read_catalog(**given),
            person=importer,
            found_clusters=options["found_clusters"],
            refuse_loose=options["refuse_loose"],
            at=timezone.now(),
        )
        for step in plan.having(Status.NEW, Status.CHANGED):
            changes = "; ".join(f"{name}: {before!r} → {after!r}" for name, before, after in step.changes)
            self.stdout.write(f"{step.status.value:9} {step.what:10} {step.label}  {changes}".rstrip())
        return plan.counts(), plan.rejections

    def _written(self, given: dict[str, Any], importer: Person | None) -> CatalogImport:
        """Write it parcel by parcel; beside a worker that has taken it up, they take turns."""
        upload, catalog = begin_import(**given, importer=importer, at=timezone.now())
        if upload.done_rows:
            self.stdout.write(f"Goes on after {upload.done_rows:,} of {upload.total_rows:,} rows.")
        while not upload.is_over:
            try:
                upload = write_out(upload, catalog)
            except TakenUp:
                time.sleep(_TURN_S)
                upload = CatalogImport.objects.select_related("importer").get(pk=upload.pk)
        if upload.state != CatalogState.DONE:
            raise CommandError(upload.failure or f"It was cancelled after {upload.done_rows:,} rows, which stay.")
        return upload

    def _report(self, counts: Counts, rejections: list[Rejection]) -> None:
        for rejection in rejections:
            place = f"{rejection.file}:{rejection.row}"
            self.stderr.write(f"rejected  {place} {rejection.field} “{rejection.value}”: {rejection.reason}")
        for what in (*WHAT, "rejected"):
            self.stdout.write(f"{what}: " + ", ".join(f"{count} {word}" for word, count in counts[what].items()))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """What is read: one file as it is, several packed into one; and how."""
    how: dict[str, Any] = {
        "cluster_map": _cluster_map(options["cluster_map"]),
        "rows": options["rows"],
        "map": json.loads(options["map"].read_text()) if options["map"] else None,
        **{name: options[name] for name in ("found_clusters", "refuse_loose")},
    }
    paths, name = options["files"], options["files"][0].name
    given = {"file_name": name, "catalog_format": options["format"], "options": how}
    if len(paths) == 1 and not paths[0].is_dir():
        return {**given, "content": _bounded(paths[0])}
    files, entries = _gathered(paths)
    if sum(map(len, files.values())) > MOST_BYTES:
        raise TooLarge(f"The files are over {MOST_BYTES >> 20} MB together.", next_step="Import a part of them first.")
    how |= {"apart": True} if options["format"] == CatalogFormat.CSV else {"entries": sorted(entries)}
    return {**given, "content": archives.pack(files)}


def _gathered(paths: list[Path]) -> tuple[dict[str, bytes], set[str]]:
    """The files by name, and which of them are entries: those given, and in folders every catalog-info.yaml."""
    files: dict[str, bytes] = {}
    entries: set[str] = set()
    for path in paths:
        is_folder = path.is_dir()
        top = path.resolve() if is_folder else path
        inside = [one for one in sorted(top.rglob("*.y*ml")) if _is_plain(one)] if is_folder else [top]
        for found in inside:
            name = found.relative_to(top.parent).as_posix().translate(_IN_ARCHIVES)
            while name in files:
                name = f"again/{name}"  # of another folder
            files[name] = _bounded(found)
            if not is_folder or found.name in backstage.ENTRY_FILES:
                entries.add(name)
    return files, entries


def _is_plain(path: Path) -> bool:
    """Whether it is a file; a link could lead out of the folder."""
    return path.is_file() and not path.is_symlink()


def _bounded(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(f"{path.name} is over {MOST_BYTES >> 20} MB.", next_step="Split the file.")
    return path.read_bytes()


def _cluster_map(given: list[str]) -> dict[str, str]:
    """Pairs NAME=SLUG, or files of them as one JSON object."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, slug = text.rpartition("=")
        found |= {name: slug} if equals else json.loads(Path(text).read_text())
    return found


def _write_rejects(path: Path, rejections: list[Rejection]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "row", "field", "value", "reason"])
        for rejection in rejections:
            writer.writerow([safe_cell(value) for value in vars(rejection).values()])
