"""95 % intervals of shares, and of the difference of two. Pure."""

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959964  # the normal distribution's two-sided 95 % quantile


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


def wilson(successes: int, of: int) -> Interval:
    """The 95 % interval of a share (0–1) from `successes` in `of` trials; all of 0 to 1 without trials.

    E. B. Wilson, “Probable Inference, the Law of Succession, and Statistical Inference”, JASA 22 (1927), 209–212.
    It holds for few trials and for shares near 0 and 1, where the normal interval does not.
    """
    if of == 0:
        return Interval(0.0, 1.0)
    share, square = successes / of, Z_95**2
    middle = share + square / (2 * of)
    spread = Z_95 * sqrt(share * (1 - share) / of + square / (4 * of**2))
    low, high = (middle - spread) / (1 + square / of), (middle + spread) / (1 + square / of)
    # At the ends the bound is the share itself; rounding would leave it a hair beside.
    return Interval(0.0 if successes == 0 else max(0.0, low), 1.0 if successes == of else min(1.0, high))


def difference(one: int, of_one: int, other: int, of_other: int) -> Interval:
    """The 95 % interval of the difference of two independent shares (-1 to 1); all of it where one has no trials.

    The hybrid score interval, method 10 of R. G. Newcombe, “Interval Estimation for the Difference Between Independent
    Proportions: Comparison of Eleven Methods”, Statistics in Medicine 17 (1998), 873–890: the distances of each share
    from the bounds of its own Wilson interval, added as squares.
    """
    if not of_one or not of_other:
        return Interval(-1.0, 1.0)
    first, second = wilson(one, of_one), wilson(other, of_other)
    p, q = one / of_one, other / of_other
    low = p - q - sqrt((p - first.low) ** 2 + (second.high - q) ** 2)
    high = p - q + sqrt((first.high - p) ** 2 + (q - second.low) ** 2)
    return Interval(max(-1.0, low), min(1.0, high))
