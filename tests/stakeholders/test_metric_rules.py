"""The rules of success metrics: waiting with open ends, series against each other, periods, weights, costs."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from apps.kernel.refusals import Conflict, Invalid
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.alignment import Series, pairs
from apps.stakeholders.rules.business_time import Calendar, require_calendar
from apps.stakeholders.rules.correlation import adjusted, ranks, spearman, student_two_sided
from apps.stakeholders.rules.costs import Cost, cost_per_integration, require_cost, share_in
from apps.stakeholders.rules.metrics import Period, Track
from apps.stakeholders.rules.survival import curve

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
BERLIN = Calendar("Europe/Berlin")


class TestWaiting:
    ROWS = ((1, True), (2, True), (2, True), (5, True), (3, False), (6, False))

    def test_the_estimate_is_that_of_the_hand_made_table(self):
        found = curve(self.ROWS)
        assert [one.after for one in found.steps] == [1, 2, 3, 5, 6]
        assert [round(one.survival, 4) for one in found.steps] == [0.8333, 0.5, 0.5, 0.25, 0.25]
        assert [one.at_risk for one in found.steps] == [6, 5, 3, 2, 1]
        assert (found.count, found.censored) == (6, 2)
        assert (found.quantile(0.5), found.quantile(0.85)) == (2, None)

    def test_leaving_out_what_is_open_would_call_a_slow_board_quick(self):
        decided = [(float(one), True) for one in range(1, 6)]
        waiting = [(100.0, False)] * 6
        assert curve(decided).quantile(0.5) == 3
        assert curve(decided + waiting).quantile(0.5) is None

    def test_the_sixes_of_freireich_as_published(self):
        """6-MP against leukaemia, Freireich et al. 1963; S at 6, 7, 10, 13, 16, 22 and 23 as in every textbook."""
        ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
        cut = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
        found = curve([*((one, True) for one in ended), *((one, False) for one in cut)])
        told = {one.after: round(one.survival, 4) for one in found.steps if one.ended}
        assert told == {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
        assert found.quantile(0.5) == 23

    def test_nothing_and_ties_with_what_is_cut_off(self):
        assert curve([]).quantile(0.5) is None
        assert [one.survival for one in curve([(1, True), (1, False)]).steps] == [0.5]


class TestSeriesAgainstEachOther:
    def test_published_values(self):
        found = spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])  # the example of scipy.stats.spearmanr
        assert found is not None
        assert (found.rho, found.p) == (pytest.approx(0.82078268166812329), pytest.approx(0.088587005313543798))
        hours = [7, 20, 2, 27, 28, 29, 20 - 3, 12, 6, 50 / 4]  # a shuffle of ranks
        assert ranks(hours)[0] == 3
        iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
        tv = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
        found = spearman(iq, tv)  # the worked example of the encyclopaedia: rho = −29/165, p = 0.627188
        assert found is not None
        assert (found.rho, found.p) == (pytest.approx(-29 / 165), pytest.approx(0.627188, abs=1e-6))

    def test_student_as_tables_print_it(self):
        for t, freedom, p in ((12.706, 1, 0.05), (2.228, 10, 0.05), (2.764, 10, 0.02), (1.96, 10_000, 0.05)):
            assert student_two_sided(t, freedom) == pytest.approx(p, abs=2e-4)
        assert student_two_sided(0, 5) == 1

    def test_what_never_moves_or_is_too_short_has_no_correlation(self):
        assert spearman([1, 1, 1], [1, 2, 3]) is None
        assert spearman([1, 2], [2, 1]) is None
        assert spearman([1, 2, 3, 4], [4, 3, 2, 1]).p == 0
        with pytest.raises(ValueError, match="lengths"):
            spearman([1], [])

    def test_many_tests_are_adjusted_as_benjamini_and_hochberg_printed(self):
        """Their example of 1995: of fifteen hypotheses, the first four are rejected at 0.05."""
        p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
        p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
        found = adjusted(p)
        assert sum(one < 0.05 for one in found) == 4
        assert found[0] == pytest.approx(0.0015)
        assert adjusted([]) == []
        assert adjusted([0.04, 0.01]) == [0.04, 0.02]


def series(key, cluster, values, course="up", measure=""):
    days = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(len(values))]
    return Series(key, cluster, course, {day: Decimal(one) for day, one in zip(days, values, strict=True)}, measure)


class TestPullingApart:
    RISING, FALLING = list(range(12)), list(range(12, 0, -1))

    def test_two_clusters_that_move_against_each_other_are_a_conflict(self):
        (found,) = pairs({1: [series(1, 1, self.RISING), series(2, 2, self.FALLING)]})
        assert found.is_conflict
        assert found.correlation.rho == -1
        assert len(found.days) == 12

    def test_it_counts_which_way_is_better(self):
        (found,) = pairs({1: [series(1, 1, self.RISING), series(2, 2, self.FALLING, course="down")]})
        assert not found.is_conflict
        assert found.correlation.rho == 1

    def test_one_cluster_eleven_periods_or_a_flat_line_are_no_conflict(self):
        assert pairs({1: [series(1, 1, self.RISING), series(2, 1, self.FALLING)]}) == []
        assert pairs({1: [series(1, 1, self.RISING[:11]), series(2, 2, self.FALLING[:11])]}) == []
        assert pairs({1: [series(1, 1, self.RISING), series(2, 2, [5] * 12)]}) == []
        assert pairs({1: [series(1, 1, self.RISING)], 2: [series(2, 2, self.FALLING)]}) == []

    def test_many_pairs_are_judged_together(self):
        """One pair at p = 0.04 is a conflict by itself, and none among fifty that move by accident."""
        shaky = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        other = [9, 8, 11, 7, 12, 10, 3, 2, 6, 5, 1, 4]
        (alone,) = pairs({1: [series(1, 1, shaky), series(2, 2, other)]})
        assert alone.is_conflict
        noise = [6, 11, 2, 9, 4, 12, 1, 8, 3, 10, 5, 7]
        crowd = [series(key, key, noise[key % 12 :] + noise[: key % 12]) for key in range(3, 12)]
        found = pairs({1: [series(1, 1, shaky), series(2, 2, other), *crowd]})
        (same,) = [one for one in found if (one.left, one.right) == (1, 2)]
        assert same.adjusted_p > alone.adjusted_p

    def test_the_same_measure_wanted_both_ways_is_a_conflict_without_a_series(self):
        (found,) = pairs({1: [series(1, 1, [], measure="backlog"), series(2, 2, [], "down", measure="backlog")]})
        assert found.is_opposed
        assert found.is_conflict


class TestPeriods:
    def test_months_and_quarters(self):
        assert rules.period_of("month", date(2026, 12, 31)) == Period(date(2026, 12, 1), date(2027, 1, 1))
        assert rules.period_of("quarter", date(2026, 5, 3)) == Period(date(2026, 4, 1), date(2026, 7, 1))
        assert rules.period_of("quarter", date(2026, 5, 3)).words == "Q2 2026"
        found = rules.ended_periods("month", today=date(2026, 3, 1), count=3)
        assert [one.words for one in found] == ["Dec 2025", "Jan 2026", "Feb 2026"]
        with pytest.raises(Invalid, match="No month begins on 2026-03-02"):
            rules.require_period("month", date(2026, 3, 2))
        with pytest.raises(Invalid, match="out of range"):
            rules.require_period("month", date(9999, 12, 1))
        with pytest.raises(Invalid, match="not over"):
            rules.require_over(MARCH, today=date(2026, 3, 31))
        rules.require_over(MARCH, today=date(2026, 4, 1))

    def test_the_way_is_told_in_both_directions_and_cut_off(self):
        up = [rules.attainment(value, Decimal(10), Decimal(20)) for value in (5, 10, 15, 20, 30)]
        down = [rules.attainment(value, Decimal(20), Decimal(10)) for value in (30, 20, 15, 10, 5)]
        assert up == down == [0, 0, 0.5, 1, 1]

    def test_a_status_follows_its_rule(self):
        told = [rules.track_of(one) for one in (None, 0, 0.49, 0.5, 0.79, 0.796, 0.8, 1)]
        words = [Track.NO_DATA, Track.OFF_TRACK, Track.OFF_TRACK, Track.AT_RISK, Track.AT_RISK]
        assert told == [*words, Track.ON_TRACK, Track.ON_TRACK, Track.ON_TRACK]

    def test_what_is_rolled_up_says_how_much_of_it_is_known(self):
        found = rules.rolled([(Decimal("0.5"), 1.0), (Decimal("0.25"), 0.0), (Decimal("0.25"), None)])
        assert (found.attained, found.covered) == (pytest.approx(2 / 3), 0.75)
        assert rules.rolled([(Decimal(1), None)]).attained is None

    def test_weights_sum_to_one_within_a_hundredth(self):
        third = Decimal("0.33")
        rules.require_weights({"a": third, "b": third, "c": third}, kpi="K")
        rules.require_weights({}, kpi="K")
        for wrong in ({"a": Decimal("0.5")}, {"a": Decimal("0.6"), "b": Decimal("0.42")}, {"a": Decimal(0)}):
            with pytest.raises(Invalid):
                rules.require_weights(wrong, kpi="K")

    def test_a_target_lies_on_the_better_side(self):
        rules.require_course("down", baseline=Decimal(9), target=Decimal(3))
        for course, target in (("up", 3), ("down", 12), ("up", 9)):
            with pytest.raises(Invalid):
                rules.require_course(course, baseline=Decimal(9), target=Decimal(target))

    def test_a_formula_never_comes_back(self):
        graph = {"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}
        rules.require_acyclic(graph, of="a")
        with pytest.raises(Invalid, match="a → b → d → a"):
            rules.require_acyclic({**graph, "d": {"a"}}, of="a")
        order = rules.computing_order(graph)
        assert order.index("d") < order.index("b") < order.index("a")

    def test_a_formula_is_read_as_it_is_told(self):
        for text, terms in (
            ("2 × calls + 0.5 × tickets", {"calls": 2, "tickets": Decimal("0.5")}),
            ("calls - 3 * time-to-decision", {"calls": 1, "time-to-decision": -3}),
            ("− 1 × a", {"a": -1}),
            ("", {}),
        ):
            found = rules.formula_written(text)
            assert found == terms
            assert rules.formula_written(rules.formula_told(found.items())) == terms
        for wrong in ("2 ×", "a + + b", "a b", "a + a", "1e9 × a", "a / b"):
            with pytest.raises(Invalid, match="cannot be read"):
                rules.formula_written(wrong)

    def test_another_value_needs_to_say_which_it_replaces(self):
        said = {"period": MARCH, "stands": Decimal(4), "sent": Decimal(5), "current_id": 7}
        with pytest.raises(Conflict, match=r"Mar 2026 has the value 4 already, not 5\. .*supersedes 7"):
            rules.require_same_or_superseding(**said, supersedes=None)
        rules.require_same_or_superseding(**said, supersedes=7)


class TestCosts:
    def test_a_cost_is_spread_over_its_months(self):
        licence = Cost(Decimal(1200), "EUR", date(2026, 1, 15), 12)
        assert share_in(licence, MARCH) == 100
        assert share_in(licence, Period(date(2026, 10, 1), date(2027, 4, 1))) == 300
        assert share_in(licence, Period(date(2027, 1, 1), date(2027, 2, 1))) == 0

    def test_it_is_divided_by_what_went_live_and_by_nothing_else(self):
        costs = [Cost(Decimal(900), "EUR", date(2026, 3, 31)), Cost(Decimal(1200), "EUR", date(2026, 1, 1), 12)]
        found = cost_per_integration(costs, MARCH, went_live=2)
        assert (found.value, found.total) == (Decimal(500), Decimal(1000))
        none = cost_per_integration(costs, MARCH, went_live=0)
        assert (none.value, none.reason) == (None, "No integration went live in this period.")
        assert cost_per_integration([], MARCH, went_live=1).value is None
        mixed = cost_per_integration([*costs, Cost(Decimal(1), "USD", date(2026, 3, 1))], MARCH, went_live=1)
        assert (mixed.value, "EUR and USD" in mixed.reason) == (None, True)

    def test_labour_is_hours_at_a_rate(self):
        said = {"currency": "EUR", "months": 1, "amount": None}
        assert require_cost("labour", hours=Decimal(10), rate=Decimal("82.5"), **said) == Decimal("825.00")
        for wrong in (
            {"hours": Decimal(1), "rate": None},
            {"hours": Decimal(-1), "rate": Decimal(1)},
            {"hours": Decimal(1), "rate": Decimal(1), "currency": "eur"},
            {"hours": Decimal(1), "rate": Decimal(1), "months": 0},
            {"hours": Decimal(1), "rate": Decimal(1), "amount": Decimal(1)},
        ):
            with pytest.raises(Invalid):
                require_cost("labour", **(said | wrong))
        with pytest.raises(Invalid):
            require_cost("licence", hours=None, rate=None, **said)


class TestWorkingTime:
    FRIDAY = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)  # 16:00 in Berlin; on the Sunday after, the clocks go forward

    def test_nights_weekends_and_holidays_do_not_count(self):
        assert BERLIN.after(self.FRIDAY, timedelta(hours=2)) == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
        assert BERLIN.between(self.FRIDAY, datetime(2026, 3, 30, 8, 0, tzinfo=UTC)) == timedelta(hours=2)
        closed = Calendar("Europe/Berlin", holidays=frozenset({date(2026, 3, 30)}))
        assert closed.after(self.FRIDAY, timedelta(hours=2)) == datetime(2026, 3, 31, 8, 0, tzinfo=UTC)
        assert not closed.is_open(datetime(2026, 3, 30, 10, 0, tzinfo=UTC))
        assert BERLIN.is_open(self.FRIDAY)

    def test_exactly_at_closing_is_in_time(self):
        assert BERLIN.after(self.FRIDAY, timedelta(hours=1)) == datetime(2026, 3, 27, 16, 0, tzinfo=UTC)

    def test_adding_and_counting_agree(self):
        start = datetime(2026, 3, 20, 3, 17, tzinfo=UTC)
        for minutes in range(1, 6_000, 97):
            end = BERLIN.after(start, timedelta(minutes=minutes))
            assert BERLIN.between(start, end) == timedelta(minutes=minutes)

    def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(self):
        always = Calendar("Europe/Berlin", time(0), time(23, 59), (0, 1, 2, 3, 4, 5, 6))
        hours = always.hours_of(date(2026, 3, 29))
        assert hours[1] - hours[0] == timedelta(hours=22, minutes=59)

    def test_a_calendar_of_no_time_is_refused(self):
        for wrong in ({"zone": "Mars/North"}, {"weekdays": ()}, {"closes": time(8)}, {"weekdays": (7,)}):
            with pytest.raises(Invalid):
                require_calendar(Calendar(**wrong))
        assert BERLIN.between(self.FRIDAY, self.FRIDAY) == timedelta(0)
        holidays = frozenset(date(2026, 1, 1) + timedelta(days=one) for one in range(4_000))
        with pytest.raises(Invalid):
            Calendar(holidays=holidays).after(self.FRIDAY, timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2.5786", "2.579"),
        ("16.2162", "16.22"),
        ("15465.0000", "15,465"),
        ("0.0012", "0.0012"),
        ("-0.00001", "0"),
        ("1", "1"),
        ("100.0", "100"),
        ("12345.6789", "12,346"),
    ],
)
def test_a_value_is_told_to_four_digits_that_count(value, text):
    assert rules.told(Decimal(value)) == text


def test_a_formula_keeps_its_factors_whole():
    text = rules.formula_told([("lead-time", Decimal("0.3333")), ("costs", Decimal("-12.5000"))])
    assert text == "0.3333 × lead-time − 12.5 × costs"
