"""What accounts tells others. Ids and plain names only: no address, no secret, no hash."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class ApiKeyMade(Event):
    words: ClassVar[str] = "made an API key"
    key_id: int
    owner_id: int
    prefix: str
    scopes: list[str]
    expires_on: str  # ISO date, UTC


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    words: ClassVar[str] = "revoked an API key"
    key_id: int
    owner_id: int
    prefix: str
