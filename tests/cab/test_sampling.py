"""Automatic approvals are sampled: committed to beforehand, drawn by lot, reviewed by others, compared."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from apps.cab.actions import flow, proposing, sampling
from apps.cab.models import Board, BoardKind, Change, SampledReview, SamplingCandidate, SamplingPeriod, SamplingSetting
from apps.cab.queries.sampling import comparison, reviews_waiting_for, rows_behind
from apps.cab.rules.sampling import Counted, commitment, ranked
from apps.cab.states import PERIOD, SAMPLED_REVIEW, PeriodState, SampledReviewState
from apps.cab.tasks import draw_samples, remind_of_samples
from apps.clusters.models import Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.notify.secrets import opened
from apps.policies import actions as policies
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in
from tests.policies.conftest import FLOOR, enable

JSON = "application/json"
DAYS = 14
END = NOON + timedelta(days=DAYS)


def deliver(at=END) -> None:
    while deliver_due(at=at + timedelta(minutes=1)):
        pass


def set_to(
    setter, board=None, *, share=50, minimum=1, days=DAYS, based_on=0, at=NOON, reason="To learn"
) -> SamplingSetting:
    return sampling.set_sampling(
        setter=setter, board=board, share=share, minimum=minimum, days=days, reason=reason, based_on=based_on, at=at
    )


def routine(ada, ben, payments, ledger, *, outcome="successful", implementer=None, at=NOON, **fields) -> Change:
    """A standard change that the policy authorizes, carried out unless `outcome` is empty."""
    window = {"window_start": datetime(2026, 3, 2, 13, 0), "window_end": datetime(2026, 3, 2, 14, 0)}
    told = content(payments, ledger, type="standard", implementer=implementer or ada, **(window | fields))
    change = proposing.propose_change(requester=ada, content=told, at=at)
    flow.submit_change(change_id=change.pk, submitter=ada, at=at)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=at)
    assert flow.hand_to_board(change_id=change.pk, assessor=ben, at=at) is None
    if outcome:
        flow.start_implementation(change_id=change.pk, implementer=implementer or ada, at=at)
        flow.finish_implementation(change_id=change.pk, implementer=implementer or ada, outcome=outcome, at=at)
    return Change.objects.get(pk=change.pk)


def draw(at=END) -> SamplingPeriod:
    period = SamplingPeriod.objects.get(state=PeriodState.OPEN)
    return sampling.keep_period(period_id=period.pk, at=at)


@pytest.fixture
def by_policy(ben, admin):
    """Standard changes of low risk are authorized without a board."""
    floor = policies.found_policy(founder=ben, slug="enterprise-floor", name="Floor", cluster=None, at=NOON)
    return enable(floor, FLOOR, ben, admin)


@pytest.fixture
def four(by_policy, board, ada, ben, payments, ledger):
    """Sampling by half, and four automatic approvals: one of them failed."""
    set_to(ben)
    went = ("successful", "unsuccessful", "successful", "successful")
    return [routine(ada, ben, payments, ledger, outcome=one) for one in went]


@pytest.fixture
def drawn(four):
    return draw()


@pytest.fixture
def review(drawn):
    return SampledReview.objects.earliest("pk")


def judge(review, reviewer, verdict="agreed", reason="It was routine.", at=END) -> SampledReview:
    return sampling.review_sample(review_id=review.pk, reviewer=reviewer, verdict=verdict, reason=reason, at=at)


class TestSetting:
    def test_it_is_a_version_with_its_reason_in_the_journal_and_opens_a_period(self, board, ben):
        setting = set_to(ben)
        assert (setting.version, setting.board) == (1, None)
        entry = Entry.objects.get(event="cab.SamplingSet")
        assert (entry.actor, entry.data["share"], entry.data["reason"]) == (ben, 50, "To learn")
        period = SamplingPeriod.objects.get()
        assert (period.board, period.setting, period.due_at) == (board, setting, END)

    def test_a_programme_manager_may_and_a_member_may_not(self, board, cleo):
        set_to(make_person("priya", "programme_manager"))
        with pytest.raises(NotAllowed, match="may not set"):
            set_to(cleo, based_on=1)
        assert SamplingSetting.objects.count() == 1

    def test_a_new_version_does_not_touch_the_period_that_has_begun(self, four, ben):
        set_to(ben, share=0, minimum=0, based_on=1)
        assert draw().drawn == 2
        assert not SamplingPeriod.objects.filter(state=PeriodState.OPEN).exists()  # nothing is to be drawn from now on

    def test_whoever_read_an_older_version_is_refused(self, board, ben):
        set_to(ben)
        with pytest.raises(StaleRevision):
            set_to(ben, share=20)
        assert SamplingSetting.objects.get().share == 50

    def test_a_board_of_its_own_goes_before_the_rest(self, board, ben, payments, omar):
        own = Board.objects.create(slug="payments", name="Payments board", kind=BoardKind.CLUSTER, cluster=payments)
        set_to(ben, own, share=100)
        assert [one.board for one in SamplingPeriod.objects.all()] == [own]
        set_to(ben, share=10)
        assert {one.board: one.setting.share for one in SamplingPeriod.objects.all()} == {own: 100, board: 10}

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [({"share": 101}, "share"), ({"minimum": 101}, "minimum"), ({"days": 0}, "days"), ({"reason": " "}, "reason")],
    )
    def test_what_is_out_of_range_is_named_and_nothing_is_written(self, board, ben, wrong, field):
        with pytest.raises(Invalid) as refused:
            set_to(ben, **wrong)
        assert list(refused.value.fields) == [field]
        assert not SamplingSetting.objects.exists()


class TestTheDraw:
    def test_the_seed_is_promised_first_and_told_at_the_end(self, four):
        period = SamplingPeriod.objects.get()
        promised = Entry.objects.get(event="cab.SamplingPeriodOpened").data["commitment"]
        assert period.seed == ""
        assert "seed" not in Entry.objects.get(event="cab.SamplingPeriodOpened").data
        drawn = draw()
        told = Entry.objects.get(event="cab.SampleDrawn").data
        assert commitment(told["seed"]) == promised == drawn.commitment
        assert (told["candidates"], told["drawn"]) == (4, 2)

    def test_anybody_draws_the_same_from_what_is_told(self, drawn, four):
        again = [reference for _, reference in ranked(drawn.seed, [one.reference for one in four])]
        rows = SamplingCandidate.objects.select_related("change").order_by("rank")
        assert [one.change.reference for one in rows] == again
        assert [one.is_drawn for one in rows] == [True, True, False, False]
        assert {one.change.reference for one in SampledReview.objects.select_related("change")} == set(again[:2])

    def test_it_may_run_twice_and_the_next_period_begins_where_it_ended(self, drawn):
        sampling.keep_period(period_id=drawn.pk, at=END + timedelta(hours=1))
        assert SampledReview.objects.count() == 2
        following = SamplingPeriod.objects.get(state=PeriodState.OPEN)
        assert following.opened_at == drawn.drawn_at
        assert following.commitment != drawn.commitment

    def test_it_does_not_run_early(self, four):
        assert draw(at=END - timedelta(seconds=1)).state == PeriodState.OPEN
        assert not SampledReview.objects.exists()

    def test_never_fewer_than_the_minimum_if_there_are_any(self, by_policy, board, ada, ben, payments, ledger):
        set_to(ben, share=1, minimum=2)
        for _ in range(3):
            routine(ada, ben, payments, ledger, outcome="")
        assert draw().drawn == 2
        assert draw(at=END + timedelta(days=DAYS)).candidates == 0

    def test_what_a_board_decided_or_decides_again_is_not_drawn_from(
        self,
        by_policy,
        board,
        ada,
        ben,
        payments,
        ledger,
    ):
        set_to(ben, share=100)
        stays, goes = (routine(ada, ben, payments, ledger, outcome="") for _ in range(2))
        edited = proposing.content_from(goes, type="normal")
        proposing.edit_change(change_id=goes.pk, editor=ada, content=edited, based_on=1, at=NOON)
        draw()
        assert [one.change for one in SampledReview.objects.all()] == [stays]

    def test_what_was_under_way_at_a_draw_is_in_the_next(self, drawn, ada, ben, payments, ledger):
        """Its approval is of before the draw, and was committed after it."""
        late = routine(ada, ben, payments, ledger, outcome="", at=END - timedelta(minutes=1), **_week(3))
        after = draw(at=END + timedelta(days=DAYS))
        assert [one.change for one in after.approvals.all()] == [late]

    def test_what_was_approved_before_sampling_began_is_not_in_it(
        self,
        by_policy,
        board,
        ada,
        ben,
        payments,
        ledger,
    ):
        routine(ada, ben, payments, ledger, outcome="")
        set_to(ben, at=NOON + timedelta(hours=1))
        assert draw(at=END + timedelta(hours=1)).candidates == 0

    def test_the_job_draws_what_is_due(self, four):
        SamplingPeriod.objects.update(due_at=NOON + timedelta(seconds=1))  # long past for the clock
        assert draw_samples() == 1
        assert SamplingPeriod.objects.filter(state=PeriodState.DRAWN).count() == 1
        assert draw_samples() == 0

    @pytest.mark.slow
    @pytest.mark.django_db(transaction=True)
    def test_two_workers_draw_once(self, four):
        period, start = SamplingPeriod.objects.get(), threading.Barrier(2)

        def work():
            start.wait()
            try:
                sampling.keep_period(period_id=period.pk, at=END)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert SampledReview.objects.count() == 2
        assert Entry.objects.filter(event="cab.SampleDrawn").count() == 1
        assert SamplingPeriod.objects.filter(state=PeriodState.OPEN).count() == 1

    def test_a_draw_that_dies_leaves_nothing(self, four):
        with transaction.atomic():
            draw()
            transaction.set_rollback(True)
        assert SamplingPeriod.objects.get().state == PeriodState.OPEN
        assert not SamplingCandidate.objects.exists()


def _week(day: int) -> dict:
    return {"window_start": datetime(2026, 3, 17 + day, 13, 0), "window_end": datetime(2026, 3, 17 + day, 14, 0)}


class TestReviewing:
    def test_a_verdict_with_its_reason_ends_it(self, review, cleo):
        found = judge(review, cleo, "refused", "No word about the replica.")
        assert (found.state, found.reviewer, found.reviewed_at) == (SampledReviewState.REVIEWED, cleo, END)
        entry = Entry.objects.get(event="cab.SampleReviewed")
        assert (entry.actor, entry.data["verdict"]) == (cleo, "refused")
        with pytest.raises(WrongState):
            judge(review, cleo)

    @pytest.mark.parametrize(("verdict", "reason"), [("maybe", "Why"), ("agreed", "  "), ("refused", "x" * 2001)])
    def test_without_a_verdict_or_a_reason_nothing_is_written(self, review, cleo, verdict, reason):
        with pytest.raises(Invalid):
            judge(review, cleo, verdict, reason)
        review.refresh_from_db()
        assert review.state == SampledReviewState.DRAWN

    def test_only_who_has_a_vote_there(self, review, vera, admin):
        for person in (vera, admin):
            with pytest.raises(NotAllowed, match="has a vote"):
                judge(review, person)

    def test_never_its_requester_its_implementer_or_who_wrote_it(
        self, by_policy, board, ada, ben, cleo, dan, payments, ledger
    ):
        set_to(ben, share=100)
        change = routine(cleo, ben, payments, ledger, implementer=dan, outcome="")
        draw()
        review = SampledReview.objects.get(change=change)
        for person in (cleo, dan):
            with pytest.raises(NotAllowed, match="took part"):
                judge(review, person)
            assert not reviews_waiting_for(person, at=END).exists()
        assert list(reviews_waiting_for(ben, at=END)) == [review]
        assert judge(review, ben).state == SampledReviewState.REVIEWED

    def test_it_stands_in_the_queue_of_who_may_give_it(self, review, cleo, ada):
        assert review.change.reference in signed_in(cleo).get("/queue/").text
        assert "look back at" not in signed_in(ada).get("/queue/").text

    def test_the_board_is_told_of_the_draw_until_all_is_reviewed(self, drawn, cleo, dan):
        deliver()
        notice = Notice.objects.get(person=cleo, kind="work")
        assert "2 automatic approvals are drawn" in notice.title
        for number, one in enumerate(SampledReview.objects.order_by("pk"), start=1):
            judge(one, dan)
            deliver()
            notice.refresh_from_db()
            assert (notice.read_at is not None) is (number == 2)

    def test_one_that_is_late_is_reminded_of_once(self, review, cleo, dan):
        late = review.due_at + timedelta(hours=1)
        sampling.remind_of_sample(review_id=review.pk, at=review.due_at - timedelta(hours=1))
        assert not Entry.objects.filter(event="cab.SampledReviewOverdue").exists()
        for _ in range(2):
            sampling.remind_of_sample(review_id=review.pk, at=late)
        assert Entry.objects.filter(event="cab.SampledReviewOverdue").count() == 1
        deliver(late)
        assert Notice.objects.filter(person=cleo, title__contains="overdue", read_at=None).count() == 1
        judge(review, dan, at=late)
        deliver(late)
        assert not Notice.objects.filter(title__contains="overdue", read_at=None).exists()

    def test_the_job_reminds_of_all_that_are_late(self, drawn):
        SampledReview.objects.update(due_at=NOON)
        assert remind_of_samples() == 2
        assert remind_of_samples() == 0

    @pytest.mark.parametrize("state", SampledReviewState)
    @pytest.mark.parametrize("target", SampledReviewState)
    def test_its_machine(self, state, target):
        assert SAMPLED_REVIEW.allows(state, target) is ((state, target) == ("drawn", "reviewed"))

    def test_the_machine_of_a_period(self):
        assert PERIOD.allows("open", "drawn")
        assert not PERIOD.allows("drawn", "open")


class TestByHand:
    def add(self, change, board, adder, reason="It went wrong at night.") -> SampledReview:
        return sampling.add_by_hand(change_id=change.pk, board=board, adder=adder, reason=reason, at=END)

    def test_a_failed_change_is_added_with_a_reason_and_counted_apart(
        self, by_policy, board, ada, ben, cleo, payments, ledger
    ):
        failed = routine(ada, ben, payments, ledger, outcome="backed_out")
        review = self.add(failed, board, cleo)
        judge(review, ben, "refused", "We would have asked for a test.")
        told, counts = comparison(board, ben)
        assert (told.reviewed, told.unreviewed, told.refused_failed) == (Counted(0, 0), Counted(0, 0), 0)
        assert counts["added"] == 1
        assert list(rows_behind(board, "added", ben)) == [failed]

    def test_not_without_a_reason_not_twice_not_by_anybody(
        self, by_policy, board, ada, ben, cleo, vera, payments, ledger
    ):
        failed = routine(ada, ben, payments, ledger, outcome="backed_out")
        with pytest.raises(Invalid):
            self.add(failed, board, cleo, " ")
        with pytest.raises(NotAllowed):
            self.add(failed, board, vera)
        self.add(failed, board, cleo)
        with pytest.raises(Conflict):
            self.add(failed, board, cleo)
        assert SampledReview.objects.count() == 1

    def test_not_what_went_well_nor_what_is_not_finished(self, by_policy, board, ada, ben, cleo, payments, ledger):
        fine, unfinished = (routine(ada, ben, payments, ledger, outcome=one) for one in ("successful", ""))
        for change, why in ((fine, "did not fail"), (unfinished, "carried out to its end")):
            with pytest.raises(WrongState, match=why):
                self.add(change, board, cleo)

    def test_what_was_added_may_still_be_drawn_so_that_the_draw_stays_fair(self, four, board, cleo):
        failed = four[1]
        self.add(failed, board, cleo)
        drawn = draw()
        expected = {reference for _, reference in ranked(drawn.seed, [one.reference for one in four])[:2]}
        by_lot = SampledReview.objects.exclude(candidate=None).select_related("change")
        assert {one.change.reference for one in by_lot} == expected


class TestComparison:
    @pytest.fixture
    def judged(self, by_policy, board, ada, ben, cleo, payments, ledger):
        """Ten approvals, four drawn and three of them reviewed; which failed follows from the draw itself."""
        set_to(ben, share=40)
        changes = {one.reference: one for one in (routine(ada, ben, payments, ledger, outcome="") for _ in range(10))}
        period = draw()
        order = [changes[reference] for _, reference in ranked(period.seed, changes)]
        for number, change in enumerate(order):
            flow.start_implementation(change_id=change.pk, implementer=ada, at=NOON)
            outcome = "unsuccessful" if number in {0, 3, 5} else "successful"
            flow.finish_implementation(change_id=change.pk, implementer=ada, outcome=outcome, at=NOON)
        for change, verdict in zip(order, ("refused", "refused", "agreed"), strict=False):
            judge(SampledReview.objects.get(change=change), cleo, verdict)
        return order

    def test_each_figure_counts_and_opens_its_own(self, judged, board, ben):
        told, counts = comparison(board, ben)
        assert (told.reviewed, told.unreviewed) == (Counted(3, 1), Counted(6, 1))
        assert (told.refused_failed, told.refused_fine) == (1, 1)
        assert told.minutes_a_failure == 3 * 15  # minutes of the enterprise board, for one failure
        assert counts["waiting"] == 1
        behind = {which: {one.pk for one in rows_behind(board, which, ben)} for which in counts}
        assert {which: len(rows) for which, rows in behind.items()} == counts
        assert behind["reviewed"] == {one.pk for one in judged[:3]}
        assert behind["refused-failed"] == {judged[0].pk}
        assert behind["unreviewed-failed"] == {judged[5].pk}

    def test_the_page_says_it_in_words_and_links_every_figure(self, judged, board, ben):
        page = signed_in(ben).get("/boards/enterprise/sampling/").text
        assert "No difference is shown" in page
        assert "board minutes for one prevented failure" in page
        for which in ("reviewed-failed", "unreviewed-failed", "refused-failed", "refused-fine", "waiting"):
            rows = signed_in(ben).get(f"/boards/enterprise/sampling/changes/?which={which}")
            assert f"?which={which}" in page
            assert rows.status_code == 200
        assert signed_in(ben).get("/boards/enterprise/sampling/changes/?which=nothing").status_code == 404

    def test_what_a_person_may_not_see_is_in_no_figure(self, judged, board, payments):
        payments.visibility = Visibility.RESTRICTED
        payments.save()
        eve = make_person("eve", "requester")
        told, counts = comparison(board, eve)
        assert told.reviewed == told.unreviewed == Counted(0, 0)
        assert set(counts.values()) == {0}
        page = signed_in(eve).get(SamplingPeriod.objects.earliest("pk").get_absolute_url()).text
        assert "a change that you may not see" in page
        assert judged[0].reference not in page


class TestPages:
    ADDRESSES = ("/sampling/", "/boards/enterprise/sampling/", "/sampling/reviews/?state=any", "/queue/")

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_questions_stay_few(self, drawn, cleo, address, django_assert_max_num_queries):
        client = signed_in(cleo)
        client.get(address)
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200

    def test_a_chair_sets_it_and_is_refused_in_words(self, board, ben):
        client = signed_in(ben)
        form = {"share": 20, "minimum": 2, "days": 7, "reason": "A start", "based_on": 0}
        assert client.post("/boards/enterprise/sampling/", form).status_code == 302
        assert SamplingSetting.objects.get().board == board
        again = client.post("/boards/enterprise/sampling/", form)
        assert again.status_code == 422
        assert "Someone else changed this setting first." in again.text

    def test_the_period_shows_promise_and_seed(self, drawn, vera):
        page = signed_in(vera).get(drawn.get_absolute_url()).text
        assert drawn.commitment in page
        assert drawn.seed in page
        assert "its hash is what was promised" in page

    def test_the_seed_is_nowhere_before(self, four, admin):
        period = SamplingPeriod.objects.get()
        seed = opened(period.sealed_seed)
        for address in (period.get_absolute_url(), f"/api/v1/sampling-periods/{period.pk}/", "/journal/"):
            assert seed not in signed_in(admin).get(address).text
        assert seed not in period.sealed_seed

    def test_a_member_gives_the_verdict_without_being_told_how_it_went(self, review, cleo):
        client, address = signed_in(cleo), review.get_absolute_url()
        page = client.get(address).text
        assert "How it went is left out here on purpose" in page
        assert "nsuccessful" not in page.split("<main")[1].split("</main")[0]
        assert client.post(address, {"verdict": "agreed"}).status_code == 422
        assert client.post(address, {"verdict": "refused", "reason": "Too late at night."}).status_code == 302
        assert "Too late at night." in client.get(address).text

    def test_an_author_sees_no_form_and_is_refused(self, by_policy, board, ben, cleo, payments, ledger):
        set_to(ben, share=100)
        routine(cleo, ben, payments, ledger, outcome="")
        draw()
        address = SampledReview.objects.get().get_absolute_url()
        assert "Give the verdict" not in signed_in(cleo).get(address).text
        refused = signed_in(cleo).post(address, {"verdict": "agreed", "reason": "Mine"})
        assert refused.status_code == 422
        assert "You took part in this change" in refused.text

    def test_by_hand(self, by_policy, board, ada, ben, cleo, payments, ledger):
        failed = routine(ada, ben, payments, ledger, outcome="backed_out")
        address = "/boards/enterprise/sampling/additions/"
        refused = signed_in(cleo).post(address, {"reference": "CHG-987654", "reason": "x"})
        assert refused.status_code == 422
        answer = signed_in(cleo).post(address, {"reference": failed.reference, "reason": "It woke people up."})
        assert answer.status_code == 302
        assert SampledReview.objects.get().added_because == "It woke people up."


class TestTheApi:
    def test_the_same_by_json(self, four, ben, cleo):
        chair, member = signed_in(ben), signed_in(cleo)
        key = {"idempotency-key": "one"}
        body = {"board": "enterprise", "share": 30, "minimum": 1, "days": 7, "reason": "Try", "based_on": 0}
        answer = chair.post("/api/v1/sampling-settings/", body, content_type=JSON, headers=key)
        assert answer.status_code == 201, answer.text
        stale = chair.post("/api/v1/sampling-settings/", body, content_type=JSON, headers={"idempotency-key": "two"})
        assert (stale.status_code, stale.json()["detail"][:12]) == (412, "Someone else")
        period = draw()
        told = member.get(f"/api/v1/sampling-periods/{period.pk}/").json()
        assert commitment(told["seed"]) == told["commitment"]
        rows = member.get(f"/api/v1/sampling-periods/{period.pk}/approvals/").json()["results"]
        assert [(one["digest"], one["change"]) for one in rows] == ranked(told["seed"], [one["change"] for one in rows])
        review = member.get("/api/v1/sampled-reviews/").json()["results"][0]
        address = f"/api/v1/sampled-reviews/{review['id']}/verdict/"
        said = {"verdict": "agreed", "reason": "Routine."}
        given = member.post(address, said, content_type=JSON, headers={"idempotency-key": "three"})
        assert given.json()["verdict"] == "agreed"
        told = member.get("/api/v1/boards/enterprise/sampling/").json()
        assert told["reviewed"]["finished"] == 1
        assert told["unreviewed"]["finished"] == 2

    def test_by_hand(self, by_policy, board, ada, ben, cleo, payments, ledger):
        failed = routine(ada, ben, payments, ledger, outcome="backed_out")
        body = {"board": "enterprise", "change": failed.reference, "reason": "Look again"}
        answer = signed_in(cleo).post(
            "/api/v1/sampled-reviews/", body, content_type=JSON, headers={"idempotency-key": "one"}
        )
        assert (answer.status_code, answer.json()["added_by"]) == (201, "cleo")
        again = signed_in(cleo).post(
            "/api/v1/sampled-reviews/", body, content_type=JSON, headers={"idempotency-key": "two"}
        )
        assert again.status_code == 409
