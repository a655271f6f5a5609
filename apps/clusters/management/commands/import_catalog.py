"""Imports clusters, components and dependencies from CSV, Backstage or Kubernetes files."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Person
from apps.clusters import actions, queries
from apps.clusters.actions.imports import read_catalog
from apps.clusters.formats import backstage, kubernetes
from apps.clusters.formats.catalog import MOST_BYTES, Catalog, Rejection
from apps.clusters.models import CatalogFormat
from apps.clusters.queries import Plan, Status
from apps.kernel.refusals import Refusal, TooLarge
from apps.kernel.sheets import safe_cell


class Command(BaseCommand):
    """`manage.py import_catalog FILE… --format csv|backstage|kubernetes`."""

    help = "Import clusters, components and dependencies. Running it again changes nothing."

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
            catalog = _catalog(options)
            given = {name: options[name] for name in ("found_clusters", "refuse_loose")} | {"at": timezone.now()}
            if options["dry_run"]:
                plan = queries.plan_import(catalog, person=importer, **given)
            else:
                source = f"{options['format']}:{options['files'][0].name}"
                plan = actions.import_catalog(catalog=catalog, importer=importer, source=source, **given)
        except Person.DoesNotExist:
            raise CommandError(f"There is nobody called {options['handle']}.") from None
        except (Refusal, OSError, json.JSONDecodeError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._report(plan, is_dry=options["dry_run"])
        if options["rejects"]:
            _write_rejects(options["rejects"], plan.rejections)

    def _report(self, plan: Plan, *, is_dry: bool) -> None:
        for step in plan.having(Status.NEW, Status.CHANGED) if is_dry else []:
            changes = "; ".join(f"{name}: {before!r} → {after!r}" for name, before, after in step.changes)
            self.stdout.write(f"{step.status.value:9} {step.what:10} {step.label}  {changes}".rstrip())
        for rejection in plan.rejections:
            place = f"{rejection.file}:{rejection.row}"
            self.stderr.write(f"rejected  {place} {rejection.field} “{rejection.value}”: {rejection.reason}")
        for what, told in plan.counts().items():
            self.stdout.write(f"{what}: " + ", ".join(f"{count} {word}" for word, count in told.items()))


def _catalog(options: dict[str, Any]) -> Catalog:
    read = {
        "cluster_map": _cluster_map(options["cluster_map"]),
        "rows": options["rows"],
        "map": json.loads(options["map"].read_text()) if options["map"] else None,
    }
    has_many = len(options["files"]) > 1 or any(path.is_dir() for path in options["files"])
    if has_many and options["format"] != CatalogFormat.CSV:
        files, entries = _gathered(options["files"])
        if options["format"] == CatalogFormat.KUBERNETES:
            return kubernetes.parse(files, cluster_map=read["cluster_map"])
        return backstage.parse(files, entries=frozenset(entries), cluster_map=read["cluster_map"])
    catalog = Catalog()
    for path in options["files"]:
        said = read_catalog(file_name=path.name, content=_bounded(path), catalog_format=options["format"], options=read)
        for name, rows in vars(said).items():
            getattr(catalog, name).extend(rows)
    return catalog


def _gathered(paths: list[Path]) -> tuple[dict[str, bytes], set[str]]:
    """The files by name, and which of them are entries: those given, and in folders every catalog-info.yaml."""
    files: dict[str, bytes] = {}
    entries: set[str] = set()
    for path in paths:
        inside = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        for found in inside:
            # A link could lead out of the folder.
            if found.is_symlink() or not found.is_file():
                continue
            name = f"{path.name}/{found.relative_to(path).as_posix()}" if path.is_dir() else found.name
            files[name] = _bounded(found)
            if not path.is_dir() or found.name in backstage.ENTRY_FILES:
                entries.add(name)
    return files, entries


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
