"""The API of changes, boards and votes, as a pipeline calls it."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.rules import Role
from apps.cab.actions import boards, rounds
from apps.cab.models import Ballot, Change, Choice
from apps.clusters.models import Visibility
from tests.conftest import NOON, make_person, version_in

BODY = {
    "title": "Rotate the signing keys",
    "cluster": "payments",
    "components": ["payments/ledger"],
    "purpose": "The old keys expire.",
    "implementation_plan": "1. Publish. 2. Switch.",
    "test_plan": "Verify on staging.",
    "backout_plan": "Switch back.",
    "window_start": "2026-03-10T22:00",
    "window_end": "2026-03-10T23:30",
    "window_zone": "Europe/Berlin",
}


def api(person) -> APIClient:
    client = APIClient()
    client.force_authenticate(person)
    return client


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    """The doors read the clock; the stage's clock stands at noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def test_a_change_is_proposed_submitted_assessed_handed_over_and_decided(ada, ben, cleo, payments, ledger, board):
    made = api(ada).post("/api/v1/changes/", BODY)
    assert made.status_code == 201, made.data
    address = f"/api/v1/changes/{made.data['reference']}"
    assert version_in(made) == "1"
    assert api(ada).post(f"{address}/submission/").data["state"] == "submitted"
    assert api(ben).post(f"{address}/assessment/").data["state"] == "assessing"
    opened = api(ben).post(f"{address}/handover/")
    assert (opened.status_code, opened.data["board"]) == (201, "enterprise")
    for voter in (cleo, ben):
        cast = api(voter).post(f"{address}/votes/", {"choice": "approve", "revision": 1})
        assert cast.status_code == 201, cast.data
    found = api(ada).get(f"{address}/").data
    assert (found["state"], found["current_round"]["verdict"]) == ("scheduled", "approved")
    assert [one["event"] for one in api(ada).get(f"{address}/timeline/").data["results"]][0] == "cab.ChangeScheduled"


def test_the_same_sentence_refuses_on_the_api(waiting, ada):
    answer = api(ada).post(f"/api/v1/changes/{waiting.reference}/votes/", {"choice": "approve", "revision": 1})
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.data["detail"] == "You cannot vote on your own change: you wrote it or will carry it out."
    assert answer.data["code"] == "own_change"
    assert answer.data["next_step"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"choice": "approve"}, "revision"),
        ({"choice": "perhaps", "revision": 1}, "choice"),
        ({"choice": "approve", "revision": "x"}, "revision"),
        ({"choice": "approve", "revision": 1, "choise": "reject"}, "choise"),
        ({"choice": "approve_with_conditions", "revision": 1}, "conditions"),
        ({"choice": "approve", "revision": 1, "seat_of": "nobody"}, "seat_of"),
    ],
)
def test_a_ballot_that_misses_the_schema_names_the_field_and_writes_nothing(waiting, cleo, body, field):
    answer = api(cleo).post(f"/api/v1/changes/{waiting.reference}/votes/", body)
    assert answer.status_code == 422
    assert field in answer.data["errors"]
    assert not Ballot.objects.exists()


def test_a_vote_with_an_idempotency_key_is_cast_once_and_replayed(waiting, cleo):
    client, key = api(cleo), {"HTTP_IDEMPOTENCY_KEY": "vote-1"}
    body = {"choice": "approve", "revision": 1}
    first = client.post(f"/api/v1/changes/{waiting.reference}/votes/", body, **key)
    again = client.post(f"/api/v1/changes/{waiting.reference}/votes/", body, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert Ballot.objects.count() == 1


def test_an_edit_needs_the_version_it_saw(draft, ada):
    address = f"/api/v1/changes/{draft.reference}/"
    assert api(ada).patch(address, {"title": "New"}).status_code == 428
    assert api(ada).patch(address, {"title": "New"}, HTTP_IF_MATCH='"7"').status_code == 412
    edited = api(ada).patch(address, {"title": "New"}, HTTP_IF_MATCH='"1"')
    assert (edited.status_code, edited.data["title"], version_in(edited)) == (200, "New", "2")


def test_an_edit_is_previewed(waiting, ada):
    answer = api(ada).post(f"/api/v1/changes/{waiting.reference}/edit-preview/", {"test_plan": "More."})
    assert answer.data["is_material"] is True
    assert "ballots cast so far become invalid" in answer.data["sentence"]
    assert Change.objects.get(pk=waiting.pk).revision == 1


def test_two_revisions_are_compared(draft, ada):
    api(ada).patch(f"/api/v1/changes/{draft.reference}/", {"title": "New"}, HTTP_IF_MATCH='"1"')
    answer = api(ada).get(f"/api/v1/changes/{draft.reference}/diff/", {"older": 1, "newer": 2})
    assert [one["field"] for one in answer.data["changes"]] == ["title"]
    assert api(ada).get(f"/api/v1/changes/{draft.reference}/diff/", {"older": 1, "newer": 9}).status_code == 404


def test_a_change_of_a_restricted_cluster_does_not_exist_for_others(waiting, payments, ada, auditor):
    eve = make_person("eve", Role.REQUESTER, Role.BOARD_MEMBER)
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    address = f"/api/v1/changes/{waiting.reference}/"
    assert api(eve).get(address).status_code == 404
    assert api(eve).post(f"{address}votes/", {"choice": "approve", "revision": 1}).status_code == 404
    assert api(eve).get("/api/v1/changes/").data["results"] == []
    assert api(ada).get(address).status_code == 200
    assert api(auditor).get(address).status_code == 200


def test_an_auditor_reads_and_writes_nothing(waiting, auditor):
    assert api(auditor).get("/api/v1/changes/").status_code == 200
    answer = api(auditor).post(f"/api/v1/changes/{waiting.reference}/hold/", {"reason": "x"})
    assert (answer.status_code, answer.data["detail"]) == (403, "Auditors read everything and change nothing.")


def test_hidden_ballots_stay_hidden_on_the_api(waiting, ben, cleo, dan):
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.REJECT, reason="No.", revision=1, at=NOON)
    assert api(dan).get(f"/api/v1/changes/{waiting.reference}/votes/").data["results"] == []
    assert len(api(cleo).get(f"/api/v1/changes/{waiting.reference}/votes/").data["results"]) == 1


