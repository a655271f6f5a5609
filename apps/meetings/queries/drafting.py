"""What the journal and the records say of a meeting that is over: the facts that its minutes hold."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from apps.cab.models import Ballot, Board, Round
from apps.cab.states import RoundState
from apps.journal.models import Entry
from apps.meetings import events
from apps.meetings.models import ActionItem, AgendaItem, Attendance, Meeting, SectionKind
from apps.meetings.queries.agenda import items_of
from apps.meetings.queries.room import chairings
from apps.meetings.rules import minutes as rules
from apps.meetings.rules.attendance import Chairing, Quorum, quorum

HOUSE = "the house"  # what closed the room when no person did
_OUTCOMES = {events.ItemDecided.name(), events.ItemDeferred.name(), events.ItemWithdrawn.name()}


@dataclass(frozen=True)
class Draft:
    """One section as the house writes it."""

    kind: SectionKind
    facts: dict[str, Any]
    prose: str = ""
    item: AgendaItem | None = None


@dataclass(frozen=True)
class Records:
    """Everything about one meeting that its minutes are drafted from, read once."""

    meeting: Meeting
    entries: list[Entry]
    items: list[AgendaItem]
    rounds: dict[int, Round]  # by change: the board's last one that was open before the meeting ended
    ballots: dict[int, list[Ballot]] = field(default_factory=dict)  # by round
    actions: dict[int | None, list[ActionItem]] = field(default_factory=dict)  # by item


def drafted_sections(meeting: Meeting) -> list[Draft]:
    """The sections of a closed meeting's minutes: the opening, each item of the agenda in order, the closing."""
    found = _records(meeting)
    items = [_item(found, one) for one in found.items]
    facts = _opening(found)
    counted = Counter(one.facts["outcome"] for one in items)
    prose = rules.opening_words(facts, zone=meeting.zone, outcomes=counted)
    closing = Draft(SectionKind.CLOSING, {"actions": _actions(found.actions.get(None, ()))})
    return [Draft(SectionKind.OPENING, facts, prose), *items, closing]


def _records(meeting: Meeting) -> Records:
    items: list[Any] = list(items_of(meeting))
    known = Round.objects.filter(board=meeting.board_id, change__in=[one.change_id for one in items])
    last = known.filter(opened_at__lte=meeting.closed_at).order_by("change_id", "-number").distinct("change_id")
    rounds = {one.change_id: one for one in last}
    cast = Ballot.objects.filter(round__in=rounds.values(), cast_at__lte=meeting.closed_at)
    agreed = ActionItem.objects.filter(meeting=meeting).select_related("owner").order_by("due_on", "pk")
    return Records(
        meeting=meeting,
        entries=list(Entry.objects.about(meeting).select_related("actor").order_by("id")),
        items=items,
        rounds=rounds,
        ballots=_by(cast.select_related("voter", "cast_by").prefetch_related("conditions").order_by("id"), "round_id"),
        actions=_by(agreed, "item_id"),
    )


