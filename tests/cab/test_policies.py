"""A change goes where the policies in force lead it, and its page says why."""

import pytest

from apps.cab.actions import flow, handing, proposing, rounds
from apps.cab.models import Board, BoardKind, Change, Choice, Handover, Seat
from apps.cab.queries.ways import facts_of
from apps.cab.rules.voting import Cast, Rule, Voice, quorum
from apps.journal.models import Entry
from apps.kernel.refusals import WrongState
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.policies.conftest import FLOOR, OTHERS, enable, floor, in_force, own, rule  # noqa: F401  # fixtures


def assessed(ada, ben, payments, ledger, **fields) -> Change:
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, **fields), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    return flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)


def test_facts_are_read_off_the_change(ada, ben, payments, ledger):
    ledger.tags = ["data:internal", "data:restricted"]
    ledger.save()
    facts = facts_of(assessed(ada, ben, payments, ledger, downtime_minutes=7), at=NOON)
    assert facts["cluster"] == "payments"
    assert (facts["tier"], facts["data_class"], facts["downtime"]) == (1, "restricted", 7)
    assert (facts["day"], facts["working_hours"], facts["backout_plan"]) == ("weekday", "no", "yes")
    assert facts["notice"] == 8 * 24 + 9  # 2 March 12:00 UTC to 10 March 22:00 in Berlin


def test_without_a_policy_the_fixed_rule_holds_and_says_so(waiting, ben):
    handover = Handover.objects.get(change=waiting)
    assert (handover.floor, handover.grounds["rules"]) == (None, [])
    assert (
        "By the fixed rule that holds until a policy is enabled." in signed_in(ben).get(waiting.get_absolute_url()).text
    )


def test_the_decision_names_the_version_and_the_rules(in_force, assessing, board, ben):  # noqa: F811
    round_ = flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
    assert round_.board == board  # Payments has no board of its own
    assert round_.handover.floor == in_force
    assert [one["name"] for one in round_.handover.grounds["rules"]] == ["Ordinary"]
    page = signed_in(ben).get(assessing.get_absolute_url()).text
    assert "Why this board" in page
    assert "Enterprise floor, version 1" in page


def test_roles_and_people_of_the_policy_join_the_quorum(floor, ada, ben, cleo, dan, admin, payments, ledger, board):  # noqa: F811
    rows = [rule("cluster", "All", roles=["security"], people=["dan"])]
    Seat.objects.filter(person=cleo).update(function="Security")
    enable(floor, rows, ben, admin)
    change = assessed(ada, ben, payments, ledger)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    for voter in (ben, cleo):
        rounds.cast_vote(change_id=change.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=NOON)
    change.refresh_from_db()
    assert change.state == "awaiting_authorization"  # the board's own quorum is complete; Dan is still asked
    assert "Dan, whom the policy names, has not voted." in signed_in(ben).get(change.get_absolute_url()).text
    rounds.cast_vote(change_id=change.pk, voter=dan, choice=Choice.APPROVE, revision=1, at=NOON)
    change.refresh_from_db()
    assert change.state == "scheduled"


@pytest.mark.parametrize(("apart", "complete"), [(True, False), (False, True)])
def test_one_person_counts_in_several_roles_only_where_the_policy_says_so(apart, complete):
    rule_ = Rule(1, 0, ("chair", "security"), "simple", apart=apart)
    voices = [Voice(1, "chair", "security"), Voice(2, "voter", "security")]
    one = [Cast(1, "approve", "chair", "security")]
    assert quorum(rule_, voices=voices, casts=one).is_complete is complete
    two = [*one, Cast(2, "approve", "voter", "security")]
    assert quorum(rule_, voices=voices, casts=two).is_complete
    alone = quorum(rule_, voices=voices[:1], casts=[])
    assert bool(alone.unreachable) is apart


def test_a_policy_authorizes_without_a_board_and_the_record_says_why(in_force, ada, ben, payments, ledger):  # noqa: F811
    change = assessed(ada, ben, payments, ledger, type="standard")
    assert change.risk <= 2
    assert flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON) is None
    change.refresh_from_db()
    assert change.state == "scheduled"
    assert not change.rounds.exists()
    handover = change.handovers.get()
    assert (handover.way, handover.facts["risk"]) == ("approve", change.risk)
    entry = Entry.objects.get(event="cab.ChangeAuthorizedByPolicy")
    assert (entry.actor, entry.data["handover_id"]) == (None, handover.pk)
    page = signed_in(ben).get(change.get_absolute_url()).text
    assert "Why no board was asked" in page
    assert "Standard and of low risk." in page


def test_a_material_edit_asks_the_policy_anew(in_force, ada, ben, payments, ledger, board):  # noqa: F811
    change = assessed(ada, ben, payments, ledger, type="standard")
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    edited = proposing.content_from(Change.objects.get(pk=change.pk), type="normal")
    proposing.edit_change(change_id=change.pk, editor=ada, content=edited, based_on=1, at=NOON)
    change.refresh_from_db()
    assert change.state == "awaiting_authorization"
    assert change.rounds.get().board == board
    assert [one.way for one in change.handovers.order_by("pk")] == ["approve", "board"]


def test_a_policy_refuses_with_its_reason(floor, ada, ben, admin, payments, ledger, board):  # noqa: F811
    rows = [
        rule("refuse", "Office hours", "Not while people work.", working_hours={"in": ["yes"]}),
        rule("cluster", working_hours={"in": ["no"]}),
    ]
    enable(floor, rows, ben, admin)
    told = content(payments, ledger, window_start=None, window_end=None, window_zone="", type="emergency")
    change = proposing.propose_change(requester=ada, content=told, at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    change.refresh_from_db()
    assert change.state == "rejected"  # without a window the stricter reading counts
    assert change.handovers.get().grounds["missing"] == ["working hours"]
    page = signed_in(ada).get(change.get_absolute_url()).text
    assert "Not known: working hours." in page


def test_another_round_goes_where_the_policy_leads_now(in_force, waiting, ben, admin, floor):  # noqa: F811
    round_ = waiting.rounds.get()
    rounds.close_overdue_round(round_id=round_.pk, at=round_.closes_at)
    emergency = Board.objects.create(slug="emergency", name="Emergency board", kind=BoardKind.EMERGENCY, quorum_count=1)
    Seat.objects.create(board=emergency, person=ben, role="voter", term=(NOON.date(), None))
    enable(floor, [*FLOOR[:2], rule("emergency", type=OTHERS)], ben, admin)
    opened = handing.open_round(change_id=waiting.pk, board=round_.board, opener=ben, at=round_.closes_at)
    assert opened.board == emergency


def test_a_board_that_was_never_founded_is_named(floor, assessing, ben, admin):  # noqa: F811
    enable(floor, [rule("cross_cluster")], ben, admin)
    Board.objects.all().update(kind=BoardKind.EMERGENCY)
    with pytest.raises(WrongState, match="There is no such board yet"):
        flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
    assert not Handover.objects.exists()
