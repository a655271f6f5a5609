"""What an import does, row by row, and what a catalogue has said already. Plain data."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.clusters.formats.catalog import Catalog, ClusterRow, ComponentRow, DependencyRow, PlacementRow, Rejection, Row
from apps.clusters.models import Cluster, Component, Dependency, LooseEnd, Placement
from apps.clusters.rules.nesting import ROW_STEP, circle_sentence

Key = tuple[str, str]  # a component: slug of its cluster, its own slug
Ends = tuple[Key | None, Key | None]
Spot = tuple[str, str, str]  # a placement: slug of its cluster, site, host
Said = dict[tuple[str, Any], Row]  # what a catalogue has said already, by what it is about


EDGE_FIELDS = ("weight", "data_class", "safeguard")  # what a dependency says beside its ends and its kind
API_FIELD = "api"  # of a component: told of as a change, written beside it
WHAT = ("cluster", "component", "dependency", "loose_end", "placement")


class Status(StrEnum):
    """What an import does with one row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"  # the same catalogue said it before


@dataclass(frozen=True)
class Step:
    """One row and what becomes of it. `changes` are (field, before, after) of what differs."""

    row: Row
    what: str  # one of WHAT
    label: str
    status: Status
    changes: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The changes as people read them."""
        return [(name.replace("_", " "), _text(before), _text(after)) for name, before, after in self.changes]


def _text(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else str(value)) or "–"


def told(step: Step) -> dict[str, Any]:
    """A step as a large import keeps it, and as its page reads it."""
    place = {"file": step.row.place.file, "row": step.row.place.row}
    return {"row": {"place": place}, "what": step.what, "label": step.label, "told": step.told}


@dataclass
class Plan:
    """Every step of an import, with what it found on the way."""

    steps: list[Step] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    clusters: dict[str, Cluster] = field(default_factory=dict)  # by slug; those that exist
    components: dict[Key, Component] = field(default_factory=dict)  # those that exist
    placements: dict[Spot, Placement] = field(default_factory=dict)  # those that exist
    edges: dict[int, Dependency] = field(default_factory=dict)  # id(row) of a dependency → the one that exists
    loose: dict[int, LooseEnd] = field(default_factory=dict)  # id(row) of a dependency → the loose end that exists
    ends: dict[int, Ends] = field(default_factory=dict)  # id(row) of a dependency → its ends, None for one not known

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of each of WHAT are new, changed, unchanged or repeated; and how many rows were rejected."""
        found = Counter((step.what, step.status.value) for step in self.steps)
        told = {what: {status.value: found[what, status.value] for status in Status} for what in WHAT}
        return {**told, "rejected": {"rows": len(self.rejections)}}

    def refuse_circles(self, found: Sequence[tuple[Step, Sequence[Any]]], name: Callable[[Any], str]) -> None:
        """Reject the rows of these steps, each of which would close its circle of wholes and parts, called `name`."""
        gone = {id(step) for step, _ in found}
        self.steps = [one for one in self.steps if id(one) not in gone] if gone else self.steps
        rejected = Catalog()
        for step, circle in found:
            assert isinstance(step.row, DependencyRow)
            rejected.refuse(
                step.row.place, "provider", step.row.provider, f"{circle_sentence(circle, name)} {ROW_STEP}"
            )
        self.rejections += rejected.rejections

    def having(self, *statuses: Status) -> list[Step]:
        """The steps with one of these statuses, in the order of the catalogue."""
        return [step for step in self.steps if step.status in statuses]


def about(row: Row) -> tuple[str, Any]:
    """What a row is about: two of the same say the same, or contradict each other. Of a cluster, case says nothing."""
    if isinstance(row, ClusterRow):
        return "cluster", row.slug.lower()
    if isinstance(row, ComponentRow):
        return about_component((row.cluster, row.slug))
    if isinstance(row, PlacementRow):
        return "placement", (row.cluster.lower(), row.site, row.host)
    ends = (row.consumer_cluster.lower(), row.consumer, row.provider_cluster.lower(), row.provider)
    return "dependency", (*ends, row.kind)


def about_component(key: Key) -> tuple[str, Any]:
    """The same of a component."""
    return "component", (key[0].lower(), key[1])


def said_by(rows: Iterable[Row]) -> Said:
    """What these rows say, the first of each: for whoever goes on after them."""
    said: Said = {}
    for row in rows:
        said.setdefault(about(row), row)
    return said
