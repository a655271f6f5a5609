"""Where everything runs: by what components say themselves, and by the hosts that are placed."""

import pytest

from apps.clusters.models import Component, Placement
from apps.clusters.queries import running as queries
from tests.accounts.conftest import caller
from tests.conftest import signed_in

PAGE = "/clusters/running/"


@pytest.fixture
def placed(payments, ledger):
    """The ledger says fra; two hosts run it there and at ams. A gate runs at fra only, on a host."""
    Component.objects.filter(pk=ledger.pk).update(sites=["fra"])
    gate = Component.objects.create(cluster=payments, slug="gate", name="Gate")
    for site, host, runs in (("fra", "f1", ["ledger", "gate"]), ("ams", "a1", ["ledger", "unheard-of"])):
        Placement.objects.create(cluster=payments, site=site, host=host, runs=runs)
    return gate


def test_a_component_runs_where_it_says_and_where_hosts_run_it(ada, ledger, placed):
    found = {one.slug: (one.all_sites, one.hosts) for one in queries.running(ada)}
    assert found == {"ledger": (["ams", "fra"], 2), "gate": (["fra"], 1)}


def test_those_of_a_single_site_and_of_none_are_found(ada, ledger, dispatch, placed):
    assert [one.slug for one in queries.running(ada, places="one")] == ["gate"]
    assert [one.slug for one in queries.running(ada, places="none")] == ["dispatch"]
    assert [one.slug for one in queries.running(ada, site="ams")] == ["ledger"]


def test_every_site_is_counted(ada, placed):
    found = [(one.site, one.components, one.only_here, one.hosts) for one in queries.site_loads(ada)]
    assert found == [("fra", 2, 1, 1), ("ams", 1, 0, 1)]


def test_a_restricted_cluster_shows_nothing_to_others(ada, vault, safe):
    Component.objects.filter(pk=safe.pk).update(sites=["fra"])
    Placement.objects.create(cluster=vault, site="fra", host="v1", runs=["safe"])
    assert not queries.running(ada).exists()
    assert queries.site_loads(ada) == []
    assert caller(ada).get("/api/v1/placements/").json()["results"] == []


def test_the_page_shows_components_and_hosts_and_exports_both(ada, placed):
    client = signed_in(ada)
    said = client.get(PAGE).content.decode()
    assert "2 components." in said
    assert "only there" in said
    assert "places=one" in said
    hosts = client.get(PAGE, {"show": "hosts", "site": "ams"}).content.decode()
    assert "1 host." in hosts
    assert "unheard-of" in hosts
    assert b"payments,gate,Gate,fra,1" in b"".join(client.get(PAGE, {"export": "csv"}))
    assert b"payments,ams,a1,ledger;unheard-of" in b"".join(client.get(PAGE, {"export": "csv", "show": "hosts"}))


def test_nothing_and_nothing_that_fits_are_told_apart(ada, payments):
    client = signed_in(ada)
    assert "Nothing says where anything runs" in client.get(PAGE).content.decode()
    assert "Nothing fits these filters" in client.get(PAGE, {"site": "x"}).content.decode()
    assert client.get(PAGE, {"places": "everywhere"}).status_code == 422


def test_over_the_api(ada, placed):
    (told,) = caller(ada).get("/api/v1/placements/", {"site": "fra"}).json()["results"]
    assert (told["cluster"], told["host"], told["runs"]) == ("payments", "f1", ["ledger", "gate"])


def test_its_queries_do_not_grow_with_its_rows(ada, payments, placed, django_assert_max_num_queries):
    Component.objects.bulk_create(
        Component(cluster=payments, slug=f"c{n}", name=f"C{n}", sites=["fra"]) for n in range(120)
    )
    client = signed_in(ada)
    with django_assert_max_num_queries(14):
        client.get(PAGE)
