"""The registry of invitations: areas above say which entry of a calendar a notice is about (iTIP, RFC 5546)."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.accounts.models import Person
from apps.journal.events import Event
from apps.journal.models import Entry
from apps.notify.feeds import CalendarItem


@dataclass(frozen=True)
class Invitation:
    """What a calendar is to keep of one thing: its items share a UID; `host` names who invites."""

    host: str
    items: tuple[CalendarItem, ...]

    @property
    def method(self) -> str:
        """CANCEL where nothing of it takes place any more, else REQUEST."""
        return "CANCEL" if all(one.is_cancelled for one in self.items) else "REQUEST"


Inviter = Callable[[Entry, Person], Invitation | None]
_inviters: dict[str, Inviter] = {}


def register(inviter: Inviter, *events: type[Event]) -> None:
    """Have the mails of notices about these events carry what `inviter` says to the person, as it is when they go."""
    for event in events:
        _inviters[event.name()] = inviter


def invitation_for(entry: Entry, person: Person) -> Invitation | None:
    """What the mail about this entry brings to this person's calendar; None for most."""
    inviter = _inviters.get(entry.event)
    return inviter(entry, person) if inviter else None
