"""The rules of escalation: what is a ladder, who is on call, who decides, what a simulation says, least transfers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.kernel.refusals import Conflict, Invalid, NotAllowed
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.business_time import Calendar
from apps.stakeholders.rules.escalation import Act, Asks, Candidate, Standing, Step

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)


def step(number, role="board_chair", act=Act.ASK, hours=4, **more):
    return Step(number, more.pop("asks", Asks.ROLE), act, hours * HOUR, role, **more)


PARTIES = Step(1, Asks.PARTIES, Act.NOTIFY, 4 * HOUR)


class TestLadder:
    def test_a_ladder_climbs_and_ends_with_somebody_who_decides(self):
        rules.require_steps([PARTIES, step(2), step(3, "administrator", Act.HAND_OVER)])

    @pytest.mark.parametrize(
        ("steps", "says"),
        [
            ([], "1 to 12 steps"),
            ([step(1, hours=0)], "Step 1 waits no time"),
            ([step(1, hours=-1)], "Step 1 waits no time"),
            ([step(1, hours=24 * 61)], "too long"),
            (
                [step(1), step(2, "administrator"), step(3)],
                "Step 3 asks whom step 1 asked: the ladder goes",
            ),
            ([step(1, act=Act.NOTIFY)], "is the last and asks nobody to decide"),
            ([Step(1, Asks.PARTIES, Act.ASK, HOUR)], "asks the parties to decide on themselves"),
            ([Step(1, Asks.ROLE, Act.ASK, HOUR)], "asks nobody"),
            ([Step(1, Asks.PERSON, Act.ASK, HOUR)], "asks nobody"),
        ],
    )
    def test_what_is_none_is_refused(self, steps, says):
        with pytest.raises(Invalid, match=says):
            rules.require_steps(steps)

    def test_a_step_without_anybody_active_is_not_published(self):
        with pytest.raises(Invalid, match="Step 2 has nobody behind it who is active"):
            rules.require_members([PARTIES, step(2)], lambda _: 0)
        rules.require_members([PARTIES, step(2)], lambda _: 1)


class TestOnCall:
    def test_parties_are_recused_and_who_is_away_is_not_asked(self):
        found = rules.on_call(step(1), [Candidate(1), Candidate(2, "owns Payments"), Candidate(3, is_away=True)])
        assert (found.asked, found.recused, found.away) == ((1,), ((2, "owns Payments"),), (3,))
        assert not found.is_skipped

    def test_a_step_of_parties_only_is_skipped_and_one_where_somebody_is_away_is_not(self):
        assert rules.on_call(step(1), [Candidate(1, "is a party")]).is_skipped
        assert not rules.on_call(step(1), [Candidate(1, "is a party"), Candidate(2, is_away=True)]).is_skipped
        assert not rules.on_call(step(1), []).is_skipped
        assert rules.on_call(PARTIES, [Candidate(1, "owns Payments")]).asked == (1,)


class TestDeciding:
    LADDER = (step(1, "programme_manager"), step(2), step(3, "administrator", Act.HAND_OVER))

    def test_who_was_asked_decides_until_the_case_is_handed_over(self):
        first = Standing(is_party=False, asked=frozenset({1}))
        assert rules.may_decide(first, first=rules.deciding_from(self.LADDER, 2), current=2)
        assert not rules.may_decide(first, first=rules.deciding_from(self.LADDER, 3), current=3)
        with pytest.raises(NotAllowed, match="You were not asked"):
            rules.require_decides(Standing(is_party=False), first=1, current=2, act="resolve")

    def test_a_party_never_does(self):
        with pytest.raises(NotAllowed, match="You are a party to this conflict, so you cannot resolve it"):
            rules.require_decides(Standing(is_party=True, asked=frozenset({1})), first=1, current=1, act="resolve")

    def test_a_step_that_is_over_is_not_acknowledged(self):
        with pytest.raises(Conflict, match="moved on from step 1 to step 2") as refused:
            rules.require_current(1, 2)
        assert refused.value.status == 409


class TestSimulation:
    HOURS = Calendar("UTC")  # Monday to Friday, nine to five

    def test_it_says_who_is_asked_when_over_a_weekend(self):
        found = rules.plan([step(1), step(2, "administrator")], self.HOURS, FRIDAY, lambda *_: [Candidate(7)])
        assert [(one.asked_at, one.due_at) for one in found] == [
            (FRIDAY, datetime(2026, 3, 9, 11, 0, tzinfo=UTC)),
            (datetime(2026, 3, 9, 11, 0, tzinfo=UTC), datetime(2026, 3, 9, 15, 0, tzinfo=UTC)),
        ]

    def test_it_waits_for_who_is_away_and_skips_parties(self):
        def people(one, at):
            if one.number == 1:
                return [Candidate(1, "is a party")]
            return [Candidate(2, is_away=at < datetime(2026, 3, 11, 0, 0, tzinfo=UTC))]

        skipped, held = rules.plan([step(1), step(2, "administrator")], self.HOURS, FRIDAY, people)
        assert (skipped.asked_at, skipped.on_call.is_skipped) == (None, True)
        assert (held.held_from, held.asked_at) == (FRIDAY, datetime(2026, 3, 11, 15, 0, tzinfo=UTC))

    def test_what_nobody_comes_back_for_has_no_end(self):
        found = rules.plan([step(1), step(2, "administrator")], self.HOURS, FRIDAY, lambda *_: [])
        assert [(one.asked_at, one.held_from) for one in found] == [(None, FRIDAY), (None, None)]


class TestPayoffs:
    @pytest.mark.parametrize(
        ("net", "transfers", "why"),
        [
            ({1: 100, 2: -40}, [(1, 2, 40)], ""),
            ({1: 100, 2: 50, 3: -60}, [(1, 3, 40), (2, 3, 20)], ""),
            ({1: 100, 2: -30, 3: -70}, [(1, 2, 30), (1, 3, 70)], ""),
            ({1: 10, 2: -40}, [], "All together lose by it: no transfer mends that."),
            ({1: 10, 2: 40}, [], "Nobody loses by it."),
        ],
    )
    def test_the_least_transfers_are_those_checked_by_hand(self, net, transfers, why):
        found = rules.payoffs(net)
        assert [(one.giver, one.taker, one.amount) for one in found.transfers] == transfers
        assert found.why_none == why

    def test_who_pulls_the_other_way_is_named(self):
        found = rules.payoffs({1: 100, 2: -40, 3: 0})
        assert (found.misaligned, found.total, round(found.index, 4)) == ((2,), 60, 0.2857)

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.dictionaries(st.integers(1, 9), st.integers(-10_000, 10_000), min_size=2, max_size=8))
    def test_afterwards_nobody_is_worse_off_and_no_smaller_total_would_do(self, net):
        found = rules.payoffs(net)
        after = dict(net)
        for one in found.transfers:
            assert one.amount > 0
            after[one.giver] -= one.amount
            after[one.taker] += one.amount
        if found.total >= 0:
            assert all(value >= 0 for value in after.values())
            # Every loss must come in from somebody: the sum of losses is a lower bound.
            assert sum(one.amount for one in found.transfers) == sum(-value for value in net.values() if value < 0)
        else:
            assert found.transfers == ()
