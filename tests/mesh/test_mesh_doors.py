"""The pages and the API of meshes, and what is generated against the official definitions."""

import gzip
import io
import json
import tarfile

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.clusters.models import Component, Dependency
from apps.mesh import actions, checking, queries
from apps.mesh.models import Applied, EdgePolicy, MeshProfile
from tests.conftest import signed_in
from tests.mesh.conftest import values

YAML = "application/yaml"


def call(client, method, address, body=None, **headers):
    return getattr(client, method)(
        address, json.dumps(body) if body is not None else None, content_type="application/json", headers=headers
    )


class TestPages:
    def test_the_list_says_what_is_described_and_exports(self, estate, omar, logistics, django_assert_max_num_queries):
        client = signed_in(omar)
        with django_assert_max_num_queries(8):
            page = client.get("/mesh/")
        assert b"not described" in page.content
        assert b"pay" in page.content
        rows = client.get("/mesh/?export=csv").getvalue().decode("utf-8-sig").splitlines()
        assert rows[0] == "cluster,namespace,gateway,pushed_at,findings"
        assert len(rows) == 3

    def test_an_owner_reads_edges_files_and_drift(self, estate, omar, noon):
        actions.push_applied(cluster=estate.cluster, person=omar, content=b"", at=noon)
        page = signed_in(omar).get("/mesh/clusters/payments/").content.decode()
        for word in ("Dispatch", "4950 ms", "authorization-policy.yaml", "It is not applied.", "without mutual TLS"):
            assert word in page

    def test_others_read_that_it_is_described_and_no_more(self, estate, ada):
        page = signed_in(ada).get("/mesh/clusters/payments/").content.decode()
        assert "those who run it" in page
        assert "Dispatch" not in page
        assert signed_in(ada).get("/mesh/clusters/payments/manifests.yaml").status_code == 403

    def test_it_is_described_and_edited_by_form(self, omar, payments):
        client = signed_in(omar)
        said = {"namespace": "pay", "gateway_port": 15443, "sampling_percent": "2.5", "version": 0}
        assert client.post("/mesh/clusters/payments/describe/", said).status_code == 302
        assert b'value="2.50"' in client.get("/mesh/clusters/payments/describe/").content
        refused = client.post("/mesh/clusters/payments/describe/", said | {"namespace": "P", "version": 1})
        assert (refused.status_code, b"small letters" in refused.content) == (422, True)
        stale = client.post("/mesh/clusters/payments/describe/", said | {"namespace": "p"})
        assert b"changed this while you were editing" in stale.content

    def test_an_edge_is_set_and_left_again_by_form(self, edge, nora):
        client, address = signed_in(nora), f"/mesh/edges/{edge.pk}/"
        said = {
            "timeout_ms": 900,
            "attempts": 2,
            "per_try_ms": 400,
            "most_requests": 9,
            "error_limit": 3,
            "ejection_s": 9,
        }
        refused = client.post(address, said)
        assert (refused.status_code, b"would never finish" in refused.content) == (422, True)
        assert client.post(address, said | {"per_try_ms": 300}).status_code == 302
        assert EdgePolicy.objects.get().most_requests == 9
        assert client.post(address, {"unset": "1"}).status_code == 302
        assert not EdgePolicy.objects.exists()

    def test_what_is_applied_is_uploaded_or_pasted(self, estate, omar):
        client, address = signed_in(omar), "/mesh/clusters/payments/applied/"
        file = SimpleUploadedFile("m.yaml", estate.text.encode())
        assert client.post(address, {"file": file}).status_code == 302
        refused = client.post(address, {"text": "a: &x 1\nb: *x\n"})
        assert (refused.status_code, b"alias" in refused.content) == (422, True)
        assert Applied.objects.count() == 1

    def test_the_files_are_the_same_each_time(self, estate, omar):
        client = signed_in(omar)
        first, again = (client.get("/mesh/clusters/payments/manifests.tar.gz").content for _ in range(2))
        assert first == again
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first))) as archive:
            assert "pay/peer-authentication.yaml" in archive.getnames()
        text = client.get("/mesh/clusters/payments/manifests.yaml").content.decode()
        assert text == estate.text
        assert len(list(yaml.safe_load_all(text))) == 4


