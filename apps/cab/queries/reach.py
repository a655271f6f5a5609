"""Whether a board could give what a policy's rule asks for, as its seats are filled on a day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.accounts.models import Person
from apps.cab.models import Board, BoardKind, Seat
from apps.cab.rules import voting
from apps.policies.rules.outcomes import Kind, Outcome

Sentences = tuple[str, ...]


@dataclass(frozen=True)
class _Boards:
    """The boards of a scope with their voices, and the people whom rules name."""

    boards: list[Board]
    voices: dict[int, list[voting.Voice]]
    people: dict[str, Person]


def unmet(outcomes: Sequence[Outcome], cluster_id: int | None, on: date) -> list[Sentences]:
    """For each outcome, why no board could satisfy it on that day; three questions however many outcomes.

    A board is asked with its own quorum, the roles and the people of the rule, by the same formula as a round. A rule
    for clusters' boards on the enterprise floor is fine where one board could satisfy it. A board that was never
    founded is no finding: the next higher one decides then, and the round says so.
    """
    seats: dict[int, list[voting.Voice]] = defaultdict(list)
    for seat in Seat.objects.filled_on(on).voting():
        seats[seat.board_id].append(voting.Voice(seat.person_id, seat.role, seat.function))
    handles = {handle for one in outcomes for handle in one.people}
    people = {one.handle.lower(): one for one in Person.objects.filter(handle__in=handles)} if handles else {}
    stage = _Boards(list(Board.objects.order_by("pk")), seats, people)
    return [_of_one(one, stage, cluster_id) if one.kind == Kind.BOARD else () for one in outcomes]


def _of_one(outcome: Outcome, stage: _Boards, cluster_id: int | None) -> Sentences:
    gone = tuple(sentence for handle in sorted(outcome.people) if (sentence := _gone(handle, stage.people)))
    if gone:
        return gone
    answers = [_at(board, outcome, stage) for board in _deciding(outcome.board, stage.boards, cluster_id)]
    return min(answers, key=len, default=())


def _gone(handle: str, people: dict[str, Person]) -> str:
    person = people.get(handle)
    if person is None:
        return f"nobody is known here by the handle “{handle}”."
    return "" if person.is_active else f"{person} has left, so nobody could wait for their vote."


def _deciding(kind: str, boards: list[Board], cluster_id: int | None) -> list[Board]:
    """The boards that may come to decide: of that kind (and cluster), else the enterprise board."""
    found = [
        one
        for one in boards
        if one.kind == kind and (kind != BoardKind.CLUSTER or cluster_id is None or one.cluster_id == cluster_id)
    ]
    is_everywhere = kind == BoardKind.CLUSTER and cluster_id is None  # clusters without a board go to the enterprise's
    return found + ([one for one in boards if one.kind == BoardKind.ENTERPRISE] if is_everywhere or not found else [])


def _at(board: Board, outcome: Outcome, stage: _Boards) -> Sentences:
    voices = stage.voices.get(board.pk, [])
    seated = {voice.person_id for voice in voices}
    named = [stage.people[handle] for handle in sorted(outcome.people)]
    strangers = tuple(
        f"{one} has no seat with a vote on the {board}, so the rule would wait for ever."
        for one in named
        if one.pk not in seated
    )
    rule = voting.Rule(
        board.quorum_count,
        board.quorum_share,
        tuple(dict.fromkeys([*board.quorum_roles, *sorted(outcome.roles)])),
        board.majority,
        apart=bool(outcome.roles) and not outcome.may_coincide,
    )
    missing = voting.quorum(rule, voices=voices, casts=[]).unreachable
    return strangers + tuple(f"on the {board}, {one[:1].lower()}{one[1:]}" for one in missing)
