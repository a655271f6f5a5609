"""What accounts tells others. Ids and plain names only: no address, no secret, no hash."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class ApiKeyMade(Event):
    words: ClassVar[str] = "made an API key for"
    key_id: int
    owner_id: int
    prefix: str
    scopes: list[str]
    expires_on: str  # ISO date, UTC


@dataclass(frozen=True)
class ApiKeyRevoked(Event):
    words: ClassVar[str] = "revoked an API key of"
    key_id: int
    owner_id: int
    prefix: str


@dataclass(frozen=True)
class PersonAdded(Event):
    words: ClassVar[str] = "added"
    person_id: int
    kind: str


@dataclass(frozen=True)
class PersonJoined(Event):
    words: ClassVar[str] = "joined as"
    person_id: int
    provider: str  # the identity provider's id; empty for a sign-up with password


@dataclass(frozen=True)
class PersonDeactivated(Event):
    words: ClassVar[str] = "deactivated"
    person_id: int


@dataclass(frozen=True)
class PersonReactivated(Event):
    words: ClassVar[str] = "reactivated"
    person_id: int


@dataclass(frozen=True)
class PersonRenamed(Event):
    words: ClassVar[str] = "changed the name of"
    person_id: int


@dataclass(frozen=True)
class PreferencesSet(Event):
    words: ClassVar[str] = "set preferences of"
    person_id: int
    changed: dict[str, str]  # zone, theme, density: what they are now


@dataclass(frozen=True)
class RoleGranted(Event):
    words: ClassVar[str] = "granted a role to"
    person_id: int
    role: str


@dataclass(frozen=True)
class RoleRevoked(Event):
    words: ClassVar[str] = "revoked a role of"
    person_id: int
    role: str


@dataclass(frozen=True)
class SignInSecured(Event):
    words: ClassVar[str] = "changed the sign-in of"
    person_id: int
    what: str  # "password changed", "authenticator added" …; never the thing itself
