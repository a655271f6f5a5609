"""What the exported lists of interfaces and integrations hold, column by column."""

from operator import attrgetter

from apps.integrations.queries.decisions import OPEN
from apps.integrations.rules.isolation import FOREVER
from apps.kernel.exports import Table


def _seconds(holds_s: float | None) -> object:
    """A number of seconds in a cell: empty where there is no plan, "without end" where nothing runs out."""
    return "without end" if holds_s == FOREVER else holds_s


INTERFACES = Table(
    "interfaces",
    {
        "interface": attrgetter("name"),
        "component": lambda one: one.component.name,
        "cluster": lambda one: one.component.cluster.name,
        "kind": lambda one: one.get_kind_display(),
        "port": attrgetter("port"),
        "protocol": attrgetter("protocol"),
        "contract": attrgetter("contract_url"),
        "data_product": attrgetter("is_data_product"),
        "latency_ms": attrgetter("latency_ms"),
        "availability_percent": attrgetter("availability_percent"),
        "integrations": attrgetter("uses"),
    },
)

INTEGRATIONS = Table(
    "integrations",
    {
        "consumer": lambda one: one.consumer.name,
        "consumer_cluster": lambda one: one.consumer.cluster.name,
        "provider": lambda one: one.provider.name,
        "provider_cluster": lambda one: one.provider.cluster.name,
        "interface": lambda one: one.interface.name,
        "kind": lambda one: one.interface.get_kind_display(),
        "purpose": attrgetter("purpose"),
        "direction": attrgetter("direction"),
        "data_class": attrgetter("data_class"),
        "latency_ms": attrgetter("latency_ms"),
        "freshness_s": attrgetter("freshness_s"),
        "consistency": attrgetter("consistency"),
        "ordering": attrgetter("ordering"),
        "rate_per_s": attrgetter("rate_per_s"),
        "payload_kb": attrgetter("payload_kb"),
        "replay_days": attrgetter("replay_days"),
        "availability_percent": attrgetter("availability_percent"),
        "survives_s": attrgetter("survives_s"),
        "coupling": attrgetter("coupling"),
        "decision": lambda one: one.decision_state or OPEN,
        "pattern": lambda one: one.decision_pattern,
        "decided_at": attrgetter("decided_at"),
    },
)

COVERAGE = Table(
    "isolation-plans",
    {
        "consumer": lambda one: one.consumer.name,
        "consumer_cluster": lambda one: one.consumer.cluster.name,
        "provider": lambda one: one.provider.name,
        "provider_cluster": lambda one: one.provider.cluster.name,
        "interface": lambda one: one.interface.name,
        "standing": attrgetter("standing"),
        "mode": lambda one: one.plan.mode if one.holds_s is not None else "",
        "holds_s": lambda one: _seconds(one.holds_s),
        "must_go_on_s": attrgetter("survives_s"),
        "owner": lambda one: one.plan.owner.handle if one.holds_s is not None else "",
        "rehearsed_at": attrgetter("rehearsed_at"),
        "outcome": attrgetter("rehearsal_outcome"),
    },
)

REHEARSALS = Table(
    "rehearsals",
    {
        "rehearsed_at": attrgetter("rehearsed_at"),
        "outcome": attrgetter("outcome"),
        "held_s": attrgetter("held_s"),
        "mode": attrgetter("mode"),
        "plan_version": attrgetter("plan_version"),
        "notes": attrgetter("notes"),
        "recorded_by": lambda one: one.recorded_by.handle,
    },
)

CUT_NEEDS = Table(
    "cut-off",
    {
        "consumer": lambda one: one.consumer.name,
        "consumer_cluster": lambda one: one.consumer.cluster,
        "provider": lambda one: one.provider.name,
        "provider_cluster": lambda one: one.provider.cluster,
        "interface": lambda one: one.plan.interface if one.plan else "",
        "mode": lambda one: one.plan.mode if one.plan else "no plan",
        "holds_s": lambda one: _seconds(one.plan.holds_s if one.plan else 0),
    },
)
