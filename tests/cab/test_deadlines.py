"""What the clock does: rounds end and reviews are chased, once each, however often the jobs run."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from apps.cab.actions import flow, proposing, reviews, rounds
from apps.cab.models import Change, Choice, Review, Round
from apps.cab.rules.reviews import ESCALATE_AFTER, REMIND_BEFORE
from apps.cab.states import ChangeState, ReviewState, RoundState
from apps.cab.tasks import close_overdue_rounds, remind_reviews
from apps.journal.models import Entry
from tests.cab.conftest import content
from tests.conftest import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch):
    """Sets what the jobs read as now."""
    return lambda at: monkeypatch.setattr("django.utils.timezone.now", lambda: at)


def told(event: str) -> int:
    return Entry.objects.filter(event=event).count()


def vote(change, voter, choice=Choice.APPROVE, **more):
    return rounds.cast_vote(
        change_id=change.pk, voter=voter, choice=choice, revision=1, at=NOON + timedelta(hours=1), **more
    )


class TestRounds:
    def test_nothing_ends_before_its_deadline(self, round_, clock):
        clock(round_.closes_at - SECOND)
        assert close_overdue_rounds.apply().get() == 0
        round_.refresh_from_db()
        assert round_.state == RoundState.OPEN

    def test_without_a_quorum_it_lapses_and_the_change_waits_on(self, round_, waiting, clock):
        clock(round_.closes_at)
        assert [close_overdue_rounds.apply().get() for _ in range(2)] == [1, 0]
        round_.refresh_from_db()
        waiting.refresh_from_db()
        assert (round_.state, round_.closed_at) == (RoundState.LAPSED, round_.closes_at)
        assert (waiting.state, waiting.deadline_at) == (ChangeState.AWAITING_AUTHORIZATION, None)
        assert told("cab.RoundLapsed") == 1

    def test_with_a_quorum_it_decides(self, round_, waiting, ben, cleo, dan, clock):
        vote(waiting, ben)
        vote(waiting, cleo, Choice.REJECT, reason="Not in March.")
        round_.refresh_from_db()
        assert round_.state == RoundState.OPEN, "Dan could still turn it"
        clock(round_.closes_at)
        assert [close_overdue_rounds.apply().get() for _ in range(2)] == [1, 0]
        round_.refresh_from_db()
        assert round_.state == RoundState.DECIDED
        assert told("cab.RoundDecided") == 1

    def test_a_withdrawn_round_is_left_alone(self, round_, waiting, ada, clock):
        flow.cancel_change(change_id=waiting.pk, person=ada, reason="Not needed.", at=NOON)
        clock(round_.closes_at)
        assert close_overdue_rounds.apply().get() == 0

    def test_a_round_that_cannot_be_closed_does_not_hold_up_the_others(
        self, round_, waiting, ada, ben, payments, ledger, clock, caplog
    ):
        other = _second_change(ada, ben, payments, ledger)
        Round.objects.filter(pk=round_.pk).update(rule={"majority": "unheard of"}, closes_at=NOON + SECOND)
        clock(other.closes_at)
        assert close_overdue_rounds.apply().get() == 1
        other.refresh_from_db()
        assert other.state == RoundState.LAPSED
        assert f"failed for round {round_.pk}" in caplog.text


def _second_change(ada, ben, payments, ledger) -> Round:
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, title="Another"), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    return flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_end_a_round_once(round_, clock):
    clock(round_.closes_at)
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            close_overdue_rounds.apply().get()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told("cab.RoundLapsed") == 1


class TestReviews:
    @pytest.fixture
    def review(self, waiting, ada, ben, cleo) -> Review:
        vote(waiting, ben)
        vote(waiting, cleo)
        Change.objects.filter(pk=waiting.pk).update(implementer=ada)
        begun = NOON + timedelta(days=8)
        flow.start_implementation(change_id=waiting.pk, implementer=ada, at=begun)
        flow.finish_implementation(change_id=waiting.pk, implementer=ada, outcome="successful", at=begun)
        return Review.objects.get()

    def run(self, clock, at) -> tuple[int, int]:
        """Run the job twice at that instant; how many reminders and escalations stand in the journal after it."""
        clock(at)
        for _ in range(2):
            remind_reviews.apply().get()
        return told("cab.ReviewReminded"), told("cab.ReviewEscalated")

    def test_reminded_before_it_is_due_and_escalated_after_once_each(self, review, clock):
        assert self.run(clock, review.due_at - REMIND_BEFORE - SECOND) == (0, 0)
        assert self.run(clock, review.due_at - REMIND_BEFORE) == (1, 0)
        assert self.run(clock, review.due_at + ESCALATE_AFTER - SECOND) == (1, 0)
        assert self.run(clock, review.due_at + ESCALATE_AFTER) == (1, 1)
        assert self.run(clock, review.due_at + timedelta(days=60)) == (1, 1)

    def test_after_an_outage_both_are_told_at_once(self, review, clock):
        assert self.run(clock, review.due_at + timedelta(days=30)) == (1, 1)

    def test_a_review_that_is_done_is_not_chased(self, review, ada, clock):
        reviews.complete_review(
            change_id=review.change_id, reviewer=ada, expected="It works.", happened="It did.", learned="", at=NOON
        )
        review.refresh_from_db()
        assert review.state == ReviewState.DONE
        assert self.run(clock, review.due_at + timedelta(days=30)) == (0, 0)
        assert Change.objects.get(pk=review.change_id).state == ChangeState.CLOSED
