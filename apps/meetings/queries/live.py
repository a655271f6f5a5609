"""The live room as it stands: what every screen shows alike, and the entries that tell of each change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from apps.accounts.models import Person
from apps.cab.models import Change, Condition, Round
from apps.cab.queries.boards import standing
from apps.cab.states import RoundState
from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.meetings.models import ActionItem, AgendaItem, Meeting
from apps.meetings.queries.agenda import Agenda, agenda_for, items_of, sorted_out
from apps.meetings.queries.consent import confirmed_by
from apps.meetings.queries.room import Presence, lines_of, presence
from apps.meetings.rules.attendance import Line
from apps.meetings.rules.timing import level, spent_seconds
from apps.meetings.states import ItemState

SUBJECT = Meeting._meta.label_lower
MOST_MISSED = 500  # entries that one stream catches up on; who missed more loads the page anew
LATELY = 8  # entries beside the room


@dataclass(frozen=True)
class Timer:
    """How long the room has spoken of an item: seconds so far, of how many minutes, and the last mark passed."""

    seconds: int
    minutes: int
    level: int

    @property
    def minutes_spent(self) -> int:
        """Whole minutes so far."""
        return self.seconds // 60


@dataclass(frozen=True)
class Tally:
    """The ballots on the current item: how many of how many; what is missing; the decision's sentence at the end."""

    cast: int
    eligible: int
    missing: Sequence[str]


@dataclass(frozen=True)
class Consent:
    """The motion on the consent items: how many are left, and how many of the seats have confirmed them."""

    items: int
    confirmed: int
    seats: int


@dataclass(frozen=True)
class Settled:
    """An item that is decided, deferred or withdrawn, and the sentence by which its round ended, if it did."""

    item: AgendaItem
    sentence: str


@dataclass(frozen=True)
class Room:
    """What every screen shows alike."""

    meeting: Meeting
    agenda: Agenda
    current: AgendaItem | None
    timer: Timer | None
    tally: Tally | None
    consent: Consent | None  # None: not moved, or over
    settled: Sequence[Settled]
    conditions: Sequence[Condition]
    presence: Presence
    people: Sequence[Line]
    actions: Sequence[ActionItem]
    lately: Sequence[dict[str, Any]]
    after: int  # the last entry it knows of
    at: datetime


def room_of(meeting: Meeting, *, at: datetime, person: Person | None = None) -> Room:
    """The room now; for `person`, without what they may not see (None: everything, for members)."""
    entries = list(_entries_of([meeting.pk]).select_related("actor").order_by("-id")[:LATELY])
    agenda = agenda_for(meeting, person) if person is not None else sorted_out(list(items_of(meeting)))
    shown = [*agenda.items, *agenda.consent, *agenda.late, *agenda.settled]
    current = next((one for one in shown if one.state == ItemState.CURRENT), None)
    settled = [one.change_id for one in agenda.settled]
    there = presence(meeting, at=at)
    return Room(
        meeting=meeting,
        agenda=agenda,
        current=current,
        timer=_timer(current, at=at) if current else None,
        tally=_tally(current, at=at) if current else None,
        settled=_settled(meeting, agenda),
        conditions=_conditions(meeting, settled),
        consent=_consent(meeting, agenda, seats=there.quorum.seats),
        presence=there,
        people=lines_of(there, current),
        actions=actions_of(meeting, person),
        lately=[_line(one) for one in entries],
        after=entries[0].pk if entries else 0,
        at=at,
    )


def actions_of(meeting: Meeting, person: Person | None) -> list[ActionItem]:
    """What was agreed that somebody does, by due date; for `person`, without what is about changes they may not see."""
    rows = ActionItem.objects.filter(meeting=meeting).select_related("owner", "item__change").order_by("due_on", "pk")
    if person is not None:
        rows = rows.filter(Q(item__isnull=True) | Q(item__change__in=Change.objects.visible_to(person).values("pk")))
    return list(rows)


def latest(meeting_id: int) -> int:
    """The number of the meeting's last entry; 0 before the first."""
    last: int | None = _entries_of([meeting_id]).aggregate(last=Max("id"))["last"]
    return last or 0


def entries_after(meeting_ids: Collection[int], after: int) -> list[Entry]:
    """The entries about these meetings beyond that number, in order."""
    rows = _entries_of(meeting_ids).filter(id__gt=after).select_related("actor").order_by("id")
    return list(rows[:MOST_MISSED])


def _entries_of(meeting_ids: Collection[int]) -> Any:
    return Entry.objects.filter(subject_type=SUBJECT, subject_id__in=meeting_ids)


def _timer(item: AgendaItem, *, at: datetime) -> Timer:
    seconds = spent_seconds(before=item.spent_seconds, taken_at=item.taken_at, at=at)
    return Timer(seconds, item.minutes, level(seconds=seconds, minutes=item.minutes))


def _tally(item: AgendaItem, *, at: datetime) -> Tally | None:
    round_ = Round.objects.filter(change=item.change_id, state=RoundState.OPEN).select_related("board").first()
    if round_ is None:
        return None
    quorum = standing(round_, item.change, at=at).quorum
    return Tally(quorum.present, quorum.eligible, quorum.missing)


def _consent(meeting: Meeting, agenda: Agenda, *, seats: int) -> Consent | None:
    if meeting.consent_moved_at is None or not agenda.consent:
        return None
    return Consent(len(agenda.consent), len(confirmed_by(meeting, agenda.consent)), seats)


def _settled(meeting: Meeting, agenda: Agenda) -> list[Settled]:
    changes = [one.change_id for one in agenda.settled]
    rows = Round.objects.filter(board=meeting.board_id, change__in=changes, state=RoundState.DECIDED)
    sentences = {one.change_id: one.tally.get("sentence", "") for one in rows.order_by("number")}
    return [Settled(one, sentences.get(one.change_id, "")) for one in agenda.settled]


def _conditions(meeting: Meeting, change_ids: Sequence[int]) -> list[Condition]:
    """The conditions of decided rounds: what an open round asks for may still be hidden."""
    rows = Condition.objects.filter(ballot__round__board=meeting.board_id, change__in=change_ids)
    return list(rows.filter(ballot__round__state=RoundState.DECIDED).select_related("change").order_by("pk"))


def _line(entry: Entry) -> dict[str, Any]:
    return {"id": entry.pk, "actor": entry.actor, "words": words_for(entry.event), "at": entry.at}
