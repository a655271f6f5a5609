"""Runs what people wrote (expressions, recurrence rules) in a disposable child with bounds on time and memory."""

import importlib
import json
import math
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from apps.kernel.refusals import Invalid

ROOT = Path(__file__).resolve().parents[2]
LARGEST_ANSWER = 4 * 1024 * 1024  # bytes


class Exhausted(Invalid):
    """The child needed more time or memory than it was given, or died."""

    code = "exhausted"


def run_bounded(function: str, argument: Any, *, seconds: float, megabytes: int, what: str) -> Any:
    """What `function` ("package.module:name", importable without settings) answers to `argument`; both JSON values.

    The child gets `seconds` of processor time (and three times that by the clock) and `megabytes` of address space; it
    inherits no environment, so no secret either. `what` completes "… takes too long to evaluate." Raises `Exhausted`
    when a bound is met or the child dies, and `Invalid` with the sentence of a ValueError the function raised.
    """
    command = [sys.executable, "-m", "apps.kernel.bounded", function, str(seconds), str(megabytes)]
    # Our own interpreter and module; what people wrote goes in as data.
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=json.dumps(argument).encode(),
            capture_output=True,
            cwd=ROOT,
            env={},
            timeout=seconds * 3,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode == -signal.SIGXCPU:
        raise Exhausted(f"{what} takes too long to evaluate.", next_step="Write it more simply.")
    if done.returncode or len(done.stdout) > LARGEST_ANSWER:
        raise Exhausted(f"{what} needs more memory than it may have.", next_step="Write it more simply.")
    said = json.loads(done.stdout)
    if "refused" in said:
        raise Invalid(str(said["refused"]), next_step="Correct it and save again.")
    return said["answer"]


def _main(function: str, seconds: str, megabytes: str) -> None:
    """The child: bounds itself, reads the argument, calls the function, writes the answer."""
    resource.setrlimit(resource.RLIMIT_AS, (int(megabytes) << 20,) * 2)
    whole = math.ceil(float(seconds))  # the kernel counts in whole seconds; the hard limit would say SIGKILL
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 2))
    module, _, name = function.partition(":")
    call = getattr(importlib.import_module(module), name)
    try:
        answer = {"answer": call(json.load(sys.stdin))}
    except ValueError as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
