"""Every act of the API: invisible, not for auditors, strict about its body, refused in the action's own words."""

from datetime import timedelta

import pytest

from apps.cab.actions import flow, handing, reviews, rounds
from apps.cab.models import Change, Choice
from apps.cab.states import ChangeState
from apps.clusters.models import Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Refusal
from tests.conftest import NOON, version_in

# Address below the change → a body that fits.
ACTS = {
    "edit-preview/": {"title": "New"},
    "submission/": {},
    "assessment/": {},
    "risk/": {"risk": 5, "reason": "It is the end of the quarter."},
    "change-requests/": {"reason": "Name the person on call."},
    "handover/": {},
    "rounds/": {},
    "votes/": {"choice": "approve", "revision": 1},
    "hold/": {"reason": "The supplier is closed."},
    "release/": {},
    "cancellation/": {"reason": "No longer needed."},
    "schedule/": {},
    "implementation/": {},
    "checks/": {"question": "Was the lag measured?"},
    "check-answers/": {"check_id": 1, "answer": "It was."},
    "standard-proposals/": {"standard": "Replication", "text": "Measure.", "owner": "ben", "due_on": "2026-04-01"},
    "first-implementation/": {"reason": "It burns."},
    "freeze-exceptions/": {"freeze_id": 1, "reason": "The keys expire in it."},
    "outcome/": {"outcome": "successful"},
    "review-opening/": {},
    "review/": {"expected": "Nobody notices.", "happened": "Nobody noticed."},
    "conditions/1/evidence/": {"evidence": "The mail of Monday."},
    "conditions/1/confirmation/": {},
    "conditions/1/waiver/": {"reason": "It no longer applies."},
}
READS = ("", "votes/", "rounds/", "conditions/", "revisions/", "revisions/1/", "timeline/", "files/", "files/1/")


def address(change, act=""):
    return f"/api/v1/changes/{change.reference}/{act}"


@pytest.mark.parametrize("act", ACTS)
def test_what_a_person_may_not_see_they_cannot_act_on(waiting, payments, stranger, api, act):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    answer = api(stranger).post(address(waiting, act), ACTS[act])
    assert answer.status_code == 404
    assert answer.data["detail"] == f"There is no change {waiting.reference} that you may see."


@pytest.mark.parametrize("act", READS)
def test_what_a_person_may_not_see_they_cannot_read_in_any_part(waiting, payments, stranger, api, act):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert api(stranger).get(address(waiting, act)).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_an_auditor_writes_nothing(waiting, auditor, api, act):
    entries = Entry.objects.count()
    answer = api(auditor).post(address(waiting, act), ACTS[act])
    assert (answer.status_code, answer.data["detail"]) == (403, "Auditors read everything and change nothing.")
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_without_signing_in(waiting, act):
    from rest_framework.test import APIClient

    assert APIClient().post(address(waiting, act), ACTS[act]).status_code == 401
    assert APIClient().get(address(waiting)).status_code == 401


@pytest.mark.parametrize("act", [act for act, body in ACTS.items() if body and "conditions" not in act])
def test_a_body_with_an_unknown_field_is_refused_by_name(waiting, ben, api, act):
    entries = Entry.objects.count()
    answer = api(ben).post(address(waiting, act), ACTS[act] | {"surprise": 1})
    assert (answer.status_code, answer.data["errors"]) == (422, {"surprise": ["There is no such field."]})
    assert Entry.objects.count() == entries


@pytest.mark.parametrize(
    ("act", "missing"),
    [(act, name) for act, body in ACTS.items() for name in body if act != "edit-preview/" and "conditions" not in act],
)
def test_a_body_that_lacks_a_field_is_refused_by_name(waiting, ben, api, act, missing):
    body = {name: value for name, value in ACTS[act].items() if name != missing}
    answer = api(ben).post(address(waiting, act), body)
    assert (answer.status_code, list(answer.data["errors"])) == (422, [missing])


