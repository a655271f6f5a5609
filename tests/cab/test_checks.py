"""Findings of reviews: checks that come up on the next similar change, and proposals to change a standard."""

from datetime import date, timedelta

import pytest

from apps.cab.actions import checks, flow, proposing, reviews, rounds
from apps.cab.models import Change, CheckHit, Review, ReviewCheck, StandardProposal
from apps.cab.states import CHECK, PROPOSAL, CheckState, ProposalState
from apps.cab.tasks import remind_of_proposals
from apps.clusters.models import Cluster, Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, WrongState
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in

JSON = "application/json"
QUESTION = "Was the replica lag under two seconds before the switch?"


@pytest.fixture
def reviewed(waiting, ben, cleo, omar, ada) -> Change:
    """Carried out, reviewed and closed."""
    Change.objects.filter(pk=waiting.pk).update(implementer=omar)
    for voter in (ben, cleo):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice="approve", revision=1, at=NOON)
    done = NOON + timedelta(days=9)
    flow.start_implementation(change_id=waiting.pk, implementer=omar, at=waiting.window_start_at)
    flow.finish_implementation(change_id=waiting.pk, implementer=omar, outcome="backed_out", at=done)
    reviews.complete_review(
        change_id=waiting.pk,
        reviewer=ada,
        expected="Nobody notices.",
        happened="The lag was a minute.",
        learned="Measure first.",
        incidents=[" INC-204 ", "INC-205", "INC-204", ""],
        at=done,
    )
    return Change.objects.get(pk=waiting.pk)


def check(reviewed, author, **fields) -> ReviewCheck:
    given = {"question": QUESTION, "component": reviewed.components.get()} | fields
    return checks.add_check(change_id=reviewed.pk, author=author, at=NOON, **given)


def drafted(ada, cluster, *components, **fields) -> Change:
    return proposing.propose_change(requester=ada, content=content(cluster, *components, **fields), at=NOON)


def submit(change, ada) -> Change:
    return flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)


def answer(change, one, person, text="Half a second, measured for an hour.") -> CheckHit:
    return checks.answer_check(change_id=change.pk, check_id=one.pk, person=person, answer=text, at=NOON)


class TestTheReview:
    def test_it_keeps_the_incidents_once_each(self, reviewed):
        assert Review.objects.get().incidents == ["INC-204", "INC-205"]

    @pytest.mark.parametrize("incidents", [[f"INC-{n}" for n in range(21)], ["x" * 201]])
    def test_too_many_are_refused(self, incidents, waiting, ada):
        Change.objects.filter(pk=waiting.pk).update(state="implemented")
        Review.objects.create(change=waiting, reviewer=ada, due_at=NOON)
        with pytest.raises(Invalid) as refused:
            reviews.complete_review(
                change_id=waiting.pk, reviewer=ada, expected="x", happened="y", learned="", incidents=incidents, at=NOON
            )
        assert refused.value.next_step
        assert Change.objects.get(pk=waiting.pk).state == "implemented"


