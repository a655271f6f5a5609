"""What notify tells others."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class EndpointAdded(Event):
    words: ClassVar[str] = "added a webhook"
    endpoint_id: int


@dataclass(frozen=True)
class EndpointChanged(Event):
    words: ClassVar[str] = "changed a webhook"
    endpoint_id: int
    fields: list[str]


@dataclass(frozen=True)
class SecretRotated(Event):
    words: ClassVar[str] = "rotated a webhook's secret"
    endpoint_id: int


@dataclass(frozen=True)
class RotationEnded(Event):
    words: ClassVar[str] = "let a webhook's old secret sign no longer"
    endpoint_id: int


@dataclass(frozen=True)
class EndpointTested(Event):
    words: ClassVar[str] = "sent a test to a webhook"
    endpoint_id: int


@dataclass(frozen=True)
class SendingRepeated(Event):
    words: ClassVar[str] = "sent to a webhook again"
    endpoint_id: int
    sending_id: int


@dataclass(frozen=True)
class EndpointDisabled(Event):
    words: ClassVar[str] = "switched a failing webhook off"
    endpoint_id: int
    why: str


@dataclass(frozen=True)
class FeedOpened(Event):
    words: ClassVar[str] = "opened a calendar feed"
    feed_id: int


@dataclass(frozen=True)
class FeedRevoked(Event):
    words: ClassVar[str] = "revoked a calendar feed"
    feed_id: int
