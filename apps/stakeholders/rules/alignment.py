"""Whether metrics pull the same way: pairs of clusters' metrics on one KPI that move against each other. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

from apps.stakeholders.rules.correlation import Correlation, adjusted, spearman
from apps.stakeholders.rules.metrics import Course

FEWEST_PERIODS = 12
STRONGEST_BORNE = -0.5  # rho; below it, two series move against each other
LARGEST_CHANCE = 0.05  # p after Benjamini and Hochberg
_BORNE = str(STRONGEST_BORNE).replace("-", "−")
RULE = (
    f"Two clusters’ metrics are aligned with one KPI, Spearman’s rho of their series (turned so that up is better) "
    f"is below {_BORNE} over at least {FEWEST_PERIODS} common periods, and the chance of that by accident, "
    f"adjusted for all pairs tested, is below {LARGEST_CHANCE}."
)


@dataclass(frozen=True)
class Series:
    """A metric as the rules see it; `measure` names what it measures, empty where nobody computes it."""

    key: int
    cluster: int
    course: str
    values: Mapping[date, Decimal]
    measure: str = ""

    def bettering(self, days: Iterable[date]) -> list[float]:
        """Its values on those days, turned so that up is better."""
        sign = 1 if self.course == Course.UP else -1
        return [sign * float(self.values[day]) for day in days]


@dataclass(frozen=True)
class Pair:
    """Two metrics on one KPI, and how they move: `adjusted_p` counts all pairs tested together.

    `is_opposed` says that they measure the same and want it to go different ways; then there may be no correlation.
    """

    kpi: int
    left: int
    right: int
    correlation: Correlation | None
    adjusted_p: float
    days: tuple[date, ...]
    is_opposed: bool = False

    @property
    def is_conflict(self) -> bool:
        """Whether RULE holds, or the two directions exclude each other."""
        if self.is_opposed:
            return True
        found = self.correlation
        return found is not None and found.rho < STRONGEST_BORNE and self.adjusted_p < LARGEST_CHANCE


def pairs(aligned: Mapping[int, Iterable[Series]]) -> list[Pair]:
    """Every pair of different clusters' metrics on the same KPI that can be judged; the worst first.

    `aligned` maps a KPI to the series of its metrics. Pairs with fewer than FEWEST_PERIODS in common, or of which one
    never moves, are judged by their directions only.
    """
    tested: list[tuple[int, Series, Series, Correlation, tuple[date, ...]]] = []
    opposed: list[Pair] = []
    for kpi, series in sorted(aligned.items()):
        for left, right in combinations(sorted(series, key=lambda one: one.key), 2):
            if left.cluster == right.cluster:
                continue
            if left.measure and left.measure == right.measure and left.course != right.course:
                opposed.append(Pair(kpi, left.key, right.key, None, 1.0, (), is_opposed=True))
                continue
            days = tuple(sorted(left.values.keys() & right.values.keys()))
            found = spearman(left.bettering(days), right.bettering(days)) if len(days) >= FEWEST_PERIODS else None
            if found:
                tested.append((kpi, left, right, found, days))
    chances = adjusted([found.p for *_, found, _ in tested])
    judged = [
        Pair(kpi, left.key, right.key, found, chance, days)
        for (kpi, left, right, found, days), chance in zip(tested, chances, strict=True)
    ]
    judged.sort(key=lambda one: one.correlation.rho if one.correlation else 0)
    return [*opposed, *judged]