class TestAChecksWay:
    def test_the_next_similar_change_is_not_submitted_before_it_is_answered(self, reviewed, ada, payments, ledger):
        one = check(reviewed, ada)
        change = drafted(ada, payments, ledger)
        with pytest.raises(Invalid, match="replica lag") as refused:
            submit(change, ada)
        assert "Answer it" in refused.value.next_step
        assert Change.objects.get(pk=change.pk).state == "draft"
        answer(change, one, ada)
        assert submit(change, ada).state == "submitted"
        assert ReviewCheck.objects.with_hits().get().hit_count == 1

    def test_an_emergency_is_not_held_up(self, reviewed, ada, payments, ledger):
        check(reviewed, ada)
        assert submit(drafted(ada, payments, ledger, type="emergency"), ada).state != "draft"

    @pytest.mark.parametrize(
        ("scope", "comes_up"),
        [
            ({"component": None, "type": "normal"}, True),
            ({"component": None, "type": "standard"}, False),
            ({"component": None, "component_kind": "service"}, True),
            ({"component": None, "component_kind": "website"}, False),
            ({"type": "normal", "component_kind": "service"}, True),
            ({"type": "standard", "component_kind": "service"}, False),
        ],
    )
    def test_all_that_its_scope_names_must_hold(self, reviewed, ada, payments, ledger, scope, comes_up):
        check(reviewed, ada, **scope)
        change = drafted(ada, payments, ledger)
        if comes_up:
            with pytest.raises(Invalid, match="replica lag"):
                submit(change, ada)
        else:
            assert submit(change, ada).state == "submitted"

    def test_it_stays_in_its_cluster_unless_a_chair_asks_everywhere(self, reviewed, ada, ben, logistics, dispatch):
        scope = {"component": None, "type": "normal"}
        check(reviewed, ada, **scope)
        assert submit(drafted(ada, logistics, dispatch), ada).state == "submitted"
        with pytest.raises(NotAllowed, match="whole federation"):
            check(reviewed, ada, everywhere=True, **scope)
        check(reviewed, ben, everywhere=True, **scope)
        with pytest.raises(Invalid, match="replica lag"):
            submit(drafted(ada, logistics, dispatch), ada)

    def test_retired_it_comes_up_no_more_and_keeps_its_answers(self, reviewed, ada, omar, payments, ledger):
        one, first = check(reviewed, ada), drafted(ada, payments, ledger)
        answer(first, one, ada)
        with pytest.raises(NotAllowed):
            checks.retire_check(check_id=one.pk, person=ada, reason="Done.", at=NOON)
        with pytest.raises(Invalid):
            checks.retire_check(check_id=one.pk, person=omar, reason=" ", at=NOON)
        checks.retire_check(check_id=one.pk, person=omar, reason="The pipeline measures it now.", at=NOON)
        assert submit(drafted(ada, payments, ledger), ada).state == "submitted"
        assert ReviewCheck.objects.with_hits().get().hit_count == 1
        with pytest.raises(WrongState):
            checks.retire_check(check_id=one.pk, person=omar, reason="Again.", at=NOON)

    def test_what_makes_no_sense_is_refused(self, reviewed, ada, waiting, ben):
        with pytest.raises(Invalid, match="on which changes"):
            check(reviewed, ada, component=None)
        with pytest.raises(Invalid):
            check(reviewed, ada, question=" ")
        with pytest.raises(Invalid, match="301"):
            check(reviewed, ada, question="x" * 301)
        Change.objects.filter(pk=waiting.pk).update(state="rejected", outcome="")
        with pytest.raises(WrongState, match="no review"):
            check(waiting, ben)
        assert not ReviewCheck.objects.exists()

    def test_who_may_not_review_keeps_no_finding(self, reviewed, auditor, vera):
        for person in (auditor, vera):
            with pytest.raises(NotAllowed):
                check(reviewed, person)

    def test_an_answer_is_given_once_by_its_authors(self, reviewed, ada, cleo, omar, payments, ledger, dispatch):
        one, change = check(reviewed, ada), drafted(ada, payments, ledger)
        with pytest.raises(NotAllowed):
            answer(change, one, cleo)
        with pytest.raises(Invalid):
            answer(change, one, ada, text=" ")
        answer(change, one, ada)
        with pytest.raises(Conflict, match="has been answered"):
            answer(change, one, ada)
        other = drafted(ada, payments, dispatch)
        with pytest.raises(NotFound, match="does not come up"):
            answer(other, one, ada)
        assert Entry.objects.about(change).filter(event="cab.CheckAnswered").count() == 1

    @pytest.mark.parametrize("start", list(CheckState))
    def test_every_move(self, start):
        assert {one for one in CheckState if CHECK.allows(start, one)} == (
            {"retired"} if start == "in_force" else set()
        )


class TestProposals:
    def propose(self, reviewed, author, owner, due_on=date(2026, 4, 1), **fields) -> StandardProposal:
        given = {"standard": "Replication", "text": "Lag is measured before every switch."} | fields
        return checks.propose_standard_change(
            change_id=reviewed.pk, author=author, owner=owner, due_on=due_on, at=NOON, **given
        )

    def test_its_owner_hears_of_it_is_reminded_once_and_closes_it(self, reviewed, ada, omar, cleo, monkeypatch):
        one = self.propose(reviewed, ada, omar)
        deliver_due(at=NOON, limit=1000)
        assert Notice.objects.filter(person=omar, title__startswith="Replication").count() == 1
        for day, reminded in ((date(2026, 4, 1), 0), (date(2026, 4, 2), 1), (date(2026, 4, 3), 0)):
            at = NOON.replace(year=day.year, month=day.month, day=day.day)
            monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
            assert remind_of_proposals() == reminded
        with pytest.raises(NotAllowed):
            checks.close_proposal(proposal_id=one.pk, person=cleo, outcome="adopted", note="x", at=NOON)
        with pytest.raises(Invalid):
            checks.close_proposal(proposal_id=one.pk, person=omar, outcome="adopted", note=" ", at=NOON)
        done = checks.close_proposal(
            proposal_id=one.pk, person=omar, outcome="adopted", note="Version 3 says so.", at=NOON
        )
        assert (done.state, done.closed_at) == ("adopted", NOON)
        with pytest.raises(WrongState):
            checks.close_proposal(proposal_id=one.pk, person=omar, outcome="dropped", note="x", at=NOON)

    @pytest.mark.parametrize("due_on", [date(2026, 3, 1), date(2028, 3, 3)])
    def test_a_day_that_is_none_is_refused(self, reviewed, ada, omar, due_on):
        with pytest.raises(Invalid, match="between today"):
            self.propose(reviewed, ada, omar, due_on=due_on)

    @pytest.mark.parametrize("start", list(ProposalState))
    def test_every_move(self, start):
        targets = {one for one in ProposalState if PROPOSAL.allows(start, one)}
        assert targets == ({"adopted", "dropped"} if start == "open" else set())


