"""Who works at the demo organisation, what its clusters run, and which boards decide."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import boards
from apps.clusters import actions as map_actions
from apps.clusters.models import Cluster, Component, Tier, Visibility
from apps.clusters.rules import Part

PASSWORD = "board-of-oak-7"  # noqa: S105  # the demo's own, printed for everyone who starts it
DOMAIN = "halden.example"
FOUNDED = timedelta(days=760)  # ago

# handle → (name, zone, what they are here for, roles)
PEOPLE: dict[str, tuple[str, str, str, tuple[Role, ...]]] = {
    "marit": ("Marit Solberg", "Europe/Oslo", "chairs the enterprise board", (Role.BOARD_MEMBER, Role.BOARD_CHAIR)),
    "tomas": ("Tomás Ferreira", "Europe/Lisbon", "board member, stands for security", (Role.BOARD_MEMBER,)),
    "anneke": ("Anneke Visser", "Europe/Amsterdam", "board member", (Role.BOARD_MEMBER,)),
    "rashid": ("Rashid Karimi", "Asia/Dubai", "board member", (Role.BOARD_MEMBER,)),
    "joan": ("Joan Achebe", "Africa/Lagos", "proposes changes for Payments", (Role.REQUESTER,)),
    "piotr": ("Piotr Zielinski", "Europe/Warsaw", "proposes and carries out changes", (Role.REQUESTER, Role.OPERATOR)),
    "lena": ("Lena Brandt", "Europe/Berlin", "owns the Payments cluster", (Role.CLUSTER_OWNER, Role.BOARD_MEMBER)),
    "hiro": ("Hiro Tanaka", "Asia/Tokyo", "owns the Logistics cluster", (Role.CLUSTER_OWNER, Role.BOARD_MEMBER)),
    "vera": ("Vera Lindqvist", "Europe/Stockholm", "compliance officer", (Role.COMPLIANCE_OFFICER,)),
    "priya": ("Priya Nair", "Asia/Kolkata", "programme manager", (Role.PROGRAMME_MANAGER,)),
    "samuel": ("Samuel Okoro", "Europe/London", "auditor: reads all, writes nothing", (Role.AUDITOR,)),
    "greta": ("Greta Aalto", "Europe/Helsinki", "administrator", (Role.ADMINISTRATOR,)),
}

# slug → (name, purpose, zone, owner, components as (slug, name, kind, tier))
CLUSTERS: dict[str, tuple[str, str, str, str, tuple[tuple[str, str, str, int], ...]]] = {
    "payments": (
        "Payments",
        "Takes money in and pays it out, in eleven countries.",
        "Europe/Berlin",
        "lena",
        (
            ("ledger", "Ledger", "service", 0),
            ("card-gateway", "Card gateway", "service", 1),
            ("payouts", "Payouts", "service", 1),
            ("fraud-scoring", "Fraud scoring", "service", 2),
            ("statement-archive", "Statement archive", "data store", 3),
        ),
    ),
    "logistics": (
        "Logistics",
        "Moves parcels from warehouse to door.",
        "Asia/Tokyo",
        "hiro",
        (
            ("dispatch", "Dispatch", "service", 1),
            ("route-planner", "Route planner", "service", 2),
            ("warehouse-stock", "Warehouse stock", "service", 1),
            ("label-printer", "Label printing", "service", 3),
        ),
    ),
    "storefront": (
        "Storefront",
        "The shop that customers see.",
        "Europe/London",
        "anneke",
        (
            ("web-shop", "Web shop", "website", 1),
            ("catalogue", "Catalogue", "service", 2),
            ("search-index", "Search index", "service", 2),
            ("checkout", "Checkout", "service", 1),
        ),
    ),
    "identity": (
        "Identity",
        "Who somebody is, for customers and staff.",
        "Europe/Oslo",
        "marit",
        (
            ("sign-in", "Sign-in", "service", 0),
            ("staff-directory", "Staff directory", "service", 1),
            ("consent-store", "Consent store", "data store", 1),
        ),
    ),
    "data-platform": (
        "Data platform",
        "Collects what happened and answers questions about it.",
        "Europe/Warsaw",
        "rashid",
        (
            ("event-stream", "Event stream", "service", 1),
            ("warehouse", "Warehouse", "data store", 2),
            ("reporting", "Reporting", "service", 3),
        ),
    ),
    "treasury": (
        "Treasury",
        "Holds the keys that move money between banks.",
        "Europe/Berlin",
        "lena",
        (
            ("key-custody", "Key custody", "service", 0),
            ("bank-connections", "Bank connections", "service", 1),
        ),
    ),
}
PERSONAL = {"consent-store", "staff-directory", "payouts"}  # hold what people would not want read
NEEDS = (
    "storefront/checkout payments/card-gateway", "storefront/checkout identity/sign-in", "storefront/web-shop storefront/catalogue", "storefront/web-shop storefront/checkout",
    "storefront/web-shop storefront/search-index", "storefront/search-index storefront/catalogue", "payments/card-gateway payments/ledger", "payments/card-gateway payments/fraud-scoring",
    "payments/payouts payments/ledger", "payments/statement-archive payments/ledger", "payments/fraud-scoring data-platform/event-stream", "logistics/dispatch logistics/route-planner",
    "logistics/dispatch logistics/warehouse-stock", "logistics/dispatch data-platform/event-stream", "logistics/label-printer logistics/dispatch", "storefront/catalogue logistics/warehouse-stock",
    "data-platform/warehouse data-platform/event-stream", "data-platform/reporting data-platform/warehouse", "identity/consent-store identity/sign-in", "payments/payouts identity/sign-in",
    "payments/payouts treasury/bank-connections", "treasury/bank-connections treasury/key-custody",
)  # fmt: skip
# Clusters that only their own people and auditors know of.
RESTRICTED = frozenset({"treasury"})


def add_people() -> dict[str, Person]:
    """Everyone, with their roles; before them nobody is there who could add somebody."""
    password = make_password(PASSWORD)
    people = {}
    for handle, (name, zone, _, roles) in PEOPLE.items():
        person = Person(handle=handle, email=f"{handle}@{DOMAIN}", name=name, zone=zone, password=password)
        person.save()
        RoleGrant.objects.bulk_create(RoleGrant(person=person, role=role) for role in roles)
        people[handle] = person
    return people


def draw_map(people: dict[str, Person], *, at: datetime) -> dict[str, Component]:
    """Clusters, what they run and what needs what; by "cluster/component"."""
    parts: dict[str, Component] = {}
    for slug, (name, purpose, zone, owner, components) in CLUSTERS.items():
        cluster = map_actions.found_cluster(
            founder=people["greta"],
            slug=slug,
            name=name,
            purpose=purpose,
            zone=zone,
            visibility=Visibility.RESTRICTED if slug in RESTRICTED else Visibility.OPEN,
            owner=people[owner],
            at=at,
        )
        map_actions.appoint(subject=cluster, part=Part.OPERATE, holder=people["piotr"], appointer=people[owner], at=at)
        parts |= {f"{slug}/{row[0]}": _component(cluster, people[owner], row, at=at) for row in components}
    for edge in NEEDS:
        consumer, provider = (parts[name] for name in edge.split())
        declarer = people[CLUSTERS[consumer.cluster.slug][3]]
        map_actions.declare_dependency(consumer_id=consumer.pk, provider_id=provider.pk, declarer=declarer, at=at)
    return parts


def _component(cluster: Cluster, owner: Person, row: tuple[str, str, str, int], *, at: datetime) -> Component:
    slug, title, kind, tier = row
    sites = ["oslo", "frankfurt"] if tier < Tier.IMPORTANT else ["oslo"]
    values = {"name": title, "kind": kind, "tier": tier, "sites": sites, "owner_name": f"{cluster.name} team"}
    values["tags"] = ["data:confidential" if tier < Tier.CRITICAL or slug in PERSONAL else "data:internal"]
    return map_actions.add_component(cluster_id=cluster.pk, editor=owner, slug=slug, values=values, at=at)


def found_boards(people: dict[str, Person], *, at: datetime) -> None:
    """The boards with their seats, and a delegation that is in force now."""
    founded_at, greta = at - FOUNDED, people["greta"]
    payments = Cluster.objects.get(slug="payments")
    rules: tuple[tuple[str, str, Any, dict[str, Any], dict[str, tuple[str, str]]], ...] = (
        ("enterprise", "enterprise", None, {"name": "Enterprise board", "purpose": "Decides what is risky or touches several clusters at once.", "quorum_count": 3, "quorum_share": "0.50", "quorum_roles": ["chair"], "majority": "simple"}, {"marit": ("chair", ""), "tomas": ("voter", "security"), "anneke": ("voter", ""), "rashid": ("voter", ""), "vera": ("adviser", "compliance"), "priya": ("adviser", "secretary")}),
        ("cross-cluster", "cross_cluster", None, {"name": "Cross-cluster board", "purpose": "Decides what touches more than one cluster.", "quorum_count": 2, "quorum_roles": ["chair"], "majority": "two_thirds", "decision_hours": 96}, {"anneke": ("chair", ""), "lena": ("voter", "payments"), "hiro": ("voter", "logistics"), "tomas": ("voter", "security")}),
        ("payments", "cluster", payments, {"name": "Payments board", "purpose": "Decides what stays within Payments.", "quorum_count": 2, "quorum_roles": ["security"], "majority": "unanimous", "hides_ballots": False}, {"lena": ("chair", ""), "tomas": ("voter", "security"), "rashid": ("voter", "")}),
        ("emergency", "emergency", None, {"name": "Emergency board", "purpose": "Decides within the hour.", "quorum_count": 1, "majority": "simple", "decision_hours": 4, "allows_implement_first": True, "retroactive_hours": 24, "hides_ballots": False}, {"marit": ("chair", ""), "lena": ("voter", ""), "hiro": ("voter", ""), "anneke": ("voter", "")}),
    )  # fmt: skip
    for slug, kind, cluster, fields, seats in rules:
        board = boards.found_board(founder=greta, slug=slug, kind=kind, cluster=cluster, fields=fields, at=founded_at)
        for handle, (role, function) in seats.items():
            boards.fill_seat(
                board_id=board.pk,
                appointer=greta,
                person=people[handle],
                role=role,
                function=function,
                first_day=founded_at.date(),
                last_day=None,
                at=founded_at,
            )
        if slug == "enterprise":
            boards.delegate_vote(
                board_id=board.pk,
                giver=people["rashid"],
                taker=people["anneke"],
                first_day=at.date(),
                last_day=at.date() + timedelta(days=10),
                reason="On leave.",
                at=at,
            )
