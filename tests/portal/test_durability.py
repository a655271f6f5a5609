"""Nothing starts on a database that may lose a vote it acknowledged."""

import os
import subprocess

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
