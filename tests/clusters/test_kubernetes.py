"""Kubernetes and Istio manifests become components and dependencies; what is not read is said."""

import tarfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.clusters import actions
from apps.clusters.formats import kubernetes
from apps.clusters.models import CatalogImport, Component, Dependency
from apps.kernel.refusals import TooLarge
from tests.conftest import signed_in

SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: frontend
  namespace: shop
  labels: {app.kubernetes.io/part-of: boutique, app.kubernetes.io/component: web, team: Shop people}
  annotations: {kubernetes.io/description: What customers see.}
spec:
  template:
    metadata: {labels: {app: frontend}}
    spec:
      containers:
        - name: server
          env:
            - {name: CART_ADDR, value: "cart:7070"}
            - {name: RATES_URL, value: "https://rates.example.com/v1"}
            - {name: SELF, value: "frontend"}
            - {name: LEVEL, value: "info"}
          args: ["--ledger=http://ledger.payments.svc.cluster.local:80/x"]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cartservice}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cartservice, namespace: shop, labels: {app.kubernetes.io/part-of: boutique}}
spec: {template: {metadata: {labels: {app: cartservice, v: "1"}}}}
---
apiVersion: v1
kind: List
items:
  - {kind: Service, apiVersion: v1, metadata: {name: ledger, namespace: payments}}
  - kind: CronJob
    metadata: {name: close-day, namespace: payments}
    spec: {jobTemplate: {spec: {template: {spec: {containers: [{env: [{name: L, value: ledger}]}]}}}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: rates, namespace: shop}
spec: {hosts: [rates.example.com, "*.wild.example.com"]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http: [{route: [{destination: {host: ledger.payments}}, {destination: {host: gone}}]}]
---
kind: ConfigMap
metadata: {name: a}
---
kind: ConfigMap
metadata: {name: b}
"""


def parse(text, **options):
    return kubernetes.parse({"all.yaml": text.encode() if isinstance(text, str) else text}, **options)


@pytest.fixture(scope="module")
def shop():
    return parse(SHOP)


def test_workloads_services_without_one_and_hosts_outside_become_components(shop):
    assert {(row.cluster, row.slug, row.kind) for row in shop.components} == {
        ("boutique", "frontend", "service"),
        ("boutique", "cartservice", "stateful service"),
        ("payments", "ledger", "service"),
        ("payments", "close-day", "scheduled job"),
        ("shop", "rates.example.com", "external service"),
    }


def test_labels_and_annotations_are_taken(shop):
    frontend = next(row for row in shop.components if row.slug == "frontend")
    said = (frontend.tags, frontend.owner_name, frontend.description, frontend.cluster_name)
    assert said == (("web",), "Shop people", "What customers see.", "boutique")


def test_hosts_that_settings_and_routes_name_become_dependencies(shop):
    assert {(row.consumer, row.kind, row.provider) for row in shop.dependencies} == {
        ("frontend", "calls", "cartservice"),
        ("frontend", "calls", "rates.example.com"),
        ("frontend", "calls", "ledger"),
        ("close-day", "calls", "ledger"),
        ("cartservice", "routes to", "ledger"),
    }


def test_what_is_not_read_is_said(shop):
    assert {(one.field, one.value) for one in shop.rejections} == {
        ("spec.hosts", "*.wild.example.com"),
        ("destination.host", "gone"),
        ("kind", "ConfigMap (2 of them)"),
    }
    assert all(one.reason.startswith("Not read") for one in shop.rejections)


def test_the_cluster_map_counts_for_parts_and_namespaces():
    found = parse(SHOP, cluster_map={"boutique": "store", "payments": "money"})
    assert {row.cluster for row in found.components} == {"store", "money", "shop"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: Deployment\nkind: Service\n", "stands twice"),
        ("a: &a [x]\nb: *a\n", "alias"),
        ("a: !!python/object/apply:os.system [true]", "tag"),
        ("kind: Deployment", "has a name"),
        ("kind: Deployment\nmetadata: {name: [a]}", "has a name"),
        ("- a", "no manifest"),
        ("a: " + "[" * 100 + "]" * 100, "levels deep"),
        ("{{ .Values.name }}", "Line 1"),
        (b"\xff", "UTF-8"),
    ],
)
def test_a_broken_document_is_refused_with_its_reason_and_the_rest_is_read(text, words):
    good = b"kind: Deployment\nmetadata: {name: gate, namespace: payments}\n"
    content = text.encode() if isinstance(text, str) else text
    found = kubernetes.parse(
        {"bad.yaml": content + b"\n---\n" + (b"" if words == "UTF-8" else good), "good.yaml": good}
    )
    assert any(words in one.reason for one in found.rejections), found.rejections
    assert "gate" in {row.slug for row in found.components}


def test_the_same_twice_names_the_first():
    (one,) = parse("kind: Service\nmetadata: {name: a}\n---\nkind: Service\nmetadata: {name: a}\n").rejections
    assert "already in all.yaml, line 1" in one.reason


def test_a_service_stands_for_the_first_workload_that_wears_all_its_labels():
    def workload(name, labels):
        template = f"{{metadata: {{labels: {labels}}}}}"
        return f"kind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{template: {template}}}\n"

    texts = [
        workload("other", "{app: cart, tier: back}"),
        workload("first", "{app: cart, tier: front}"),
        workload("second", "{app: cart, tier: front}"),
        workload("user", "{app: user}").replace("labels: {app: user}}", "labels: {app: user}}, spec: {containers: "
        "[{env: [{name: A, value: cart}, {name: B, value: bare}]}]}"),
        "kind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {tier: front, app: cart}}\n",
        "kind: Service\nmetadata: {name: bare, namespace: shop}\nspec: {selector: {}}\n",
    ]  # fmt: skip
    found = parse("---\n".join(texts))
    assert {row.slug for row in found.components} == {"other", "first", "second", "user", "bare"}
    assert {(row.consumer, row.provider) for row in found.dependencies} == {("user", "first"), ("user", "bare")}


def test_manifests_say_no_names_so_what_has_one_keeps_it(admin, payments, noon):
    Component.objects.create(cluster=payments, slug="close-day", name="Closing of the day")
    actions.import_catalog(catalog=parse(SHOP), source="k", importer=None, found_clusters=True, at=noon)
    names = dict(Component.objects.values_list("slug", "name"))
    assert (names["close-day"], names["frontend"]) == ("Closing of the day", "frontend")


def test_it_is_uploaded_and_imported(admin, payments):
    client = signed_in(admin)
    file = SimpleUploadedFile("shop.yaml", SHOP.encode())
    sent = {"file": file, "format": "kubernetes", "rows": "components", "found_clusters": "on"}
    assert client.post("/clusters/import/", sent).status_code == 302
    kept = CatalogImport.objects.get()
    actions.apply_upload(import_id=kept.pk, importer=admin, at=kept.uploaded_at)
    assert (Component.objects.count(), Dependency.objects.count()) == (5, 5)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["gatekeeper-library", "istio-crds", "chaos-mesh-network", "kubernetes-sigs"])
def test_whatever_others_wrote_is_read_or_said(shared_data, name):
    with tarfile.open(shared_data / "standards" / f"{name}.tar.gz") as archive:
        files = {
            member.name: packed.read()
            for member in archive
            if member.isfile() and member.name.endswith(kubernetes.ENDINGS) and (packed := archive.extractfile(member))
        }
    found = kubernetes.parse(files)
    assert found.rejections
    assert {one.file for one in found.rejections} | {row.place.file for row in found.components} <= set(files)


def virtual(name, hosts="", http=""):
    spec = ", ".join(part for part in (f"hosts: [{hosts}]" if hosts else "", f"http: [{http}]" if http else "") if part)
    return (
        f"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        f"metadata: {{name: {name}, namespace: shop}}\nspec: {{{spec}}}\n"
    )


SERVICES = "".join(
    f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{}}\n"
    for name in ("front", "cart", "till")
)


def test_routes_that_are_left_to_another_virtual_service_are_read_there():
    text = (
        virtual("root", "front", "{delegate: {name: carts, namespace: shop}}, {delegate: {name: tills}}")
        + virtual("carts", http="{route: [{destination: {host: cart}}]}, {delegate: {name: tills}}")
        + virtual("tills", http="{route: [{destination: {host: till}}, {destination: {host: gone}}]}")
    )
    catalog = parse(SERVICES + text)
    assert {(row.consumer, row.kind, row.provider) for row in catalog.dependencies} == {
        ("front", "routes to", "cart"),
        ("front", "routes to", "till"),
    }
    assert [(one.field, one.value) for one in catalog.rejections] == [("destination.host", "gone")]


def test_routes_left_to_each_other_in_a_circle_are_refused_with_the_way():
    text = (
        virtual("root", "front", "{delegate: {name: a}}")
        + virtual("a", http="{delegate: {name: b}}, {route: [{destination: {host: cart}}]}")
        + virtual("b", http="{delegate: {name: a}}, {delegate: {name: none}}")
    )
    catalog = parse(SERVICES + text)
    assert [(row.consumer, row.provider) for row in catalog.dependencies] == [("front", "cart")]
    told = {(one.field, one.value): one.reason for one in catalog.rejections}
    assert "in a circle: shop/a → shop/b → shop/a. Take one" in told["http.delegate", "shop/b"]
    assert "in a circle: shop/b → shop/a → shop/b. Take one" in told["http.delegate", "shop/a"]
    assert told["http.delegate", "shop/none"] == "Not read: no such VirtualService."


def test_a_small_file_that_says_millions_of_routes_is_refused():
    names = [f"s{number}" for number in range(700)]
    services = "".join(
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\n" for name in names
    )
    routes = ", ".join(f"{{destination: {{host: {name}}}}}" for name in names)
    with pytest.raises(TooLarge, match="routes of these manifests are more than 200,000"):
        parse(services + virtual("all", ", ".join(names), f"{{route: [{routes}]}}"))
    twice = parse(services + virtual("few", "s0, s0", f"{{route: [{routes}]}}"))
    assert len(twice.dependencies) == 699


def test_so_is_one_that_leaves_routes_on_and_on(monkeypatch):
    monkeypatch.setattr(kubernetes, "MOST_ROWS", 30)
    chain = "".join(virtual(f"d{n}", http=f"{{delegate: {{name: d{n + 1}}}}}") for n in range(9))
    text = chain + virtual("d9", http="{route: [{destination: {host: till}}]}")
    roots = [virtual(f"r{n}", "front", "{delegate: {name: d0}}") for n in range(3)]
    assert len(parse(SERVICES + text + "".join(roots[:2])).dependencies) == 1
    with pytest.raises(TooLarge):
        parse(SERVICES + text + "".join(roots))


def test_calls_and_routes_may_be_circular():
    text = virtual("x", "front", "{route: [{destination: {host: cart}}]}") + virtual(
        "y", "cart", "{route: [{destination: {host: front}}]}"
    )
    catalog = parse(SERVICES + text)
    assert (len(catalog.dependencies), catalog.rejections) == (2, [])
