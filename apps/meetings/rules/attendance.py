"""Whether the room is quorate by the board's rule, and the list of who is there. Pure functions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import ceil

GUEST = "guest"


@dataclass(frozen=True)
class Chairing:
    """A seat with a vote, as the board has it on the day: its holder, role, function, and who may vote for it."""

    person_id: int
    role: str
    function: str
    deputies: frozenset[int] = frozenset()
    name: str = ""  # of its holder

    def is_filled(self, present: Collection[int]) -> bool:
        """Whether its holder, or somebody who holds their delegation, is there."""
        return self.person_id in present or not self.deputies.isdisjoint(present)


@dataclass(frozen=True)
class Quorum:
    """How the room stands: seats filled of those there are, how many are needed, and what is missing in words."""

    seats: int
    filled: int
    needed: int
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the room may vote."""
        return not self.missing


def quorum(
    seats: Sequence[Chairing], *, present: Collection[int], count: int, share: Decimal, roles: Sequence[str]
) -> Quorum:
    """The quorum of the room: the larger of `count` seats and `share` (0 to 1) of all, and each of `roles` filled.

    A seat counts when its holder is present, or a person who holds their delegation today.
    """
    filled = [seat for seat in seats if seat.is_filled(present)]
    needed = max(count, ceil(share * len(seats)))
    held = {word.lower() for seat in filled for word in (seat.role, seat.function)}
    absent = [f"The {role} is not present." for role in roles if role.lower() not in held]
    few = [f"{needed - len(filled)} more of {len(seats)} seats must be present."] if len(filled) < needed else []
    return Quorum(len(seats), len(filled), needed, (*few, *absent))


class Mark(StrEnum):
    """How a person stands to the room."""

    PRESENT = "present"
    RECUSED = "recused"  # present, and stepped aside from the item that is up
    AWAY = "away"  # has a seat, and has not come
    LEFT = "left"


@dataclass(frozen=True)
class Line:
    """One person of the list: as what, how they stand, and since when (None: they never came)."""

    person_id: int
    name: str
    capacity: str
    mark: Mark
    since: datetime | None

    @property
    def is_here(self) -> bool:
        """Whether they are in the room, also where they stepped aside."""
        return self.mark in {Mark.PRESENT, Mark.RECUSED}


@dataclass(frozen=True)
class Came:
    """The last stay of one person."""

    person_id: int
    name: str
    capacity: str
    joined_at: datetime
    left_at: datetime | None


def attendance_list(
    came: Sequence[Came], seats: Sequence[Chairing], *, recused: Mapping[int, datetime] | None = None
) -> list[Line]:
    """One line a person: the seats in their order, come or not, then who else came, in the order they first did.

    `recused` holds since when who stepped aside from the item that is up; it counts for who is there.
    """
    last = {one.person_id: one for one in came}
    lines = [_line(one, recused or {}) for one in last.values()]
    by_person = {one.person_id: one for one in lines}
    seated = {
        one.person_id: by_person.get(one.person_id) or Line(one.person_id, one.name, one.role, Mark.AWAY, None)
        for one in seats
    }
    return [*seated.values(), *(one for one in lines if one.person_id not in seated)]


def _line(one: Came, recused: Mapping[int, datetime]) -> Line:
    if one.left_at is not None:
        return Line(one.person_id, one.name, one.capacity, Mark.LEFT, one.left_at)
    if one.person_id in recused:
        since = max(one.joined_at, recused[one.person_id])
        return Line(one.person_id, one.name, one.capacity, Mark.RECUSED, since)
    return Line(one.person_id, one.name, one.capacity, Mark.PRESENT, one.joined_at)
