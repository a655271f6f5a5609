"""Meshes of the demo organisation: one applied as declared, one with what somebody did by hand, one without a gateway."""

from datetime import datetime, timedelta

import yaml

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster, Dependency
from apps.mesh import actions, queries
from apps.portal.demo.organisation import CLUSTERS

# cluster → (gateway, percent of traces)
MESHES = {
    "payments": ("east-west.payments.halden.example", 10),
    "storefront": ("east-west.storefront.halden.example", 1),
    "identity": ("10.40.0.15", 5),
    "logistics": ("", 1),
}
CHECKOUT_PAYS = {
    "timeout_ms": 2_000,
    "attempts": 1,
    "per_try_ms": 900,
    "most_requests": 400,
    "error_limit": 3,
    "ejection_s": 60,
}
BY_HAND = {
    "apiVersion": "security.istio.io/v1",
    "kind": "AuthorizationPolicy",
    "metadata": {"name": "allow-labels-for-the-fair", "namespace": "storefront"},
    "spec": {
        "selector": {"matchLabels": {"app": "catalogue"}},
        "rules": [{"from": [{"source": {"principals": ["logistics.halden.example/ns/logistics/sa/label-printer"]}}]}],
    },
}


def weave(people: dict[str, Person], *, at: datetime) -> int:
    """Describe the meshes, set how one edge is called, and push what is applied in two; how many are described."""
    clusters = {slug: Cluster.objects.get(slug=slug) for slug in MESHES}
    for slug, (gateway, percent) in MESHES.items():
        values = {
            "namespace": slug,
            "gateway": gateway,
            "gateway_port": 15_443,
            "sampling_percent": percent,
            "tracing_provider": "otel",
        }
        actions.describe_profile(
            cluster=clusters[slug], editor=people[_owner(slug)], version=0, values=values, at=at - timedelta(days=100)
        )
    pays = Dependency.objects.get(consumer__slug="checkout", provider__slug="card-gateway")
    actions.set_edge_policy(
        dependency_id=pays.pk, editor=people["anneke"], values=CHECKOUT_PAYS, at=at - timedelta(days=90)
    )
    for slug in ("payments", "storefront"):
        estate = queries.estate_of(clusters[slug])
        assert estate is not None
        applied = [*estate.manifests]
        if slug == "storefront":
            applied = [*(one for one in applied if one["kind"] != "Telemetry"), BY_HAND]
        actions.push_applied(
            cluster=clusters[slug],
            person=people["piotr"],
            content=yaml.safe_dump_all(applied).replace("timeout: 2000ms", "timeout: 15s").encode(),
            at=at - timedelta(days=1),
        )
    ask_for_check(checker="mesh")
    checks.run(checks.registered()["mesh"], at=at)
    return len(MESHES)


def _owner(slug: str) -> str:
    return CLUSTERS[slug][3]
