"""KPIs and metrics: defining, aligning, sending and computing values; whoever comes second finds the value there."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import DatabaseError, connection, transaction
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters.models import Component
from apps.integrations.models import Integration, Interface
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.stakeholders import measures
from apps.stakeholders.actions import costs as cost_actions
from apps.stakeholders.actions import metrics as actions
from apps.stakeholders.measures import Measure, Measured
from apps.stakeholders.models import Metric, MetricValue
from apps.stakeholders.queries import metrics as queries
from apps.stakeholders.rules.metrics import Course, Track, ended_periods
from tests.conftest import NOON, make_person
from tests.stakeholders.measuring import FEBRUARY, align, define, push

JANUARY = date(2026, 1, 1)


class TestDefining:
    def test_owners_define_their_clusters_metrics_and_programme_managers_the_kpis(self, omar, admin, ada, payments):
        metric = define("wait", omar, payments)
        assert (metric.cluster, metric.cadence, metric.version) == (payments, "month", 1)
        assert Entry.objects.filter(event="stakeholders.MetricDefined", subject_id=metric.pk).exists()
        assert define("enterprise-wait", admin).is_kpi
        for person, cluster in ((ada, payments), (omar, None), (ada, None)):
            with pytest.raises(NotAllowed):
                define("another", person, cluster)

    def test_a_code_is_taken_once_and_is_no_address(self, admin):
        define("wait", admin)
        for code in ("wait", "new", "Wait time", "-x"):
            with pytest.raises((Invalid, Conflict)):
                define(code, admin)

    def test_a_target_on_the_wrong_side_is_refused(self, admin):
        with pytest.raises(Invalid, match="the target lies below the baseline"):
            define("wait", admin, baseline=Decimal(10), target=Decimal(20))

    def test_an_unknown_measure_is_refused_with_those_there_are(self, admin):
        with pytest.raises(Invalid, match=r"Nothing here computes “moon”\. Choose from .*time_to_decision"):
            define("wait", admin, measure="moon")

    def test_an_owner_who_may_not_see_it_is_refused(self, admin, ada, vault):
        with pytest.raises(Invalid, match="may not see"):
            define("wait", admin, vault, owner=ada)

    def test_an_edit_counts_the_version_and_keeps_a_stale_one_out(self, admin):
        metric = define("wait", admin)
        said = {"metric_id": metric.pk, "editor": admin, "at": NOON}
        assert actions.describe_metric(**said, version=1, changes={"target": Decimal(3)}).version == 2
        with pytest.raises(StaleRevision):
            actions.describe_metric(**said, version=1, changes={"target": Decimal(2)})
        with pytest.raises(Invalid):
            actions.describe_metric(**said, version=2, changes={"target": Decimal(50)})

    def test_a_formula_never_comes_back_to_itself(self, admin):
        first, second = define("first", admin), define("second", admin, parts={"first": Decimal(2)})
        assert queries.formula_of(second) == "2 × first"
        with pytest.raises(Invalid, match="first → second → first"):
            actions.describe_metric(
                metric_id=first.pk, editor=admin, version=1, changes={}, parts={"second": Decimal(1)}, at=NOON
            )
        with pytest.raises(Invalid, match="measure or a formula"):
            define("third", admin, measure="backlog", parts={"first": Decimal(1)})
        with pytest.raises(NotFound):
            define("third", admin, parts={"nobody": Decimal(1)})


class TestAligning:
    @pytest.fixture
    def kpi(self, admin):
        return define("enterprise-wait", admin)

    def test_weights_are_set_together_and_orphans_are_named(self, kpi, admin, omar, payments, logistics):
        define("pay-wait", omar, payments)
        define("log-wait", admin, logistics)
        assert [one.code for one in queries.orphans(admin)] == ["log-wait", "pay-wait"]
        align(kpi, admin, {"pay-wait": "0.7", "log-wait": "0.3"})
        assert list(queries.orphans(admin)) == []
        kpi.refresh_from_db()
        align(kpi, admin, {"pay-wait": "1"})
        assert [one.code for one in queries.orphans(admin)] == ["log-wait"]

    def test_weights_that_do_not_sum_to_one_and_strange_metrics_are_refused(self, kpi, admin, omar, payments):
        define("pay-wait", omar, payments)
        define("other-kpi", admin)
        define("yearly", omar, payments, cadence="quarter")
        for weights, what in (
            ({"pay-wait": "0.5"}, "sum to 0.5"),
            ({"other-kpi": "1"}, "is a KPI itself"),
            ({"yearly": "1"}, "each quarter"),
        ):
            with pytest.raises(Invalid, match=what):
                align(kpi, admin, weights)
        with pytest.raises(NotAllowed):
            align(kpi, omar, {"pay-wait": "1"})

    def test_a_metric_that_carries_is_not_retired(self, kpi, admin, omar, payments):
        metric = define("pay-wait", omar, payments)
        align(kpi, admin, {"pay-wait": "1"})
        with pytest.raises(WrongState, match="would not sum to 1"):
            actions.retire_metric(metric_id=metric.pk, keeper=omar, reason="Done.", at=NOON)
        kpi.refresh_from_db()
        align(kpi, admin, {})
        assert actions.retire_metric(metric_id=metric.pk, keeper=omar, reason="Done.", at=NOON).retired_at == NOON

    def test_the_tree_shows_what_the_reader_may_know_of_and_rolls_up_all(self, kpi, admin, omar, ada, payments, vault):
        paid, hidden = define("pay-wait", omar, payments), define("vault-wait", admin, vault)
        align(kpi, admin, {"pay-wait": "0.5", "vault-wait": "0.5"})
        push(paid, omar, FEBRUARY, 5)
        push(hidden, admin, FEBRUARY, 10)
        (tree,) = queries.trees(ada, today=NOON.date())
        assert ([one.reading.metric.code for one in tree.branches], tree.hidden) == (["pay-wait"], 1)
        assert (tree.rolled.attained, tree.rolled.covered, tree.rolled_track) == (0.25, 1.0, Track.OFF_TRACK)
        assert tree.reading.track == Track.NO_DATA
        assert tree.reading.why_none == "Nothing was measured for Feb 2026."


class TestSending:
    @pytest.fixture
    def metric(self, omar, payments):
        return define("wait", omar, payments)

    def test_the_same_again_changes_nothing_and_another_value_needs_supersedes(self, metric, omar):
        first = push(metric, omar, FEBRUARY, 5)
        assert push(metric, omar, FEBRUARY, 5).pk == first.pk
        with pytest.raises(Conflict, match=r"Feb 2026 has the value 5 already, not 4\."):
            push(metric, omar, FEBRUARY, 4)
        better = push(metric, omar, FEBRUARY, 4, supersedes=first.pk)
        assert [one.value for one in queries.values_of(metric)] == [4, 5]
        assert better.supersedes_id == first.pk
        with pytest.raises(Conflict):
            push(metric, omar, FEBRUARY, 3, supersedes=first.pk)
        assert Entry.objects.filter(event="stakeholders.MetricMeasured").count() == 2

    def test_only_whole_periods_that_are_over(self, metric, omar):
        for first_on in (date(2026, 3, 1), date(2026, 2, 2)):
            with pytest.raises(Invalid):
                push(metric, omar, first_on, 5)
        with pytest.raises(Conflict, match="no value"):
            push(metric, omar, FEBRUARY, 5, supersedes=1)

    def test_operators_and_whoever_answers_for_it_send_others_do_not(self, metric, ada, nora, payments):
        robot = make_person("robot", Role.OPERATOR)
        assign_perm("operate_cluster", robot, payments)
        assert push(metric, robot, FEBRUARY, 5).made_by == robot
        for person in (ada, nora):
            with pytest.raises(NotAllowed):
                push(metric, person, JANUARY, 5)

    def test_a_computed_metric_takes_no_values(self, omar, payments):
        with pytest.raises(WrongState, match="computed"):
            push(define("backlog", omar, payments, measure="backlog"), omar, FEBRUARY, 5)

    def test_the_database_itself_keeps_values_as_they_are(self, metric, omar):
        value = push(metric, omar, FEBRUARY, 5)
        for write in (lambda: MetricValue.objects.update(value=6), lambda: MetricValue.objects.all().delete()):
            with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
                write()
        value.refresh_from_db()
        assert value.value == 5


@pytest.fixture
def counting(monkeypatch):
    """A measure that tells how often it was asked, and says what the test put in."""
    said = {"value": Decimal(7), "reason": "", "asked": 0, "digest": "a"}

    def compute(cluster, period):
        said["asked"] += 1
        return Measured(said["value"], said["reason"], 3, 1, {"median": "7"}, said["digest"])

    one = Measure("counting", "Counting", "h", Course.DOWN, "It counts.", compute, lambda *_: [])
    monkeypatch.setitem(measures._measures, "counting", one)
    return said


class TestComputing:
    def test_every_period_that_is_over_is_measured_once(self, counting, omar, payments):
        metric = define("count", omar, payments, measure="counting")
        assert actions.measure_metrics(at=NOON) == actions.LOOKS_BACK
        assert actions.measure_metrics(at=NOON) == 0
        assert counting["asked"] == actions.LOOKS_BACK
        value = queries.value_at(metric, FEBRUARY)
        assert (value.value, value.count, value.censored, value.formula) == (7, 3, 1, "It counts.")
        assert (value.source, value.made_by, value.details) == ("computed", None, {"median": "7"})
        days = [one.first_on for one in ended_periods("month", today=NOON.date(), count=13)]
        assert sorted(one.first_on for one in metric.values_of.all()) == days

    def test_what_changed_later_is_replaced_in_the_open(self, counting, omar, payments):
        metric = define("count", omar, payments, measure="counting")
        actions.measure_metrics(at=NOON)
        assert actions.measure_metrics(at=NOON, again=2) == 0
        counting["value"], counting["digest"] = Decimal(8), "b"
        assert actions.measure_metrics(at=NOON, again=2) == 2
        assert [one.value for one in queries.values_of(metric)[:2]] == [8, 7]
        assert actions.recompute(metric=metric, keeper=omar, at=NOON) == actions.LOOKS_BACK - 2

    def test_nothing_to_measure_is_a_reason_and_never_nought(self, counting, omar, payments):
        counting["value"], counting["reason"] = None, "Nobody came."
        metric = define("count", omar, payments, measure="counting")
        actions.measure_metrics(at=NOON)
        (reading,) = queries.readings([metric], today=NOON.date())
        assert (reading.text, reading.track, reading.why_none) == ("–", Track.NO_DATA, "Nobody came.")

    def test_a_formula_follows_its_parts(self, counting, omar, payments):
        define("count", omar, payments, measure="counting")
        sent = define("sent", omar, payments)
        both = define("a-sum", omar, payments, parts={"count": Decimal(2), "sent": Decimal("-0.5")})
        push(sent, omar, FEBRUARY, 4)
        actions.measure_metrics(at=NOON)
        assert [(one.first_on, one.value) for one in both.values_of.all()] == [(FEBRUARY, 12)]
        push(sent, omar, JANUARY, 2)
        actions.measure_metrics(at=NOON)
        assert queries.value_at(both, JANUARY).value == 13
        assert [
            one.says for one in queries.rows_behind(both, ended_periods("month", today=NOON.date(), count=1)[0], omar)
        ]

    def test_a_value_stands_once_however_many_measure(self, transactional_db, counting, admin):
        metric = define("count", admin, measure="counting")
        errors = []

        def run():
            try:
                actions.measure_metrics(at=NOON)
            except BaseException as error:  # noqa: BLE001  # a thread's error is told by the test
                errors.append(error)
            finally:
                connection.close()

        threads = [Thread(target=run) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert errors == []
        assert metric.values_of.count() == actions.LOOKS_BACK
        assert not metric.values_of.filter(superseded_at__isnull=False).exists()


class TestCosts:
    @pytest.fixture
    def integration(self, ledger, dispatch, admin, noon):
        said = {"name": "parcels", "kind": "http", "port": 443, "protocol": "http", "offered_by": admin}
        interface = Interface.objects.create(component=dispatch, offered_at=noon, **said)
        return Integration.objects.create(
            consumer=ledger, interface=interface, purpose="Pay.", declared_by=admin, declared_at=noon
        )

    def test_what_an_integration_cost_comes_from_entries_and_goings_live(self, integration, omar, payments, admin):
        said = {"cluster": payments, "recorder": omar, "currency": "EUR", "at": NOON, "integration": integration}
        cost_actions.record_cost(**said, kind="labour", hours=Decimal(10), rate=Decimal(80), from_on=date(2026, 2, 10))
        struck = cost_actions.record_cost(**said, kind="run", amount=Decimal(999), from_on=FEBRUARY)
        cost_actions.record_cost(**said, kind="licence", amount=Decimal(1200), months=12, from_on=JANUARY)
        cost_actions.strike_cost(cost=struck, keeper=omar, reason="Not ours.", at=NOON)
        metric = define("cost", omar, payments, measure="cost_per_integration")
        actions.measure_metrics(at=NOON)
        assert queries.value_at(metric, FEBRUARY).reason == "No integration went live in this period."
        cost_actions.record_going_live(integration=integration, recorder=omar, live_on=date(2026, 2, 20), at=NOON)
        with pytest.raises(Conflict):
            cost_actions.record_going_live(integration=integration, recorder=omar, live_on=FEBRUARY, at=NOON)
        actions.measure_metrics(at=NOON, again=2)
        value = queries.value_at(metric, FEBRUARY)
        assert (value.value, value.details["spent"], value.count) == (900, "900.00 EUR", 3)
        behind = queries.rows_behind(metric, ended_periods("month", today=NOON.date(), count=1)[0], omar)
        assert [one.says for one in behind][0] == "800 EUR"
        assert "went live on 20 February 2026" in behind[-1].says
        integration.delete()
        assert queries.value_at(metric, FEBRUARY).value == 900

    def test_nothing_went_live_on_a_day_that_has_not_come_where_its_recorder_is(self, integration, omar):
        said = {"integration": integration, "live_on": NOON.date() + timedelta(days=1), "at": NOON}
        with pytest.raises(Invalid):
            cost_actions.record_going_live(recorder=omar, **said)
        omar.zone = "Pacific/Auckland"  # where at noon UTC the next day has begun
        assert cost_actions.record_going_live(recorder=omar, **said).live_on == said["live_on"]

    def test_others_record_nothing_and_of_other_clusters_neither(self, integration, omar, ada, logistics, payments):
        said = {"kind": "run", "amount": Decimal(1), "currency": "EUR", "from_on": FEBRUARY, "at": NOON}
        with pytest.raises(NotAllowed):
            cost_actions.record_cost(cluster=payments, recorder=ada, integration=integration, **said)
        with pytest.raises(NotAllowed):
            cost_actions.record_cost(cluster=logistics, recorder=omar, about="All", **said)


def test_metrics_of_hidden_clusters_are_not_there(admin, ada, vault):
    define("vault-wait", admin, vault)
    with pytest.raises(NotFound):
        queries.visible_metric("vault-wait", ada)
    assert Metric.objects.visible_to(ada).count() == 0
    assert Component.objects.count() == 0
