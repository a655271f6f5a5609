"""Child processes that never outlive us, and that drop root."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.places import ROOT, SERVER_UID
from stack.say import say

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SLOWEST_RESTART_S = 30.0
STEADY_S = 60.0  # one that lived this long is steady: when it dies, it is started again at once


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    as_server: bool = False,
    log: IO[bytes] | None = None,
    cwd: Path | None = None,
    when_we_die: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session. The kernel sends it `when_we_die` even when we are killed with -9.

    `as_server` drops root to the unprivileged uid first.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(env) if env is not None else None,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
        preexec_fn=_in_child(as_server=as_server, when_we_die=when_we_die),  # noqa: PLW1509  # we start from one thread
    )


def keep(
    command: Sequence[str | Path], *, env: Mapping[str, str], log: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a command of this checkout under a keeper, so that nothing it starts in turn outlives us."""
    return spawn([sys.executable, "-m", "stack.keeper", *command], env=env, cwd=ROOT, log=log)


def run_as_server(
    command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path
) -> subprocess.CompletedProcess[bytes]:
    """Run a short command as the unprivileged uid and keep what it says."""
    return subprocess.run(
        [str(part) for part in command],
        env=dict(env),
        cwd=cwd,
        capture_output=True,
        check=False,
        preexec_fn=_in_child(as_server=True, when_we_die=signal.SIGKILL),
    )


def server_can_run(program: Path, *, env: Mapping[str, str]) -> bool:
    """Whether the unprivileged uid reaches a program and all that it needs."""
    try:
        return run_as_server([program, "--version"], env=env, cwd=Path("/")).returncode == 0
    except PermissionError:
        return False


def stop(child: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM, patience_s: float = 15) -> None:
    """End a child politely, then by force; its whole session goes."""
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            _kill_group(child.pid)
            child.wait()
    _kill_group(child.pid)


@dataclass
class Kept:
    """A process that is started again when it dies, more slowly each time that it dies young."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    child: subprocess.Popen[bytes]
    started_at: float
    wait_s: float = 1.0
    again_at: float | None = None

    @classmethod
    @contextmanager
    def running(
        cls, name: str, command: Sequence[str | Path], env: Mapping[str, str], log: IO[bytes] | None = None
    ) -> Iterator["Kept"]:
        """Keep it for as long as the block lasts; without a log it speaks to our own console."""

        def start() -> subprocess.Popen[bytes]:
            return keep(command, env=env, log=log)

        kept = cls(name, start, start(), time.monotonic())
        try:
            yield kept
        finally:
            stop(kept.child)

    def ask_to_end(self) -> None:
        """Begin to end it, so that several end beside each other; leaving its block waits for it."""
        if not self.ended:
            self.child.send_signal(signal.SIGTERM)

    @property
    def ended(self) -> bool:
        """Whether it is down at the moment."""
        return self.child.poll() is not None

    def look(self) -> None:
        """Start it again when its time has come; to be called about once a second."""
        now = time.monotonic()
        if not self.ended:
            return
        if self.again_at is None:
            if now - self.started_at > STEADY_S:
                self.wait_s = 1.0
            say(f"{self.name} ended ({self.child.returncode}); starting it again in {self.wait_s:.0f} s")
            self.again_at, self.wait_s = now + self.wait_s, min(self.wait_s * 2, SLOWEST_RESTART_S)
        elif now >= self.again_at:
            self.child, self.started_at, self.again_at = self.start(), now, None


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send us `by` when the process that started us dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


def free_port(wanted: int = 0) -> int:
    """A free TCP port on loopback: the wanted one or the next free after it; 0 lets the kernel choose."""
    for port in range(wanted, wanted + 50) if wanted else [0]:
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"No free port from {wanted} to {wanted + 49}.")


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _in_child(*, as_server: bool, when_we_die: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        if as_server and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(SERVER_UID)
            os.setuid(SERVER_UID)
        libc.prctl(PR_SET_PDEATHSIG, when_we_die)  # after setuid, which clears it
        if os.getppid() != parent:  # we died in between
            os._exit(1)

    return prepare
