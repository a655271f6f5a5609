"""What an event is: a frozen dataclass with ids only, its name, and the words a timeline uses for it."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

REGISTRY: dict[str, type["Event"]] = {}


@dataclass(frozen=True)
class Event:
    """The base of every event. A subclass is named in the past tense and sets `words`, the timeline's verb phrase.

    Fields carry ids and plain values only (numbers, text, booleans, None, lists of these): entries are for ever, and
    nothing a reader may not see belongs in them.
    """

    words: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        REGISTRY[cls.name()] = cls

    @classmethod
    def name(cls) -> str:
        """Stable name: the area, a dot, the class (`cab.VoteCast`)."""
        area = cls.__module__.split(".")[1]
        return f"{area}.{cls.__name__}"

    def data(self) -> dict[str, Any]:
        """The fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class DeliveryRetried(Event):
    """What the journal itself tells: a person put a failed delivery back in line."""

    words: ClassVar[str] = "put a failed delivery back in line"
    delivery_id: int
    entry_id: int
    subscriber: str


def words_for(name: str) -> str:
    """The timeline's verb phrase for an event name; the name itself when the event is no longer known."""
    known = REGISTRY.get(name)
    return known.words if known and known.words else name
