"""The page of a decision: its forms, the weights that its address asks for, and what the tables show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.queries import standing
from apps.clusters.web.forms import RefusableForm
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries import decisions as queries
from apps.integrations.rules.asking import (
    ALL_PAIRS,
    LONGEST_SPELLING,
    STEPS,
    pairs_written,
    weighing_asked,
    weights_written,
)
from apps.integrations.rules.contracts import STANDARD_WORDS, standard_of
from apps.integrations.rules.deciding import LONGEST_REASONS, Advice, differences, sentence_of
from apps.integrations.rules.gates import Judgement
from apps.integrations.rules.patterns import PATTERN_MEANS, PATTERN_WORDS, PROFILES, Pattern
from apps.integrations.rules.ranking import Sensitivity, Sway
from apps.integrations.rules.reading import FACT_NAMES, difference_words, fact_words
from apps.integrations.rules.weighing import (
    BY_WORDS,
    CRITERION_MEANS,
    CRITERION_WORDS,
    LARGEST_WEIGHT,
    USUAL,
    By,
    Criterion,
    Weighing,
    step_words,
    weighed,
)
from apps.integrations.states import DecisionState
from apps.kernel.refusals import Refusal

BAR = 120  # width of the drawings of a share, in units of their own viewBox
STRIP = 240


class WeightsForm(forms.Form):
    """Own weights, in any unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in Criterion:
            self.fields[f"w_{one.value}"] = forms.FloatField(
                min_value=0,
                max_value=LARGEST_WEIGHT,
                label=CRITERION_WORDS[one],
                help_text=CRITERION_MEANS[one],
                initial=round(USUAL[one] * 100),
                widget=forms.NumberInput(attrs={"step": "any"}),
            )


class PairsForm(forms.Form):
    """A judgement of every pair of criteria."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for first, second in ALL_PAIRS:
            self.fields[f"p_{first}_{second}"] = forms.ChoiceField(
                choices=STEPS,
                label=f"{CRITERION_WORDS[Criterion(first)]} to {CRITERION_WORDS[Criterion(second)].lower()}",
                initial="1",
            )


class DecideForm(RefusableForm):
    """The decision; the hidden fields say on which advice."""

    chosen = forms.ChoiceField(choices=[], widget=forms.RadioSelect, label="Build it as")
    reasons = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_REASONS,
        help_text="For whoever asks in a year: what weighed most, and what was given up.",
    )
    by = forms.CharField(widget=forms.HiddenInput, max_length=10)
    weights = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LONGEST_SPELLING)
    pairs = forms.CharField(widget=forms.HiddenInput, required=False, max_length=LONGEST_SPELLING)
    inputs_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, advice: Advice, **kwargs: Any) -> None:
        weighing = advice.weighing
        kwargs["initial"] = {
            "chosen": advice.winner.pattern.value if advice.winner else "",
            "by": weighing.by.value,
            "weights": weights_written(weighing.said),
            "pairs": pairs_written(weighing.pairs),
            "inputs_sha256": advice.inputs_sha256,
        }
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = [(one.pattern.value, one.words) for one in advice.places]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Asked:
    """The weights that were asked for, or the usual ones and why those could not be taken."""

    weighing: Weighing
    by: By
    said: Mapping[str, str]
    refusal: Refusal | None = None

    def typed(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin so, as they were sent."""
        return {name: value for name, value in self.said.items() if name.startswith(prefix)}


def asked(said: Mapping[str, str]) -> Asked:
    """What the address, or a form, asks for: `by`, and `weights` and `pairs` in one line or field by field."""
    by = said.get("by", "")
    weights = said.get("weights") or ",".join(
        f"{one.value}:{said[f'w_{one.value}']}" for one in Criterion if said.get(f"w_{one.value}")
    )
    pairs = said.get("pairs") or ",".join(
        f"{a}:{b}:{said[f'p_{a}_{b}']}" for a, b in ALL_PAIRS if said.get(f"p_{a}_{b}")
    )
    shown = By(by) if by in [*By] else By.USUAL
    try:
        return Asked(weighing_asked(by, weights, pairs), shown, said)
    except Refusal as refusal:
        return Asked(weighed(By.USUAL), shown, said, refusal)


@dataclass(frozen=True)
class Told:
    """One pattern, with what the gates say of it."""

    judgement: Judgement
    means: str
    is_recommended: bool


