from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.clusters.models import CheckRun, Component, Convention, ConventionExemption
from apps.clusters.tasks import run_checks
from apps.journal.actions import deliver_due
from tests.clusters.test_conventions import KEBAB, SPEAKING, let_off, make, scan
from tests.conftest import signed_in

FORM = {
    "judges": "component.slug",
    "title": "Kebab",
    "pattern": KEBAB["pattern"],
    "passing": "card-gateway\nledger",
    "failing": "Card_Gateway",
    "mode": "warn",
    "tag_prefixes": "data:, cost:",
    "reason": "They stand in addresses.",
}
API = "/api/v1/conventions/"


def url(name, *args):
    return reverse(f"clusters:{name}", args=args)


class TestPages:
    def test_a_convention_is_made_changed_and_retired_in_the_browser(self, ben, ada):
        client, reader = signed_in(ben), signed_in(ada)
        assert client.post(url("make_convention"), FORM | {"failing": "ledger"}).status_code == 422
        assert client.post(url("make_convention"), FORM | {"pattern": "(?=x)"}).status_code == 422
        assert reader.get(url("make_convention")).status_code == 403
        answer = client.post(url("make_convention"), FORM)
        one = Convention.objects.get()
        assert answer.headers["Location"] == one.get_absolute_url()
        assert (one.passing, one.tag_prefixes) == (["card-gateway", "ledger"], ["data:", "cost:"])
        page = reader.get(one.get_absolute_url()).content.decode()
        assert "They stand in addresses." in page
        assert "Retire it" not in page
        assert "Make a convention" not in reader.get(url("conventions")).content.decode()
        edit = FORM | {"version": 1, "mode": "refuse", "reason": "Sharper."}
        assert client.get(url("change_convention", one.pk)).status_code == 200
        assert client.post(url("change_convention", one.pk), edit).status_code == 302
        assert client.post(url("change_convention", one.pk), edit).status_code == 412
        assert reader.post(url("retire_convention", one.pk), {"reason": "x"}).status_code == 403
        assert client.post(url("retire_convention", one.pk), {"reason": ""}).status_code == 422
        assert client.post(url("retire_convention", one.pk), {"reason": "Over."}).status_code == 302
        assert b"Retired" in client.get(one.get_absolute_url()).content

    def test_a_refused_component_says_the_sentence_at_its_field(self, payments, omar, ben, noon):
        make(ben, noon)
        sent = {"name": "Payouts", "slug": "Pay_Outs", "kind": "service", "tier": 3, "lifecycle": "production"}
        answer = signed_in(omar).post(url("add_component", "payments"), sent)
        assert answer.status_code == 422
        assert "Call it “pay-outs”." in answer.content.decode()
        told = signed_in(omar).post(
            "/api/v1/components/", {"cluster": "payments", "slug": "Pay_Outs", "name": "Payouts"}, "application/json"
        )
        assert (told.status_code, told.json()["code"]) == (422, "against-convention")
        assert "Pay_Outs" in told.json()["errors"]["slug"][0]

    def test_findings_exemptions_and_the_scan_are_shown_as_far_as_one_may_know(
        self, payments, ledger, safe, ben, ada, admin, noon
    ):
        one = make(ben, noon, SPEAKING)
        let_off(one, safe, admin, noon)
        let_off(one, ledger, ben, noon)
        Component.objects.create(cluster=payments, slug="x", name="Xylo")
        assert signed_in(ada).post(url("scan")).status_code == 403
        assert signed_in(ben).post(url("scan")).status_code == 302
        deliver_due(at=noon)
        assert b"begins within seconds" in signed_in(ada).get(url("conventions")).content
        scan(noon)
        page = signed_in(ada).get(one.get_absolute_url()).content.decode()
        assert "Xylo names no team" in page
        assert "Safe" not in page
        listed = signed_in(ada).get(url("conventions"))
        assert [count for _, _, count in listed.context["rows"]] == [2]
        assert "Safe" not in listed.content.decode()
        assert "Safe" in signed_in(admin).get(url("conventions")).content.decode()
        part = signed_in(ada).get(url("conventions"), headers={"HX-Request": "true"}).content.decode()
        assert part.startswith('<div id="scan"')
        exported = b"".join(signed_in(ada).get(url("conventions"), {"export": "csv"}).streaming_content)
        assert b"Speaking" in exported

    def test_a_component_is_let_off_and_taken_back(self, ledger, ben, omar, noon):
        one = make(ben, noon, SPEAKING)
        sent = {"component": "payments/ledger", "until_on": "2026-03-20", "reason": "It moves."}
        client = signed_in(ben)
        assert client.post(url("exempt", one.pk), sent | {"until_on": "2020-01-01"}).status_code == 422
        assert client.post(url("exempt", one.pk), sent | {"component": "nowhere"}).status_code == 422
        assert signed_in(omar).post(url("exempt", one.pk), sent).status_code == 403

    def test_names_are_tried(self, ledger, safe, ben, ada, noon):
        make(ben, noon, field="name")
        sent = {"judges": "component.name", "names": "card-gateway\nCard Gateway\nlеdger\nsаfe"}
        answer = signed_in(ada).post(url("try_names"), sent)
        assert [one.verdict for one in answer.context["verdicts"]] == ["keeps", "refused", "refused", "refused"]
        page = answer.content.decode()
        assert "Call it “card-gateway”." in page
        assert "reads like “Ledger” of Payments" in page
        assert "Vault" not in page
        assert signed_in(ada).post(url("try_names"), sent | {"names": "a\n" * 1_001}).status_code == 422

    @pytest.mark.parametrize("count", [1, 30])
    def test_the_list_takes_few_queries(self, ada, ben, ledger, noon, django_assert_max_num_queries, count):
        for number in range(count):
            let_off(make(ben, noon, SPEAKING, title=f"Speaking {number}"), ledger, ben, noon)
        scan(noon)
        client = signed_in(ada)
        client.get(url("conventions"))
        with django_assert_max_num_queries(10):
            assert client.get(url("conventions")).status_code == 200


