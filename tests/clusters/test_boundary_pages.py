import pytest
from django.urls import reverse

from apps.clusters import actions
from apps.clusters.models import Charter, Dependency, Site, TransferRule
from apps.clusters.tasks import ask_for_all_checks, run_checks
from tests.clusters.test_charters import draft, in_force, propose
from tests.conftest import signed_in

FORM = {
    "purpose": "Takes money in.",
    "accountable": "omar",
    "capabilities": "Take card payments\nPay out\n",
    "jurisdictions": "DE, FR",
    "data_classes": ["confidential"],
    "regimes": ["GDPR"],
}


def url(name, *args):
    return reverse(f"clusters:{name}", args=args)


class TestCharters:
    def test_a_charter_is_written_and_decided_in_the_browser(self, payments, omar, ben):
        client, chair = signed_in(omar), signed_in(ben)
        answer = client.post(url("draft_charter", "payments"), FORM)
        charter = Charter.objects.get()
        assert answer.headers["Location"] == charter.get_absolute_url()
        assert charter.capabilities == ["Pay out", "Take card payments"]
        page = client.get(charter.get_absolute_url())
        assert b"Propose it" in page.content
        assert b"Decide on it" not in page.content
        assert client.post(url("propose_charter", charter.pk), {"version": 1}).status_code == 302
        assert b"Decide on it" in chair.get(charter.get_absolute_url()).content
        sent = {"version": 2, "reason": ""}
        assert chair.post(url("approve_charter", charter.pk), sent).status_code == 422
        assert chair.post(url("approve_charter", charter.pk), sent | {"reason": "Read."}).status_code == 302
        page = client.get(url("charters", "payments"))
        assert page.context["charter"] == charter
        assert b"Draft the next" in page.content

    def test_what_is_refused_stands_on_the_form(self, payments, omar, ada):
        client = signed_in(omar)
        for wrong in ({"jurisdictions": "ZZ"}, {"accountable": "nobody-here"}, {"purpose": ""}):
            assert client.post(url("draft_charter", "payments"), FORM | wrong).status_code == 422
        assert signed_in(ada).post(url("draft_charter", "payments"), FORM).status_code == 403
        assert not Charter.objects.exists()

    def test_a_draft_is_rewritten_from_the_version_that_was_seen(self, payments, omar, noon):
        charter = draft(payments, omar, noon)
        client = signed_in(omar)
        assert client.get(url("rewrite_charter", charter.pk)).status_code == 200
        assert client.post(url("rewrite_charter", charter.pk), FORM | {"version": 1}).status_code == 302
        assert client.post(url("rewrite_charter", charter.pk), FORM | {"version": 1}).status_code == 412
        charter.refresh_from_db()
        assert (charter.version, charter.jurisdictions) == (2, ["DE", "FR"])

    def test_a_chair_sends_it_back_and_the_owner_withdraws_it(self, payments, omar, ben, noon):
        charter = propose(draft(payments, omar, noon), omar, noon)
        sent = {"version": charter.version, "reason": "Name the regimes."}
        assert signed_in(ben).post(url("return_charter", charter.pk), sent).status_code == 302
        assert b"Name the regimes." in signed_in(omar).get(charter.get_absolute_url()).content
        assert signed_in(omar).post(url("withdraw_charter", charter.pk)).status_code == 302
        charter.refresh_from_db()
        assert charter.state == "withdrawn"

    def test_restricted_charters_are_not_there(self, vault, admin, ada, noon):
        charter = draft(vault, admin, noon)
        client = signed_in(ada)
        for address in (charter.get_absolute_url(), url("charters", "vault"), url("draft_charter", "vault")):
            assert client.get(address).status_code == 404

    def test_the_api_drafts_proposes_shows_the_difference_and_approves(self, payments, omar, ben):
        client, chair = signed_in(omar), signed_in(ben)
        sent = {"cluster": "payments", "purpose": "Pays.", "jurisdictions": ["DE"], "capabilities": ["Pay out"]}
        answer = client.post("/api/v1/charters/", sent, "application/json")
        assert answer.status_code == 201, answer.content
        address = f"/api/v1/charters/{answer.json()['id']}/"
        edit = client.patch(address, {"regimes": ["SOX"]}, "application/json", headers={"If-Match": answer["ETag"]})
        assert edit.json()["regimes"] == ["SOX"]
        resolved = client.get(f"{address}difference/").json()["resolved"]
        assert [one["code"] for one in resolved] == ["no-charter"]
        assert client.post(f"{address}proposal/", {"version": 2}, "application/json").json()["state"] == "proposed"
        body = {"version": 3, "reason": "Read."}
        refused = client.post(f"{address}approval/", body, "application/json")
        assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
        assert chair.post(f"{address}approval/", body, "application/json").json()["state"] == "in_force"
        listed = client.get("/api/v1/charters/", {"cluster": "payments", "state": "in_force"}).json()["results"]
        assert [one["decided_by"] for one in listed] == ["ben"]


