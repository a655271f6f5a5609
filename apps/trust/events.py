"""What trust tells the rest of the house. Ids and plain values only; no key and no token."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class TrustDomainDeclared(Event):
    words: ClassVar[str] = "declared the trust domain"
    domain_id: int


@dataclass(frozen=True)
class TrustDomainDescribed(Event):
    words: ClassVar[str] = "edited the trust domain"
    domain_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class BundleTakenIn(Event):
    """A domain has other keys now; `added` and `retired` name them."""

    words: ClassVar[str] = "took in a bundle of keys"
    domain_id: int
    sequence: int
    added: tuple[str, ...]
    retired: tuple[str, ...]


@dataclass(frozen=True)
class KeyRotationPlanned(Event):
    words: ClassVar[str] = "planned the rotation of a key"
    domain_id: int
    kid: str
    on: str


@dataclass(frozen=True)
class TrustLinkProposed(Event):
    words: ClassVar[str] = "proposed that another domain believes"
    link_id: int
    source_id: int
    target_id: int


@dataclass(frozen=True)
class TrustLinkAgreed(Event):
    words: ClassVar[str] = "agreed to believe"
    link_id: int
    source_id: int
    target_id: int


@dataclass(frozen=True)
class TrustLinkEnded(Event):
    words: ClassVar[str] = "ended the trust"
    link_id: int
    source_id: int
    target_id: int
    reason: str


@dataclass(frozen=True)
class TokenChecked(Event):
    """Somebody checked a token; what it said is kept nowhere."""

    words: ClassVar[str] = "checked a token of"
    domain_id: int
    is_believed: bool
    failed_at: str
