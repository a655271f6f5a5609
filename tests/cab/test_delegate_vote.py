from datetime import timedelta

import pytest

from apps.cab.actions import boards
from apps.cab.models import Delegation
from apps.cab.rules.delegation import circle
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import NOON

TODAY = NOON.date()


def delegate(board, giver, taker, first=0, last=7):
    return boards.delegate_vote(
        board_id=board.pk,
        giver=giver,
        taker=taker,
        first_day=TODAY + timedelta(first),
        last_day=TODAY + timedelta(last),
        at=NOON,
    )


@pytest.mark.parametrize(
    ("edges", "giver", "taker", "found"),
    [
        ([], 1, 2, None),
        ([(2, 1)], 1, 2, [1, 2, 1]),
        ([(2, 3), (3, 1)], 1, 2, [1, 2, 3, 1]),
        ([(2, 3), (3, 4)], 1, 2, None),
        ([(2, 3), (3, 2)], 1, 2, None),  # a circle that was there before is not this one's
        ([], 1, 1, [1, 1]),
    ],
)
def test_a_circle_is_found_and_told_in_order(edges, giver, taker, found):
    assert circle(edges, giver=giver, taker=taker) == found


def test_a_circle_of_delegations_is_refused_by_name(board, ben, cleo, dan):
    delegate(board, ben, cleo)
    delegate(board, cleo, dan)
    with pytest.raises(Conflict, match="Dan → Ben → Cleo → Dan"):
        delegate(board, dan, ben)
    assert Delegation.objects.count() == 2


def test_days_that_do_not_meet_make_no_circle(board, ben, cleo):
    delegate(board, ben, cleo, 0, 3)
    delegate(board, cleo, ben, 4, 6)


def test_one_delegation_at_a_time(board, ben, cleo, dan):
    delegate(board, ben, cleo)
    with pytest.raises(Conflict, match="already delegate"):
        delegate(board, ben, dan, 7, 9)


def test_nobody_delegates_to_themselves(board, ben):
    with pytest.raises(Conflict, match="yourself"):
        delegate(board, ben, ben)


def test_a_seat_is_needed_to_delegate_and_a_right_to_vote_to_receive(board, ben, ada, omar):
    with pytest.raises(NotAllowed, match="they may not vote"):
        delegate(board, ben, ada)
    with pytest.raises(NotAllowed):
        delegate(board, omar, ben)


@pytest.mark.parametrize(("first", "last"), [(3, 2), (-5, -1), (0, 181)])
def test_days_must_lie_ahead_in_order_and_be_bounded(board, ben, cleo, first, last):
    with pytest.raises(Invalid, match="lie ahead"):
        delegate(board, ben, cleo, first, last)


def test_a_revoked_delegation_frees_the_days(board, ben, cleo, dan):
    first = delegate(board, ben, cleo)
    boards.revoke_delegation(delegation_id=first.pk, person=ben, at=NOON)
    delegate(board, ben, dan)


def test_only_the_giver_or_the_chair_revokes(board, cleo, dan):
    given = delegate(board, cleo, dan)
    with pytest.raises(NotFound):
        boards.revoke_delegation(delegation_id=given.pk, person=dan, at=NOON)
