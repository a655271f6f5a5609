"""What runs in the disposable child: evaluates CEL expressions over facts, each within its own time."""

import signal
from typing import Any

EACH_S = 0.25  # for one evaluation; an ordinary one takes a few milliseconds


class _TooLong(Exception):  # noqa: N818  # caught below
    pass


def answers(asked: list[list[Any]]) -> list[bool | str]:
    """For each pair of an expression and facts: yes, no, or in a few words why neither."""
    import celpy  # takes a while, and only the child needs it

    environment = celpy.Environment()
    programs: dict[str, Any] = {}
    signal.signal(signal.SIGALRM, _stop)
    return [_answer(celpy, environment, programs, text, facts) for text, facts in asked]


def _answer(
    celpy: Any, environment: Any, programs: dict[str, Any], text: str, facts: dict[str, str | int]
) -> bool | str:
    kinds = {str: celpy.celtypes.StringType, int: celpy.celtypes.IntType}
    signal.setitimer(signal.ITIMER_REAL, EACH_S)
    try:
        if text not in programs:
            programs[text] = environment.program(environment.compile(text))
        said = programs[text].evaluate({name: kinds[type(value)](value) for name, value in facts.items()})
    except _TooLong:
        return "it takes too long"
    except Exception as error:  # noqa: BLE001  # whatever the library raises about what somebody wrote
        return "it cannot be read" if text not in programs else f"it fails ({type(error).__name__})"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return bool(said) if isinstance(said, celpy.celtypes.BoolType) else "it says neither yes nor no"


def _stop(*_: object) -> None:
    raise _TooLong
