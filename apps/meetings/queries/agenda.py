"""What waits for a board, and what stands on an agenda for one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import Person
from apps.cab.models import Change, ChangeType, Condition, Conflict, Round
from apps.cab.states import ChangeState, ConditionState, ConflictState, RoundState
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.rules.agenda import Candidate
from apps.meetings.states import LIVE, OPEN_ITEMS, ItemState

MOST_ITEMS = 200  # of one agenda: more than any board hears in a day


def candidates_of(board_id: int) -> list[Candidate]:
    """The changes that wait for the board's authorization; what is on hold cannot be voted on and waits elsewhere."""
    conflict = Q(change=OuterRef("change")) | Q(other=OuterRef("change"))
    rows = (
        Round.objects.filter(board=board_id, state=RoundState.OPEN, change__on_hold=False)
        .filter(change__state=ChangeState.AWAITING_AUTHORIZATION)
        .annotate(
            conflicts=Exists(Conflict.objects.filter(conflict, state=ConflictState.OPEN)),
            conditions=Exists(Condition.objects.filter(change=OuterRef("change"), state=ConditionState.OPEN)),
        )
        .values_list("change_id", "change__type", "change__risk", "closes_at", "opened_at", "conflicts", "conditions")
    )
    return [
        Candidate(pk, kind == ChangeType.EMERGENCY, risk, closes_at, opened_at, int(conflicts), int(conditions))
        for pk, kind, risk, closes_at, opened_at, conflicts, conditions in rows
    ]


def ending_before(meeting: Meeting) -> QuerySet[Round]:
    """Open rounds of what stands on the agenda, or came late, that would end before the meeting does."""
    items = meeting.items.filter(state__in=[*OPEN_ITEMS, ItemState.LATE]).values("change")
    rows = Round.objects.filter(board=meeting.board_id, state=RoundState.OPEN, closes_at__lt=meeting.end_at)
    waits = rows.filter(change__in=items, retroactive_at=None).exclude(change__type=ChangeType.EMERGENCY)
    return waits.order_by("change")


def spoken_for(board_id: int) -> set[int]:
    """The changes that a fixed agenda of the board still has before it: no later agenda lists them."""
    rows = AgendaItem.objects.filter(meeting__board=board_id, meeting__state__in=list(LIVE))
    return set(rows.filter(state__in=list(OPEN_ITEMS)).values_list("change_id", flat=True))


def verdicts_of(board_id: int, change_ids: Sequence[int]) -> dict[int, str]:
    """The verdict of each change's last round at the board; "" where that round was not decided."""
    rows = Round.objects.filter(board=board_id, change__in=change_ids).order_by("change_id", "-number")
    return dict(rows.distinct("change_id").values_list("change_id", "verdict"))


@dataclass(frozen=True)
class Agenda:
    """An agenda as one person may read it."""

    items: Sequence[AgendaItem]  # to be spoken of, one by one
    consent: Sequence[AgendaItem]
    late: Sequence[AgendaItem]
    settled: Sequence[AgendaItem]  # decided, deferred, withdrawn
    hidden: int  # items about changes this person may not see
    minutes: int  # all that is to be spoken of, together


def items_of(meeting: Meeting) -> QuerySet[AgendaItem]:
    """The items in order, with their changes."""
    rows = AgendaItem.objects.filter(meeting=meeting).select_related(
        "change__cluster", "change__requester", "ruled_by", "reopened_by"
    )
    return rows.order_by("position")


def agenda_for(meeting: Meeting, person: Person) -> Agenda:
    """The agenda; what the person may not see is counted and not named."""
    rows: list[Any] = list(items_of(meeting)[:MOST_ITEMS])
    visible = set(
        Change.objects.visible_to(person).filter(pk__in=[one.change_id for one in rows]).values_list("pk", flat=True)
    )
    return sorted_out([one for one in rows if one.change_id in visible], hidden=len(rows) - len(visible))


def sorted_out(rows: Sequence[AgendaItem], *, hidden: int = 0) -> Agenda:
    """The items of an agenda by what is to be done with them."""
    open_ = [one for one in rows if one.state in OPEN_ITEMS]
    spoken = [one for one in open_ if not one.is_consent]
    return Agenda(
        items=spoken,
        consent=[one for one in open_ if one.is_consent],
        late=[one for one in rows if one.state == ItemState.LATE],
        settled=[one for one in rows if one.state not in OPEN_ITEMS and one.state != ItemState.LATE],
        hidden=hidden,
        minutes=sum(one.minutes for one in spoken),
    )
