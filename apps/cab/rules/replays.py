"""What a replay counts: courses of changes, failures caught and let through, board minutes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.kernel.refusals import Invalid

BOARDS = ("cluster", "cross_cluster", "emergency", "enterprise")
COURSES = (*BOARDS, "approve", "refuse")
MOST_MONTHS = 240
MOST_MINUTES = 480
# Board minutes one change takes: time on the agenda, all seats together counted once. An assumption to be replaced by
# one's own figure; a larger board has more to hear.
USUAL_MINUTES = {"cluster": 5, "cross_cluster": 10, "emergency": 10, "enterprise": 15}


@dataclass(frozen=True)
class Group:
    """Changes that went the same way: `happened` is empty where nothing here decided them."""

    drafted: str
    governed: str
    happened: str
    has_failed: bool
    is_certain: bool
    changes: int


@dataclass(frozen=True)
class Line:
    """One course: how many changes take it by the replayed version, by what is in force, and how many did take it."""

    course: str
    drafted: int
    governed: int
    happened: int
    minutes: int  # of a board for one change; 0 where none is asked

    @property
    def drafted_minutes(self) -> int:
        """Board minutes by the replayed version."""
        return self.drafted * self.minutes

    @property
    def governed_minutes(self) -> int:
        """Board minutes by what is in force."""
        return self.governed * self.minutes


@dataclass(frozen=True)
class Tally:
    """Every figure of a replay."""

    lines: tuple[Line, ...]
    changes: int
    undecided_here: int  # no board or policy here decided them: imported, withdrawn, or still on their way
    uncertain: int  # a fact was missing, so the stricter reading counted
    failed: int
    caught: int  # failed, and the replayed version sends them to a board or refuses them
    let_through: int  # failed, and the replayed version authorizes them
    newly_caught: int  # caught, and what is in force authorizes them
    newly_let_through: int  # let through, and what is in force does not authorize them

    @property
    def minutes_spent(self) -> int:
        """Board minutes that the replayed version costs more than what is in force; below zero it saves them."""
        return sum(one.drafted_minutes - one.governed_minutes for one in self.lines)


def tally(groups: Iterable[Group], *, minutes: Mapping[str, int]) -> Tally:
    """The figures of the groups; `minutes` are of a board for one change, by kind of board."""
    every = list(groups)
    caught = {"drafted_approves": False, "has_failed": True}
    passed = {"drafted_approves": True, "has_failed": True}
    return Tally(
        lines=tuple(_line(course, every, minutes) for course in COURSES),
        changes=sum(one.changes for one in every),
        undecided_here=sum(one.changes for one in every if not one.happened),
        uncertain=sum(one.changes for one in every if not one.is_certain),
        failed=sum(one.changes for one in every if one.has_failed),
        caught=_count(every, **caught),
        let_through=_count(every, **passed),
        newly_caught=_count(every, governed_approves=True, **caught),
        newly_let_through=_count(every, governed_approves=False, **passed),
    )


def require_months(months: int) -> None:
    """Refuse to look back over nothing, or further than records reach."""
    if not 1 <= months <= MOST_MONTHS:
        raise Invalid(
            f"A replay looks back over 1 to {MOST_MONTHS} months.",
            next_step="Choose how many months of changes it should look at.",
            fields={"months": [f"From 1 to {MOST_MONTHS}."]},
        )


def require_minutes(minutes: Mapping[str, int]) -> dict[str, int]:
    """The minutes of every kind of board, the usual ones where none are given; refuses what is out of range."""
    given = {**USUAL_MINUTES, **minutes}
    if set(given) != set(BOARDS) or not all(0 <= one <= MOST_MINUTES for one in given.values()):
        raise Invalid(
            f"Board minutes for one change lie between 0 and {MOST_MINUTES}, for {', '.join(BOARDS)}.",
            next_step="Give what one change takes on each board's agenda.",
            fields={"minutes": [f"From 0 to {MOST_MINUTES}."]},
        )
    return given


def course_of(kind: str, board: str) -> str:
    """The course of an outcome: the kind of board, or what the policy does by itself."""
    return board if kind == "board" else kind


def _line(course: str, groups: list[Group], minutes: Mapping[str, int]) -> Line:
    return Line(
        course,
        drafted=sum(one.changes for one in groups if one.drafted == course),
        governed=sum(one.changes for one in groups if one.governed == course),
        happened=sum(one.changes for one in groups if one.happened == course),
        minutes=minutes.get(course, 0),
    )


def _count(
    groups: list[Group], *, drafted_approves: bool, has_failed: bool, governed_approves: bool | None = None
) -> int:
    return sum(
        one.changes
        for one in groups
        if (one.drafted == "approve") == drafted_approves
        and one.has_failed == has_failed
        and governed_approves in {None, one.governed == "approve"}
    )
