"""APIs of Backstage trees: what is kept of them, and that the tree comes back as others read it."""

import io
import json
import tarfile
import zipfile

import pytest
import yaml
from django.utils import timezone

from apps.clusters import actions, queries
from apps.clusters.actions.reading import read_catalog
from apps.clusters.formats import apis, backstage, exporting
from apps.clusters.formats.apis import LONGEST_DEFINITION, definition_fault
from apps.clusters.models import ApiDescription, Cluster, Component, Dependency
from apps.clusters.queries import Status, exports
from tests.conftest import signed_in

OPENAPI = """openapi: 3.0.0
info: {title: Orders, version: '1'}
servers: [{url: 'https://orders.example.org/v1'}]
paths: {/orders: {get: {responses: {'200': {description: all of them}}}}}
"""
ASYNCAPI = "asyncapi: 3.0.0\ninfo: {title: Stock, version: '1'}\nchannels: {}\n"
TREE = """
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: shop, title: The shop}
spec: {owner: a}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: sales}
spec: {owner: a, domain: shop}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders, title: Orders}
spec:
  type: service
  lifecycle: production
  owner: a
  system: sales
  subcomponentOf: checkout
  dependsOn: ['resource:orders-db']
  providesApis: [orders, stock]
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: checkout}
spec: {type: website, lifecycle: production, owner: a, system: sales, consumesApis: [orders]}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db}
spec: {type: database, owner: a, system: sales}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders, description: What was ordered., tags: [rest]}
spec: {type: openapi, lifecycle: production, owner: a, system: sales, definition: {$text: ./orders.yaml}}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: stock}
spec: {type: asyncapi, lifecycle: experimental, owner: a, system: sales, definition: %s}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: remote}
spec: {type: mcp-server, lifecycle: production, owner: a, system: sales, remotes: [{type: streamable-http, url: 'https://mcp.example.org/'}]}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: old}
spec: {type: openapi, lifecycle: deprecated, owner: a, system: sales, definition: {$text: 'https://example.org/old.yaml'}}
""" % json.dumps(ASYNCAPI)  # noqa: UP031  # braces stand for themselves in it


