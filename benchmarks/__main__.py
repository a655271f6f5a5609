"""`make bench`: 10,000 changes, then 100,000; pages, the vote, an import and conflicts beside their floors.

Only prints. `python -m benchmarks conflicts` measures only the last of these, `python -m benchmarks year metrics` only
the pages named, both at 100,000; `python -m benchmarks replays` only the replay of a policy, on 45,484; `python -m
benchmarks room` only the live room's fan-out, beside 10,000; `python -m benchmarks map` only the map's walks and lens;
`python -m benchmarks search` only the search of a catalogue of 100,000 entries; `python -m benchmarks import` only the
import of a catalogue of 50,000 entities; `python -m benchmarks lists` only the lists of the map, of 10,000 and 100,000
integrations and findings; `python -m benchmarks silos` only the assessment of silos; `python -m benchmarks conventions`
only the scan of 100,000 components by conventions; `python -m benchmarks patterns` only the decision aid over 10,000
integrations.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

SIZES = (10_000, 100_000)


def main() -> int:
    """Fill the (empty, throw-away) database, measure at each size, print the tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    os.environ["API_RATE"] = "1000000/min"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks import conflicts, imports, measure, replays, room, stage, table

    settings.ROOT_URLCONF = "benchmarks.urls"
    call_command("migrate", verbosity=0, interactive=False)
    reader = stage.people()
    if sys.argv[1:2] and sys.argv[1] in ALONE:
        ALONE[sys.argv[1]](reader)
        return 0
    if sys.argv[1:] == ["conflicts"]:
        stage.changes(1, SIZES[-1])
    elif sys.argv[1:]:
        stage.changes(1, SIZES[-1])
        conflicts.surround()
        table.pages(measure.pages(reader, sys.argv[1:]), SIZES[-1])
        return 0
    else:
        had, found = 0, {}
        for size in SIZES:
            began = time.monotonic()
            stage.changes(had + 1, size)
            print(f"{size:,} changes in place ({time.monotonic() - began:.0f} s)", flush=True)
            had, found[size] = size, measure.pages(reader)
            table.pages(found[size], size)
        table.growth(found[SIZES[0]], found[SIZES[-1]])
        table.votes(*measure.votes(reader, stage.colleague()))
        table.imports(imports.speeds())
        table.replays(replays.speed())
        table.room(room.spread())
    conflicts.surround()
    table.conflicts(conflicts.compared())
    conflicts.plan(SIZES[-1])
    table.conflicts(conflicts.compared())
    if not sys.argv[1:]:
        _lists(reader)
        _map(reader)
        _search(reader)
        _import(reader)
        _patterns(reader)
    return 0


def _replays(_: Any) -> None:
    from benchmarks import replays, stage, table

    stage.changes(1, replays.CHANGES)
    table.replays(replays.speed())


def _map(reader: Any) -> None:
    from benchmarks import map as the_map
    from benchmarks import table

    the_map.surround()
    table.graph(the_map.compared(reader))


def _room(_: Any) -> None:
    from benchmarks import room, stage, table

    stage.changes(1, SIZES[0])
    table.room(room.spread())


def _search(reader: Any) -> None:
    from benchmarks import search, table

    search.surround()
    table.search(search.compared(reader))


def _silos(reader: Any) -> None:
    from benchmarks import map as the_map
    from benchmarks import silos, table

    the_map.surround()
    table.silos(silos.took(reader))


def _patterns(reader: Any) -> None:
    from apps.clusters.models import Component
    from benchmarks import map as the_map
    from benchmarks import patterns, table

    del reader
    if Component.objects.count() < the_map.COMPONENTS:  # alone
        the_map.surround()
    pair = patterns.surround()
    ranked, found = patterns.ranked(pair[0])
    table.patterns(ranked, patterns.reopened(pair, found))


def _conventions(reader: Any) -> None:
    from benchmarks import conventions, search, table

    search.surround()
    table.conventions(conventions.took(reader))


def _lists(reader: Any) -> None:
    from benchmarks import measure, registry, table

    had, found = 0, []
    for size in SIZES:
        registry.surround(had + 1, size)
        had = size
        found.append(measure.pages(reader, of_map=True))
        table.pages(found[-1], size, what="integrations")
    table.growth(*found)


def _import(reader: Any) -> None:
    from benchmarks import catalogue, table

    table.catalogue(catalogue.took(reader))


ALONE: dict[str, Callable[[Any], None]] = {
    "replays": _replays,
    "map": _map,
    "room": _room,
    "search": _search,
    "silos": _silos,
    "conventions": _conventions,
    "lists": _lists,
    "patterns": _patterns,
    "import": _import,
}

if __name__ == "__main__":
    sys.exit(main())
