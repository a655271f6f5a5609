"""Charters, sites and transfer rules of the demo organisation, and what its checks find."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.clusters import actions, checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster, Component, Dependency, Finding

# code → (name, country)
SITES = {
    "fra-1": ("Frankfurt", "DE"),
    "ams-1": ("Amsterdam", "NL"),
    "osl-1": ("Oslo", "NO"),
    "lon-1": ("London", "GB"),
    "tyo-1": ("Tokyo", "JP"),
    "iad-1": ("Ashburn", "US"),
}

# component → (its sites, tags beside those it has)
PLACED = {
    "payments/ledger": (("fra-1", "ams-1"), ("regime:pci-dss",)),
    "payments/card-gateway": (("fra-1",), ("regime:pci-dss",)),
    "payments/fraud-scoring": (("iad-1",), ()),
    "payments/payouts": (("fra-1",), ()),
    "payments/statement-archive": (("fra-1", "iad-1"), ()),
    "storefront/web-shop": (("lon-1",), ()),
    "storefront/checkout": (("lon-1",), ("segment:pci-dss",)),
    "storefront/catalogue": (("lon-1",), ()),
    "storefront/search-index": (("lon-1",), ()),
    "logistics/dispatch": (("tyo-1",), ()),
    "logistics/route-planner": (("tyo-1",), ()),
    "logistics/warehouse-stock": (("tyo-1", "osa-2"), ()),
    "logistics/label-printer": (("tyo-1",), ()),
    "identity/sign-in": (("osl-1",), ()),
    "identity/staff-directory": (("osl-1",), ()),
    "identity/consent-store": (("osl-1",), ()),
    "data-platform/event-stream": (("ams-1",), ()),
    "data-platform/warehouse": (("ams-1",), ()),
    "data-platform/reporting": (("ams-1",), ()),
    "treasury/key-custody": (("fra-1",), ()),
    "treasury/bank-connections": (("fra-1",), ()),
}

# (data, from, to, verdict, safeguard, reason)
TRANSFERS = (
    ("public", "*", "*", "allowed", "", "It is public."),
    ("internal", "*", "*", "allowed", "", "Nothing in it is about a person."),
    ("confidential", "EU", "EU", "allowed", "", "One law holds on both sides (GDPR, chapter I)."),
    ("confidential", "EU", "NO", "allowed", "", "Norway keeps to the GDPR by the EEA agreement."),
    ("confidential", "NO", "EU", "allowed", "", "Norway keeps to the GDPR by the EEA agreement."),
    ("confidential", "NO", "GB", "allowed", "", "The United Kingdom is found adequate."),
    ("confidential", "EU", "GB", "allowed", "", "The United Kingdom is found adequate (GDPR, article 45)."),
    (
        "confidential",
        "EU",
        "US",
        "safeguard",
        "standard contractual clauses",
        "No general adequacy (GDPR, article 46).",
    ),
    ("confidential", "GB", "NO", "allowed", "", "Norway is found adequate."),
    ("confidential", "GB", "EU", "allowed", "", "The Union is found adequate."),
    ("restricted", "*", "*", "refused", "", "Card data stays where it was taken."),
    ("restricted", "DE", "NL", "allowed", "", "The two sites of one payment system."),
)

# cluster → (capabilities, jurisdictions, data, regimes)
CHARTERS = {
    "payments": (
        ("Take card payments", "Pay merchants out", "Keep the ledger"),
        ("EU",),
        ("internal", "confidential", "restricted"),
        ("PCI-DSS", "GDPR", "DORA"),
    ),
    "storefront": (
        ("Sell to customers", "Show the assortment"),
        ("GB",),
        ("public", "internal", "confidential"),
        ("GDPR",),
    ),
    "logistics": (("Move parcels", "Keep stock"), ("JP",), ("internal",), ()),
    "identity": (("Know who somebody is",), ("NO", "EU"), ("internal", "confidential"), ("GDPR", "NIS-2")),
}


def draw(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> int:
    """Place the sites, rule on transfers, bring charters into force, and leave two on their way; how many findings."""
    greta, marit, clusters = people["greta"], people["marit"], {one.slug: one for one in Cluster.objects.all()}
    for code, (name, country) in SITES.items():
        actions.place_site(keeper=greta, code=code, name=name, jurisdiction=country, at=at - timedelta(days=400))
    for data_class, origin, destination, verdict, safeguard, reason in TRANSFERS:
        actions.rule_on_transfer(
            keeper=greta,
            data_class=data_class,
            origin=origin,
            destination=destination,
            verdict=verdict,
            safeguard=safeguard,
            reason=reason,
            at=at - timedelta(days=390),
        )
    for path, (sites, tags) in PLACED.items():
        component = parts[path]
        component.refresh_from_db()
        actions.describe_component(
            component_id=component.pk,
            editor=greta,
            version=component.version,
            changes={"sites": list(sites), "tags": sorted({*component.tags, *tags})},
            at=at - timedelta(days=380),
        )
    _say_what_flows(people, at=at - timedelta(days=370))
    for slug, said in CHARTERS.items():
        approver = marit if slug != "identity" else people["greta"]
        _charter(clusters[slug], said, people[_OWNERS[slug]], approver, at=at - timedelta(days=200))
    _on_their_way(clusters, people, at=at)
    for one in checks.registered().values():
        ask_for_check(checker=one.name)
        checks.run(one, at=at - timedelta(days=2))
    _waive_one(people, at=at - timedelta(days=1))
    return Finding.objects.standing().count()


_OWNERS = {"payments": "lena", "storefront": "anneke", "logistics": "hiro", "identity": "marit"}


def _charter(
    cluster: Cluster,
    said: tuple[tuple[str, ...], ...],
    author: Person,
    approver: Person,
    *,
    at: datetime,
) -> None:
    capabilities, jurisdictions, data_classes, regimes = said
    charter = actions.draft_charter(
        cluster=cluster,
        author=author,
        values={
            "purpose": cluster.purpose,
            "capabilities": capabilities,
            "jurisdictions": jurisdictions,
            "data_classes": data_classes,
            "regimes": regimes,
        },
        at=at - timedelta(days=20),
    )
    charter = actions.propose_charter(
        charter_id=charter.pk, author=author, version=charter.version, at=at - timedelta(days=12)
    )
    actions.approve_charter(
        charter_id=charter.pk,
        approver=approver,
        version=charter.version,
        reason="The board read it with the owners; nothing of it is claimed twice.",
        at=at,
    )


def _on_their_way(clusters: dict[str, Cluster], people: dict[str, Person], *, at: datetime) -> None:
    """One charter waits for a decision, one was sent back."""
    payments = actions.draft_charter(
        cluster=clusters["payments"],
        author=people["lena"],
        values={"jurisdictions": ["EU", "US"]},
        at=at - timedelta(days=6),
    )
    actions.propose_charter(
        charter_id=payments.pk, author=people["lena"], version=payments.version, at=at - timedelta(days=3)
    )
    data = actions.draft_charter(
        cluster=clusters["data-platform"],
        author=people["rashid"],
        values={
            "purpose": "Answers questions about what happened.",
            "capabilities": ["Report to management"],
            "jurisdictions": ["NL"],
            "data_classes": ["internal"],
        },
        at=at - timedelta(days=9),
    )
    data = actions.propose_charter(
        charter_id=data.pk, author=people["rashid"], version=data.version, at=at - timedelta(days=8)
    )
    actions.return_charter(
        charter_id=data.pk,
        approver=people["marit"],
        reason="The statement archive is read into the warehouse: name confidential data, or stop reading it.",
        at=at - timedelta(days=5),
    )


def _say_what_flows(people: dict[str, Person], *, at: datetime) -> None:
    edges = Dependency.objects.select_related("consumer__cluster", "provider__cluster")
    by_ends = {f"{one.consumer.slug} {one.provider.slug}": one for one in edges}
    for ends, changes in (
        ("card-gateway ledger", {"weight": 900}),
        ("checkout card-gateway", {"weight": 420, "data_class": "restricted"}),
        ("checkout sign-in", {"weight": 380, "data_class": "confidential"}),
        ("fraud-scoring event-stream", {"weight": 300}),
        ("web-shop catalogue", {"weight": 700}),
        ("card-gateway fraud-scoring", {"weight": 450, "data_class": "confidential"}),
    ):
        actions.describe_dependency(dependency_id=by_ends[ends].pk, editor=people["greta"], changes=changes, at=at)


def _waive_one(people: dict[str, Person], *, at: datetime) -> None:
    finding = Finding.objects.filter(code="transfer-without-safeguard").order_by("pk").first()
    if finding is not None:
        actions.waive_finding(
            finding_id=finding.pk,
            waiver=people["lena"],
            reason="The clauses are signed; the annex of this year follows from the provider by the end of the month.",
            until=at + timedelta(days=40),
            version=finding.version,
            at=at,
        )
