"""The manifests of a cluster: pure, so most is tried on drawn estates."""

import io
import tarfile

import yaml
from hypothesis import given
from hypothesis import strategies as st

from apps.mesh.formats.yaml_files import archive_of, bundle_text, files_of
from apps.mesh.rules.drift import edges_let_in
from apps.mesh.rules.generation import (
    LONGEST_LABEL,
    Edge,
    Policy,
    Side,
    Workload,
    manifests,
    policy_for,
    unreachable,
    workload_name,
)

SHOP, PAY = Side(1, "shop", gateway="gw.shop.example"), Side(2, "pay")
POLICY = Policy(timeout_ms=900, attempts=2, per_try_ms=300, most_requests=64)


def workload(name: str, cluster_id: int = 1, **more) -> Workload:
    namespace = {1: "shop", 2: "pay", 3: "far"}[cluster_id]
    gateway = {1: "gw.shop.example", 2: "", 3: "10.0.0.7"}[cluster_id]
    ids = {"component_id": hash(name) & 0xFFFF, "title": name.title(), "gateway": gateway}
    return Workload(
        cluster_id=cluster_id, name=name, namespace=namespace, trust_domain=f"{namespace}.example", **ids, **more
    )


CART, TILL, LEDGER, MAPS = workload("cart"), workload("till"), workload("ledger", 2), workload("maps", 3)


def of_kind(found, kind):
    return {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == kind}


class TestManifests:
    def test_a_cluster_without_edges_is_closed_strict_and_traced(self):
        found = manifests(SHOP, [])
        assert [one["kind"] for one in found] == ["AuthorizationPolicy", "PeerAuthentication", "Telemetry"]
        assert of_kind(found, "AuthorizationPolicy") == {"default-deny": {}}
        assert of_kind(found, "PeerAuthentication") == {"default": {"mtls": {"mode": "STRICT"}}}
        assert of_kind(found, "Telemetry") == {"default": {"tracing": [{"randomSamplingPercentage": 1.0}]}}

    def test_who_may_call_is_named_by_its_identity_and_its_port(self):
        found = manifests(PAY, [Edge(CART, LEDGER, POLICY, 9000, "GRPC"), Edge(TILL, LEDGER, POLICY)])
        (rule, other) = of_kind(found, "AuthorizationPolicy")["allow-ledger"]["rules"]
        assert rule["from"] == [{"source": {"principals": ["shop.example/ns/shop/sa/till"]}}]
        assert rule["to"] == [{"operation": {"ports": ["8080"]}}]
        assert other["to"] == [{"operation": {"ports": ["9000"]}}]

    def test_each_caller_has_its_own_time_and_repetitions(self):
        slow = Policy(timeout_ms=5_000, attempts=0, per_try_ms=5_000, most_requests=10)
        found = manifests(SHOP, [Edge(CART, TILL, POLICY), Edge(workload("search"), TILL, slow)])
        first, second = of_kind(found, "VirtualService")["till"]["http"]
        assert first["match"] == [{"port": 8080, "sourceLabels": {"app": "cart"}}]
        assert (first["timeout"], first["retries"]) == (
            "900ms",
            {"attempts": 2, "perTryTimeout": "300ms", "retryOn": "connect-failure,refused-stream"},
        )
        assert (second["timeout"], second["retries"]) == ("5000ms", {"attempts": 0})
        limits = of_kind(found, "DestinationRule")["till"]["trafficPolicy"]["connectionPool"]
        assert limits["http"]["http2MaxRequests"] == 74

    def test_what_speaks_no_http_has_limits_and_no_routes(self):
        found = manifests(SHOP, [Edge(CART, TILL, POLICY, 5432, "TCP")])
        assert of_kind(found, "VirtualService") == {}
        assert "http" not in of_kind(found, "DestinationRule")["till"]["trafficPolicy"]["connectionPool"]

    def test_another_mesh_is_reached_through_its_gateway(self):
        spec = of_kind(manifests(SHOP, [Edge(CART, MAPS, POLICY)]), "ServiceEntry")["far.maps"]
        assert spec["endpoints"] == [{"address": "10.0.0.7", "ports": {"http-8080": 15443}}]
        assert (spec["resolution"], spec["subjectAltNames"]) == ("STATIC", ["spiffe://far.example/ns/far/sa/maps"])

    def test_what_says_no_gateway_is_left_out_and_told(self):
        edges = [Edge(CART, LEDGER, POLICY), Edge(CART, MAPS, POLICY)]
        assert list(of_kind(manifests(SHOP, edges), "ServiceEntry")) == ["far.maps"]
        assert unreachable(SHOP, edges) == [edges[0]]

    def test_the_gateway_opens_what_others_call_and_nothing_else(self):
        found = manifests(SHOP, [Edge(LEDGER, CART, POLICY), Edge(CART, TILL, POLICY)])
        (server,) = of_kind(found, "Gateway")["east-west"]["servers"]
        assert server["hosts"] == ["cart.shop.svc.cluster.local"]
        assert server["tls"] == {"mode": "AUTO_PASSTHROUGH"}


