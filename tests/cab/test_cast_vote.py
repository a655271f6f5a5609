import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import boards, flow, proposing, rounds
from apps.cab.models import Ballot, Change, Choice, Delegation, Seat, SeatRole
from apps.cab.queries.boards import ballots_shown_to, barred_from
from apps.cab.queries.changes import waiting_for
from apps.cab.queries.dossier import dossier
from apps.cab.states import ChangeState, RoundState
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from tests.conftest import NOON, make_person


def vote(change, voter, choice=Choice.APPROVE, **more):
    given = {"revision": Change.objects.get(pk=change.pk).revision, "at": NOON + timedelta(hours=1)} | more
    return rounds.cast_vote(change_id=change.pk, voter=voter, choice=choice, **given)


def test_the_vote_that_completes_the_quorum_authorizes_and_schedules(waiting, ben, cleo):
    vote(waiting, cleo)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AWAITING_AUTHORIZATION
    vote(waiting, ben)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.SCHEDULED
    round_ = waiting.rounds.get()
    assert (round_.state, round_.verdict) == (RoundState.DECIDED, "approved")
    assert round_.tally["sentence"] == "Approved: 2 for, 0 against, 0 abstained."
    assert round_.rule["quorum"] == {"count": 2, "share": "0.00", "roles": ["chair"], "people": [], "apart": False}
    told = list(Entry.objects.about(waiting).order_by("id").values_list("event", flat=True))
    assert told[-5:] == [
        "cab.VoteCast",
        "cab.VoteCast",
        "cab.RoundDecided",
        "cab.ChangeAuthorized",
        "cab.ChangeScheduled",
    ]


def test_a_rejection_ends_the_change(waiting, ben, cleo):
    vote(waiting, cleo, Choice.REJECT, reason="The backout takes longer than the window.")
    vote(waiting, ben, Choice.REJECT, reason="As Cleo says.")
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.REJECTED


def test_requested_changes_give_it_back_to_the_authors(waiting, ben, cleo, ada):
    vote(waiting, cleo, Choice.REQUEST_CHANGES, reason="Name the person on call.")
    vote(waiting, ben, Choice.REQUEST_CHANGES, reason="As Cleo says.")
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.CHANGES_REQUESTED
    flow.submit_change(change_id=waiting.pk, submitter=ada, at=NOON + timedelta(hours=2))


def test_conditions_hold_the_schedule_until_they_are_met(waiting, ben, cleo, ada):
    from apps.cab.actions import conditions

    vote(waiting, cleo, Choice.APPROVE_WITH_CONDITIONS, conditions=["Tell the call centre the day before."])
    vote(waiting, ben)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.AUTHORIZED
    condition = waiting.conditions.get()
    with pytest.raises(WrongState, match="no evidence"):
        conditions.confirm_condition(condition_id=condition.pk, member=cleo, at=NOON)
    conditions.offer_evidence(condition_id=condition.pk, author=ada, evidence="Mail of 9 March.", at=NOON)
    with pytest.raises(NotAllowed, match="own change"):
        conditions.confirm_condition(condition_id=condition.pk, member=ada, at=NOON)
    conditions.confirm_condition(condition_id=condition.pk, member=cleo, at=NOON)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.SCHEDULED


def test_the_author_does_not_vote(waiting, ada):
    refuses(NotAllowed, "own change", waiting, ada)


def test_a_co_author_with_a_seat_does_not_vote(waiting, ada, dan):
    proposing.edit_change(
        change_id=waiting.pk, editor=ada, content=proposing.content_from(waiting, co_authors=[dan]), based_on=1, at=NOON
    )
    refuses(NotAllowed, "own change", waiting, dan)


def test_an_implementer_with_a_seat_does_not_vote(waiting, ada, dan):
    proposing.edit_change(
        change_id=waiting.pk, editor=ada, content=proposing.content_from(waiting, implementer=dan), based_on=1, at=NOON
    )
    refuses(NotAllowed, "own change", waiting, dan)


