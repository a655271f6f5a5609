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


@dataclass(frozen=True)
class FreezeDrafted(Event):
    words: ClassVar[str] = "drafted the freeze"
    freeze_id: int


@dataclass(frozen=True)
class FreezeChanged(Event):
    """It is a draft again: nobody has seen yet what it hits now."""

    words: ClassVar[str] = "changed the freeze"
    freeze_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class FreezePreviewed(Event):
    words: ClassVar[str] = "looked at what the freeze hits"
    freeze_id: int
    version: int


@dataclass(frozen=True)
class FreezeEnforced(Event):
    words: ClassVar[str] = "enforced the freeze"
    freeze_id: int
    strength: str


@dataclass(frozen=True)
class FreezeLifted(Event):
    words: ClassVar[str] = "lifted the freeze"
    freeze_id: int
    reason: str
