"""How risky a change is, from named factors, each with its sentence. Version 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

VERSION = 1
LOOK_BACK = timedelta(days=90)  # how far back failures of the same component count
SHORT_NOTICE = timedelta(hours=24)
# Points up to and including which the risk is 1, 2, 3, 4; above the last it is 5. 20 points can be had in all.
STEPS = (2.0, 4.5, 7.5, 11.0)
LONG_DOWNTIME = 60  # minutes
WORDS = {1: "very low", 2: "low", 3: "medium", 4: "high", 5: "very high"}


@dataclass(frozen=True)
class RiskFacts:
    """What the score is computed from."""

    type: str
    has_backout_plan: bool
    has_test_plan: bool
    clusters_touched: int
    top_tier: int | None  # the most critical tier touched; None: no component declared
    failures: int  # changes of the same components that failed in the last 90 days
    dependents: int  # components elsewhere that need a touched one
    downtime_minutes: int
    notice: timedelta | None  # from submission to the window; None: no window yet


@dataclass(frozen=True)
class Factor:
    """One reason: `points` = `weight` × `value` (0 to 1); the sentence tells it to a person."""

    name: str
    sentence: str
    weight: float
    value: float

    @property
    def points(self) -> float:
        """What this factor adds to the score."""
        return round(self.weight * self.value, 2)

    def as_data(self) -> dict[str, object]:
        """The factor as it is kept beside the change."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "weight": self.weight,
            "value": self.value,
            "points": self.points,
        }


def factors(facts: RiskFacts) -> list[Factor]:
    """Every factor, also those that add nothing: what was looked at is part of the answer."""
    tier = facts.top_tier
    return [
        Factor(
            "backout_plan",
            "Backout plan is written." if facts.has_backout_plan else "Backout plan is empty.",
            3,
            float(not facts.has_backout_plan),
        ),
        Factor(
            "test_plan",
            "Test plan is written." if facts.has_test_plan else "Test plan is empty.",
            2,
            float(not facts.has_test_plan),
        ),
        Factor(
            "failures",
            f"The same components failed {_times(facts.failures)} in the last 90 days."
            if facts.failures
            else "The same components had no failed change in the last 90 days.",
            3,
            min(facts.failures / 2, 1),
        ),
        Factor(
            "tier",
            "No component is declared." if tier is None else f"The most critical component touched is tier {tier}.",
            3,
            1.0 if tier is None else {0: 1.0, 1: 0.7, 2: 0.3}.get(tier, 0.0),
        ),
        Factor(
            "clusters",
            f"{_count(facts.clusters_touched, 'cluster')} touched.",
            2,
            min(max(facts.clusters_touched - 1, 0) / 2, 1),
        ),
        Factor(
            "dependents",
            f"{_count(facts.dependents, 'component')} elsewhere depend{'s' if facts.dependents == 1 else ''} on it.",
            2,
            min(facts.dependents / 10, 1),
        ),
        Factor(
            "downtime",
            f"{_count(facts.downtime_minutes, 'minute')} of downtime expected."
            if facts.downtime_minutes
            else "No downtime expected.",
            2,
            _downtime(facts.downtime_minutes),
        ),
        Factor(
            "emergency",
            "It is an emergency: prepared under pressure." if facts.type == "emergency" else "It is not an emergency.",
            2,
            float(facts.type == "emergency"),
        ),
        _notice(facts.notice),
    ]


def level(found: Sequence[Factor]) -> int:
    """The risk from 1 (very low) to 5 (very high): the sum of points against the steps."""
    points = sum(factor.points for factor in found)
    return 1 + sum(points > step for step in STEPS)


def difference(had: Sequence[Mapping[str, Any]], has: Sequence[Mapping[str, Any]], *, before: int, after: int) -> str:
    """Why a risk came out differently, in one line: from what to what, and the factors that count otherwise now."""
    points = {one["name"]: one["points"] for one in had}
    moved = [str(one["sentence"]) for one in has if one["points"] != points.get(one["name"])]
    return " ".join([f"From {before} to {after}.", *moved])


def _notice(notice: timedelta | None) -> Factor:
    if notice is None:
        return Factor("notice", "No window is planned yet.", 1, 0.0)
    short = notice < SHORT_NOTICE
    return Factor(
        "notice",
        "The window starts less than 24 hours after submission."
        if short
        else "There is a day or more before the window.",
        1,
        float(short),
    )


def _downtime(minutes: int) -> float:
    return 0.0 if not minutes else 0.5 if minutes <= LONG_DOWNTIME else 1.0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
