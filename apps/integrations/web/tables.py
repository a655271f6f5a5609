"""What the exported lists of interfaces and integrations hold, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

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
        "integrations": attrgetter("integration_count"),
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
    },
)
