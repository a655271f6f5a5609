"""Stands between us and a command: when either ends, by whatever signal, nothing that the command started lives on.

`python -m stack.keeper COMMAND…`; the exit code is the command's. The kernel tells it of our death (`spawn` asked for
that), and hands it the orphans of the command, also those that left its session, such as a browser's processes.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
PATIENCE_S = 10.0  # between asking politely and force


def main(command: Sequence[str]) -> int:
    """Run the command, pass on what ends us, and put away what it leaves."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    asked: list[int] = []
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _frame: asked.append(number))
    try:
        child = subprocess.Popen(
            command,
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509  # we have one thread
        )
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}.", file=sys.stderr)
        return 127
    code = _wait(child, asked)
    _put_away(child.pid)
    return code if code >= 0 else 128 - code


def _wait(child: "subprocess.Popen[bytes]", asked: list[int]) -> int:
    """The command's exit code; asked to end, it is asked too, and forced when it takes too long."""
    force_at = None
    while True:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(0.2)
        if asked and force_at is None:
            child.send_signal(asked[0])
            force_at = time.monotonic() + PATIENCE_S
        if force_at is not None and time.monotonic() > force_at:
            child.kill()


def _put_away(session: int) -> None:
    """Kill and bury what is left, generation by generation: whatever loses its parent becomes our child."""
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)
    while orphans := _children():
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except FileNotFoundError:  # a kernel built without this list
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
