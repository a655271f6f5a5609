"""`python3 -m stack COMMAND`: install, run, test, check, with, lock, demo, bench."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from stack import checks, install, running
from stack.processes import end_with_parent
from stack.say import StackError, fail

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="install pinned packages and build the front end")
    commands.add_parser("run", help="start everything and print the address")
    commands.add_parser("demo", help="set the demo organisation back to its beginning")
    commands.add_parser("lock", help="pin every package anew")
    commands.add_parser("check", help="lint, types, contracts, schema, fast tests")
    test = commands.add_parser("test", help="run all tests on throw-away servers")
    test.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    journeys = commands.add_parser("journeys", help="run the browser tests on throw-away servers")
    journeys.add_argument("pytest", nargs="*")
    beside = commands.add_parser("with", help="run a command beside throw-away servers")
    beside.add_argument("--durable", action="store_true", help="keep fsync on, as in production")
    beside.add_argument("words", nargs="+", help="the command, after --")
    asked = parser.parse_args(arguments)
    for ending in ENDINGS:
        if ending != signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN:  # nohup is respected
            signal.signal(ending, _end)
    # Ours is a dozen Pythons on the same packages: compiling anew in each costs half a minute of a cold start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "MAKELEVEL" in os.environ:  # make passes no kill -9 on
        end_with_parent()
    try:
        return _obey(asked)
    except StackError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


def _obey(asked: argparse.Namespace) -> int:
    if asked.command != "lock":
        install.install()
    commands: dict[str, Callable[[], int | None]] = {
        "install": lambda: None,  # done above, as for every command
        "lock": install.lock,
        "run": running.run,
        "demo": running.reset_demo,
        "check": checks.check,
        "test": lambda: running.test(asked.pytest),
        "journeys": lambda: running.test([*running.BESIDE, "-m", "journey", *asked.pytest]),
        "with": lambda: running.beside(asked.words, durable=asked.durable),
    }
    return commands[asked.command]() or 0


def _end(number: int, frame: FrameType | None) -> None:
    """Begin to end; what is asked again meanwhile changes nothing, so that everything is put away."""
    del number, frame
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
