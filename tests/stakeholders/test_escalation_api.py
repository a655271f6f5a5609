"""The API of escalation: the same actions and refusals as the pages."""

import pytest
from django.utils import timezone

from apps.accounts.rules import Role
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.models import EscalationCase
from tests.conftest import make_person, signed_in
from tests.stakeholders.escalating import publish

API = "/api/v1"
STEPS = [
    {"asks": "parties", "act": "notify", "hours": 4},
    {"asks": "role", "role": "programme_manager", "act": "ask", "hours": 2},
    {"asks": "person", "person": "greta", "act": "hand_over", "hours": 1.5},
]


def send(person, path, body=None, method="post", **headers):
    return getattr(signed_in(person), method)(f"{API}/{path}", body or {}, content_type="application/json", **headers)


def get(person, path):
    return signed_in(person).get(f"{API}/{path}")


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


@pytest.fixture
def calendar(ben):
    body = {"name": "House", "zone": "UTC", "opens": "00:00", "closes": "23:59", "weekdays": [0, 1, 2, 3, 4, 5, 6]}
    return send(ben, "working-calendars/", body | {"holidays": [{"day": "2026-12-25", "name": "Christmas Day"}]}).json()


def test_a_protocol_is_written_published_and_simulated(
    ben, admin, priya, ada, omar, nora, payments, logistics, calendar
):
    assert calendar["holidays"] == [{"day": "2026-12-25", "name": "Christmas Day"}]
    made = send(ben, "escalation-protocols/", {"slug": "house", "name": "House", "calendar": calendar["id"]})
    assert (made.status_code, made.json()["trigger"]) == (201, "")
    draft = send(ben, "escalation-protocols/house/steps/", {"steps": STEPS})
    assert (draft.status_code, draft.json()["steps"][2]["person"]) == (201, "greta")
    assert send(ben, "escalation-protocols/house/steps/", {"steps": STEPS}).status_code == 412
    zero = [STEPS[0], STEPS[1] | {"hours": 0}]
    refused = send(ben, "escalation-protocols/house/steps/", {"steps": zero, "based_on": 1})
    assert (refused.status_code, "Step 2 waits no time" in refused.json()["detail"]) == (422, True)
    body = {"protocol": "house", "clusters": ["payments", "logistics"], "start": "2026-03-02T12:00:00Z"}
    assert send(ada, "escalations/simulate/", body).status_code == 404
    odd = [STEPS[0], STEPS[1] | {"hours": "nan"}]
    assert send(ben, "escalation-protocols/house/steps/", {"steps": odd, "based_on": 1}).status_code == 422
    digest = {"digest": draft.json()["digest"]}
    assert send(ben, "escalation-protocols/house/publication/", digest).json()["code"] == "own_protocol"
    assert send(admin, "escalation-protocols/house/publication/", digest).json()["state"] == "published"
    planned = send(ada, "escalations/simulate/", body).json()
    assert [(one["step"], one["asked"]) for one in planned] == [(1, ["nora", "omar"]), (2, ["priya"]), (3, ["greta"])]
    assert planned[1]["asked_at"] == "2026-03-02T16:00:00Z"
    assert send(ada, "escalation-protocols/house/discard/").status_code == 404
    assert [one["state"] for one in get(ada, "escalation-protocols/house/versions/").json()["results"]] == ["published"]


def test_a_calendar_is_written_anew_from_the_version_that_was_read(ben, ada, calendar):
    path = f"working-calendars/{calendar['id']}/"
    assert (calendar["opens"], calendar["closes"]) == ("00:00", "23:59")
    body = {key: calendar[key] for key in ("name", "zone", "opens", "closes")} | {"weekdays": [0]}
    assert send(ben, path, body, "put").status_code == 428
    tag = {"headers": {"if-match": get(ben, path).headers["ETag"]}}
    written = send(ben, path, body, "put", **tag)
    assert (written.status_code, written.json()["weekdays"], written.json()["holidays"]) == (200, [0], [])
    assert send(ben, path, body, "put", **tag).status_code == 412
    assert send(ada, "working-calendars/", body | {"name": "Mine"}).status_code == 403


def test_a_case_from_opening_to_both_signatures(ben, admin, priya, omar, nora, ada, payments, logistics):
    publish(ben, admin, at=timezone.now())
    body = {"protocol": "standard", "title": "Late", "reason": "One gains.", "clusters": ["payments", "logistics"]}
    assert send(ada, "escalation-cases/", body).status_code == 403
    assert send(omar, "escalation-cases/", body | {"clusters": ["payments"]}).status_code == 422
    opened = send(omar, "escalation-cases/", body)
    assert (opened.status_code, opened.json()["state"], opened.json()["step"]) == (201, "open", 1)
    case = EscalationCase.objects.get()
    actions.escalate(case_id=case.pk, at=case.due_at)
    path = "escalation-cases/1/"
    late = send(priya, f"{path}acknowledgement/", {"step": 1})
    assert (late.status_code, late.json()["code"]) == (409, "escalated_meanwhile")
    assert send(priya, f"{path}acknowledgement/", {"step": 2}).json()["acknowledged_by"] == "priya"
    ladder = get(ada, f"{path}ladder/").json()["results"]
    assert [one["outcome"] for one in ladder] == ["no answer in time", ""]
    assert [one["person"] for one in ladder[1]["asks"]] == ["priya"]
    mine, theirs = (one["id"] for one in opened.json()["parties"])
    position = {"party": mine, "benefit": 100, "cost": 20, "currency": "EUR", "evidence": "Books"}
    assert send(omar, f"{path}positions/", position).json()["benefit"] == 100
    assert send(nora, f"{path}positions/", position).status_code == 403
    transfer = {"giver": mine, "taker": theirs, "amount": 40, "currency": "EUR"}
    said = {"kind": "transfer", "text": "Payments pays.", "transfers": [transfer]}
    own = send(omar, f"{path}resolutions/", said)
    assert (own.status_code, own.json()["code"]) == (403, "party")
    put = send(priya, f"{path}resolutions/", said)
    assert (put.status_code, put.json()["transfers"][0]["amount"]) == (201, 40)
    digest = put.json()["digest"]
    assert send(nora, f"{path}refusal/", {"reason": "Too little."}).json()["state"] == "acknowledged"
    digest = send(priya, f"{path}resolutions/", said | {"text": "And thanks."}).json()["digest"]
    assert send(omar, f"{path}signatures/", {"party": mine, "digest": digest}).json()["state"] == "settling"
    assert send(nora, f"{path}signatures/", {"party": theirs, "digest": digest}).json()["state"] == "resolved"
    assert [len(one["signatures"]) for one in get(ada, f"{path}resolutions/").json()["results"]] == [2, 0]
    assert send(omar, f"{path}withdrawal/", {"reason": "Late."}).status_code == 409
    assert get(ada, "escalation-cases/?state=resolved&cluster=payments").json()["results"][0]["number"] == 1


def test_absences(ada, ben, admin):
    days = {"first_on": "2031-03-02", "last_on": "2031-03-09"}
    mine = send(ada, "absences/", days)
    assert (mine.status_code, mine.json()["person"]) == (201, "ada")
    assert send(ben, "absences/", days | {"person": "ada"}).status_code == 403
    assert send(admin, "absences/", days | {"person": "ada"}).status_code == 201
    assert send(ben, f"absences/{mine.json()['id']}/end/").status_code == 403
    assert send(ada, f"absences/{mine.json()['id']}/end/").json()["ended_at"]