def test_a_delegate_of_an_author_does_not_vote_with_their_seat(waiting, board, ada, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=dan, taker=cleo, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    proposing.edit_change(
        change_id=waiting.pk, editor=ada, content=proposing.content_from(waiting, implementer=dan), based_on=1, at=NOON
    )
    refuses(NotAllowed, "delegation passes on their seat", waiting, cleo, seat_of=dan)
    vote(waiting, cleo)  # their own seat stays their own


def test_an_author_does_not_vote_with_a_delegated_seat(waiting, board, ada, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=cleo, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    proposing.edit_change(
        change_id=waiting.pk, editor=ada, content=proposing.content_from(waiting, co_authors=[dan]), based_on=1, at=NOON
    )
    refuses(NotAllowed, "somebody else", waiting, dan, seat_of=cleo)


def test_who_edited_what_the_board_decides_does_not_vote_on_it(waiting, board, omar, cleo, dan):
    """Omar owns the cluster: he may edit without being named as an author, and is one all the same."""
    RoleGrant.objects.create(person=omar, role=Role.BOARD_MEMBER)
    Seat.objects.create(board=board, person=omar, role=SeatRole.VOTER, term=(date(2026, 1, 1), None))
    edit = {"change_id": waiting.pk, "editor": Person.objects.get(pk=omar.pk), "at": NOON}
    fresh = proposing.edit_change(content=proposing.content_from(waiting, title="Spelt well"), based_on=1, **edit)
    assert omar.pk not in barred_from(fresh), "a correction makes nobody an author"
    proposing.edit_change(content=proposing.content_from(fresh, backout_plan="Mine."), based_on=2, **edit)
    me = Person.objects.get(pk=omar.pk)
    refuses(NotAllowed, "own change", waiting, me)
    assert not waiting_for(me, at=NOON).exists()
    assert dossier(waiting.reference, me, at=NOON).open_ballots == []
    boards.delegate_vote(board_id=board.pk, giver=me, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    refuses(NotAllowed, "delegation passes on their seat", waiting, dan, seat_of=me)
    vote(waiting, dan)
    assert not waiting_for(dan, at=NOON).exists(), "the lent seat is barred as its person is"
    with pytest.raises(NotAllowed, match="assess your own"):
        flow.require_may_assess(waiting, me)


def test_the_lent_seat_of_an_implementer_waits_for_nobody(waiting, board, ada, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=dan, taker=cleo, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    vote(waiting, cleo)
    assert waiting_for(cleo, at=NOON).exists()
    proposing.edit_change(
        change_id=waiting.pk, editor=ada, content=proposing.content_from(waiting, implementer=dan), based_on=1, at=NOON
    )
    assert waiting_for(cleo, at=NOON).exists(), "a new round"
    vote(waiting, cleo)
    assert not waiting_for(cleo, at=NOON).exists()


def test_a_delegation_is_not_passed_on(waiting, board, ben, cleo, dan):
    day = {"first_day": NOON.date(), "last_day": NOON.date(), "at": NOON}
    boards.delegate_vote(board_id=board.pk, giver=ben, taker=cleo, **day)
    boards.delegate_vote(board_id=board.pk, giver=cleo, taker=dan, **day)
    refuses(NotAllowed, "not delegated", waiting, dan, seat_of=ben)
    vote(waiting, dan, seat_of=cleo)


def test_a_chair_who_votes_by_delegation_completes_the_role(waiting, board, ben, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=ben, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    vote(waiting, cleo)
    vote(waiting, dan, seat_of=ben)
    assert waiting.rounds.get().verdict == "approved"


def test_an_adviser_does_not_vote(waiting, board, ben):
    emil = make_person("emil", Role.BOARD_MEMBER)
    Seat.objects.create(board=board, person=emil, role=SeatRole.ADVISER, term=(date(2026, 1, 1), None))
    refuses(NotAllowed, "no seat", waiting, emil)
    with pytest.raises(Invalid, match="no quorum can wait"):
        boards.change_rules(board_id=board.pk, person=ben, fields={"quorum_roles": ["adviser"]}, version=1, at=NOON)


def test_nobody_votes_for_a_seat_whose_person_may_no_longer_vote(waiting, board, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=cleo, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    cleo.role_grants.all().delete()
    refuses(NotAllowed, "may no longer vote", waiting, dan, seat_of=Person.objects.get(pk=cleo.pk))


def test_when_everybody_recuses_the_round_lapses(waiting, round_, ben, cleo, dan):
    for voter in (ben, cleo, dan):
        vote(waiting, voter, Choice.RECUSE, reason="I own shares of the supplier.")
    rounds.close_overdue_round(round_id=round_.pk, at=round_.closes_at)
    round_.refresh_from_db()
    assert (round_.state, round_.tally["eligible"]) == (RoundState.LAPSED, 0)


def test_a_ballot_of_a_term_that_ended_since_still_counts(waiting, board, round_, ben, cleo, dan, admin):
    vote(waiting, cleo)
    boards.end_term(seat_id=board.seats.get(person=cleo).pk, person=admin, last_day=NOON.date(), at=NOON)
    vote(waiting, ben, at=NOON + timedelta(days=1))
    round_.refresh_from_db()
    assert (round_.verdict, round_.tally["eligible"]) == ("approved", 3)


def test_a_delegate_votes_for_the_seat_once(waiting, board, cleo, dan):
    boards.delegate_vote(board_id=board.pk, giver=cleo, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    ballot = vote(waiting, dan, seat_of=cleo)
    assert (ballot.voter, ballot.cast_by) == (cleo, dan)
    refuses(Conflict, "already voted", waiting, cleo)


def test_nobody_votes_for_another_without_their_delegation(waiting, board, cleo, dan):
    refuses(NotAllowed, "not delegated", waiting, dan, seat_of=cleo)
    Delegation.objects.create(board=board, from_person=cleo, to_person=dan, days=(date(2026, 4, 1), date(2026, 5, 1)))
    refuses(NotAllowed, "not delegated", waiting, dan, seat_of=cleo)


def test_nobody_votes_twice(waiting, cleo):
    vote(waiting, cleo)
    refuses(Conflict, "already voted", waiting, cleo, Choice.REJECT, reason="I changed my mind.")


def test_nobody_votes_after_the_round(waiting, ben, cleo, dan):
    vote(waiting, cleo)
    vote(waiting, ben)
    refuses(WrongState, "No round is open", waiting, dan)


def test_nobody_votes_after_the_deadline_even_before_the_round_is_closed(waiting, dan):
    refuses(WrongState, "The round closed at 5 March", waiting, dan, at=NOON + timedelta(hours=72))


def test_a_ballot_about_an_older_revision_is_refused(waiting, ada, dan):
    proposing.edit_change(
        change_id=waiting.pk,
        editor=ada,
        content=proposing.content_from(waiting, test_plan="More."),
        based_on=1,
        at=NOON,
    )
    refuses(StaleRevision, "revision 1", waiting, dan, revision=1)


def test_a_person_without_a_seat_does_not_vote(waiting, omar):
    refuses(NotAllowed, "no seat", waiting, omar)


def test_a_vacated_seat_does_not_vote(waiting, board, ben, dan, admin):
    boards.end_term(
        seat_id=board.seats.get(person=dan).pk, person=admin, last_day=NOON.date() - timedelta(days=1), at=NOON
    )
    refuses(NotAllowed, "no seat", waiting, dan)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"choice": "maybe"}, "no such ballot"),
        ({"choice": Choice.REJECT}, "needs a reason"),
        ({"choice": Choice.RECUSE, "reason": "  "}, "needs a reason"),
        ({"choice": Choice.APPROVE_WITH_CONDITIONS}, "at least one condition"),
        ({"choice": Choice.APPROVE, "conditions": ["Tell them."]}, "Conditions go with"),
        ({"choice": Choice.APPROVE_WITH_CONDITIONS, "conditions": ["x"] * 11}, "At most 10"),
        ({"choice": Choice.APPROVE, "reason": "x" * 4001}, "at most 4,000"),
    ],
)
def test_a_ballot_that_does_not_fit_is_refused(waiting, cleo, more, sentence):
    refuses(Invalid, sentence, waiting, cleo, **more)


def test_a_vote_on_nothing_is_refused(cleo):
    with pytest.raises(NotFound):
        rounds.cast_vote(change_id=999, voter=cleo, choice=Choice.APPROVE, revision=1, at=NOON)


def test_hidden_ballots_are_read_by_their_voter_only_until_the_round_closes(waiting, round_, ben, cleo, dan):
    vote(waiting, cleo)
    assert [b.voter for b in ballots_shown_to(round_, cleo)] == [cleo]
    assert list(ballots_shown_to(round_, dan)) == []
    vote(waiting, ben)
    round_.refresh_from_db()
    assert {b.voter for b in ballots_shown_to(round_, dan)} == {cleo, ben}


def test_the_journal_does_not_tell_how_somebody_voted(waiting, cleo):
    vote(waiting, cleo, Choice.REJECT, reason="No.")
    entry = Entry.objects.about(waiting).get(event="cab.VoteCast")
    assert "reject" not in str(entry.data)


def refuses(kind, sentence, change, voter, choice=Choice.APPROVE, **more):
    ballots, entries = Ballot.objects.count(), Entry.objects.count()
    with pytest.raises(kind, match=sentence) as refused:
        vote(change, voter, more.pop("choice", choice), **more)
    assert refused.value.next_step
    assert (Ballot.objects.count(), Entry.objects.count()) == (ballots, entries)


@pytest.mark.django_db(transaction=True)
def test_two_last_votes_at_once_settle_the_round_once(waiting, ben, cleo, dan):
    outcomes = together([lambda who=who: vote(waiting, who) for who in (ben, cleo, dan)])
    assert outcomes.count("voted") in {2, 3}
    assert Entry.objects.filter(event="cab.RoundDecided").count() == 1
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.SCHEDULED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_an_edit_and_a_vote_at_once_never_leave_an_approval_of_another_text(waiting, ada, ben, cleo, attempt):
    vote(waiting, cleo)

    def edit():
        proposing.edit_change(
            change_id=waiting.pk,
            editor=ada,
            content=proposing.content_from(waiting, backout_plan="Another way back."),
            based_on=1,
            at=NOON,
        )

    together([edit, lambda: vote(waiting, ben, revision=1)])
    waiting.refresh_from_db()
    first, second = waiting.rounds.order_by("number")
    assert (waiting.state, waiting.revision) == (ChangeState.AWAITING_AUTHORIZATION, 2)
    assert (first.state, second.state, second.revision) == (RoundState.INVALIDATED, RoundState.OPEN, 2)
    assert not second.ballots.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_a_hold_and_the_last_vote_at_once_never_schedule_what_is_held(waiting, ada, ben, cleo, attempt):
    vote(waiting, cleo)
    hold = {"change_id": waiting.pk, "person": ada, "reason": "The supplier is closed.", "at": NOON}
    outcomes = together([lambda: flow.hold_change(**hold), lambda: vote(waiting, ben)])
    waiting.refresh_from_db()
    assert waiting.on_hold
    if "on_hold" in outcomes:  # the hold came first
        assert (waiting.state, waiting.rounds.get().state) == (ChangeState.AWAITING_AUTHORIZATION, RoundState.OPEN)
    else:
        assert (outcomes, waiting.state) == (["voted", "voted"], ChangeState.SCHEDULED)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_thousand_concurrent_double_votes_give_exactly_one(waiting, cleo):
    outcomes = [one for _ in range(50) for one in together([lambda: vote(waiting, cleo)] * 20)]
    assert len(outcomes) == 1000
    assert outcomes.count("voted") == 1
    assert Ballot.objects.filter(voter=cleo).count() == 1
    assert Entry.objects.filter(event="cab.VoteCast").count() == 1


def together(calls) -> list[str]:
    """Run the calls in threads that start at one barrier; each gives "voted" or the refusal's code."""
    outcomes, barrier = [], threading.Barrier(len(calls))

    def one(call):
        barrier.wait()
        try:
            call()
            outcomes.append("voted")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
