"""Who a bearer token proves, and what a wrong one is told."""

import logging
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.settings import api_settings

from apps.accounts import actions
from apps.accounts.models import ApiKey
from apps.accounts.rules import Scope
from tests.accounts.conftest import caller, token_for


def ask(token: str):
    return Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/me/")


def test_a_key_speaks_for_its_owner(ada):
    answer = ask(token_for(ada))
    assert (answer.status_code, answer.json()["handle"]) == (200, "ada")


def test_a_call_without_a_key_is_asked_for_one(db):
    answer = Client().get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="concordat"'
    assert answer["Content-Type"] == "application/problem+json"
    assert "API key" in answer.json()["next_step"]


@pytest.mark.parametrize(
    "spoil", ["cdt", "cdt_", "cdt__", "gho_abc_def", "cdt_nosuchprefix_secret", "Ünïcode", "\0", ""]
)
def test_a_malformed_or_unknown_key_is_one_and_the_same_answer(db, spoil):
    answer = ask(spoil)
    assert (answer.status_code, answer.json()["detail"]) == (401, "This API key is not known here.")


def test_the_right_prefix_with_another_secret_is_unknown(ada):
    brand, prefix, secret = token_for(ada).split("_", 2)
    answer = ask(f"{brand}_{prefix}_{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}")
    assert (answer.status_code, answer.json()["detail"]) == (401, "This API key is not known here.")


def test_a_revoked_key_says_so(ada, noon):
    token = token_for(ada)
    actions.revoke_api_key(key_id=ApiKey.objects.get().pk, revoker=ada, at=noon)
    assert ask(token).json()["detail"] == "This API key was revoked."


def test_an_expired_key_says_when_it_ended(ada):
    token = token_for(ada)
    ended = timezone.now() - timedelta(seconds=1)
    ApiKey.objects.update(created_at=ended - timedelta(days=1), expires_at=ended)
    answer = ask(token)
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("This API key expired on ")


def test_the_key_of_someone_who_left_opens_nothing(ada):
    token = token_for(ada)
    ada.is_active = False
    ada.save()
    assert ask(token).json()["detail"] == "The owner of this API key is no longer active."


def test_the_last_use_is_written_at_most_once_a_minute(ada):
    token = token_for(ada)
    ask(token)
    first = ApiKey.objects.get().last_used_at
    ask(token)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    ask(token)
    assert ApiKey.objects.get().last_used_at > first


def test_another_scheme_is_left_to_the_session(ada):
    client = Client(headers={"authorization": "Basic YWRhOng="})
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/me/").json()["handle"] == "ada"


def test_no_secret_reaches_table_or_log(ada, caplog):
    with caplog.at_level(logging.DEBUG):
        token = token_for(ada)
        ask(token)
    secret = token.split("_", 2)[2]
    assert secret not in caplog.text
    assert secret not in str(ApiKey.objects.values().get())


def test_a_key_that_may_only_write_cannot_read(ada):
    answer = caller(ada, Scope.CHANGES).get("/api/v1/people/")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_no_key_makes_keys(ada):
    answer = caller(ada, *Scope).post("/api/v1/api-keys/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_by_key")


def test_an_auditor_writes_nothing_over_the_api(auditor):
    client = Client()
    client.force_login(auditor, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/v1/api-keys/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (403, "Auditors read everything and change nothing.")


def test_a_session_writes_only_with_its_csrf_token(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/api/v1/api-keys/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_too_many_wrong_keys_from_one_address_are_refused_unread_and_told_when_to_come_back(ada, monkeypatch):
    cache.clear()
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "wrong_key", "3/hour")
    token = token_for(ada)
    assert [ask("cdt_nosuchkey_x").status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = ask(token)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 1 <= int(refused["Retry-After"]) <= 3601
    assert refused.json()["detail"].startswith("Too many wrong API keys came from your address.")
    elsewhere = Client(REMOTE_ADDR="192.0.2.7", headers={"authorization": f"Bearer {token}"})
    assert elsewhere.get("/api/v1/me/").status_code == 200
    cache.clear()


def test_right_keys_are_not_counted_as_wrong(ada, monkeypatch):
    cache.clear()
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "wrong_key", "1/hour")
    token = token_for(ada)
    assert [ask(token).status_code for _ in range(3)] == [200, 200, 200]


def test_without_redis_a_wrong_key_is_still_only_wrong(ada, settings, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "wrong_key", "1/hour")
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert [ask("cdt_nosuchkey_x").status_code for _ in range(3)] == [401, 401, 401]
    assert ask(token_for(ada)).status_code == 200
