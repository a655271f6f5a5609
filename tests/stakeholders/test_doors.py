"""Initiatives by page and by API: allowed, refused, invisible, without JavaScript; the same sentence at both doors."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.stakeholders import actions
from apps.stakeholders.models import Assessment, Authority, Conversation, Demand, Engagement, Initiative, Stakeholder
from tests.conftest import signed_in


def url(name, *args):
    return reverse(f"stakeholders:{name}", args=args)


def today(days=0):
    return (timezone.now() + timedelta(days=days)).date().isoformat()


class TestPages:
    def test_an_initiative_is_opened_edited_and_closed(self, payments, logistics, ben, ada):
        client = signed_in(ben)
        form = {
            "name": "One parcel",
            "purpose": "Pay once.",
            "sponsor": "ben",
            "clusters": [payments.pk, logistics.pk],
            "power_cut": 40,
            "interest_cut": 50,
        }
        assert signed_in(ada).post(url("open_initiative"), form).status_code == 403
        assert client.post(url("open_initiative"), form | {"sponsor": "nobody"}).status_code == 422
        assert client.post(url("open_initiative"), form | {"clusters": [payments.pk]}).status_code == 422
        assert client.post(url("open_initiative"), form).status_code == 302
        row = Initiative.objects.get()
        assert row.power_cut == 40
        edit = form | {"name": "One parcel, one payment", "version": 1}
        assert client.post(url("describe_initiative", row.pk), edit).status_code == 302
        assert client.post(url("describe_initiative", row.pk), edit | {"name": "Late"}).status_code == 412
        assert b"One parcel, one payment" in client.get(url("initiatives")).content
        assert client.post(url("close_initiative", row.pk), {"reason": ""}).status_code == 422
        assert client.post(url("close_initiative", row.pk), {"reason": "Reached."}).status_code == 302
        assert b"One parcel" not in client.get(url("initiatives")).content
        assert b"One parcel" in client.get(url("initiatives") + "?which=closed").content
        assert client.get(url("describe_initiative", row.pk)).status_code == 409

    def test_what_it_needs_who_controls_it_and_who_was_not_spoken_to(self, initiative, known, ben, ada, admin):
        client, finance = signed_in(ben), known("Finance", "Bank")
        need = {"resource": "budget", "amount": "100", "unit": "EUR", "cluster": ""}
        page = url("initiative", initiative.pk)
        assert signed_in(ada).post(url("demand", initiative.pk), need).status_code == 403
        assert client.post(url("demand", initiative.pk), need | {"unit": "euro"}).status_code == 422
        assert client.post(url("demand", initiative.pk), need).status_code == 302
        assert b"Nobody is on record as deciding" in client.get(page).content
        authority = {
            "resource": "budget",
            "amount": "250",
            "unit": "EUR",
            "first_day": today(-5),
            "evidence": "Signing policy",
        }
        address = url("record_authority", finance.pk)
        assert signed_in(ada).post(address, authority).status_code == 403
        assert client.post(address, authority | {"amount": "-1"}).status_code == 422
        assert client.post(address, authority).status_code == 302
        assert client.post(address, authority).status_code == 409
        text = client.get(page).content.decode()
        assert "not yet" in text
        assert f"?who={finance.pk}#engage" in text
        said = {"stakeholder": finance.pk, "held_on": today(), "summary": "They agree."}
        assert client.post(url("log", initiative.pk), said | {"held_on": today(1)}).status_code == 422
        assert client.post(url("log", initiative.pk), said).status_code == 302
        assert "Everyone who may give of what it needs has been spoken to" in client.get(page).content.decode()
        assert "They agree." in client.get(url("plan", initiative.pk)).content.decode()
        assert client.post(url("withdraw_demand", initiative.pk, Demand.objects.get().pk)).status_code == 302
        assert not Demand.objects.exists()

    def test_the_map_by_forms_alone(self, initiative, known, ben, omar, ada):
        client, finance, me = signed_in(ben), known("Finance", "Bank"), known("ben")
        for who in (finance, me):
            sent = {"stakeholder": who.pk, "part": "Decider", "to": "map"}
            assert client.post(url("involve", initiative.pk), sent)["Location"] == url("map", initiative.pk)
        marks = {"interest": 80, "power": 60, "urgency": 55, "legitimacy": 70, "stance": 1, "evidence": "Heard it."}
        address = url("assess", initiative.pk)
        assert signed_in(ada).post(address, marks | {"stakeholder": finance.pk}).status_code == 403
        assert client.post(address, marks | {"stakeholder": me.pk}).status_code == 403
        assert client.post(address, marks | {"stakeholder": finance.pk, "stance": 3}).status_code == 422
        assert client.post(address, marks | {"stakeholder": finance.pk}).status_code == 302
        page = client.get(url("map", initiative.pk)).content.decode()
        assert "supports it" in page
        assert "power 12, interest 80, keep informed" in page  # 20 × 0.6
        move = {"stakeholder": finance.pk, "interest": 30, "total": 99, "evidence": "They lost interest."}
        assert client.post(url("move", initiative.pk), move | {"evidence": ""}).status_code == 422
        assert client.post(url("move", initiative.pk), move).status_code == 302
        last = Assessment.objects.order_by("-pk")[0]
        assert (last.interest, last.power, last.urgency, last.stance) == (30, 100, 55, 1)
        assert client.post(url("release", initiative.pk, finance.pk)).status_code == 302
        assert client.post(url("release", initiative.pk, finance.pk)).status_code == 404
        assert Assessment.objects.count() == 2

    def test_the_plan_and_the_coalition(self, initiative, known, grant, ben, omar):
        client, finance = signed_in(ben), known("Finance", "Bank")
        entry = {"stakeholder": finance.pk, "what": "Licences", "due_on": today(3), "owner": "omar"}
        assert client.post(url("engage", initiative.pk), entry | {"due_on": today(-1)}).status_code == 422
        assert client.post(url("engage", initiative.pk), entry).status_code == 302
        assert client.post(url("engage", initiative.pk), entry | {"what": "Once more"}).status_code == 302
        first, second = Engagement.objects.order_by("pk")
        said = {"stakeholder": finance.pk, "engagement": first.pk, "held_on": today(), "summary": "Agreed."}
        assert signed_in(omar).post(url("log", initiative.pk), said).status_code == 302
        assert Conversation.objects.get().engagement == first
        dropped = {"engagement": second.pk, "reason": "Not needed."}
        assert client.post(url("drop", initiative.pk), dropped).status_code == 302
        assert "Dropped: Not needed." in client.get(url("plan", initiative.pk)).content.decode()
        address = url("coalition", initiative.pk)
        assert b"Nothing is needed yet" in client.get(address).content
        client.post(url("demand", initiative.pk), {"resource": "budget", "amount": "100", "unit": "EUR"})
        assert "100 EUR budget of 100 lack an authority" in client.get(address).content.decode()
        grant(finance, 100)
        assert "Who must say yes: 1" in client.get(address).content.decode()

    def test_who_is_on_record_and_whom_they_sway(self, known, grant, ben, ada):
        client, finance = signed_in(ben), known("Finance", "Bank")
        added = client.post(url("add_stakeholder"), {"kind": "outsider", "name": "Union", "organisation": "Mill"})
        union = Stakeholder.objects.get(name="Union")
        assert added["Location"] == url("stakeholder", union.pk)
        assert client.post(url("add_stakeholder"), {"kind": "account", "handle": "nobody"}).status_code == 404
        assert b"Union" in client.get(url("people") + "?q=mill").content
        assert b"Union" not in client.get(url("people") + "?q=bank").content
        sway = {"kind": "reports_to", "target": finance.pk, "weight": "1"}
        assert client.post(url("record_influence", union.pk), sway).status_code == 302
        back = client.post(url("record_influence", finance.pk), sway | {"target": union.pk})
        assert back.status_code == 409
        assert "Finance → Union → Finance" in back.content.decode()
        line = union.influences.get()
        assert signed_in(ada).post(url("end_influence", union.pk, line.pk)).status_code == 403
        assert client.post(url("end_influence", union.pk, line.pk)).status_code == 302
        row = grant(finance, 100)
        assert client.post(url("end_authority", row.pk), {"last_day": "x"}).status_code == 422
        assert client.post(url("end_authority", row.pk), {"last_day": today()}).status_code == 302
        assert Authority.objects.get().valid.upper is not None

    def test_what_a_restricted_cluster_is_part_of_is_nowhere(self, payments, vault, known, grant, admin, ada, omar):
        values = {"name": "Quiet keys", "purpose": "Y", "sponsor": admin}
        row = actions.open_initiative(opener=admin, clusters=[payments, vault], values=values, at=timezone.now())
        finance = known("Finance", "Bank")
        authority = grant(finance, 100, cluster=vault)
        actions.involve(initiative_id=row.pk, stakeholder=finance, keeper=admin, at=timezone.now())
        client = signed_in(omar)
        for name in ("initiative", "map", "coalition", "plan"):
            assert client.get(url(name, row.pk)).status_code == 404
            assert signed_in(admin).get(url(name, row.pk)).status_code == 200
        for name in ("initiatives", "authorities", "people"):
            text = client.get(url(name)).content.decode()
            assert "Quiet keys" not in text
            assert "Vault" not in text
        assert "Vault" not in client.get(url("stakeholder", finance.pk)).content.decode()
        assert client.post(url("end_authority", authority.pk), {"last_day": today()}).status_code == 404
        assert client.get("/api/v1/authorities/").json()["results"] == []
        assert client.get(f"/api/v1/initiatives/{row.pk}/stakeholder-map/").status_code == 404

    @pytest.mark.parametrize("name", ["initiatives", "people", "authorities"])
    def test_lists_are_exported(self, initiative, known, grant, ben, name):
        grant(known("Finance", "Bank"), 100)
        answer = signed_in(ben).get(url(name) + "?export=csv")
        assert len(b"".join(answer.streaming_content).splitlines()) >= 2

    @pytest.mark.parametrize(("name", "most"), [("initiative", 20), ("map", 24), ("coalition", 20), ("plan", 24)])
    def test_a_page_takes_as_many_queries_for_ten_as_for_one(
        self, initiative, known, grant, ben, noon, django_assert_max_num_queries, name, most
    ):
        client = signed_in(ben)
        client.post(url("demand", initiative.pk), {"resource": "budget", "amount": "100", "unit": "EUR"})
        for one in range(10):
            who = known(f"Bank {one}", "Bank")
            grant(who, 20 + one)
            actions.involve(initiative_id=initiative.pk, stakeholder=who, keeper=ben, at=noon)
        client.get(url(name, initiative.pk))
        with django_assert_max_num_queries(most):
            assert client.get(url(name, initiative.pk)).status_code == 200


class TestApi:
    def test_an_initiative_from_its_opening_to_its_coalition(self, payments, logistics, ben, omar, nora, ada):
        client, api = signed_in(ben), "/api/v1/"

        def post(path, body, status=201):
            answer = client.post(f"{api}{path}", body, "application/json")
            assert answer.status_code == status, answer.content
            return answer.json() if answer.content else None

        body = {"name": "One parcel", "purpose": "x", "sponsor": "ben", "clusters": ["payments"]}
        assert post("initiatives/", body, 422)["detail"].startswith("An initiative crosses")
        made = post("initiatives/", body | {"clusters": ["payments", "logistics"]})
        here = f"initiatives/{made['id']}/"
        seen = client.get(f"{api}{here}")
        edit = client.patch(f"{api}{here}", {"power_cut": 40}, "application/json", headers={"If-Match": seen["ETag"]})
        assert edit.json()["power_cut"] == 40
        finance = post("stakeholders/", {"kind": "outsider", "name": "Finance", "organisation": "Bank"})
        union = post("stakeholders/", {"kind": "outsider", "name": "Union"})
        post(f"{here}demands/", {"resource": "budget", "unit": "EUR", "amount": "100.00", "cluster": "payments"})
        grant = {
            "holder": finance["id"],
            "resource": "budget",
            "unit": "EUR",
            "amount": "80.00",
            "first_day": today(-1),
            "evidence": "Policy",
        }
        first = post("authorities/", grant)
        post("authorities/", grant, 409)
        post("authorities/", grant | {"holder": union["id"], "last_day": today(-2)}, 422)
        (want,) = client.get(f"{api}{here}demands/").json()["results"]
        assert (want["coverage"], want["lacks"]) == ("nobody may", 20.0)
        found = client.get(f"{api}{here}coalition/").json()
        assert found["missing"] == [{"resource": "budget", "unit": "EUR", "amount": 100.0, "lacks": 20.0}]
        asked = client.get(f"{api}{here}coalition/?resource=budget&unit=EUR&amount=80").json()
        assert [one["name"] for one in asked["members"]] == ["Finance"]
        assert client.get(f"{api}{here}coalition/?resource=budget&unit=EUR&amount=x").status_code == 422
        post(f"{here}stakeholder-map/", {"stakeholder": finance["id"]})
        post(f"{here}assessments/", {"stakeholder": union["id"], "interest": 5, "evidence": "x"}, 409)
        post(f"{here}assessments/", {"stakeholder": finance["id"], "interest": 90, "power": 50, "evidence": "x"})
        (spot,) = client.get(f"{api}{here}stakeholder-map/").json()["results"]
        assert (spot["power"]["total"], spot["power"]["shares"][0]["share"]) == (60.0, 1.0)
        assert (spot["quadrant"], spot["interest"]) == ("manage closely", 90)
        entry = {"stakeholder": finance["id"], "what": "Licences", "due_on": today(4), "owner": "omar"}
        planned = post(f"{here}engagements/", entry)
        said = {"stakeholder": finance["id"], "engagement": planned["id"], "held_on": today(), "summary": "Fine."}
        post(f"{here}conversations/", said)
        post(f"{here}conversations/", said, 409)
        other = post(f"{here}engagements/", entry)
        post(f"{here}dropped-engagements/", {"engagement": other["id"], "reason": "x"}, 200)
        assert len(client.get(f"{api}{here}engagements/").json()["results"]) == 2
        assert len(client.get(f"{api}{here}conversations/").json()["results"]) == 1
        assert len(client.get(f"{api}{here}assessments/").json()["results"]) == 1
        line = post("influences/", {"who": union["id"], "whom": finance["id"], "kind": "reports_to"})
        refused = post("influences/", {"who": finance["id"], "whom": union["id"], "kind": "reports_to"}, 409)
        assert refused["code"] == "reporting_circle"
        post(f"influences/{line['id']}/end/", {}, 204)
        post(f"authorities/{first['id']}/end/", {"last_day": today()}, 200)
        post(f"{here}withdrawn-demands/", {"demand": want["demand"]["id"]}, 204)
        post(f"{here}releases/", {"stakeholder": finance["id"]}, 204)
        assert signed_in(ada).post(f"{api}initiatives/", body, "application/json").status_code == 403
