"""Statuses of what is negotiated and adopted, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class FloorState(StrEnum):
    """Where a version of the enterprise floor of thresholds stands."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class AgreementState(StrEnum):
    """Where an agreement on thresholds stands."""

    NEGOTIATING = "negotiating"
    AGREED = "agreed"  # signed by both sides; its first day is still to come
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    BROKEN_OFF = "broken_off"


class SiloActionState(StrEnum):
    """Where an action about a silo stands."""

    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    DROPPED = "dropped"


FLOOR = Machine(
    "floor of thresholds",
    {
        FloorState.DRAFT: frozenset({FloorState.IN_FORCE, FloorState.DISCARDED}),
        FloorState.IN_FORCE: frozenset({FloorState.SUPERSEDED}),
        FloorState.SUPERSEDED: frozenset(),
        FloorState.DISCARDED: frozenset(),
    },
)

AGREEMENT = Machine(
    "agreement on thresholds",
    {
        AgreementState.NEGOTIATING: frozenset(
            {AgreementState.AGREED, AgreementState.IN_FORCE, AgreementState.BROKEN_OFF}
        ),
        AgreementState.AGREED: frozenset({AgreementState.IN_FORCE, AgreementState.BROKEN_OFF}),
        AgreementState.IN_FORCE: frozenset({AgreementState.SUPERSEDED}),
        AgreementState.SUPERSEDED: frozenset(),
        AgreementState.BROKEN_OFF: frozenset(),
    },
)

SILO_ACTION = Machine(
    "silo action",
    {
        SiloActionState.PLANNED: frozenset({SiloActionState.STARTED, SiloActionState.DONE, SiloActionState.DROPPED}),
        SiloActionState.STARTED: frozenset({SiloActionState.DONE, SiloActionState.DROPPED}),
        SiloActionState.DONE: frozenset(),
        SiloActionState.DROPPED: frozenset(),
    },
)

OPEN_AGREEMENTS = (AgreementState.NEGOTIATING, AgreementState.AGREED)
MACHINES = {"threshold floor": FLOOR, "threshold agreement": AGREEMENT, "silo action": SILO_ACTION}
