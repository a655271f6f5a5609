"""Emergencies: straight to their board, begun before the decision where allowed, decided after the fact on a clock."""

from datetime import timedelta

import pytest

from apps.cab.actions import emergencies, flow, handing, proposing, reviews, rounds
from apps.cab.models import Board, BoardKind, Change, Seat, SeatRole
from apps.cab.states import CHANGE, RETROACTIVE, ChangeState, RetroactiveState
from apps.cab.tasks import chase_retroactive_rounds, close_overdue_rounds
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, WrongState
from apps.notify.models import Notice
from tests.cab.conftest import content
from tests.cab.test_cast_vote import together
from tests.cab.test_freeze_check import freeze as enforced_freeze
from tests.conftest import NOON, signed_in

HOURS = 8


@pytest.fixture
def fire_board(ben, cleo, dan) -> Board:
    """Ben chairs; two ballots make the quorum; work may begin first, and the decision follows within eight hours."""
    board = Board.objects.create(
        slug="emergency",
        name="Emergency board",
        kind=BoardKind.EMERGENCY,
        quorum_count=2,
        allows_implement_first=True,
        retroactive_hours=HOURS,
    )
    for person, role in ((ben, SeatRole.CHAIR), (cleo, SeatRole.VOTER), (dan, SeatRole.VOTER)):
        Seat.objects.create(board=board, person=person, role=role, term=(NOON.date(), None))
    return board


def emergency(ada, omar, payments, ledger, **fields) -> Change:
    given = {"type": "emergency", "backout_plan": "", "implementer": omar, "window_start": None, "window_end": None}
    told = content(payments, ledger, **(given | {"window_zone": ""} | fields))
    change = proposing.propose_change(requester=ada, content=told, at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    return Change.objects.get(pk=change.pk)


@pytest.fixture
def fire(fire_board, ada, omar, payments, ledger) -> Change:
    return emergency(ada, omar, payments, ledger)


def begin(change, person, at=NOON, reason="It burns.") -> Change:
    return emergencies.implement_first(change_id=change.pk, implementer=person, reason=reason, at=at)


def vote(change, voter, choice="approve", at=NOON, reason="") -> None:
    rounds.cast_vote(change_id=change.pk, voter=voter, choice=choice, revision=1, at=at, reason=reason)


def told(change) -> list[str]:
    return [
        one.removeprefix("cab.") for one in Entry.objects.about(change).order_by("pk").values_list("event", flat=True)
    ]


def fresh(change) -> Change:
    return Change.objects.get(pk=change.pk)


class TestStraightToTheBoard:
    def test_a_round_opens_on_submission_and_the_journal_says_that_nobody_assessed_it(self, fire):
        assert (fire.state, fire.rounds.get().board.slug) == ("awaiting_authorization", "emergency")
        assert "AssessmentSkipped" in told(fire)
        assert "AssessmentBegun" not in told(fire)

    def test_without_any_board_it_waits_as_submitted(self, ada, omar, ben, payments, ledger):
        change = emergency(ada, omar, payments, ledger)
        assert change.state == "submitted"
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
        with pytest.raises(WrongState, match="no such board"):
            flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)

    def test_what_is_no_emergency_is_assessed_first(self, submitted, fire_board, ben):
        assert submitted.state == "submitted"
        with pytest.raises(WrongState, match="Nobody has assessed"):
            flow.hand_to_board(change_id=submitted.pk, assessor=ben, at=NOON)


class TestBeginningFirst:
    def test_work_begins_and_the_boards_clock_runs(self, fire, omar):
        begin(fire, omar)
        change, round_ = fresh(fire), fire.rounds.get()
        assert (change.state, change.retroactive, change.implemented_first_at) == ("implementing", "pending", NOON)
        assert (round_.state, round_.closes_at) == ("open", NOON + timedelta(hours=HOURS))
        assert change.deadline_at == round_.closes_at

    def test_ballots_cast_before_count(self, fire, omar, ben, cleo):
        vote(fire, cleo)
        begin(fire, omar)
        vote(fire, ben)
        assert fresh(fire).retroactive == "approved"

    def test_only_where_the_board_allows_it(self, fire, fire_board, omar):
        Board.objects.filter(pk=fire_board.pk).update(allows_implement_first=False)
        with pytest.raises(NotAllowed, match="does not allow") as refused:
            begin(fire, omar)
        assert refused.value.next_step
        assert fresh(fire).state == "awaiting_authorization"

    def test_only_emergencies_that_wait_for_their_board(self, waiting, fire_board, omar, fire):
        with pytest.raises(WrongState, match="Only an emergency"):
            begin(waiting, omar)
        begin(fire, omar)
        with pytest.raises(WrongState, match="no board is deciding"):
            begin(fire, omar)

    def test_an_undecided_change_is_not_started_the_ordinary_way(self, fire, omar):
        with pytest.raises(WrongState, match="Nobody has decided"):
            flow.start_implementation(change_id=fire.pk, implementer=omar, at=NOON)

    def test_who_neither_does_it_nor_operates_there_may_not(self, fire, cleo, auditor):
        for person in (cleo, auditor):
            with pytest.raises(NotAllowed):
                begin(fire, person)

    def test_a_reason_and_an_implementer_are_needed(self, fire, omar):
        with pytest.raises(Invalid):
            begin(fire, omar, reason=" ")
        Change.objects.filter(pk=fire.pk).update(implementer=None)
        with pytest.raises(WrongState, match="Nobody is named"):
            begin(fire, omar)

    def test_a_hard_freeze_of_this_hour_stops_it(self, fire, omar, admin, payments):
        clocks = {"start_local": (NOON - timedelta(hours=1)).replace(tzinfo=None)}
        clocks["end_local"] = clocks["start_local"] + timedelta(days=1)
        enforced_freeze(omar, admin, [payments], NOON, **clocks)
        with pytest.raises(WrongState, match="stops it"):
            begin(fire, omar)
        assert fresh(fire).retroactive == "not_needed"


