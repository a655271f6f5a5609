"""The official definitions and the documents that Istio's own tests hold against them."""

import tarfile

import pytest

from apps.clusters.formats import yaml_documents
from apps.mesh import actions, checking
from apps.mesh.models import CrdSchema
from apps.trust import actions as trust
from apps.trust.queries.files import manifest_file
from tests.trust.conftest import PAY_KEY, bundle_of, values

pytestmark = pytest.mark.realdata


@pytest.fixture
def files(shared_data):
    with tarfile.open(shared_data / "standards" / "istio-crds.tar.gz") as archive:
        return {
            one.name.removeprefix("./"): archive.extractfile(one).read() for one in archive.getmembers() if one.isfile()
        }


@pytest.fixture
def istio(files, ben, noon):
    name = "manifests/charts/base/files/crd-all.gen.yaml"
    return actions.bring_definitions(file_name="crd-all.gen.yaml", content=files[name], keeper=ben, at=noon)


def test_every_version_of_every_kind_is_read(istio):
    assert CrdSchema.objects.filter(bundle=istio).count() == 33


def test_the_valid_documents_pass_and_the_invalid_are_refused_with_a_reason(files, istio):
    """Each document alone: those marked `_err` are the ones the API server refuses."""
    wrong, counts = [], {"valid": 0, "refused": 0}
    for name, content in sorted(files.items()):
        if "/testdata/crds/" not in name:
            continue
        for document in yaml_documents.documents(content):
            is_bad = "_err" in document.content
            text = "\n".join(
                line
                for line in content.decode().split("\n---")[document.number - 1].splitlines()
                if not line.startswith("_err")
            )
            (one,) = checking.check(text.encode()).documents
            counts[one.verdict.value] += 1
            if (one.verdict.value == "refused") != is_bad:
                wrong.append((name, document.number, one.problems))
            assert not is_bad or all(problem.sentence for problem in one.problems)
    assert wrong == []
    assert counts == {"valid": 35, "refused": 77}


def test_what_we_write_for_trust_passes_the_official_schema(istio, omar, payments, noon):
    domain = trust.declare_domain(cluster=payments, declarer=omar, values=values("pay.example", "pay"), at=noon)
    trust.take_in_bundle(domain_id=domain.pk, keeper=omar, content=bundle_of(PAY_KEY), at=noon)
    (one,) = checking.check(manifest_file(domain, omar, at=noon).encode()).documents
    assert (one.verdict.value, one.problems, one.ignored) == ("valid", [], [])
