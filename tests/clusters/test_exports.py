"""What is exported and imported again changes nothing: as CSV and as a Backstage tree, whatever things are called."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.clusters import actions, queries
from apps.clusters.actions.reading import read_catalog
from apps.clusters.formats import exporting
from apps.clusters.formats.catalog import Catalog, ClusterRow, ComponentRow, DependencyRow, Place, PlacementRow
from apps.clusters.models import Cluster, Component, Dependency, LooseEnd, Placement
from apps.clusters.queries import Status
from tests.accounts.conftest import caller
from tests.conftest import signed_in

MAPS = Path(__file__).parent / "maps"
BOTH = pytest.mark.parametrize("kind", ["csv", "backstage"])
HERE = Place("x", 1)


def read_again(content, kind):
    return read_catalog(file_name="all.zip", content=content, catalog_format=kind, options={})


def plain(catalog):
    """Every row but for where it stood."""
    return {
        name: sorted(
            str([value for key, value in vars(row).items() if key not in ("place", "cluster_name")]) for row in rows
        )
        for name, rows in vars(catalog).items()
    }


def nothing_new(content, kind, person):
    plan = queries.plan_import(read_again(content, kind), person=person, at=timezone.now())
    assert plan.rejections == []
    assert [(step.label, step.changes) for step in plan.having(Status.NEW, Status.CHANGED)] == []
    return plan


@pytest.fixture
def odd_map(admin, payments, ledger, logistics):
    """Names and words that formats trip over."""
    Cluster.objects.filter(pk=payments.pk).update(purpose="=cmd|' /C calc'!A0\n- second line: #1", zone="Asia/Tokyo")
    odd = [
        ("api:orders", "=1+1", "@x", ["a;b", "fra"]),
        ("site/role/x", "Ünïcode – “quoted”, 100 %", "'=apostrophe", []),
        ("Gate", "Gate", "line one\nline two: {a: b}\n\n--- three", ["fra"]),
        ("gate", "other gate", "- [x]", ["ams", "fra"]),
        ("a" * 200, "no", "~", []),
        ("x.y", "null", "a \u2028 and \u0085 and \x07", []),
        ("y--z", "1e3", "!!python/none", []),
    ]
    parts = [
        Component.objects.create(
            cluster=payments,
            slug=slug,
            name=name,
            description=text,
            sites=sites,
            owner_name=text[:40],
            tier=n % 4,
            tags=["data:pii", "Loud Tag"] if n % 2 else ["ok"],
            kind="yes" if n % 2 else "data store",
        )
        for n, (slug, name, text, sites) in enumerate(odd)
    ]
    twin = Component.objects.create(cluster=logistics, slug="gate", name="Gate of another")
    for n, (one, other) in enumerate(zip(parts, [*parts[1:], twin], strict=True)):
        Dependency.objects.create(consumer=one, provider=other, kind="calls", weight=n + 1, safeguard="-tls" * (n % 2))
    Dependency.objects.create(consumer=twin, provider=ledger, kind="uses", data_class="restricted")
    Placement.objects.create(cluster=payments, site="fra", host="h 1", runs=["gate", "a;b"])
    LooseEnd.objects.create(
        consumer=ledger,
        cluster=payments,
        consumer_cluster="payments",
        consumer_name="ledger",
        provider_name="=nowhere",
        kind="calls",
        weight=30,
        data_class="confidential",
        safeguard="=sealed",
        found_at=timezone.now(),
    )
    LooseEnd.objects.create(consumer_name="nobody", provider_name="nowhere", kind="calls", found_at=timezone.now())
    return payments


@BOTH
def test_the_whole_map_comes_back_the_same(admin, odd_map, kind):
    plan = nothing_new(exporting.archive(queries.catalog_of(admin), as_format=kind), kind, admin)
    counts = plan.counts()
    told = [counts[what]["unchanged"] for what in ("cluster", "component", "dependency", "loose_end", "placement")]
    assert told == [2, 9, 8, 2, 1]


@BOTH
def test_one_cluster_comes_back_the_same(admin, odd_map, kind):
    catalog = queries.catalog_of(admin, cluster=odd_map)
    assert {row.cluster for row in catalog.components} == {"payments"}
    nothing_new(exporting.archive(catalog, as_format=kind), kind, admin)


@BOTH
def test_elsewhere_it_brings_everything(admin, odd_map, kind):
    catalog = queries.catalog_of(admin)
    content = exporting.archive(catalog, as_format=kind)
    for model in (Dependency, LooseEnd, Placement, Component, Cluster):
        model.objects.all().delete()
    actions.import_catalog(catalog=read_again(content, kind), source="x", importer=admin, at=timezone.now())
    assert plain(queries.catalog_of(admin)) == plain(catalog)


@BOTH
def test_nobody_exports_what_they_may_not_see(ada, safe, ledger, kind):
    Dependency.objects.create(consumer=ledger, provider=safe)
    catalog = queries.catalog_of(ada)
    assert {row.slug for row in catalog.components} == {"ledger"}
    assert catalog.dependencies == []


@BOTH
def test_it_is_downloaded_by_page_and_api(ada, ledger, kind):
    page = signed_in(ada).get("/clusters/export/", {"as": kind, "cluster": "payments"})
    assert page["Content-Disposition"] == f'attachment; filename="payments-{kind}.zip"'
    told = caller(ada).get("/api/v1/catalog/export/", {"as": kind})
    assert zipfile.ZipFile(io.BytesIO(told.content)).testzip() is None


def test_other_formats_and_clusters_are_not_there(ada, vault):
    client = signed_in(ada)
    assert client.get("/clusters/export/", {"as": "xml"}).status_code == 404
    assert client.get("/clusters/export/", {"cluster": "vault"}).status_code == 404
    assert caller(ada).get("/api/v1/catalog/export/", {"as": "xml"}).status_code == 422


def test_no_cell_of_it_is_run_by_a_spreadsheet(admin, odd_map):
    files = exporting.FORMATS["csv"](queries.catalog_of(admin))
    cells = [cell for content in files.values() for row in csv.reader(io.StringIO(content.decode())) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))] == []
    assert "'=1+1" in cells


@pytest.mark.realdata
@BOTH
def test_the_public_records_come_back_the_same(admin, shared_data, kind):
    services, graphs = shared_data / "wikimedia-service-catalog", shared_data / "service-graphs"
    for file, mapped in (
        (services / "cluster_nodes.csv", "wikimedia-clusters"),
        (services / "services.csv", "wikimedia-services"),
        (services / "mesh_listeners.csv", "wikimedia-listeners"),
        (services / "mesh_listeners.csv", "wikimedia-routes"),
        (services / "edges.csv", "wikimedia-edges"),
        (services / "cluster_nodes.csv", "wikimedia-placements"),
        (graphs / "nodes.csv", "shop-nodes"),
        (graphs / "edges.csv", "shop-edges"),
    ):
        out = io.StringIO()
        given = {"format": "csv", "map": MAPS / f"{mapped}.json", "found_clusters": True}
        call_command("import_catalog", str(file), stdout=out, stderr=out, **given)
    plan = nothing_new(exporting.archive(queries.catalog_of(admin), as_format=kind), kind, admin)
    assert plan.counts()["component"]["unchanged"] == 136 + 59 + 35
    assert (plan.counts()["placement"]["unchanged"], plan.counts()["loose_end"]["unchanged"]) == (982, 27)


WORDS = (
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
SLUGS = st.from_regex(r"[a-zA-Z0-9._@+]([a-zA-Z0-9._@+:/-]{0,20}[a-zA-Z0-9._@+])?", fullmatch=True)
HOMES = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,10}[a-zA-Z0-9])?", fullmatch=True)


@st.composite
def catalogues(draw):
    found = Catalog()
    homes = draw(st.lists(HOMES, min_size=1, max_size=3, unique_by=str.lower))
    for home in homes:
        found.take(
            ClusterRow(HERE, home, draw(WORDS), draw(WORDS), "UTC", draw(st.sampled_from(["open", "restricted"])))
        )
    keys = draw(st.lists(st.tuples(st.sampled_from(homes), SLUGS), max_size=5, unique=True))
    texts = st.lists(WORDS, min_size=1, max_size=3, unique=True).map(tuple)
    for home, slug in keys:
        said = {name: draw(WORDS) for name in ("name", "kind", "description", "owner_name")}
        listed = {name: draw(texts) for name in ("sites", "tags")}
        found.take(ComponentRow(HERE, home, slug, tier=draw(st.integers(0, 3)), lifecycle="retired", **said, **listed))
    if keys:
        for (home, one), (other_home, other) in draw(st.lists(st.tuples(*[st.sampled_from(keys)] * 2), max_size=4)):
            edge = (one, other, draw(WORDS), home, other_home, draw(st.integers(1, 10**6)), "internal", draw(WORDS))
            found.take(DependencyRow(HERE, *edge))
    found.take(PlacementRow(HERE, homes[0], draw(WORDS), draw(WORDS), draw(texts)))
    found.take(DependencyRow(HERE, draw(WORDS), draw(WORDS), draw(WORDS)))
    return found


@BOTH
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_catalogue_is_written_and_read_again(kind, data):
    catalog = data.draw(catalogues())
    again = read_again(exporting.archive(catalog, as_format=kind), kind)
    assert again.rejections == []
    assert plain(again) == plain(catalog)


@pytest.mark.parametrize(
    "text", ["[", "{}", "[1]", '[{"consumer": 1}]', '[{"x": "y"}]', '[{"weight": true, "consumer": "a"}]']
)
def test_annotations_that_are_not_as_we_write_them_are_refused(text):
    entity = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Domain",
        "metadata": {"name": "a", "annotations": {"concordat/needs": text}},
        "spec": {"owner": "b"},
    }
    found = read_catalog(
        file_name="c.yaml", content=json.dumps(entity).encode(), catalog_format="backstage", options={}
    )
    assert found.dependencies == []
    assert [rejection.field for rejection in found.rejections] == ["metadata.annotations.concordat/needs"]


def test_an_archive_of_csv_says_what_each_file_holds(admin, payments):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("components.csv", "slug,cluster\ngate,payments\n")
        out.writestr("people.csv", "name\nada\n")
    with pytest.raises(Exception, match=r"none of clusters\.csv.*people\.csv"):
        read_catalog(file_name="all.zip", content=packed.getvalue(), catalog_format="csv", options={})
