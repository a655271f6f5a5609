"""What the mesh tells the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class DefinitionsBrought(Event):
    """Manifests are checked by other definitions from now on."""

    words: ClassVar[str] = "brought the definitions of the mesh"
    bundle_id: int
    sha256: str
    kinds: int


@dataclass(frozen=True)
class MeshDescribed(Event):
    """What a cluster's mesh is called and how it is reached has changed."""

    words: ClassVar[str] = "described the mesh"
    cluster_id: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class EdgePolicySet(Event):
    """One dependency is called otherwise from now on; None: as follows from its needs."""

    words: ClassVar[str] = "set how an edge is called"
    dependency_id: int
    consumer_id: int
    provider_id: int
    before: dict[str, int] | None
    after: dict[str, int] | None


@dataclass(frozen=True)
class AppliedPushed(Event):
    """Somebody said what is applied in a cluster."""

    words: ClassVar[str] = "pushed what is applied in the mesh"
    cluster_id: int
    sha256: str
    documents: int
    drifted: int  # resources that differ from what is declared
