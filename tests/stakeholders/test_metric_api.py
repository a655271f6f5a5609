"""The API of KPIs and metrics: the same actions and refusals as the pages; the same value twice changes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.accounts.actions import make_api_key
from apps.accounts.rules import Role, Scope
from apps.stakeholders.rules.metrics import ended_periods
from tests.conftest import make_person, signed_in

API = "/api/v1"
METRIC = {"code": "pay-wait", "name": "Waiting", "unit": "h", "course": "down", "baseline": 10, "target": 2}


def send(person, path, body=None, method="post", **headers):
    return getattr(signed_in(person), method)(f"{API}/{path}", body or {}, content_type="application/json", **headers)


def get(person, path):
    return signed_in(person).get(f"{API}/{path}")


@pytest.fixture
def day():
    return ended_periods("month", today=timezone.now().date(), count=1)[0].first_on.isoformat()


@pytest.fixture
def metric(omar):
    return send(omar, "success-metrics/", METRIC | {"owner": "omar", "cluster": "payments"}).json()


def test_a_kpi_is_defined_carried_and_stands_somewhere(admin, omar, metric, day):
    kpi = send(admin, "success-metrics/", METRIC | {"owner": "greta", "code": "wait"})
    assert (kpi.status_code, kpi.json()["cluster"], metric["cluster"]) == (201, None, "payments")
    body = {"weights": [{"metric": "pay-wait", "weight": 1}]}
    assert send(admin, "success-metrics/wait/weights/", body, "put").status_code == 428
    tag = {"headers": {"if-match": kpi.headers["ETag"]}}
    half = {"weights": [{"metric": "pay-wait", "weight": 0.5}]}
    refused = send(admin, "success-metrics/wait/weights/", half, "put", **tag)
    assert (refused.status_code, refused.json()["code"]) == (422, "weights_do_not_sum")
    assert get(admin, "alignment-report/").json()["orphans"] == ["pay-wait"]
    tree = send(admin, "success-metrics/wait/weights/", body, "put", **tag)
    assert (tree.status_code, tree.json()["together"]) == (200, None)
    assert send(omar, "success-metrics/pay-wait/values/", {"first_on": day, "value": 4}).status_code == 201
    tree = get(omar, "success-metrics/wait/tree/").json()
    assert (tree["together"], tree["covered"], tree["status"]) == (0.75, 1.0, "at_risk")
    assert tree["branches"][0]["reading"]["value"] == 4
    standing = get(omar, "success-metrics/wait/standing/").json()
    assert (standing["status"], standing["value"]) == ("no_data", None)
    assert standing["no_value_because"].startswith("Nothing was measured for")
    assert get(omar, "success-metrics/pay-wait/tree/").status_code == 404
    assert [one["code"] for one in get(omar, "success-metrics/?kpi=true").json()["results"]] == ["wait"]


def test_values_are_sent_once_and_replaced_by_name(omar, metric, day):
    path = "success-metrics/pay-wait/values/"
    first = send(omar, path, {"first_on": day, "value": 4, "note": "Tickets"}).json()
    assert send(omar, path, {"first_on": day, "value": 4}).json()["id"] == first["id"]
    other = send(omar, path, {"first_on": day, "value": 5})
    assert (other.status_code, other.json()["code"]) == (409, "value_stands")
    better = send(omar, path, {"first_on": day, "value": 5, "supersedes": first["id"]}).json()
    rows = get(omar, path).json()["results"]
    assert [(one["value"], one["supersedes"]) for one in rows] == [(5, first["id"]), (4, None)]
    assert better["made_by"] == "omar"
    assert get(omar, f"{path}{day}/rows/").json()["results"] == []
    assert get(omar, f"{path}2020-01-01/rows/").status_code == 404
    assert get(omar, f"{path}2020-99-99/rows/").status_code == 404


def test_a_program_that_may_only_observe_sends_values_and_changes_nothing_else(omar, metric, payments, day):
    robot = make_person("robot", Role.OPERATOR)
    assign_perm("operate_cluster", robot, payments)
    now = timezone.now()
    key = make_api_key(
        owner=robot,
        maker=robot,
        name="metrics",
        scopes=[Scope.OBSERVATIONS],
        expires_at=now + timedelta(days=1),
        at=now,
    )
    client = signed_in(robot)
    client.logout()
    said = {"headers": {"authorization": f"Bearer {key.token}"}, "content_type": "application/json"}
    path = f"{API}/success-metrics/pay-wait/"
    assert client.post(f"{path}values/", {"first_on": day, "value": 3}, **said).status_code == 201
    assert client.post(f"{path}retirement/", {"reason": "No."}, **said).status_code == 403


def test_an_edit_needs_the_version_and_a_formula_never_comes_back(omar, metric):
    path = "success-metrics/pay-wait/"
    assert send(omar, path, {"target": 1}, "patch").status_code == 428
    tag = {"headers": {"if-match": get(omar, path).headers["ETag"]}}
    edited = send(omar, path, {"target": 1}, "patch", **tag)
    assert (edited.status_code, edited.json()["target"], edited.json()["name"]) == (200, 1, "Waiting")
    assert send(omar, path, {"target": 1.5}, "patch", **tag).status_code == 412
    both = METRIC | {"code": "both", "owner": "omar", "cluster": "payments"}
    made = send(omar, "success-metrics/", both | {"parts": [{"metric": "pay-wait", "factor": 2}]})
    assert made.json()["formula"] == "2 × pay-wait"
    tag = {"headers": {"if-match": edited.headers["ETag"]}}
    refused = send(omar, path, {"parts": [{"metric": "both", "factor": 1}]}, "patch", **tag)
    assert (refused.status_code, refused.json()["code"]) == (422, "formula_cycle")


def test_measures_costs_and_recomputation(omar, ada, payments, db):
    names = [one["name"] for one in get(ada, "measures/").json()]
    assert {"time_to_decision", "cost_per_integration", "lead_time"} <= set(names)
    body = METRIC | {"code": "cost", "owner": "omar", "cluster": "payments", "measure": "cost_per_integration"}
    assert send(omar, "success-metrics/", body).status_code == 201
    assert send(omar, "success-metrics/cost/recomputation/").json() == {"written": 13}
    reading = get(omar, "success-metrics/cost/standing/").json()
    assert reading["no_value_because"] == "No integration went live in this period."
    cost = {"cluster": "payments", "about": "Interns", "kind": "run", "amount": 120, "currency": "EUR"}
    made = send(omar, "integration-costs/", cost | {"from_on": "2026-01-01", "months": 12})
    assert (made.status_code, made.json()["amount"]) == (201, 120)
    assert send(ada, "integration-costs/", cost | {"from_on": "2026-01-01"}).status_code == 403
    struck = send(omar, f"integration-costs/{made.json()['id']}/striking/", {"reason": "Not ours."})
    assert struck.json()["struck_because"] == "Not ours."
    assert send(omar, "goings-live/", {"integration": 999, "live_on": "2026-01-01"}).status_code == 404
    assert get(ada, "goings-live/").json()["results"] == []


def test_what_is_hidden_is_not_there(ada, admin, vault):
    body = METRIC | {"owner": "greta", "cluster": "vault", "code": "hidden"}
    assert send(admin, "success-metrics/", body).status_code == 201
    for path in ("", "values/", "standing/"):
        assert get(ada, f"success-metrics/hidden/{path}").status_code == 404
    assert get(ada, "success-metrics/").json()["results"] == []
    assert send(ada, "success-metrics/", METRIC | {"owner": "ada", "cluster": "vault"}).status_code == 404
