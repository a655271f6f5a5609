"""Policies that nobody could satisfy are refused when they are saved, when they are enabled, and at both doors."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from apps.cab.models import Board, Seat
from apps.kernel.refusals import WrongState
from apps.policies import actions
from apps.policies.models import PolicyVersion
from tests.conftest import NOON, signed_in
from tests.policies.conftest import floor, own, rule  # noqa: F401  # fixtures
from tests.policies.test_pages import typed


def saved(policy, author, *rows) -> PolicyVersion:
    return actions.save_draft(policy_id=policy.pk, author=author, rows=list(rows), at=NOON)


def seat(person, function) -> None:
    Seat.objects.filter(person=person).update(function=function)


def test_a_person_whom_nobody_knows(floor, board, ben):  # noqa: F811
    with pytest.raises(WrongState, match=r"Rule 1 \(All\): nobody is known here by the handle “zoe”"):
        saved(floor, ben, rule("enterprise", "All", people=["zoe"]))
    assert not PolicyVersion.objects.exists()


def test_a_person_who_has_left(floor, board, ben, dan):  # noqa: F811
    dan.is_active = False
    dan.save()
    with pytest.raises(WrongState, match="Dan has left"):
        saved(floor, ben, rule("enterprise", "All", people=["dan"]))


def test_a_person_without_a_seat_with_a_vote(floor, board, ben, ada):  # noqa: F811
    with pytest.raises(WrongState, match="Ada has no seat with a vote on the Enterprise board") as refused:
        saved(floor, ben, rule("enterprise", "All", people=["ada"]))
    assert "seat" in refused.value.next_step


def test_a_role_that_nobody_holds(floor, board, ben, cleo):  # noqa: F811
    rows = rule("enterprise", "All", roles=["security"])
    with pytest.raises(WrongState, match="on the Enterprise board, nobody who may vote holds the seat for security"):
        saved(floor, ben, rows)
    seat(cleo, "Security")
    assert saved(floor, ben, rows).number == 1


def test_roles_of_one_person_where_they_must_differ(floor, board, ben, cleo):  # noqa: F811
    seat(cleo, "security")
    Seat.objects.filter(person=cleo).update(role="chair")
    Seat.objects.filter(person=ben).update(role="voter")
    alone = {"roles": ["chair", "security"]}
    with pytest.raises(WrongState):
        saved(floor, ben, rule("enterprise", "All", **alone))
    assert saved(floor, ben, rule("enterprise", "All", coincide=True, **alone)).number == 1


def test_a_quorum_larger_than_the_board(floor, board, ben):  # noqa: F811
    Board.objects.filter(pk=board.pk).update(quorum_count=4)
    with pytest.raises(WrongState, match="4 votes are needed but only 3 may be cast"):
        saved(floor, ben, rule("enterprise", "All"))


def test_a_clusters_own_board_is_the_one_that_is_asked(own, board, omar, payments, cleo):  # noqa: F811
    seat(cleo, "security")  # on the enterprise board
    rows = rule("cluster", "All", roles=["security"])
    assert saved(own, omar, rows).number == 1  # without a board of its own the enterprise board decides
    mine = Board.objects.create(
        slug="payments", name="Payments board", kind="cluster", cluster=payments, quorum_count=1
    )
    Seat.objects.create(board=mine, person=omar, role="voter", term=(NOON.date(), None))
    with pytest.raises(WrongState, match="on the Payments board, nobody who may vote holds the seat for security"):
        saved(own, omar, rows)


def test_it_is_asked_again_when_a_version_is_enabled(floor, board, ben, cleo, admin):  # noqa: F811
    seat(cleo, "security")
    draft = saved(floor, ben, rule("enterprise", "All", roles=["security"]))
    Seat.objects.filter(person=cleo).update(term=(NOON.date() - timedelta(days=9), NOON.date()))
    with pytest.raises(WrongState, match="holds the seat for security"):
        actions.enable_version(version_id=draft.pk, enabler=admin, digest=draft.digest, at=NOON)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_the_page_and_the_api_say_the_same(floor, board, ben, admin):  # noqa: F811
    sentence = "Rule 1 (All): nobody is known here by the handle “zoe”."
    rules = [("All", "enterprise", {}, "")]
    client = signed_in(ben)
    page = client.post("/policies/enterprise-floor/edit/", typed("save", *rules, **{"people-0": "zoe"}))
    assert page.status_code == 409
    assert sentence in page.text
    assert 'value="zoe"' in page.text
    api = APIClient()
    api.force_authenticate(ben)
    rows = [rule("enterprise", "All", people=["zoe"])]
    answer = api.post("/api/v1/policies/enterprise-floor/draft/", {"rows": rows}, format="json")
    assert answer.status_code == 409
    assert answer.data["detail"] == sentence
    found = api.post("/api/v1/policies/enterprise-floor/analysis/", {"rows": rows}, format="json").data["findings"]
    assert [(one["kind"], one["sentence"]) for one in found] == [("unmet", sentence)]
    assert not PolicyVersion.objects.exists()
