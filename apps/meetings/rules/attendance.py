"""Whether the room is quorate by the board's rule. Pure functions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
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
