"""Delegations must not run in a circle."""

from collections import defaultdict
from collections.abc import Iterable


def circle(edges: Iterable[tuple[int, int]], *, giver: int, taker: int) -> list[int] | None:
    """The circle of people that `giver` → `taker` would close among `edges` (giver, taker), or None.

    The list starts and ends with `giver`.
    """
    onward: dict[int, set[int]] = defaultdict(set)
    for one, other in edges:
        onward[one].add(other)
    came_from: dict[int, int] = {taker: giver}
    waiting = [taker]
    while waiting:
        person = waiting.pop()
        if person == giver:
            path = [giver]
            while path[-1] != giver or len(path) == 1:
                path.append(came_from[path[-1]])
            return path[::-1]
        for following in onward[person] - came_from.keys():
            came_from[following] = person
            waiting.append(following)
    return None
