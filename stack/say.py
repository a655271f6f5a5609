"""Progress, one line a step with its seconds, so that nobody wonders whether it hangs."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

STARTED = time.monotonic()


class StackError(Exception):
    """Something a person must do first; the message says what, with the command to type."""


def say(line: str) -> None:
    """Print one line with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {line}", flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    say(f"{what} …")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.1f} s")


def fail(error: StackError) -> int:
    """Say what a person must do, on standard error; the exit code."""
    print(f"\n{error}\n", file=sys.stderr, flush=True)
    return 1
