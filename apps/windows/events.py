"""What windows and freezes tell the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class WindowPlanned(Event):
    words: ClassVar[str] = "planned the recurring window"
    window_id: int
    kind: str


@dataclass(frozen=True)
class WindowChanged(Event):
    """Its definition is another now: whoever keeps something computed from it computes it anew."""

    words: ClassVar[str] = "changed the recurring window"
    window_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class WindowRetired(Event):
    words: ClassVar[str] = "retired the recurring window"
    window_id: int
    reason: str