@dataclass(frozen=True)
class Swing:
    """One criterion of the strip: what its weight is, and where another pattern comes first."""

    one: Sensitivity
    name: str
    means: str
    now: str
    fifth: str
    x: float  # of the strip: the weight, and where a fifth less begins and how wide it is to a fifth more
    low: float
    high: float
    marks: list[float]
    words: str


def context_of(integration: Integration, person: Person, said: Asked, advice: Advice) -> dict[str, Any]:
    """Everything that the page shows, save the form of the decision."""
    decisions = list(queries.decisions_of(integration)[:50])
    current = next((one for one in decisions if one.state != DecisionState.SUPERSEDED), None)
    cluster, scale = integration.consumer.cluster, _scale(advice.sensitivities)
    return {
        "integration": integration,
        "advice": advice,
        "sentence": sentence_of(advice),
        "judgements": [
            Told(one, PATTERN_MEANS[one.pattern], PROFILES[one.pattern].is_recommended) for one in advice.judgements
        ],
        "places": [(one, round(one.closeness * BAR, 1), _points(one.points)) for one in advice.places],
        "bar": BAR,
        "strip": STRIP,
        "strip_to": f"{scale:.0%}",
        "swings": [_swing(one, STRIP / scale) for one in advice.sensitivities],
        "asked": said,
        "tabs": [
            {"label": BY_WORDS[one].capitalize(), "url": f"?by={one}#weights-heading", "is_active": said.by == one}
            for one in By
        ],
        "shares": [(CRITERION_WORDS[one], f"{advice.weighing.weights[one]:.1%}") for one in Criterion],
        "sum_said": f"{advice.weighing.sum_said:,.10g}",
        "weights_form": WeightsForm(
            initial={f"w_{name}": value for name, value in advice.weighing.said.items()} | said.typed("w_")
        ),
        "pairs_form": PairsForm(
            initial={f"p_{a}_{b}": step_words(value) for (a, b), value in advice.weighing.pairs.items()}
            | said.typed("p_")
        ),
        "decisions": [(one, PATTERN_WORDS[Pattern(one.chosen)], weights_written(one.weights)) for one in decisions],
        "current": current,
        "changed": _changed(current, advice),
        "contract": _contract(current, integration.interface.kind),
        "facts": [(FACT_NAMES[name], fact_words(name, value)) for name, value in vars(advice.facts).items()],
        "may_decide": standing(person, cluster).may_own,
    }


def _changed(decision: PatternDecision | None, advice: Advice) -> list[str]:
    if decision is None or decision.state != DecisionState.REOPENED:
        return []
    return [difference_words(*one) for one in differences(decision.facts, advice.facts)]


def _contract(current: PatternDecision | None, kind: str) -> dict[str, str]:
    """By which standard the decision's contract is written, or why it has none; neither while none is in force."""
    if current is None or current.state != DecisionState.DECIDED:
        return {}
    try:
        return {"standard": STANDARD_WORDS[standard_of(current.chosen, kind=kind)]}
    except Refusal as refusal:
        return {"why_none": refusal.sentence}


def _points(points: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(CRITERION_WORDS[one], f"{points[one]:.2f}") for one in Criterion]


def _scale(swings: Sequence[Sensitivity]) -> float:
    """Where the strips end: the least of a few round weights that holds all they show."""
    shown = [one.high for one in swings]
    shown += [sway.weight for one in swings for sway in (one.below, one.above) if sway]
    return next((end for end in (0.3, 0.5) if max(shown, default=1.0) <= end), 1.0)


def _swing(one: Sensitivity, scale: float) -> Swing:
    name = CRITERION_WORDS[Criterion(one.criterion)]
    marks = [round(sway.weight * scale, 1) for sway in (one.below, one.above) if sway]
    said = [_sways(one.below, "below"), _sways(one.above, "above")]
    words = "; ".join(part for part in said if part) or "At no weight."
    return Swing(
        one,
        name,
        CRITERION_MEANS[Criterion(one.criterion)],
        f"{one.weight:.1%}",
        f"{one.low:.1%} – {one.high:.1%}",
        round(one.weight * scale, 1),
        round(one.low * scale, 1),
        round((one.high - one.low) * scale, 1),
        marks,
        words,
    )


def _sways(sway: Sway | None, side: str) -> str:
    return f"{PATTERN_WORDS[Pattern(sway.winner)]} {side} {sway.weight:.1%}" if sway else ""
