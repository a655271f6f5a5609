"""Several changes put on hold with one reason: all of them, each in the journal, or none."""

import re

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import flow, proposing
from apps.cab.actions.holding import MOST_AT_ONCE, hold_changes
from apps.cab.models import Change
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, WrongState
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(ada, payments, ledger) -> list[Change]:
    made = [proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON) for _ in range(3)]
    return [flow.submit_change(change_id=one.pk, submitter=ada, at=NOON) for one in made]


def held() -> int:
    return Change.objects.filter(on_hold=True).count()


def test_all_are_held_each_with_its_entry(three, ada):
    hold_changes(change_ids=[one.pk for one in three], person=ada, reason="An audit.", at=NOON)
    assert held() == 3
    assert [one.data["reason"] for one in Entry.objects.filter(event="cab.ChangeHeld")] == ["An audit."] * 3


def test_one_that_cannot_be_held_keeps_the_others_as_they_are_and_is_named(three, ada):
    flow.hold_change(change_id=three[1].pk, person=ada, reason="Before.", at=NOON)
    with pytest.raises(WrongState, match=f"None was put on hold. {three[1].reference}: It is on hold already"):
        hold_changes(change_ids=[one.pk for one in three], person=ada, reason="An audit.", at=NOON)
    assert held() == 1


def test_who_may_hold_none_of_them_holds_none(three):
    nell = make_person("nell", Role.REQUESTER)
    with pytest.raises(WrongState, match="None was put on hold"):
        hold_changes(change_ids=[three[0].pk], person=nell, reason="An audit.", at=NOON)
    assert held() == 0


@pytest.mark.parametrize("ids", [[], range(1, MOST_AT_ONCE + 2)])
def test_none_and_too_many_are_refused(ada, ids):
    with pytest.raises(Invalid, match="Choose 1 to 100"):
        hold_changes(change_ids=ids, person=ada, reason="An audit.", at=NOON)


def test_a_reason_is_asked_once(three, ada):
    with pytest.raises(Invalid, match="Say why"):
        hold_changes(change_ids=[one.pk for one in three], person=ada, reason=" ", at=NOON)
    assert held() == 0


def test_the_list_offers_boxes_and_comes_back_as_it_was(three, ada, auditor):
    client = signed_in(ada)
    assert "Choose several" in client.get("/changes/").content.decode()
    page = client.get("/changes/?type=normal&choose=1").content.decode()
    assert page.count('name="change"') == 3
    assert 'name="query" value="type=normal"' in page
    sent = {"change": [three[0].reference, three[2].reference], "reason": "An audit.", "query": "type=normal"}
    answer = client.post("/changes/holds/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/changes/?type=normal")
    assert "2 changes put on hold" in client.get(answer["Location"]).content.decode()
    assert held() == 2
    assert "Choose several" not in signed_in(auditor).get("/changes/").content.decode()
    assert signed_in(auditor).post("/changes/holds/", sent).status_code == 403


def test_refused_the_list_stands_there_with_the_ticks_and_the_reason(three, ada):
    client = signed_in(ada)
    flow.hold_change(change_id=three[0].pk, person=ada, reason="Before.", at=NOON)
    sent = {"change": [three[0].reference, three[2].reference], "reason": "An <audit>.", "query": "type=normal"}
    refused = client.post("/changes/holds/", sent)
    page = refused.content.decode()
    assert (refused.status_code, held()) == (409, 1)
    assert "None was put on hold" in page
    assert 'value="An &lt;audit&gt;."' in page
    ticked = re.findall(r'name="change" value="(CHG-\d+)" checked', page)
    assert sorted(ticked) == sorted(sent["change"])


def test_the_notice_takes_it_back(three, ada):
    client = signed_in(ada)
    client.post("/changes/holds/", {"change": [one.reference for one in three], "reason": "An audit."})
    page = client.get("/changes/").content.decode()
    form = page.partition('class="undo"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(changes|query)" value="([^"]*)"', form))
    assert 'action="/changes/releases/"' in form
    answer = client.post("/changes/releases/", fields)
    assert (answer.status_code, held()) == (302, 0)
    again = client.post("/changes/releases/", fields)
    assert (again.status_code, "None was released" in again.content.decode()) == (409, True)


def test_the_api_holds_all_or_none(three, ada):
    client, said = signed_in(ada), {"content_type": "application/json", "headers": {"Idempotency-Key": "h1"}}
    sent = {"changes": [one.reference for one in three], "reason": "An audit."}
    answer = client.post("/api/v1/changes/holds/", sent, **said)
    assert answer.json() == {"changes": [one.reference for one in three]}
    again = client.post(
        "/api/v1/changes/holds/", sent, content_type="application/json", headers={"Idempotency-Key": "h2"}
    )
    assert again.status_code == 409
    assert held() == 3
    back = client.post(
        "/api/v1/changes/releases/",
        {"changes": sent["changes"]},
        content_type="application/json",
        headers={"Idempotency-Key": "h3"},
    )
    assert (back.status_code, back.json(), held()) == (200, {"changes": sent["changes"]}, 0)
