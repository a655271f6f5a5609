import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, TooLarge
from apps.mesh import actions
from apps.mesh.models import CrdBundle
from tests.conftest import signed_in
from tests.mesh.conftest import DEFINITIONS, gate

_NO_SCHEMA = b"""kind: CustomResourceDefinition
spec: {group: a, names: {kind: K, plural: k}, versions: [{name: v1, schema: {openAPIV3Schema: [1]}}]}
"""


class TestDefinitions:
    def bring(self, keeper, content, noon):
        return actions.bring_definitions(file_name="d.yaml", content=content, keeper=keeper, at=noon)

    def test_a_chair_brings_them_and_the_ones_before_are_kept(self, ben, ada, noon):
        with pytest.raises(NotAllowed):
            self.bring(ada, DEFINITIONS, noon)
        first = self.bring(ben, DEFINITIONS, noon)
        assert self.bring(ben, DEFINITIONS, noon) == first
        second = self.bring(ben, DEFINITIONS.replace(b"minimum: 1", b"minimum: 2"), noon)
        first.refresh_from_db()
        assert (first.replaced_at, second.replaced_at) == (noon, None)
        assert Entry.objects.filter(event="mesh.DefinitionsBrought").count() == 2

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "no CustomResourceDefinition"),
            (b"a: [", "no YAML"),
            (b"a: &x 1\nb: *x", "aliases"),
            (b"kind: CustomResourceDefinition\nspec: {group: a}", "lacks its group"),
            (_NO_SCHEMA, "lacks"),
        ],
    )
    def test_what_defines_nothing_is_refused(self, ben, noon, content, words):
        with pytest.raises(Invalid, match=words):
            self.bring(ben, content, noon)
        assert not CrdBundle.objects.exists()

    def test_too_much_is_not_read(self, ben, noon):
        with pytest.raises(TooLarge):
            self.bring(ben, b" " * (8 * 1024 * 1024 + 1), noon)


class TestPages:
    def test_manifests_are_pasted_or_sent_as_a_file(self, defined, ada):
        client, address = signed_in(ada), reverse("mesh:check")
        page = client.post(address, {"text": gate("width: 0")})
        assert b"spec.width" in page.content
        file = SimpleUploadedFile("m.yaml", gate("width: 3").encode())
        assert client.post(address, {"file": file}).context["report"].counts == {"valid": 1}
        assert client.post(address, {}).status_code == 422
        assert client.post(address, {"text": "<script>alert(1)</script>: 1"}).content.count(b"<script>alert") == 0

    def test_definitions_are_brought(self, ben, ada):
        address = reverse("mesh:definitions")
        file = SimpleUploadedFile("gates.yaml", DEFINITIONS)
        assert signed_in(ada).post(address, {"file": file}).status_code == 403
        file = SimpleUploadedFile("gates.yaml", DEFINITIONS)
        assert signed_in(ben).post(address, {"file": file}).status_code == 302
        assert b"Gate" in signed_in(ada).get(address).content
        assert signed_in(ben).post(address, {"file": SimpleUploadedFile("x", b"x")}).status_code == 422


class TestApi:
    def test_a_pipeline_sends_yaml_and_reads_the_counts(self, defined, ada):
        client = signed_in(ada)
        body = gate("width: 3") + "---\n" + gate("width: 0", name="south")
        answer = client.post("/api/v1/mesh/manifest-checks/", body, "application/yaml")
        assert answer.status_code == 200, answer.content
        assert answer.json()["counts"] == {"valid": 1, "refused": 1}
        assert answer.json()["documents"][1]["problems"][0]["path"] == "spec.width"
        assert client.post("/api/v1/mesh/manifest-checks/", "{}", "application/json").status_code == 415
        assert client.post("/api/v1/mesh/manifest-checks/", " " * (2**21 + 1), "application/yaml").status_code == 413

    def test_definitions_are_read_and_brought(self, ben, ada):
        client = signed_in(ben)
        assert client.get("/api/v1/mesh/definitions/").json() == []
        answer = client.post("/api/v1/mesh/definitions/", {"file": SimpleUploadedFile("gates.yaml", DEFINITIONS)})
        assert answer.json()["kinds"] == ["halden.example/v1 Gate"]
        sent = {"file": SimpleUploadedFile("gates.yaml", DEFINITIONS)}
        assert signed_in(ada).post("/api/v1/mesh/definitions/", sent).status_code == 403
        assert client.get("/api/v1/mesh/definitions/").json()[0]["brought_by"] == "ben"
