"""What stands on an agenda, in which order, and what is taken by consent. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

CONSENT_RISK = 2  # at most: "low"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """A change that waits for the board. `risk` 1 to 5; `conflicts` and `conditions` count the open ones."""

    change_id: int
    is_emergency: bool
    risk: int
    deadline_at: datetime | None
    since: datetime  # when its round opened
    conflicts: int = 0
    conditions: int = 0

    @property
    def is_consent(self) -> bool:
        """Low risk, nothing open against it, no emergency: taken together with others like it."""
        return self.risk <= CONSENT_RISK and not (self.is_emergency or self.conflicts or self.conditions)


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Emergencies first, then by risk, the highest first, then by deadline, then in the order they came."""
    return sorted(
        candidates,
        key=lambda one: (not one.is_emergency, -one.risk, one.deadline_at or _NEVER, one.since, one.change_id),
    )
