"""The states of a finding, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class FindingState(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    WAIVED = "waived"  # somebody answers for leaving it so, until a day
    RESOLVED = "resolved"  # a later check no longer finds it; should it come back, it is a new one


FINDING = Machine(
    "finding",
    {
        FindingState.OPEN: frozenset({FindingState.WAIVED, FindingState.RESOLVED}),
        FindingState.WAIVED: frozenset({FindingState.OPEN, FindingState.RESOLVED}),
        FindingState.RESOLVED: frozenset(),
    },
)

STANDING = (FindingState.OPEN, FindingState.WAIVED)
MACHINES = {"finding": FINDING}
