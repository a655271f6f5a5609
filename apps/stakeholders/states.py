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


class SiloRunState(StrEnum):
    """Where an assessment of silos stands."""

    WAITING = "waiting"  # for a worker
    RUNNING = "running"  # parcel by parcel
    DONE = "done"
    FAILED = "failed"  # taken up again and again, it never came to its end; nothing of it stays


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

SILO_RUN = Machine(
    "silo assessment",
    {
        SiloRunState.WAITING: frozenset({SiloRunState.RUNNING}),
        SiloRunState.RUNNING: frozenset({SiloRunState.RUNNING, SiloRunState.DONE, SiloRunState.FAILED}),
        SiloRunState.DONE: frozenset(),
        SiloRunState.FAILED: frozenset(),
    },
)
UNFINISHED_SILO_RUNS = (SiloRunState.WAITING, SiloRunState.RUNNING)

OPEN_AGREEMENTS = (AgreementState.NEGOTIATING, AgreementState.AGREED)


class ProtocolState(StrEnum):
    """Where a version of an escalation protocol stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class CaseState(StrEnum):
    """Where an escalated case stands; only while it is open does its clock run."""

    OPEN = "open"
    ON_HOLD = "on_hold"  # nobody of its step is on call
    ACKNOWLEDGED = "acknowledged"  # somebody has taken it
    EXHAUSTED = "exhausted"  # the last step's time is up
    SETTLING = "settling"  # a resolution waits for both parties
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


PROTOCOL = Machine(
    "version of a protocol",
    {
        ProtocolState.DRAFT: frozenset({ProtocolState.PUBLISHED, ProtocolState.DISCARDED}),
        ProtocolState.PUBLISHED: frozenset({ProtocolState.SUPERSEDED}),
        ProtocolState.SUPERSEDED: frozenset(),
        ProtocolState.DISCARDED: frozenset(),
    },
)

_ANSWERED = {CaseState.SETTLING, CaseState.RESOLVED, CaseState.WITHDRAWN}
CASE = Machine(
    "case",
    {
        CaseState.OPEN: frozenset({CaseState.ON_HOLD, CaseState.ACKNOWLEDGED, CaseState.EXHAUSTED} | _ANSWERED),
        CaseState.ON_HOLD: frozenset({CaseState.OPEN, CaseState.EXHAUSTED, CaseState.WITHDRAWN}),
        CaseState.ACKNOWLEDGED: frozenset({CaseState.OPEN, CaseState.ON_HOLD} | _ANSWERED),
        CaseState.EXHAUSTED: frozenset({CaseState.ACKNOWLEDGED} | _ANSWERED),
        # A party that does not sign leads back to whoever took the case.
        CaseState.SETTLING: frozenset({CaseState.ACKNOWLEDGED, CaseState.RESOLVED, CaseState.WITHDRAWN}),
        CaseState.RESOLVED: frozenset(),
        CaseState.WITHDRAWN: frozenset(),
    },
)
UNFINISHED_CASES = (
    *(CaseState.OPEN, CaseState.ON_HOLD, CaseState.ACKNOWLEDGED),
    *(CaseState.EXHAUSTED, CaseState.SETTLING),
)
MACHINES = {
    "threshold floor": FLOOR,
    "threshold agreement": AGREEMENT,
    "silo action": SILO_ACTION,
    "silo assessment": SILO_RUN,
    "escalation protocol": PROTOCOL,
    "escalated case": CASE,
}
