"""The demo organisation for tests: built once in a run, by its own actions, and from then on copied row by row.

Building it takes half a minute of processor time, copying a second; a run needs it twenty times.
"""

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction

MIGRATIONS = "django_migrations"


class Copied(NamedTuple):
    """All rows by table, as COPY writes them, and where the sequences stand."""

    rows: dict[str, bytes]
    sequences: list[tuple[str, int]]


def copied() -> Copied:
    """What the database holds now."""
    rows = {}
    with connection.cursor() as cursor:
        for table in _tables():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as stream:
                rows[table] = b"".join(stream)
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'")
        return Copied(rows, [(name, last) for name, last in cursor.fetchall() if last is not None])


@transaction.atomic
def put_back(found: Copied) -> None:
    """Let the database hold just that; the triggers that refuse to forget rest for the moment."""
    tables = _tables()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        watched = [name for (name,) in cursor.fetchall()]
        for table in watched:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        for table in tables:
            if found.rows[table]:
                with cursor.copy(f'COPY "{table}" FROM STDIN') as stream:
                    stream.write(found.rows[table])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for table in watched:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for name, last in found.sequences:
            cursor.execute("SELECT setval(%s, %s)", [name, last])
        cursor.execute("ANALYZE")
    ContentType.objects.clear_cache()


@pytest.fixture(scope="session")
def raise_organisation(tmp_path_factory) -> Callable[[], None]:
    """To call in an empty database: the demo organisation stands in it then."""
    folder = tmp_path_factory.getbasetemp()
    place = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "organisation"

    def raised() -> None:
        with place.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the other processes wait for the first
            if not place.exists():
                call_command("demo", verbosity=0)
                _keep(place, copied())
                return
        put_back(pickle.loads(place.read_bytes()))  # ours, of this run

    return raised


def _keep(place: Path, found: Copied) -> None:
    place.with_suffix(".new").write_bytes(pickle.dumps(found))
    place.with_suffix(".new").rename(place)


def _tables() -> list[str]:
    return sorted(set(connection.introspection.table_names()) - {MIGRATIONS})
