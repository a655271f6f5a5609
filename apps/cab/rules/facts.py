"""The facts that policies decide a change by: which there are, and how they are read off a change. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from apps.policies.rules.columns import Column, Kind, Value, yes_no
from apps.stakeholders.rules.levels import LEVEL_FACT, Level

DATA_CLASSES = ("public", "internal", "confidential", "restricted")  # the strictest last
CATEGORIES = (
    *("software", "database", "infrastructure", "network", "security", "service", "documentation", "other"),
)  # as models.ChangeCategory has them
DATA_TAG = "data:"  # a component tagged “data:confidential” holds confidential data
OPENS, CLOSES = time(8), time(18)  # working hours, Monday to Friday, wall clock of the window's zone
WEEK = timedelta(days=7)
_TAGS, _NEED = "From tags like data:internal.", "Beside its own, that need what it touches directly."
_THRESHOLDS = "That the thresholds in force come to."
_COST = "Estimated, at the stored rate; a started unit counts whole."
COST_FACT = "cost"
FINDINGS_FACT = "open_findings"
_OPEN = "Blockers of the owning cluster that nobody waived, as they stand at the time."
USUAL_CURRENCY = "EUR"  # of facts that nobody reads in another
COLUMNS = (
    Column("type", "type", Kind.CHOICE, vocabulary=("standard", "normal", "emergency")),
    Column("category", "category", Kind.CHOICE, vocabulary=CATEGORIES),
    Column("risk", "risk", Kind.NUMBER, low=1, high=5),
    Column("cluster", "cluster", Kind.TEXT, hint="The short name of the owning cluster."),
    Column("clusters_touched", "clusters touched", Kind.NUMBER, low=1, high=20),
    Column("tier", "tier", Kind.NUMBER, low=0, high=3, hint="Of the most critical component; 0 is the most critical."),
    Column("data_class", "data class", Kind.CHOICE, vocabulary=DATA_CLASSES, hint=_TAGS, is_ordered=True),
    Column("downtime", "downtime", Kind.NUMBER, low=0, high=1440, unit="minutes"),
    Column(COST_FACT, "cost", Kind.NUMBER, low=0, high=100_000_000, unit=USUAL_CURRENCY, hint=_COST),
    Column("day", "day", Kind.CHOICE, vocabulary=("weekday", "weekend"), hint="Weekend when any part is."),
    yes_no("working_hours", "working hours", "Whether any part lies in Monday to Friday, 08:00–18:00."),
    Column("notice", "notice", Kind.NUMBER, low=0, high=720, unit="hours", hint="From submission to the window."),
    yes_no("backout_plan", "backout plan"),
    yes_no("test_plan", "test plan"),
    Column("blast_radius", "blast radius", Kind.NUMBER, low=0, high=100, unit="components", hint=_NEED),
    Column(FINDINGS_FACT, "open findings", Kind.NUMBER, low=0, high=100, unit="blockers", hint=_OPEN),
    Column(LEVEL_FACT, "level of decision", Kind.CHOICE, vocabulary=tuple(Level), hint=_THRESHOLDS, is_ordered=True),
)  # fmt: skip


def columns_in(currency: str) -> tuple[Column, ...]:
    """The columns, money counted in the currency that the enterprise reckons in."""
    return tuple(replace(one, unit=currency) if one.name == COST_FACT else one for one in COLUMNS)


@dataclass(frozen=True)
class Situation:
    """What the facts are read off. The window is wall clock in its own zone, and as an instant."""

    type: str
    category: str
    risk: int
    cluster: str
    clusters_touched: int
    tiers: Collection[int]
    tags: Collection[str]
    downtime_minutes: int
    window_local: tuple[datetime, datetime] | None
    notice: timedelta | None
    has_backout_plan: bool
    has_test_plan: bool
    blast_radius: int | None = None  # components beside its own that need them
    cost: int | None = None  # whole units of the enterprise's currency; None: nobody said
    open_findings: int | None = None  # open blockers of the owning cluster: of it, not of the change


def facts(situation: Situation) -> dict[str, Value | None]:
    """The facts by column; None for what is not known: no day without a window, no tier without components."""
    window, notice = situation.window_local, situation.notice
    return {
        "type": situation.type,
        "category": situation.category or None,
        "risk": situation.risk,
        "cluster": situation.cluster,
        "clusters_touched": situation.clusters_touched,
        "tier": min(situation.tiers, default=None),
        "data_class": _data_class(situation.tags),
        "downtime": situation.downtime_minutes,
        COST_FACT: situation.cost,
        "day": None if window is None else "weekend" if _on_weekend(*window) else "weekday",
        "working_hours": None if window is None else _word(_in_working_hours(*window)),
        "notice": None if notice is None else max(0, int(notice.total_seconds() // 3600)),
        "backout_plan": _word(situation.has_backout_plan),
        "test_plan": _word(situation.has_test_plan),
        "blast_radius": situation.blast_radius,
        FINDINGS_FACT: situation.open_findings,
    }


def _word(answer: bool) -> str:
    return "yes" if answer else "no"


def _data_class(tags: Collection[str]) -> str | None:
    """The strictest class that a tag names."""
    named = {tag.lower().removeprefix(DATA_TAG) for tag in tags if tag.lower().startswith(DATA_TAG)}
    return next((one for one in reversed(DATA_CLASSES) if one in named), None)


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    """Midnights of the days the window [start, end) touches; of eight at most, as then it touches every weekday."""
    day = datetime.combine(start.date(), time())
    while day < min(end, start + WEEK):
        yield day
        day += timedelta(days=1)


def _on_weekend(start: datetime, end: datetime) -> bool:
    return any(day.weekday() > 4 for day in _days(start, end))  # noqa: PLR2004  # Friday


def _in_working_hours(start: datetime, end: datetime) -> bool:
    return any(
        day.weekday() <= 4  # noqa: PLR2004  # Friday
        and start < datetime.combine(day, CLOSES)
        and end > datetime.combine(day, OPENS)
        for day in _days(start, end)
    )
