"""What the demo organisation wants to reach, which metrics of clusters carry it, and two that pull apart."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.integrations.models import Integration
from apps.stakeholders.actions import calendars, costs, rates
from apps.stakeholders.actions import metrics as actions
from apps.stakeholders.models import Metric
from apps.stakeholders.rules.metrics import ended_periods

# code → (cluster, name, meaning, unit, course, baseline, target, owner, measure, cadence)
Line = tuple[str, str, str, str, str, str, str, str, str, str]
METRICS: dict[str, Line] = {
    "time-to-decision": ("", "Time to decision", "Nobody waits for the board longer than they must.", "working hours", "down", "30", "6", "priya", "time_to_decision", "month"),
    "cost-per-integration": ("", "Cost per integration", "Connecting two clusters gets cheaper each time.", "EUR", "down", "60000", "20000", "greta", "cost_per_integration", "quarter"),
    "changes-that-fail": ("", "Changes that fail", "", "%", "down", "16", "8", "priya", "change_failure_rate", "month"),
    "parcels-on-the-day": ("", "Parcels that leave on the day", "Of what was ordered before noon, by the dispatch register.", "%", "up", "70", "90", "priya", "", "month"),
    "payments-time-to-decision": ("payments", "Time to decision", "", "working hours", "down", "30", "6", "lena", "time_to_decision", "month"),
    "logistics-time-to-decision": ("logistics", "Time to decision", "", "working hours", "down", "30", "6", "hiro", "time_to_decision", "month"),
    "storefront-slowest-decisions": ("storefront", "Slowest decisions", "", "working hours", "down", "80", "20", "anneke", "time_to_decision_p85", "month"),
    "payments-failures": ("payments", "Changes that fail", "", "%", "down", "18", "8", "lena", "change_failure_rate", "month"),
    "storefront-lead-time": ("storefront", "Lead time for changes", "", "h", "down", "120", "40", "anneke", "lead_time", "month"),
    "payments-cost-per-integration": ("payments", "Cost per integration", "", "EUR", "down", "60000", "20000", "lena", "cost_per_integration", "quarter"),
    "data-cost-per-integration": ("data-platform", "Cost per integration", "", "EUR", "down", "50000", "15000", "rashid", "cost_per_integration", "quarter"),
    "storefront-late-orders": ("storefront", "Orders taken in the last hour", "The shop stays open longer each month; by its order book.", "%", "up", "2", "12", "anneke", "", "month"),
    "logistics-same-day": ("logistics", "Parcels dispatched the same day", "By the dispatch register.", "%", "up", "70", "95", "hiro", "", "month"),
    "identity-sign-in": ("identity", "Slowest sign-ins", "95th percentile, by the edge.", "ms", "down", "900", "300", "marit", "", "month"),
}  # fmt: skip
WEIGHTS: dict[str, dict[str, tuple[str, str]]] = {
    "time-to-decision": {
        "payments-time-to-decision": ("0.5", "Half of what boards decide is theirs."),
        "logistics-time-to-decision": ("0.3", ""),
        "storefront-slowest-decisions": ("0.2", "Its median is fine; its slowest are not."),
    },
    "changes-that-fail": {"payments-failures": ("0.6", "Their failures cost the most."), "storefront-lead-time": ("0.4", "Who hurries, breaks.")},
    "cost-per-integration": {"payments-cost-per-integration": ("0.6", ""), "data-cost-per-integration": ("0.4", "")},
    "parcels-on-the-day": {"storefront-late-orders": ("0.4", "More orders, later."), "logistics-same-day": ("0.6", "What customers see.")},
}  # fmt: skip
# Values that were sent, the last of them for the month that has just ended.
SENT: dict[str, tuple[str, tuple[str, ...]]] = {
    "storefront-late-orders": ("anneke", ("2.1", "2.6", "3.0", "3.9", "4.4", "5.2", "6.0", "6.3", "7.1", "8.2", "8.8", "9.5", "10.1", "10.6")),
    "logistics-same-day": ("hiro", ("91.2", "91.0", "90.1", "89.4", "89.6", "87.2", "86.0", "85.5", "83.1", "82.4", "80.2", "79.9", "78.3", "77.0")),
    "parcels-on-the-day": ("priya", ("88", "88", "87", "86", "86", "85", "84", "83", "82", "80", "79", "79", "78", "77")),
    "identity-sign-in": ("piotr", ("880", "860", "700", "640", "610", "520", "480", "455", "430", "410", "395", "380", "372", "360")),
}  # fmt: skip
# consumer/interface → (days ago it went live, hours, rate, licence, months of the licence)
CONNECTED: dict[tuple[str, str], tuple[int, str, str, str, int]] = {
    ("fraud-scoring", "orders.placed"): (310, "240", "95", "12000", 12),
    ("checkout", "Payments API"): (250, "310", "90", "0", 1),
    ("payouts", "Transfers API"): (130, "180", "95", "9000", 12),
    ("reporting", "Sales of the day"): (205, "120", "85", "6000", 12),
    ("dispatch", "parcels.moved"): (120, "150", "88", "0", 1),
}
RUN: dict[str, str] = {"payments": "14400", "data-platform": "9600"}  # a year


# days ago, and what one of each was worth in EUR then
RATES: tuple[tuple[int, dict[str, str]], ...] = (
    (410, {"USD": "0.9235", "GBP": "1.1680", "NOK": "0.0861", "CHF": "1.0410"}),
    (190, {"USD": "0.9108", "GBP": "1.1742", "NOK": "0.0849"}),
    (12, {"USD": "0.9184", "GBP": "1.1695", "CHF": "1.0655"}),
)


def record_rates(people: dict[str, Person], *, at: datetime) -> int:
    """What other currencies are worth, over a year; how many rates."""
    for ago, said in RATES:
        when = at - timedelta(days=ago)
        for currency, rate in said.items():
            rates.record_rate(
                currency=currency, rate=Decimal(rate), as_of=when.date(), recorder=people["priya"], at=when
            )
    return sum(len(said) for _, said in RATES)


def measure(people: dict[str, Person], *, at: datetime) -> int:
    """KPIs, metrics, weights, costs and values, as of `at`; how many metrics."""
    began = at - timedelta(days=400)
    _write_calendars(people, at=began)
    for code, (slug, name, meaning, unit, course, baseline, target, owner, computed, cadence) in METRICS.items():
        cluster = Cluster.objects.get(slug=slug) if slug else None
        values: dict[str, Any] = {
            "name": name,
            "meaning": meaning,
            "unit": unit,
            "course": course,
            "baseline": Decimal(baseline),
            "target": Decimal(target),
            "owner": people[owner],
            "measure": computed,
            "cadence": cadence,
        }
        actions.define_metric(
            code=code, cluster=cluster, definer=people[owner if slug else "priya"], values=values, at=began
        )
    for code, said in WEIGHTS.items():
        kpi = Metric.objects.get(code=code)
        actions.align_metrics(
            kpi_id=kpi.pk,
            keeper=people["priya"],
            weights={name: Decimal(weight) for name, (weight, _) in said.items()},
            rationales={name: why for name, (_, why) in said.items()},
            version=kpi.version,
            at=began + timedelta(days=3),
        )
    _spend(people, at=at)
    _send(people, at=at)
    actions.measure_metrics(at=at)
    return len(METRICS)


def _write_calendars(people: dict[str, Person], *, at: datetime) -> None:
    year = at.year + 1
    off = {date(one, month, day): name for one in (at.year, year, year + 1) for month, day, name in (
        (1, 1, "New Year"), (5, 1, "Labour Day"), (12, 25, "Christmas Day"), (12, 26, "Second Day of Christmas"))}  # fmt: skip
    said: dict[str, Any] = {"opens": time(8), "closes": time(17), "weekdays": range(5), "at": at}
    calendars.write_calendar(
        name="Enterprise", cluster=None, zone="Europe/Oslo", holidays=off, writer=people["marit"], **said
    )
    payments = Cluster.objects.get(slug="payments")
    german = off | {date(one, 10, 3): "German Unity Day" for one in (at.year, year, year + 1)}
    calendars.write_calendar(
        name="Payments", cluster=payments, zone="Europe/Berlin", holidays=german, writer=people["lena"], **said
    )


def _spend(people: dict[str, Person], *, at: datetime) -> None:
    greta = people["greta"]
    for (consumer, interface), (ago, hours, rate, licence, months) in CONNECTED.items():
        rows = Integration.objects.select_related("consumer__cluster", "interface__component")
        row = rows.filter(consumer__slug=consumer, interface__name=interface).first()
        if row is None:
            continue
        live_on = (at - timedelta(days=ago)).date()
        said: dict[str, Any] = {
            "cluster": row.consumer.cluster,
            "integration": row,
            "recorder": greta,
            "currency": "EUR",
            "at": at,
        }
        for part, share in ((45, "0.4"), (10, "0.6")):
            costs.record_cost(
                kind="labour",
                hours=(Decimal(hours) * Decimal(share)).quantize(Decimal("0.01")),
                rate=Decimal(rate),
                from_on=live_on - timedelta(days=part),
                **said,
            )
        if licence != "0":
            costs.record_cost(kind="licence", amount=Decimal(licence), months=months, from_on=live_on, **said)
        costs.record_going_live(integration=row, recorder=greta, live_on=live_on, at=at)
    for slug, amount in RUN.items():
        costs.record_cost(
            cluster=Cluster.objects.get(slug=slug),
            recorder=greta,
            kind="run",
            about="Gateways and topics, a year",
            amount=Decimal(amount),
            months=12,
            currency="EUR",
            from_on=(at - timedelta(days=330)).date(),
            at=at,
        )


def _send(people: dict[str, Person], *, at: datetime) -> None:
    for code, (sender, values) in SENT.items():
        metric = Metric.objects.get(code=code)
        periods = ended_periods(metric.cadence, today=at.date(), count=len(values))
        for period, value in zip(periods, values, strict=True):
            when = min(at, datetime.combine(period.end_on + timedelta(days=1), time(7), tzinfo=at.tzinfo))
            actions.push_value(
                metric_id=metric.pk,
                sender=people[sender],
                first_on=period.first_on,
                value=Decimal(value),
                note="Monthly report",
                at=max(when, datetime.combine(period.end_on, time(0), tzinfo=at.tzinfo)),
            )
    wrong = Metric.objects.get(code="identity-sign-in")
    last = wrong.values_of.order_by("-first_on")[0]
    actions.push_value(
        metric_id=wrong.pk,
        sender=people["marit"],
        first_on=last.first_on,
        value=Decimal(355),
        note="Counted without the load test",
        supersedes=last.pk,
        at=at,
    )