NAMES = st.sampled_from([CART, TILL, LEDGER, MAPS, workload("search"), workload("vault", 2)])
EDGES = st.lists(
    st.builds(
        Edge, NAMES, NAMES, st.just(POLICY), st.sampled_from([8080, 9000]), st.sampled_from(["HTTP", "GRPC", "TCP"])
    ).filter(lambda edge: edge.consumer != edge.provider),
    max_size=12,
)


class TestProperties:
    @given(EDGES)
    def test_the_same_edges_in_another_order_give_the_same_bytes(self, edges):
        other = [*edges[1::2], *reversed(edges[::2]), *edges[:1]]
        assert bundle_text(manifests(SHOP, edges)) == bundle_text(manifests(SHOP, other))

    @given(EDGES)
    def test_exactly_the_declared_callers_are_let_in(self, edges):
        from apps.mesh.rules.analysis import Resource

        found = [Resource(0, one["kind"], "", "shop", one["metadata"]["name"], one) for one in manifests(SHOP, edges)]
        let_in = {(one.consumer, one.provider) for one in edges_let_in(found)}
        assert let_in == {
            (edge.consumer.principal, edge.provider.name) for edge in edges if edge.provider.cluster_id == 1
        }

    @given(st.integers(1, 600_000), st.floats(0.01, 100_000))
    def test_tries_fit_into_the_whole_time(self, p95_ms, per_second):
        policy = policy_for(p95_ms=p95_ms, per_second=per_second)
        assert (policy.attempts + 1) * policy.per_try_ms <= policy.timeout_ms or policy.timeout_ms == 3_600_000
        assert policy.most_requests >= 64

    @given(st.text("abzAZ09-_./:", min_size=1, max_size=200))
    def test_names_are_labels(self, slug):
        name = workload_name(slug)
        assert len(name) <= LONGEST_LABEL
        assert name == name.lower()
        assert name[0] != "-"
        assert name[-1] != "-"
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")

    def test_names_that_read_alike_stay_apart(self):
        assert workload_name("pay") == "pay"
        assert len({workload_name(one) for one in ("Pay", "PAY", "p/ay", "p-ay", "p.ay", "a" * 64, "a" * 65)}) == 7


def test_little_s_law_sets_the_requests_under_way():
    assert policy_for(p95_ms=200, per_second=1_000).most_requests == 600
    assert policy_for(p95_ms=None, per_second=None) == Policy(4_950, 2, 1_500, 1_024)


def test_files_by_kind_and_an_archive_that_is_the_same_each_time():
    files = files_of(manifests(SHOP, [Edge(CART, TILL, POLICY)]))
    assert list(files) == [
        *("authorization-policy.yaml", "destination-rule.yaml", "peer-authentication.yaml"),
        *("telemetry.yaml", "virtual-service.yaml"),
    ]
    packed = archive_of(files, folder="shop")
    assert packed == archive_of(dict(reversed(files.items())), folder="shop")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert archive.getnames() == [f"shop/{name}" for name in files]
        text = archive.extractfile("shop/telemetry.yaml").read().decode()
    assert yaml.safe_load(text)["kind"] == "Telemetry"
