"""What meetings tell the rest of the house and every open screen of the room. Ids and plain values only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class SeriesPlanned(Event):
    words: ClassVar[str] = "planned the series"
    series_id: int


@dataclass(frozen=True)
class SeriesEdited(Event):
    words: ClassVar[str] = "changed the series"
    series_id: int
    fields: list[str]


@dataclass(frozen=True)
class SeriesEnded(Event):
    words: ClassVar[str] = "ended the series"
    series_id: int
    reason: str


@dataclass(frozen=True)
class MeetingPlanned(Event):
    words: ClassVar[str] = "planned the meeting"
    meeting_id: int


@dataclass(frozen=True)
class MeetingMoved(Event):
    words: ClassVar[str] = "moved the meeting"
    meeting_id: int
    sequence: int


@dataclass(frozen=True)
class MeetingFollowed(Event):
    """An edit of the series gave the meeting its words, and its time unless somebody had moved it."""

    words: ClassVar[str] = "changed the meeting with its series"
    meeting_id: int
    sequence: int


@dataclass(frozen=True)
class MeetingCancelled(Event):
    """`with_series`: an act on the series did it, and people are told of that one."""

    words: ClassVar[str] = "cancelled the meeting"
    meeting_id: int
    reason: str
    with_series: bool = False


@dataclass(frozen=True)
class MeetingGuestChanged(Event):
    """A member's days on the board changed, and with them whether the single meeting stands in their calendar.

    `because_id` is the journal entry of the board that changed them.
    """

    words: ClassVar[str] = "brought a member's invitation up to date"
    meeting_id: int
    person_id: int
    because_id: int


@dataclass(frozen=True)
class SeriesGuestChanged(Event):
    """As `MeetingGuestChanged`, of a series: which of its meetings stand in the member's calendar."""

    words: ClassVar[str] = "brought a member's invitation up to date"
    series_id: int
    person_id: int
    because_id: int


@dataclass(frozen=True)
class AgendaFilled(Event):
    words: ClassVar[str] = "filled the agenda"
    meeting_id: int
    added: list[int]
    removed: list[int]


@dataclass(frozen=True)
class AgendaLocked(Event):
    words: ClassVar[str] = "locked the agenda"
    meeting_id: int
    items: int


@dataclass(frozen=True)
class ItemCameLate(Event):
    words: ClassVar[str] = "put a late item before the chair"
    meeting_id: int
    item_id: int
    change_id: int


@dataclass(frozen=True)
class ItemAdmitted(Event):
    words: ClassVar[str] = "admitted an item"
    meeting_id: int
    item_id: int
    change_id: int
    reason: str


@dataclass(frozen=True)
class ItemDeferred(Event):
    words: ClassVar[str] = "deferred an item"
    meeting_id: int
    item_id: int
    change_id: int
    reason: str


@dataclass(frozen=True)
class ItemWithdrawn(Event):
    words: ClassVar[str] = "took an item off that no longer waits"
    meeting_id: int
    item_id: int
    change_id: int


@dataclass(frozen=True)
class ItemDecided(Event):
    words: ClassVar[str] = "saw an item decided"
    meeting_id: int
    item_id: int
    change_id: int
    verdict: str


@dataclass(frozen=True)
class ConsentReopened(Event):
    words: ClassVar[str] = "asked to speak of a consent item"
    meeting_id: int
    item_id: int
    change_id: int


@dataclass(frozen=True)
class ConsentMoved(Event):
    words: ClassVar[str] = "moved to decide the consent items together"
    meeting_id: int
    items: list[int]


@dataclass(frozen=True)
class ConsentConfirmed(Event):
    """One seat approved every remaining consent item; the ballots are the changes' own."""

    words: ClassVar[str] = "confirmed the consent items"
    meeting_id: int
    ballots: list[int]


@dataclass(frozen=True)
class ConsentLeft(Event):
    words: ClassVar[str] = "saw an item leave the consent items"
    meeting_id: int
    item_id: int
    change_id: int
    reason: str


@dataclass(frozen=True)
class MeetingOpened(Event):
    words: ClassVar[str] = "opened the meeting"
    meeting_id: int


@dataclass(frozen=True)
class MeetingClosed(Event):
    words: ClassVar[str] = "closed the meeting"
    meeting_id: int


@dataclass(frozen=True)
class RoomJoined(Event):
    words: ClassVar[str] = "joined"
    meeting_id: int
    person_id: int
    capacity: str


@dataclass(frozen=True)
class RoomLeft(Event):
    words: ClassVar[str] = "left"
    meeting_id: int
    person_id: int


@dataclass(frozen=True)
class PresenceNoted(Event):
    """The chair noted that somebody is there."""

    words: ClassVar[str] = "noted somebody as present"
    meeting_id: int
    person_id: int
    capacity: str


@dataclass(frozen=True)
class DepartureNoted(Event):
    """The chair noted that somebody has gone."""

    words: ClassVar[str] = "noted somebody as gone"
    meeting_id: int
    person_id: int


@dataclass(frozen=True)
class BallotCastInRoom(Event):
    words: ClassVar[str] = "voted"
    meeting_id: int
    item_id: int
    change_id: int
    ballot_id: int


@dataclass(frozen=True)
class ItemTaken(Event):
    words: ClassVar[str] = "took an item up"
    meeting_id: int
    item_id: int
    change_id: int


@dataclass(frozen=True)
class ItemPutBack(Event):
    words: ClassVar[str] = "put the item back"
    meeting_id: int
    item_id: int
    change_id: int


@dataclass(frozen=True)
class ItemShifted(Event):
    words: ClassVar[str] = "moved an item on the agenda"
    meeting_id: int
    item_id: int
    change_id: int
    position: int


@dataclass(frozen=True)
class ActionAgreed(Event):
    words: ClassVar[str] = "noted an action item"
    meeting_id: int
    action_item_id: int
    owner_id: int


@dataclass(frozen=True)
class ActionDone(Event):
    words: ClassVar[str] = "finished an action item"
    meeting_id: int
    action_item_id: int


@dataclass(frozen=True)
class BallotCastElsewhere(Event):
    """A vote on the current item came by the change's own page; the room's screens hear of it too."""

    words: ClassVar[str] = "voted outside the room"
    meeting_id: int
    item_id: int
    change_id: int
    ballot_id: int


@dataclass(frozen=True)
class MinutesDrafted(Event):
    words: ClassVar[str] = "drafted the minutes from the journal"
    meeting_id: int
    sections: int


@dataclass(frozen=True)
class MinutesEdited(Event):
    """Each section that was written anew, with its prose as it reads now."""

    words: ClassVar[str] = "edited the minutes"
    meeting_id: int
    version: int
    prose: dict[str, str]  # by the section's id


@dataclass(frozen=True)
class MinutesPublished(Event):
    words: ClassVar[str] = "published the minutes"
    meeting_id: int
    version: int
    digest: str


@dataclass(frozen=True)
class AddendumWritten(Event):
    words: ClassVar[str] = "wrote an addendum to the minutes"
    meeting_id: int
    addendum_id: int
    number: int
    digest: str


@dataclass(frozen=True)
class MinutesReminded(Event):
    words: ClassVar[str] = "reminded of minutes that are not published"
    meeting_id: int
    days: int
