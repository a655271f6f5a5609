"""The states of findings, charters and imports, and which may follow which. Pure data."""

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


class CharterState(StrEnum):
    """Where a version of a cluster's charter stands."""

    DRAFT = "draft"
    PROPOSED = "proposed"  # waits for the approval of somebody who did not write it
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"  # a later version took its place
    WITHDRAWN = "withdrawn"


CHARTER = Machine(
    "charter",
    {
        CharterState.DRAFT: frozenset({CharterState.PROPOSED, CharterState.WITHDRAWN}),
        CharterState.PROPOSED: frozenset({CharterState.IN_FORCE, CharterState.DRAFT, CharterState.WITHDRAWN}),
        CharterState.IN_FORCE: frozenset({CharterState.SUPERSEDED}),
        CharterState.SUPERSEDED: frozenset(),
        CharterState.WITHDRAWN: frozenset(),
    },
)


class CatalogState(StrEnum):
    """Where an uploaded catalogue stands."""

    MAPPING = "mapping"  # a CSV of which nobody has said which column is what
    READING = "reading"  # a large one: a worker compares it with the map
    READY = "ready"  # compared; nothing is written
    WAITING = "waiting"  # a worker will write it
    RUNNING = "running"  # parcel by parcel
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # what was written stays


_WORKED = frozenset({CatalogState.RUNNING, CatalogState.DONE, CatalogState.FAILED, CatalogState.CANCELLED})
CATALOG = Machine(
    "import",
    {
        CatalogState.MAPPING: frozenset({CatalogState.READING, CatalogState.READY, CatalogState.CANCELLED}),
        CatalogState.READING: frozenset({CatalogState.READY, CatalogState.FAILED, CatalogState.CANCELLED}),
        CatalogState.READY: frozenset(
            {CatalogState.READING, CatalogState.READY, CatalogState.WAITING, CatalogState.CANCELLED}
        ),
        CatalogState.WAITING: _WORKED,
        CatalogState.RUNNING: _WORKED,
        CatalogState.DONE: frozenset(),
        CatalogState.FAILED: frozenset(),
        CatalogState.CANCELLED: frozenset(),
    },
)
OVER_IMPORTS = (CatalogState.DONE, CatalogState.FAILED, CatalogState.CANCELLED)
WORKED_OFF = (CatalogState.READING, CatalogState.WAITING, CatalogState.RUNNING)

OPEN_CHARTERS = (CharterState.DRAFT, CharterState.PROPOSED)
STANDING = (FindingState.OPEN, FindingState.WAIVED)
MACHINES = {"finding": FINDING, "charter": CHARTER, "catalogue import": CATALOG}