@pytest.mark.parametrize("body", ["[]", '"approve"', "1", "null", "{", '{"choice": NaN}', '{"\\ud800": 1}'])
def test_a_body_that_is_no_object_is_refused(waiting, cleo, api, body):
    answer = api(cleo).post(address(waiting, "votes/"), data=body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


def test_half_a_character_is_no_text(waiting, cleo, api):
    answer = api(cleo).post(
        address(waiting, "votes/"), data='{"choice": "\\ud800", "revision": 1}', content_type="application/json"
    )
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


REFUSED = {
    "submission/": lambda change, ben: flow.submit_change(change_id=change.pk, submitter=ben, at=NOON),
    "assessment/": lambda change, ben: flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON),
    "risk/": lambda change, ben: flow.raise_risk(change_id=change.pk, assessor=ben, to=5, reason="x", at=NOON),
    "change-requests/": lambda change, ben: flow.request_changes(
        change_id=change.pk, assessor=ben, reason="x", at=NOON
    ),
    "handover/": lambda change, ben: flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON),
    "rounds/": lambda change, ben: handing.open_round(
        change_id=change.pk, board=change.rounds.get().board, opener=ben, at=NOON
    ),
    "release/": lambda change, ben: flow.release_change(change_id=change.pk, person=ben, at=NOON),
    "cancellation/": lambda change, ben: flow.cancel_change(change_id=change.pk, person=ben, reason="x", at=NOON),
    "schedule/": lambda change, ben: flow.schedule_change(change_id=change.pk, scheduler=ben, at=NOON),
    "implementation/": lambda change, ben: flow.start_implementation(change_id=change.pk, implementer=ben, at=NOON),
    "outcome/": lambda change, ben: flow.finish_implementation(
        change_id=change.pk, implementer=ben, outcome="successful", at=NOON
    ),
    "review-opening/": lambda change, ben: reviews.begin_review(change_id=change.pk, reviewer=ben, at=NOON),
    "review/": lambda change, ben: reviews.complete_review(
        change_id=change.pk, reviewer=ben, expected="x", happened="y", learned="", at=NOON
    ),
}


@pytest.mark.parametrize("act", REFUSED)
def test_a_refusal_says_the_same_on_the_api_as_in_the_action(waiting, ben, api, act):
    with pytest.raises(Refusal) as refused:
        REFUSED[act](waiting, ben)
    answer = api(ben).post(address(waiting, act), ACTS[act])
    assert (answer.status_code, answer.data["code"]) == (refused.value.status, refused.value.code)
    assert (answer.data["detail"], answer.data["next_step"]) == (refused.value.sentence, refused.value.next_step)


def test_a_change_goes_from_authorized_to_closed(waiting, ben, cleo, ada, api):
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=NOON)
    edited = api(ada).patch(address(waiting), {"title": "Clearer"}, HTTP_IF_MATCH='"1"')
    assert (edited.data["state"], edited.data["revision"]) == ("scheduled", 2)
    Change.objects.filter(pk=waiting.pk).update(implementer=ada)
    assert api(ada).post(address(waiting, "implementation/")).data["state"] == "implementing"
    done = api(ada).post(address(waiting, "outcome/"), {"outcome": "successful_with_issues"})
    assert (done.data["state"], done.data["outcome"]) == ("implemented", "successful_with_issues")
    assert [one["change"] for one in api(ben).get("/api/v1/reviews/").data["results"]] == [waiting.reference]
    assert api(ada).post(address(waiting, "review-opening/")).data["state"] == "in_review"
    assert api(ada).post(address(waiting, "review/"), ACTS["review/"]).data["state"] == "closed"


def test_it_is_held_and_released_sent_back_and_cancelled(assessing, ben, ada, api):
    assert api(ben).post(address(assessing, "hold/"), ACTS["hold/"]).data["on_hold"] is True
    assert api(ben).get("/api/v1/changes/?on_hold=true").data["results"][0]["reference"] == assessing.reference
    assert api(ben).post(address(assessing, "release/")).data["on_hold"] is False
    raised = api(ben).post(address(assessing, "risk/"), ACTS["risk/"])
    assert (raised.data["risk"], raised.data["risk_reason"]) == (5, "It is the end of the quarter.")
    sent = api(ben).post(address(assessing, "change-requests/"), ACTS["change-requests/"])
    assert sent.data["state"] == "changes_requested"
    gone = api(ada).post(address(assessing, "cancellation/"), ACTS["cancellation/"])
    assert (gone.data["state"], gone.data["outcome"]) == ("cancelled", "not_implemented")


def test_another_round_opens_after_one_that_lapsed(waiting, ben, api):
    rounds.close_overdue_round(round_id=waiting.rounds.get().pk, at=NOON + timedelta(hours=72))
    opened = api(ben).post(address(waiting, "rounds/"))
    assert (opened.status_code, opened.data["number"], opened.data["verdict"]) == (201, 2, None)
    assert [one["number"] for one in api(ben).get(address(waiting, "rounds/")).data["results"]] == [2, 1]


