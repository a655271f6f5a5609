"""The application refuses a database that is too old, may lose acknowledged votes, or was made by another checkout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

# What PostgreSQL must have on for a commit to survive a power cut. `remote_*` and `local` wait for the disk too.
NEEDED = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}
OLDEST = 15  # PostgreSQL's major version; the newest that is tested is 18


def require_durable_database() -> None:
    """Raise ImproperlyConfigured, naming each setting, unless the database is durable. Test servers are excused."""
    if not settings.CONCORDAT_REQUIRE_DURABLE:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(NEEDED)])
        wrong = [f"{name} is {value}" for name, value in cursor.fetchall() if value not in NEEDED[name]]
        version = cursor.connection.info.server_version // 10_000
    connection.close()
    if version < OLDEST:
        raise ImproperlyConfigured(f"This is PostgreSQL {version}. Concordat needs {OLDEST} or newer: upgrade it.")
    if wrong:
        raise ImproperlyConfigured(
            f"This database may lose acknowledged votes: {', '.join(sorted(wrong))}. Turn it on."
        )


@checks.register(checks.Tags.database)
def check_migrations_are_known(*, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """An error where a database records migrations of ours that this checkout lacks; `migrate` asks first."""
    unknown = sorted({name for alias in databases or () for name in _unknown_migrations(alias)})
    if not unknown:
        return []
    return [
        checks.Error(
            f"This database was made by another version of Concordat: {', '.join(unknown)} is unknown to this one. "
            "Nothing has been changed in it.",
            hint="`make demo` makes the demo organisation's database anew; what you put into it is lost. "
            "To keep it, go back to the version that made it.",
            id="concordat.E001",
        )
    ]


def _unknown_migrations(alias: str) -> set[str]:
    """What is recorded for our areas and has no file. Other packages' are theirs: they squash and drop their own."""
    ours = {one.label: f"{one.path}/migrations" for one in apps.get_app_configs() if one.name.startswith("apps.")}
    recorded = MigrationRecorder(connections[alias]).applied_migrations()
    return {
        f"{label}.{name}" for label, name in recorded if label in ours and not Path(f"{ours[label]}/{name}.py").exists()
    }
