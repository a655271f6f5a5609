"""Declaring trust domains and taking in their keys."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.clusters.rules import require_may_edit
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound
from apps.notify import addresses
from apps.trust import events
from apps.trust.formats import bundles
from apps.trust.models import SigningKey, TokenFormat, TrustDomain
from apps.trust.rules import domains as rules

FIELDS = ("name", "issuer", "token_format", "audience", "algorithms", "lifetime_s", "claims", "jwks_url")
SHORTEST_HINT_S = 60  # between two fetches, whatever a bundle asks for
LONGEST_HINT_S = 86_400
RETRY = timedelta(minutes=10)  # after a fetch that failed


@transaction.atomic
def declare_domain(*, cluster: Cluster, declarer: Person, values: Mapping[str, Any], at: datetime) -> TrustDomain:
    """Declare what issues the identities of a cluster. `values` holds the FIELDS.

    Refuses others than its owners and administrators, a second one of the same cluster, a name that is taken, and an
    address of keys that is not public.
    """
    require_may_edit(standing(declarer, cluster), of=cluster.name)
    said = _checked(values)
    domain = TrustDomain(cluster=cluster, fetch_at=at if said.get("jwks_url") else None, **said)
    save_new(domain)
    journal.record(events.TrustDomainDeclared(domain_id=domain.pk), subject=domain, actor=declarer, at=at)
    return domain


@transaction.atomic
def describe_domain(
    *, domain_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> TrustDomain:
    """Change some of the FIELDS; the same values again change nothing. Refuses a version no longer in force."""
    domain = _locked(domain_id, editor)
    require_version(version, domain.version)
    changed = redescribe(domain, _checked(changes), allowed=FIELDS)
    if not changed:
        return domain
    if "jwks_url" in changed:
        domain.fetch_at = at if domain.jwks_url else None
        domain.save(update_fields=["fetch_at"])
    event = events.TrustDomainDescribed(domain_id=domain.pk, version=domain.version, fields=changed)
    journal.record(event, subject=domain, actor=editor, at=at)
    return domain


@transaction.atomic
def take_in_bundle(*, domain_id: int, keeper: Person | None, content: bytes, at: datetime) -> TrustDomain:
    """Make the keys of a bundle those of the domain (`keeper` None: it was fetched from the domain's own address).

    Keys that the bundle does not hold are retired; none at all revokes everything. The same keys again change nothing.
    Refuses what `bundles.parse` refuses, and a bundle older than the one before.
    """
    bundle = bundles.parse(content)
    domain = _locked(domain_id, keeper) if keeper else TrustDomain.objects.select_for_update().get(pk=domain_id)
    had = {key.kid: key for key in domain.keys.filter(retired_at__isnull=True)}
    now = {key.kid: key for key in bundle.keys}
    same = {kid for kid in had.keys() & now.keys() if had[kid].material == dict(now[kid].material)}
    retired, added = had.keys() - same, now.keys() - same
    domain.sequence = rules.require_sequence(
        before=domain.sequence, now=bundle.sequence, is_same=not retired and not added
    )
    if bundle.refresh_hint_s is not None:
        domain.refresh_hint_s = min(max(bundle.refresh_hint_s, SHORTEST_HINT_S), LONGEST_HINT_S)
    domain.bundle_at, domain.bundle_failure = at, ""
    domain.fetch_at = at + timedelta(seconds=domain.refresh_hint_s) if domain.jwks_url else None
    domain.save(update_fields=["sequence", "refresh_hint_s", "bundle_at", "bundle_failure", "fetch_at"])
    SigningKey.objects.filter(pk__in=[had[kid].pk for kid in retired]).update(retired_at=at)
    for kid in sorted(added):
        key = now[kid]
        save_new(
            SigningKey(
                domain=domain,
                kid=kid,
                kty=key.kty,
                algorithms=list(key.algorithms),
                material=dict(key.material),
                since=at,
            )
        )
    if added or retired:
        event = events.BundleTakenIn(
            domain_id=domain.pk, sequence=domain.sequence, added=tuple(sorted(added)), retired=tuple(sorted(retired))
        )
        journal.record(event, subject=domain, actor=keeper, at=at)
    return domain


@transaction.atomic
def note_failed_fetch(*, domain_id: int, why: str, at: datetime) -> None:
    """Keep why a bundle could not be fetched, and try again later; the keys at hand stay."""
    TrustDomain.objects.filter(pk=domain_id).update(bundle_failure=why[:500], fetch_at=at + RETRY)


@transaction.atomic
def plan_rotation(*, domain_id: int, keeper: Person, kid: str, on: date, at: datetime) -> SigningKey:
    """Say when a key is to be replaced: a finding reminds its owners two weeks before."""
    domain = _locked(domain_id, keeper)
    key = domain.keys.select_for_update().filter(kid=kid, retired_at__isnull=True).first()
    if key is None:
        raise NotFound("The bundle has no key of this name.", next_step="Reload the page.")
    key.rotates_on = rules.require_rotation(on, today=at.date())
    key.save(update_fields=["rotates_on"])
    event = events.KeyRotationPlanned(domain_id=domain.pk, kid=kid, on=on.isoformat())
    journal.record(event, subject=domain, actor=keeper, at=at)
    return key


@transaction.atomic
def record_token_check(*, domain: TrustDomain, person: Person, is_believed: bool, failed_at: str, at: datetime) -> None:
    """Note that a token was checked and what became of it. The token itself is kept nowhere."""
    event = events.TokenChecked(domain_id=domain.pk, is_believed=is_believed, failed_at=failed_at)
    journal.record(event, subject=domain, actor=person, at=at)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    said = rules.checked(values, formats=TokenFormat.values)
    if said.get("jwks_url"):
        addresses.check(said["jwks_url"])
    return said


def _locked(domain_id: int, person: Person) -> TrustDomain:
    rows = TrustDomain.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster")
    domain = rows.filter(pk=domain_id).first()
    if domain is None:
        raise NotFound("There is no such trust domain.", next_step="Go back to the list of domains.")
    require_may_edit(standing(person, domain.cluster), of=domain.cluster.name)
    return domain
