"""What is measured about changes, in which unit, and when a target is met. The four keys are DORA's."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

HOURS_A_DAY = 24
LONG = 48  # hours; from here on days read better
HIGHEST_TARGET = Decimal(1_000_000)


class Unit(StrEnum):
    A_WEEK = "a week"
    HOURS = "h"
    DAYS = "days"
    PERCENT = "%"
    CHANGES = "changes"


class Direction(StrEnum):
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Rows(StrEnum):
    """Which changes a figure is taken over, and so opens."""

    IMPLEMENTED = "implemented"
    FAILED = "failed"
    RESTORED = "restored"
    EMERGENCY = "emergency"
    RISKED = "risked"  # implemented although a conflict had been accepted, and failed
    EXCEPTED = "excepted"  # implemented during a freeze, by an exception from it
    DECIDED = "decided"
    OPEN = "open"


@dataclass(frozen=True)
class Metric:
    """One thing that is measured. `direction` is where it should go."""

    name: str
    title: str
    short: str  # for the head of a column
    unit: Unit
    rows: Rows
    direction: Direction
    meaning: str

    def text(self, value: float | None) -> str:
        """The value as people read it; a dash where there is nothing to measure."""
        return " ".join(self.parts(value)).strip()

    def parts(self, value: float | None) -> tuple[str, str]:
        """The same as number and unit; long times are told in days."""
        if value is None:
            return "–", ""
        if self.unit == Unit.HOURS and value >= LONG:
            return f"{value / HOURS_A_DAY:,.1f}", Unit.DAYS
        if self.unit == Unit.CHANGES:
            return f"{value:,.0f}", ""
        return f"{value:,.1f}", self.unit

    def brief(self, value: float | None) -> str:
        """The value for a cell under its heading."""
        number, unit = self.parts(value)
        return f"{number} {_BRIEF[unit]}".strip() if unit else number

    @property
    def is_key(self) -> bool:
        """Whether it is one of DORA's four keys."""
        return self.name in KEYS


KEYS = ("deployment_frequency", "lead_time", "change_failure_rate", "time_to_restore")
_BRIEF: dict[str, str] = {Unit.A_WEEK: "", Unit.HOURS: "h", Unit.DAYS: "d", Unit.PERCENT: "%"}
_MOST, _LEAST = Direction.AT_MOST, Direction.AT_LEAST
METRICS: dict[str, Metric] = {
    one.name: one
    for one in (
        Metric(
            *("deployment_frequency", "Deployment frequency", "Per week", Unit.A_WEEK, Rows.IMPLEMENTED, _LEAST),
            "Changes implemented, a week.",
        ),
        Metric(
            *("lead_time", "Lead time for changes", "Lead time", Unit.HOURS, Rows.IMPLEMENTED, _MOST),
            "From handing in to implementation; the median.",
        ),
        Metric(
            *("change_failure_rate", "Change failure rate", "Failed", Unit.PERCENT, Rows.FAILED, _MOST),
            "Implemented changes that failed by their outcome, or that another undid within 7 days.",
        ),
        Metric(
            *("time_to_restore", "Time to restore", "Restore", Unit.HOURS, Rows.RESTORED, _MOST),
            "From a change to the first that undid it; the median.",
        ),
        Metric(
            *("approval_wait", "Approval wait", "Wait", Unit.HOURS, Rows.DECIDED, _MOST),
            "From handing in to the decision; the median.",
        ),
        Metric(
            *("approval_wait_p90", "Approval wait, slowest tenth", "Wait p90", Unit.HOURS, Rows.DECIDED, _MOST),
            "Nine of ten decisions came sooner (90th percentile).",
        ),
        Metric(
            *("backlog", "Backlog", "Backlog", Unit.CHANGES, Rows.OPEN, _MOST),
            "Handed in and not yet implemented, rejected or cancelled, at the end of the period.",
        ),
        Metric(
            *("backlog_age", "Age of the backlog", "Age", Unit.DAYS, Rows.OPEN, _MOST),
            "How long ago the backlog was handed in; the median.",
        ),
        Metric(
            *("emergency_share", "Emergency share", "Emergency", Unit.PERCENT, Rows.EMERGENCY, _MOST),
            "Implemented changes that were emergencies.",
        ),
        Metric(
            *("accepted_conflicts_failed", "Accepted conflicts that failed", "Conflicts"),
            *(Unit.CHANGES, Rows.RISKED, _MOST),
            "Changes that failed after one of their conflicts had been accepted.",
        ),
        Metric(
            *("freeze_exceptions", "Freeze exceptions", "Exceptions", Unit.CHANGES, Rows.EXCEPTED, _MOST),
            "Changes implemented by an exception from a freeze.",
        ),
    )
}


def is_met(direction: str, target: Decimal | float, value: float | None) -> bool | None:
    """Whether the value keeps to its target (the target itself does); None where there is nothing to measure."""
    if value is None:
        return None
    return value <= float(target) if direction == Direction.AT_MOST else value >= float(target)
