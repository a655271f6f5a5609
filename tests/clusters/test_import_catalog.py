import pytest

from apps.clusters import actions, queries
from apps.clusters.actions.reading import read_catalog
from apps.clusters.formats import backstage
from apps.clusters.formats.catalog import Catalog, ClusterRow, ComponentRow, DependencyRow, Place, PlacementRow
from apps.clusters.models import ApiDescription, Cluster, Component, Dependency, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed


def catalog(*rows):
    """The rows as one catalogue; a row's line is its position."""
    found = Catalog()
    for line, (kind, values) in enumerate(rows, start=2):
        found.take(kind(Place("f.csv", line), **values))
    return found


def cluster(slug, **more):
    return ClusterRow, {"slug": slug, **more}


def component(slug, cluster="payments", **more):
    return ComponentRow, {"slug": slug, "cluster": cluster, **more}


def needs(consumer, provider, **more):
    return DependencyRow, {"consumer": consumer, "provider": provider, **more}


def write(rows, noon, importer=None, **options):
    return actions.import_catalog(catalog=catalog(*rows), source="csv:f.csv", importer=importer, at=noon, **options)


def placed(host, **more):
    return PlacementRow, {"host": host, "site": "fra", "cluster": "payments", **more}


WHOLE = (
    cluster("claims", name="Claims", purpose="Pays out."),
    component("gate", name="Gate", tier=1, sites=("fra",)),
    component("intake", "claims"),
    needs("gate", "intake"),
    needs("intake", "ledger"),
    placed("h1", runs=("gate", "unheard-of")),
)


def test_everything_that_fits_is_written_and_said_once_for_each_cluster(ledger, noon):
    plan = write(WHOLE, noon)
    assert plan.rejections == []
    gate = Component.objects.get(slug="gate")
    assert (gate.name, gate.tier, gate.sites, gate.source) == ("Gate", 1, ["fra"], "csv:f.csv")
    assert Dependency.objects.filter(consumer__slug="intake", provider=ledger).exists()
    entries = Entry.objects.filter(event="clusters.CatalogImported").order_by("subject_label")
    told = [(entry.subject_label, entry.data["dependencies"], entry.data["placements"]) for entry in entries]
    assert told == [("Claims", 1, 0), ("Payments", 1, 1)]
    assert [entry.subject_label for entry in queries.component_timeline(gate)] == ["Payments"]


def test_running_it_again_changes_nothing(ledger, noon):
    write(WHOLE, noon)
    before = list(Component.objects.order_by("pk").values())
    again = write(WHOLE, noon)
    assert {step.status for step in again.steps} == {queries.Status.UNCHANGED}
    assert list(Component.objects.order_by("pk").values()) == before
    assert Entry.objects.count() == 2


def test_only_what_the_source_says_otherwise_is_changed(ledger, noon):
    Component.objects.filter(pk=ledger.pk).update(description="Ours", tier=1)
    plan = write([component("ledger", tier=0, lifecycle="production")], noon)
    (step,) = plan.steps
    assert step.changes == (("tier", 1, 0),)
    ledger.refresh_from_db()
    assert (ledger.tier, ledger.description, ledger.version) == (0, "Ours", 2)
    assert [entry.event for entry in queries.component_timeline(ledger)] == ["clusters.CatalogImported"]


def test_looking_first_writes_nothing_and_says_the_same(ledger, noon):
    plan = queries.plan_import(catalog(*WHOLE), person=None, at=noon)
    assert (Cluster.objects.count(), Component.objects.count(), Entry.objects.count()) == (1, 1, 0)
    assert plan.counts() == write(WHOLE, noon).counts()


@pytest.mark.parametrize(
    ("rows", "field", "words"),
    [
        ([component("gate", "nowhere")], "cluster", "no such cluster"),
        ([component("gate", "")], "cluster", "Nothing tells which cluster"),
        ([component("two words")], "slug", "without spaces"),
        ([cluster("two words")], "slug", "Use letters"),
        ([cluster("new")], "slug", "address of the pages"),
        ([cluster("claims", zone="Nowhere/X")], "slug", "no time zone"),
        ([component("gate"), component("gate", tier=1)], "slug", "f.csv, line 2 says otherwise"),
        ([needs("ledger", "ledger")], "provider", "cannot depend on itself"),
        ([placed("h1", cluster="nowhere")], "cluster", "no such cluster"),
        ([placed("h1", site="")], "site", "must not be empty"),
        ([placed("")], "host", "must not be empty"),
        ([needs("ledger", "")], "provider", "must not be empty"),
        ([placed("h1", runs=("a",)), placed("h1", runs=("b",))], "host", "f.csv, line 2 says otherwise"),
    ],
)
def test_what_does_not_fit_is_rejected_by_row_and_field_and_the_rest_is_written(
    ledger, dispatch, noon, rows, field, words
):
    plan = write([*rows, component("fits")], noon)
    (rejection,) = plan.rejections
    assert (rejection.file, rejection.row, rejection.field) == ("f.csv", 1 + len(rows), field)
    assert words in rejection.reason
    assert Component.objects.filter(slug="fits").exists()


