"""Enterprise KPIs and the metrics of clusters: periods, how far a value has come, what counts as on track. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from apps.accounts.rules import Capability
from apps.clusters.rules.parts import Standing
from apps.kernel.refusals import Conflict, Invalid, NotAllowed

LONGEST_NAME = 120  # characters
LONGEST_MEANING = 2_000
LONGEST_UNIT = 30
LONGEST_CODE = 60
MOST_PARTS = 20  # of one formula
MOST_ALIGNED = 50  # metrics with one KPI
MOST_VALUE = Decimal("99999999999.9999")
FIRST_YEAR, LAST_YEAR = 1970, 2200  # of a period
ON_TRACK, AT_RISK = 0.8, 0.5  # of the way from baseline to target
TOLERANCE = Decimal("0.01")  # within which weights sum to one
RESERVED_CODES = frozenset({"new", "conflicts", "costs"})  # addresses under /kpis/ that are no metric
_TERM = re.compile(r"\s*([+−-])?\s*(?:(\d+(?:\.\d+)?)\s*[×*]\s*)?([a-z0-9][a-z0-9-]*)\s*(?=[+−]|\s-|$)", re.ASCII)
_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)


class Course(StrEnum):
    """Where a metric should go."""

    UP = "up"
    DOWN = "down"


class Cadence(StrEnum):
    """How long one period is."""

    MONTH = "month"
    QUARTER = "quarter"


class Track(StrEnum):
    """How a metric stands against its target."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    NO_DATA = "no_data"


COURSE_WORDS: Mapping[str, str] = {Course.UP: "up is better", Course.DOWN: "down is better"}
TRACK_RULE = (
    f"On track: at least {ON_TRACK:.0%} of the way from baseline to target. "
    f"At risk: at least {AT_RISK:.0%}. Off track: less. No data: the last period has no value."
)
_MONTHS: Mapping[str, int] = {Cadence.MONTH: 1, Cadence.QUARTER: 3}


@dataclass(frozen=True)
class Period:
    """The days from `first_on` to the day before `end_on`, of UTC."""

    first_on: date
    end_on: date

    @property
    def words(self) -> str:
        """As people read it: Oct 2026, or Q4 2026."""
        if (self.end_on - self.first_on).days > 31:  # noqa: PLR2004  # days of the longest month
            return f"Q{(self.first_on.month + 2) // 3} {self.first_on.year}"
        return f"{self.first_on:%b %Y}"


def period_of(cadence: str, day: date) -> Period:
    """The period that holds the day."""
    months = _MONTHS[cadence]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Period(first, _months_later(first, months))


def ended_periods(cadence: str, *, today: date, count: int) -> list[Period]:
    """The last periods that are over on that day, the oldest first."""
    found, end = [], period_of(cadence, today).first_on
    for _ in range(count):
        period = period_of(cadence, end - timedelta(days=1))
        found.append(period)
        end = period.first_on
    return found[::-1]


def require_period(cadence: str, first_on: date) -> Period:
    """The period that begins on that day; refuses a day on which none begins, and one of a far time."""
    if not FIRST_YEAR <= first_on.year <= LAST_YEAR:
        raise Invalid(
            f"{first_on.isoformat()} is out of range.",
            next_step=f"Choose a day between {FIRST_YEAR} and {LAST_YEAR}.",
            fields={"first_on": ["Out of range."]},
        )
    period = period_of(cadence, first_on)
    if period.first_on != first_on:
        raise Invalid(
            f"No {cadence} begins on {first_on.isoformat()}.",
            next_step=f"Name the first day: {period.first_on.isoformat()}.",
            fields={"first_on": [f"Not the first day of a {cadence}."]},
        )
    return period


def require_over(period: Period, *, today: date) -> None:
    """Refuse a value of a period that is still running: it would change every day."""
    if period.end_on > today:
        raise Invalid(
            f"{period.words} is not over.",
            next_step=f"Send its value from {period.end_on.isoformat()} on.",
            fields={"first_on": ["Not over yet."]},
        )


def attainment(value: Decimal | float, baseline: Decimal, target: Decimal) -> float:
    """How much of the way from baseline to target a value has come, from 0 to 1; further in either way is cut off.

    (value − baseline) ÷ (target − baseline): the target lies on the better side, so this holds for both directions.
    """
    way = float(target - baseline)
    return max(0.0, min(1.0, (float(value) - float(baseline)) / way))


def track_of(attained: float | None) -> Track:
    """What a share of the way counts as; see TRACK_RULE."""
    if attained is None:
        return Track.NO_DATA
    # A share is compared as it is shown, in whole percent: 79.6 % reads as 80 % and is on track.
    shown = round(attained, 2)
    return Track.ON_TRACK if shown >= ON_TRACK else Track.AT_RISK if shown >= AT_RISK else Track.OFF_TRACK