def packed(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def read(content):
    return read_catalog(file_name="t.zip", content=content, catalog_format="backstage", options={})


def parsed(text):
    """What a tree says, with the one file that it names."""
    return backstage.parse({"catalog-info.yaml": text.encode(), "orders.yaml": OPENAPI.encode()})


def write(catalog):
    given = {"source": "backstage:t", "importer": None, "found_clusters": True, "at": timezone.now()}
    return actions.import_catalog(catalog=catalog, **given)


@pytest.fixture
def tree():
    return packed(**{"catalog-info.yaml": TREE, "orders.yaml": OPENAPI})


def entities(content):
    """The entities of an archive by kind and name, as any other reader sees them."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            for one in yaml.safe_load_all(archive.read(name)):
                found[one["kind"], one["metadata"]["name"]] = one
    return found


def test_what_is_said_of_an_api_is_kept(db, tree):
    assert read(tree).rejections == []
    write(read(tree))
    kept = {one.component.slug: one for one in ApiDescription.objects.select_related("component")}
    assert (kept["api:orders"].type, kept["api:orders"].definition) == ("openapi", OPENAPI)
    assert (kept["api:stock"].type, kept["api:stock"].definition) == ("asyncapi", ASYNCAPI)
    assert (kept["api:old"].definition, kept["api:old"].definition_at) == ("", "https://example.org/old.yaml")
    assert kept["api:remote"].remotes == ["streamable-http https://mcp.example.org/"]
    assert {one.component.kind for one in kept.values()} == {"api"}


def test_a_document_that_is_not_in_the_upload_is_said_and_where_it_lies_kept(db):
    """Not of an address: nobody expects that to be uploaded."""
    catalog = backstage.parse({"c.yaml": TREE.encode()})
    assert [(one.field, one.value) for one in catalog.rejections] == [("spec.definition", "./orders.yaml")]
    assert "not in the upload" in catalog.rejections[0].reason
    write(catalog)
    assert ApiDescription.objects.get(component__slug="api:orders").definition_at == "./orders.yaml"


def test_a_tree_without_titles_names_what_is_new_and_renames_nothing(db, tree):
    """A title is what people read; a name is how files refer to it. What has a title already keeps it."""
    write(read(tree))
    names = dict(Component.objects.values_list("slug", "name"))
    assert (names["orders"], names["checkout"], names["api:orders"]) == ("Orders", "checkout", "orders")
    assert Cluster.objects.get().name == "The shop"
    untitled = TREE.replace(", title: Orders", "").replace(", title: The shop", "")
    plan = write(read(packed(**{"catalog-info.yaml": untitled, "orders.yaml": OPENAPI})))
    assert plan.having(Status.NEW, Status.CHANGED) == []


def test_again_it_changes_nothing_and_another_document_is_a_change(db, tree):
    write(read(tree))
    assert write(read(tree)).having(Status.NEW, Status.CHANGED) == []
    newer = packed(**{"catalog-info.yaml": TREE, "orders.yaml": OPENAPI.replace("all of them", "some of them")})
    (step,) = write(read(newer)).having(Status.NEW, Status.CHANGED)
    ((name, before, after),) = step.told
    assert (step.label, name) == ("shop / api:orders", "api")
    assert before != after
    assert all(text.startswith("openapi, 1") and len(text) < 60 for text in (before, after)), "no page repeats it all"
    assert "some of them" in ApiDescription.objects.get(component__slug="api:orders").definition
    assert Component.objects.get(slug="api:orders").version == 2


def test_the_tree_comes_back_as_others_read_it(admin, tree):
    write(read(tree))
    found = entities(exporting.archive(queries.catalog_of(admin), as_format="backstage"))
    assert found["Component", "orders"]["spec"] == {
        "type": "service",
        "lifecycle": "production",
        "owner": "a",
        "system": "shop",
        "dependsOn": ["resource:shop/orders-db"],
        "providesApis": ["api:shop/orders", "api:shop/stock"],
        "subcomponentOf": "component:shop/checkout",
    }
    assert found["Component", "checkout"]["spec"]["consumesApis"] == ["api:shop/orders"]
    assert found["API", "orders"]["spec"]["definition"] == OPENAPI
    assert found["API", "orders"]["metadata"]["tags"] == ["rest"]
    assert found["API", "old"]["spec"]["definition"] == {"$text": "https://example.org/old.yaml"}
    assert found["API", "remote"]["spec"]["remotes"] == [{"type": "streamable-http", "url": "https://mcp.example.org/"}]
    assert "lifecycle" not in found["Resource", "orders-db"]["spec"]


def test_documents_are_only_read_for_who_tells_them_and_no_more_than_an_import_takes(admin, tree, monkeypatch):
    write(read(tree))
    monkeypatch.setattr(exports, "MOST_DEFINITIONS", len(OPENAPI))
    client = signed_in(admin)
    refused = client.get("/clusters/export/", {"as": "backstage"})
    assert refused.status_code == 413
    assert "or as CSV, which leaves them out" in refused.content.decode()
    assert client.get("/clusters/export/", {"as": "csv"}).status_code == 200


def test_what_others_wrote_and_we_gave_back_is_the_same_map(admin, tree):
    write(read(tree))
    before = queries.catalog_of(admin)
    content = exporting.archive(before, as_format="backstage")
    again = read(content)
    assert again.rejections == []
    assert write(again).having(Status.NEW, Status.CHANGED) == []
    for model in (Dependency, ApiDescription, Component, Cluster):
        model.objects.all().delete()
    write(read(content))
    assert queries.catalog_of(admin) == before
    for model in (Dependency, ApiDescription, Component, Cluster):
        model.objects.all().delete()
    write(read(_bare(content)))
    plain = {(one.slug, one.kind, one.api) for one in before.components}
    # Without our annotations names keep their namespaces; what they are and how they hang together is the same.
    found = queries.catalog_of(admin)
    assert {(one.slug.replace("shop/", ""), one.kind, one.api) for one in found.components} == plain
    edges = {(one.consumer, one.kind, one.provider) for one in before.dependencies}
    assert {
        (one.consumer.replace("shop/", ""), one.kind, one.provider.replace("shop/", "")) for one in found.dependencies
    } == edges


def _bare(content):
    """The exported tree as one that never heard of us would write it."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            said = list(yaml.safe_load_all(archive.read(name)))
            for one in said:
                one["metadata"].pop("annotations", None)
            files[name] = yaml.safe_dump_all(said)
    return packed(**files)


@pytest.mark.realdata
def test_the_public_tree_comes_back(admin, shared_data):
    content = (shared_data / "standards" / "backstage-demo.tar.gz").read_bytes()
    options = {"cluster_map": {"maintainers": "demo"}}
    written = read_catalog(file_name="d.tar.gz", content=content, catalog_format="backstage", options=options)
    write(written)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        member = archive.extractfile("./catalog-info.yaml")
        assert member is not None
        said = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in yaml.safe_load_all(member.read())}
    found = entities(exporting.archive(queries.catalog_of(admin), as_format="backstage"))
    api, website = found["API", "demo-graphql"]["spec"], found["Component", "backstage-demo"]["spec"]
    assert {name: api[name] for name in ("type", "lifecycle", "owner", "definition")} == {
        name: said["API", "demo-graphql"][name] for name in ("type", "lifecycle", "owner", "definition")
    }
    assert website["consumesApis"] == ["api:demo/demo-graphql"]
    assert "dependsOn" not in website


def with_more_remotes(said):
    return parsed(TREE.replace("[{type: streamable", f"[{said}{{type: streamable"))


