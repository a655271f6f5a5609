"""The application refuses to start on a database that is too old or may lose acknowledged votes."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

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
