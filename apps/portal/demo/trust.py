"""Trust domains of the demo organisation: who believes whom, a key that is due, a link nobody agreed to yet."""

import json
from datetime import datetime, timedelta

from joserfc.jwk import ECKey

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster
from apps.portal.demo.organisation import CLUSTERS
from apps.trust import actions
from apps.trust.models import TrustDomain

# cluster → (format, claims, days until each key is to be replaced)
DOMAINS: dict[str, tuple[str, tuple[str, ...], tuple[int | None, ...]]] = {
    "identity": ("at+jwt", ("email", "groups", "tenant"), (9, 200)),
    "storefront": ("jwt", ("tenant", "session"), (120,)),
    "payments": ("jwt-svid", ("tenant",), (60, None)),
    "logistics": ("jwt", ("tenant",), (300,)),
    "data-platform": ("jwt", (), ()),
}

# (who is believed, who believes it, claims that survive, steps, days until it ends, why)
LINKS = (
    ("storefront", "payments", ("tenant",), 1, 200, "Checkout pays on behalf of the customer."),
    ("storefront", "identity", ("tenant", "session"), 2, 200, "Checkout asks who the customer is."),
    ("payments", "identity", ("tenant",), 2, 20, "Payouts asks who the merchant is."),
    ("storefront", "logistics", ("tenant",), 1, -5, "The catalogue shows what is in stock; the contract of last year."),
)
ASKED = ("logistics", "data-platform", ("tenant",), 1, "Dispatch writes events: let it be known which cluster it was.")


def declare(people: dict[str, Person], *, at: datetime) -> int:
    """Declare the domains with their keys, and agree to the links; how many domains."""
    domains = {slug: _domain(slug, people, at=at - timedelta(days=180)) for slug in DOMAINS}
    for source, target, claims, steps, days, why in LINKS:
        link = actions.propose_link(
            source=domains[source],
            target=domains[target],
            proposer=people[_owner(source)],
            reason=why,
            claims=claims,
            most_steps=steps,
            ends_at=at + timedelta(days=days),
            at=at - timedelta(days=160),
        )
        agreer = people[_owner(target)] if _owner(target) != _owner(source) else people["greta"]
        actions.agree_to_link(link_id=link.pk, agreer=agreer, at=at - timedelta(days=150))
    source, target, claims, steps, why = ASKED
    actions.propose_link(
        source=domains[source],
        target=domains[target],
        proposer=people[_owner(source)],
        reason=why,
        claims=claims,
        most_steps=steps,
        at=at - timedelta(days=2),
    )
    check = checks.registered()["trust"]
    ask_for_check(checker=check.name)
    checks.run(check, at=at)
    return len(domains)


def _domain(slug: str, people: dict[str, Person], *, at: datetime) -> TrustDomain:
    token_format, claims, keys = DOMAINS[slug]
    owner = people[_owner(slug)]
    name = f"{slug}.halden.example"
    domain = actions.declare_domain(
        cluster=Cluster.objects.get(slug=slug),
        declarer=owner,
        values={
            "name": name,
            "issuer": f"https://identities.{name}",
            "token_format": token_format,
            "audience": slug,
            "algorithms": ["ES256"],
            "claims": claims,
        },
        at=at,
    )
    if not keys:
        return domain
    made = [ECKey.generate_key("P-256", {"kid": f"{slug}-{number}"}) for number in range(1, len(keys) + 1)]
    content = json.dumps({"keys": [key.as_dict(private=False) for key in made], "spiffe_sequence": 1}).encode()
    domain = actions.take_in_bundle(domain_id=domain.pk, keeper=owner, content=content, at=at)
    for key, days in zip(made, keys, strict=True):
        if days is not None:
            on = (at + timedelta(days=180 + days)).date()
            actions.plan_rotation(domain_id=domain.pk, keeper=owner, kid=str(key.kid), on=on, at=at)
    return domain


def _owner(slug: str) -> str:
    return CLUSTERS[slug][3]
