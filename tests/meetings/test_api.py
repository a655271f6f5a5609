"""The API of meetings: every act, by the same actions, with the same sentences."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions import make_api_key
from apps.accounts.rules import Scope
from apps.cab.models import Ballot
from apps.meetings.models import Meeting
from tests.conftest import signed_in
from tests.meetings.conftest import MONDAYS

pytestmark = pytest.mark.django_db
SERIES = MONDAYS | {"board": "enterprise", "start_local": "2031-05-06T14:00"}


@pytest.fixture
def call(board):
    """Calls the API as a person with a key, as pipelines do."""
    from django.test import Client

    clients = {}

    def send(person, method, path, body=None, **headers):
        if person.pk not in clients:
            now = timezone.now()
            new = make_api_key(
                owner=person, maker=person, name="k", scopes=list(Scope), expires_at=now + timedelta(days=1), at=now
            )
            clients[person.pk] = Client(headers={"authorization": f"Bearer {new.token}"})
        return getattr(clients[person.pk], method)(
            f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers
        )

    return send


@pytest.fixture
def opened(call, ben, hand_in) -> dict:
    now = timezone.now()
    hand_in(at=now)
    start = (now + timedelta(minutes=5)).replace(tzinfo=None).isoformat(timespec="minutes")
    single = {name: value for name, value in SERIES.items() if name != "rrule"}
    made = call(ben, "post", "meetings/", single | {"start_local": start, "zone": "UTC"})
    assert made.status_code == 201, made.content
    answer = call(ben, "post", f"meetings/{made.json()['id']}/session/")
    assert answer.json()["state"] == "in_session"
    return answer.json()


def test_a_series_is_planned_and_ended(call, ben):
    made = call(ben, "post", "meeting-series/", SERIES | {"start_local": "2026-01-05T14:00"})
    assert made.status_code == 201
    listed = call(ben, "get", "meetings/?board=enterprise&state=planned").json()["results"]
    assert len(listed) in {12, 13}
    assert {one["series"] for one in listed} == {made.json()["id"]}
    clash = call(ben, "post", "meeting-series/", SERIES | {"start_local": "2026-01-05T14:30"})
    assert (clash.status_code, clash.json()["code"]) == (409, "meetings_overlap")
    assert clash.json()["next_step"]
    ended = call(ben, "post", f"meeting-series/{made.json()['id']}/ending/", {"reason": "Enough."})
    assert ended.json()["ended_at"]


def test_a_series_changes_with_if_match_only(call, ben, cleo):
    made = call(ben, "post", "meeting-series/", SERIES | {"start_local": "2026-01-05T14:00"})
    address, to = f"meeting-series/{made.json()['id']}/", {"rrule": "FREQ=WEEKLY;BYDAY=TU"}
    assert call(ben, "patch", address, to).status_code == 428
    assert call(cleo, "patch", address, to, if_match=made["ETag"]).status_code == 403
    wrong = call(ben, "patch", address, {"rrule": "FREQ=SECONDLY"}, if_match=made["ETag"])
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["rrule"])
    changed = call(ben, "patch", address, to, if_match=made["ETag"])
    assert (changed.json()["rrule"], changed.json()["name"], changed.json()["version"]) == (
        *to.values(),
        MONDAYS["name"],
        2,
    )
    assert call(ben, "patch", address, to, if_match=made["ETag"]).status_code == 412
    days = {one["start_at"][:10] for one in call(ben, "get", "meetings/?state=planned").json()["results"]}
    assert {date.fromisoformat(day).weekday() for day in days} == {1}


def test_a_meeting_moves_with_if_match_only(call, ben):
    single = {name: value for name, value in SERIES.items() if name != "rrule"}
    made = call(ben, "post", "meetings/", single)
    address, to = f"meetings/{made.json()['id']}/", {"start_local": "2031-05-07T09:00", "duration_minutes": 30}
    assert call(ben, "patch", address, to).status_code == 428
    assert call(ben, "patch", address, to, if_match=made["ETag"]).json()["sequence"] == 1
    assert call(ben, "patch", address, to, if_match=made["ETag"]).status_code == 412
    assert call(ben, "post", f"{address}cancellation/", {"reason": "Snow."}).json()["state"] == "cancelled"


def test_the_same_key_joins_and_plans_once(call, ben):
    body = {name: value for name, value in SERIES.items() if name != "rrule"}
    twice = [call(ben, "post", "meetings/", body, idempotency_key="once") for _ in range(2)]
    assert twice[0].json() == twice[1].json()
    assert Meeting.objects.count() == 1


def test_a_session_from_join_to_close(call, opened, ben, cleo):
    address = f"meetings/{opened['id']}/"
    (item,) = call(ben, "get", f"{address}agenda/").json()["results"]
    ballot = {"item": item["id"], "choice": "approve", "revision": 1}
    refused = call(cleo, "post", f"{address}ballots/", ballot)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_in_room")
    assert call(cleo, "post", f"{address}attendance/").json()["capacity"] == "voter"
    assert call(cleo, "get", f"{address}presence/").json()["is_quorate"] is True
    assert call(ben, "post", f"{address}current/", {"item": item["id"]}).status_code == 200
    assert call(ben, "post", f"{address}ballots/", ballot).status_code == 201
    assert call(cleo, "post", f"{address}attendance/end/").json()["left_at"]
    left = call(cleo, "post", f"{address}ballots/", ballot)
    assert (left.status_code, left.json()["code"]) == (403, "left_room")
    assert Ballot.objects.count() == 1
    assert call(ben, "post", f"{address}current/", {"item": None}).status_code == 200
    assert call(ben, "post", f"{address}order/", {"item": item["id"], "step": "down"}).json()["position"] == 1
    deferred = call(ben, "post", f"{address}deferrals/", {"item": item["id"], "reason": "Cleo left."})
    assert deferred.json()["state"] == "deferred"
    admitted = call(ben, "post", f"{address}admissions/", {"item": item["id"], "reason": "Cleo is back."})
    assert (admitted.json()["state"], admitted.json()["ruled_by"]) == ("listed", "ben")
    note = {
        "text": "Call the bank.",
        "owner": "cleo",
        "due_on": (timezone.now() + timedelta(days=2)).date().isoformat(),
    }
    noted = call(ben, "post", f"{address}actions/", note)
    assert (noted.status_code, noted.json()["is_done"]) == (201, False)
    assert call(cleo, "post", f"{address}actions/done/", {"action": noted.json()["id"]}).json()["is_done"] is True
    assert [one["text"] for one in call(ben, "get", f"{address}actions/").json()["results"]] == ["Call the bank."]
    assert call(ben, "post", f"{address}closing/").json()["state"] == "closed"


def test_a_misspelt_field_is_named(call, ben):
    answer = call(ben, "post", "meetings/", SERIES | {"placce": "Room 3"})
    assert answer.status_code == 422
    assert "placce" in str(answer.json())


def test_the_browsers_session_may_use_it_too(board, ben):
    assert signed_in(ben).get("/api/v1/meetings/").status_code == 200


def test_the_consent_items_are_moved_and_confirmed(call, opened, ben, cleo):
    address = f"meetings/{opened['id']}/"
    call(cleo, "post", f"{address}attendance/")
    (item,) = call(ben, "get", f"{address}agenda/").json()["results"]
    assert item["is_consent"]
    early = call(cleo, "post", f"{address}consent/confirmations/", {"items": [{"item": item["id"], "revision": 1}]})
    assert (early.status_code, early.json()["code"]) == (409, "consent_not_moved")
    assert call(cleo, "post", f"{address}consent/motion/").status_code == 403
    moved = call(ben, "post", f"{address}consent/motion/")
    assert moved.json()["consent_moved_at"]
    for person in (cleo, ben):
        body = {"items": [{"item": item["id"], "revision": 1}]}
        cast = call(person, "post", f"{address}consent/confirmations/", body)
        assert (cast.status_code, len(cast.json()["ballots"])) == (201, 1), cast.content
    assert call(ben, "get", f"{address}agenda/").json()["results"][0]["state"] == "decided"
    assert Ballot.objects.count() == 2