class TestDecidingAfterTheFact:
    def test_approval_leaves_the_work_as_it_goes(self, fire, omar, ben, cleo):
        begin(fire, omar)
        for voter in (ben, cleo):
            vote(fire, voter)
        change = fresh(fire)
        assert (change.state, change.retroactive, change.unauthorized) == ("implementing", "approved", False)
        assert "ChangeAuthorized" not in told(fire)

    @pytest.mark.parametrize("choice", ["reject", "request_changes"])
    def test_a_refusal_records_it_as_unauthorized_with_the_reason(self, fire, omar, ben, cleo, choice):
        begin(fire, omar)
        flow.finish_implementation(change_id=fire.pk, implementer=omar, outcome="successful", at=NOON)
        for voter in (ben, cleo):
            vote(fire, voter, choice, reason=f"{voter}: it could wait.")
        change = fresh(fire)
        assert (change.state, change.retroactive, change.unauthorized) == ("implemented", "rejected", True)
        assert "Ben: it could wait. · Cleo: it could wait." in change.unauthorized_because

    def test_its_authors_do_not_decide_it(self, fire, omar, ada):
        begin(fire, omar)
        with pytest.raises(NotAllowed):
            vote(fire, omar)

    def test_nothing_stops_the_clock(self, fire, omar, ada):
        begin(fire, omar)
        with pytest.raises(WrongState, match="stop the clock"):
            flow.hold_change(change_id=fire.pk, person=ada, reason="Later.", at=NOON)
        flow.finish_implementation(change_id=fire.pk, implementer=omar, outcome="successful", at=NOON)
        with pytest.raises(WrongState, match="has not decided"):
            reviews.complete_review(change_id=fire.pk, reviewer=ada, expected="x", happened="y", learned="", at=NOON)

    def test_it_waits_in_the_queue_of_those_who_vote(self, fire, omar, cleo, monkeypatch):
        begin(fire, omar)
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
        assert fire.reference in signed_in(cleo).get("/queue/").content.decode()


class TestItsClock:
    @pytest.fixture
    def clock(self, monkeypatch):
        def stands_at(hours: float) -> None:
            at = NOON + timedelta(hours=hours)
            monkeypatch.setattr("django.utils.timezone.now", lambda: at)
            assert [chase_retroactive_rounds(), close_overdue_rounds()]
            chase_retroactive_rounds()  # a second turn says nothing again
            while deliver_due(at=at + timedelta(minutes=1)):
                pass

        return stands_at

    def test_it_reminds_then_tells_the_chair_then_alerts(self, fire, omar, ben, cleo, dan, admin, clock):
        vote(fire, cleo)
        begin(fire, omar)
        clock(HOURS * 0.49)
        assert not {"RetroactiveApprovalReminded", "RetroactiveApprovalEscalated"} & set(told(fire))
        clock(HOURS * 0.5)
        assert told(fire).count("RetroactiveApprovalReminded") == 1
        reminded = Notice.objects.filter(title__contains="still waits")
        assert {one.person for one in reminded.select_related("person")} == {ben, dan}  # Cleo has voted
        clock(HOURS * 0.75)
        assert told(fire).count("RetroactiveApprovalEscalated") == 1
        assert Notice.objects.filter(person=ben, title__contains="is late").count() == 1
        clock(HOURS)
        change = fresh(fire)
        assert (change.retroactive, change.state, fire.rounds.get().state) == ("lapsed", "implementing", "lapsed")
        entry = Entry.objects.get(event="cab.RetroactiveApprovalLapsed")
        assert (entry.data["severity"], fire.reference in entry.data["sentence"]) == ("high", True)
        alerts = Notice.objects.filter(title__startswith="Alert:").select_related("person")
        assert {one.person for one in alerts} == {ben, omar, admin}

    def test_with_a_quorum_the_end_of_the_clock_decides(self, fire, omar, ben, cleo, clock):
        begin(fire, omar)
        vote(fire, ben)
        vote(fire, cleo, "abstain")
        clock(HOURS)
        assert fresh(fire).retroactive in {"approved", "rejected"}

    def test_the_chair_opens_another_round_with_a_clock_of_its_own(self, fire, fire_board, omar, ben, cleo, clock):
        begin(fire, omar)
        clock(HOURS)
        later = NOON + timedelta(hours=20)
        round_ = handing.open_round(change_id=fire.pk, board=fire_board, opener=ben, at=later)
        assert (fresh(fire).retroactive, round_.number, round_.closes_at) == (
            "pending",
            2,
            later + timedelta(hours=HOURS),
        )
        for voter in (ben, cleo):
            vote(fire, voter, at=later)
        assert fresh(fire).retroactive == "approved"

    @pytest.mark.parametrize("start", list(RetroactiveState))
    @pytest.mark.parametrize("target", list(RetroactiveState))
    def test_every_move(self, start, target):
        allowed = {("not_needed", "pending"), ("lapsed", "pending")}
        allowed |= {("pending", end) for end in ("approved", "rejected", "lapsed")}
        assert RETROACTIVE.allows(start, target) == ((start, target) in allowed)

    def test_what_is_carried_out_is_never_called_off(self):
        assert not CHANGE.allows(ChangeState.IMPLEMENTING, ChangeState.CANCELLED)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_turn", range(5))
