"""What minutes hold, in which words they are drafted, and the hash that seals them. Pure functions.

Facts are plain values as JSON holds them: instants in ISO 8601 (UTC) under names that end in `_at`, dates under names
that end in `_on`. People stand in them by the name they had that day.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from apps.meetings.rules.attendance import Quorum
from apps.meetings.states import ItemState

LONGEST_PROSE = 10_000  # characters of a section, or of an addendum
REMIND_AFTER = timedelta(days=3)  # unpublished; and again after as long
_FOR = frozenset({"approve", "approve_with_conditions"})
_AGAINST = frozenset({"reject", "request_changes"})


@dataclass(frozen=True)
class Stay:
    """A person in the room from `joined_at` (inclusive) to `left_at` (exclusive)."""

    person_id: int
    joined_at: datetime
    left_at: datetime


def quorate_spans(stays: Sequence[Stay], quorum: Callable[[set[int]], Quorum]) -> list[tuple[datetime, datetime]]:
    """When the room had its quorum: half-open spans in order, those that touch joined.

    `quorum(present)` is the board's rule over the ids of who is there (see `rules.attendance.quorum`).
    """
    moments = sorted({moment for stay in stays for moment in (stay.joined_at, stay.left_at)})
    spans: list[tuple[datetime, datetime]] = []
    for start, end in pairwise(moments):
        present = {stay.person_id for stay in stays if stay.joined_at <= start < stay.left_at}
        if not quorum(present).is_complete:
            continue
        if spans and spans[-1][1] == start:
            start = spans.pop()[0]  # noqa: PLW2901  # the span goes on
        spans.append((start, end))
    return spans


def is_dissent(choice: str, verdict: str) -> bool:
    """Whether a ballot was against what the board decided. Who abstained or stepped aside was for neither."""
    if verdict in {"approved", "approved_with_conditions"}:
        return choice in _AGAINST
    return bool(verdict) and choice in _FOR


def opening_words(facts: Mapping[str, Any], *, zone: str, outcomes: Mapping[str, int]) -> str:
    """The draft of the first section: who opened and closed, the quorum, what became of the agenda."""
    opened = f"{facts['opened_by']} opened the meeting at {_clock(facts['opened_at'], zone)}"
    closed = f"it ended at {_clock(facts['closed_at'], zone)} ({zone})."
    spans = [
        f"from {_clock(one['from_at'], zone)} to {_clock(one['until_at'], zone)}" for one in facts["quorum"]["spans"]
    ]
    quorate = f"The room had its quorum {_and(spans)}." if spans else "The room never had its quorum."
    return f"{opened}; {closed} {quorate} {_outcomes(outcomes)}"


def item_words(facts: Mapping[str, Any]) -> str:
    """The draft of an item's section: what became of it, and how long the room spoke of it."""
    words = {
        ItemState.DECIDED: facts["sentence"] or f"Decided: {facts['verdict'].replace('_', ' ')}.",
        ItemState.DEFERRED: f"Deferred: {facts['reason']}",
        ItemState.WITHDRAWN: "It no longer waited for the board.",
    }
    spoken = facts["seconds"] // 60
    time = f" The room spoke of it for {_minutes(spoken)}, of {facts['minutes']} planned." if spoken else ""
    return f"{words[facts['outcome']].rstrip()}{time}"


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 over the content in canonical JSON (sorted keys, no spaces, UTF-8), in hex."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def thawed(facts: Any, name: str = "") -> Any:
    """Facts with their instants and dates as such, for pages."""
    if isinstance(facts, dict):
        return {key: thawed(value, key) for key, value in facts.items()}
    if isinstance(facts, list):
        return [thawed(one) for one in facts]
    if isinstance(facts, str) and name.endswith("_at"):
        return datetime.fromisoformat(facts)
    return date.fromisoformat(facts) if isinstance(facts, str) and name.endswith("_on") else facts


def _outcomes(outcomes: Mapping[str, int]) -> str:
    if not outcomes:
        return "The agenda held nothing."
    first, *others = outcomes.items()
    said = [_were(first, "item was", "items were"), *(_were(one, "was", "were") for one in others)]
    return f"{_and(said)}."


def _were(outcome: tuple[str, int], one: str, many: str) -> str:
    state, number = outcome
    return f"{number} {one if number == 1 else many} {state}"


def _clock(moment: str, zone: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)):%H:%M}"


def _minutes(number: int) -> str:
    return "1 minute" if number == 1 else f"{number} minutes"


def _and(words: Sequence[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
