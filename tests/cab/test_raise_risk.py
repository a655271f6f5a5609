"""A risk is computed, may be raised with a reason, and never falls in silence."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.cab.actions import flow, proposing
from apps.cab.models import BoardKind, Change
from apps.cab.models.boards import Board
from apps.cab.states import ChangeState, Outcome, RoundState
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid
from tests.cab.conftest import content
from tests.conftest import NOON


def edit(change, editor, **new):
    fresh = Change.objects.get(pk=change.pk)
    return proposing.edit_change(
        change_id=fresh.pk,
        editor=editor,
        content=proposing.content_from(fresh, **new),
        based_on=fresh.revision,
        at=NOON,
    )


def fail_once(ada, payments, ledger):
    """A change of the same component that went wrong yesterday."""
    other = proposing.propose_change(requester=ada, content=content(payments, ledger, title="Before"), at=NOON)
    Change.objects.filter(pk=other.pk).update(
        state=ChangeState.IMPLEMENTED, outcome=Outcome.BACKED_OUT, implemented_at=NOON - timedelta(days=1)
    )


@pytest.mark.parametrize("to", [0, 1, 6])
def test_nobody_lowers_it(assessing, ben, to):
    with pytest.raises(Invalid, match="only be raised"):
        flow.raise_risk(change_id=assessing.pk, assessor=ben, to=min(to, assessing.risk) or to, reason="x", at=NOON)


def test_the_database_keeps_it_from_falling_below_what_was_raised_or_computed(assessing, ben):
    flow.raise_risk(change_id=assessing.pk, assessor=ben, to=5, reason="End of the quarter.", at=NOON)
    with pytest.raises(IntegrityError, match="never_lowered"):
        Change.objects.filter(pk=assessing.pk).update(risk=4)


def test_what_a_person_raised_stays_when_the_computed_risk_rises_past_it_and_falls_again(assessing, ada, ben):
    plan = assessing.backout_plan
    flow.raise_risk(change_id=assessing.pk, assessor=ben, to=assessing.risk + 1, reason="End of the quarter.", at=NOON)
    raised = Change.objects.get(pk=assessing.pk).risk
    edit(assessing, ada, backout_plan="", test_plan="", downtime_minutes=600)
    high = Change.objects.get(pk=assessing.pk)
    assert high.risk == high.risk_computed > raised
    edit(assessing, ada, backout_plan=plan, test_plan="Sign.", downtime_minutes=0)
    now = Change.objects.get(pk=assessing.pk)
    assert (now.risk, now.risk_raised_to, now.risk_reason) == (raised, raised, "End of the quarter.")


def test_a_risk_that_falls_is_told_with_what_made_the_difference(draft, ada):
    edit(draft, ada, backout_plan="", test_plan="")
    high = Change.objects.get(pk=draft.pk).risk
    edit(draft, ada, backout_plan="Switch back.", test_plan="Sign.")
    now = Change.objects.get(pk=draft.pk)
    assert now.risk < high
    entry = Entry.objects.about(now).filter(event="cab.RiskRecomputed").latest("id")
    assert (entry.data["from_risk"], entry.data["to_risk"]) == (high, now.risk)
    assert entry.data["reason"] == f"From {high} to {now.risk}. Backout plan is written. Test plan is written."


def test_a_failure_since_the_assessment_counts_when_it_goes_to_the_board(assessing, ada, ben, board, payments, ledger):
    before = assessing.risk
    for _ in range(2):
        fail_once(ada, payments, ledger)
    flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
    now = Change.objects.get(pk=assessing.pk)
    assert now.risk > before
    entry = Entry.objects.about(now).get(event="cab.RiskRecomputed")
    assert "failed twice in the last 90 days" in entry.data["reason"]


def test_a_material_edit_that_takes_it_further_takes_it_to_the_board_that_decides_so_much(
    assessing, ada, ben, board, payments, dispatch
):
    own = Board.objects.create(
        slug="payments", name="Payments", kind=BoardKind.CLUSTER, cluster=payments, quorum_count=1
    )
    flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
    assert assessing.rounds.get().board == own
    components = [*assessing.components.all(), dispatch]
    edit(assessing, ada, components=components, backout_plan="", test_plan="", downtime_minutes=600)
    first, second = assessing.rounds.order_by("number")
    assert (first.state, second.board) == (RoundState.INVALIDATED, board)
