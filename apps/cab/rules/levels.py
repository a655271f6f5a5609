"""What another text of thresholds would have made of past changes. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.stakeholders.rules.levels import Level

DAYS = 90  # looked back over
WEEK = 7


@dataclass(frozen=True)
class Judged:
    """One change: its level by what is in force and by the offer; `missing` facts counted as the most restrictive."""

    change_id: int
    before: Level
    after: Level
    missing: tuple[str, ...] = ()

    @property
    def goes_up(self) -> bool:
        """Whether the offer is more restrictive on it."""
        return self.after.rank > self.before.rank

    @property
    def goes_down(self) -> bool:
        """Whether the offer is less restrictive on it."""
        return self.after.rank < self.before.rank

    @property
    def is_newly_enterprises(self) -> bool:
        """Whether the enterprise would decide it by the offer, and did not by what is in force."""
        return self.before.rank < Level.ENTERPRISE.rank <= self.after.rank


@dataclass(frozen=True)
class Move:
    """Changes that go from one level to another."""

    before: Level
    after: Level
    changes: int


@dataclass(frozen=True)
class Moved:
    """The figures of a comparison over DAYS days."""

    changes: int
    up: int
    down: int
    newly_enterprises: int
    uncertain: int
    moves: tuple[Move, ...]  # levels that differ, the largest first

    @property
    def a_week(self) -> float:
        """Decisions a week that the enterprise would have had more, to one decimal."""
        return round(self.newly_enterprises * WEEK / DAYS, 1)


def moved(judged: Iterable[Judged]) -> Moved:
    """The figures of these changes."""
    every = list(judged)
    counted = Counter((one.before, one.after) for one in every if one.before != one.after)
    moves = [Move(before, after, number) for (before, after), number in counted.items()]
    return Moved(
        changes=len(every),
        up=sum(one.goes_up for one in every),
        down=sum(one.goes_down for one in every),
        newly_enterprises=sum(one.is_newly_enterprises for one in every),
        uncertain=sum(bool(one.missing) for one in every),
        moves=tuple(sorted(moves, key=lambda one: (-one.changes, one.before.rank, one.after.rank))),
    )


def chosen(judged: Iterable[Judged], which: str) -> list[Judged] | None:
    """Those behind one figure: `all`, `up`, `down`, `enterprise`, `uncertain`, or `BEFORE-AFTER`; None: no figure."""
    named: dict[str, Callable[[Judged], bool]] = {
        "all": lambda _: True,
        "up": lambda one: one.goes_up,
        "down": lambda one: one.goes_down,
        "enterprise": lambda one: one.is_newly_enterprises,
        "uncertain": lambda one: bool(one.missing),
    }
    if which in named:
        return [one for one in judged if named[which](one)]
    before, _, after = which.partition("-")
    if before not in set(Level) or after not in set(Level):
        return None
    return [one for one in judged if (one.before, one.after) == (before, after)]
