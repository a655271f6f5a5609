"""Questions about trust: domains, their keys, and who believes whom by which way."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import models

from apps.accounts.models import Person
from apps.kernel.refusals import NotFound
from apps.trust.formats.bundles import Key
from apps.trust.models import SigningKey, TrustDomain, TrustLink
from apps.trust.rules.chains import Link
from apps.trust.rules.tokens import Issuer


def domains_seen_by(person: Person) -> models.QuerySet[TrustDomain]:
    """Trust domains of clusters the person may know of, with how many keys each has now."""
    keys = models.Count("keys", filter=models.Q(keys__retired_at__isnull=True))
    return TrustDomain.objects.visible_to(person).select_related("cluster").annotate(key_count=keys)


def visible_domain(pk: int, person: Person) -> TrustDomain:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = domains_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such trust domain.", next_step="Go back to the list of domains.")
    return found


def domain_named(name: str, person: Person) -> TrustDomain:
    """The visible domain of that name."""
    found = domains_seen_by(person).filter(name=name.strip().lower()[:255]).first()
    if found is None:
        raise NotFound(f"There is no trust domain {name[:60]}.", next_step="Choose one of the list of domains.")
    return found


def links_seen_by(person: Person) -> models.QuerySet[TrustLink]:
    """Links with both ends where the person may look."""
    rows = TrustLink.objects.visible_to(person)
    return rows.select_related("source__cluster", "target__cluster", "proposed_by", "agreed_by")


def visible_link(pk: int, person: Person) -> TrustLink:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = links_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such link.", next_step="Go back to the list of domains.")
    return found


def issuer_of(domain: TrustDomain) -> Issuer:
    """The domain as the checker of tokens sees it, with the keys it has now."""
    return Issuer(
        name=domain.name,
        issuer=domain.issuer,
        token_format=domain.token_format,
        audience=domain.audience,
        algorithms=frozenset(domain.algorithms),
        lifetime=timedelta(seconds=domain.lifetime_s),
        keys={
            key.kid: Key(key.kid, key.kty, tuple(key.algorithms), key.material)
            for key in domain.keys.filter(retired_at__isnull=True)
        },
    )


def owners_of_keys(person: Person, *, but: TrustDomain) -> dict[str, str]:
    """The names of keys in the bundles of other visible domains, each with its domain."""
    rows = SigningKey.objects.filter(retired_at__isnull=True, domain__in=TrustDomain.objects.visible_to(person))
    return dict(rows.exclude(domain=but).values_list("kid", "domain__name"))


def facts_of(links: Iterable[TrustLink]) -> list[Link]:
    """Agreed links as the search for ways sees them."""
    return [
        Link(
            one.pk,
            one.source_id,
            one.target_id,
            frozenset({"sub", *one.claims}),
            most_steps=one.most_steps,
            ends_at=one.ends_at,
        )
        for one in links
        if one.agreed_at
    ]
