from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cab.rules.voting import AGAINST, APPROVING, Cast, Rule, Voice, decision, quorum, require_may_vote
from apps.kernel.refusals import NotAllowed

VOICES = [Voice(1, "chair"), Voice(2, "voter", "security"), Voice(3, "voter"), Voice(4, "voter"), Voice(5, "voter")]


def rule(count=2, share="0", roles=(), majority="simple") -> Rule:
    return Rule(count, Decimal(share), tuple(roles), majority)


def casts(**choices) -> list[Cast]:
    by_name = {"chair": 0, "security": 1, "third": 2, "fourth": 3, "fifth": 4}
    return [
        Cast(VOICES[by_name[who]].person_id, choice, VOICES[by_name[who]].role, VOICES[by_name[who]].function)
        for who, choice in choices.items()
    ]


@pytest.mark.parametrize(
    ("rule_", "ballots", "complete"),
    [
        (rule(count=2), casts(chair="approve"), False),
        (rule(count=2), casts(chair="approve", third="reject"), True),
        (rule(count=1, share="0.5"), casts(chair="approve", third="approve"), False),
        (rule(count=1, share="0.5"), casts(chair="approve", third="approve", fourth="abstain"), True),
        (rule(count=1, share="0.5"), casts(chair="approve", third="approve", fourth="recuse"), True),
        (rule(count=2, roles=["chair"]), casts(third="approve", fourth="approve"), False),
        (rule(count=2, roles=["security"]), casts(security="approve", fourth="approve"), True),
    ],
)
def test_a_quorum_needs_its_count_its_share_and_its_roles(rule_, ballots, complete):
    assert quorum(rule_, voices=VOICES, casts=ballots).is_complete is complete


@pytest.mark.parametrize(
    ("rule_", "missing"),
    [
        (rule(count=4, share="0.5"), "3 votes more needed (at least 4)."),
        (rule(count=2, share="0.8"), "3 votes more needed (80 % of 5)."),
        (rule(count=3, share="0.6"), "2 votes more needed (at least 3)."),
        (rule(count=1, share="0.4"), "1 vote more needed (40 % of 5)."),
    ],
)
def test_where_count_and_share_both_miss_only_the_larger_is_told(rule_, missing):
    assert quorum(rule_, voices=VOICES, casts=casts(chair="approve")).missing == (missing,)


def test_a_quorum_that_recusals_have_made_impossible_says_so():
    state = quorum(rule(count=5), voices=VOICES, casts=casts(fifth="recuse"))
    assert state.unreachable == ("5 votes are needed but only 4 may be cast.",)
    state = quorum(rule(roles=["chair"]), voices=VOICES, casts=casts(chair="recuse"))
    assert state.unreachable == ("Nobody who may vote holds the chair.",)


@pytest.mark.parametrize(
    ("majority", "ballots", "verdict"),
    [
        ("simple", casts(chair="approve", third="approve"), "approved"),
        ("simple", casts(chair="approve", third="approve_with_conditions"), "approved_with_conditions"),
        ("simple", casts(chair="approve", third="reject"), None),
        ("simple", casts(chair="reject", third="reject"), "rejected"),
        ("simple", casts(chair="reject", third="request_changes"), "changes_requested"),
        ("simple", casts(chair="abstain", third="abstain"), None),
        ("absolute", casts(chair="approve", third="approve"), None),
        ("absolute", casts(chair="approve", third="approve", fourth="approve"), "approved"),
        ("two_thirds", casts(chair="approve", third="approve", fourth="reject"), "approved"),
        ("two_thirds", casts(chair="approve", third="reject"), None),
        ("unanimous", casts(chair="approve", third="reject"), "rejected"),
    ],
)
def test_each_majority_decides_as_it_says(majority, ballots, verdict):
    found = decision(rule(majority=majority), voices=VOICES, casts=ballots)
    assert (found.verdict if found else None) == verdict


def test_a_round_that_is_over_refuses_what_has_a_quorum_but_no_majority():
    tie = casts(chair="approve", third="reject")
    assert decision(rule(), voices=VOICES, casts=tie, is_over=True).verdict == "rejected"


def test_a_round_without_quorum_decides_nothing_even_when_over():
    assert decision(rule(count=3), voices=VOICES, casts=casts(chair="approve"), is_over=True) is None


@given(
    st.lists(
        st.sampled_from(["approve", "approve_with_conditions", "reject", "request_changes", "abstain", "recuse"]),
        max_size=5,
    ),
    st.sampled_from(["simple", "absolute", "two_thirds", "unanimous"]),
)
def test_nothing_is_approved_against_a_majority_and_everything_settles_when_all_have_voted(choices, majority):
    ballots = [Cast(VOICES[i].person_id, choice) for i, choice in enumerate(choices)]
    found = decision(rule(count=1, majority=majority), voices=VOICES, casts=ballots)
    for_it, against = sum(c in APPROVING for c in choices), sum(c in AGAINST for c in choices)
    if found and found.verdict.startswith("approved"):
        assert for_it > against or majority == "absolute"
    if len(choices) == 5 and any(c != "recuse" for c in choices):
        assert found is not None


@pytest.mark.parametrize(
    ("voter", "cast_by", "code"),
    [(7, 7, "own_change"), (1, 7, "own_change"), (7, 1, "own_change_by_delegation"), (9, 9, "no_seat")],
)
def test_authors_never_vote_and_no_delegation_launders_that(voter, cast_by, code):
    with pytest.raises(NotAllowed) as refused:
        require_may_vote(voter_id=voter, cast_by_id=cast_by, barred={7}, seated={1, 7})
    assert refused.value.code == code
    assert refused.value.next_step
