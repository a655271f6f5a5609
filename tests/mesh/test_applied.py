"""Describing a mesh, setting how an edge is called, pushing what is applied, and what the check makes of it."""

import pytest
import yaml
from django.db import IntegrityError, transaction

from apps.clusters import actions as map_actions
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster, Component, Dependency, Finding, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from apps.mesh import actions, queries
from apps.mesh.models import Applied, EdgePolicy
from apps.mesh.rules.drift import Drift
from tests.mesh.conftest import values

POLICY = {
    "timeout_ms": 900,
    "attempts": 2,
    "per_try_ms": 300,
    "most_requests": 64,
    "error_limit": 5,
    "ejection_s": 30,
}


def push(estate, person, at, text=None):
    content = (text if text is not None else estate.text).encode()
    return actions.push_applied(cluster=estate.cluster, person=person, content=content, at=at)


def findings(at):
    ask_for_check(checker="mesh")
    checks.run(checks.registered()["mesh"], at=at)
    return {one.code: one for one in Finding.objects.filter(checker="mesh", resolved_at__isnull=True)}


class TestProfile:
    def test_it_is_kept_with_what_changed(self, described, omar, payments, noon):
        after = actions.describe_profile(
            cluster=payments, editor=omar, version=1, values=values("pay", sampling_percent=5), at=noon
        )
        assert after.version == 2
        entry = Entry.objects.filter(event="mesh.MeshDescribed").latest("pk")
        assert entry.data["after"] == {"sampling_percent": "5"}

    def test_the_same_again_writes_nothing(self, described, omar, payments, noon):
        count = Entry.objects.count()
        actions.describe_profile(cluster=payments, editor=omar, version=1, values=values("pay"), at=noon)
        assert Entry.objects.count() == count

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"namespace": "Pay"}, "namespace"),
            ({"namespace": "-pay"}, "namespace"),
            ({"gateway": "https://gw"}, "gateway"),
            ({"gateway": "10.0.0.300"}, "gateway"),
            ({"gateway": "gw.example:80"}, "gateway"),
            ({"gateway_port": 0}, "gateway_port"),
            ({"sampling_percent": 101}, "sampling_percent"),
            ({"tracing_provider": "a b"}, "tracing_provider"),
        ],
    )
    def test_what_kubernetes_would_not_take_is_refused(self, omar, payments, noon, more, field):
        with pytest.raises(Invalid) as refusal:
            actions.describe_profile(cluster=payments, editor=omar, version=0, values=values("pay") | more, at=noon)
        assert list(refusal.value.fields) == [field]

    def test_a_namespace_is_one_cluster_s(self, described, nora, logistics, noon):
        with pytest.raises(Conflict, match="another cluster's"):
            actions.describe_profile(cluster=logistics, editor=nora, version=0, values=values("pay"), at=noon)

    def test_others_and_older_versions_are_refused(self, described, nora, omar, payments, noon):
        with pytest.raises(NotAllowed):
            actions.describe_profile(cluster=payments, editor=nora, version=1, values=values("p"), at=noon)
        with pytest.raises(StaleRevision):
            actions.describe_profile(cluster=payments, editor=omar, version=0, values=values("p"), at=noon)


class TestEdgePolicy:
    def test_it_is_what_the_consumer_is_configured_with(self, edge, nora, logistics, noon):
        actions.describe_profile(cluster=logistics, editor=nora, version=0, values=values("ship"), at=noon)
        actions.set_edge_policy(dependency_id=edge.pk, editor=nora, values=POLICY, at=noon)
        (line,) = queries.estate_of(logistics).lines
        assert (line.is_set, line.edge.policy.timeout_ms) == (True, 900)
        actions.unset_edge_policy(dependency_id=edge.pk, editor=nora, at=noon)
        assert not queries.estate_of(logistics).lines[0].is_set

    def test_tries_that_do_not_fit_are_refused_here_and_by_the_database(self, edge, nora, noon):
        with pytest.raises(Invalid, match="3 tries of 400 ms need 1,200 ms"):
            actions.set_edge_policy(dependency_id=edge.pk, editor=nora, values=POLICY | {"per_try_ms": 400}, at=noon)
        row = EdgePolicy(dependency=edge, set_by=nora, set_at=noon, **(POLICY | {"per_try_ms": 301}))
        with pytest.raises(IntegrityError, match="mesh_tries_fit_the_timeout"), transaction.atomic():
            row.save()

    def test_the_provider_s_owner_does_not_decide(self, edge, omar, noon):
        with pytest.raises(NotAllowed):
            actions.set_edge_policy(dependency_id=edge.pk, editor=omar, values=POLICY, at=noon)

    def test_it_goes_with_its_edge(self, edge, nora, noon):
        actions.set_edge_policy(dependency_id=edge.pk, editor=nora, values=POLICY, at=noon)
        map_actions.withdraw_dependency(dependency_id=edge.pk, withdrawer=nora, at=noon)
        assert not EdgePolicy.objects.exists()


