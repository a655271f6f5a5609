"""The registry of calendar feeds: areas above say what a feed holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import Person


@dataclass(frozen=True)
class CalendarItem:
    """One event of a calendar: `uid` never changes; `sequence` grows with every change to it.

    `rrule` makes it one that comes back (RFC 5545, UNTIL in UTC) from `start_local` on, without those in `exdates`.
    With `recurrence_local` it is one occurrence of such an event, named by the start that the rule gives it. All are
    wall clocks of `zone` as the rule has them, also where clocks skip them.
    """

    uid: str
    summary: str
    start_at: datetime
    end_at: datetime
    zone: str
    url: str
    sequence: int
    changed_at: datetime
    description: str = ""
    is_cancelled: bool = False
    place: str = ""
    rrule: str = ""
    start_local: datetime | None = None
    exdates: tuple[datetime, ...] = ()
    recurrence_local: datetime | None = None


Provider = Callable[[Person], Sequence[CalendarItem]]
_providers: dict[str, tuple[str, Provider]] = {}


def register(kind: str, label: str, provider: Provider) -> None:
    """Offer a feed: `label` names it to people, `provider` gives its items for one person."""
    _providers[kind] = (label, provider)


def kinds() -> dict[str, str]:
    """Every feed on offer: kind → label."""
    return {kind: label for kind, (label, _) in _providers.items()}


def items_of(kind: str, person: Person) -> Sequence[CalendarItem]:
    """What the feed holds for this person now; nothing for a kind that is no longer offered."""
    return _providers[kind][1](person) if kind in _providers else ()
