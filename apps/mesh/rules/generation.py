"""The Istio configuration that a cluster's declared edges need: the same edges give the same manifests, byte for byte.

Sources: the Istio documentation of PeerAuthentication, AuthorizationPolicy, VirtualService, DestinationRule,
ServiceEntry, Gateway and Telemetry; SPIFFE ID, section 2, for how a workload is named.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

LONGEST_LABEL = 63  # characters of a DNS label (RFC 1123)
EAST_WEST_PORT = 15_443  # Istio's for traffic between meshes
DEFAULT_PORT = 8_080
HTTP_PROTOCOLS = frozenset({"HTTP", "HTTP2", "GRPC"})
# What is repeated was never worked on by the callee, so it is safe for calls that may not happen twice.
RETRY_ON: Mapping[str, str] = {
    "GRPC": "connect-failure,refused-stream,unavailable",
    "": "connect-failure,refused-stream",
}
HEADROOM = 3  # times the requests that are under way on average
FEWEST_REQUESTS = 64
MOST_MS = 3_600_000  # an hour
NEEDS = "concordat/needs"  # the annotation that says what the values follow


@dataclass(frozen=True)
class Workload:
    """One component as the mesh knows it: `name` is its service, its “app” label and its service account."""

    component_id: int
    title: str
    cluster_id: int
    name: str
    namespace: str
    trust_domain: str
    gateway: str = ""  # the address at which other meshes reach its cluster; "": none
    gateway_port: int = EAST_WEST_PORT

    @property
    def host(self) -> str:
        """The name that callers use, in its own cluster and from others."""
        return f"{self.name}.{self.namespace}.svc.cluster.local"

    @property
    def principal(self) -> str:
        """Who it is to AuthorizationPolicies."""
        return f"{self.trust_domain}/ns/{self.namespace}/sa/{self.name}"


@dataclass(frozen=True)
class Policy:
    """How one edge is called: milliseconds, and numbers of requests and seconds. `attempts` counts repetitions."""

    timeout_ms: int
    attempts: int
    per_try_ms: int
    most_requests: int
    error_limit: int = 5  # in a row, after which an endpoint is left out
    ejection_s: int = 30


@dataclass(frozen=True)
class Edge:
    """One declared edge: who calls whom, at which port, and how."""

    consumer: Workload
    provider: Workload
    policy: Policy
    port: int = DEFAULT_PORT
    protocol: str = "HTTP"
    needs: tuple[str, ...] = ()  # of integrations that its policy follows, in words

    @property
    def is_crossing(self) -> bool:
        """Whether it leads from one cluster's mesh into another's."""
        return self.consumer.cluster_id != self.provider.cluster_id


@dataclass(frozen=True)
class Side:
    """The cluster that is configured."""

    cluster_id: int
    namespace: str
    gateway: str = ""
    gateway_port: int = EAST_WEST_PORT
    sampling_percent: float = 1.0  # of traces, 0 to 100
    tracing_provider: str = ""  # as the mesh's configuration names it; "": its default


def workload_name(slug: str) -> str:
    """The DNS label of a component's short name: as it is where it is one, else made so and kept apart by a hash."""
    if len(slug) <= LONGEST_LABEL and _LABEL.fullmatch(slug):
        return slug
    plain = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-") or "x"
    mark = sha256(slug.encode()).hexdigest()[:6]
    return f"{plain[: LONGEST_LABEL - 7].strip('-')}-{mark}"


_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)


