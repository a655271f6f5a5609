"""The pages and the API of policies: the editor without JavaScript, the same sentences at both doors."""

import pytest
from rest_framework.test import APIClient

from apps.policies.models import Policy, PolicyVersion
from tests.conftest import signed_in
from tests.policies.conftest import FLOOR, STANDARD, rule

CEILING = 12


def api(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


def typed(act, *rules, columns=("type", "risk"), **more):
    data = {"act": act, "rows": len(rules), "columns": list(columns), "note": "First."}
    for number, (name, way, cells, reason) in enumerate(rules):
        data |= {f"name-{number}": name, f"way-{number}": way, f"reason-{number}": reason}
        data |= {f"cell-{number}-{column}": text for column, text in cells.items()}
    return data | more


WHOLE = (
    ("Routine", "approve", {"type": "standard", "risk": "<=2"}, "Low risk."),
    ("Odd", "refuse", {"type": "standard", "risk": "3-5"}, "Not standard."),
    ("Rest", "cluster", {"type": "not standard"}, ""),
)


def test_a_policy_is_founded_written_and_enabled_in_the_browser_without_javascript(ben, admin):
    client = signed_in(ben)
    assert client.post("/policies/", {"cluster": ""}).status_code == 302
    page = client.post("/policies/enterprise-floor/edit/", typed("add", *WHOLE[:2]))
    assert page.status_code == 200
    assert 'name="cell-2-type"' in page.text
    page = client.post("/policies/enterprise-floor/edit/", typed("check", *WHOLE[:2]))
    assert "Type normal: nobody decides." in page.text
    page = client.post("/policies/enterprise-floor/edit/", typed("save", *WHOLE[:2]))
    assert page.status_code == 409
    assert 'href="#analysis"' in page.text  # which is far below
    assert "Type normal: nobody decides." in page.text
    assert 'value="&lt;=2"' in page.text  # nothing typed is lost
    saved = client.post("/policies/enterprise-floor/edit/", typed("save", *WHOLE))
    assert saved["Location"] == "/policies/enterprise-floor/versions/1/"
    draft = PolicyVersion.objects.get()
    own = client.post("/policies/enterprise-floor/versions/1/enablement/", {"digest": draft.digest})
    assert own.status_code == 403
    assert "No one puts their own version in force." in own.text
    other = signed_in(admin)
    assert "Put it in force" in other.get("/policies/enterprise-floor/versions/1/").text
    assert other.post("/policies/enterprise-floor/versions/1/enablement/", {"digest": draft.digest}).status_code == 302
    answer = other.get("/policies/enterprise-floor/answer/", {"type": "standard"})
    assert "risk not known, so the stricter reading counts" in answer.text
    assert "Refused automatically" in answer.text


def test_a_rule_is_removed_and_a_fact_is_shown(floor, ben):
    client = signed_in(ben)
    page = client.post("/policies/enterprise-floor/edit/", typed("remove-1", *WHOLE))
    assert "Odd" not in page.text
    page = client.post("/policies/enterprise-floor/edit/", typed("column", *WHOLE, new_column="downtime"))
    assert 'name="cell-0-downtime"' in page.text


def test_the_analysis_is_a_fragment(floor, ben):
    page = signed_in(ben).post("/policies/enterprise-floor/analysis/", typed("", *WHOLE))
    assert "Every change is decided" in page.text
    assert "<html" not in page.text
    page = signed_in(ben).post(
        "/policies/enterprise-floor/analysis/", typed("", ("x", "cluster", {"risk": "high"}, ""))
    )
    assert "Rule 1: The condition on risk is not a number or a range: “high”." in page.text


def test_pages_ask_few_questions(in_force, ben, django_assert_max_num_queries):
    client = signed_in(ben)
    client.get("/policies/")
    for address in ("/policies/", "/policies/enterprise-floor/", "/policies/enterprise-floor/versions/1/"):
        with django_assert_max_num_queries(CEILING):
            assert client.get(address).status_code == 200


def test_a_hidden_clusters_policy_is_not_there(own, payments, ada):
    payments.visibility = "restricted"
    payments.save()
    assert signed_in(ada).get("/policies/payments/").status_code == 404
    assert api(ada).get("/api/v1/policies/payments/").status_code == 404


@pytest.mark.parametrize("rows", [1, [1], [{"cells": {"x": {}}}], [rule("cluster", risk={"from": 9, "to": 12})]])
def test_the_api_refuses_what_is_no_table(floor, ben, rows):
    answer = api(ben).post("/api/v1/policies/enterprise-floor/draft/", {"rows": rows}, format="json")
    assert answer.status_code == 422
    assert answer.data["next_step"]


def test_the_same_sentence_refuses_on_the_api(floor, ben):
    answer = api(ben).post("/api/v1/policies/enterprise-floor/draft/", {"rows": FLOOR[2:]}, format="json")
    assert (answer.status_code, answer.data["detail"]) == (409, "Type standard: nobody decides.")


def test_a_pipeline_analyses_and_asks(in_force, ben, ada):
    asked = api(ada).post(
        "/api/v1/policies/enterprise-floor/evaluation/", {"facts": {"type": "normal", "risk": 5}}, format="json"
    )
    assert asked.status_code == 200, asked.data
    assert (asked.data["outcome"]["board"], asked.data["outcome"]["roles"]) == ("enterprise", ["security"])
    assert asked.data["versions"] == ["Enterprise floor, version 1"]
    wrong = api(ada).post("/api/v1/policies/enterprise-floor/evaluation/", {"facts": {"type": "odd"}}, format="json")
    assert wrong.status_code == 422
    found = api(ben).post(
        "/api/v1/policies/enterprise-floor/analysis/", {"rows": [rule("cluster", type=STANDARD)]}, format="json"
    )
    assert [one["kind"] for one in found.data["findings"]] == ["gap"]
    assert found.data["findings"][0]["facts"] == {"type": "normal"}


def test_a_version_is_enabled_by_the_api(floor, ben, admin):
    saved = api(ben).post("/api/v1/policies/enterprise-floor/draft/", {"rows": FLOOR}, format="json")
    assert saved.status_code == 201, saved.data
    body = {"version": 1, "digest": saved.data["digest"]}
    assert api(ben).post("/api/v1/policies/enterprise-floor/enablement/", body, format="json").status_code == 403
    assert api(admin).post("/api/v1/policies/enterprise-floor/enablement/", body, format="json").status_code == 200
    assert Policy.objects.get().versions.get().state == "enabled"
