"""Whoever comes first: acts on one change at the same moment leave what some order of them, one by one, leaves."""

from collections import Counter
from datetime import timedelta
from itertools import permutations

import pytest

from apps.cab.actions import flow, proposing, rounds
from apps.cab.models import Change, Choice, Round
from tests.cab.racing import Acts, Left, answer_of, copies, left_behind, race

ROUNDS, SEED, SPREAD_S = 1000, 20260302, 0.005
BALLOTS = (
    (Choice.APPROVE, Choice.APPROVE),
    (Choice.REJECT, Choice.REJECT),
)
ENDS = {"RoundDecided", "RoundLapsed", "RoundInvalidated"}


@pytest.fixture
def acts_on(waiting, ada, ben, cleo):
    """The five acts on a copy of the change, by name: who chairs votes `first`, the other voter `second`."""
    edited = proposing.content_from(waiting, backout_plan="Another way back.")
    closes_at = waiting.rounds.get().closes_at
    last_moment = closes_at - timedelta(minutes=1)

    def acts(change: Change, first: str, second: str) -> Acts:
        def vote(voter, choice):
            return rounds.cast_vote(
                change_id=change.pk, voter=voter, choice=choice, revision=1, reason="Mine.", at=last_moment
            )

        round_id = Round.objects.values_list("pk", flat=True).get(change=change)
        return {
            "chair": lambda: vote(ben, first),
            "voter": lambda: vote(cleo, second),
            "edit": lambda: proposing.edit_change(
                change_id=change.pk, editor=ada, content=edited, based_on=1, at=last_moment
            ),
            "withdrawal": lambda: flow.cancel_change(
                change_id=change.pk, person=ada, reason="Not needed.", at=last_moment
            ),
            "expiry": lambda: rounds.close_overdue_round(round_id=round_id, at=closes_at),
        }

    return acts


def in_every_order(waiting: Change, acts_on, ballots: tuple[str, str]) -> set[Left]:
    """What each of the 120 orders of the five acts, one after the other, leaves."""
    orders = list(permutations(("chair", "voter", "edit", "withdrawal", "expiry")))
    made = copies(waiting, len(orders))
    acts = [acts_on(one, *ballots) for one in made]
    answers = [{name: answer_of(mine[name]) for name in order} for mine, order in zip(acts, orders, strict=True)]
    return set(left_behind(made, answers))


def require_lawful(left: Left) -> None:
    """What must hold whatever the order was, said without asking the code under test."""
    told = [event for event, _ in left.story]
    open_rounds = [one for one in left.rounds if one[2] == "open"]
    last = left.rounds[-1]
    assert len(open_rounds) <= 1
    assert told.count("ChangeCancelled") + told.count("ChangeRejected") <= 1, "two ends"
    assert told.count("ChangeAuthorized") == told.count("ChangeScheduled") <= 1
    assert sum(told.count(one) for one in ENDS) <= len(left.rounds) + told.count("RoundDecided")
    for _, revision, state, verdict, ballots in left.rounds:
        assert len({voter for voter, _ in ballots}) == len(ballots) <= 2, "one ballot a seat"
        assert (verdict != "") <= (state in {"decided", "invalidated"})
        assert revision == 1 or not ballots, "nobody read the second revision"
        assert verdict != "approved" or ballots == (("ben", "approve"), ("cleo", "approve"))
    match left.state:
        case "cancelled":
            assert (left.outcome, open_rounds, left.waits_until) == ("not_implemented", [], False)
            assert told[-1] == "ChangeCancelled", "nothing happens to what is withdrawn"
        case "rejected":
            assert (last[2], last[3], left.revision) == ("decided", "rejected", 1)
        case _:
            pytest.fail(f"The withdrawal was refused, and yet it is {left.state}.")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_last_voters_edit_withdrawal_and_expiry_at_once_end_as_one_order_of_them_does(waiting, acts_on):
    lawful = {ballots: in_every_order(waiting, acts_on, ballots) for ballots in BALLOTS}
    for one in set().union(*lawful.values()):
        require_lawful(one)
    made = copies(waiting, ROUNDS)
    ballots = [BALLOTS[n % len(BALLOTS)] for n in range(ROUNDS)]
    acts = [acts_on(one, *both) for one, both in zip(made, ballots, strict=True)]
    answers = race(acts, seed=SEED, spread_s=SPREAD_S)
    seen = Counter()
    for both, left in zip(ballots, left_behind(made, answers), strict=True):
        require_lawful(left)
        assert left in lawful[both], left
        seen[both, left] += 1
    assert len(seen) > 20, "the acts did not meet"
    assert {left.state for _, left in seen} == {"cancelled", "rejected"}
