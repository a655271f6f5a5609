"""The servers and processes together: for a person (`run`) and for tests, which throw them away."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from stack import install, places, postgres, redis
from stack.processes import Kept, free_port, keep, stop
from stack.say import StackError, say, step

READY_PATIENCE_S = 60
BIN = places.VENV / "bin"
# A process of pytest on each core, a file at a time; each has databases of its own (Redis has 16). The order is that of
# tests/conftest.py, which begins with the long files: one of them begun last leaves the other core idle.
BESIDE = ["-n", str(min(len(os.sched_getaffinity(0)), 15)), "--dist", "loadfile", "--no-loadscope-reorder"]


def run() -> int:
    """Start everything on the kept database and stay until Ctrl-C; nothing is left running then."""
    state = _state()
    try:
        install.find_pango()
    except StackError as missing:  # everything but PDFs works without
        say(str(missing))
    host, port = os.environ.get("HOST", "127.0.0.1"), free_port(_wanted_port())
    with _kept(state), servers(state, durable=True) as found:
        address = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"  # passkeys work on localhost only
        env = found | _environment(state, host, address)
        with step("Bringing the database up to date"):
            manage(env, "migrate", "--no-input", "-v0")
        install.collect_static(lambda: manage(env, "collectstatic", "--no-input", "-v0", *UNUSED))
        with step("Looking after the demo organisation"):
            manage(env, "demo", "--if-empty", "--people")  # in one: each command loads the whole application
        with processes(state, env, host, port) as stay:
            say(f"Ready. Open {address} and sign in as one of the people above; Ctrl-C stops everything.")
            stay()
    return 0


def reset_demo() -> int:
    """Set the demo organisation of the kept database back to its beginning, beside an open `make run` too."""
    state = _state()
    try:
        with _kept(state), servers(state, durable=True) as found:
            env = found | _environment(state, "127.0.0.1", "http://localhost:8000")
            manage(env, "demo", "--reset")  # brings it up to date too, whatever version made it
    except AlreadyRunsError:
        say("`make run` is open: using its servers")
        manage({**os.environ, **json.loads((state / OPEN).read_text())}, "demo", "--reset")
    return 0


def _state() -> Path:
    """The folder of the kept servers; refused where root chose one that their unprivileged user cannot enter."""
    state = places.reachable(places.state_folder())
    closed = [folder for folder in state.resolve().parents if not folder.stat().st_mode & 0o001]
    if closed and os.geteuid() == 0:
        raise StackError(
            f"The servers do not run as root, and {closed[0]} is closed to others: they cannot keep data there.\n"
            "Choose another folder:\n    CONCORDAT_STATE=/var/lib/concordat make run"
        )
    return state


class AlreadyRunsError(StackError):
    """Another process keeps this checkout's servers."""


# Static files that packages bring and no page uses; compressing them took most of a cold start.
UNUSED = ("-i", "redoc", "-i", "rest_framework", "-i", "guardian", "-i", "django_htmx")
OPEN = "open.json"  # in the state folder while `run` is open: what leads to its servers; holds secrets


@contextmanager
def _kept(state: Path) -> Iterator[None]:
    """Hold the kept database against a second run on the same checkout."""
    with ExitStack() as stack:
        try:
            stack.enter_context(places.held(state))
        except BlockingIOError:
            raise AlreadyRunsError(
                "This checkout already runs: another `make run` or `make demo` is open. Stop it there, with Ctrl-C."
            ) from None
        yield


def _environment(state: Path, host: str, address: str) -> dict[str, str]:
    """What the kept application reads besides its servers; what the person set wins."""
    hosts = ["localhost", "127.0.0.1", "[::1]", host, socket.gethostname()]
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PUBLIC_URL": os.environ.get("PUBLIC_URL", address),
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", ",".join(dict.fromkeys(hosts))),
        "MEDIA_ROOT": os.environ.get("MEDIA_ROOT", str(state / "media")),
    }


