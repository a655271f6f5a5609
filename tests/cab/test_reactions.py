"""Whom the board's area tells: read from the inboxes, after the outbox has delivered."""

from datetime import date, timedelta

import pytest

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.cab.actions import boards, conditions, flow, proposing, reviews, rounds
from apps.cab.models import Ballot, Change, Choice, CoAuthorship, Condition, Handover, Round, Seat
from apps.cab.rules.reviews import ESCALATE_AFTER
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery
from apps.journal.states import DeliveryState
from apps.kernel.signs import day_words
from apps.notify.actions.telling import mark_read
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.conftest import NOON, make_person

LATER = NOON + timedelta(hours=1)
WINDOW = NOON + timedelta(days=8)


def told(kind: str, at=LATER) -> dict[str, str]:
    """Who has a notice of this kind, with its newest title, once everything due is delivered."""
    deliver_due(at=at, limit=1000)
    assert not Delivery.objects.exclude(last_error="").exists()
    return dict(Notice.objects.filter(kind=kind).order_by("pk").values_list("person__handle", "title"))


def vote(change, voter, choice=Choice.APPROVE, at=LATER, **more):
    revision = Change.objects.get(pk=change.pk).revision
    return rounds.cast_vote(change_id=change.pk, voter=voter, choice=choice, revision=revision, at=at, **more)


@pytest.fixture
def implemented(waiting, ada, ben, cleo) -> Change:
    vote(waiting, ben)
    vote(waiting, cleo)
    Change.objects.filter(pk=waiting.pk).update(implementer=ada)
    flow.start_implementation(change_id=waiting.pk, implementer=ada, at=WINDOW)
    flow.finish_implementation(change_id=waiting.pk, implementer=ada, outcome="successful", at=WINDOW)
    return Change.objects.get(pk=waiting.pk)


class TestVotes:
    def test_every_seat_but_the_openers_is_asked(self, waiting):
        title = f"{waiting.reference} waits for your vote: {waiting.title}"
        assert told("vote") == {"cleo": title, "dan": title}, "Ben opened the round and knows"
        notice = Notice.objects.filter(kind="vote").first()
        assert notice.url == waiting.get_absolute_url()
        assert "The Enterprise board decides by" in notice.body

    def test_who_holds_a_delegation_is_asked_too(self, assessing, board, ben, cleo):
        emil = make_person("emil", Role.BOARD_MEMBER)
        day = NOON.date()
        boards.delegate_vote(
            board_id=board.pk, giver=cleo, taker=emil, first_day=day, last_day=day + timedelta(days=7), at=NOON
        )
        flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
        assert set(told("vote")) == {"cleo", "dan", "emil"}

    def test_an_author_on_the_board_is_not_asked_and_neither_is_their_delegate(self, assessing, board, ben, cleo):
        emil = make_person("emil", Role.BOARD_MEMBER)
        CoAuthorship.objects.create(change=assessing, person=cleo)
        day = NOON.date()
        boards.delegate_vote(
            board_id=board.pk, giver=cleo, taker=emil, first_day=day, last_day=day + timedelta(days=7), at=NOON
        )
        flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
        assert set(told("vote")) == {"dan"}

    def test_a_delegate_who_is_an_author_is_not_asked(self, assessing, board, ben, cleo):
        emil = make_person("emil", Role.BOARD_MEMBER)
        CoAuthorship.objects.create(change=assessing, person=emil)
        day = NOON.date()
        boards.delegate_vote(
            board_id=board.pk, giver=cleo, taker=emil, first_day=day, last_day=day + timedelta(days=7), at=NOON
        )
        flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
        assert set(told("vote")) == {"cleo", "dan"}

    def test_delivering_twice_tells_once(self, waiting):
        told("vote")
        Delivery.objects.update(state="waiting", done_at=None, next_attempt_at=NOON)
        told("vote")
        assert Notice.objects.filter(kind="vote").count() == 2


