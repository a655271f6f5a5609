"""A hold stops the clock: nobody can vote, so no deadline passes and nothing is decided meanwhile."""

from datetime import timedelta

import pytest

from apps.cab.actions import flow, proposing, rounds
from apps.cab.models import Change, Choice
from apps.cab.queries.boards import rounds_overdue_at
from apps.cab.states import ChangeState, RoundState
from apps.kernel.refusals import WrongState
from tests.conftest import NOON

HOUR = timedelta(hours=1)


def hold(change, person, at=NOON):
    return flow.hold_change(change_id=change.pk, person=person, reason="The supplier is closed.", at=at)


def release(change, person, at):
    return flow.release_change(change_id=change.pk, person=person, at=at)


def vote(change, voter, at=NOON, choice=Choice.APPROVE, **more):
    return rounds.cast_vote(change_id=change.pk, voter=voter, choice=choice, revision=1, at=at, **more)


def test_a_deadline_waits_while_the_change_is_held(waiting, round_, ada, ben, cleo):
    vote(waiting, ben)
    vote(waiting, cleo, choice=Choice.REJECT, reason="Not in March.")  # a tie: at the deadline it would be refused
    hold(waiting, ada, at=NOON + 10 * HOUR)
    late = round_.closes_at + 5 * HOUR
    assert not rounds_overdue_at(late).exists()
    assert rounds.close_overdue_round(round_id=round_.pk, at=late).state == RoundState.OPEN
    with pytest.raises(WrongState, match="on hold"):
        vote(waiting, cleo, at=late)


def test_a_release_gives_an_open_round_the_time_back(waiting, round_, ada, dan):
    hold(waiting, ada, at=NOON + 10 * HOUR)
    release(waiting, ada, at=NOON + 110 * HOUR)
    before = round_.closes_at
    round_.refresh_from_db()
    waiting.refresh_from_db()
    assert round_.closes_at == waiting.deadline_at == before + 100 * HOUR
    assert (waiting.on_hold, waiting.held_at) == (False, None)
    vote(waiting, dan, at=before + 50 * HOUR)


def test_a_round_that_opened_during_the_hold_gets_only_its_own_time_back(waiting, ada):
    hold(waiting, ada)
    proposing.edit_change(
        change_id=waiting.pk,
        editor=ada,
        content=proposing.content_from(waiting, test_plan="Twice."),
        based_on=1,
        at=NOON + 10 * HOUR,
    )
    release(waiting, ada, at=NOON + 12 * HOUR)
    opened = waiting.rounds.get(state=RoundState.OPEN)
    assert opened.closes_at == NOON + (10 + 72 + 2) * HOUR


def test_what_the_board_has_authorized_is_scheduled_at_the_release(waiting, ada, ben, cleo):
    vote(waiting, cleo, choice=Choice.APPROVE_WITH_CONDITIONS, conditions=["Tell them."])
    vote(waiting, ben)
    hold(waiting, ada)
    from apps.cab.actions import conditions

    conditions.waive_condition(condition_id=waiting.conditions.get().pk, chair=ben, reason="Told.", at=NOON)
    assert Change.objects.get(pk=waiting.pk).state == ChangeState.AUTHORIZED
    release(waiting, ada, at=NOON)
    assert Change.objects.get(pk=waiting.pk).state == ChangeState.SCHEDULED


def test_after_the_window_has_passed_a_release_schedules_nothing_and_says_what_to_do(waiting, ada, ben, cleo):
    vote(waiting, cleo, choice=Choice.APPROVE_WITH_CONDITIONS, conditions=["Tell them."])
    vote(waiting, ben)
    late = NOON + timedelta(days=30)
    from apps.cab.actions import conditions

    conditions.waive_condition(condition_id=waiting.conditions.get().pk, chair=ben, reason="Told.", at=late)
    assert Change.objects.get(pk=waiting.pk).state == ChangeState.AUTHORIZED
    Change.objects.filter(pk=waiting.pk).update(implementer=ada)
    with pytest.raises(WrongState, match="window has passed") as refused:
        flow.schedule_change(change_id=waiting.pk, scheduler=ada, at=late)
    assert refused.value.next_step == "Plan a new one; the board decides again."


def test_what_is_cancelled_is_not_on_hold(waiting, ada):
    hold(waiting, ada)
    flow.cancel_change(change_id=waiting.pk, person=ada, reason="Not needed.", at=NOON)
    assert not Change.objects.get(pk=waiting.pk).on_hold
