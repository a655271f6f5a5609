"""What integrations need becomes how their edges are called, and each value says why."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.integrations import actions as integration_actions
from apps.mesh import actions, queries
from apps.mesh.rules.calling import Need, policy_from
from apps.mesh.rules.generation import NEEDS
from tests.integrations.conftest import API
from tests.integrations.conftest import NEEDS as ASKED
from tests.mesh.conftest import values

NEED = Need(
    integration_id=7,
    interface="Postings",
    port=8443,
    protocol="grpc",
    latency_ms=300,
    rate_per_s=100.0,
    survives_s=0,
    availability_percent=99.95,
)
needs = st.lists(
    st.builds(
        Need,
        integration_id=st.integers(1, 9),
        interface=st.just("Postings"),
        port=st.none() | st.integers(1, 65_535),
        protocol=st.sampled_from(["http", "grpc", "tls", ""]),
        latency_ms=st.none() | st.integers(1, 3_600_000),
        rate_per_s=st.floats(0.001, 1_000_000),
        survives_s=st.integers(0, 2_678_400),
        availability_percent=st.none() | st.floats(0, 99.9999),
    ),
    min_size=1,
    max_size=4,
)


def test_each_need_is_a_value_with_its_reason():
    policy, why = policy_from([NEED], "GRPC")
    assert (policy.per_try_ms, policy.attempts, policy.timeout_ms) == (600, 2, 2_000)
    assert policy.most_requests == 90  # 100 a second for 300 ms are 30 under way, three times for peaks
    assert (policy.error_limit, policy.ejection_s) == (3, 30)
    text = " ".join(why)
    for words in (
        "within 300 ms (p95)",
        "three times 100 a second",
        "99.95 % of the time: 3 errors",
        "cannot go on alone",
    ):
        assert words in text


def test_who_goes_on_alone_is_repeated_less_and_waits_longer_for_an_endpoint():
    policy, why = policy_from([replace(NEED, survives_s=1_200, availability_percent=95.0)], "HTTP")
    assert (policy.attempts, policy.ejection_s, policy.error_limit, policy.timeout_ms) == (1, 120, 10, 1_350)
    assert "goes on alone for 20 minutes" in why[-1]


def test_of_several_the_strictest_counts_and_rates_add_up():
    other = replace(NEED, integration_id=8, latency_ms=50, rate_per_s=9_900.0, survives_s=60, availability_percent=None)
    policy, _ = policy_from([NEED, other], "GRPC")
    assert (policy.per_try_ms, policy.attempts, policy.error_limit) == (100, 2, 3)
    assert policy.most_requests == 1_500


def test_what_hides_its_requests_has_no_time_of_its_own():
    _, why = policy_from([replace(NEED, protocol="tls")], "TLS")
    assert why[0].startswith("TLS hides its requests from the mesh")


@given(needs)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # drawing takes its time on a busy machine
def test_all_tries_fit_into_the_whole_time_and_every_value_is_one_that_owners_could_set(asked):
    from apps.mesh.rules.profiles import require_edge_policy

    policy, why = policy_from(asked, "HTTP")
    assert (policy.attempts + 1) * policy.per_try_ms <= policy.timeout_ms
    assert len(why) == 4
    if policy.most_requests <= 1_000_000:
        require_edge_policy(vars(policy))


class TestEstate:
    @pytest.fixture
    def declared(self, ledger, dispatch, omar, nora, logistics, payments, noon):
        """Dispatch calls the ledger at its own port, in two meshes that reach each other."""
        offered = integration_actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API, at=noon)
        made = integration_actions.declare_integration(
            consumer_id=dispatch.pk, interface=offered, declarer=nora, values=ASKED, at=noon
        )
        for cluster, owner, name in ((logistics, nora, "ship"), (payments, omar, "pay")):
            said = values(name, gateway=f"gw.{name}.example")
            actions.describe_profile(cluster=cluster, editor=owner, version=0, values=said, at=noon)
        return made

    def test_the_manifests_follow_the_needs_and_say_so(self, declared, logistics, payments):
        estate = queries.estate_of(logistics)
        (line,) = estate.lines
        assert (line.edge.port, line.edge.protocol, line.integration_ids) == (8443, "GRPC", [declared.pk])
        found = {one["kind"]: one for one in estate.manifests}
        (route,) = found["VirtualService"]["spec"]["http"]
        assert (route["timeout"], route["retries"]["perTryTimeout"]) == ("2000ms", "600ms")
        assert "unavailable" in route["retries"]["retryOn"]
        for kind in ("VirtualService", "DestinationRule"):
            assert found[kind]["metadata"]["annotations"][NEEDS] == (
                f"dispatch, integration {declared.pk}: p95 300 ms, 12.5 per second, goes on alone 0 s, available 99.5 %"
            )
        assert found["ServiceEntry"]["spec"]["ports"] == [{"name": "grpc-8443", "number": 8443, "protocol": "GRPC"}]
        let_in = [one for one in queries.estate_of(payments).manifests if one["metadata"]["name"] == "allow-ledger"]
        assert let_in[0]["spec"]["rules"][0]["to"] == [{"operation": {"ports": ["8443"]}}]

    def test_a_need_that_changes_changes_them(self, declared, logistics, nora, noon):
        before = queries.estate_of(logistics).sha256
        integration_actions.describe_integration(
            integration_id=declared.pk, editor=nora, version=1, changes={"latency_ms": 100}, at=noon
        )
        after = queries.estate_of(logistics)
        assert after.sha256 != before
        assert after.lines[0].edge.policy.per_try_ms == 200

    def test_what_owners_set_stands_before_it(self, declared, logistics, nora, noon):
        line = queries.estate_of(logistics).lines[0]
        policy = vars(line.edge.policy) | {"timeout_ms": 5_000}
        actions.set_edge_policy(dependency_id=line.dependency_id, editor=nora, values=policy, at=noon)
        (line,) = queries.estate_of(logistics).lines
        assert (line.is_set, line.edge.policy.timeout_ms, line.edge.port, line.why) == (True, 5_000, 8443, ())

    def test_two_ports_are_two_edges(self, declared, ledger, dispatch, logistics, omar, nora, noon):
        second = API | {"name": "Old API", "kind": "http", "port": 8080, "protocol": "http"}
        offered = integration_actions.offer_interface(component_id=ledger.pk, offerer=omar, values=second, at=noon)
        integration_actions.declare_integration(
            consumer_id=dispatch.pk, interface=offered, declarer=nora, values=ASKED, at=noon
        )
        lines = queries.estate_of(logistics).lines
        assert [(one.edge.port, one.edge.protocol) for one in lines] == [(8080, "HTTP"), (8443, "GRPC")]
        assert len({one.dependency_id for one in lines}) == 1
