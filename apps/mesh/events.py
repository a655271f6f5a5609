"""What the mesh tells the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class DefinitionsBrought(Event):
    """Manifests are checked by other definitions from now on."""

    words: ClassVar[str] = "brought the definitions of the mesh"
    bundle_id: int
    sha256: str
    kinds: int
