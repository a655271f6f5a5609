"""What the area tells the rest of the house. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class ThresholdFloorWritten(Event):
    words: ClassVar[str] = "drafted the floor"
    floor_id: int
    digest: str


@dataclass(frozen=True)
class ThresholdFloorAdopted(Event):
    """`superseded_id` is the version it took the place of."""

    words: ClassVar[str] = "adopted the floor"
    floor_id: int
    digest: str
    superseded_id: int | None


@dataclass(frozen=True)
class ThresholdFloorDiscarded(Event):
    words: ClassVar[str] = "discarded the draft"
    floor_id: int


@dataclass(frozen=True)
class ThresholdsOffered(Event):
    """The first offer opens the negotiation; `side` is the one that makes it."""

    words: ClassVar[str] = "made an offer"
    agreement_id: int
    offer_id: int
    number: int
    side: str
    digest: str


@dataclass(frozen=True)
class ThresholdsSigned(Event):
    words: ClassVar[str] = "signed an offer"
    agreement_id: int
    offer_id: int
    side: str
    digest: str


@dataclass(frozen=True)
class ThresholdsAgreed(Event):
    """Both sides have signed; `floor_id` is the floor that the text is proven to hold."""

    words: ClassVar[str] = "completed the agreement"
    agreement_id: int
    offer_id: int
    digest: str
    floor_id: int | None


@dataclass(frozen=True)
class ThresholdsInForce(Event):
    """An agreement came into force; `superseded_id` is the one it took the place of."""

    words: ClassVar[str] = "brought the agreement into force"
    agreement_id: int
    superseded_id: int | None


@dataclass(frozen=True)
class ThresholdNegotiationBrokenOff(Event):
    words: ClassVar[str] = "broke off the negotiation"
    agreement_id: int
    reason: str