def test_the_same_row_twice_is_noted_not_rejected(payments, noon):
    plan = write([component("gate"), component("gate"), component("x"), needs("gate", "x"), needs("gate", "x")], noon)
    assert plan.rejections == []
    assert [step.status for step in plan.steps].count(queries.Status.REPEATED) == 2


def test_a_name_in_two_clusters_needs_its_cluster(ledger, logistics, noon):
    Component.objects.create(cluster=logistics, slug="ledger", name="Other ledger")
    ambiguous = [component("gate"), needs("gate", "ledger")]
    (rejection,) = write(ambiguous, noon).rejections
    assert "logistics, payments" in rejection.reason
    write([component("gate"), needs("gate", "ledger", provider_cluster="logistics")], noon)
    assert Dependency.objects.get().provider.name == "Other ledger"


def test_a_cluster_is_the_same_in_whatever_case_it_is_written(ledger, dispatch, noon):
    plan = write((needs("ledger", "dispatch", consumer_cluster="PAYMENTS", provider_cluster="Logistics"),), noon)
    assert plan.counts()["dependency"]["new"] == 1
    plan = write((component("x", "Payments"), component("x", "payments", name="Otherwise")), noon)
    assert ["says otherwise of the same name" in one.reason for one in plan.rejections] == [True]
    write((needs("x", "late", provider_cluster="LOGISTICS"),), noon)
    write((component("late", "logistics"),), noon)
    assert Dependency.objects.filter(consumer__slug="x", provider__slug="late").exists()


@pytest.mark.parametrize("first", ["Claims", "claims"])
def test_and_so_is_one_that_a_file_founds(db, noon, first):
    read = read_catalog(
        file_name="c.csv",
        content=f"slug,cluster\na,{first}\nb,CLAIMS\nc,claims\n".encode(),
        catalog_format="csv",
        options={},
    )
    actions.import_catalog(catalog=read, source="c", importer=None, found_clusters=True, at=noon)
    assert [(one.slug, one.components.count()) for one in Cluster.objects.all()] == [(first, 3)]


def test_an_api_that_says_its_cluster_in_two_cases_is_rejected_once(payments, noon):
    Component.objects.create(cluster=payments, slug="x", name="X")
    entity = (
        "apiVersion: backstage.io/v1alpha1\nkind: API\n"
        "metadata: {{name: {0}, annotations: {{concordat/short-name: x, concordat/cluster: {1}}}}}\n"
        "spec: {{type: grpc, lifecycle: production, owner: a, definition: {0}}}\n"
    )
    text = entity.format("one", "Payments") + "---\n" + entity.format("two", "payments")
    read = read_catalog(file_name="c.yaml", content=text.encode(), catalog_format="backstage", options={})
    plan = actions.import_catalog(catalog=read, source="c", importer=None, at=noon)
    assert len(plan.rejections) == 1
    assert ApiDescription.objects.get().definition == "one"


def test_clusters_are_founded_with_their_components_only_where_that_is_asked_for(noon, db):
    rows = [component("gate", "claims", cluster_name="Claims & co"), component("desk", "claims")]
    assert len(write(rows, noon).rejections) == 2
    assert write(rows, noon, found_clusters=True).rejections == []
    assert Cluster.objects.get().name == "Claims & co"


def test_a_restricted_cluster_takes_nothing_from_outsiders_and_shows_nothing(admin, vault, safe, ledger, noon):
    outsider = admin
    outsider.role_grants.update(role="programme_manager")
    outsider.__dict__.pop("capabilities", None)
    rows = [component("gate", "vault"), cluster("vault", name="Mine"), needs("ledger", "safe")]
    plan = write(rows, noon, outsider, found_clusters=True)
    assert [step.what for step in plan.steps] == ["loose_end"], "as if there were no such component"
    assert len(plan.rejections) == 2
    assert not vault.components.filter(slug="gate").exists()


def test_others_may_not_import(ada, payments, noon):
    with pytest.raises(NotAllowed, match="import a catalogue"):
        write([component("gate")], noon, ada)


def test_an_imported_cluster_has_no_owner_until_one_is_appointed(admin, noon):
    write([cluster("claims")], noon, admin)
    assert queries.holders(Cluster.objects.get()) == []
    assert Cluster.objects.get().visibility == Visibility.OPEN


def test_its_queries_do_not_grow_with_its_rows(payments, noon, django_assert_max_num_queries):
    rows = [component(f"c{n}") for n in range(300)]
    rows += [needs(f"c{n}", f"c{n + 1}") for n in range(299)]
    with django_assert_max_num_queries(25):
        write(rows, noon)
    with django_assert_max_num_queries(15):
        write(rows, noon)


def test_backstage_and_csv_meet_in_the_same_map(ledger, noon):
    text = (
        b"{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {name: gate},"
        b" spec: {type: service, lifecycle: production, owner: a, dependsOn: [ledger]}}"
    )
    said = backstage.parse({"c.yaml": text}, cluster_map={"*": "payments"})
    assert actions.import_catalog(catalog=said, source="backstage:c.yaml", importer=None, at=noon).rejections == []
    assert Dependency.objects.get().provider == ledger
