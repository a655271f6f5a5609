"""Which pattern fits an integration's needs best, why, and how sure that is; and what a decision on it must say. Pure.

`advice` is a function of facts and weights alone; `inputs_sha256` is the hash of both and of the profile's version.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from apps.clusters.rules.parts import Standing
from apps.integrations.rules.gates import Change, Facts, Judgement, binding, judged, relaxed
from apps.integrations.rules.patterns import PATTERN_WORDS, PROFILE_VERSION, PROFILES, Pattern, Profile
from apps.integrations.rules.ranking import Sensitivity, ranked, sensitivities, topsis
from apps.integrations.rules.weighing import CRITERION_WORDS, Criterion, Weighing
from apps.integrations.rules.words import Consistency
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision

LONGEST_REASONS = 4_000  # characters
LEAST, MOST = 1.0, 9.0  # points
_DECADES = 4  # of margin that are worth all points: ten thousand times what is asked for
_IS_BENEFIT = {one: one != Criterion.COST for one in Criterion}


@dataclass(frozen=True)
class Place:
    """One pattern that fits, with its closeness to the best of all that fit (0 to 1), and its points."""

    number: int
    pattern: Pattern
    closeness: float
    points: Mapping[str, float]

    @property
    def words(self) -> str:
        """The pattern's name."""
        return PATTERN_WORDS[self.pattern]


@dataclass(frozen=True)
class Relaxation:
    """What would let a pattern in: the needs as they would have to be; no changes: nothing would."""

    pattern: Pattern
    changes: tuple[Change, ...]

    @property
    def words(self) -> str:
        """The pattern's name."""
        return PATTERN_WORDS[self.pattern]


@dataclass(frozen=True)
class Advice:
    """What the facts and the weights come to."""

    facts: Facts
    weighing: Weighing
    judgements: tuple[Judgement, ...]
    places: tuple[Place, ...]
    sensitivities: tuple[Sensitivity, ...]
    inputs_sha256: str
    profile_version: int = PROFILE_VERSION

    @property
    def winner(self) -> Place | None:
        """What comes first; None where no pattern fits."""
        return self.places[0] if self.places else None

    @property
    def swayed(self) -> list[Sensitivity]:
        """The weights of which a fifth more or less would let another come first."""
        return [one for one in self.sensitivities if not one.holds]

    @property
    def is_close(self) -> bool:
        """Whether the winner does not bear a fifth more or less of every weight."""
        return bool(self.swayed)

    @property
    def binding(self) -> list[tuple[str, list[str]]]:
        """The gates that exclude something, with what."""
        return binding(list(self.judgements))

    @property
    def relaxations(self) -> list[Relaxation]:
        """What would let in each pattern that could be recommended and does not fit; the fewest changes first."""
        found = []
        for one in self.judgements:
            if not one.fits and PROFILES[one.pattern].is_recommended:
                answer = relaxed(self.facts, one)
                found.append(Relaxation(one.pattern, tuple(answer[1]) if answer else ()))
        return sorted(found, key=lambda one: (not one.changes, len(one.changes)))

    def judgement(self, pattern: str) -> Judgement:
        """What the gates say of one pattern."""
        return next(one for one in self.judgements if one.pattern == pattern)


def advice(facts: Facts, weighing: Weighing) -> Advice:
    """Judge every pattern, rank those that fit, and say how far each weight could move."""
    judgements = judged(facts)
    fit = [one.pattern for one in judgements if one.fits]
    weights = {one.value: weighing.weights[one] for one in Criterion}
    benefits = [_IS_BENEFIT[one] for one in Criterion]
    points = {one: points_of(facts, PROFILES[one]) for one in fit}
    rows = [[points[one][name] for name in weights] for one in fit]
    closeness = topsis(rows, list(weights.values()), benefits) if fit else []
    order = ranked([one.value for one in fit], closeness)
    places = tuple(
        Place(number, Pattern(name), near, points[Pattern(name)]) for number, (name, near) in enumerate(order, start=1)
    )
    swings = sensitivities([one.value for one in fit], rows, weights, benefits) if len(fit) > 1 else []
    return Advice(facts, weighing, tuple(judgements), places, tuple(swings), print_of(facts, weights))


def print_of(facts: Facts, weights: Mapping[str, float]) -> str:
    """The hash of everything that an advice follows from, in hex."""
    said = {
        "profile": PROFILE_VERSION,
        "facts": asdict(facts),
        "weights": {name: round(value, 12) for name, value in weights.items()},
    }
    return sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def points_of(facts: Facts, profile: Profile) -> dict[str, float]:
    """How good a pattern is at each criterion for these needs, 1 to 9 points; of cost, how dear."""
    late = facts.freshness_s / profile.lag_s if profile.lag_s else math.inf
    room = min(profile.rate_per_s / facts.rate_per_s, profile.payload_kb / facts.payload_kb)
    strongest = tuple(Consistency).index(profile.consistency) / (len(Consistency) - 1)
    dear = profile.cost + profile.cost_of_rate * max(0.0, math.log10(facts.rate_per_s))
    return {
        Criterion.TIMELINESS.value: _by_margin(late),
        Criterion.CONSISTENCY.value: LEAST + (MOST - LEAST) * strongest,
        Criterion.INDEPENDENCE.value: float(profile.independence),
        Criterion.AUTONOMY.value: float(profile.autonomy),
        Criterion.HEADROOM.value: _by_margin(room),
        Criterion.COST.value: min(MOST, max(LEAST, dear)),
    }


