"""The states of a decision on a pattern, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class DecisionState(StrEnum):
    """Where a decision on how an integration is built stands."""

    DECIDED = "decided"
    REOPENED = "reopened"  # a need or an offer that it rests on has changed
    SUPERSEDED = "superseded"  # a later decision took its place


DECISION = Machine(
    "decision on a pattern",
    {
        DecisionState.DECIDED: frozenset({DecisionState.REOPENED, DecisionState.SUPERSEDED}),
        DecisionState.REOPENED: frozenset({DecisionState.SUPERSEDED}),
        DecisionState.SUPERSEDED: frozenset(),
    },
)

CURRENT = (DecisionState.DECIDED, DecisionState.REOPENED)
MACHINES = {"pattern decision": DECISION}
