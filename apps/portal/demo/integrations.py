"""Interfaces of the demo organisation, and what its components need of each other."""

from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.clusters import actions as map_actions
from apps.clusters.models import Component, Dependency
from apps.integrations import actions
from apps.integrations.models import Interface
from apps.portal.demo.organisation import CLUSTERS

_HTTP, _GRPC, _TLS = ("http", 8080), ("grpc", 8443), ("tls", 9093)
_CONTRACTS = "https://contracts.halden.example"

# component, name → (kind, (protocol, port), offered latency, availability, more)
INTERFACES: dict[tuple[str, str], tuple[str, tuple[str, int] | None, int | None, float | None, dict[str, Any]]] = {
    ("payments/card-gateway", "Payments API"): (
        *("http", _HTTP, 180, 99.95),
        {"contract_url": f"{_CONTRACTS}/payments/openapi.yaml", "description": "Authorises, captures and refunds."},
    ),
    ("payments/ledger", "Postings API"): ("grpc", _GRPC, 40, 99.99, {}),
    ("payments/statement-archive", "Statements of the month"): ("file", None, None, None, {"is_data_product": True}),
    ("identity/sign-in", "Sign-in API"): (
        *("http", _HTTP, 120, 99.9),
        {"contract_url": f"{_CONTRACTS}/identity/openapi.yaml"},
    ),
    ("logistics/warehouse-stock", "stock.levels"): (
        *("topic", _TLS, None, 99.9),
        {"is_data_product": True, "contract_url": f"{_CONTRACTS}/logistics/asyncapi.yaml"},
    ),
    ("logistics/warehouse-stock", "Stock API"): ("http", _HTTP, 260, 99.5, {}),
    ("data-platform/event-stream", "orders.placed"): ("topic", _TLS, None, 99.9, {"is_data_product": True}),
    ("data-platform/event-stream", "parcels.moved"): ("topic", _TLS, None, 99.9, {}),
    ("data-platform/warehouse", "Sales of the day"): ("table", ("tls", 5432), None, 99.0, {"is_data_product": True}),
    ("storefront/catalogue", "Products"): ("table", ("tls", 5432), None, None, {}),
    ("treasury/bank-connections", "Transfers API"): ("grpc", _GRPC, 900, 99.5, {}),
}

# (consumer, component, interface, what for, needs)
INTEGRATIONS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    (
        *("storefront/checkout", "payments/card-gateway", "Payments API"),
        "The customer pays while they wait.",
        {
            "direction": "writes",
            "latency_ms": 800,
            "freshness_s": 0,
            "consistency": "strong",
            "rate_per_s": 420,
            "payload_kb": 4,
            "availability_percent": 99.5,
            "coupling": "moderate",
            "data_class": "restricted",
        },
    ),
    (
        *("storefront/checkout", "identity/sign-in", "Sign-in API"),
        "Who the customer is, before they pay.",
        {
            "latency_ms": 400,
            "freshness_s": 300,
            "consistency": "causal",
            "rate_per_s": 380,
            "payload_kb": 2,
            "availability_percent": 99.5,
            "survives_s": 300,
            "data_class": "confidential",
        },
    ),
    (
        *("storefront/catalogue", "logistics/warehouse-stock", "stock.levels"),
        "The shop says what is in stock, without asking for every page.",
        {
            "freshness_s": 30,
            "ordering": "key",
            "rate_per_s": 90,
            "replay_days": 7,
            "payload_kb": 1,
            "survives_s": 14_400,
            "coupling": "loose",
            "data_class": "internal",
        },
    ),
    (
        *("logistics/dispatch", "data-platform/event-stream", "parcels.moved"),
        "Every scan of a parcel is told to whoever wants to know.",
        {
            "direction": "writes",
            "freshness_s": 60,
            "ordering": "key",
            "rate_per_s": 45,
            "replay_days": 30,
            "survives_s": 7_200,
            "coupling": "loose",
            "data_class": "internal",
        },
    ),
    (
        *("payments/fraud-scoring", "data-platform/event-stream", "orders.placed"),
        "Scores are learnt from what was ordered.",
        {
            "freshness_s": 5,
            "ordering": "key",
            "rate_per_s": 300,
            "replay_days": 90,
            "payload_kb": 3,
            "survives_s": 600,
            "coupling": "loose",
            "data_class": "confidential",
        },
    ),
    (
        *("data-platform/reporting", "data-platform/warehouse", "Sales of the day"),
        "Management reads yesterday’s sales in the morning.",
        {"freshness_s": 86_400, "rate_per_s": 0.01, "payload_kb": 20_480, "data_class": "internal"},
    ),
    (
        *("storefront/search-index", "storefront/catalogue", "Products"),
        "The index is rebuilt from the products.",
        {"freshness_s": 1_800, "rate_per_s": 2, "payload_kb": 64, "coupling": "tight", "data_class": "public"},
    ),
    (
        *("payments/payouts", "treasury/bank-connections", "Transfers API"),
        "Merchants are paid out.",
        {
            "direction": "writes",
            "latency_ms": 300,
            "freshness_s": 0,
            "consistency": "strong",
            "rate_per_s": 6,
            "availability_percent": 99.9,
            "survives_s": 3_600,
            "data_class": "confidential",
        },
    ),
)


def connect(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> int:
    """Offer the interfaces and declare who uses them; how many integrations."""
    offered = {}
    for (path, name), (kind, spoken, latency, availability, more) in INTERFACES.items():
        protocol, port = spoken or ("", None)
        values: dict[str, Any] = {"name": name, "kind": kind, "protocol": protocol, "port": port}
        values |= {"latency_ms": latency, "availability_percent": availability, **more}
        offered[path, name] = actions.offer_interface(
            component_id=parts[path].pk, offerer=people[_owner(path)], values=values, at=at - timedelta(days=150)
        )
    for number, (consumer, provider, name, purpose, needs) in enumerate(INTEGRATIONS):
        _integrate(
            people[_owner(consumer)],
            parts[consumer],
            offered[provider, name],
            purpose,
            needs,
            at=at - timedelta(days=120 - number),
        )
    return len(INTEGRATIONS)


def _integrate(
    owner: Person, consumer: Component, interface: Interface, purpose: str, needs: dict[str, Any], *, at: datetime
) -> None:
    """Declare it. What the first drawing of the map said of both, without an interface, is said better now."""
    actions.declare_integration(
        consumer_id=consumer.pk, interface=interface, declarer=owner, values={"purpose": purpose, **needs}, at=at
    )
    if interface.kind not in {"http", "grpc"}:
        drawn = Dependency.objects.filter(consumer=consumer, provider=interface.component, kind="calls")
        for one in drawn:
            map_actions.withdraw_dependency(dependency_id=one.pk, withdrawer=owner, at=at)


def _owner(path: str) -> str:
    return CLUSTERS[path.split("/", maxsplit=1)[0]][3]