def unread(change) -> set[str]:
    """Whose inbox says that the change waits for their vote, once everything due is delivered."""
    told("vote", at=NOON + timedelta(days=90))
    title = f"{change.reference} waits for your vote: {change.title}"
    return set(Notice.objects.filter(title=title, read_at=None).values_list("person__handle", flat=True))


class TestRoundsThatAreOver:
    """Nobody's inbox waits for a vote that cannot be cast any more."""

    @pytest.fixture(autouse=True)
    def _asked(self, waiting):
        assert unread(waiting) == {"cleo", "dan"}

    def test_decided(self, waiting, ben, cleo):
        vote(waiting, cleo)
        assert unread(waiting) == {"cleo", "dan"}, "one vote decides nothing"
        vote(waiting, ben)
        assert unread(waiting) == set()
        assert set(Notice.objects.filter(kind="decision", read_at=None).values_list("person__handle")) == {("ada",)}

    def test_lapsed_but_the_chair_is_told_of_that(self, waiting, round_):
        rounds.close_overdue_round(round_id=round_.pk, at=round_.closes_at)
        assert unread(waiting) == set()
        assert [one.person.handle for one in Notice.objects.filter(kind="vote", read_at=None)] == ["ben"]

    def test_withdrawn(self, waiting, ada):
        flow.cancel_change(change_id=waiting.pk, person=ada, reason="Not needed.", at=LATER)
        assert unread(waiting) == set()

    def test_invalidated_by_a_material_edit_and_asked_anew(self, waiting, ada, payments, ledger):
        said = content(payments, ledger, implementation_plan="Another way.")
        proposing.edit_change(change_id=waiting.pk, editor=ada, content=said, based_on=1, at=LATER)
        assert unread(waiting) == {"ben", "cleo", "dan"}, "by the new round, which Ada's edit opened"
        assert Notice.objects.filter(kind="vote").exclude(read_at=None).count() == 2

    def test_what_was_read_keeps_its_time_and_a_second_delivery_changes_nothing(self, waiting, ben, cleo):
        mark_read(person=cleo, notice_ids=None, at=NOON)
        vote(waiting, cleo)
        vote(waiting, ben)
        for at in (NOON + timedelta(days=91), NOON + timedelta(days=92)):
            assert unread(waiting) == set()
            times = dict(Notice.objects.filter(kind="vote").values_list("person__handle", "read_at"))
            assert times == {"cleo": NOON, "dan": LATER}
            overs = Delivery.objects.filter(subscriber="cab.round_over")
            assert overs.count() == 1
            overs.update(state=DeliveryState.WAITING, done_at=None, next_attempt_at=at)


def test_who_would_be_asked_after_the_round_is_over_is_not(waiting, ben, cleo):
    vote(waiting, cleo)
    vote(waiting, ben)
    assert told("vote") == {}


class TestDecisions:
    def test_the_authors_hear_that_it_is_authorized(self, waiting, ben, cleo, dan):
        CoAuthorship.objects.create(change=waiting, person=dan)
        vote(waiting, cleo)
        vote(waiting, ben)
        title = f"{waiting.reference}: Approved: 2 for, 0 against, 0 abstained."
        assert told("decision") == {"ada": title, "dan": title}

    def test_the_authors_hear_that_it_is_rejected(self, waiting, ben, cleo):
        vote(waiting, cleo, Choice.REJECT, reason="Too late in the quarter.")
        vote(waiting, ben, Choice.REJECT, reason="As Cleo says.")
        assert set(told("decision")) == {"ada"}
        assert "Rejected" in told("decision")["ada"]

    def test_a_lapsed_round_is_told_to_the_authors_and_to_the_chair(self, waiting, round_):
        told("vote")
        over = round_.closes_at
        rounds.close_overdue_round(round_id=round_.pk, at=over)
        assert set(told("decision", at=over)) == {"ada"}
        assert told("vote")["ben"] == f"{waiting.reference}: the round ended without a quorum"

    def test_what_comes_back_is_told_with_the_reason(self, assessing, ben):
        flow.request_changes(change_id=assessing.pk, assessor=ben, reason="Name the person on call.", at=NOON)
        assert set(told("changes_requested")) == {"ada"}
        assert Notice.objects.get(kind="changes_requested").body == "Name the person on call."


