"""Nothing starts on a database that may lose a vote it acknowledged."""

import os
import subprocess
import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.portal import durability
from stack import places, postgres

BIN = places.VENV / "bin"
# What would start the application in earnest; each ends at once, well or refused.
WEB = [BIN / "gunicorn", "config.wsgi", "--check-config"]
WORKER = [BIN / "celery", "-A", "config", "worker", "--pool", "solo", "--concurrency", "1"]


@pytest.mark.django_db(transaction=True)
def test_a_database_without_fsync_is_refused_and_every_setting_named(settings):
    settings.CONCORDAT_REQUIRE_DURABLE = True
    with pytest.raises(ImproperlyConfigured) as refused:
        durability.require_durable_database()
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert f"{name} is off" in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_a_postgres_that_is_too_old_is_refused_by_its_number(settings, monkeypatch):
    settings.CONCORDAT_REQUIRE_DURABLE = True
    monkeypatch.setattr(durability, "OLDEST", 99)
    have = connection.pg_version // 10_000
    with pytest.raises(ImproperlyConfigured, match=f"This is PostgreSQL {have}.*99 or newer"):
        durability.require_durable_database()


@pytest.mark.django_db
def test_test_servers_are_excused(settings):
    assert settings.CONCORDAT_REQUIRE_DURABLE is False
    durability.require_durable_database()


def start(command: list, url: str, *, patience_s: int = 60) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", "DATABASE_URL": url}
    return subprocess.run(
        command, cwd=places.ROOT, env=env, capture_output=True, text=True, check=False, timeout=patience_s
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", [WEB, WORKER], ids=["web", "worker"])
def test_neither_web_nor_worker_starts_without_durability(command):
    done = start(command, os.environ["DATABASE_URL"])
    assert done.returncode != 0
    assert "may lose acknowledged votes" in done.stdout + done.stderr


@pytest.mark.slow
def test_web_starts_on_a_durable_database_until_the_applications_role_is_made_careless(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with places.throwaway_folder() as state, postgres.running(state, durable=True) as server:
        assert start(WEB, server.url).returncode == 0
        told = {**os.environ, "DATABASE_URL": server.url, "PGOPTIONS": ""}
        change = "ALTER ROLE concordat SET synchronous_commit = off"
        code = f"import os, psycopg; psycopg.connect(os.environ['DATABASE_URL'], autocommit=True).execute({change!r})"
        subprocess.run([BIN / "python", "-c", code], env=told, check=True)
        done = start(WEB, server.url)
    assert done.returncode != 0
    assert "synchronous_commit is off. " in done.stderr


@pytest.fixture
def another_database(django_db_blocker):
    """The address of an empty database that goes again."""
    name = f"another_{uuid.uuid4().hex[:12]}"
    with django_db_blocker.unblock(), psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(url, *words):
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    command = [places.PYTHON, "manage.py", *words]
    return subprocess.run(command, env=env, cwd=places.ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_database_of_another_checkout_is_named_and_left_alone_until_the_demo_is_made_anew(another_database):
    made = manage(another_database, "demo", "--reset")  # of an empty database
    assert made.returncode == 0, made.stderr
    with psycopg.connect(another_database, autocommit=True) as kept:
        kept.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('cab', '0005_of_before', now())")
        kept.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('axes', '0001_of_before', now())")
        kept.execute("DELETE FROM django_migrations WHERE app = 'cab' AND name = '0002_change_number'")
    refused = manage(another_database, "migrate", "--no-input")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "cab.0005_of_before is unknown to this one" in refused.stderr
    assert "`make demo`" in refused.stderr
    assert "axes" not in refused.stderr, "what other packages squash is theirs"
    with psycopg.connect(another_database) as kept:
        assert kept.execute("SELECT count(*) FROM cab_change").fetchone()[0] > 0
    assert manage(another_database, "demo", "--reset").returncode == 0
    again = manage(another_database, "migrate", "--no-input")
    assert again.returncode == 0, again.stderr
