"""Isolation plans of the demo organisation: one of each standing, and what some capabilities run on."""

from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.clusters import actions as map_actions
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Component
from apps.integrations import actions
from apps.integrations.models import Integration
from apps.integrations.rules.isolation import CHECKER

# consumer → (who plans, the plan, rehearsals as (days ago, how it went, seconds, what was seen))
PLANS: dict[str, tuple[str, dict[str, Any], tuple[tuple[int, str, int, str], ...]]] = {
    "storefront/checkout with Sign-in API": (
        "anneke",
        {
            "mode": "serve_stale",
            "holds_s": 900,
            "reconciliation": "Ask for every open session anew, and end those that were closed meanwhile.",
            "steps": "Switch “trust sessions” on in the shop.\nTell the service desk that nobody can register.",
        },
        ((26, "held", 900, "Sign-in was cut off by a firewall rule during the night; 4,100 sessions went on."),),
    ),
    "storefront/catalogue with stock.levels": (
        "anneke",
        {
            "mode": "serve_stale",
            "holds_s": 14_400,
            "reconciliation": "Read the topic again from the last offset; compare the totals of each warehouse.",
        },
        ((131, "held", 14_400, "Stock froze for four hours; three orders had to be cancelled by hand."),),
    ),
    "logistics/dispatch with parcels.moved": (
        "hiro",
        {
            "mode": "queue",
            "backlog": 450_000,
            "drain_per_s": 180.0,
            "conflict": "owner_wins",
            "reconciliation": "Send what waits in the order of its scans; the stream drops what it has already.",
            "steps": "Watch the disk of the two relay hosts.",
        },
        (
            (64, "held", 7_200, "Two hours of scans waited, and were sent within forty minutes."),
            (
                9,
                "failed",
                2_900,
                "The relay in Osaka had a smaller disk than planned: its queue was full after 48 minutes.",
            ),
        ),
    ),
    "payments/fraud-scoring with orders.placed": (
        "lena",
        {
            "mode": "serve_stale",
            "holds_s": 300,
            "reconciliation": "Learn again from the orders that were missed, oldest first.",
        },
        (),
    ),
    "storefront/checkout with Payments API": (
        "anneke",
        {"mode": "fail_closed", "steps": "Show “we cannot take payments right now” on the last page."},
        (),
    ),
}
# component → capabilities that run on it, beside those its tier says
RUNS = {
    "payments/card-gateway": ("take-card-payments",),
    "payments/payouts": ("pay-merchants-out",),
    "payments/ledger": ("keep-the-ledger",),
    "storefront/checkout": ("sell-to-customers",),
    "storefront/catalogue": ("show-the-assortment",),
    "logistics/dispatch": ("move-parcels",),
    "logistics/warehouse-stock": ("keep-stock",),
    "identity/sign-in": ("know-who-somebody-is",),
}


def plan(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> int:
    """Tag what capabilities run on, write the plans, and record how they went; how many plans."""
    for path, names in RUNS.items():
        component = parts[path]
        component.refresh_from_db()
        map_actions.describe_component(
            component_id=component.pk,
            editor=people["greta"],
            version=component.version,
            changes={"tags": sorted({*component.tags, *(f"capability:{name}" for name in names)})},
            at=at - timedelta(days=150),
        )
    rows = Integration.objects.select_related("consumer__cluster", "interface")
    known = {f"{one.consumer.cluster.slug}/{one.consumer.slug} with {one.interface.name}": one for one in rows}
    for name, (planner, values, tried) in PLANS.items():
        _plan(known[name], people[planner], values, tried, at=at)
    ask_for_check(checker=CHECKER)
    checks.run(checks.registered()[CHECKER], at=at)
    return len(PLANS)


def _plan(
    integration: Integration,
    planner: Person,
    values: dict[str, Any],
    tried: tuple[tuple[int, str, int, str], ...],
    *,
    at: datetime,
) -> None:
    plan = actions.plan_isolation(
        integration_id=integration.pk, planner=planner, version=0, values=values, at=at - timedelta(days=140)
    )
    for days, outcome, held_s, notes in tried:
        actions.record_rehearsal(
            integration_id=integration.pk,
            recorder=planner,
            version=plan.version,
            outcome=outcome,
            held_s=held_s,
            notes=notes,
            rehearsed_at=at - timedelta(days=days),
            at=at - timedelta(days=days) + timedelta(hours=5),
        )