def policy_for(
    *, p95_ms: int | None, per_second: float | None, attempts: int = 2, error_limit: int = 5, ejection_s: int = 30
) -> Policy:
    """What an edge is called with where nobody set it: from its needs, as far as they are known.

    A try may take twice the p95 that was asked for, and is repeated `attempts` times; the whole may take as long as all
    tries, and a tenth for the waits between. Requests under way are rate × time (Little's law), times three for peaks.
    """
    tries = attempts + 1
    per_try = max(10, 2 * p95_ms) if p95_ms else 1_500
    timeout = min(MOST_MS, _round_up(math.ceil(tries * per_try * 1.1), 50))
    under_way = math.ceil(HEADROOM * per_second * (p95_ms or 1_000) / 1_000) if per_second else 0
    requests = max(FEWEST_REQUESTS, under_way) if per_second else 1_024
    return Policy(
        timeout_ms=timeout,
        attempts=attempts,
        per_try_ms=min(per_try, timeout // tries),
        most_requests=requests,
        error_limit=error_limit,
        ejection_s=ejection_s,
    )


def manifests(side: Side, edges: Iterable[Edge]) -> list[dict[str, Any]]:
    """Every manifest of a cluster, by kind and name, from the edges that begin or end in it."""
    own = sorted(set(edges), key=lambda one: (one.consumer.principal, one.provider.principal, one.port, one.protocol))
    coming = [one for one in own if one.provider.cluster_id == side.cluster_id]
    going = [one for one in own if one.consumer.cluster_id == side.cluster_id]
    found = [
        _manifest("security.istio.io/v1", "PeerAuthentication", "default", side, {"mtls": {"mode": "STRICT"}}),
        _manifest("security.istio.io/v1", "AuthorizationPolicy", "default-deny", side, {}),
        *_allowed(side, coming),
        *_gateway(side, coming),
        *_routes(side, going),
        *_destinations(side, going),
        *_entries(side, going),
        _telemetry(side),
    ]
    return sorted(found, key=lambda one: (one["kind"], one["metadata"]["name"]))


def unreachable(side: Side, edges: Iterable[Edge]) -> list[Edge]:
    """Edges into clusters that say no address at which other meshes reach them; their entries are left out."""
    return [
        one
        for one in edges
        if one.is_crossing and one.consumer.cluster_id == side.cluster_id and not one.provider.gateway
    ]


def _allowed(side: Side, coming: Iterable[Edge]) -> Iterator[dict[str, Any]]:
    by_provider: dict[Workload, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for edge in coming:
        by_provider[edge.provider][edge.port].add(edge.consumer.principal)
    for provider, ports in by_provider.items():
        rules = [
            {
                "from": [{"source": {"principals": sorted(principals)}}],
                "to": [{"operation": {"ports": [str(port)]}}],
            }
            for port, principals in sorted(ports.items())
        ]
        spec = {"action": "ALLOW", "selector": _labels(provider), "rules": rules}
        yield _manifest("security.istio.io/v1", "AuthorizationPolicy", f"allow-{provider.name}", side, spec)


def _gateway(side: Side, coming: Iterable[Edge]) -> Iterator[dict[str, Any]]:
    hosts = sorted({edge.provider.host for edge in coming if edge.is_crossing})
    if not side.gateway or not hosts:
        return
    port = {"name": "tls", "number": side.gateway_port, "protocol": "TLS"}
    server = {"port": port, "tls": {"mode": "AUTO_PASSTHROUGH"}, "hosts": hosts}
    spec = {"selector": {"istio": "eastwestgateway"}, "servers": [server]}
    yield _manifest("networking.istio.io/v1", "Gateway", "east-west", side, spec)


def _routes(side: Side, going: Iterable[Edge]) -> Iterator[dict[str, Any]]:
    for provider, edges in _by_provider(going).items():
        spoken = [edge for edge in edges if edge.protocol in HTTP_PROTOCOLS]
        if not spoken:
            continue
        spec = {"exportTo": ["."], "hosts": [provider.host], "http": [_route(edge) for edge in spoken]}
        yield _manifest(
            "networking.istio.io/v1", "VirtualService", _outward(provider, side), side, spec, needs=_needs(spoken)
        )


def _route(edge: Edge) -> dict[str, Any]:
    policy = edge.policy
    retries: dict[str, Any] = {"attempts": policy.attempts}
    if policy.attempts:
        retries |= {
            "perTryTimeout": f"{policy.per_try_ms}ms",
            "retryOn": RETRY_ON.get(edge.protocol, RETRY_ON[""]),
        }
    return {
        "match": [{"port": edge.port, "sourceLabels": {"app": edge.consumer.name}}],
        "retries": retries,
        "route": [{"destination": {"host": edge.provider.host, "port": {"number": edge.port}}}],
        "timeout": f"{policy.timeout_ms}ms",
    }


def _destinations(side: Side, going: Iterable[Edge]) -> Iterator[dict[str, Any]]:
    for provider, edges in _by_provider(going).items():
        policies = [edge.policy for edge in edges]
        requests = sum(one.most_requests for one in policies)
        policy: dict[str, Any] = {
            "connectionPool": {"tcp": {"connectTimeout": "1s", "maxConnections": requests}},
            "outlierDetection": {
                "baseEjectionTime": f"{max(one.ejection_s for one in policies)}s",
                "consecutive5xxErrors": min(one.error_limit for one in policies),
                "interval": "10s",
                "maxEjectionPercent": 50,
            },
            "tls": {"mode": "ISTIO_MUTUAL"},
        }
        if any(edge.protocol in HTTP_PROTOCOLS for edge in edges):
            policy["connectionPool"]["http"] = {"http1MaxPendingRequests": requests, "http2MaxRequests": requests}
        spec = {"exportTo": ["."], "host": provider.host, "trafficPolicy": policy}
        yield _manifest(
            "networking.istio.io/v1", "DestinationRule", _outward(provider, side), side, spec, needs=_needs(edges)
        )


def _entries(side: Side, going: Iterable[Edge]) -> Iterator[dict[str, Any]]:
    for provider, edges in _by_provider(going).items():
        if provider.cluster_id == side.cluster_id or not provider.gateway:
            continue
        spoken = sorted({(edge.port, edge.protocol) for edge in edges})
        ports = [
            {"name": f"{protocol.lower()}-{port}", "number": port, "protocol": protocol} for port, protocol in spoken
        ]
        endpoint = {"address": provider.gateway, "ports": {one["name"]: provider.gateway_port for one in ports}}
        spec = {
            "endpoints": [endpoint],
            "exportTo": ["."],
            "hosts": [provider.host],
            "location": "MESH_INTERNAL",
            "ports": ports,
            "resolution": "STATIC" if _IP.fullmatch(provider.gateway) or ":" in provider.gateway else "DNS",
            "subjectAltNames": [f"spiffe://{provider.principal}"],
        }
        yield _manifest("networking.istio.io/v1", "ServiceEntry", _outward(provider, side), side, spec)


_IP = re.compile(r"[0-9.]+", re.ASCII)


def _telemetry(side: Side) -> dict[str, Any]:
    tracing: dict[str, Any] = {"randomSamplingPercentage": side.sampling_percent}
    if side.tracing_provider:
        tracing["providers"] = [{"name": side.tracing_provider}]
    return _manifest("telemetry.istio.io/v1", "Telemetry", "default", side, {"tracing": [tracing]})


def _by_provider(edges: Iterable[Edge]) -> dict[Workload, list[Edge]]:
    found: dict[Workload, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.provider].append(edge)
    return found


def _outward(provider: Workload, side: Side) -> str:
    """The name of a manifest about a host: the service's, with its namespace where that is another."""
    if provider.namespace == side.namespace:
        return provider.name
    return f"{provider.namespace}.{provider.name}"


def _labels(workload: Workload) -> dict[str, Any]:
    return {"matchLabels": {"app": workload.name}}


def _needs(edges: Iterable[Edge]) -> str:
    """The needs that the values of a manifest follow, caller by caller."""
    return "; ".join(sorted({f"{edge.consumer.name}, {words}" for edge in edges for words in edge.needs}))


def _manifest(
    api_version: str, kind: str, name: str, side: Side, spec: Mapping[str, Any], *, needs: str = ""
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "labels": {"app.kubernetes.io/managed-by": "concordat"},
        "name": name,
        "namespace": side.namespace,
    }
    if needs:
        metadata["annotations"] = {NEEDS: needs}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step