class TestApi:
    def test_a_convention_is_made_changed_and_retired(self, ben, ada):
        chair, reader = signed_in(ben), signed_in(ada)
        sent = KEBAB | {"kind": "component", "field": "slug", "reason": "So."}
        assert reader.post(API, sent, "application/json").status_code == 403
        wrong = chair.post(API, sent | {"pattern": r"(a)\1"}, "application/json")
        assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["pattern"])
        answer = chair.post(API, sent, "application/json")
        assert answer.status_code == 201, answer.content
        address = f"{API}{answer.json()['id']}/"
        edit = {"mode": "warn", "reason": "Softer."}
        assert chair.patch(address, edit, "application/json").status_code == 428
        edited = chair.patch(address, edit, "application/json", headers={"If-Match": answer["ETag"]})
        assert edited.json()["mode"] == "warn"
        assert [one["title"] for one in reader.get(API, {"kind": "component"}).json()["results"]] == ["Kebab"]
        assert chair.post(f"{address}retirement/", {"reason": "Over."}, "application/json").json()["retired_at"]
        assert reader.get(API).json()["results"] == []

    def test_a_pipeline_asks_for_verdicts(self, ledger, safe, ben, ada, noon):
        make(ben, noon, field="name")
        make(ben, noon, SPEAKING)
        names = [
            {"name": "card-gateway"},
            {"name": "Card Gateway"},
            {"name": "payouts", "description": "Short.", "owner": "Us"},
            {"name": "led-ger"},
            {"name": "sаfe"},
        ]
        told = signed_in(ada).post(f"{API}check/", {"names": names}, "application/json").json()
        assert told["verdict"] == "refused"
        assert [one["verdict"] for one in told["results"]] == ["keeps", "refused", "warned", "warned", "refused"]
        (breach,) = told["results"][1]["breaches"]
        assert (breach["title"], breach["mode"], breach["proposed_name"]) == ("Kebab", "refuse", "card-gateway")
        assert [one["code"] for one in told["results"][2]["breaches"]] == ["description-too-short"]
        assert told["results"][3]["reads_like"] == [{"name": "Ledger", "cluster": "Payments"}]
        assert told["results"][4]["reads_like"] == []

    @pytest.mark.parametrize(
        "names", [[], [{"name": "a"}] * 1_001, [{"name": "a" * 201}], [{"name": "a", "kind": "planet"}], [{}]]
    )
    def test_what_does_not_fit_is_refused(self, ada, names):
        answer = signed_in(ada).post(f"{API}check/", {"names": names}, "application/json")
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")

    def test_exemptions_and_the_scan(self, ledger, ben, ada, noon):
        one = make(ben, noon, SPEAKING)
        chair, reader = signed_in(ben), signed_in(ada)
        until = (timezone.now() + timedelta(days=9)).isoformat()
        sent = {"component": ledger.pk, "until": until, "reason": "It moves."}
        address = f"{API}{one.pk}/exemptions/"
        assert reader.post(address, sent, "application/json").status_code == 403
        answer = chair.post(address, sent, "application/json")
        assert answer.status_code == 201, answer.content
        assert [row["component"] for row in reader.get(address).json()["results"]] == [ledger.pk]
        assert chair.post(f"{address}{answer.json()['id']}/end/", {}, "application/json").status_code == 204
        assert not ConventionExemption.objects.open()
        assert reader.get(f"{API}scan/").status_code == 404
        assert reader.post(f"{API}scan/", {}, "application/json").status_code == 403
        assert chair.post(f"{API}scan/", {}, "application/json").status_code == 202
        deliver_due(at=timezone.now())
        assert reader.get(f"{API}scan/").json()["is_running"]
        run_checks()
        assert not reader.get(f"{API}scan/").json()["is_running"]
        assert CheckRun.objects.get(checker="conventions").counts["judged"] == 1
