"""What trust is written out as: SPIFFE bundles, and Istio's RequestAuthentication."""

import json
from datetime import datetime

from apps.accounts.models import Person
from apps.trust.formats import bundles, istio
from apps.trust.models import TrustDomain
from apps.trust.queries import links_seen_by


def bundle_file(domain: TrustDomain) -> str:
    """The public keys of a domain as a SPIFFE bundle."""
    keys = list(domain.keys.filter(retired_at__isnull=True).order_by("kid").values("kid", "material"))
    return bundles.render(keys, sequence=domain.sequence, refresh_hint_s=domain.refresh_hint_s)


def manifest_file(domain: TrustDomain, person: Person, *, at: datetime) -> str:
    """The RequestAuthentication of a cluster: its own issuer, and those it believes that the person may know of."""
    links = links_seen_by(person).in_force(at).filter(target=domain)  # type: ignore[attr-defined]
    issuers = [domain, *(link.source for link in links)]
    return istio.request_authentication(
        cluster=domain.cluster.slug,
        audience=domain.audience,
        issuers=[
            {"issuer": one.issuer, "jwks_url": one.jwks_url, "jwks": "" if one.jwks_url else _jwks(one)}
            for one in issuers
        ],
    )


def _jwks(domain: TrustDomain) -> str:
    keys = domain.keys.filter(retired_at__isnull=True).order_by("kid").values_list("kid", "material")
    return json.dumps({"keys": [{"kid": kid, "use": "sig", **material} for kid, material in keys]}, sort_keys=True)
