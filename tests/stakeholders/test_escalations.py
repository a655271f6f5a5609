"""Cases on the ladder: asked, held, taken, handed over, resolved; and nothing climbs twice, whatever falls over."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.actions import ladder, protocols
from apps.stakeholders.actions.rule_cases import open_cases_by_rule
from apps.stakeholders.models import CaseStep, EscalationCase, EscalationProtocol, ProtocolVersion
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules.metrics import ended_periods
from apps.stakeholders.states import CaseState
from tests.conftest import NOON, make_person
from tests.stakeholders.escalating import HOUR, LADDER, ask, open_one, publish
from tests.stakeholders.measuring import align, define, push
from tests.stakeholders.negotiating import propose


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


@pytest.fixture
def protocol(ben, admin, priya):
    """Parties 4 h, programme manager 2 h, chair 8 h, administrator takes over 2 h."""
    return publish(ben, admin)


@pytest.fixture
def case(protocol, omar, nora, payments, logistics):
    return open_one(protocol, omar, [payments, logistics])


def again(case):
    return EscalationCase.objects.get(pk=case.pk)


def climb(case, times=1):
    """Let the time of the current step run out, so many times."""
    for _ in range(times):
        case = again(case)
        assert actions.escalate(case_id=case.pk, at=case.due_at)
    return again(case)


def at_step(case, number):
    case = again(case)
    return climb(case, number - case.step) if number > case.step else case


class TestProtocols:
    def test_one_writes_and_another_publishes_what_they_read(self, ben, admin, priya, ada):
        protocol = publish(ben, admin)
        version = queries.published_version(protocol)
        assert [one.asks for one in queries.steps_of(version)] == ["parties", "role", "role", "role"]
        draft = protocols.write_steps(protocol=protocol, author=admin, steps=LADDER[:3], based_on=0, at=NOON)
        for person, digest, refusal in (
            (admin, draft.digest, NotAllowed),
            (ada, draft.digest, NotAllowed),
            (ben, "0" * 64, StaleRevision),
        ):
            with pytest.raises(refusal):
                protocols.publish_protocol(version_id=draft.pk, publisher=person, digest=digest, at=NOON)
        protocols.publish_protocol(version_id=draft.pk, publisher=ben, digest=draft.digest, at=NOON)
        version.refresh_from_db()
        assert version.state == "superseded"

    def test_a_step_that_nobody_stands_behind_is_not_published(self, ben, admin):
        with pytest.raises(Invalid, match="Step 2 has nobody behind it"):
            publish(ben, admin)  # no programme manager is there
        ghost = make_person("ghost", Role.PROGRAMME_MANAGER, is_active=False)
        with pytest.raises(Invalid, match="Step 1 has nobody behind it"):
            publish(ben, admin, [ask(person=ghost)], slug="ghostly")

    def test_a_draft_is_written_anew_from_the_version_read_or_discarded(self, protocol, ben, admin):
        said = {"protocol": protocol, "author": ben, "at": NOON}
        draft = protocols.write_steps(**said, steps=LADDER, based_on=0)
        with pytest.raises(StaleRevision):
            protocols.write_steps(**said, steps=LADDER, based_on=0)
        assert protocols.write_steps(**said, steps=LADDER[1:], based_on=1).number == 2
        assert protocols.discard_steps(version_id=draft.pk, person=admin, at=NOON).state == "discarded"
        with pytest.raises(WrongState):
            protocols.discard_steps(version_id=draft.pk, person=admin, at=NOON)

    def test_who_keeps_no_board_writes_none(self, protocol, ada, omar):
        for person in (ada, omar):
            with pytest.raises(NotAllowed):
                protocols.write_steps(protocol=protocol, author=person, steps=LADDER, based_on=0, at=NOON)

    def test_a_running_case_keeps_the_version_it_began_with(self, case, protocol, ben, admin, priya):
        draft = protocols.write_steps(protocol=protocol, author=ben, steps=[ask("administrator")], based_on=0, at=NOON)
        protocols.publish_protocol(version_id=draft.pk, publisher=admin, digest=draft.digest, at=NOON)
        assert at_step(case, 3).step == 3
        assert ProtocolVersion.objects.get(pk=case.version_of_id).state == "superseded"


class TestOpening:
    def test_the_first_step_is_asked_at_once_and_its_clock_runs(self, case, omar, nora):
        assert (case.reference, case.state, case.step) == ("ESC-1", "open", 1)
        assert case.due_at == NOON + 4 * HOUR
        step = case.ladder.get()
        assert {one.person for one in step.asks.all()} == {omar, nora}
        while deliver_due(at=NOON):
            pass
        told = Notice.objects.get(person=nora)
        assert told.title == "ESC-1: talk to the other party about “Late orders”"

    def test_others_open_none_and_one_party_is_no_conflict(self, protocol, ada, omar, payments, logistics):
        with pytest.raises(NotAllowed):
            open_one(protocol, ada, [payments, logistics])
        with pytest.raises(Invalid, match="2 to 10 parties"):
            open_one(protocol, omar, [payments])

    def test_without_a_published_version_there_is_no_case(self, ben, omar, payments, logistics, protocol):
        empty = EscalationProtocol.objects.create(
            slug="empty", name="Empty", calendar=protocol.calendar, made_by=ben, made_at=NOON
        )
        with pytest.raises(WrongState, match="is not published"):
            open_one(empty, omar, [payments, logistics])

    def test_who_may_not_know_of_a_party_is_not_asked(self, protocol, admin, priya, omar, payments, vault):
        case = open_one(protocol, admin, [payments, vault])
        case = climb(case)
        assert (case.state, case.step) == ("on_hold", 2), "the programme manager does not know of the vault"
        with pytest.raises(NotFound):
            queries.visible_case(case.number, priya)


class TestClimbing:
    def test_each_step_has_its_whole_time_and_says_why_it_was_left(self, case, priya):
        case = climb(case)
        assert (case.step, case.due_at) == (2, NOON + 6 * HOUR)
        first, second = case.ladder.order_by("number")
        assert (first.outcome, first.left_at) == ("no answer in time", NOON + 4 * HOUR)
        assert [one.person for one in second.asks.all()] == [priya]

    def test_before_its_time_and_a_second_time_nothing_happens(self, case):
        assert not actions.escalate(case_id=case.pk, at=case.due_at - timedelta(microseconds=1))
        assert actions.escalate(case_id=case.pk, at=case.due_at)
        assert not actions.escalate(case_id=case.pk, at=case.due_at)
        assert again(case).step == 2

    def test_however_late_it_is_noticed_it_climbs_one_step(self, case):
        """The house was down for a week: the next step is not skipped, and has its whole time."""
        late = NOON + timedelta(days=7)
        assert actions.run_clocks(at=late) == 1
        assert actions.run_clocks(at=late) == 0
        case = again(case)
        assert (case.step, case.due_at - late) == (2, 2 * HOUR)

    def test_a_clock_that_is_behind_never_climbs_twice(self, case):
        climb(case)
        assert not actions.escalate(case_id=case.pk, at=NOON + 3 * HOUR)
        assert Entry.objects.filter(event="stakeholders.CaseStepReached").count() == 2

    def test_the_database_lets_a_case_reach_a_step_once(self, case):
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseStep.objects.create(case=case, number=1, asked_at=NOON)

    def test_killed_in_the_middle_it_has_not_climbed_and_the_next_run_does(self, case, monkeypatch):
        def killed(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ladder, "_ask", killed)
            with pytest.raises(KeyboardInterrupt):
                actions.escalate(case_id=case.pk, at=case.due_at)
        assert (again(case).step, case.ladder.count()) == (1, 1)
        assert actions.run_clocks(at=case.due_at) == 1
        assert (again(case).step, case.ladder.count()) == (2, 2)

    def test_the_last_step_that_runs_out_uses_the_ladder_up_and_is_told(self, case, ben, admin):
        case = climb(case, 4)
        assert (case.state, case.due_at, case.step) == ("exhausted", None, 4)
        while deliver_due(at=NOON + timedelta(days=1)):
            pass
        assert Notice.objects.filter(title="Nobody answered ESC-1 on any step", person=ben).exists()

    def test_nights_and_weekends_do_not_count(self, ben, admin, priya, omar, nora, payments, logistics):
        hours = {"opens": time(9), "closes": time(17), "weekdays": range(5)}
        protocol = publish(ben, admin, hours=hours)
        friday = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
        case = open_one(protocol, omar, [payments, logistics], at=friday)
        assert case.due_at == datetime(2026, 3, 9, 11, 0, tzinfo=UTC)


class TestWithThreads:
    def test_two_workers_climb_one_step(self, transactional_db, ben, admin, priya, omar, nora, payments, logistics):
        case = open_one(publish(ben, admin), omar, [payments, logistics])
        done, start = [], Barrier(4)

        def run():
            start.wait()
            try:
                done.append(actions.run_clocks(at=case.due_at))
            finally:
                connection.close()

        threads = [Thread(target=run) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sum(done) == 1
        assert (again(case).step, case.ladder.count()) == (2, 2)
        assert Entry.objects.filter(event="stakeholders.CaseStepReached").count() == 2

    def test_taking_it_and_its_time_running_out_are_one_or_the_other(
        self, transactional_db, ben, admin, priya, omar, nora, payments, logistics
    ):
        case = at_step(open_one(publish(ben, admin), omar, [payments, logistics]), 2)
        start, refused = Barrier(2), []

        def take():
            start.wait()
            try:
                actions.acknowledge(case_id=case.pk, person=priya, step=2, at=case.due_at)
            except Conflict as error:
                refused.append(error.code)
            finally:
                connection.close()

        def clock():
            start.wait()
            try:
                actions.run_clocks(at=case.due_at)
            finally:
                connection.close()

        threads = [Thread(target=take), Thread(target=clock)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        found = again(case)
        taken = (found.state, found.step, refused) == ("acknowledged", 2, [])
        climbed = (found.state, found.step, refused) == ("open", 3, ["escalated_meanwhile"])
        assert taken or climbed


class TestTaking:
    def test_it_stops_the_clock(self, case, priya):
        case = at_step(case, 2)
        actions.acknowledge(case_id=case.pk, person=priya, step=2, at=NOON + 5 * HOUR)
        case = again(case)
        assert (case.state, case.due_at, case.acknowledged_by) == ("acknowledged", None, priya)
        assert actions.run_clocks(at=NOON + timedelta(days=30)) == 0

    def test_after_it_has_climbed_it_is_a_conflict(self, case, priya):
        case = at_step(case, 3)
        with pytest.raises(Conflict, match="moved on from step 2 to step 3"):
            actions.acknowledge(case_id=case.pk, person=priya, step=2, at=NOON)
        assert actions.acknowledge(case_id=case.pk, person=priya, step=3, at=NOON).state == "acknowledged"

    def test_parties_and_who_was_not_asked_do_not(self, case, omar, nora, ada, ben):
        case = at_step(case, 2)
        for person, says in ((omar, "party"), (nora, "party"), (ben, "not asked")):
            with pytest.raises(NotAllowed, match=says):
                actions.acknowledge(case_id=case.pk, person=person, step=2, at=NOON)

    def test_who_handed_it_over_decides_no_more(self, case, priya, admin):
        case = at_step(case, 4)
        with pytest.raises(NotAllowed, match="not asked"):
            actions.acknowledge(case_id=case.pk, person=priya, step=4, at=NOON)
        assert actions.acknowledge(case_id=case.pk, person=admin, step=4, at=NOON).state == "acknowledged"

    def test_given_back_its_step_begins_anew(self, case, priya, ben):
        case = at_step(case, 2)
        actions.acknowledge(case_id=case.pk, person=priya, step=2, at=NOON)
        with pytest.raises(NotAllowed):
            actions.release(case_id=case.pk, person=ben, reason="Mine.", at=NOON)
        later = NOON + 50 * HOUR
        case = actions.release(case_id=case.pk, person=priya, reason="I am away.", at=later)
        assert (case.state, case.due_at, case.acknowledged_by) == ("open", later + 2 * HOUR, None)

    def test_also_when_the_ladder_is_used_up(self, case, admin):
        case = climb(case, 4)
        assert actions.acknowledge(case_id=case.pk, person=admin, step=4, at=NOON).state == "acknowledged"


class TestRecusal:
    def test_a_chair_who_owns_a_party_is_recused_and_the_next_step_asked(
        self, protocol, ben, admin, priya, omar, payments, logistics
    ):

        assign_perm("own_cluster", ben, logistics)
        case = at_step(open_one(protocol, omar, [payments, logistics]), 2)
        case = climb(case)
        assert case.step == 4, "the only chair is a party, so the step is passed over"
        third = case.ladder.get(number=3)
        assert (third.outcome, third.left_at) == ("skipped: everybody is a party", third.asked_at)
        assert [(one.person, one.recused_because) for one in third.asks.all()] == [(ben, "owns Logistics")]
        with pytest.raises(NotAllowed, match="party"):
            actions.acknowledge(case_id=case.pk, person=ben, step=4, at=NOON)


class TestHolding:
    def away(self, person, first, last):
        return protocols.record_absence(person=person, first_on=first, last_on=last, recorder=person, at=NOON)

    def test_nobody_on_call_holds_the_clock_says_so_and_it_runs_on_when_somebody_is_back(self, case, priya):
        self.away(priya, date(2026, 3, 2), date(2026, 3, 5))
        case = climb(case)
        assert (case.state, case.due_at, case.left) == ("on_hold", None, 2 * HOUR)
        assert case.held_because == "Nobody of step 2 is on call: Priya away."
        assert actions.run_clocks(at=NOON + timedelta(days=2)) == 0
        back = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
        assert actions.run_clocks(at=back) == 1
        assert actions.run_clocks(at=back) == 0
        case = again(case)
        assert (case.state, case.due_at, case.held_because) == ("open", back + 2 * HOUR, "")
        assert [one.person for one in case.ladder.get(number=2).asks.all()] == [priya]
        while deliver_due(at=back):
            pass
        assert Notice.objects.filter(person=priya, title__startswith="ESC-1: you are asked to decide").count() == 1

    def test_who_goes_while_the_clock_runs_takes_it_along(self, case, priya):
        case = at_step(case, 2)
        priya.is_active = False
        priya.save()
        assert actions.run_clocks(at=case.due_at - HOUR) == 1
        assert (again(case).state, again(case).left) == ("on_hold", HOUR)
        priya.is_active = True
        priya.save()
        later = NOON + timedelta(days=9)
        assert actions.run_clocks(at=later) == 1
        assert again(case).due_at == later + HOUR

    def test_back_earlier_than_said(self, case, priya):
        row = self.away(priya, date(2026, 3, 2), date(2026, 4, 5))
        case = climb(case)
        protocols.end_absence(absence_id=row.pk, person=priya, at=NOON)
        assert actions.run_clocks(at=NOON + 5 * HOUR) == 1
        assert again(case).state == CaseState.OPEN

    def test_absences_are_ones_own_word(self, priya, ben, admin):
        said = {"first_on": date(2026, 3, 3), "last_on": date(2026, 3, 9), "at": NOON}
        with pytest.raises(NotAllowed):
            protocols.record_absence(person=priya, recorder=ben, **said)
        assert protocols.record_absence(person=priya, recorder=admin, **said).person == priya
        with pytest.raises(Invalid):
            protocols.record_absence(person=priya, recorder=priya, **said | {"last_on": date(2026, 3, 1)})


class TestResolving:
    @pytest.fixture
    def taken(self, case, priya):
        case = at_step(case, 2)
        return actions.acknowledge(case_id=case.pk, person=priya, step=2, at=NOON)

    def proposed(self, case, person, kind="transfer", **more):
        one, other = case.parties.order_by("pk")
        transfers = [{"giver": one.pk, "taker": other.pk, "amount": "40", "currency": "EUR"}]
        said = {"text": "Payments pays.", "transfers": transfers if kind == "transfer" else []} | more
        return actions.propose_resolution(case_id=case.pk, person=person, kind=kind, at=NOON, **said)

    def sign(self, case, row, signer, party, digest=None):
        return actions.sign_resolution(
            case_id=case.pk, party_id=party.pk, signer=signer, digest=digest or row.digest, at=NOON
        )

    def test_both_parties_sign_what_was_agreed(self, taken, priya, omar, nora):
        row = self.proposed(taken, priya)
        assert again(taken).state == "settling"
        mine, theirs = taken.parties.order_by("pk")
        with pytest.raises(StaleRevision):
            self.sign(taken, row, omar, mine, "0" * 64)
        with pytest.raises(NotAllowed):
            self.sign(taken, row, omar, theirs)
        assert self.sign(taken, row, omar, mine).state == "settling"
        with pytest.raises(Conflict):
            self.sign(taken, row, omar, mine)
        done = self.sign(taken, row, nora, theirs)
        assert (done.state, done.ended_at) == ("resolved", NOON)
        assert row.transfers[0]["amount"] == "40.00"
        assert Entry.objects.filter(event="stakeholders.CaseResolved").count() == 1

    def test_a_party_refuses_and_another_resolution_may_follow(self, taken, priya, omar, nora, ada):
        row = self.proposed(taken, priya)
        self.sign(taken, row, omar, taken.parties.order_by("pk")[0])
        with pytest.raises(NotAllowed):
            actions.refuse_resolution(case_id=taken.pk, person=priya, reason="No.", at=NOON)
        assert actions.refuse_resolution(case_id=taken.pk, person=nora, reason="Too little.", at=NOON).state == (
            "acknowledged"
        )
        second = self.proposed(taken, priya, "sequence", text="First the one.")
        assert (second.number, second.signatures.count()) == (2, 0)

    def test_a_decision_over_both_ends_it_at_once_and_never_by_a_party(self, taken, priya, omar, nora):
        for party in (omar, nora):
            with pytest.raises(NotAllowed, match="party"):
                self.proposed(taken, party, "override", text="We win.")
        self.proposed(taken, priya, "override", text="The house decides.")
        assert (again(taken).state, again(taken).ended_at) == ("resolved", NOON)
        with pytest.raises(WrongState):
            self.proposed(taken, priya, "override", text="Again.")

    def test_the_database_itself_keeps_what_was_put_forward_and_signed(self, taken, priya, omar):
        row = self.proposed(taken, priya)
        self.sign(taken, row, omar, taken.parties.order_by("pk")[0])
        steps = taken.version_of.steps
        for write in (
            lambda: taken.resolutions.update(text="Other."),
            lambda: row.signatures.update(signed_at=NOON + HOUR),
            lambda: row.signatures.all().delete(),
            lambda: steps.update(limit=HOUR),
        ):
            with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
                write()

    def test_amounts_belong_to_a_transfer_between_its_parties(self, taken, priya):
        one, other = taken.parties.order_by("pk")
        wrong = (
            ("transfer", []),
            ("sequence", [{"giver": one.pk, "taker": other.pk, "amount": "1", "currency": "EUR"}]),
            ("transfer", [{"giver": one.pk, "taker": one.pk, "amount": "1", "currency": "EUR"}]),
            ("transfer", [{"giver": one.pk, "taker": other.pk, "amount": "0", "currency": "EUR"}]),
            ("transfer", [{"giver": one.pk, "taker": 987, "amount": "1", "currency": "EUR"}]),
        )
        for kind, transfers in wrong:
            with pytest.raises(Invalid):
                self.proposed(taken, priya, kind, transfers=transfers)

    def test_positions_are_each_partys_own_and_in_one_currency(self, taken, omar, nora, priya):
        mine, theirs = taken.parties.order_by("pk")
        said = {"case_id": taken.pk, "benefit": Decimal(100), "cost": Decimal(20), "evidence": "Books", "at": NOON}
        actions.state_position(**said, party_id=mine.pk, person=omar, currency="EUR")
        for person, party, currency, refusal in (
            (omar, theirs, "EUR", NotAllowed),
            (priya, theirs, "EUR", NotAllowed),
            (nora, theirs, "USD", Invalid),
        ):
            with pytest.raises(refusal):
                actions.state_position(**said, party_id=party.pk, person=person, currency=currency)

    def test_who_opened_it_withdraws_it_and_others_do_not(self, taken, omar, nora, priya, admin):
        for person in (nora, priya):
            with pytest.raises(NotAllowed):
                actions.withdraw_case(case_id=taken.pk, person=person, reason="No.", at=NOON)
        assert actions.withdraw_case(case_id=taken.pk, person=omar, reason="Settled.", at=NOON).state == "withdrawn"
        with pytest.raises(WrongState):
            actions.withdraw_case(case_id=taken.pk, person=admin, reason="Again.", at=NOON)

    def test_everybody_who_had_to_do_with_it_hears_of_the_end(self, taken, priya, omar, nora):
        self.proposed(taken, priya, "override", text="The house decides.")
        while deliver_due(at=NOON):
            pass
        told = Notice.objects.filter(title="ESC-1 is resolved").values_list("person__handle", flat=True)
        assert set(told) == {"omar", "nora"}


class TestByRule:
    def test_metrics_that_pull_apart_open_one_case_and_not_another_for_a_quarter(
        self, ben, admin, priya, omar, nora, payments, logistics
    ):
        publish(ben, admin, trigger="pulling_apart")
        kpi = define("kpi", admin)
        left, right = define("left", omar, payments), define("right", nora, logistics)
        align(kpi, admin, {"left": "0.5", "right": "0.5"})
        for place, period in enumerate(ended_periods("month", today=NOON.date(), count=12)):
            push(left, omar, period.first_on, place)
            push(right, nora, period.first_on, 20 - place)
        assert open_cases_by_rule(at=NOON) == 1
        assert open_cases_by_rule(at=NOON) == 0
        case = EscalationCase.objects.get()
        assert (case.title, case.opened_by) == ("Left against Right", None)
        assert "rho −1.00 over 12 periods" in case.reason
        assert {one.cluster for one in case.parties.all()} == {payments, logistics}
        actions.withdraw_case(case_id=case.pk, person=admin, reason="Known.", at=NOON)
        assert open_cases_by_rule(at=NOON + timedelta(days=80)) == 0
        assert open_cases_by_rule(at=NOON + timedelta(days=100)) == 1

    def test_an_offer_without_an_answer_for_ten_working_days_opens_one(self, ben, admin, priya, omar, payments, floor):
        hours = {"opens": time(9), "closes": time(17), "weekdays": range(5)}
        publish(ben, admin, trigger="stalled_negotiation", hours=hours)
        propose(payments, omar, NOON)
        assert open_cases_by_rule(at=NOON + timedelta(days=13)) == 0
        assert open_cases_by_rule(at=NOON + timedelta(days=14, hours=1)) == 1
        case = EscalationCase.objects.get()
        assert case.title == "No answer on the thresholds of Payments"
        assert {str(one) for one in case.parties.all()} == {"Payments", "Ben"}
        assert {one.person.handle for one in case.ladder.get().asks.all()} == {"omar", "ben"}


def test_a_simulation_says_who_would_be_asked_when(protocol, omar, nora, priya, ben, admin, payments, logistics):
    protocols.record_absence(person=priya, first_on=date(2026, 3, 2), last_on=date(2026, 3, 3), recorder=priya, at=NOON)
    found = queries.simulated(queries.published_version(protocol), [payments, logistics], NOON)
    assert [one.on_call.asked for one in found] == [(nora.pk, omar.pk), (priya.pk,), (ben.pk,), (admin.pk,)]
    assert found[1].held_from == NOON + 4 * HOUR
    assert found[1].asked_at.date() == date(2026, 3, 4)
    assert not EscalationCase.objects.exists()
