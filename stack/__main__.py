"""`python3 -m stack COMMAND`: install, run, test, check, with, lock, demo, bench."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from stack import checks, install, running
from stack.say import StackError, fail


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
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    try:
        return _obey(asked)
    except StackError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


def _obey(asked: argparse.Namespace) -> int:
    if asked.command == "lock":
        install.lock()
        return 0
    install.install()
    match asked.command:
        case "run":
            return running.run()
        case "demo":
            return running.reset_demo()
        case "check":
            return checks.check()
        case "test":
            return running.test(asked.pytest)
        case "journeys":
            return running.test(["-m", "journey", *asked.pytest])
        case "with":
            return running.beside(asked.words, durable=asked.durable)
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