@dataclass(frozen=True)
class Rolled:
    """What the aligned metrics of a KPI come to; `covered` is the weight of those that have a value."""

    attained: float | None
    covered: float


def rolled(parts: Iterable[tuple[Decimal, float | None]]) -> Rolled:
    """The weighted mean of what metrics attain, over those with a value; none where none has one."""
    known = [(float(weight), attained) for weight, attained in parts if attained is not None]
    covered = sum(weight for weight, _ in known)
    if not covered:
        return Rolled(None, 0.0)
    return Rolled(sum(weight * attained for weight, attained in known) / covered, covered)


def require_code(code: str) -> str:
    """The code of a metric, or a refusal."""
    text = code.strip().lower()
    if len(text) > LONGEST_CODE or not _CODE.fullmatch(text) or text in RESERVED_CODES:
        raise Invalid(
            f"“{code[:60]}” is no code of a metric.",
            next_step=f"Use small letters, digits and hyphens, at most {LONGEST_CODE}, such as time-to-decision.",
            fields={"code": ["Not a code."]},
        )
    return text


def require_course(course: str, *, baseline: Decimal, target: Decimal) -> None:
    """Refuse a target that is no way to go, or lies on the wrong side of the baseline."""
    if baseline == target:
        raise Invalid(
            "Baseline and target are the same: there is no way to go.",
            next_step="Set a target that differs from where things stand.",
            fields={"target": ["Same as the baseline."]},
        )
    if (target > baseline) != (course == Course.UP):
        side = "above" if course == Course.UP else "below"
        raise Invalid(
            f"Where {COURSE_WORDS[course]}, the target lies {side} the baseline.",
            next_step="Turn the direction round, or correct the two numbers.",
            fields={"target": [f"Not {side} the baseline."]},
        )


def require_weights(weights: Mapping[str, Decimal], *, kpi: str) -> None:
    """Refuse weights that are not above 0, or do not sum to one; none at all is allowed."""
    if len(weights) > MOST_ALIGNED:
        raise Invalid(f"More than {MOST_ALIGNED} metrics.", next_step="Align those that matter.")
    if wrong := [code for code, weight in weights.items() if not 0 < weight <= 1]:
        raise Invalid(
            f"The weight of {wrong[0]} is not above 0 and at most 1.",
            next_step="Give each metric its share, such as 0.25.",
            fields={"weights": ["Above 0, at most 1."]},
        )
    total = sum(weights.values(), Decimal(0))
    if weights and abs(total - 1) > TOLERANCE:
        raise Invalid(
            f"The weights of {kpi} sum to {total.normalize():f}, not to 1.",
            next_step="Change them until they sum to 1 (within 0.01).",
            fields={"weights": [f"They sum to {total.normalize():f}."]},
            code="weights_do_not_sum",
        )


def require_acyclic(parts: Mapping[str, Collection[str]], *, of: str) -> None:
    """Refuse a formula that comes back to its own metric; `parts` maps a code to the codes of its formula."""
    way = _way_back(parts, of, of, ())
    if way:
        raise Invalid(
            f"The formula comes back to itself: {' → '.join(way)}.",
            next_step="Take one of them out of the formula.",
            fields={"parts": ["A metric cannot be computed from itself."]},
            code="formula_cycle",
        )


def formula_written(text: str) -> dict[str, Decimal]:
    """The terms of a formula such as “2 × calls + 0.5 × tickets”, by code; refuses what cannot be read."""
    found: dict[str, Decimal] = {}
    place, rest = 0, text.strip()
    while place < len(rest):
        term = _TERM.match(rest, place)
        if term is None or term[3] in found:
            what = f"“{term[3]}” stands in it twice" if term else f"it stops at “{rest[place : place + 20]}”"
            raise Invalid(
                f"The formula cannot be read: {what}.",
                next_step="Write terms of a factor and a code, such as 2 × calls + 0.5 × tickets.",
                fields={"parts": ["Cannot be read."]},
            )
        factor = Decimal(term[2] or "1")
        found[term[3]] = -factor if term[1] and term[1] in "−-" else factor
        place = term.end()
    return found


def formula_told(parts: Iterable[tuple[str, Decimal]]) -> str:
    """The same formula as people read it, and as `formula_written` reads it."""
    text = " ".join(f"{'−' if factor < 0 else '+'} {_exact(abs(factor))} × {code}" for code, factor in parts)
    return text.removeprefix("+ ")