class TestDocuments:
    @pytest.mark.parametrize(
        ("kind", "text", "said"),
        [
            ("openapi", "swagger: '2.0'\ninfo: {title: a, version: 1}\npaths: {}", ""),
            ("openapi", OPENAPI, ""),
            ("OpenAPI", OPENAPI, ""),
            ("OpenAPI", ASYNCAPI, "no document of OpenAPI: it names none of the versions we know"),
            ("openapi", "openapi: 4.0.0\ninfo: {title: a, version: 1}\npaths: {}", "none of the versions we know"),
            ("openapi", ASYNCAPI, "none of the versions we know"),
            ("openapi", "openapi: 3.1.0\npaths: {}", "its info has a title"),
            ("openapi", "openapi: 3.1.0\ninfo: {title: a, version: 1}", "none of paths, webhooks"),
            ("openapi", "just words", "it has no fields"),
            ("openapi", "a: [", "Line"),
            ("openapi", "a: 1\n---\nb: 2", "2 documents"),
            ("openapi", "a: &x 1\nb: *x", "alias"),
            ("asyncapi", ASYNCAPI, ""),
            ("asyncapi", "asyncapi: 1.2.0\ninfo: {title: a, version: 1}\nchannels: {}", "none of the versions"),
            ("graphql", "type Query { all: [String] }", ""),
            ("graphql", "a\x00b", "no text"),
            ("grpc", "x" * (LONGEST_DEFINITION + 1), "at most 1,048,576"),
        ],
    )
    def test_what_is_a_document_of_its_type(self, kind, text, said):
        found = definition_fault(kind, text)
        assert said in found
        assert bool(said) == bool(found)

    def test_a_wrong_one_is_said_and_the_api_is_taken_without_it(self):
        catalog = parsed(TREE.replace(json.dumps(ASYNCAPI), "'openapi: 3.0.0'"))
        (rejection,) = catalog.rejections
        assert rejection.field == "spec.definition"
        assert rejection.reason.endswith("The API is taken without it.")
        stock = next(row for row in catalog.components if row.slug == "api:stock")
        assert (stock.api.type, stock.api.definition) == ("asyncapi", "")

    @pytest.mark.parametrize("text", ["{$file: x}", "{}", "[1]", "{$text: 7}"])
    def test_a_document_in_another_form_is_said(self, text):
        catalog = parsed(TREE.replace(json.dumps(ASYNCAPI), text))
        assert len(catalog.components) == 7
        (rejection,) = catalog.rejections
        assert rejection.field == "spec.definition"
        assert "A document is a text, or lies where one of $text" in rejection.reason

    @pytest.mark.parametrize("remote", ["7", "{type: x}", "{url: 7}", "{url: 'https://a/%s'}" % ("x" * 500)])
    def test_a_remote_in_another_form_is_said(self, remote):
        catalog = parsed(TREE.replace("[{type: streamable", f"[{remote}, {{type: streamable"))
        assert [one.field for one in catalog.rejections] == ["spec.remotes"]
        assert [row.api.remotes for row in catalog.components if row.slug == "api:remote"] == [
            ("streamable-http https://mcp.example.org/",)
        ]

    def test_remotes_beyond_twenty_are_said(self):
        many = "".join(f"{{type: x, url: 'https://a/{n}'}}, " for n in range(20))
        catalog = with_more_remotes(many)
        assert [one.reason for one in catalog.rejections] == ["Only the first 20 are kept."]

    def test_a_file_that_many_name_is_read_once_and_kept_within_bounds(self, monkeypatch):
        judged = []

        def fault(kind, text):
            judged.append(kind)
            return definition_fault(kind, text)

        monkeypatch.setattr(apis, "definition_fault", fault)
        monkeypatch.setattr(apis, "MOST_DEFINITIONS", 3 * len(OPENAPI))
        entity = (
            "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a{}}}\n"
            "spec: {{type: openapi, lifecycle: production, owner: a, definition: {{$text: ./o.yaml}}}}\n"
        )
        text = "---\n".join(entity.format(n) for n in range(5))
        catalog = backstage.parse({"catalog-info.yaml": text.encode(), "o.yaml": OPENAPI.encode()})
        assert judged == ["openapi"]
        assert [row.api.definition == OPENAPI for row in catalog.components] == [True] * 3 + [False] * 2
        assert ["All documents of one catalogue" in one.reason for one in catalog.rejections] == [True] * 2

    def test_text_that_cannot_be_stored_is_refused(self):
        for place, broken in (("type: mcp-server", 'type: "a\\0"'), ("'https://mcp.example.org/'", '"https://a\\0"')):
            catalog = parsed(TREE.replace(place, broken))
            assert ["NUL" in rejection.reason for rejection in catalog.rejections] == [True]
            assert "api:remote" not in {row.slug for row in catalog.components}


def test_names_of_the_tree_stand_once_whatever_ours_are(admin, payments):
    for slug, kind in (("x", "api"), ("api:x", "api"), ("resource:x", "database"), ("resource-x", "service")):
        one = Component.objects.create(cluster=payments, slug=slug, name=slug, kind=kind)
        if kind == "api":
            ApiDescription.objects.create(component=one, type="grpc", definition="syntax")
    again = read(exporting.archive(queries.catalog_of(admin), as_format="backstage"))
    assert again.rejections == []
    assert write(again).having(Status.NEW, Status.CHANGED) == []
    assert len(again.components) == 4
