"""What integrations tell the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class InterfaceOffered(Event):
    words: ClassVar[str] = "offered the interface"
    interface_id: int
    component_id: int


@dataclass(frozen=True)
class InterfaceDescribed(Event):
    words: ClassVar[str] = "edited the interface"
    interface_id: int
    version: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class InterfaceWithdrawn(Event):
    """Nobody used it any more. The subject is the component that offered it."""

    words: ClassVar[str] = "withdrew an interface of"
    interface_id: int
    label: str


@dataclass(frozen=True)
class IntegrationDeclared(Event):
    words: ClassVar[str] = "declared the integration"
    integration_id: int
    consumer_id: int
    interface_id: int
    provider_id: int


@dataclass(frozen=True)
class IntegrationDescribed(Event):
    """`before` and `after` hold what changed, as text."""

    words: ClassVar[str] = "edited the integration"
    integration_id: int
    version: int
    fields: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True)
class IntegrationWithdrawn(Event):
    """The subject is the consumer."""

    words: ClassVar[str] = "withdrew an integration of"
    integration_id: int
    consumer_id: int
    interface_id: int
    provider_id: int
    reason: str


@dataclass(frozen=True)
class PatternDecided(Event):
    """`inputs_sha256` binds it to the needs, the offer, the weights and the profile that were read."""

    words: ClassVar[str] = "decided on a pattern for the integration"
    integration_id: int
    decision_id: int
    number: int
    chosen: str
    recommended: str
    inputs_sha256: str


@dataclass(frozen=True)
class PatternReopened(Event):
    """A need or an offer changed under a decision. `before` and `after` hold what changed, as text."""

    words: ClassVar[str] = "reopened the decision on the integration"
    integration_id: int
    decision_id: int
    number: int
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True)
class IsolationPlanned(Event):
    """Written for the first time, or anew. The subject is the integration."""

    words: ClassVar[str] = "planned for isolation"
    integration_id: int
    mode: str
    version: int


@dataclass(frozen=True)
class IsolationPlanWithdrawn(Event):
    """The subject is the integration."""

    words: ClassVar[str] = "withdrew the isolation plan"
    integration_id: int
    reason: str


@dataclass(frozen=True)
class IsolationRehearsed(Event):
    """The subject is the integration."""

    words: ClassVar[str] = "rehearsed for isolation"
    integration_id: int
    rehearsal_id: int
    outcome: str
    held_s: int
