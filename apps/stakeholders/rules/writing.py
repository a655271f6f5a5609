"""Conditions as people write them: `risk ≥ 4 and downtime ≥ 60`, `type normal or emergency`, `data class not public`.

What `levels.conditions_told` says reads back as the same conditions, so a form shows what it takes.
"""

import re
from collections.abc import Sequence
from typing import Any

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Column, Kind, ungrouped

LONGEST = 600  # characters of the conditions of one threshold
EVERY = "every change"
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_OR = re.compile(r"\s*,\s*|\s+or\s+", re.IGNORECASE)
_SIGN = re.compile(r"(>=|<=|>|<|=)\s*(.*)", re.DOTALL)
_SPAN = re.compile(r"(?:from\s+)?(\d{1,9})\s*(?:to|-)\s*(\d{1,9})", re.IGNORECASE)


def conditions_written(columns: Sequence[Column], text: str) -> list[dict[str, Any]]:
    """The conditions that `text` writes, as `thresholds_from` reads them; refuses what cannot be read."""
    plain = text.replace("≥", ">=").replace("≤", "<=").replace("–", "-").strip()
    if len(plain) > LONGEST:
        raise _unread("the conditions are too long", f"Write at most {LONGEST} characters.")
    if not plain or plain.lower() == EVERY:
        return []
    return [one for part in _AND.split(plain) for one in _condition(columns, part.strip())]


def _condition(columns: Sequence[Column], part: str) -> list[dict[str, Any]]:
    column, said = _fact(columns, part)
    if column.kind == Kind.NUMBER:
        return _numbers(column, said)
    sign = _SIGN.match(said)
    comparator, said = (sign[1], sign[2]) if sign and sign[1] != "=" else ("in", sign[2] if sign else said)
    if comparator == "in":
        for word, meant in (
            ("not in ", "not in"),
            ("in ", "in"),
            ("not ", "not in"),
            ("is not ", "not in"),
            ("is ", "in"),
        ):
            if said.lower().startswith(word):
                comparator, said = meant, said[len(word) :]
                break
    words = [_word(column, one) for one in _OR.split(said.strip()) if one]
    if not words:
        raise _unread(f"“{part[:60]}” names no value", f"Say what {column.label} is compared with.")
    return [{"fact": column.name, "comparator": comparator, "value": words if "in" in comparator else words[0]}]


def _fact(columns: Sequence[Column], part: str) -> tuple[Column, str]:
    """The fact that the part begins with, the longest name first, and what is said of it."""
    low = part.lower()
    names = [(spelled, one) for one in columns for spelled in {one.label.lower(), one.name.lower()}]
    for spelled, one in sorted(names, key=lambda pair: -len(pair[0])):
        if low.startswith(spelled) and not low[len(spelled) : len(spelled) + 1].isalnum():
            return one, part[len(spelled) :].strip()
    known = ", ".join(one.label for one in columns)
    raise _unread(f"“{part[:60]}” begins with no fact", f"Begin each condition with one of {known}.")


def _numbers(column: Column, said: str) -> list[dict[str, Any]]:
    plain = ungrouped(said.removesuffix(column.unit).strip() if column.unit else said)
    if span := _SPAN.fullmatch(plain):
        ends = ((">=", span[1]), ("<=", span[2]))
        return [{"fact": column.name, "comparator": sign, "value": int(end)} for sign, end in ends]
    sign = _SIGN.fullmatch(plain)
    comparator, number = (sign[1], sign[2].strip()) if sign else ("=", plain)
    if not (number.isascii() and number.isdigit() and len(number) <= 9):  # noqa: PLR2004  # more than any fact counts
        raise _unread(
            f"{column.label} is compared with a number, not with “{number[:40]}”", "Write ≥ 4, ≤ 2, 4, or from 2 to 3."
        )
    return [{"fact": column.name, "comparator": comparator, "value": int(number)}]


def _word(column: Column, text: str) -> str:
    word = text.strip().strip("“”\"'")
    return next((one for one in column.vocabulary if one.lower() == word.lower()), word)


def _unread(why: str, next_step: str) -> Invalid:
    sentence = f"The conditions cannot be read: {why}."
    return Invalid(sentence, next_step=next_step, fields={"when": [sentence]}, code="conditions_unread")
