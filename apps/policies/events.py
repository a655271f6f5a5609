"""What the area of policies tells others: frozen, past tense, ids only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class PolicyFounded(Event):
    words: ClassVar[str] = "founded the policy"
    policy_id: int


@dataclass(frozen=True)
class PolicySaved(Event):
    words: ClassVar[str] = "saved a draft of the policy"
    policy_id: int
    version_id: int
    digest: str


@dataclass(frozen=True)
class PolicyEnabled(Event):
    words: ClassVar[str] = "put a version of the policy in force"
    policy_id: int
    version_id: int
    digest: str


@dataclass(frozen=True)
class PolicyRetired(Event):
    words: ClassVar[str] = "took the policy out of force"
    policy_id: int
    version_id: int
    reason: str


@dataclass(frozen=True)
class PolicyDraftDiscarded(Event):
    words: ClassVar[str] = "discarded a draft of the policy"
    policy_id: int
    version_id: int
