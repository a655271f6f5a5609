"""Conflicts over the API: the same rows, the same refusals."""

from datetime import timedelta

import pytest

from apps.accounts.rules import Role
from apps.cab.models import Conflict
from apps.journal.actions import deliver_due
from tests.cab.test_conflicts import EVENING, planned
from tests.conftest import NOON, make_person


@pytest.fixture
def pair(submitted, payments, ledger) -> Conflict:
    planned(make_person("eve", Role.REQUESTER), payments, ledger, **EVENING)
    while deliver_due(at=NOON + timedelta(minutes=1)):
        pass
    return Conflict.objects.get()


def test_a_change_tells_its_conflicts_and_the_list_filters(pair, api, ben):
    client = api(ben)
    (one,) = client.get(f"/api/v1/changes/{pair.other.reference}/conflicts/").json()["results"]
    assert (one["change"], one["other"], one["kind"]) == (pair.change.reference, pair.other.reference, "same_component")
    assert one["next_step"]
    assert len(client.get("/api/v1/conflicts/?state=open").json()["results"]) == 1
    assert client.get("/api/v1/conflicts/?state=resolved").json()["results"] == []


def test_accepting_is_done_once_by_its_key(pair, api, ben):
    client, address = api(ben), f"/api/v1/conflicts/{pair.pk}/acceptance/"
    first = client.post(address, {"reason": "Agreed."}, format="json", headers={"Idempotency-Key": "one"})
    again = client.post(address, {"reason": "Agreed."}, format="json", headers={"Idempotency-Key": "one"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "accepted"


@pytest.mark.parametrize(("who", "status"), [("ada", 403), ("stranger", 200), ("auditor", 403)])
def test_who_may_accept(pair, api, request, who, status):
    person = request.getfixturevalue(who)
    answer = api(person).post(
        f"/api/v1/conflicts/{pair.pk}/acceptance/",
        {"reason": "Agreed."},
        format="json",
        headers={"Idempotency-Key": who},
    )
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["detail"]


def test_the_blockers_of_the_change_name_it(pair, api, ada):
    found = api(ada).get(f"/api/v1/changes/{pair.change.reference}/").json()["blockers"]
    assert [one["code"] for one in found] == ["conflict"]
