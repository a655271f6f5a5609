"""`make run` as a newcomer has it: from nothing to people signing in, and nothing left afterwards."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack import places
from stack.processes import free_port
from tests.stack.test_endings import family, parents, until

pytestmark = pytest.mark.slow

PATIENCE_S = 900  # a busy machine is no failure: nothing here is timed
STACK = [sys.executable, "-m", "stack"]


class Run:
    """`stack run` on a database that does not exist yet."""

    def __init__(self, state: Path) -> None:
        self.state, self.port, self.said = state, free_port(), state / "said"
        given = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
        self.env = {**given, "CONCORDAT_STATE": str(state / "kept"), "PORT": str(self.port)}
        del self.env["DJANGO_SETTINGS_MODULE"], self.env["MEDIA_ROOT"]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen([*STACK, "run"], cwd=places.ROOT, env=self.env, stdout=said, stderr=said)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://localhost:{self.port}{path}", timeout=20) as answer:
            return answer.read()

    def beside(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Another command on the same checkout and database."""
        return subprocess.run(
            [*STACK, command],
            cwd=places.ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def has_said(self, words: str) -> bool:
        return words in self.said.read_text()


@contextmanager
def running() -> Iterator[Run]:
    with places.throwaway_folder() as state:
        run = Run(state)
        try:
            yield run
        finally:
            if run.process.poll() is None:
                run.process.send_signal(signal.SIGTERM)
            run.process.wait(60)


def test_a_newcomer_gets_from_nothing_to_the_people_to_sign_in_as():
    with running() as run:
        assert until(lambda: run.has_said("Ready. Open") or run.process.poll() is not None, patience_s=PATIENCE_S)
        said = run.said.read_text()
        assert f"http://localhost:{run.port}" in said, said
        assert "Password of everyone" in said
        assert "marit " in said
        servers = json.loads(run.get("/healthz"))
        assert all(servers[name]["version"][0].isdigit() for name in ("postgres", "redis"))
        assert b"csrfmiddlewaretoken" in run.get("/accounts/login/")

        again = run.beside("run")
        assert again.returncode == 1
        assert "already runs" in again.stderr

        reset = run.beside("demo")
        assert reset.returncode == 0, reset.stderr
        assert "using its servers" in reset.stdout
        assert json.loads(run.get("/readyz"))["status"] == "ready"

        whole = family(run.process.pid)
        assert len(whole) >= 10, "ourselves, PostgreSQL, Redis, web, worker, beat"
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(60) == 130
        assert until(lambda: not whole & parents().keys())
        for secret in ("postgres-password", "redis-password", "secret-key", "field-encryption-key"):
            assert (run.state / "kept" / secret).stat().st_mode & 0o777 == 0o600
        assert not (run.state / "kept" / "open.json").exists()