class TestApi:
    def test_it_is_described_edited_and_refused(self, omar, nora, payments):
        client = signed_in(omar)
        made = call(client, "post", "/api/v1/meshes/", {"cluster": "payments", "namespace": "pay"})
        assert (made.status_code, made.json()["gateway_port"]) == (201, 15443)
        again = call(client, "post", "/api/v1/meshes/", {"cluster": "payments", "namespace": "pay2"})
        assert again.status_code == 409
        one = client.get("/api/v1/meshes/payments/")
        edited = call(client, "patch", "/api/v1/meshes/payments/", {"gateway": "gw.example"}, if_match=one["ETag"])
        assert (edited.status_code, MeshProfile.objects.get().gateway) == (200, "gw.example")
        stale = call(client, "patch", "/api/v1/meshes/payments/", {"gateway": ""}, if_match=one["ETag"])
        assert stale.status_code == 412
        assert call(
            signed_in(nora), "post", "/api/v1/meshes/", {"cluster": "payments", "namespace": "x"}
        ).status_code in {403, 409}

    def test_edges_and_how_they_are_called(self, edge, nora, logistics, noon):
        actions.describe_profile(cluster=logistics, editor=nora, version=0, values=values("ship"), at=noon)
        client = signed_in(nora)
        (row,) = client.get("/api/v1/meshes/logistics/edges/").json()["results"]
        assert (row["provider_host"], row["is_set"]) == ("ledger.payments.svc.cluster.local", False)
        policy = row["policy"] | {"timeout_ms": 5_000, "attempts": 0}
        body = {"dependency": edge.pk, "policy": policy}
        answer = call(client, "post", "/api/v1/meshes/logistics/edge-policies/", body)
        assert (answer.json()["is_set"], answer.json()["policy"]["timeout_ms"]) == (True, 5_000)
        answer = call(client, "post", "/api/v1/meshes/logistics/edge-policies/", body | {"policy": None})
        assert answer.json()["is_set"] is False

    def test_an_edge_of_another_cluster_is_not_there(self, edge, described, omar):
        body = {"dependency": edge.pk, "policy": None}
        answer = call(signed_in(omar), "post", "/api/v1/meshes/payments/edge-policies/", body)
        assert (answer.status_code, "no such edge" in answer.json()["detail"]) == (404, True)

    def test_manifests_are_one_list_with_a_tag(self, estate, omar, nora):
        client = signed_in(omar)
        answer = client.get("/api/v1/meshes/payments/manifests/")
        assert (answer["ETag"], answer["Content-Type"]) == (f'"{estate.sha256}"', YAML)
        assert yaml.safe_load(answer.content)["items"] == estate.manifests
        assert (
            client.get("/api/v1/meshes/payments/manifests/", headers={"if-none-match": answer["ETag"]}).status_code
            == 304
        )
        assert client.get("/api/v1/meshes/payments/archive/").content[:2] == b"\x1f\x8b"
        assert signed_in(nora).get("/api/v1/meshes/payments/manifests/").status_code == 403

    def test_a_pipeline_pushes_and_reads_the_drift(self, estate, omar, auditor):
        client, address = signed_in(omar), "/api/v1/meshes/payments/applied/"
        assert client.get(address).status_code == 404
        applied = estate.text.replace("mode: STRICT", "mode: PERMISSIVE")
        answer = client.post(address, applied, content_type=YAML).json()
        assert (answer["counts"]["changed"], answer["is_strict"], answer["is_closed"]) == (1, False, True)
        (changed,) = [one for one in answer["resources"] if one["drift"] == "changed"]
        assert changed["differences"] == [{"path": "spec.mtls.mode", "wanted": "STRICT", "applied": "PERMISSIVE"}]
        assert signed_in(auditor).get(address).json()["counts"] == answer["counts"]
        assert client.post(address, "a: [", content_type=YAML).status_code == 422


@pytest.mark.realdata
def test_everything_generated_passes_the_official_schemas_their_rules_and_the_analysis(
    shared_data, estate, ben, nora, omar, ledger, dispatch, logistics, payments, noon
):
    """Every kind of manifest is among them: callers of the own cluster and of others, gateways, TCP left out."""
    with tarfile.open(shared_data / "standards" / "istio-crds.tar.gz") as archive:
        name = "./manifests/charts/base/files/crd-all.gen.yaml"
        content = archive.extractfile(name if name in archive.getnames() else name.removeprefix("./")).read()
    actions.bring_definitions(file_name="crds.yaml", content=content, keeper=ben, at=noon)
    actions.describe_profile(
        cluster=payments, editor=omar, version=1, values=values("pay", gateway="gw.pay.example"), at=noon
    )
    actions.describe_profile(
        cluster=logistics,
        editor=nora,
        version=0,
        values=values("ship", gateway="10.0.0.7", tracing_provider="otel"),
        at=noon,
    )
    for number in range(20):
        one = Component.objects.create(cluster=logistics, slug=f"Part_{number}/x", name=f"Part {number}")
        Dependency.objects.create(consumer=one, provider=dispatch)
        Dependency.objects.create(consumer=one, provider=ledger)
        Dependency.objects.create(consumer=ledger, provider=one)
    kinds = set()
    for cluster in (payments, logistics):
        estate = queries.estate_of(cluster)
        report = checking.check(estate.text.encode(), estate.hosts)
        assert [one for one in report.documents if one.problems or one.ignored] == []
        assert report.counts.keys() == {"valid"}
        kinds |= {one.kind for one in report.documents}
    assert kinds == {
        *("AuthorizationPolicy", "DestinationRule", "Gateway", "PeerAuthentication"),
        *("ServiceEntry", "Telemetry", "VirtualService"),
    }
