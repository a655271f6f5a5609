"""What is applied against what is declared, and edges nobody declared."""

import pytest

from apps.mesh.rules.analysis import Resource
from apps.mesh.rules.drift import Drift, Seen, drift, edges_called, edges_let_in, is_closed, is_compared, is_strict


def resource(kind, name="one", group="networking.istio.io", **spec):
    return Resource(1, kind, group, "shop", name, {"spec": spec})


def policy(name="one", **spec):
    return resource("AuthorizationPolicy", name, "security.istio.io", **spec)


class TestDrift:
    def test_each_resource_is_same_changed_missing_or_extra(self):
        wanted = [policy("a"), resource("Gateway", "b", x=1), resource("Gateway", "c")]
        applied = [policy("a"), resource("Gateway", "b", x=2), resource("VirtualService", "d")]
        found = {one.name: one.drift for one in drift(wanted, applied)}
        assert found == {"a": Drift.SAME, "b": Drift.CHANGED, "c": Drift.MISSING, "d": Drift.EXTRA}
        assert [one.drift for one in drift(wanted, applied)][-1] == Drift.SAME

    def test_a_change_says_where_and_what(self):
        wanted = [resource("VirtualService", http=[{"timeout": "1s", "retries": {"attempts": 2}}])]
        applied = [resource("VirtualService", http=[{"timeout": "3s", "retries": {"attempts": 2}, "mirror": "x"}])]
        (one,) = drift(wanted, applied)
        said = [(row.path, row.wanted, row.applied) for row in one.differences]
        assert said == [("spec.http[0].mirror", None, "x"), ("spec.http[0].timeout", "1s", "3s")]

    @pytest.mark.parametrize(
        ("wanted", "applied"), [("1s", "1000ms"), ("60s", "1m"), (1, 1.0), ("0.5s", "500ms"), ("2h", "120m")]
    )
    def test_what_means_the_same_is_the_same(self, wanted, applied):
        assert drift([resource("Gateway", x=wanted)], [resource("Gateway", x=applied)])[0].drift == Drift.SAME

    @pytest.mark.parametrize(("wanted", "applied"), [("1s", "1m"), ("1s", "xs"), ("", "0s"), ([1], [1, 2]), ({}, [])])
    def test_what_does_not_is_not(self, wanted, applied):
        assert drift([resource("Gateway", x=wanted)], [resource("Gateway", x=applied)])[0].drift == Drift.CHANGED

    def test_other_kinds_groups_and_namespaces_are_left_alone(self):
        assert is_compared(policy(), "shop")
        assert not is_compared(policy(), "pay")
        assert not is_compared(resource("Gateway", group="gateway.networking.k8s.io"), "shop")
        assert not is_compared(resource("Deployment", group="apps"), "shop")


def allow(*sources, app="till", **more):
    selector = {"selector": {"matchLabels": {"app": app}}} if app else {}
    rule = {"from": [{"source": one} for one in sources]} if sources else {}
    return policy(**selector, rules=[rule], **more)


class TestEdges:
    def test_principals_may_call_the_workload_that_is_selected(self):
        found = list(edges_let_in([allow({"principals": ["a/ns/b/sa/c", "a/ns/b/sa/d"]})]))
        assert [(one.consumer, one.provider) for one in found] == [("a/ns/b/sa/c", "till"), ("a/ns/b/sa/d", "till")]

    @pytest.mark.parametrize(
        "sources", [(), ({"namespaces": ["b"]},), ({"principals": ["x"]}, {"ipBlocks": ["1.2.3.4"]})]
    )
    def test_a_rule_that_names_no_identity_lets_in_anybody(self, sources):
        assert "*" in {one.consumer for one in edges_let_in([allow(*sources)])}

    def test_without_a_selector_it_is_every_workload(self):
        assert next(edges_let_in([allow({"principals": ["x"]}, app="")])).provider == "*"

    def test_what_denies_lets_nobody_in(self):
        assert list(edges_let_in([allow({"principals": ["x"]}, action="DENY"), policy()])) == []

    def test_hosts_that_are_called(self):
        found = edges_called(
            [
                resource("DestinationRule", host="a"),
                resource("ServiceEntry", hosts=["b", "c"]),
                resource("VirtualService", http=[{"route": [{"destination": {"host": "d"}}]}, "?"], tcp="?"),
            ]
        )
        assert {one.provider for one in found} == {"a", "b", "c", "d"}
        assert Seen("", "x", "k", "n").consumer == ""


ONE = {"matchLabels": {"app": "x"}}


class TestClosedAndStrict:
    @pytest.mark.parametrize(
        ("specs", "expected"),
        [
            ([], False),
            ([{"mtls": {"mode": "STRICT"}}], True),
            ([{"mtls": {"mode": "PERMISSIVE"}}], False),
            ([{"mtls": {"mode": "STRICT"}, "selector": {"matchLabels": {}}}], True),
            (
                [
                    {"mtls": {"mode": "STRICT"}},
                    {"mtls": {"mode": "DISABLE"}, "selector": ONE},
                ],
                False,
            ),
            ([{"mtls": {"mode": "STRICT"}, "portLevelMtls": {"80": {"mode": "DISABLE"}}}], False),
            ([{"mtls": {"mode": "STRICT"}, "selector": ONE}], False),
        ],
    )
    def test_strict_means_everywhere(self, specs, expected):
        found = [resource("PeerAuthentication", str(number), **one) for number, one in enumerate(specs)]
        assert is_strict(found) == expected

    def test_closed_means_a_policy_that_allows_nothing(self):
        assert is_closed([policy()])
        assert not is_closed([])
        assert not is_closed([policy(rules=[{}])])
        assert not is_closed([policy(action="DENY")])
        assert not is_closed([policy(selector=ONE)])
