"""How much each criterion counts: the usual weights, people's own, or their judgements in pairs (AHP). Pure functions.

Source of the judgements in pairs: T. L. Saaty, The Analytic Hierarchy Process: weights are the principal eigenvector,
and a matrix whose consistency ratio is over 0.10 is judged anew.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from apps.kernel.refusals import Invalid

MOST_RATIO = 0.10
RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)  # of matrices of n rows
MOST_JUDGEMENT = 9.0
LARGEST_WEIGHT = 1_000_000.0
_ROUNDS, _CLOSE = 500, 1e-13
_NEAR = 1e-3  # two judgements of a pair that differ by less were rounded


class Criterion(StrEnum):
    """What patterns that fit are compared by."""

    TIMELINESS = "timeliness"
    CONSISTENCY = "consistency"
    INDEPENDENCE = "independence"
    AUTONOMY = "autonomy"
    HEADROOM = "headroom"
    COST = "cost"


CRITERION_WORDS: Mapping[Criterion, str] = {
    Criterion.TIMELINESS: "Timeliness",
    Criterion.CONSISTENCY: "Consistency",
    Criterion.INDEPENDENCE: "Independence",
    Criterion.AUTONOMY: "Autonomy",
    Criterion.HEADROOM: "Headroom",
    Criterion.COST: "Cost",
}
CRITERION_MEANS: Mapping[Criterion, str] = {
    Criterion.TIMELINESS: "How much sooner data arrives than it must.",
    Criterion.CONSISTENCY: "How strongly consistent it can be.",
    Criterion.INDEPENDENCE: "How freely each side can change.",
    Criterion.AUTONOMY: "How well the consumer lives without the provider.",
    Criterion.HEADROOM: "How far rate and payload may grow.",
    Criterion.COST: "What it takes to build and to run: the less, the better.",
}
USUAL: Mapping[Criterion, float] = {
    Criterion.TIMELINESS: 0.20,
    Criterion.CONSISTENCY: 0.15,
    Criterion.INDEPENDENCE: 0.20,
    Criterion.AUTONOMY: 0.20,
    Criterion.HEADROOM: 0.10,
    Criterion.COST: 0.15,
}


class By(StrEnum):
    """Where weights come from."""

    USUAL = "usual"
    OWN = "own"
    PAIRS = "pairs"


BY_WORDS: Mapping[By, str] = {
    By.USUAL: "usual weights",
    By.OWN: "own weights",
    By.PAIRS: "judgements in pairs",
}
Pairs = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Weighing:
    """Weights as shares of 1, and how they came about."""

    by: By
    weights: Mapping[str, float]
    said: Mapping[str, float] = field(default_factory=dict)  # own weights as they were given
    pairs: Pairs = field(default_factory=dict)
    ratio: float | None = None  # consistency ratio of judgements in pairs
    note: str = ""

    @property
    def sum_said(self) -> float:
        """What own weights come to, as they were given."""
        return math.fsum(self.said.values())


def weighed(by: str, *, own: Mapping[str, float] | None = None, pairs: Pairs | None = None) -> Weighing:
    """The weights that were asked for; without own weights or judgements the usual ones, and it says so."""
    if by == By.OWN and own:
        return own_weights(own)
    if by == By.PAIRS and pairs:
        return from_pairs(pairs)
    if by not in [*By]:
        raise Invalid(
            f"Weights do not come from “{str(by)[:20]}”.",
            next_step=f"They come from one of: {', '.join(By)}.",
            fields={"by": ["Not one of the choices."]},
        )
    note = {
        By.OWN: "No weights are given: these are the usual ones.",
        By.PAIRS: "No judgements are given: these are the usual weights.",
    }.get(By(by), "")
    return Weighing(By.USUAL, {one.value: share for one, share in USUAL.items()}, note=note)


def own_weights(said: Mapping[str, float]) -> Weighing:
    """Weights in any unit, percent or fractions: their shares of the sum count. What is left out weighs nothing."""
    _require_criteria(said, "weights")
    for name, value in said.items():
        if not 0 <= value <= LARGEST_WEIGHT:  # NaN is in no range
            sentence = f"The weight of {_word(name)} lies between 0 and {LARGEST_WEIGHT:,.0f}."
            raise Invalid(sentence, next_step="Correct it.", fields={"weights": [sentence]})
    total = math.fsum(said.values())
    if not total > 0:
        sentence = "All weights are 0: nothing would count."
        raise Invalid(sentence, next_step="Give at least one criterion a weight.", fields={"weights": [sentence]})
    weights = {one.value: said.get(one.value, 0.0) / total for one in Criterion}
    return Weighing(By.OWN, weights, said=dict(said))


def from_pairs(pairs: Pairs) -> Weighing:
    """Weights from judgements: (a, b) → how many times a counts as much as b, from 1/9 to 9.

    Refuses a pair without its judgement, one that is judged both ways without agreeing, and judgements that contradict
    each other (ratio over 0.10), naming the one that fits the others least.
    """
    _require_criteria({name: 0 for pair in pairs for name in pair}, "pairs")
    names = [one.value for one in Criterion]
    matrix = matrix_of(names, pairs)
    weights, ratio = ahp(matrix)
    if ratio > MOST_RATIO:
        raise _contradictory(names, matrix, weights, ratio)
    kept = {(a, b): matrix[i][j] for (i, a), (j, b) in combinations(enumerate(names), 2)}
    return Weighing(By.PAIRS, dict(zip(names, weights, strict=True)), pairs=kept, ratio=ratio)


def matrix_of(names: Sequence[str], pairs: Pairs) -> list[list[float]]:
    """The reciprocal matrix of judgements; refuses gaps, judgements out of range, and pairs that disagree."""
    for (a, b), value in pairs.items():
        if not 1 / MOST_JUDGEMENT - _NEAR <= value <= MOST_JUDGEMENT + _NEAR:
            raise _unfit(f"“{_word(a)} to {_word(b)}” is judged from 1/9 to 9.", "Choose one of the nine steps.")
        if a == b and abs(value - 1) > _NEAR:
            raise _unfit(f"{_word(a)} counts exactly as much as itself.", "Leave it out, or judge it 1.")
        back = pairs.get((b, a))
        if back is not None and abs(value * back - 1) > _NEAR * MOST_JUDGEMENT:
            raise _unfit(
                f"“{_word(a)} to {_word(b)}” is {value:.3g}, the other way {back:.3g}: that should be {1 / value:.3g}.",
                "Judge each pair once, or the other way with its inverse.",
            )
    matrix = [[1.0] * len(names) for _ in names]
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        said = pairs.get((a, b))
        if said is None and (b, a) in pairs:
            said = 1 / pairs[b, a]
        if said is None:
            raise _unfit(f"“{_word(a)} to {_word(b)}” is not judged.", "Judge every pair; 1 is “as much”.")
        matrix[i][j], matrix[j][i] = said, 1 / said
    return matrix


def ahp(matrix: Sequence[Sequence[float]]) -> tuple[list[float], float]:
    """The principal eigenvector of a reciprocal matrix, summing to 1, and its consistency ratio (power iteration)."""
    size = len(matrix)
    weights = [1 / size] * size
    for _ in range(_ROUNDS):
        product = [math.fsum(value * weight for value, weight in zip(row, weights, strict=True)) for row in matrix]
        total = math.fsum(product)
        following = [one / total for one in product]
        moved = max(abs(a - b) for a, b in zip(weights, following, strict=True))
        weights = following
        if moved < _CLOSE:
            break
    largest = (
        math.fsum(
            math.fsum(value * weight for value, weight in zip(row, weights, strict=True)) / own
            for row, own in zip(matrix, weights, strict=True)
        )
        / size
    )
    random = RANDOM_INDEX[min(size, len(RANDOM_INDEX) - 1)]
    index = (largest - size) / (size - 1) if size > 1 else 0.0
    return weights, max(0.0, index / random) if random else 0.0


def _contradictory(
    names: Sequence[str], matrix: Sequence[Sequence[float]], weights: Sequence[float], ratio: float
) -> Invalid:
    def strays(pair: tuple[int, int]) -> float:
        i, j = pair
        return abs(math.log(matrix[i][j] * weights[j] / weights[i]))

    i, j = max(combinations(range(len(names)), 2), key=strays)
    fits = min(MOST_JUDGEMENT, max(1 / MOST_JUDGEMENT, weights[i] / weights[j]))
    said = f"{_word(names[i])} to {_word(names[j])}"
    sentence = (
        f"The judgements contradict each other: their consistency ratio is {ratio:.3f}, over {MOST_RATIO:.2f}. "
        f"“{said}” fits the others least: it is {step_words(matrix[i][j])}, and the others come to {step_words(fits)}."
    )
    return Invalid(
        sentence,
        next_step=f"Judge “{said}” again, nearer to {step_words(fits)}.",
        fields={"pairs": [f"“{said}” fits the others least."]},
        code="inconsistent",
    )


def step_words(value: float) -> str:
    """A judgement as the nearest of Saaty's steps: 3, or 1/5."""
    return f"{round(value)}" if value >= 1 else f"1/{round(1 / value)}"


def _require_criteria(names: Mapping[str, float], field_name: str) -> None:
    for name in names:
        if name not in [*Criterion]:
            sentence = f"“{str(name)[:30]}” is no criterion."
            step = f"The criteria are {', '.join(Criterion)}."
            raise Invalid(sentence, next_step=step, fields={field_name: [sentence]})


def _unfit(sentence: str, step: str) -> Invalid:
    return Invalid(sentence, next_step=step, fields={"pairs": [sentence]})


def _word(name: str) -> str:
    return CRITERION_WORDS[Criterion(name)].lower() if name in [*Criterion] else str(name)[:30]
