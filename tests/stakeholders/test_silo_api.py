"""The API of silos: the same actions and refusals as the pages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.clusters.models import Cluster, Visibility
from apps.stakeholders.rules.silo_survey import QUESTIONS
from apps.stakeholders.rules.silos import WEIGHTS
from apps.stakeholders.tasks import continue_silo_runs
from tests.conftest import signed_in

API = "/api/v1"
PAIR = ["payments", "logistics"]
PASSED = {
    "source": "payments",
    "target": "logistics",
    "what": "Refund list",
    "way": "sheet",
    "count": 12,
    "period": "week",
    "evidence": "Counted in May.",
}


def post(person, path, body=None):
    return signed_in(person).post(f"{API}/{path}", body or {}, content_type="application/json")


def get(person, path):
    return signed_in(person).get(f"{API}/{path}")


def day(days):
    return (timezone.now() + timedelta(days=days)).date().isoformat()


def assessed(person):
    """A run asked for by the API, and worked off."""
    answer = post(person, "silo-runs/")
    assert answer.status_code == 202
    continue_silo_runs()
    return signed_in(person).get(answer["Location"]).json()


@pytest.fixture
def run(weave, omar):
    assert post(omar, "hand-offs/", PASSED).status_code == 201
    return assessed(omar)


def test_assess_list_and_read(run, ada, auditor):
    assert (run["number"], run["by"], run["counts"]["judged"]) == (1, "omar", 1)
    assert post(ada, "silo-runs/").status_code == 403
    assert post(auditor, "silo-runs/").status_code == 403
    [row] = get(ada, "silos/").json()["results"]
    assert {row["first"], row["second"]} == set(PAIR)
    one = get(ada, f"silos/{row['id']}/").json()
    parts = {part["indicator"]: part for part in one["parts"]}
    assert set(parts) == set(WEIGHTS)
    assert "expected" in parts["mixing"]["formula"]
    assert parts["handoffs"]["rows"]["handoffs"][0]["text"].startswith("Refund list")
    assert one["advice"][0]["key"].startswith("handoff:")
    standings = get(ada, "silo-runs/1/clusters/").json()["results"]
    assert [(one["cluster"], one["is_judged"], one["inside"]) for one in standings] == [
        ("logistics", True, 10),
        ("payments", True, 10),
    ]


def test_earlier_runs_filters_and_what_is_invisible(run, omar, ada, payments):
    assessed(omar)
    assert [one["run"] for one in get(ada, "silos/").json()["results"]] == [2]
    assert [one["run"] for one in get(ada, "silos/?run=1").json()["results"]] == [1]
    assert len(get(ada, "silos/?cluster=payments").json()["results"]) == 1
    assert get(ada, "silos/?cluster=nowhere").json()["results"] == []
    assert get(ada, "silos/?level=strange").status_code == 422
    key = get(ada, "silos/").json()["results"][0]["id"]
    Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    assert get(ada, "silos/").json()["results"] == []
    assert get(ada, f"silos/{key}/").status_code == 404
    assert get(ada, "hand-offs/").json()["results"] == []


def test_rounds_and_answers(weave, ben, omar, nora, ada):
    marks = dict.fromkeys(QUESTIONS, 3)
    body = {"clusters": PAIR, "marks": marks}
    assert post(omar, "silo-answers/", body).status_code == 409
    assert post(omar, "silo-rounds/", {"closes_on": day(9)}).status_code == 403
    assert post(ben, "silo-rounds/", {"closes_on": day(9)}).json()["number"] == 1
    assert post(ada, "silo-answers/", body).status_code == 403
    low = post(omar, "silo-answers/", body | {"marks": marks | {"data": 0}})
    assert (low.status_code, list(low.json()["errors"])) == (422, ["data"])
    said = post(omar, "silo-answers/", body | {"marks": marks | {"data": 0}, "reasons": {"data": "By telephone."}})
    assert said.status_code == 201
    assert (said.json()["side"], said.json()["marks"]["data"]) == ("payments", 0)
    assert said.json()["reasons"] == {"data": "By telephone."}
    assert post(omar, "silo-answers/", body).status_code == 409
    assert post(nora, "silo-answers/", body).json()["side"] == "logistics"
    assert len(get(ada, "silo-answers/").json()["results"]) == 2
    assert post(nora, "silo-answers/", {"clusters": ["payments"], "marks": marks}).status_code == 422


def test_hand_offs(run, omar, ada):
    [row] = get(ada, "hand-offs/?source=payments").json()["results"]
    assert round(row["monthly"]) == 52
    again = post(omar, "hand-offs/", PASSED | {"count": 3})
    assert again.status_code == 409
    assert "12 a week; you say 3 a week" in again.json()["detail"]
    assert post(omar, "hand-offs/", PASSED | {"count": -1}).status_code == 422
    assert post(omar, "hand-offs/", PASSED | {"target": "nowhere"}).status_code == 404
    assert post(omar, "hand-offs/", PASSED | {"target": "payments"}).status_code == 422
    assert post(ada, f"hand-offs/{row['id']}/end/", {"reason": "No."}).status_code == 403
    assert post(omar, f"hand-offs/{row['id']}/end/", {"reason": "An API."}).json()["end_reason"] == "An API."


def test_actions(run, omar, nora, ada):
    body = {
        "clusters": PAIR,
        "what": "Offer refunds by an API",
        "owner": "nora",
        "due_on": day(9),
        "indicator": "handoffs",
    }
    assert post(ada, "silo-actions/", body).status_code == 403
    assert post(omar, "silo-actions/", body | {"owner": "nobody"}).status_code == 404
    row = post(omar, "silo-actions/", body).json()
    assert (row["state"], row["owner"]) == ("planned", "nora")
    assert post(nora, f"silo-actions/{row['id']}/moves/", {"state": "done"}).status_code == 422
    done = post(nora, f"silo-actions/{row['id']}/moves/", {"state": "done", "outcome": "It is there."})
    assert done.json()["state"] == "done"
    assert len(get(ada, "silo-actions/?state=done&owner=nora").json()["results"]) == 1
    assert get(ada, "silo-actions/?state=planned").json()["results"] == []


def test_weights(ben, omar, ada):
    weights = {key.value: value for key, value in WEIGHTS.items()} | {"mixing": 45, "answers": 10}
    assert post(omar, "silo-weights/", {"weights": weights, "reason": "Few answer."}).status_code == 403
    assert post(ben, "silo-weights/", {"weights": {"mixing": 100}, "reason": "All."}).status_code == 422
    assert post(ben, "silo-weights/", {"weights": weights, "reason": "Few answer."}).json()["number"] == 1
    assert get(ada, "silo-weights/1/").json()["weights"]["mixing"] == 45
