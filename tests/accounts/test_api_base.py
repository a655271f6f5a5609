"""What every address of the API does alike, shown on those of accounts; what etags, parsers and throttles decide."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.settings import api_settings

from apps.accounts.api import etags
from apps.accounts.api.etags import VersionNeeded
from apps.accounts.rules import Scope
from apps.kernel.refusals import StaleRevision
from tests.accounts.conftest import caller
from tests.conftest import make_person, signed_in


def test_people_list_by_key_in_order_of_handle(ada, ben, cleo):
    client = caller(ada)
    page = client.get("/api/v1/people/?limit=2").json()
    assert [row["handle"] for row in page["results"]] == ["ada", "ben"]
    rest = client.get(page["next"]).json()
    assert [row["handle"] for row in rest["results"]] == ["cleo"]
    assert rest["next"] is None


def test_people_are_found_by_part_of_handle_or_name_and_tell_no_address(ada, ben):
    answer = caller(ada).get("/api/v1/people/?search=BE").json()
    assert answer["results"] == [{"handle": "ben", "name": "Ben", "kind": "human", "is_active": True}]


def test_an_unknown_person_is_not_found(ada):
    answer = caller(ada).get("/api/v1/people/nobody/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(("address", "status"), [("/people/a%00b/", 404), ("/people/?search=%00", 422)])
def test_nul_is_no_text(ada, address, status):
    assert caller(ada).get(f"/api/v1{address}").status_code == status


def test_keys_are_listed_to_their_owner_only(ada, ben):
    caller(ben)
    names = [row["prefix"] for row in caller(ada).get("/api/v1/api-keys/").json()["results"]]
    assert names == [key.prefix for key in ada.api_keys.all()]


def test_the_key_of_another_cannot_be_revoked_or_seen(ada, ben):
    caller(ben)
    key = ben.api_keys.get()
    client = signed_in(ada)
    assert client.get(f"/api/v1/api-keys/{key.pk}/").status_code == 404
    assert client.post(f"/api/v1/api-keys/{key.pk}/revocation/").status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_key_is_made_used_and_revoked(ada):
    client = signed_in(ada)
    end = timezone.now() + timedelta(days=30)
    data = {"name": "CI", "scopes": [Scope.READ], "expires_at": end.isoformat()}
    made = client.post("/api/v1/api-keys/", data, content_type="application/json").json()
    by_key = Client(headers={"authorization": f"Bearer {made['token']}"})
    assert by_key.get("/api/v1/me/").json()["roles"] == ["requester"]
    answer = client.post(f"/api/v1/api-keys/{made['api_key']['id']}/revocation/")
    assert answer.json()["revoked_at"] is not None
    assert by_key.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "scopes": ["everything"], "expires_at": "2026-01-01T00:00:00Z"}, "scopes.0"),
        ({"name": "x", "scopes": [], "expires_at": "2026-01-01T00:00:00Z"}, "scopes"),
        ({"name": "x\0", "scopes": ["read"], "expires_at": "soon"}, "expires_at"),
        ({"name": "x", "scopes": ["read"], "expires_at": "2199-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_a_body_that_misses_the_schema_names_the_field(ada, body, field):
    answer = signed_in(ada).post("/api/v1/api-keys/", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["errors"][field]
    assert not ada.api_keys.exists()


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"{", 400), (b"\xff", 400), (b"NaN", 400), (b"[" * 100_000, 422), (b"[" * 40 + b"]" * 40, 422), (b"[]", 422)],
)
def test_a_body_that_is_no_json_object_is_refused(ada, raw, status):
    answer = signed_in(ada).post("/api/v1/api-keys/", raw, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_a_body_over_the_bound_is_refused(ada, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
    raw = json.dumps({"name": "x" * 1024**2}).encode()
    assert signed_in(ada).post("/api/v1/api-keys/", raw, content_type="application/json").status_code == 413


def test_another_content_type_is_refused(ada):
    assert signed_in(ada).post("/api/v1/api-keys/", "<a/>", content_type="application/xml").status_code == 415


@pytest.mark.parametrize(
    "door",
    ["api-keys", "clusters", "components", "interfaces", "integrations", "trust-domains", "webhooks", "policies"],
)
def test_a_field_that_there_is_not_is_named(admin, door):
    answer = signed_in(admin).post(f"/api/v1/{door}/", {"nmae": "x"}, content_type="application/json")
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"]["nmae"] == ["There is no such field."]


def asked(**headers):
    return SimpleNamespace(META=RequestFactory(headers=headers).get("/").META)


def test_an_edit_without_if_match_is_asked_for_it():
    with pytest.raises(VersionNeeded):
        etags.require_match(asked(), "3")


@pytest.mark.parametrize("header", ['"2"', '"2.3"', 'W/"3"', 'W/"3.0a"', "3", '"2", "4"', '"', '""'])
def test_an_edit_of_another_version_is_stale(header):
    with pytest.raises(StaleRevision):
        etags.require_match(asked(**{"if-match": header}), "3")


@pytest.mark.parametrize("header", ['"3"', '"3.0a"', '"2", "3"', "*"])
def test_an_edit_of_the_version_in_force_passes(header):
    etags.require_match(asked(**{"if-match": header}), "3")


def test_each_caller_has_a_rate_of_their_own_and_is_told_when_to_come_back(ada, ben, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "2/min")
    client = caller(ada)
    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/api/v1/me/")
    assert 1 <= int(refused["Retry-After"]) <= 61
    assert refused.json()["next_step"] == "Wait for the number of seconds in Retry-After."
    assert caller(ben).get("/api/v1/me/").status_code == 200
    assert signed_in(ada).get("/api/v1/me/").status_code == 200  # a person's key does not use up their browser's rate


def test_nobody_is_kept_out_because_redis_is_down(settings, db, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "1/min")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    client = caller(make_person("ada"))
    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [200, 200, 200]
    assert cache.get("anything") is None


@pytest.mark.slow
def test_the_schema_has_no_warning(db, tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_the_schema_tells_headers_refusals_and_sign_in(db):
    schema = Client().get("/api/v1/schema/?format=json", headers={"accept": "application/json"}).json()
    assert schema["openapi"] == "3.1.1"
    post = schema["paths"]["/api/v1/api-keys/"]["post"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in post["parameters"]]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "429"} <= set(post["responses"])
    assert "application/problem+json" in post["responses"]["422"]["content"]
    assert {"apiKey": []} in post["security"]
    assert {"browserSession": []} in post["security"]
