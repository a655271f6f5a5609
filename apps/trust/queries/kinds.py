"""What of trust the catalogue's search finds: trust domains, by their name, issuer and audience."""

from collections.abc import Mapping, Sequence

from apps.clusters.search import Kind, Told, in_seen
from apps.trust.models import TrustDomain


def _told(keys: Sequence[int]) -> Mapping[int, Told]:
    rows = TrustDomain.objects.filter(pk__in=keys)
    return {one.pk: Told(one.name, one.get_absolute_url(), f"{one.issuer} · for {one.audience}") for one in rows}


TRUST_DOMAINS = Kind(
    "trust-domain",
    "Trust domains",
    rows=lambda seen: in_seen(TrustDomain, seen),
    told=_told,
    names=("name", "issuer", "audience"),
)
