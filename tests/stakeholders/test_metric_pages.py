"""The pages of KPIs: the tree, a metric, its values and their rows, weights, costs; refusals and who may see what."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.stakeholders.models import Alignment, IntegrationCost, Metric, MetricValue
from apps.stakeholders.rules.metrics import ended_periods
from tests.conftest import signed_in
from tests.stakeholders.measuring import align, define, push


def url(name, *args):
    return reverse(f"stakeholders:{name}", args=args)


@pytest.fixture
def months():
    return ended_periods("month", today=timezone.now().date(), count=14)


def text(answer):
    return answer.content.decode()


def fields(owner, **more):
    said = {"name": "Waiting", "code": "waiting", "meaning": "", "unit": "h", "course": "down", "baseline": "10"}
    said |= {"target": "2", "owner": owner.pk, "measure": "", "formula": "", "cluster": "", "cadence": "month"}
    return said | more


class TestTree:
    def test_without_anything_it_says_what_to_do_first(self, ada):
        page = text(signed_in(ada).get(url("kpis")))
        assert "No KPI is defined yet" in page

    def test_it_shows_status_weights_orphans_and_exports(self, admin, omar, ada, payments, vault, months):
        now = timezone.now()
        kpi, paid = define("wait", admin, at=now), define("pay-wait", omar, payments, at=now)
        define("lonely", omar, payments, at=now)
        hidden = define("vault-wait", admin, vault, at=now)
        align(kpi, admin, {"pay-wait": "0.6", "vault-wait": "0.4"}, at=now)
        push(paid, omar, months[-1].first_on, 1, at=now)
        push(hidden, admin, months[-1].first_on, 9, at=now)
        page = text(signed_in(ada).get(url("kpis")))
        assert "On track" in page
        assert "58% of the way, by weight; 1 of them belongs to clusters you do not know of" in page
        assert "Vault" not in page
        assert "Metrics that carry no KPI" in page
        exported = b"".join(signed_in(ada).get(url("kpis"), {"export": "csv"}).streaming_content).decode()
        assert "pay-wait" in exported
        assert "vault-wait" not in exported

    def test_pairs_that_pull_apart_are_shown_with_both_series(self, admin, omar, payments, logistics, months):
        now = timezone.now()
        kpi = define("wait", admin, at=now)
        left, right = define("pay-wait", omar, payments, at=now), define("log-wait", admin, logistics, at=now)
        align(kpi, admin, {"pay-wait": "0.5", "log-wait": "0.5"}, at=now)
        for place, period in enumerate(months):
            push(left, omar, period.first_on, place, at=now)
            push(right, admin, period.first_on, 20 - place, at=now)
        assert "1 pair of metrics pulls a KPI apart" in text(signed_in(omar).get(url("kpis")))
        page = text(signed_in(omar).get(url("metric_conflicts")))
        assert "rho −1.00 over 14 periods" in page
        assert page.count("<figure") == 2
        payments.visibility = "restricted"
        payments.save()
        assert "No two metrics pull apart" in text(signed_in(right_reader()).get(url("metric_conflicts")))


def right_reader():
    from tests.conftest import make_person

    return make_person("rita", "requester")


class TestDefining:
    def test_a_kpi_and_a_metric_in_the_browser(self, admin, omar, payments):
        client = signed_in(admin)
        assert client.get(url("define_metric")).status_code == 200
        answer = client.post(url("define_metric"), fields(admin))
        assert answer.headers["Location"] == url("metric", "waiting")
        own = signed_in(omar).post(
            url("define_metric"), fields(omar, code="pay-waiting", cluster=payments.pk, formula="0.5 × waiting")
        )
        assert own.status_code == 302
        page = text(signed_in(omar).get(url("metric", "pay-waiting")))
        assert "0.5 × waiting" in page
        assert "Nothing was measured for" in page

    @pytest.mark.parametrize(
        ("more", "status", "says"),
        [
            ({"target": "20"}, 422, "the target lies below the baseline"),
            ({"formula": "2 × ×"}, 422, "The formula cannot be read"),
            ({"formula": "2 × nobody"}, 404, "There is no metric “nobody”"),
            ({"code": "Not a code"}, 422, "is no code of a metric"),
            ({"measure": "backlog", "formula": "wait"}, 422, "a measure or a formula, not both"),
        ],
    )
    def test_what_does_not_fit_stands_on_the_form(self, admin, more, status, says):
        answer = signed_in(admin).post(url("define_metric"), fields(admin, **more))
        assert answer.status_code == status
        assert says in text(answer)
        assert not Metric.objects.exists()

    def test_editing_needs_the_version_that_was_read(self, admin):
        metric = define("waiting", admin)
        client = signed_in(admin)
        assert 'value="1"' in text(client.get(url("describe_metric", "waiting")))
        sent = fields(admin, version=1)
        assert client.post(url("describe_metric", "waiting"), sent).status_code == 302
        assert client.post(url("describe_metric", "waiting"), sent | {"target": "3"}).status_code == 412
        metric.refresh_from_db()
        assert (metric.version, metric.target) == (2, 2)


class TestWeights:
    def test_they_are_set_together(self, admin, omar, payments, logistics):
        kpi = define("wait", admin)
        define("pay-wait", omar, payments)
        define("log-wait", admin, logistics)
        client = signed_in(admin)
        assert "Weight of Pay-Wait, Payments" in text(client.get(url("align_metrics", "wait")))
        sent = {"version": 1, "weight_pay-wait": "0.6", "why_pay-wait": "It pays.", "weight_log-wait": "0.3"}
        answer = client.post(url("align_metrics", "wait"), sent)
        assert answer.status_code == 422
        assert "sum to 0.9, not to 1" in text(answer)
        assert 'value="0.6"' in text(answer)
        assert client.post(url("align_metrics", "wait"), sent | {"weight_log-wait": "0.4"}).status_code == 302
        assert [(one.weight, one.rationale) for one in Alignment.objects.order_by("-weight")] == [
            (Decimal("0.6"), "It pays."),
            (Decimal("0.4"), ""),
        ]
        page = text(client.get(kpi.get_absolute_url()))
        assert "What carries it" in page
        assert signed_in(omar).get(url("align_metrics", "wait")).status_code == 403
        assert client.get(url("align_metrics", "pay-wait")).status_code == 404


class TestValues:
    def test_a_value_is_sent_replaced_and_opened(self, omar, payments, ada, months):
        metric = define("wait", omar, payments, at=timezone.now())
        client, day = signed_in(omar), months[-1].first_on
        assert "Send a value" in text(client.get(metric.get_absolute_url()))
        assert "Send a value" not in text(signed_in(ada).get(metric.get_absolute_url()))
        sent = {"first_on": day.isoformat(), "value": "4", "note": "Ticket system"}
        assert client.post(url("push_value", "wait"), sent).status_code == 302
        refused = client.post(url("push_value", "wait"), sent | {"value": "5"})
        assert refused.status_code == 409
        assert "has the value 4 already, not 5" in text(refused)
        first = MetricValue.objects.get()
        again = client.post(url("push_value", "wait"), sent | {"value": "5", "supersedes": first.pk})
        assert again.status_code == 302
        page = text(client.get(metric.get_absolute_url()))
        assert "Superseded" in page
        rows = text(client.get(url("metric_rows", "wait", day.isoformat())))
        assert "Ticket system" in rows
        assert "<dt>Before</dt>" in rows
        assert signed_in(ada).post(url("push_value", "wait"), sent).status_code == 403
        series = client.get(url("metric_series", "wait")).json()
        assert series["values"][-1]["value"] == 5.0
        exported = client.get(metric.get_absolute_url(), {"export": "xlsx"})
        assert b"".join(exported.streaming_content)[:2] == b"PK"
        for wrong in ("2020-01-01", "nonsense"):
            assert client.get(url("metric_rows", "wait", wrong)).status_code == 404

    def test_a_computed_one_is_computed_again_by_who_keeps_it(self, omar, payments, ada):
        metric = define("backlog", omar, payments, measure="backlog", at=timezone.now())
        assert "Compute again" in text(signed_in(omar).get(metric.get_absolute_url()))
        assert signed_in(omar).post(url("recompute_metric", "backlog")).status_code == 302
        assert metric.values_of.count() == 13
        assert signed_in(ada).post(url("recompute_metric", "backlog")).status_code == 403
        assert "What it was made of" in text(
            signed_in(omar).get(url("metric_rows", "backlog", metric.values_of.first().first_on.isoformat()))
        )

    def test_a_metric_is_retired_with_a_reason(self, omar, payments):
        metric = define("wait", omar, payments)
        assert signed_in(omar).post(url("retire_metric", "wait"), {"reason": ""}).status_code == 422
        assert signed_in(omar).post(url("retire_metric", "wait"), {"reason": "Not used."}).status_code == 302
        page = text(signed_in(omar).get(metric.get_absolute_url()))
        assert "it is measured no more" in page

    def test_what_is_hidden_is_not_there(self, admin, ada, vault):
        define("vault-wait", admin, vault)
        for name, args in (
            ("metric", ()),
            ("metric_series", ()),
            ("metric_rows", ("2026-02-01",)),
            ("align_metrics", ()),
        ):
            assert signed_in(ada).get(url(name, "vault-wait", *args)).status_code == 404


class TestCosts:
    def test_costs_are_written_down_and_struck_out(self, omar, payments, ada):
        client = signed_in(omar)
        assert "No cost is on record" in text(client.get(url("costs")))
        sent = {"cluster": payments.pk, "about": "Two interns", "kind": "labour", "hours": "10", "rate": "60"}
        sent |= {"currency": "EUR", "from_on": (timezone.now() - timedelta(days=40)).date().isoformat(), "months": "1"}
        assert client.post(url("record_cost"), sent).status_code == 302
        cost = IntegrationCost.objects.get()
        assert cost.amount == 600
        refused = client.post(url("record_cost"), sent | {"rate": ""})
        assert (refused.status_code, "Labour is said in hours and a rate" in text(refused)) == (422, True)
        assert signed_in(ada).post(url("record_cost"), sent).status_code == 403
        assert client.post(url("strike_cost", cost.pk), {"reason": "Not ours."}).status_code == 302
        assert client.post(url("strike_cost", cost.pk), {"reason": "Not ours."}).status_code == 409
        page = text(client.get(url("costs")))
        assert "Not ours." in page
        exported = b"".join(client.get(url("costs"), {"export": "csv"}).streaming_content).decode()
        assert "Two interns" in exported
