"""Half-open ranges of instants: joined, subtracted, intersected."""

from collections.abc import Iterable, Sequence

from apps.windows.rules.recurrence import Interval


def joined(ranges: Iterable[Interval]) -> list[Interval]:
    """The same instants as ranges that neither overlap nor touch, by start."""
    found: list[Interval] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def without(ranges: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What is left of `ranges` outside `taken`."""
    left = joined(ranges)
    for start, end in joined(taken):
        left = [
            part for low, high in left for part in ((low, min(high, start)), (max(low, end), high)) if part[0] < part[1]
        ]
    return left


def covers(ranges: Sequence[Interval], one: Interval) -> bool:
    """Whether every instant of `one` lies in `ranges`."""
    return not without([one], ranges)
