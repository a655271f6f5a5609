"""A whole Concordat of its own: web, worker and Redis as processes that the tests kill."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from stack.redis import find_binary


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """Web, worker and Redis beside the test's own database; each can be killed with -9 and started again."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.port, self.redis_port, self.folder = _free_port(), _free_port(), folder
        self.address = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "LOG_LEVEL": "ERROR",
        }
        self.web_options = ["--threads", "8"]
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        gunicorn = [
            sys.executable,
            "-m",
            "gunicorn",
            "config.wsgi",
            "--bind",
            f"127.0.0.1:{self.port}",
            *self.web_options,
            "--no-control-socket",
        ]
        celery = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "--concurrency",
            "1",
            "--without-gossip",
            "--without-mingle",
        ]
        command = {
            "web": [*gunicorn, "--log-level", "error"],
            "worker": [*celery, "--loglevel", "error"],
            "redis": self._redis(),
        }[name]
        self.running[name] = subprocess.Popen(command, env=self.env, cwd=settings.BASE_DIR, start_new_session=True)
        if name == "web":
            self._wait()
        if name == "redis":
            self._wait_for_redis()

    def use_own_redis(self) -> None:
        """A Redis that a test may kill; what starts after this speaks to it."""
        self.start("redis")
        self.env["REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"

    def _redis(self) -> list[str]:
        options = {"--port": str(self.redis_port), "--bind": "127.0.0.1", "--save": "", "--dir": str(self.folder)}
        return [str(find_binary().path), *(part for pair in options.items() for part in pair), "--loglevel", "warning"]

    def kill(self, name: str) -> None:
        """The whole session of the process goes at once, as in a power cut."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running.pop(name).wait()

    def restart(self, name: str) -> None:
        """Ask the process to end as an operator does, and start it again."""
        going = self.running.pop(name)
        going.terminate()
        going.wait(60)
        self.start(name)

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def _wait_for_redis(self) -> None:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.redis_port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Redis did not listen within 10 s.")

    def _wait(self) -> None:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.address}/readyz", timeout=1).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The web process did not answer within 15 s.")


@pytest.fixture
def house(transactional_db, tmp_path):
    made = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    current_app.control.purge()  # thousands of wake-ups of the tests before would keep the first worker busy
    url = f"postgres://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{name}"
    house = House(url, tmp_path)
    yield house
    house.stop()


def require_reaches(goal, *, wake) -> None:
    """Wake the worker every second, as the schedule does less often, until the work has come so far."""
    until, asked = time.monotonic() + 240, 0.0
    while not goal():
        assert time.monotonic() < until, "the worker did not go on"
        if time.monotonic() - asked > 1:
            asked = time.monotonic()
            wake.delay()  # the one that was killed took its wake-up with it
        time.sleep(0.005)


def kill_twice_in_the_middle(house, *, done, look, whole: int, wake) -> None:
    """Kill the worker twice before the work, of which so much is `done`, is `whole`; `look` at what stands then."""
    reached = [0]
    for _ in range(2):
        house.start("worker")
        require_reaches(lambda: done() > reached[-1], wake=wake)
        house.kill("worker")
        time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
        reached.append(done())
        look(reached[-1])
    assert 0 < reached[1] < reached[2] < whole, "both kills must fall in the middle"
