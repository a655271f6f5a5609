"""Deciding after the fact: when the clock of a retroactive approval reminds and escalates, and what ends it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

REMIND_AT, ESCALATE_AT = 0.5, 0.75  # of the time from the beginning of the work to the end of the clock
LONGEST_REASON = 4_000  # characters


def remind_at(*, since: datetime, until: datetime) -> datetime:
    """When those who have not voted are reminded: half of the time is gone."""
    return since + REMIND_AT * (until - since)


def escalate_at(*, since: datetime, until: datetime) -> datetime:
    """When the board's chair is told: a quarter of the time is left."""
    return since + ESCALATE_AT * (until - since)


def refused_sentence(*, board: str, tally: Mapping[str, Any], reasons: Iterable[str]) -> str:
    """Why the change is recorded as unauthorized: the decision, and what those against it said."""
    said = [one.strip() for one in reasons if one.strip()]
    told = f"The {board} refused it after the fact. {tally.get('sentence', '')}".strip()
    return (told + (" Reasons: " + " · ".join(said) if said else ""))[:LONGEST_REASON]
