"""Questions about trust: who believes whom, by which way, and what is wrong with it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from apps.accounts.models import Person
from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster, Dependency
from apps.clusters.queries import visible_dependencies
from apps.clusters.rules.findings import Found
from apps.kernel.refusals import NotFound
from apps.kernel.signs import day_words
from apps.trust.formats.bundles import Key
from apps.trust.models import SigningKey, TrustDomain, TrustLink
from apps.trust.rules.chains import Chain, Link, chain, why_none
from apps.trust.rules.tokens import Issuer

REMIND = timedelta(days=14)  # before a key is to be replaced
NOTE, WARNING, BLOCKER = 1, 2, 3
MOST_SHOWN = 500  # ways on one page


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


def way_between(source: TrustDomain, target: TrustDomain, person: Person, *, at: datetime) -> tuple[Chain | None, str]:
    """The way of trust from a caller's domain to a callee's over links the person may see; else why there is none."""
    links = facts_of(links_seen_by(person))
    found = chain(links, source=source.pk, target=target.pk, claims={"sub", *source.claims}, at=at)
    return found, "" if found else why_none(links, source=source.pk, target=target.pk, at=at)


@dataclass(frozen=True)
class Way:
    """One declared dependency across clusters, and whether the consumer's identity is believed by the provider."""

    dependency: Dependency
    chain: Chain | None
    why_none: str = ""

    @property
    def claims(self) -> str:
        """The claims that arrive, as people read them."""
        return ", ".join(sorted(self.chain.claims)) if self.chain else ""


def ways_of_dependencies(person: Person, *, at: datetime) -> list[Way]:
    """Every dependency across clusters that the person may know of, those without a way first."""
    rows = visible_dependencies(person).exclude(consumer__cluster=models.F("provider__cluster"))
    domains = {one.cluster_id: one for one in TrustDomain.objects.visible_to(person)}
    links = facts_of(links_seen_by(person))
    known: dict[tuple[int, int], tuple[Chain | None, str]] = {}
    found = []
    for row in rows.order_by("consumer__name", "provider__name", "pk")[:MOST_SHOWN]:
        ends = row.consumer.cluster_id, row.provider.cluster_id
        if ends not in known:
            known[ends] = _between(domains.get(ends[0]), domains.get(ends[1]), links, at)
        found.append(Way(row, *known[ends]))
    return sorted(found, key=lambda one: one.chain is not None)


def _between(
    source: TrustDomain | None, target: TrustDomain | None, links: list[Link], at: datetime
) -> tuple[Chain | None, str]:
    if source is None or target is None:
        return None, f"the {'caller' if source is None else 'callee'}'s cluster has no trust domain"
    way = chain(links, source=source.pk, target=target.pk, claims={"sub", *source.claims}, at=at)
    return way, "" if way else why_none(links, source=source.pk, target=target.pk, at=at)


def judged(at: datetime) -> Outcome:
    """What is wrong with the trust between clusters, as the check of that name runs it over the whole map."""
    domains = {one.cluster_id: one for one in TrustDomain.objects.order_by("pk")}
    clusters = dict(Cluster.objects.values_list("pk", "name"))
    keys = list(SigningKey.objects.filter(retired_at__isnull=True).select_related("domain").order_by("pk"))
    links = facts_of(TrustLink.objects.order_by("pk"))
    crossing = list(
        Dependency.objects.exclude(consumer__cluster=models.F("provider__cluster"))
        .order_by("pk")
        .values_list("consumer_id", "consumer__name", "consumer__cluster_id", "provider__name", "provider__cluster_id")
    )
    found = [
        *_untrusted(crossing, domains, clusters, links, at),
        *_keyless(domains, {key.domain_id for key in keys}),
        *_due(keys, at),
    ]
    read = repr((sorted(clusters), [vars(one) for one in links], crossing, [(key.pk, key.rotates_on) for key in keys]))
    return Outcome(found, hashlib.sha256(read.encode()).hexdigest())


def _untrusted(
    crossing: Iterable[tuple[Any, ...]],
    domains: Mapping[int, TrustDomain],
    clusters: Mapping[int, str],
    links: list[Link],
    at: datetime,
) -> Iterator[Found]:
    """Dependencies across clusters whose caller the callee would not believe; of clusters that declared a domain."""
    known: dict[tuple[int, int], tuple[Chain | None, str]] = {}
    for consumer_id, consumer, here, provider, there in crossing:
        if here not in domains or there not in domains:
            continue
        if (here, there) not in known:
            known[here, there] = _between(domains[here], domains[there], links, at)
        way, why = known[here, there]
        if way is None:
            yield Found(
                code="no-trust-path",
                key=f"no-trust-path:{consumer_id}:{there}",
                severity=WARNING,
                cluster_id=here,
                component_id=consumer_id,
                counterpart_id=there,
                sentence=f"{clusters[there]} does not believe {consumer}, which needs {provider}: {why}.",
                next_step="Propose a link between the two trust domains.",
                evidence={"caller": domains[here].name, "callee": domains[there].name, "why": why},
            )


def _keyless(domains: Mapping[int, TrustDomain], having: set[int]) -> Iterator[Found]:
    for cluster_id, domain in domains.items():
        if domain.pk not in having:
            yield Found(
                code="no-keys",
                key=f"no-keys:{domain.pk}",
                severity=WARNING,
                cluster_id=cluster_id,
                sentence=f"The trust domain {domain.name} has no keys: no token of it can be checked.",
                next_step="Upload its bundle, or say where it is fetched from.",
                evidence={"failure": domain.bundle_failure},
            )


def _due(keys: Iterable[SigningKey], at: datetime) -> Iterator[Found]:
    """Keys that are to be replaced soon, and ones that should have been."""
    for key in keys:
        if key.rotates_on is None or key.rotates_on > (at + REMIND).date():
            continue
        is_over = key.rotates_on < at.date()
        yield Found(
            code="key-rotation-overdue" if is_over else "key-rotation-due",
            key=f"key-rotation:{key.pk}",
            severity=BLOCKER if is_over else WARNING,
            cluster_id=key.domain.cluster_id,
            sentence=f"The key “{key.kid}” of {key.domain.name} "
            f"{'should have been' if is_over else 'is to be'} replaced on {day_words(key.rotates_on)}.",
            next_step="Publish its successor, and take it out once no token is signed with it.",
            evidence={"kid": key.kid, "rotates_on": key.rotates_on.isoformat()},
        )
