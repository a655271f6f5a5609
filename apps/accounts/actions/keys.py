"""API keys: making, using, revoking."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.accounts import events, rules
from apps.accounts.models import ApiKey, Person, PersonKind
from apps.accounts.rules import Capability, Role
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound

BRAND = "cdt"  # a key reads cdt_<prefix>_<secret>, so that secret scanners can find one that leaked
USE_NOTED_EVERY = timedelta(minutes=1)  # "last used" is for people; a write per call would be a lock per call


@dataclass(frozen=True)
class NewKey:
    """A key at the only moment its token exists in clear."""

    key: ApiKey
    token: str


@transaction.atomic
def make_api_key(
    *, owner: Person, maker: Person, name: str, scopes: Collection[str], expires_at: datetime, at: datetime
) -> NewKey:
    """Make a key for `owner`: their own, or by an administrator for a service identity.

    The token is in the answer and nowhere else: the table keeps its hash, the journal its prefix.
    """
    _require_may_make(owner, maker)
    rules.require_key_terms(scopes=scopes, expires_at=expires_at, at=at, is_auditor=owner.holds(Role.AUDITOR))
    if not name.strip():
        raise Invalid("A key needs a name.", next_step="Name what will use it.", fields={"name": ["Give it a name."]})
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        person=owner,
        name=name.strip(),
        prefix=prefix,
        hash=hash_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    journal.record(
        events.ApiKeyMade(
            key_id=key.pk,
            owner_id=owner.pk,
            prefix=prefix,
            scopes=key.scopes,
            expires_on=expires_at.astimezone(UTC).date().isoformat(),
        ),
        subject=owner,
        actor=maker,
        at=at,
    )
    return NewKey(key, f"{BRAND}_{prefix}_{secret}")


@transaction.atomic
def revoke_api_key(*, key_id: int, revoker: Person, at: datetime) -> ApiKey:
    """End a key now: one's own, or by an administrator anyone's. It never comes back."""
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None or not (key.person_id == revoker.pk or revoker.may(Capability.MANAGE_PEOPLE)):
        raise NotFound("There is no such key, or it is not yours.", next_step="Choose one from your list of keys.")
    if key.revoked_at is not None:
        raise Conflict("This key is already revoked.", next_step="Nothing is left to do.")
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    journal.record(
        events.ApiKeyRevoked(key_id=key.pk, owner_id=key.person_id, prefix=key.prefix),
        subject=key.person,
        actor=revoker,
        at=at,
    )
    return key


def note_use_of_key(*, key: ApiKey, at: datetime) -> None:
    """Remember that `key` was used, at most once a minute. Not journaled: it decides nothing."""
    if key.last_used_at is not None and at - key.last_used_at < USE_NOTED_EVERY:
        return
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - USE_NOTED_EVERY)
    ApiKey.objects.filter(due, pk=key.pk).update(last_used_at=at)


def hash_of(secret: str) -> str:
    """SHA-256 in hex. Unsalted: the secret has 256 random bits, so nothing can be looked up in a table."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _require_may_make(owner: Person, maker: Person) -> None:
    if not owner.is_active:
        raise Conflict("This person is not active.", next_step="Make them active first.")
    for_service = owner.kind == PersonKind.SERVICE and maker.may(Capability.MANAGE_PEOPLE)
    if owner.pk != maker.pk and not for_service:
        raise NotAllowed(
            "You may make keys for yourself only.",
            next_step="Ask the person to make their own; an administrator makes those of service identities.",
        )