def computing_order(parts: Mapping[str, Collection[str]]) -> list[str]:
    """The codes so that each comes after those of its formula; `parts` holds no cycle."""
    order: list[str] = []

    def visit(code: str) -> None:
        for one in sorted(parts.get(code, ())):
            visit(one)
        if code not in order:
            order.append(code)

    for code in sorted(parts):
        visit(code)
    return order


def may_define(held: Collection[Capability]) -> bool:
    """Whether somebody may define metrics at all; of which cluster, their standing says."""
    return Capability.SET_TARGETS in held or Capability.PROPOSE_CHANGE in held


def require_may_define(held: Collection[Capability]) -> None:
    """Refuse others, such as auditors."""
    if not may_define(held):
        raise NotAllowed("Only owners of clusters and programme managers define metrics.", next_step="Ask one of them.")


def is_metric_keeper(standing: Standing) -> bool:
    """Who keeps a metric of a cluster: its owners, and those who set the federation's targets."""
    return standing.may_own or Capability.SET_TARGETS in standing.capabilities


def require_keeps_metric(standing: Standing, *, of: str) -> None:
    """Refuse others."""
    if not is_metric_keeper(standing):
        raise NotAllowed(
            f"Only owners of {of} and programme managers keep its metrics.",
            next_step="Ask an owner named on the cluster's page.",
        )


def is_kpi_keeper(held: Collection[Capability], *, owns: bool) -> bool:
    """Who keeps an enterprise KPI: programme managers and administrators, and whoever answers for it."""
    return Capability.SET_TARGETS in held or (owns and Capability.PROPOSE_CHANGE in held)


def require_keeps_kpi(held: Collection[Capability], *, owns: bool = False) -> None:
    """Refuse others."""
    if not is_kpi_keeper(held, owns=owns):
        raise NotAllowed(
            "Only programme managers, administrators and the KPI's owner keep it.",
            next_step="Ask one of them; the owner is named on its page.",
        )


def may_push(standing: Standing, *, owns: bool) -> bool:
    """Who sends values: who keeps the metric, answers for it, or operates the cluster."""
    return is_metric_keeper(standing) or standing.may_operate or (owns and standing.writes)


def require_may_push(standing: Standing, *, owns: bool) -> None:
    """Refuse a value from others."""
    if not may_push(standing, owns=owns):
        raise NotAllowed(
            "You may not send values of this metric.",
            next_step="Ask who answers for it, or an owner or operator of its cluster.",
        )


def require_same_or_superseding(
    *, period: Period, stands: Decimal | None, sent: Decimal, current_id: int, supersedes: int | None
) -> None:
    """Refuse another value for a period that has one, unless it says which one it takes the place of."""
    if supersedes == current_id:
        return
    raise Conflict(
        f"{period.words} has the value {told(stands)} already, not {told(sent)}.",
        next_step=f"If the new one is right, send it with supersedes {current_id}; the old one stays in the history.",
        fields={"value": [f"{told(stands)} stands."], "supersedes": [f"The value that stands is {current_id}."]},
        code="value_stands",
    )


def require_value(value: Decimal) -> Decimal:
    """Refuse what is no number that fits."""
    if not value.is_finite() or abs(value) > MOST_VALUE:
        raise Invalid(
            f"The value is not a number up to {MOST_VALUE:,}.",
            next_step="Choose a larger unit.",
            fields={"value": ["Out of range."]},
        )
    return value.quantize(Decimal("0.0001"))


def combined(parts: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """The value of a formula: each part's value times its factor, summed."""
    return sum((factor * value for factor, value in parts), Decimal(0)).quantize(Decimal("0.0001"))


def _exact(factor: Decimal) -> str:
    text = f"{factor:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_DIGITS = 4  # a person compares no more; files and the API have all


def told(value: Decimal | float | None) -> str:
    """A value as people read it, to four digits that count, whole numbers whole; a dash where there is none."""
    if value is None:
        return "–"
    size = abs(float(value))
    whole = len(f"{size:.0f}") if size >= 1 else 0
    text = f"{value:,.{max(0, _DIGITS - whole)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _months_later(first: date, months: int) -> date:
    place = first.month - 1 + months
    return date(first.year + place // 12, place % 12 + 1, 1)


def _way_back(
    parts: Mapping[str, Collection[str]], code: str, goal: str, so_far: tuple[str, ...]
) -> tuple[str, ...] | None:
    for one in sorted(parts.get(code, ())):
        if one == goal:
            return (*so_far, code, goal)
        if one not in so_far and (found := _way_back(parts, one, goal, (*so_far, code))):
            return found
    return None