def test_a_condition_is_met_with_evidence_or_waived(waiting, ben, cleo, ada, api):
    body = {"choice": "approve_with_conditions", "revision": 1, "conditions": ["Tell the call centre.", "Print it."]}
    assert api(cleo).post(address(waiting, "votes/"), body).status_code == 201
    assert api(ben).get(address(waiting, "conditions/")).data["results"] == []  # they would tell how Cleo voted
    first, second = (one["id"] for one in api(cleo).get(address(waiting, "conditions/")).data["results"])
    api(ben).post(address(waiting, "votes/"), {"choice": "approve", "revision": 1})
    assert len(api(ben).get(address(waiting, "conditions/")).data["results"]) == 2
    early = api(cleo).post(address(waiting, f"conditions/{first}/confirmation/"))
    assert (early.status_code, early.data["detail"]) == (409, "There is no evidence yet.")
    api(ada).post(address(waiting, f"conditions/{first}/evidence/"), {"evidence": "The mail of Monday."})
    assert api(cleo).post(address(waiting, f"conditions/{first}/confirmation/")).data["state"] == "met"
    refused = api(cleo).post(address(waiting, f"conditions/{second}/waiver/"), {"reason": "Too dear."})
    assert (refused.status_code, refused.data["detail"]) == (403, "Only the chair waives a condition.")
    assert api(ben).post(address(waiting, f"conditions/{second}/waiver/"), {"reason": "Too dear."}).status_code == 200
    assert api(ada).get(address(waiting)).data["state"] == ChangeState.SCHEDULED


def test_a_condition_of_another_change_is_not_found_here(waiting, draft, ben, cleo, ada, payments, ledger, api):
    from apps.cab.actions import proposing
    from tests.cab.conftest import content

    rounds.cast_vote(
        change_id=waiting.pk,
        voter=cleo,
        choice=Choice.APPROVE_WITH_CONDITIONS,
        conditions=["Tell them."],
        revision=1,
        at=NOON,
    )
    other = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    condition = waiting.conditions.get()
    answer = api(ada).post(address(other, f"conditions/{condition.pk}/evidence/"), {"evidence": "x"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("act", "body"), [("evidence/", {"evidence": "x"}), ("confirmation/", {}), ("waiver/", {"reason": "x"})]
)
def test_a_condition_of_a_hidden_ballot_is_not_found_by_guessing_its_number(waiting, ada, ben, cleo, api, act, body):
    rounds.cast_vote(
        change_id=waiting.pk,
        voter=cleo,
        choice=Choice.APPROVE_WITH_CONDITIONS,
        conditions=["Tell them."],
        revision=1,
        at=NOON,
    )
    where = address(waiting, f"conditions/{waiting.conditions.get().pk}/{act}")
    for person in (ada, ben):
        answer = api(person).post(where, body)
        assert answer.status_code == 404
        assert "Tell them" not in str(answer.data)
    early = api(cleo).post(where, body)  # her own she may read, but the board has not decided
    assert (early.status_code, early.data["code"]) == (409, "round_open")


def test_a_revision_is_read_alone_and_bears_its_hash(draft, ada, api):
    one = api(ada).get(address(draft, "revisions/1/")).data
    assert (one["number"], one["content"]["title"], len(one["digest"])) == (1, draft.title, 64)
    assert api(ada).get(address(draft, "revisions/2/")).status_code == 404
    for query in ({}, {"older": "x", "newer": "1"}, {"older": "1", "newer": "9" * 30}):
        assert api(ada).get(address(draft, "diff/"), query).status_code == 422


def test_reads_of_one_change_carry_its_revision_and_spare_the_body_while_nothing_else_is_told(draft, ada, api):
    first = api(ada).get(address(draft))
    known = {"HTTP_IF_NONE_MATCH": first["ETag"]}
    assert version_in(first) == "1"
    assert api(ada).get(address(draft), **known).status_code == 304
    assert api(ada).post(address(draft, "submission/")).status_code == 200
    again = api(ada).get(address(draft), **known)  # no edit, and told otherwise all the same
    assert (again.status_code, again.data["state"], version_in(again)) == (200, "submitted", "1")
    assert api(ada).get(f"/api/v1/changes/{draft.reference.lower()}/").status_code == 200
