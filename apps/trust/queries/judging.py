"""What is wrong with the trust between clusters, over the whole map: for the check of that name."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import F

from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster, Dependency
from apps.clusters.rules.findings import Found
from apps.integrations.queries import edges
from apps.kernel.signs import day_words
from apps.trust.models import SigningKey, TrustDomain, TrustLink
from apps.trust.queries import facts_of
from apps.trust.queries.ways import Ways

REMIND = timedelta(days=14)  # before a key is to be replaced
NOTE, WARNING, BLOCKER = 1, 2, 3


def judged(at: datetime) -> Outcome:
    """What is wrong with the trust between clusters, as the check of that name runs it over the whole map."""
    domains = {one.cluster_id: one for one in TrustDomain.objects.order_by("pk")}
    clusters = dict(Cluster.objects.values_list("pk", "name"))
    keys = list(SigningKey.objects.filter(retired_at__isnull=True).select_related("domain").order_by("pk"))
    ways = Ways(domains, facts_of(TrustLink.objects.order_by("pk")), at)
    crossing = _crossing()
    found = [
        *_untrusted(crossing, clusters, ways),
        *_keyless(domains, {key.domain_id for key in keys}),
        *_due(keys, at),
    ]
    read = repr(
        (sorted(clusters), [vars(one) for one in ways.links], crossing, [(key.pk, key.rotates_on) for key in keys])
    )
    return Outcome(found, hashlib.sha256(read.encode()).hexdigest())


def _crossing() -> list[tuple[int, str, int, str, int]]:
    """Consumer and provider, with their clusters, of every integration and dependency between clusters, once each."""
    needs = Dependency.objects.exclude(consumer__cluster=F("provider__cluster")).values_list(
        "consumer_id", "consumer__name", "consumer__cluster_id", "provider__name", "provider__cluster_id"
    )
    uses = edges().across_clusters().select_related(None)
    used = uses.values_list(
        *("consumer_id", "consumer__name", "consumer__cluster_id"),
        *("interface__component__name", "interface__component__cluster_id"),
    )
    return sorted({*needs.iterator(chunk_size=5_000), *used.iterator(chunk_size=5_000)})


def _untrusted(
    crossing: Iterable[tuple[int, str, int, str, int]], clusters: Mapping[int, str], ways: Ways
) -> Iterator[Found]:
    """Needs across clusters whose caller the callee would not believe; of clusters that declared a domain."""
    for consumer_id, consumer, here, provider, there in crossing:
        if here not in ways.domains or there not in ways.domains:
            continue
        way = ways.between(here, there)
        if not way.is_believed:
            yield Found(
                code="no-trust-path",
                key=f"no-trust-path:{consumer_id}:{there}",
                severity=WARNING,
                cluster_id=here,
                component_id=consumer_id,
                counterpart_id=there,
                sentence=f"{clusters[there]} does not believe {consumer}, which needs {provider}: {way.why_none}.",
                next_step="Propose a link between the two trust domains.",
                evidence={
                    "caller": ways.domains[here].name,
                    "callee": ways.domains[there].name,
                    "why": way.why_none,
                },
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