class TestItsDoors:
    @pytest.fixture(autouse=True)
    def _at_noon(self, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)

    def test_the_pages_lead_from_the_finding_to_the_answer_and_its_rows(
        self, reviewed, ada, omar, payments, ledger, django_assert_max_num_queries
    ):
        page, mine = reviewed.get_absolute_url(), signed_in(ada)
        assert "Make a check of a finding" in mine.get(page).content.decode()
        sent = {"question": QUESTION, "type": "", "component": "payments/ledger", "component_kind": ""}
        assert mine.post(f"{page}checks/", {**sent, "component": ""}).status_code == 422
        assert mine.post(f"{page}checks/", sent).status_code == 302
        one, change = ReviewCheck.objects.get(), drafted(ada, payments, ledger)
        text = mine.get(change.get_absolute_url()).content.decode()
        assert "came up on 0 changes" in text
        assert "A check from an earlier review is open" in text
        told = {"check_id": one.pk, "answer": "Half a second."}
        assert mine.post(f"{change.get_absolute_url()}check-answers/", told).status_code == 302
        text = mine.get(change.get_absolute_url()).content.decode()
        assert "came up on 1 change" in text
        assert "A check from an earlier review is open" not in text
        with django_assert_max_num_queries(12):
            assert QUESTION in mine.get("/checks/").content.decode()
        submit(change, ada)
        with django_assert_max_num_queries(12):
            text = mine.get(one.get_absolute_url()).content.decode()
        assert change.reference in text
        assert "Retire the check" not in text
        owner = signed_in(omar)
        assert owner.post(one.get_absolute_url(), {"reason": ""}).status_code == 422
        assert owner.post(one.get_absolute_url(), {"reason": "Measured by the pipeline."}).status_code == 302
        assert QUESTION not in mine.get("/checks/").content.decode()
        assert QUESTION in mine.get("/checks/?state=retired").content.decode()

    def test_a_proposal_is_made_on_the_dossier_and_closed_in_the_list(self, reviewed, ada, omar):
        page = f"{reviewed.get_absolute_url()}standard-proposals/"
        sent = {"standard": "Replication", "text": "Measure first.", "owner": "omar", "due_on": "2026-04-01"}
        mine, owner = signed_in(ada), signed_in(omar)
        assert mine.post(page, {**sent, "owner": "nobody-here"}).status_code == 422
        assert mine.post(page, sent).status_code == 302
        one = StandardProposal.objects.get()
        assert "Adopted" not in mine.get("/standard-proposals/").content.decode()
        assert "Adopted" in owner.get("/standard-proposals/").content.decode()
        done = owner.post(f"/standard-proposals/{one.pk}/closure/", {"outcome": "dropped", "note": "Too dear."})
        assert done.status_code == 302
        assert "Too dear." in mine.get("/standard-proposals/?state=dropped").content.decode()

    def test_the_api_does_the_same(self, reviewed, ada, omar, payments, ledger):
        place, mine, owner = f"/api/v1/changes/{reviewed.reference}/", signed_in(ada), signed_in(omar)
        body = {"question": QUESTION, "component": "payments/ledger"}
        one = mine.post(f"{place}checks/", body, content_type=JSON).json()
        assert (one["component"], one["hits"], one["cluster"]) == ("payments/ledger", 0, "payments")
        change = drafted(ada, payments, ledger)
        its = f"/api/v1/changes/{change.reference}/"
        assert [row["answer"] for row in mine.get(f"{its}checks/").json()["results"]] == [None]
        blockers = {row["code"] for row in mine.get(its).json()["blockers"]}
        assert "check" in blockers
        said = {"check_id": one["id"], "answer": "Half a second."}
        assert mine.post(f"{its}check-answers/", said, content_type=JSON).status_code == 201
        submit(change, ada)
        hits = mine.get(f"/api/v1/checks/{one['id']}/hits/").json()["results"]
        assert [(row["change"], row["answer"]) for row in hits] == [(change.reference, "Half a second.")]
        done = owner.post(f"/api/v1/checks/{one['id']}/retirement/", {"reason": "Measured."}, content_type=JSON)
        assert (done.json()["state"], done.json()["hits"]) == ("retired", 1)
        told = {"standard": "Replication", "text": "Measure.", "owner": "omar", "due_on": "2026-04-01"}
        made = mine.post(f"{place}standard-proposals/", told, content_type=JSON).json()
        closing = f"/api/v1/standard-proposals/{made['id']}/closure/"
        closed = owner.post(closing, {"outcome": "adopted", "note": "Done."}, content_type=JSON)
        assert closed.json()["state"] == "adopted"

    def test_outside_a_restricted_cluster_nobody_knows_of_it(self, reviewed, ada, payments, dan):
        one = check(reviewed, ada)
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        for place in (one.get_absolute_url(), f"/api/v1/checks/{one.pk}/"):
            assert signed_in(dan).get(place).status_code == 404