def test_last_ballot_beginning_and_withdrawal_at_once_leave_one_legal_state(_turn, fire, ada, omar, ben, cleo):
    vote(fire, cleo)
    together(
        [
            lambda: vote(fire, ben),
            lambda: begin(fire, omar),
            lambda: flow.cancel_change(change_id=fire.pk, person=ada, reason="It is out.", at=NOON),
        ]
    )
    change = fresh(fire)
    # The ballot first (authorized, then perhaps called off), or the work first (decided after the fact), or the end.
    assert (change.state, change.retroactive) in {
        ("authorized", "not_needed"),
        ("cancelled", "not_needed"),
        ("implementing", "approved"),
    }


class TestItsDoors:
    @pytest.fixture(autouse=True)
    def _at_noon(self, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)

    def test_the_dossier_offers_to_begin_and_shows_the_clock(self, fire, omar, cleo, ben):
        page, owner = fire.get_absolute_url(), signed_in(omar)
        assert "Begin before the decision" in owner.get(page).content.decode()
        assert owner.post(f"{page}first-implementation/", {"reason": ""}).status_code == 422
        assert owner.post(f"{page}first-implementation/", {"reason": "It burns."}).status_code == 302
        text = signed_in(cleo).get(page).content.decode()
        assert "decides after the fact by" in text
        assert 'name="choice" value="approve"' in text

    def test_the_short_page_casts_a_ballot(self, fire, cleo):
        place, voter = f"{fire.get_absolute_url()}brief/", signed_in(cleo)
        assert "Cast the ballot" in voter.get(place).content.decode()
        refused = voter.post(place, {"choice": "reject", "revision": 1})
        assert (refused.status_code, "reason" in refused.content.decode()) == (422, True)
        assert voter.post(place, {"choice": "approve", "revision": 1}).status_code == 302
        assert "You have voted in this round" in voter.get(place).content.decode()

    def test_the_notice_of_an_emergency_leads_to_the_short_page(self, fire, cleo):
        deliver_due(at=NOON, limit=1000)
        assert Notice.objects.get(person=cleo, kind="vote").url == f"{fire.get_absolute_url()}brief/"

    def test_the_api_begins_and_tells(self, fire, omar):
        place, client = f"/api/v1/changes/{fire.reference}/", signed_in(omar)
        body = {"reason": "It burns."}
        done = client.post(f"{place}first-implementation/", body, content_type="application/json").json()
        assert (done["state"], done["retroactive"], done["current_round"]["retroactive_at"]) == (
            "implementing",
            "pending",
            "2026-03-02T12:00:00Z",
        )
        again = client.post(f"{place}first-implementation/", body, content_type="application/json")
        assert (again.status_code, bool(again.json()["next_step"])) == (409, True)

    def test_a_boards_rules_hold_both(self, fire_board, admin):
        client = signed_in(admin)
        patch = {"retroactive_hours": 400}
        place, match = "/api/v1/boards/emergency/", {"If-Match": '"1"'}
        refused = client.patch(place, patch, content_type="application/json", headers=match)
        assert refused.status_code == 422
        saved = client.patch(place, {"retroactive_hours": 6}, content_type="application/json", headers=match)
        assert (saved.json()["retroactive_hours"], saved.json()["allows_implement_first"]) == (6, True)
