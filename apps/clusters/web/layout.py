"""Where nodes stand in a drawing: in columns from who needs on the left to what is needed on the right. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
SWEEPS = 6  # over the columns, there and back; more move hardly anything
TALLEST = 20  # nodes in one column


def flow_order(keys: Sequence[K], weights: Mapping[tuple[K, K], int]) -> list[K]:
    """The keys, who needs before what is needed, with little weight against that order.

    After Eades, Lin and Smyth (1993), with weights: ends go to their side, and of what is left the one whose outgoing
    weight exceeds its incoming most goes left.
    """
    rest = _Rest(keys, weights)
    left: list[K] = []
    right: list[K] = []
    while rest.keys:
        if ends := [key for key in rest.keys if not rest.out[key]]:
            right += rest.taken(ends)
        else:
            starts = [key for key in rest.keys if not rest.into[key]]
            left += rest.taken(starts or [max(rest.keys, key=rest.surplus)])
    return left + right[::-1]


class _Rest(Generic[K]):
    """What is not in order yet, with the weight between the keys of it."""

    def __init__(self, keys: Sequence[K], weights: Mapping[tuple[K, K], int]) -> None:
        self.keys = dict.fromkeys(keys)
        self.leaving, self.entering = _sides(weights)
        self.out = {key: sum(weight for _, weight in self.leaving[key]) for key in keys}
        self.into = {key: sum(weight for _, weight in self.entering[key]) for key in keys}

    def surplus(self, key: K) -> int:
        """By how much its outgoing weight exceeds its incoming."""
        return self.out[key] - self.into[key]

    def taken(self, keys: list[K]) -> list[K]:
        """These keys, which are no longer among the rest."""
        for key in keys:
            del self.keys[key]
            for other, weight in self.leaving[key]:
                self.into[other] -= weight
            for other, weight in self.entering[key]:
                self.out[other] -= weight
        return keys


def layers(keys: Sequence[K], weights: Mapping[tuple[K, K], int], *, tallest: int = TALLEST) -> list[list[K]]:
    """Columns in which nearly every edge leads to the right; what no edge touches comes last.

    Each key stands one column after the last of those before it that need it. A column taller than `tallest` goes on
    in the next.
    """
    met = {key for pair in weights for key in pair}
    place = {key: number for number, key in enumerate(flow_order([key for key in keys if key in met], weights))}
    depth = dict.fromkeys(place, 0)
    leaving, _ = _sides(weights)
    for key, at in place.items():
        for other, _weight in leaving[key]:
            if place[other] > at:
                depth[other] = max(depth[other], depth[key] + 1)
    by_depth = defaultdict[int, list[K]](list)
    for key in keys:
        if key in depth:
            by_depth[depth[key]].append(key)
    columns = [by_depth[number] for number in sorted(by_depth)]
    columns.append([key for key in keys if key not in met])
    return [column[start : start + tallest] for column in columns for start in range(0, len(column), tallest)]


def untangled(columns: Sequence[Sequence[K]], pairs: Iterable[tuple[K, K]]) -> list[list[K]]:
    """The same columns, each ordered so that fewer lines cross: by the mean place of each one's neighbours elsewhere.

    The barycentre heuristic of Sugiyama, Tagawa and Toda (1981). Without neighbours elsewhere a key keeps its place.
    """
    found = [list(column) for column in columns]
    of = {key: number for number, column in enumerate(found) for key in column}
    near = defaultdict[K, list[K]](list)
    for one, other in pairs:
        if one in of and other in of and of[one] != of[other]:
            near[one].append(other)
            near[other].append(one)
    height = {key: _height(at, len(column)) for column in found for at, key in enumerate(column)}
    for sweep in range(SWEEPS):
        for column in found if sweep % 2 == 0 else reversed(found):
            column.sort(key=lambda key: fmean(height[other] for other in near[key]) if near[key] else height[key])
            height.update({key: _height(at, len(column)) for at, key in enumerate(column)})
    return found


def _height(at: int, of: int) -> float:
    """How far a row is from the middle of its column: columns stand centred."""
    return at - (of - 1) / 2


def _sides(
    weights: Mapping[tuple[K, K], int],
) -> tuple[dict[K, list[tuple[K, int]]], dict[K, list[tuple[K, int]]]]:
    leaving, entering = defaultdict[K, list[tuple[K, int]]](list), defaultdict[K, list[tuple[K, int]]](list)
    for (one, other), weight in weights.items():
        leaving[one].append((other, weight))
        entering[other].append((one, weight))
    return leaving, entering
