"""The days on which a person belongs to a board, and so to its meetings. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

Range = tuple[date, date | None]  # half-open; None has no end


@dataclass(frozen=True)
class Days:
    """Terms of seats and days of delegations, in any order; they may overlap."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> "Days":
        """The days of these ranges; empty ones count for nothing."""
        return cls(tuple(one for one in ranges if one[1] is None or one[0] < one[1]))

    def __contains__(self, day: date) -> bool:
        return any(first <= day and (end is None or day < end) for first, end in self.ranges)

    @property
    def first(self) -> date | None:
        """The first of them; None where there is none."""
        return min((first for first, _ in self.ranges), default=None)

    @property
    def end(self) -> date | None:
        """The day after the last of them; None where they do not end, or there is none."""
        ends = [end for _, end in self.ranges if end is not None]
        return max(ends) if ends and len(ends) == len(self.ranges) else None

    def reach(self, day: date) -> bool:
        """Whether any of them is that day or later."""
        return any(end is None or end > day for _, end in self.ranges)
