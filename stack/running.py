"""The servers and processes together: for a person (`run`) and for tests, which throw them away."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stack import install, places, postgres, redis
from stack.processes import free_port, spawn, stop
from stack.say import StackError, say, step

READY_PATIENCE_S = 60
SLOWEST_RESTART_S = 30.0


def run() -> int:
    """Start everything on the kept database and stay until Ctrl-C; nothing is left running then."""
    state = places.reachable(places.state_folder())
    port = free_port(int(os.environ.get("PORT", "8000")))
    address = f"http://{os.environ.get('HOST', '127.0.0.1')}:{port}"
    with servers(state, durable=True) as env:
        env |= {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "PUBLIC_URL": address,
            "MEDIA_ROOT": str(state / "media"),
        }
        with step("Bringing the database up to date"):
            manage(env, "migrate", "--no-input", "-v0")
        with step("Collecting static files"):
            manage(env, "collectstatic", "--no-input", "-v0")
        with step("Looking after the demo organisation"):
            manage(env, "demo", "--if-empty")
        with processes(env, port, address):
            say("Ready. Sign in as one of these people:")
            manage(env, "demo", "--people")
            say(f"Open {address} — stop with Ctrl-C.")
            _stay()
    return 0


def reset_demo() -> int:
    """Set the demo organisation of the kept database back to its beginning."""
    with servers(places.reachable(places.state_folder()), durable=True) as env:
        env["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        manage(env, "migrate", "--no-input", "-v0")
        manage(env, "demo", "--reset")
    return 0


def test(arguments: Sequence[str]) -> int:
    """Run pytest on throw-away servers, browser tests included; the exit code is pytest's."""
    chromium = install.find_chromium()
    command = [str(places.PYTHON), "-m", "pytest", *arguments]
    return beside(command, durable=False, more={"CONCORDAT_CHROMIUM": str(chromium)})


def beside(command: Sequence[str], *, durable: bool, more: dict[str, str] | None = None) -> int:
    """Run a command beside throw-away servers; its exit code."""
    state = places.throwaway_folder()
    try:
        with servers(state, durable=durable) as env:
            env |= {"DJANGO_SETTINGS_MODULE": "config.settings.test", "MEDIA_ROOT": str(state / "media")} | (more or {})
            env["PATH"] = f"{places.VENV / 'bin'}{os.pathsep}{env['PATH']}"
            child = spawn(command, env=env, cwd=places.ROOT)
            try:
                return child.wait()
            finally:
                stop(child)
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def servers(state: Path, *, durable: bool) -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis for as long as the block lasts, and the environment that leads to them."""
    with ExitStack() as stack:
        with step("Starting PostgreSQL"):
            database = stack.enter_context(postgres.running(state, durable=durable))
        with step("Starting Redis"):
            broker = stack.enter_context(redis.running(state))
        say(f"Using PostgreSQL from {database.name}, Redis from {broker.name}")
        yield {
            **os.environ,
            "DATABASE_URL": database.url,
            "REDIS_URL": broker.url,
            "CONCORDAT_SERVERS": json.dumps({"postgres": database.name, "redis": broker.name}),
            "SECRET_KEY": places.secret(state, "secret-key"),
            "FIELD_ENCRYPTION_KEY": _encryption_key(state),
        }


@contextmanager
def processes(env: dict[str, str], port: int, address: str) -> Iterator[None]:
    """Web, worker and beat for as long as the block lasts; one that dies is started again, slower each time."""
    host = os.environ.get("HOST", "127.0.0.1")
    bin_ = places.VENV / "bin"
    commands: dict[str, list[str | Path]] = {
        "web": [
            bin_ / "gunicorn",
            "config.wsgi",
            "--bind",
            f"{host}:{port}",
            "--workers",
            "2",
            "--threads",
            "8",
            "--access-logfile",
            os.devnull,
            "--log-level",
            "warning",
        ],
        "worker": [
            bin_ / "celery",
            "-A",
            "config",
            "worker",
            "--concurrency",
            "2",
            "--loglevel",
            "warning",
            "--without-gossip",
            "--without-mingle",
        ],
        "beat": [
            bin_ / "celery",
            "-A",
            "config",
            "beat",
            "--loglevel",
            "warning",
            "--schedule",
            str(places.state_folder() / "beat-schedule"),
        ],
    }
    with ExitStack() as stack:
        for name, command in commands.items():
            say(f"Starting {name}")
            child = spawn(command, env=env, cwd=places.ROOT)
            stack.callback(lambda name=name: stop(_children[name]))
            _children[name] = child
            _commands[name] = (command, env)
        _wait_until_ready(address)
        yield


_children: dict[str, "subprocess.Popen[bytes]"] = {}
_commands: dict[str, tuple[list[str | Path], dict[str, str]]] = {}


def _stay() -> None:
    """Stay until a signal; start again what died."""
    waits = dict.fromkeys(_children, 1.0)
    while True:
        time.sleep(1)
        for name, child in _children.items():
            if child.poll() is None:
                continue
            say(f"{name} ended ({child.returncode}); starting it again in {waits[name]:.0f} s")
            time.sleep(waits[name])
            waits[name] = min(waits[name] * 2, SLOWEST_RESTART_S)
            command, env = _commands[name]
            _children[name] = spawn(command, env=env, cwd=places.ROOT)


def manage(env: dict[str, str], *words: str) -> None:
    """Run a management command; refuse to go on when it fails."""
    if subprocess.run(
        [places.PYTHON, "manage.py", *words], cwd=places.ROOT, env={**env, "LOG_LEVEL": "WARNING"}, check=False
    ).returncode:
        raise StackError(f"`manage.py {' '.join(words)}` failed; what it said stands above.")


def _wait_until_ready(address: str) -> None:
    with step("Waiting until it answers"):
        until = time.monotonic() + READY_PATIENCE_S
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=2).close()  # noqa: S310  # our own loopback address
            except (urllib.error.URLError, OSError):
                if _children["web"].poll() is not None:
                    raise StackError("The web process ended; what it said stands above.") from None
                time.sleep(0.2)
            else:
                return
    raise StackError(f"{address} did not answer within {READY_PATIENCE_S} s; what it said stands above.")


def _encryption_key(state: Path) -> str:
    path = state / "field-encryption-key"
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text()