def _by(rows: Iterable[Model], name: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for one in rows:
        found[getattr(one, name)].append(one)
    return found


def _opening(found: Records) -> dict[str, Any]:
    meeting = found.meeting
    stays = list(Attendance.objects.filter(meeting=meeting).select_related("person").order_by("joined_at", "pk"))
    assert meeting.opened_at is not None
    seats = chairings(meeting.board, meeting.opened_at)
    present = {one.person_id for one in stays}
    return {
        "board": meeting.board.name,
        "opened_by": _who(found, events.MeetingOpened.name()),
        "opened_at": _iso(meeting.opened_at),
        "closed_by": _who(found, events.MeetingClosed.name()),
        "closed_at": _iso(meeting.closed_at),
        "stays": [_stay(one) for one in stays],
        "absent": [str(seat.name) for seat in seats if not seat.is_filled(present)],
        "quorum": _quorum(meeting.board, seats, stays),
    }


def _quorum(board: Board, seats: list[Chairing], stays: list[Attendance]) -> dict[str, Any]:
    def standing(present: Collection[int]) -> Quorum:
        return quorum(
            seats, present=present, count=board.quorum_count, share=board.quorum_share, roles=board.quorum_roles
        )

    spans = rules.quorate_spans(
        [rules.Stay(one.person_id, one.joined_at, one.left_at) for one in stays if one.left_at], standing
    )
    needed = standing(())
    return {
        "seats": needed.seats,
        "needed": needed.needed,
        "roles": list(board.quorum_roles),
        "spans": [{"from_at": _iso(start), "until_at": _iso(end)} for start, end in spans],
    }


def _who(found: Records, event: str) -> str:
    last = next((one for one in reversed(found.entries) if one.event == event), None)
    return str(last.actor) if last and last.actor else HOUSE


def _stay(one: Attendance) -> dict[str, Any]:
    return {
        "person": str(one.person),
        "capacity": one.capacity,
        "joined_at": _iso(one.joined_at),
        "left_at": _iso(one.left_at),
    }


def _item(found: Records, item: AgendaItem) -> Draft:
    told = next((one for one in reversed(found.entries) if _settles(one, item)), None)
    round_ = found.rounds.get(item.change_id)
    verdict = told.data.get("verdict", "") if told else ""
    facts = {
        "change": item.change.reference,
        "title": item.change.title,
        "revision": round_.revision if round_ else item.change.revision,
        "risk": item.change.risk,
        "is_consent": item.is_consent,
        "outcome": item.state,
        "verdict": verdict,
        "sentence": round_.tally.get("sentence", "") if round_ and verdict else "",
        "settled_at": _iso(told.at) if told else None,
        "entry": told.pk if told else None,  # of the journal
        "ruled_by": str(item.ruled_by) if item.ruled_by else "",
        "reason": item.reason,
        "seconds": item.spent_seconds,
        "minutes": item.minutes,
        "actions": _actions(found.actions.get(item.pk, ())),
        **_votes(found, round_, verdict),
    }
    return Draft(SectionKind.ITEM, facts, rules.item_words(facts), item)


def _settles(entry: Entry, item: AgendaItem) -> bool:
    return entry.event in _OUTCOMES and entry.data["item_id"] == item.pk


def _votes(found: Records, round_: Round | None, verdict: str) -> dict[str, Any]:
    """The ballots with their names, except while the board still hides them: then only how many there are."""
    if round_ is None:
        return {"ballots": [], "hidden_ballots": 0, "conditions": []}
    cast = found.ballots.get(round_.pk, [])
    if round_.state == RoundState.OPEN and round_.rule.get("hides_ballots"):
        return {"ballots": [], "hidden_ballots": len(cast), "conditions": []}
    here = {one.data["ballot_id"] for one in found.entries if one.event == events.BallotCastInRoom.name()}
    conditions = [{"text": asked.text, "asked_by": str(one.voter)} for one in cast for asked in one.conditions.all()]
    return {"ballots": [_ballot(one, verdict, here) for one in cast], "hidden_ballots": 0, "conditions": conditions}


def _ballot(one: Ballot, verdict: str, here: set[int]) -> dict[str, Any]:
    return {
        "voter": str(one.voter),
        "cast_by": str(one.cast_by) if one.cast_by_id != one.voter_id else "",
        "seat": f"{one.seat_role} for {one.seat_function}" if one.seat_function else one.seat_role,
        "choice": one.choice,
        "reason": one.reason,
        "is_dissent": rules.is_dissent(one.choice, verdict),
        "in_room": one.pk in here,
        "cast_at": _iso(one.cast_at),
    }


def _actions(rows: Iterable[ActionItem]) -> list[dict[str, Any]]:
    return [{"text": one.text, "owner": str(one.owner), "due_on": one.due_on.isoformat()} for one in rows]


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