def _by_margin(times: float) -> float:
    """Points of being so many times better than what is asked for: 1 at the limit, 9 at ten thousand times."""
    decades = math.log10(times) if times > 0 else 0.0
    return LEAST + (MOST - LEAST) * min(1.0, max(0.0, decades / _DECADES))


def sentence_of(found: Advice) -> str:
    """What comes out, in one sentence or two."""
    first = found.winner
    if first is None:
        return "No pattern fits these needs."
    if len(found.places) == 1:
        return f"{first.words} is the only pattern that fits."
    second = found.places[1]
    said = f"{first.words} comes first of {len(found.places)} that fit, before {_lower(second.words)}."
    return (
        f"{said} {close_words(found)}"
        if found.is_close
        else f"{said} It holds when any weight is a fifth more or less."
    )


def close_words(found: Advice) -> str:
    """What makes it a close call: the weight that has to move least."""
    nearest = min(
        ((swing, one) for swing in found.swayed for one in (swing.below, swing.above) if one is not None),
        key=lambda pair: abs(pair[1].weight - pair[0].weight),
    )
    swing, sway = nearest
    name, winner = CRITERION_WORDS[Criterion(swing.criterion)].lower(), PATTERN_WORDS[Pattern(sway.winner)]
    return (
        f"A close call: with {name} at {sway.weight:.1%} instead of {swing.weight:.1%}, "
        f"{_lower(winner)} would come first."
    )


def _lower(words: str) -> str:
    return words if words.startswith("API") else words[0].lower() + words[1:]


def require_may_decide(standing: Standing, *, cluster: str) -> None:
    """Refuse a decision by others than owners of the consumer's cluster."""
    if not standing.may_own:
        raise NotAllowed(
            f"Only an owner of {cluster} decides how its component is integrated.",
            next_step="Ask one of the owners named on the cluster's page.",
        )


def require_seen(seen: str, now: str) -> None:
    """Refuse a decision on an advice that has changed since it was read."""
    if seen != now:
        raise StaleRevision(
            "The needs, the offer or the weights are no longer those you decided on.",
            next_step="Read the advice again, then decide.",
        )


def require_choice(found: Advice, chosen: str) -> Place:
    """The place of what is chosen; refuses what a gate excludes, and says which."""
    if chosen not in [*Pattern]:
        raise Invalid(
            f"“{chosen[:30]}” is no pattern.",
            next_step=f"The patterns are {', '.join(Pattern)}.",
            fields={"chosen": ["Not one of the patterns."]},
        )
    place = next((one for one in found.places if one.pattern == chosen), None)
    if place is not None:
        return place
    why = found.judgement(chosen).failed[0]
    steps = "Choose one that fits." if found.places else "Relax a need first: the page says which."
    raise Conflict(
        f"{PATTERN_WORDS[Pattern(chosen)]} does not fit. {why.sentence}",
        next_step=steps,
        fields={"chosen": [why.sentence]},
        code="excluded",
    )


def require_reasons(text: str) -> str:
    """The reasons of a decision, trimmed; refuses none and too many."""
    said = text.strip()
    if not said or len(said) > LONGEST_REASONS:
        sentence = f"A decision has its reasons, in at most {LONGEST_REASONS:,} characters."
        raise Invalid(sentence, next_step="Write them for whoever asks in a year.", fields={"reasons": [sentence]})
    return said


def kept(found: Advice) -> dict[str, Any]:
    """What a decision keeps of the advice that it was taken on. Something fits."""
    first = found.places[0]
    return {
        "recommended": first.pattern.value,
        "is_close_call": found.is_close,
        "facts": asdict(found.facts),
        "weighed_by": found.weighing.by.value,
        "weights": dict(found.weighing.weights),
        "ranking": [{"pattern": one.pattern.value, "closeness": one.closeness} for one in found.places],
        "excluded": {
            one.pattern.value: [verdict.sentence for verdict in one.failed] for one in found.judgements if not one.fits
        },
        "sensitivity": [asdict(one) for one in found.sensitivities],
        "consistency_ratio": found.weighing.ratio,
        "profile_version": found.profile_version,
        "inputs_sha256": found.inputs_sha256,
    }


def differences(before: Mapping[str, Any], now: Facts) -> list[tuple[str, Any, Any]]:
    """What has changed of the facts: the name, as it was, as it is."""
    return [(name, before.get(name), value) for name, value in asdict(now).items() if before.get(name) != value]
