"""Answers CEL rules of CRDs, inside the disposable child of `kernel.bounded`; imports nothing of Django.

Beside the language itself, the functions that Kubernetes adds and the published CRDs use: `isURL`, `url`, `getScheme`,
`getHost`, `isIP`, `substring` (Kubernetes documentation, "Common Expression Language", libraries).
"""

import ipaddress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import celpy
import re2
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError


def answers(asked: list[list[Any]]) -> list[Any]:
    """For each [rule, value]: true, false, or a text saying why there is no answer."""
    return [_answer(str(rule), value) for rule, value in asked]


def _answer(rule: str, value: Any) -> bool | str:
    try:
        said = _program(rule).evaluate({"self": json_to_cel(value)})
    except (CELEvalError, CELParseError, ValueError, TypeError, KeyError, OverflowError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return bool(said) if isinstance(said, celtypes.BoolType | bool) else f"it answers {type(said).__name__}"


@cache
def _program(rule: str) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(rule), functions=_FUNCTIONS)


class _Url(celtypes.MapType):
    """An address that was read."""


def _is_url(text: Any) -> celtypes.BoolType:
    # As Go's url.ParseRequestURI, which Kubernetes asks: an absolute address, or an absolute path.
    said = str(text)
    try:
        parts = urlsplit(said)
        _ = parts.port
    except ValueError:
        return celtypes.BoolType(False)
    whole = bool(parts.scheme and (parts.netloc or parts.path)) or said.startswith("/")
    return celtypes.BoolType(whole and not any(one <= " " or one == "\x7f" for one in said))


def _url(text: Any) -> _Url:
    if not _is_url(text):
        raise CELEvalError("this is no URL")
    parts = urlsplit(str(text))
    return _Url(
        {
            celtypes.StringType("scheme"): celtypes.StringType(parts.scheme),
            celtypes.StringType("host"): celtypes.StringType(parts.netloc.rpartition("@")[2]),
        }
    )


def _scheme(found: Any) -> Any:
    return found[celtypes.StringType("scheme")]


def _host(found: Any) -> Any:
    return found[celtypes.StringType("host")]


def _substring(text: Any, start: Any, end: Any = None) -> celtypes.StringType:
    said, first = str(text), int(start)
    last = len(said) if end is None else int(end)
    if not 0 <= first <= last <= len(said):
        raise CELEvalError("substring out of range")
    return celtypes.StringType(said[first:last])


def _is_ip(text: Any) -> celtypes.BoolType:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return celtypes.BoolType(False)
    return celtypes.BoolType(True)


def _matches(text: Any, pattern: Any) -> celtypes.BoolType:
    return celtypes.BoolType(re2.search(str(pattern), str(text)) is not None)


_FUNCTIONS: Any = {
    "isURL": _is_url,
    "url": _url,
    "getScheme": _scheme,
    "getHost": _host,
    "substring": _substring,
    "isIP": _is_ip,
    "matches": _matches,
}