class TestTransfersAndSites:
    def test_a_chair_keeps_the_table_and_everyone_reads_it(self, ben, ada):
        chair, reader = signed_in(ben), signed_in(ada)
        sent = {
            "data_class": "confidential",
            "origin": "eu",
            "destination": "us",
            "verdict": "safeguard",
            "reason": "Law.",
        }
        assert chair.post(url("transfers"), sent).status_code == 422
        assert chair.post(url("transfers"), sent | {"safeguard": "Clauses"}).status_code == 302
        rule = TransferRule.objects.get()
        assert b"Clauses" in reader.get(url("transfers")).content
        assert b"Add a rule" not in reader.get(url("transfers")).content
        assert reader.post(url("transfers"), sent | {"safeguard": "Clauses"}).status_code == 403
        assert reader.post(url("repeal_transfer", rule.pk)).status_code == 403
        assert b"Clauses" in b"".join(reader.get(url("transfers"), {"export": "csv"}).streaming_content)
        assert chair.post(url("repeal_transfer", rule.pk)).status_code == 302
        assert not TransferRule.objects.exists()

    def test_a_site_is_placed(self, ben, ada):
        assert signed_in(ben).post(url("sites"), {"code": "ber-1", "jurisdiction": "DE"}).status_code == 302
        assert signed_in(ben).post(url("sites"), {"code": "ber-2", "jurisdiction": "EU"}).status_code == 422
        assert signed_in(ada).post(url("sites"), {"code": "ber-2", "jurisdiction": "DE"}).status_code == 403
        assert Site.objects.values_list("code", "jurisdiction").get() == ("ber-1", "DE")
        assert b"ber-1" in signed_in(ada).get(url("sites")).content

    def test_the_api_does_the_same(self, ben, ada):
        chair = signed_in(ben)
        sent = {"data_class": "public", "origin": "*", "destination": "*", "verdict": "allowed", "reason": "Public."}
        answer = chair.post("/api/v1/transfer-rules/", sent, "application/json")
        assert answer.status_code == 201
        address = f"/api/v1/transfer-rules/{answer.json()['id']}/"
        edit = {"verdict": "refused"}
        assert chair.patch(address, edit, "application/json").status_code == 428
        edited = chair.patch(address, edit, "application/json", headers={"If-Match": answer["ETag"]})
        assert edited.json()["verdict"] == "refused"
        assert signed_in(ada).post(f"{address}repeal/", {}, "application/json").status_code == 403
        assert chair.post(f"{address}repeal/", {}, "application/json").status_code == 204
        site = chair.post("/api/v1/sites/", {"code": "a", "jurisdiction": "FR"}, "application/json")
        assert site.json()["jurisdiction"] == "FR"
        assert chair.post("/api/v1/sites/", {"code": "a", "jurisdiction": "XX"}, "application/json").status_code == 422


class TestLens:
    def test_before_the_first_look_it_says_so(self, ada):
        assert b"has not looked yet" in signed_in(ada).get(url("lens")).content
        assert signed_in(ada).get("/api/v1/boundary-lens/").status_code == 404

    def test_it_shows_what_a_person_may_know(self, payments, ledger, dispatch, safe, omar, ada, admin, noon):
        Dependency.objects.create(consumer=ledger, provider=dispatch, weight=7)
        Dependency.objects.create(consumer=dispatch, provider=safe, weight=9)
        ask_for_all_checks()
        run_checks()
        page = signed_in(ada).get(url("lens"))
        assert [cluster.slug for cluster, _ in page.context["lens"].couplings] == ["logistics", "payments"]
        assert [component.slug for component, _, _ in page.context["lens"].moves] == ["ledger"]
        told = signed_in(admin).get("/api/v1/boundary-lens/").json()
        assert {one["cluster"] for one in told["couplings"]} == {"payments", "logistics", "vault"}
        assert told["couplings"][0]["cohesion"] == 0
        assert {(one["home"], one["target"], one["calls_target"]) for one in told["moves"]} == {
            ("payments", "logistics", 7),
            ("logistics", "vault", 9),
        }


def test_a_dependency_is_described_by_page_and_api(omar, ledger, dispatch, noon):
    edge = actions.declare_dependency(consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, at=noon)
    client = signed_in(omar)
    address = url("describe_dependency", edge.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {"weight": 0}).status_code == 422
    assert client.post(address, {"weight": 12, "data_class": "internal", "safeguard": ""}).status_code == 302
    sent = {"safeguard": "Clauses"}
    answer = client.post(f"/api/v1/dependencies/{edge.pk}/details/", sent, "application/json")
    assert (answer.json()["weight"], answer.json()["safeguard"]) == (12, "Clauses")


@pytest.mark.parametrize("name", ["transfers", "sites", "lens"])
def test_pages_take_few_queries(ada, payments, omar, ben, noon, django_assert_max_num_queries, name):
    in_force(payments, omar, ben, noon)
    for number in range(30):
        actions.place_site(keeper=ben, code=f"s-{number}", name="", jurisdiction="DE", at=noon)
    ask_for_all_checks()
    run_checks()
    client = signed_in(ada)
    client.get(url(name))
    with django_assert_max_num_queries(9):
        assert client.get(url(name)).status_code == 200
