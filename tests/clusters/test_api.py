"""The API of clusters: the same rules and sentences as the pages."""

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Scope
from apps.clusters.models import CatalogImport, Cluster, Component, Dependency
from tests.accounts.conftest import caller
from tests.conftest import signed_in, version_in

API = "/api/v1"
JSON = "application/json"


@pytest.fixture
def owner(omar) -> Client:
    """Omar's pipeline, with a key that may write clusters."""
    return caller(omar, Scope.READ, Scope.CLUSTERS)


class TestClusters:
    def test_list_and_retrieve_tell_what_is_visible(self, ada, payments, logistics, vault):
        client = caller(ada)
        assert [row["slug"] for row in client.get(f"{API}/clusters/").json()["results"]] == ["logistics", "payments"]
        assert [row["slug"] for row in client.get(f"{API}/clusters/?search=PAY").json()["results"]] == ["payments"]
        assert version_in(client.get(f"{API}/clusters/payments/")) == "1"
        hidden = client.get(f"{API}/clusters/vault/")
        assert (hidden.status_code, hidden["Content-Type"]) == (404, "application/problem+json")

    def test_lists_go_on_by_key(self, ada, payments, logistics):
        client = caller(ada)
        first = client.get(f"{API}/clusters/?limit=1").json()
        assert [row["slug"] for row in client.get(first["next"]).json()["results"]] == ["payments"]

    def test_found_and_edit(self, owner):
        answer = owner.post(f"{API}/clusters/", {"slug": "claims", "name": "Claims"}, JSON)
        assert (answer.status_code, version_in(answer)) == (201, "1")
        change = {"purpose": "Pays out."}
        assert owner.patch(f"{API}/clusters/claims/", change, JSON).status_code == 428
        edited = owner.patch(f"{API}/clusters/claims/", change, JSON, headers={"If-Match": '"1"'})
        assert (edited.status_code, version_in(edited), edited.json()["purpose"]) == (200, "2", "Pays out.")
        stale = owner.patch(f"{API}/clusters/claims/", {"name": "X"}, JSON, headers={"If-Match": '"1"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")

    def test_the_same_call_twice_founds_once(self, owner):
        sent = {"slug": "claims", "name": "Claims"}
        answers = [owner.post(f"{API}/clusters/", sent, JSON, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[1]["Idempotent-Replayed"] == "true"
        assert Cluster.objects.filter(slug="claims").count() == 1

    def test_refusals_say_the_same_as_the_page(self, owner, payments, logistics):
        taken = owner.post(f"{API}/clusters/", {"slug": "payments", "name": "Again"}, JSON)
        assert (taken.status_code, taken.json()["detail"]) == (
            409,
            "A cluster of this short name already exists.",
        )
        foreign = owner.patch(f"{API}/clusters/logistics/", {"name": "Mine"}, JSON, headers={"If-Match": '"1"'})
        assert foreign.status_code == 403
        assert foreign.json()["detail"].startswith("Only an owner of Logistics")

    @pytest.mark.parametrize(
        "body",
        [{}, {"slug": "x y", "name": "X"}, {"slug": "x", "name": ""}, {"slug": "x", "name": "X", "zone": "?"}, []],
    )
    def test_what_does_not_fit_is_refused(self, owner, body):
        assert owner.post(f"{API}/clusters/", body, JSON).status_code == 422

    def test_a_key_without_the_scope_writes_nothing(self, omar):
        answer = caller(omar, Scope.READ).post(f"{API}/clusters/", {"slug": "claims", "name": "Claims"}, JSON)
        assert answer.status_code == 403
        assert not Cluster.objects.filter(slug="claims").exists()


class TestAppointments:
    def test_appoint_list_and_dismiss(self, owner, ada, payments, night_shift):
        for holder in ({"person": "ada"}, {"team": "Night shift"}):
            sent = {"part": "operate", **holder}
            assert owner.post(f"{API}/clusters/payments/appointments/", sent, JSON).status_code == 201
        told = owner.get(f"{API}/clusters/payments/appointments/").json()["results"]
        assert [(row["part"], row["kind"], row["name"]) for row in told] == [
            ("own", "person", "Omar"),
            ("operate", "team", "Night shift"),
            ("operate", "person", "Ada"),
        ]
        gone = owner.post(f"{API}/clusters/payments/dismissals/", {"part": "operate", "person": "ada"}, JSON)
        assert gone.status_code == 204

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({"part": "own", "person": "omar"}, 403),
            ({"part": "own", "person": "nobody"}, 422),
            ({"part": "own", "person": "ada", "team": "Night shift"}, 422),
            ({"part": "own"}, 422),
            ({"part": "king", "person": "ada"}, 422),
        ],
    )
    def test_refusals(self, owner, ada, ledger, sent, status):
        for address in (f"{API}/clusters/payments/appointments/", f"{API}/components/{ledger.pk}/appointments/"):
            assert owner.post(address, sent, JSON).status_code == status


class TestComponents:
    def test_filters(self, ada, ledger, dispatch, safe):
        Component.objects.filter(pk=ledger.pk).update(sites=["fra"], tags=["money"])
        client = caller(ada)
        for asked in ("cluster=payments", "tier=1", "search=LED", "site=fra", "tag=money"):
            names = [row["name"] for row in client.get(f"{API}/components/?{asked}").json()["results"]]
            assert names == ["Ledger"], asked
        assert len(client.get(f"{API}/components/").json()["results"]) == 2

    def test_add_and_edit(self, owner, payments):
        sent = {"cluster": "payments", "slug": "modules/gate", "name": "Gate", "tier": 1, "sites": ["fra"]}
        made = owner.post(f"{API}/components/", sent, JSON)
        assert made.status_code == 201, made.json()
        address = f"{API}/components/{made.json()['id']}/"
        edited = owner.patch(address, {"tier": 0}, JSON, headers={"If-Match": made["ETag"]})
        assert (edited.json()["tier"], version_in(edited)) == (0, "2")
        assert owner.post(f"{API}/components/", sent, JSON).status_code == 409

    def test_what_is_restricted_is_not_there(self, owner, safe, vault):
        assert owner.get(f"{API}/components/{safe.pk}/").status_code == 404
        assert owner.get(f"{API}/components/{safe.pk}/neighbours/").status_code == 404
        sent = {"cluster": "vault", "slug": "x", "name": "X"}
        assert owner.post(f"{API}/components/", sent, JSON).status_code == 404

    def test_neighbours(self, ada, ledger, dispatch, safe):
        far = Component.objects.create(cluster=dispatch.cluster, slug="far", name="Far")
        Dependency.objects.bulk_create(
            [
                Dependency(consumer=ledger, provider=dispatch),
                Dependency(consumer=dispatch, provider=far),
                Dependency(consumer=safe, provider=ledger),
            ]
        )
        client = caller(ada)
        address = f"{API}/components/{ledger.pk}/neighbours/"
        assert [row["name"] for row in client.get(address).json()["results"]] == ["Dispatch"]
        two = client.get(f"{address}?hops=2").json()["results"]
        assert [(row["name"], row["hop"], row["through"]) for row in two] == [
            ("Dispatch", 1, [ledger.pk]),
            ("Far", 2, [dispatch.pk]),
        ]
        assert client.get(f"{address}?hops=3").status_code == 422


class TestDependencies:
    def test_declare_list_and_withdraw(self, owner, ledger, dispatch, safe):
        Dependency.objects.create(consumer=safe, provider=ledger)
        made = owner.post(f"{API}/dependencies/", {"consumer": ledger.pk, "provider": dispatch.pk}, JSON)
        assert made.status_code == 201
        listed = owner.get(f"{API}/dependencies/?provider={dispatch.pk}").json()["results"]
        assert [row["id"] for row in listed] == [made.json()["id"]]
        assert len(owner.get(f"{API}/dependencies/").json()["results"]) == 1
        assert owner.delete(f"{API}/dependencies/{made.json()['id']}/").status_code == 204
        assert owner.delete(f"{API}/dependencies/{made.json()['id']}/").status_code == 404

    @pytest.mark.parametrize(
        "body", [{}, {"consumer": 0, "provider": 1}, {"consumer": 2**64, "provider": 1}, {"consumer": "x"}]
    )
    def test_what_does_not_fit_is_refused(self, owner, body):
        assert owner.post(f"{API}/dependencies/", body, JSON).status_code == 422

    @pytest.mark.parametrize("number", ["99999999999999999999999", "-1", "abc"])
    def test_odd_numbers_in_addresses_are_answered(self, owner, number):
        assert owner.get(f"{API}/dependencies/{number}/").status_code == 404
        assert owner.get(f"{API}/components/{number}/").status_code == 404
        assert owner.get(f"{API}/dependencies/?consumer={number}").status_code in {200, 422}


class TestCatalogImports:
    def sent(self, content=b"slug,name\nclaims,Claims\n", **extra):
        return {"file": SimpleUploadedFile("c.csv", content), "format": "csv", "rows": "clusters", **extra}

    def test_a_dry_run_is_told_first_and_applied_later(self, admin):
        client = caller(admin, Scope.READ, Scope.IMPORTS)
        made = client.post(f"{API}/catalog-imports/", self.sent())
        assert made.status_code == 201, made.json()
        assert (made.json()["clusters"]["new"], made.json()["applied_at"]) == (1, None)
        assert not Cluster.objects.exists()
        address = f"{API}/catalog-imports/{made.json()['id']}/"
        assert client.post(f"{address}application/").json()["applied_at"]
        assert Cluster.objects.get().slug == "claims"
        again = client.post(f"{address}application/")
        assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
        assert client.get(address).json()["clusters"]["new"] == 1

    def test_without_a_dry_run_it_is_written_at_once(self, admin):
        client = caller(admin, Scope.READ, Scope.IMPORTS)
        for new in (1, 0):
            answer = client.post(f"{API}/catalog-imports/", self.sent(dry_run="false"))
            assert answer.json()["clusters"]["new"] == new
        assert Cluster.objects.count() == 1

    @pytest.mark.parametrize(
        "extra",
        [
            {"map": "{"},
            {"map": '{"rows": []}'},
            {"map": '{"rows": "clusters", "columns": {"slug": "slug"}, "x": 1}'},
            {"map": '{"rows": "clusters", "columns": {"slug": "slug"}, "delimiter": []}'},
            {"map": '{"rows": "clusters", "columns": {"slug": {"column": "slug", "values": {"a": "\\u0000"}}}}'},
            {"cluster_map": '{"a": "\\u0000"}'},
            {"cluster_map": '{"a": 1}'},
            {"cluster_map": "[1]"},
            {"cluster_map": '{"\\ud800": "a"}'},
            {"format": "xml"},
            {"file": "not a file"},
            {"content": b""},
            {"content": b"\xff\xfe"},
        ],
    )
    def test_what_does_not_fit_is_refused_and_nothing_is_kept(self, admin, extra):
        answer = caller(admin, Scope.IMPORTS, Scope.READ).post(f"{API}/catalog-imports/", self.sent(**extra))
        assert answer.status_code == 422, answer.content
        assert not CatalogImport.objects.exists()

    def test_who_may_not_import_is_told_so(self, ada):
        answer = caller(ada, Scope.IMPORTS, Scope.READ).post(f"{API}/catalog-imports/", self.sent())
        assert (answer.status_code, answer.json()["detail"]) == (403, "You may not import a catalogue.")

    def test_anothers_import_is_not_there(self, admin, omar, auditor):
        made = caller(admin, Scope.READ, Scope.IMPORTS).post(f"{API}/catalog-imports/", self.sent()).json()
        address = f"{API}/catalog-imports/{made['id']}/"
        assert caller(omar).get(address).status_code == 404
        assert signed_in(auditor).get(address).status_code == 200


@pytest.mark.parametrize("key", [["a\0"], ["\ud800"], [10**30], [True], [None], ["a", "b"], {}])
def test_a_tampered_page_key_is_refused(ada, payments, key):
    after = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    for address in (f"{API}/clusters/", f"{API}/components/", "/clusters/payments/"):
        assert signed_in(ada).get(address, {"after": after}).status_code in {200, 422}


def test_lists_cost_the_same_for_many_rows(ada, payments, django_assert_max_num_queries):
    Component.objects.bulk_create(Component(cluster=payments, slug=f"c{n}", name=f"C{n}") for n in range(120))
    client = signed_in(ada)
    with django_assert_max_num_queries(8):
        assert len(client.get(f"{API}/components/?limit=100").json()["results"]) == 100


def test_a_part_in_a_restricted_cluster_opens_it(ada, vault, safe):
    assign_perm("operate_cluster", ada, vault)
    assert caller(ada).get(f"{API}/components/{safe.pk}/").status_code == 200