def test_the_queue_holds_what_waits_for_the_caller(waiting, ben, cleo, dan, ada, board):
    assert [one["reference"] for one in api(cleo).get("/api/v1/queue/").data["results"]] == [waiting.reference]
    assert api(ada).get("/api/v1/queue/").data["results"] == []
    boards.delegate_vote(board_id=board.pk, giver=dan, taker=ben, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    rounds.cast_vote(change_id=waiting.pk, voter=ben, choice=Choice.ABSTAIN, revision=1, at=NOON)
    assert len(api(ben).get("/api/v1/queue/").data["results"]) == 1  # Dan's seat is still his to use


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=signing", 1),
        ("q=zebra", 0),
        ("state=awaiting_authorization", 1),
        ("state=closed", 0),
        ("cluster=payments", 1),
        ("risk=5", 0),
        ("board=enterprise", 1),
        ("open=true", 1),
        ("requester=ada", 1),
        ("failed=true", 0),
    ],
)
def test_the_list_is_filtered(waiting, ben, query, found):
    assert len(api(ben).get(f"/api/v1/changes/?{query}").data["results"]) == found


@pytest.mark.parametrize("query", ["state=sideways", "risk=9", "after=%00", "limit=1000", "cluster=none"])
def test_a_filter_that_means_nothing_is_refused(ben, query):
    assert api(ben).get(f"/api/v1/changes/?{query}").status_code == 422


def test_lists_page_by_key_and_ask_a_fixed_number_of_questions(
    ada, ben, payments, ledger, django_assert_max_num_queries
):
    for number in range(12):
        api(ada).post("/api/v1/changes/", BODY | {"title": f"Change {number}"})
    first = api(ada).get("/api/v1/changes/?limit=5").data
    with django_assert_max_num_queries(6):
        second = api(ada).get(first["next"]).data
    third = api(ada).get(second["next"]).data
    titles = [one["title"] for page in (first, second, third) for one in page["results"]]
    assert titles == [f"Change {n}" for n in reversed(range(12))]
    assert third["next"] is None
    assert [one["title"] for one in api(ada).get(third["previous"]).data["results"]] == [
        one["title"] for one in second["results"]
    ]


def test_boards_are_read_and_their_rules_changed(board, ben, dan):
    answer = api(ben).get("/api/v1/boards/enterprise/")
    assert (answer.data["quorum_count"], version_in(answer)) == (2, "1")
    changed = api(ben).patch("/api/v1/boards/enterprise/", {"quorum_count": 3}, HTTP_IF_MATCH='"1"')
    assert changed.data["quorum_count"] == 3
    assert api(dan).patch("/api/v1/boards/enterprise/", {"quorum_count": 1}, HTTP_IF_MATCH='"2"').status_code == 403


def test_delegation_over_the_api_refuses_circles(board, ben, cleo):
    days = {"first_day": "2026-03-02", "last_day": "2026-03-05"}
    assert api(ben).post("/api/v1/boards/enterprise/delegations/", {"to_person": "cleo", **days}).status_code == 201
    answer = api(cleo).post("/api/v1/boards/enterprise/delegations/", {"to_person": "ben", **days})
    assert (answer.status_code, answer.data["code"]) == (409, "delegation_circle")


@pytest.mark.parametrize(
    "path",
    ["changes/CHG-999999/", "changes/nonsense/", "boards/none/", "votes/1/", "reviews/9/", f"changes/CHG-{9**30}/"],
)
def test_unknown_ids_are_not_found_in_a_sentence(ben, path):
    answer = api(ben).get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_a_file_goes_up_and_comes_down_to_be_saved(draft, ada, settings, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.MEDIA_ROOT = tmp_path
    upload = SimpleUploadedFile("plan.txt", b"steps")
    made = api(ada).post(f"/api/v1/changes/{draft.reference}/files/", {"file": upload}, format="multipart")
    assert made.status_code == 201, made.data
    got = api(ada).get(f"/api/v1/changes/{draft.reference}/files/{made.data['id']}/")
    assert b"".join(got.streaming_content) == b"steps"
    assert got["Content-Disposition"] == 'attachment; filename="plan.txt"'
