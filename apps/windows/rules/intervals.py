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
    """What is left of `ranges` outside `taken`, joined, by start; one pass over both."""
    left: list[Interval] = []
    cuts, at = joined(taken), 0
    for start, end in joined(ranges):
        low = start
        while at < len(cuts) and cuts[at][1] <= start:
            at += 1
        following = at
        while following < len(cuts) and cuts[following][0] < end:
            if low < cuts[following][0]:
                left.append((low, cuts[following][0]))
            low = max(low, cuts[following][1])
            following += 1
        if low < end:
            left.append((low, end))
    return left


def covers(ranges: Sequence[Interval], one: Interval) -> bool:
    """Whether every instant of `one` lies in `ranges`."""
    return not without([one], ranges)