def _wanted_port() -> int:
    said = os.environ.get("PORT", "8000")
    if not said.isdigit() or not 0 < int(said) < 1 << 16:
        raise StackError(f"PORT is {said!r}, which is no port. Give a number from 1 to 65535:\n    PORT=8080 make run")
    return int(said)


def test(arguments: Sequence[str]) -> int:
    """Run pytest on throw-away servers, browser tests included; the exit code is pytest's.

    Without arguments it runs everything, a file on each core at a time.
    """
    chromium = install.find_chromium()
    install.find_driver()
    install.find_pango()
    command = [str(places.PYTHON), "-m", "pytest", *(arguments or BESIDE)]
    return beside(command, durable=False, more={"CONCORDAT_CHROMIUM": str(chromium)})


def beside(command: Sequence[str], *, durable: bool, more: dict[str, str] | None = None) -> int:
    """Run a command beside throw-away servers; its exit code."""
    with places.throwaway_folder() as state, servers(state, durable=durable) as found:
        env = found | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "MEDIA_ROOT": str(state / "media")}
        env |= more or {}
        env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
        child = keep(command, env=env)
        try:
            return child.wait()
        finally:
            stop(child)


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
            "FIELD_ENCRYPTION_KEY": places.secret(state, "field-encryption-key"),
        }


@contextmanager
def processes(state: Path, env: dict[str, str], host: str, port: int) -> Iterator[Callable[[], None]]:
    """Web, worker and beat for as long as the block lasts; gives what stays and starts again those that die."""
    worker = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
    web = ["--config", "config/gunicorn.py", "--bind", f"{host}:{port}", "--access-logfile", os.devnull]
    celery: list[str | Path] = [BIN / "celery", "-A", "config"]
    commands: dict[str, list[str | Path]] = {
        "web": [BIN / "gunicorn", "config.wsgi", *web, "--log-level", "warning"],
        "worker": [*celery, "worker", "--loglevel", "warning", *worker],
        "beat": [*celery, "beat", "--loglevel", "warning", "--schedule", state / "beat-schedule"],
    }
    note = state / OPEN
    places.write_secret(note, json.dumps({key: value for key, value in env.items() if os.environ.get(key) != value}))
    with ExitStack() as stack:
        stack.callback(note.unlink, missing_ok=True)
        kept = []
        for name, command in commands.items():
            # What web says is for the person at the console; the others' would bury it: every mail stands there.
            log = None if name == "web" else stack.enter_context(places.private_log(state / f"{name}.log"))
            say(f"Starting {name}" + (f"; what it says stands in {state / name}.log" if log else ""))
            kept.append(stack.enter_context(Kept.running(name, command, env, log)))
        stack.callback(_ask_to_end, kept)
        _wait_until_ready(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}", kept[0])  # noqa: S104  # compared, not bound
        yield lambda: _stay(kept)


def _ask_to_end(kept: Sequence[Kept]) -> None:
    """All at once, before each is waited for."""
    for process in kept:
        process.ask_to_end()


def _stay(kept: Sequence[Kept]) -> None:
    """Stay until a signal; start again what died."""
    while True:
        time.sleep(1)
        for process in kept:
            process.look()


def manage(env: dict[str, str], *words: str) -> None:
    """Run a management command; refuse to go on when it fails."""
    if subprocess.run(
        [places.PYTHON, "manage.py", *words], cwd=places.ROOT, env={**env, "LOG_LEVEL": "WARNING"}, check=False
    ).returncode:
        raise StackError(f"`manage.py {' '.join(words)}` failed; what it said stands above.")


def _wait_until_ready(address: str, web: Kept) -> None:
    with step("Waiting until it answers"):
        until = time.monotonic() + READY_PATIENCE_S
        while time.monotonic() < until:
            if web.ended:
                raise StackError("The web process ended; what it said stands above.")
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{address}/readyz", timeout=2).close()  # noqa: S310  # our own loopback address
                return
            time.sleep(0.2)
    raise StackError(f"{address} did not answer within {READY_PATIENCE_S} s; what it said stands above.")
