"""The category of a change: written through page and API, material, a fact for policies, taken in by imports."""

import pytest
from django.db import IntegrityError, transaction

from apps.cab.actions import change_models, proposing
from apps.cab.models import Change, ChangeCategory
from apps.cab.queries.ways import facts_of
from apps.cab.rules.change_models import machine_moves
from apps.cab.rules.facts import CATEGORIES, COLUMNS
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in

pytestmark = pytest.mark.django_db


def test_the_rules_know_the_categories_of_the_database():
    assert list(CATEGORIES) == ChangeCategory.values
    assert next(one for one in COLUMNS if one.name == "category").vocabulary == CATEGORIES


def test_the_database_takes_no_other(draft):
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=draft.pk).update(category="weather")


def test_another_category_is_another_change(draft, ada):
    before = draft.revisions.get().digest
    said = proposing.content_from(draft, category="security")
    edited = proposing.edit_change(change_id=draft.pk, editor=ada, based_on=1, content=said, at=NOON)
    last = edited.revisions.get(number=2)
    assert last.is_material
    assert last.digest != before


def test_a_change_without_one_keeps_the_hash_it_had_before_there_were_any(draft):
    assert "category" not in draft.revisions.get().content


def test_policies_read_it_and_know_when_nobody_said(draft, ada, payments, ledger):
    said = content(payments, ledger, category="database")
    change = proposing.propose_change(requester=ada, content=said, at=NOON)
    assert facts_of(change, at=NOON)["category"] == "database"
    assert facts_of(draft, at=NOON)["category"] is None


def test_page_and_api_write_and_narrow_by_it(draft, ada, payments):
    client = signed_in(ada)
    assert "business service" in client.get("/changes/new/").text
    body = {"title": "A cable", "cluster": "payments", "category": "network"}
    made = client.post("/api/v1/changes/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["category"] == "network"
    refused = client.post("/api/v1/changes/", body | {"category": "weather"}, content_type="application/json")
    assert refused.status_code == 422
    assert "category" in refused.json()["errors"]
    assert "network" in client.get(f"/changes/{made.json()['reference']}/").text
    assert client.get("/api/v1/changes/?category=network&state=draft").json()["results"][0]["title"] == "A cable"
    shown = client.get("/changes/?category=network").text
    assert "A cable" in shown
    assert draft.title not in shown


def test_a_category_gets_a_model_through_page_and_api(ben, admin):
    chair = signed_in(ben)
    assert "?category=database" in chair.get("/models/").text
    assert "normal database changes" in chair.get("/models/normal/draft/?category=database").text
    assert chair.get("/models/normal/draft/?category=weather").status_code == 404
    page = chair.post("/models/normal/draft/?category=database", {"move": list(machine_moves()), "note": ""}).url
    assert "Normal database changes, version 1" in chair.get(page).text
    assert "Normal database" in chair.get("/models/").text
    body = {"type": "normal", "category": "network", "moves": machine_moves()}
    made = chair.post("/api/v1/models/", body, content_type="application/json")
    assert (made.status_code, made.json()["category"]) == (201, "network")
    (found,) = chair.get("/api/v1/models/?category=database").json()["results"]
    change_models.publish_model(model_id=found["id"], publisher=admin, version=1, at=NOON)
    assert "Every running normal database change" in chair.get(page).text
