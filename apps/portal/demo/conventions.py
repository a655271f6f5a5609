"""Conventions of the demo organisation, what breaks them, and a component that is let off for a few days yet."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.clusters import actions, checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Component, Finding
from apps.clusters.queries.conventions import CHECKER, NAMES

# Of which kind, which field of it, what it asks for, and why.
CONVENTIONS = (
    (
        "component",
        "slug",
        {
            "title": "Short names in lower case",
            "pattern": "[a-z][a-z0-9]*(-[a-z0-9]+)*",
            "passing": ["card-gateway", "ledger"],
            "failing": ["CardGateway", "card_gateway", "-ledger"],
            "mode": "refuse",
        },
        "They stand in addresses, in manifests and in the names of alerts, where capitals and underscores differ by tool.",
    ),
    (
        "component",
        "name",
        {
            "title": "Names in plain words",
            "pattern": r"\p{Lu}\p{Ll}+( \p{Ll}+)*",
            "passing": ["Card gateway", "Ledger"],
            "failing": ["card gateway", "CardGateway", "Card-gateway"],
            "mode": "warn",
        },
        "People search for words; a hyphen or a hump hides one of them.",
    ),
    (
        "component",
        "name",
        {"title": "What every component says", "least_description": 30, "needs_owner": True, "tag_prefixes": ["data:"]},
        "Who is woken at night must know what a component does, whose it is and which data it holds.",
    ),
)
DESCRIPTIONS = {
    "payments/ledger": "Keeps every movement of money, twice and for ten years.",
    "payments/card-gateway": "Takes card payments and hands them to the acquirers.",
    "payments/payouts": "Pays merchants out on the days that they agreed to.",
    "payments/statement-archive": "Holds the monthly statements that merchants download.",
    "logistics/dispatch": "Decides which parcel leaves with which van, and when.",
    "logistics/route-planner": "Finds the shortest round through the day's addresses.",
    "logistics/warehouse-stock": "Knows how much of everything lies in which warehouse.",
    "storefront/web-shop": "The pages on which customers look and buy.",
    "storefront/catalogue": "Articles with their prices, pictures and descriptions.",
    "storefront/checkout": "Takes a basket through address, delivery and payment.",
    "storefront/search-index": "Answers what customers type into the search of the shop.",
    "identity/sign-in": "Signs customers and staff in, with a second factor.",
    "identity/staff-directory": "Who works here, in which team, reached by which number.",
    "identity/consent-store": "What each customer agreed to, and when they took it back.",
    "data-platform/event-stream": "Carries what happened anywhere to whoever wants to know.",
    "data-platform/warehouse": "Years of events, arranged for questions about them.",
    "treasury/key-custody": "Holds the keys in hardware that never shows them.",
    "treasury/bank-connections": "Speaks to each bank in the protocol that it wants.",
}


def keep(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> int:
    """Describe most components, make the conventions, let one component off, and scan; how many findings."""
    greta = people["greta"]
    for path, text in DESCRIPTIONS.items():
        component = parts[path]
        component.refresh_from_db()
        actions.describe_component(
            component_id=component.pk,
            editor=greta,
            version=component.version,
            changes={"description": text},
            at=at - timedelta(days=300),
        )
    made = [
        actions.make_convention(
            keeper=greta, kind=kind, field=field, values=values, reason=reason, at=at - timedelta(days=200)
        )
        for kind, field, values, reason in CONVENTIONS
    ]
    actions.exempt_component(
        convention_id=made[2].pk,
        component_id=parts["payments/fraud-scoring"].pk,
        giver=greta,
        reason="It goes to another team this month, who will say what it does then.",
        until=at + timedelta(days=5),
        at=at - timedelta(days=55),
    )
    for name in (CHECKER, NAMES):
        ask_for_check(checker=name)
        checks.run(checks.registered()[name], at=at - timedelta(days=1))
    return Finding.objects.standing().filter(checker__in=[CHECKER, NAMES]).count()