class TestConditions:
    @pytest.fixture
    def condition(self, waiting, ben, cleo) -> Condition:
        vote(waiting, cleo, Choice.APPROVE_WITH_CONDITIONS, conditions=["Tell the call centre."])
        vote(waiting, ben)
        return Condition.objects.get()

    def test_evidence_goes_to_who_asked_and_the_end_to_the_authors(self, condition, ada, ben, cleo):
        conditions.offer_evidence(condition_id=condition.pk, author=ada, evidence="Told them on Monday.", at=LATER)
        assert set(told("condition")) == {"cleo"}
        conditions.confirm_condition(condition_id=condition.pk, member=cleo, at=LATER)
        assert told("condition")["ada"].endswith(": a condition is met")

    def test_a_waiver_goes_to_the_authors(self, condition, ben):
        conditions.waive_condition(condition_id=condition.pk, chair=ben, reason="The centre is closed.", at=LATER)
        assert set(told("condition")) == {"ada"}


def test_the_implementer_hears_of_the_schedule(ada, ben, cleo, dan, payments, ledger, board):
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, implementer=dan), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    vote(change, ben)
    vote(change, cleo)
    assert told("work") == {"dan": f"{change.reference} is scheduled: {change.title}"}
    assert Notice.objects.get(kind="work").body == "10 March 2026 22:00 Europe/Berlin"


class TestReviews:
    def test_the_reminder_goes_to_the_requester(self, implemented):
        review = implemented.review
        assert told("review", at=WINDOW) == {}, "Ada finished it herself and knows"
        reviews.remind_of_review(review_id=review.pk, at=review.due_at)
        assert told("review", at=review.due_at) == {
            "ada": f"{implemented.reference}: the review is due {day_words(review.due_at)}"
        }

    def test_the_escalation_goes_to_the_chair(self, implemented):
        review = implemented.review
        late = review.due_at + ESCALATE_AFTER
        reviews.remind_of_review(review_id=review.pk, at=late)
        assert told("review", at=late)["ben"] == f"{implemented.reference}: the review is overdue"
        assert set(told("review", at=late)) == {"ada", "ben"}

    @pytest.mark.parametrize("why", ["vacated", "left"])
    def test_where_nobody_chairs_the_board_the_escalation_goes_to_the_clusters_owners(
        self, implemented, ben, omar, admin, why
    ):
        if why == "vacated":
            Seat.objects.filter(person=ben).update(term=(date(2026, 1, 1), date(2026, 3, 5)))
        else:
            Person.objects.filter(pk=ben.pk).update(is_active=False)
        assert escalated(implemented) == {"omar"}

    def test_where_nobody_owns_the_cluster_either_it_goes_to_the_administrators(self, implemented, ben, admin):
        Seat.objects.filter(person=ben).update(term=(date(2026, 1, 1), date(2026, 3, 5)))
        assert escalated(implemented) == {"greta"}

    def test_a_change_that_no_board_decided_is_escalated_to_the_clusters_owners(self, implemented, omar, admin):
        told("review", at=WINDOW)
        Ballot.objects.all().delete()
        Handover.objects.all().delete()
        Round.objects.all().delete()  # as a record from an import has none
        assert escalated(implemented) == {"omar"}


def escalated(change) -> set[str]:
    """Who is told that the change's review is overdue."""
    late = change.review.due_at + ESCALATE_AFTER
    for _ in range(2):
        reviews.remind_of_review(review_id=change.review.pk, at=late)
        told("review", at=late)
    notices = Notice.objects.filter(title=f"{change.reference}: the review is overdue")
    assert notices.count() == notices.values("person").distinct().count()
    return set(notices.values_list("person__handle", flat=True))
