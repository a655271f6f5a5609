"""The servers that are started: unprivileged, on loopback, behind passwords, durable unless thrown away."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client

from stack import places, postgres, redis

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    with places.throwaway_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def database(state) -> Iterator[postgres.Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with postgres.running(state, durable=True) as server:
            yield server


@pytest.fixture(scope="module")
def broker(state) -> Iterator[postgres.Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REDIS_URL", raising=False)
        with redis.running(state) as server:
            yield server


def show(url: str, question: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
        return str(row and row[0])


def listeners(port: int) -> set[str]:
    """Local addresses on which somebody listens at this port, as the kernel writes them."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {words[1].split(":")[0] for words in lines if words[1].endswith(f":{port:04X}") and words[3] == "0A"}


def owner_of(program: str, state: Path) -> set[int]:
    """The uids of the processes of this state folder that run a program."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words, where = (folder / "cmdline").read_bytes().decode(), str((folder / "cwd").readlink())
        except OSError:
            continue
        if program in words.split("\0")[0] and where.startswith(str(state)):
            found.add(folder.stat().st_uid)
    return found


def test_both_names_say_who_brought_the_server_and_its_version(database, broker):
    assert database.name.split()[1][0].isdigit()
    assert broker.name.split()[1][0].isdigit()


def test_both_listen_on_loopback_only(database, broker):
    for server in (database, broker):
        assert listeners(urlsplit(server.url).port or 0) == {"0100007F"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_root_runs_neither(state, database, broker):
    assert owner_of("postgres", state) == {places.SERVER_UID}
    assert owner_of("redis-server", state) == {places.SERVER_UID}


def test_the_data_is_closed_to_everyone_else(state, database, broker):
    for name in ("postgres", "socket", "redis"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o700, name


def test_secrets_are_readable_by_their_owner_only(state, database, broker):
    for name in ("postgres-password", "redis-password", "redis/redis.conf"):
        assert stat.S_IMODE((state / name).stat().st_mode) == 0o600, name


def test_no_password_shows_in_the_list_of_processes(state, database, broker):
    passwords = [(state / name).read_bytes() for name in ("postgres-password", "redis-password")]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        assert not any(password in words for password in passwords)


@pytest.mark.parametrize("password", ["", ":wrong"])
def test_postgres_refuses_who_does_not_know_the_password(database, password):
    parts = urlsplit(database.url)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgres://concordat{password}@127.0.0.1:{parts.port}/concordat")


def test_redis_refuses_who_does_not_know_the_password(broker):
    port = urlsplit(broker.url).port or 0
    assert redis_client.Redis.from_url(broker.url).ping()
    with pytest.raises(redis_client.AuthenticationError):
        redis_client.Redis("127.0.0.1", port).ping()


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
def test_a_kept_database_loses_no_acknowledged_commit(database, setting):
    assert show(database.url, f"SHOW {setting}") == "on"


def test_the_application_is_no_superuser_and_sorts_the_same_everywhere(database):
    assert show(database.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "False"
    assert show(database.url, "SELECT datcollate FROM pg_database WHERE datname = 'concordat'") == "C.UTF-8"
    assert show(database.url, "SHOW server_encoding") == "UTF8"


def test_a_kept_database_is_found_again(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with places.throwaway_folder() as state:
        with postgres.running(state, durable=False) as server, psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with postgres.running(state, durable=False) as server:
            assert show(server.url, "SELECT answer FROM kept") == "42"
            assert show(server.url, "SHOW fsync") == "off"
