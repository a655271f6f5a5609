"""Series that move against each other: Spearman's rank correlation, its p-value, and many tests at once. Pure.

No numerical library is needed for series of a few dozen periods. The p-value is that of Student's t with n − 2 degrees
of freedom, two-sided, as R's cor.test(exact = FALSE) and scipy.stats.spearmanr give it; many pairs tested together are
adjusted after Benjamini and Hochberg (JRSS B 57, 1995).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

FEWEST = 3  # pairs, below which there is no t distribution
_TINY, _CLOSE, _MOST_ROUNDS = 1e-300, 1e-15, 500  # of the continued fraction


@dataclass(frozen=True)
class Correlation:
    """How two series move together: from −1 (against each other) to 1; `p` is two-sided."""

    rho: float
    p: float
    count: int


def spearman(left: Sequence[float], right: Sequence[float]) -> Correlation | None:
    """Spearman's rho with ties at their mean rank; None below three pairs or where a series never moves."""
    count = len(left)
    if count != len(right):
        raise ValueError("The two series are of different lengths.")
    if count < FEWEST:
        return None
    rho = _pearson(ranks(left), ranks(right))
    return None if rho is None else Correlation(rho, _p_value(rho, count), count)


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            found[place] = (first + last) / 2 + 1
        first = last + 1
    return found


def adjusted(p_values: Sequence[float]) -> list[float]:
    """The p-values after Benjamini and Hochberg, in the order given: what is below q keeps the false share below q."""
    count = len(p_values)
    order = sorted(range(count), key=p_values.__getitem__, reverse=True)
    found, least = [1.0] * count, 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * count / (count - place))
        found[index] = least
    return found


def student_two_sided(t: float, freedom: int) -> float:
    """The chance that |T| is at least |t|, for Student's T with so many degrees of freedom."""
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function, by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            d = 1 / _away_from_zero(1 + part * d)
            c = _away_from_zero(1 + part / c)
            value *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return value


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def _pearson(left: Sequence[float], right: Sequence[float]) -> float | None:
    middle_left, middle_right = sum(left) / len(left), sum(right) / len(right)
    off_left = [one - middle_left for one in left]
    off_right = [one - middle_right for one in right]
    spread = sqrt(sum(one * one for one in off_left) * sum(one * one for one in off_right))
    if not spread:
        return None
    rho = sum(one * other for one, other in zip(off_left, off_right, strict=True)) / spread
    return max(-1.0, min(1.0, rho))


def _p_value(rho: float, count: int) -> float:
    rest = 1 - rho * rho
    if rest <= 0:
        return 0.0
    return student_two_sided(rho * sqrt((count - 2) / rest), count - 2)
