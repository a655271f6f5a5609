"""One effect per Idempotency-Key."""

import threading
from datetime import timedelta

import pytest
from django.db import DataError, connection
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import ApiKey, IdempotentAnswer
from apps.accounts.rules import Role
from apps.accounts.tasks import forget_old_answers
from apps.journal.models import Entry
from tests.conftest import make_person, signed_in

URL = "/api/v1/api-keys/"


def body(name: str = "pipeline") -> dict:
    return {"name": name, "scopes": ["read"], "expires_at": (timezone.now() + timedelta(days=3)).isoformat()}


def post(client: Client, data: object, key: str = "k-1"):
    return client.post(URL, data, content_type="application/json", headers={"idempotency-key": key})


def test_a_repetition_gets_the_first_answer_and_no_second_effect(ada):
    client, data = signed_in(ada), body()
    first, second = post(client, data), post(client, data)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert second.json()["api_key"] == first.json()["api_key"]
    assert ApiKey.objects.count() == 1


def test_a_secret_shown_once_is_not_kept_for_replays(ada):
    client, data = signed_in(ada), body()
    token = post(client, data).json()["token"]
    assert post(client, data).json()["token"] is None
    assert token.split("_", 2)[2] not in IdempotentAnswer.objects.get().body


def test_the_same_key_for_another_call_is_refused(ada):
    client = signed_in(ada)
    post(client, body("one"))
    answer = post(client, body("two"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert ApiKey.objects.count() == 1


def test_two_people_may_use_the_same_key(ada, ben):
    data = body()
    assert post(signed_in(ada), data).status_code == post(signed_in(ben), data).status_code == 201
    assert ApiKey.objects.count() == 2


def test_a_refusal_is_kept_and_replayed_and_nothing_else_is_written(ada):
    client, data = signed_in(ada), body() | {"expires_at": "2001-01-01T00:00:00Z"}
    first, second = post(client, data), post(client, data)
    assert (first.status_code, second.status_code) == (422, 422)
    assert second["Idempotent-Replayed"] == "true"
    assert second["Content-Type"] == "application/problem+json"
    assert second.json() == first.json()
    assert (ApiKey.objects.count(), Entry.objects.count()) == (0, 0)


def test_a_bug_keeps_nothing_so_that_the_call_may_be_tried_again(ada, monkeypatch):
    client, data = signed_in(ada), body()
    with monkeypatch.context() as broken:
        broken.setattr("apps.accounts.actions.keys.secrets.token_hex", lambda _: "x" * 99)  # wider than its column
        with pytest.raises(DataError):
            post(client, data)
    assert not IdempotentAnswer.objects.exists()
    assert post(client, data).status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "umläut", "tab\t"])
def test_a_key_that_is_none_is_refused(ada, key):
    answer = post(signed_in(ada), body(), key)
    assert (answer.status_code, "Idempotency-Key" in answer.json()["errors"]) == (422, True)


def test_a_body_that_is_no_json_claims_nothing(ada):
    answer = post(signed_in(ada), "{")
    assert (answer.status_code, IdempotentAnswer.objects.count()) == (400, 0)


@pytest.mark.django_db(transaction=True)
def test_repetitions_at_the_same_moment_wait_for_the_first():
    ada = make_person("ada", Role.REQUESTER)
    data, answers, gate = body(), [], threading.Barrier(8)

    def call() -> None:
        client = signed_in(ada)
        gate.wait()
        answers.append(post(client, data))
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 8
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert ApiKey.objects.count() == 1


def test_a_claim_outside_a_transaction_is_a_bug(transactional_db):
    with pytest.raises(RuntimeError):
        actions.claim_answer(person=make_person("ada"), key="k", fingerprint="f")


def test_answers_are_forgotten_after_a_day_and_the_job_runs_once_an_hour(ada):
    client = signed_in(ada)
    post(client, body(), "old")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    post(client, body(), "new")
    assert forget_old_answers() == 1
    assert list(IdempotentAnswer.objects.values_list("key", flat=True)) == ["new"]
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert forget_old_answers() == 0
