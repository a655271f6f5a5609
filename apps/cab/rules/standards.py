"""Standard changes: what a template may hold, who departs from it, and when its record speaks for or against it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.cab.rules.facts import CATEGORIES
from apps.cab.rules.intervals import wilson
from apps.cab.rules.revisions import label_of
from apps.kernel.refusals import Invalid

LAST_USES = 20  # finished changes whose failures count; older ones were another practice
MOST_BORNE = 10  # failures among them: half
LONGEST = {"title": 300, "purpose": 20_000, "implementer": 150}  # characters; of plans, below
LONGEST_PLAN = 50_000
MOST_COMPONENTS = 200
MOST_DOWNTIME = 100_000  # minutes


class Mode(StrEnum):
    """How a template binds a field."""

    DEFAULT = "default"  # filled in, free to change
    MANDATORY = "mandatory"  # free to change, but not empty when the change is handed in
    LOCKED = "locked"  # as the template has it


FIELDS = (
    "title",
    "category",
    "purpose",
    "components",
    "implementation_plan",
    "test_plan",
    "communication_plan",
    "backout_plan",
    "downtime_minutes",
    "implementer",
)
# What makes a change repeatable is how it is done and what it touches; what differs from time to time stays free.
USUAL_MODES = {
    **dict.fromkeys(("components", "implementation_plan", "test_plan", "backout_plan"), Mode.LOCKED),
    **dict.fromkeys(("title", "purpose"), Mode.MANDATORY),
    **dict.fromkeys(("communication_plan", "downtime_minutes", "implementer", "category"), Mode.DEFAULT),
}


def require_fields(fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields of a template, whole and in order; refused where one is unknown, too long, or locked and empty.

    What is left out is an empty default.
    """
    wrong = {name[:80]: ["A template has no such field."] for name in fields if name not in FIELDS}
    whole = {name: _whole(name, fields.get(name, {})) for name in FIELDS}
    for name, one in whole.items():
        if (said := _wrong(name, one)) is not None:
            wrong[name] = [said]
    if wrong:
        name, (first, *_) = next(iter(wrong.items()))
        raise Invalid(f"{label_of(name)}: {first}", next_step="Correct the fields that are marked.", fields=wrong)
    return whole


def _whole(name: str, given: Any) -> dict[str, Any]:
    one = given if isinstance(given, Mapping) else {"value": given}
    value = one.get("value", _EMPTY.get(name, ""))
    if name == "components" and isinstance(value, list):
        value = sorted({str(item).strip() for item in value if str(item).strip()})
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").strip()
    return {"value": value, "mode": str(one.get("mode", Mode.DEFAULT))}


_EMPTY: dict[str, Any] = {"components": [], "downtime_minutes": 0}


def _wrong(name: str, one: Mapping[str, Any]) -> str | None:
    value = one["value"]
    if one["mode"] not in set(Mode):
        return f"It is {', '.join(Mode)}."
    if name == "components":
        fits = isinstance(value, list) and len(value) <= MOST_COMPONENTS
    elif name == "downtime_minutes":
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DOWNTIME
    elif name == "category":
        fits = value in ("", *CATEGORIES)
    else:
        fits = isinstance(value, str) and len(value) <= LONGEST.get(name, LONGEST_PLAN)
    if not fits:
        return "This does not fit the field."
    if one["mode"] == Mode.LOCKED and value in ("", []):
        return "A locked field needs a value: nobody could fill it in."
    return None


def departures(fields: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """The locked fields that a change says otherwise; `said` as a revision keeps it."""
    return [
        name
        for name, one in fields.items()
        if one["mode"] == Mode.LOCKED and _plain(said.get(name, "")) != one["value"]
    ]


def missing(fields: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """The mandatory fields that a change leaves empty."""
    return [name for name, one in fields.items() if one["mode"] == Mode.MANDATORY and not _plain(said.get(name, ""))]


def _plain(value: Any) -> Any:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def require_kept(fields: Mapping[str, Any], said: Mapping[str, Any], *, template: str, number: int) -> None:
    """Refuse what departs from a locked field, naming each, the template and its version."""
    away = departures(fields, said)
    if away:
        names = ", ".join(label_of(name).lower() for name in away)
        raise Invalid(
            f"The template “{template}”, version {number}, locks: {names}.",
            next_step="Leave it as the template has it, or propose an ordinary change.",
            fields={name: [f"Locked by the template “{template}”, version {number}."] for name in away},
            code="locked_by_template",
        )


def missing_sentence(names: Iterable[str]) -> str:
    """What a change from a template lacks, by name."""
    return f"Its template asks for: {', '.join(label_of(name).lower() for name in names)}."


@dataclass(frozen=True)
class Record:
    """How changes of one kind went. What was never carried out counts neither way."""

    succeeded: int
    failed: int

    @property
    def finished(self) -> int:
        """Both together."""
        return self.succeeded + self.failed

    @property
    def at_least(self) -> float:
        """The share that succeeds, at the lower bound of its 95 % interval."""
        return wilson(self.succeeded, self.finished).low

    @property
    def share(self) -> float:
        """The share that succeeded."""
        return self.succeeded / self.finished if self.finished else 0.0


_TIMES = re.compile(
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?"
    r"|dec(ember)?|(mon|tues|wednes|thurs|fri|satur|sun)day)"
)
_WORD = re.compile(r"[^\W_]+")


def kind_of(title: str) -> str:
    """The title without what differs from time to time: words with digits, months, weekdays, signs, case.

    “Patches for March 2026” and “Patches for April 2026” are of one kind; so are releases that differ by number.
    """
    words = _WORD.findall(title.casefold())
    return " ".join(word for word in words if not _TIMES.fullmatch(word) and not any(c.isdigit() for c in word))
