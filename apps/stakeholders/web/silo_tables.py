"""What the exported lists of silos hold, column by column."""

from functools import partial
from operator import attrgetter

from apps.kernel.exports import Table
from apps.stakeholders.models import SiloAssessment
from apps.stakeholders.rules.silos import SILO_WORDS, Indicator


def _value(indicator: Indicator, one: SiloAssessment) -> float | None:
    return next((part["value"] for part in one.parts if part["indicator"] == indicator), None)


SILOS = Table(
    "silos",
    {
        "first": attrgetter("first.name"),
        "second": attrgetter("second.name"),
        "score": attrgetter("score"),
        "level": lambda one: SILO_WORDS[one.level],
        **{one.value: partial(_value, one) for one in Indicator},
        "missing_links": attrgetter("missing_links"),
        "not_judged_because": attrgetter("few"),
        "assessment": attrgetter("run.number"),
        "assessed": attrgetter("run.ran_at"),
    },
)
SILO_ACTIONS = Table(
    "silo-actions",
    {
        "first": attrgetter("first.name"),
        "second": attrgetter("second.name"),
        "what": attrgetter("what"),
        "owner": lambda one: one.owner.name,
        "due": attrgetter("due_on"),
        "state": attrgetter("state"),
        "outcome": attrgetter("outcome"),
        "planned": attrgetter("planned_at"),
    },
)
REQUIRED_LINKS = Table(
    "required-links",
    {
        "source": lambda row: row["link"].source.name,
        "target": lambda row: row["link"].target.name,
        "reason": lambda row: row["link"].reason,
        "why": lambda row: row["link"].why,
        "volume": lambda row: row["link"].volume,
        "owner": lambda row: row["link"].owner.name,
        "is_missing": lambda row: row["link"].is_missing,
        "dependencies": lambda row: row["link"].dependencies,
        "integrations": lambda row: row["link"].integrations,
        "handoffs": lambda row: row["link"].handoffs,
        "would_close": lambda row: " ".join(row["closes"]),
        "declared": lambda row: row["link"].declared_at,
        "ended": lambda row: row["link"].ended_at,
        "ended_because": lambda row: row["link"].end_reason,
    },
)
