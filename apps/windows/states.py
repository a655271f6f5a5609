"""The states of a freeze, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class FreezeState(StrEnum):
    """Where a freeze stands."""

    DRAFT = "draft"
    PREVIEWED = "previewed"  # somebody has seen the list of changes it hits; editing it leads back to draft
    ENFORCED = "enforced"
    LIFTED = "lifted"


FREEZE = Machine(
    "freeze",
    {
        FreezeState.DRAFT: frozenset({FreezeState.PREVIEWED}),
        FreezeState.PREVIEWED: frozenset({FreezeState.DRAFT, FreezeState.ENFORCED}),
        FreezeState.ENFORCED: frozenset({FreezeState.LIFTED}),
        FreezeState.LIFTED: frozenset(),
    },
)

MACHINES = {"freeze": FREEZE}