class TestPush:
    def test_what_is_applied_as_declared_has_no_drift(self, estate, omar, noon):
        state = push(estate, omar, noon)
        assert {one.drift for one in state.resources} == {Drift.SAME}
        assert (state.undeclared, state.is_strict, state.is_closed) == ([], True, True)
        assert findings(noon).keys() == {"no-trust-domain"}

    def test_a_list_as_kubectl_prints_it_is_the_same(self, estate, omar, noon):
        items = [
            {**one, "metadata": {**one["metadata"], "uid": "1", "resourceVersion": "9"}, "status": {}}
            for one in estate.manifests
        ]
        state = push(estate, omar, noon, yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": items}))
        assert state.drifted == 0

    def test_drift_and_undeclared_edges_become_findings_and_go_again(self, estate, omar, dispatch, noon):
        applied = [dict(one) for one in estate.manifests if one["kind"] != "Telemetry"]
        stranger = {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "handmade", "namespace": "pay"},
            "spec": {
                "selector": {"matchLabels": {"app": "ledger"}},
                "rules": [{"from": [{"source": {"principals": ["cluster.local/ns/logistics/sa/maps"]}}]}],
            },
        }
        state = push(estate, omar, noon, yaml.safe_dump_all([*applied, stranger]))
        assert state.counts == {"same": 3, "changed": 0, "missing": 1, "extra": 1}
        found = findings(noon)
        assert found["mesh-drift"].evidence["missing"] == 1
        edge = found["undeclared-edge"]
        assert "lets cluster.local/ns/logistics/sa/maps call Ledger" in edge.sentence
        assert (edge.component.slug, edge.evidence["in"]) == ("ledger", "AuthorizationPolicy handmade")
        push(estate, omar, noon)
        assert findings(noon).keys() == {"no-trust-domain"}

    def test_a_stranger_that_the_registry_knows_is_named(self, estate, omar, logistics, noon):
        Component.objects.create(cluster=logistics, slug="maps", name="Maps")
        text = """apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: handmade}
spec: {rules: [{from: [{source: {principals: [cluster.local/ns/logistics/sa/maps]}}]}]}
"""
        (one,) = push(estate, omar, noon, text).undeclared
        assert one.words == "lets Maps call every workload"
        found = findings(noon)
        assert found["undeclared-edge"].counterpart == logistics
        assert {"mtls-not-strict", "not-default-deny"} <= found.keys()

    def test_an_open_policy_is_a_blocker(self, estate, omar, noon):
        text = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {rules: [{}]}\n"
        (one,) = push(estate, omar, noon, text).undeclared
        assert one.words == "lets anybody call every workload"
        assert findings(noon)["undeclared-edge"].severity == 3

    def test_the_last_push_counts_and_of_others_only_the_hash_stays(self, estate, omar, noon):
        push(estate, omar, noon, "apiVersion: v1\nkind: List\nitems: []\n")
        push(estate, omar, noon)
        push(estate, omar, noon)
        first, second = Applied.objects.order_by("pk")
        assert (first.replaced_at, first.resources) == (noon, [])
        assert (second.replaced_at, len(second.resources)) == (None, 4)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a: [\n", "Line"),
            ("- 1\n", "no Kubernetes object"),
            ("kind: Gateway\n", "lacks its name"),
            ("kind: List\nitems: [1]\n", "lacks its name"),
            (2 * "---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n", "stands twice"),
        ],
    )
    def test_half_of_what_is_applied_is_refused_whole(self, estate, omar, noon, text, words):
        with pytest.raises(Invalid, match=words):
            push(estate, omar, noon, text)
        assert not Applied.objects.exists()

    def test_who_neither_owns_nor_operates_is_refused(self, estate, nora, auditor, noon):
        for person in (nora, auditor):
            with pytest.raises(NotAllowed):
                push(estate, person, noon)

    def test_a_mesh_that_is_not_described_has_nothing_to_compare(self, nora, logistics, noon):
        with pytest.raises(NotFound, match="not described"):
            actions.push_applied(cluster=logistics, person=nora, content=b"", at=noon)


class TestReading:
    def test_who_may_call_is_known_to_those_who_run_it(self, estate, nora, omar, auditor):
        assert queries.visible_mesh("payments", omar).sha256 == estate.sha256
        assert queries.visible_mesh("payments", auditor).sha256 == estate.sha256
        with pytest.raises(NotAllowed, match="those who run it"):
            queries.visible_mesh("payments", nora)

    def test_a_restricted_cluster_is_not_there_for_others(self, nora, db):
        Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)
        with pytest.raises(NotFound):
            queries.visible_mesh("vault", nora)

    def test_libraries_and_what_is_retired_are_no_edges(self, estate, ledger, payments, omar, noon):
        library = Component.objects.create(cluster=payments, slug="lib", name="Lib", kind="library")
        old = Component.objects.create(cluster=payments, slug="old", name="Old", lifecycle="retired")
        Dependency.objects.create(consumer=ledger, provider=library)
        Dependency.objects.create(consumer=old, provider=ledger)
        assert len(queries.estate_of(payments).lines) == 1

    def test_it_is_read_in_five_queries(self, estate, payments, django_assert_max_num_queries):
        with django_assert_max_num_queries(5):
            assert queries.estate_of(payments).text
