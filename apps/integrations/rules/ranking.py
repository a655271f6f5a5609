"""Which of several alternatives comes nearest to the best of each criterion, and which weight would change that. Pure.

Source: C.-L. Hwang and K. Yoon, Multiple Attribute Decision Making (TOPSIS, vector normalisation).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWING = 0.20  # of a weight, up and down: a winner who does not bear it is a close one
_EQUAL = 1e-12


@dataclass(frozen=True)
class Sway:
    """A weight at which another comes first: exactly there the two are even."""

    weight: float
    winner: str


@dataclass(frozen=True)
class Sensitivity:
    """What becomes of the winner when one weight changes and the others keep their proportions."""

    criterion: str
    weight: float
    low: float  # the weight less a fifth, and a fifth more, at most 1
    high: float
    winner_low: str
    winner_high: str
    below: Sway | None  # the nearest weight below at which another comes first
    above: Sway | None
    holds: bool  # through all of the fifth up and down


def topsis(rows: Sequence[Sequence[float]], weights: Sequence[float], benefits: Sequence[bool]) -> list[float]:
    """The closeness of each alternative to the ideal, 0 to 1; the order of the alternatives does not matter.

    Alternatives that nothing tells apart are each the ideal: 1.
    """
    good, bad = _distances(rows, benefits)
    return [_closeness(_weighed(one, weights), _weighed(other, weights)) for one, other in zip(good, bad, strict=True)]


def ranked(names: Sequence[str], closeness: Sequence[float]) -> list[tuple[str, float]]:
    """Names with their closeness, the nearest first; equal ones by name, so that their order is no accident."""
    return sorted(zip(names, closeness, strict=True), key=lambda one: (-round(one[1], 12), one[0]))


def sensitivities(
    names: Sequence[str],
    rows: Sequence[Sequence[float]],
    weights: Mapping[str, float],
    benefits: Sequence[bool],
) -> list[Sensitivity]:
    """For each criterion (the keys of `weights`, in the order of columns): does the winner hold, and where not."""
    good, bad = _distances(rows, benefits)
    return [_sensitivity(column, names, good, bad, weights) for column in range(len(weights))]


def shifted(weights: Sequence[float], column: int, to: float) -> list[float]:
    """The weights with one of them set, and the others in the proportions they had; equal ones where they had none."""
    rest = math.fsum(one for place, one in enumerate(weights) if place != column)
    others = len(weights) - 1
    return [
        to if place == column else (1 - to) * (one / rest if rest > _EQUAL else 1 / others)
        for place, one in enumerate(weights)
    ]


def _sensitivity(
    column: int,
    names: Sequence[str],
    good: Sequence[Sequence[float]],
    bad: Sequence[Sequence[float]],
    weights: Mapping[str, float],
) -> Sensitivity:
    base = list(weights.values())
    now = base[column]
    low, high = now * (1 - SWING), min(1.0, now * (1 + SWING))

    def nearest(to: float) -> list[tuple[str, float]]:
        shares = shifted(base, column, to)
        near = [_closeness(_weighed(a, shares), _weighed(b, shares)) for a, b in zip(good, bad, strict=True)]
        return ranked(names, near)

    winner = nearest(now)[0][0]

    def first(to: float) -> str:
        """Who comes first there; today's winner while it is even with them."""
        order = nearest(to)
        return winner if dict(order)[winner] >= order[0][1] - _EQUAL else order[0][0]

    leads = names.index(winner)
    points = sorted(
        point
        for other in range(len(names))
        if other != leads
        for point in _crossings(column, (good[leads], bad[leads]), (good[other], bad[other]), base)
    )
    below = _sway([one for one in reversed(points) if one <= now + _EQUAL], 0.0, first, winner)
    above = _sway([one for one in points if one >= now - _EQUAL], 1.0, first, winner)
    holds = (below is None or below.weight < low) and (above is None or above.weight > high)
    return Sensitivity(list(weights)[column], now, low, high, first(low), first(high), below, above, holds)


def _sway(points: Sequence[float], end: float, first: Callable[[float], str], winner: str) -> Sway | None:
    """The first of the points, from the weight of today on, after which another comes first."""
    for point, following in pairwise([*points, end]):
        if abs(point - following) > _EQUAL and (after := first((point + following) / 2)) != winner:
            return Sway(min(1.0, max(0.0, point)), after)
    return None


_Pair = tuple[Sequence[float], Sequence[float]]  # squared distances to the best and to the worst, by criterion


def _crossings(column: int, one: _Pair, other: _Pair, weights: Sequence[float]) -> list[float]:
    """The weights of the column, between 0 and 1, at which both come equally near.

    With weight t of the column and 1 - t shared by the others, every squared distance is a·t² + b·(1 - t)². Two are
    equally near where the products of their distances are, which is a square equation in (t / (1 - t))².
    """
    rest = shifted(weights, column, 0.0)

    def parts(distances: Sequence[float]) -> tuple[float, float]:
        return distances[column], math.fsum(share * share * value for share, value in zip(rest, distances, strict=True))

    (good_1, good_0), (bad_1, bad_0) = parts(one[0]), parts(one[1])
    (good_b1, good_b0), (bad_b1, bad_b0) = parts(other[0]), parts(other[1])
    square = bad_1 * good_b1 - bad_b1 * good_1
    linear = bad_1 * good_b0 + bad_0 * good_b1 - bad_b1 * good_0 - bad_b0 * good_1
    fixed = bad_0 * good_b0 - bad_b0 * good_0
    found = (math.sqrt(root) for root in _roots(square, linear, fixed) if root >= 0)
    return [root / (1 + root) for root in found]


def _roots(square: float, linear: float, fixed: float) -> list[float]:
    """The real roots of square·x² + linear·x + fixed; none where all are 0."""
    if square == 0:
        return [-fixed / linear] if linear else []
    inner = linear * linear - 4 * square * fixed
    if inner < 0:
        return []
    half = -(linear + math.copysign(math.sqrt(inner), linear)) / 2  # never the difference of two near numbers
    return [half / square, fixed / half] if half else [0.0]


def _distances(
    rows: Sequence[Sequence[float]], benefits: Sequence[bool]
) -> tuple[list[list[float]], list[list[float]]]:
    """The squared distances of every normalised value to the best and to the worst of its column."""
    columns = list(zip(*rows, strict=True))
    norms = [math.sqrt(math.fsum(value * value for value in column)) or 1.0 for column in columns]
    scaled = [[value / norm for value, norm in zip(row, norms, strict=True)] for row in rows]
    ends = [(max(column), min(column)) for column in zip(*scaled, strict=True)]
    best = [high if is_benefit else low for (high, low), is_benefit in zip(ends, benefits, strict=True)]
    worst = [low if is_benefit else high for (high, low), is_benefit in zip(ends, benefits, strict=True)]
    return ([_squares(row, best) for row in scaled], [_squares(row, worst) for row in scaled])


def _squares(row: Sequence[float], end: Sequence[float]) -> list[float]:
    return [(value - to) ** 2 for value, to in zip(row, end, strict=True)]


def _weighed(squares: Sequence[float], weights: Sequence[float]) -> float:
    return math.sqrt(math.fsum(weight * weight * value for weight, value in zip(weights, squares, strict=True)))


def _closeness(good: float, bad: float) -> float:
    return bad / (good + bad) if good + bad > 0 else 1.0
