"""What the exported lists of metrics, their values and costs hold, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

METRICS = Table(
    "metrics",
    {
        "code": attrgetter("metric.code"),
        "name": attrgetter("metric.name"),
        "cluster": lambda one: one.metric.cluster.name if one.metric.cluster else "enterprise",
        "owner": lambda one: one.metric.owner.handle,
        "unit": attrgetter("metric.unit"),
        "direction": attrgetter("metric.course"),
        "baseline": attrgetter("metric.baseline"),
        "target": attrgetter("metric.target"),
        "period": lambda one: one.last_period.first_on,
        "value": attrgetter("value"),
        "no_value_because": lambda one: one.why_none if one.value is None else "",
        "attained": attrgetter("attained"),
        "status": lambda one: one.track.value,
    },
)
VALUES = Table(
    "metric-values",
    {
        "first_day": attrgetter("first_on"),
        "value": attrgetter("value"),
        "no_value_because": attrgetter("reason"),
        "rows": attrgetter("count"),
        "still_open": attrgetter("censored"),
        "source": attrgetter("source"),
        "formula": attrgetter("formula"),
        "note": attrgetter("note"),
        "made_at": attrgetter("made_at"),
        "superseded_at": attrgetter("superseded_at"),
        "inputs_sha256": attrgetter("inputs_sha256"),
    },
)
ROWS = Table(
    "rows-behind", {"row": attrgetter("title"), "adds": attrgetter("says"), "still_open": attrgetter("is_open")}
)
COSTS = Table(
    "integration-costs",
    {
        "cluster": lambda one: one.cluster.name,
        "about": attrgetter("about"),
        "kind": attrgetter("kind"),
        "hours": attrgetter("hours"),
        "rate": attrgetter("rate"),
        "amount": attrgetter("amount"),
        "currency": attrgetter("currency"),
        "from": attrgetter("from_on"),
        "months": attrgetter("months"),
        "note": attrgetter("note"),
        "struck_out": attrgetter("struck_because"),
    },
)
RATES = Table(
    "exchange-rates",
    {
        "currency": attrgetter("currency"),
        "into": attrgetter("into"),
        "rate": attrgetter("rate"),
        "as_of": attrgetter("as_of"),
        "recorded_by": attrgetter("recorded_by.handle"),
        "recorded_at": attrgetter("recorded_at"),
    },
)
