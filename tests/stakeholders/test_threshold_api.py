"""The API of thresholds: the same actions and refusals as the pages."""

import pytest
from guardian.shortcuts import assign_perm

from apps.stakeholders.queries.thresholds import today_of
from tests.conftest import signed_in
from tests.stakeholders.negotiating import FLOOR_TEXT, TEXT, WEAK, agree, propose

API = "/api/v1"
FACTS = {"risk": 2, "downtime": 0, "clusters_touched": 3}


def post(person, path, body=None):
    return signed_in(person).post(f"{API}/{path}", body or {}, content_type="application/json")


def get(person, path):
    return signed_in(person).get(f"{API}/{path}")


@pytest.fixture
def days(payments):
    from datetime import timedelta

    from django.utils import timezone

    today = today_of(payments, timezone.now())
    return {"effective_on": today.isoformat(), "review_on": (today + timedelta(days=90)).isoformat()}


def test_a_floor_is_written_and_adopted(ben, admin, ada):
    draft = post(ben, "threshold-floors/", {"thresholds": FLOOR_TEXT, "note": "The first."})
    assert draft.status_code == 201
    assert draft.json()["thresholds"][0] == {
        "when": [{"fact": "risk", "comparator": ">=", "value": 4}], "level": "enterprise_decides", "why": "",
    }  # fmt: skip
    own = post(ben, "threshold-floors/1/adoption/", {"digest": draft.json()["digest"]})
    assert (own.status_code, own.json()["code"]) == (403, "own_floor")
    assert post(admin, "threshold-floors/1/adoption/", {"digest": "0" * 64}).status_code == 412
    assert post(admin, "threshold-floors/1/adoption/", {"digest": draft.json()["digest"]}).json()["state"] == "in_force"
    assert post(ada, "threshold-floors/", {"thresholds": FLOOR_TEXT}).status_code == 403
    assert get(ada, "threshold-floors/?state=in_force").json()["results"][0]["adopted_by"] == "greta"
    again = post(ben, "threshold-floors/", {"thresholds": TEXT})
    assert post(ben, f"threshold-floors/{again.json()['number']}/discard/").json()["state"] == "discarded"


def test_an_agreement_from_proposal_to_force(floor, payments, omar, ben, days):
    body = days | {"cluster": "payments", "thresholds": TEXT, "note": "It serves us both."}
    first = post(omar, "threshold-agreements/", body)
    assert first.status_code == 201
    pk = first.json()["agreement"]
    counter = days | {"thresholds": FLOOR_TEXT, "note": "It serves us both.", "seen": 1}
    second = post(ben, f"threshold-agreements/{pk}/counter-offers/", counter)
    assert (second.status_code, second.json()["side"]) == (201, "board")
    assert post(ben, f"threshold-agreements/{pk}/counter-offers/", counter).status_code == 412
    proof = get(ben, f"threshold-agreements/{pk}/proof/").json()
    assert (proof["holds"], proof["floor"]) == (True, floor.digest)
    digest = second.json()["digest"]
    assert post(ben, f"threshold-agreements/{pk}/signature/", {"digest": digest}).json()["state"] == "negotiating"
    assert post(omar, f"threshold-agreements/{pk}/signature/", {"digest": digest}).json()["state"] == "in_force"
    offers = get(omar, f"threshold-agreements/{pk}/offers/").json()["results"]
    assert [(one["number"], len(one["signatures"])) for one in offers] == [(2, 2), (1, 0)]
    listed = get(omar, "threshold-agreements/?cluster=payments&state=in_force").json()["results"]
    assert [(one["id"], one["floor"]) for one in listed] == [(pk, 1)]


def test_below_the_floor_it_is_not_signed_and_the_counter_example_is_given(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon, WEAK)
    proof = get(ben, f"threshold-agreements/{offer.agreement_id}/proof/").json()
    assert not proof["holds"]
    assert proof["examples"][0]["facts"] == {"risk": 4}
    answer = post(ben, f"threshold-agreements/{offer.agreement_id}/signature/", {"digest": offer.digest})
    assert (answer.status_code, answer.json()["code"]) == (409, "below_floor")


def test_a_negotiation_is_broken_off(payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    path = f"threshold-agreements/{offer.agreement_id}/breaking-off/"
    assert post(ben, path, {"reason": "Next year."}).json()["state"] == "broken_off"
    assert post(ben, path, {"reason": "Again."}).status_code == 409


def test_facts_are_judged(floor, payments, omar, ben, noon):
    assert post(omar, "thresholds/evaluate/", {"cluster": "payments", "facts": FACTS}).json()["level"] == "autonomous"
    agree(payments, omar, ben, noon)
    found = post(omar, "thresholds/evaluate/", {"cluster": "payments", "facts": FACTS}).json()
    assert (found["level"], found["missing"]) == ("notify", [])
    assert found["reasons"][0]["source"] == "Thresholds of Payments, agreement 1"
    unknown = post(omar, "thresholds/evaluate/", {"cluster": "payments", "facts": {"downtime": 0}}).json()
    assert unknown["level"] == "enterprise_decides"
    assert unknown["missing"] == ["risk", "clusters touched"]


@pytest.mark.parametrize("facts", [{"sky": 4}, {"level": "notify"}, {"risk": "high"}, {"risk": 99.5}, {"type": "odd"}])
def test_unknown_facts_and_values_are_refused_not_ignored(floor, payments, omar, facts):
    answer = post(omar, "thresholds/evaluate/", {"cluster": "payments", "facts": facts})
    assert answer.status_code == 422
    assert next(iter(facts)) in answer.json()["detail"]


def test_without_thresholds_the_question_is_refused(payments, omar):
    answer = post(omar, "thresholds/evaluate/", {"cluster": "payments", "facts": {}})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_thresholds")


@pytest.mark.parametrize(
    "thresholds",
    [[], "risk", [{"when": "risk >= 4", "level": "notify"}], [{"when": [], "level": "never"}], FLOOR_TEXT * 21,
     [{"when": [{"fact": "risk", "comparator": ">=", "value": {"a": 1}}], "level": "notify"}],
     [{"when": [{"fact": "risk", "comparator": ">=", "value": 4}], "level": "autonomous"}]],
)  # fmt: skip
def test_what_is_no_text_is_refused(payments, omar, days, thresholds):
    body = days | {"cluster": "payments", "thresholds": thresholds, "note": "Why not."}
    assert post(omar, "threshold-agreements/", body).status_code == 422


def test_a_restricted_cluster_is_not_there(floor, vault, omar, ben, noon, days):
    assign_perm("own_cluster", omar, vault)
    offer = propose(vault, omar, noon)
    for path in ("", "offers/", "proof/"):
        assert get(ben, f"threshold-agreements/{offer.agreement_id}/{path}").status_code == 404
    sent = {"digest": offer.digest}
    assert post(ben, f"threshold-agreements/{offer.agreement_id}/signature/", sent).status_code == 404
    assert post(ben, "thresholds/evaluate/", {"cluster": "vault", "facts": {}}).status_code == 404
    body = days | {"cluster": "vault", "thresholds": TEXT, "note": "Let us."}
    assert post(ben, "threshold-agreements/", body).status_code == 404
    assert get(ben, "threshold-agreements/").json()["results"] == []
