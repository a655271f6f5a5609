"""How long things take when some are still open: Kaplan and Meier's estimate. Pure.

Kaplan, Meier: Nonparametric estimation from incomplete observations, JASA 53 (1958). What is still open at the end of
the period counts as "took at least so long" (right-censored): leaving it out would call a slow board quick.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

CERTAINTY = 1e-12  # a share that is met but for rounding is met


@dataclass(frozen=True)
class Step:
    """What happened at one duration: how many were still waiting just before, and the share that waits longer."""

    after: float
    at_risk: int
    ended: int
    censored: int
    survival: float


@dataclass(frozen=True)
class Curve:
    """The estimate over a group."""

    steps: tuple[Step, ...]
    count: int
    censored: int

    def quantile(self, share: float) -> float | None:
        """The duration within which that share has ended; None where so many have not.

        The smallest duration at which the survival is at most 1 − share (as R's survfit without its averaging).
        """
        return next((one.after for one in self.steps if one.survival <= 1 - share + CERTAINTY), None)


def curve(lasting: Iterable[tuple[float, bool]]) -> Curve:
    """The estimate from `(duration, has ended)`; of what ends and is cut off at the same time, the end is first."""
    rows = list(lasting)
    ended = Counter(after for after, is_over in rows if is_over)
    cut = Counter(after for after, is_over in rows if not is_over)
    steps, waiting, survival = [], len(rows), 1.0
    for after in sorted({*ended, *cut}):
        survival *= 1 - ended[after] / waiting
        steps.append(Step(after, waiting, ended[after], cut[after], survival))
        waiting -= ended[after] + cut[after]
    return Curve(tuple(steps), len(rows), sum(cut.values()))
