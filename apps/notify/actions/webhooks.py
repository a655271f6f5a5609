"""Outbound webhooks by the Standard Webhooks specification, through the SSRF guard."""

import ipaddress
import json
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from standardwebhooks.webhooks import Webhook

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotFound, StaleRevision
from apps.notify import events, rules, secrets
from apps.notify.models import Endpoint, Sending
from apps.notify.states import SENDING, SendingState

CONNECT_S, TOTAL_S = 5.0, 10.0
LARGEST_ANSWER = 64 * 1024  # bytes read of an answer; the rest is not wanted
GONE = 410


@transaction.atomic
def add_endpoint(
    *, owner: Person, url: str, events_heard: Sequence[str], at: datetime, description: str = ""
) -> tuple[Endpoint, str]:
    """Add a webhook; gives the row and its secret, which is shown this once."""
    owner.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    check_address(url)
    secret = secrets.new_secret()
    endpoint = Endpoint.objects.create(
        url=url,
        description=description.strip()[:200],
        events=sorted(set(events_heard)),
        secret=secrets.sealed(secret),
        owner=owner,
    )
    journal.record(events.EndpointAdded(endpoint_id=endpoint.pk), subject=endpoint, actor=owner, at=at)
    return endpoint, secret


@transaction.atomic
def change_endpoint(*, endpoint_id: int, person: Person, version: int, at: datetime, **fields: Any) -> Endpoint:
    """Change url, description, events or is_active of a webhook; switching it on forgives its failures."""
    endpoint = _locked(endpoint_id, person)
    if version != endpoint.version:
        raise StaleRevision(
            "Someone else changed this webhook first.", next_step="Reload it and make your change again."
        )
    if "url" in fields:
        check_address(fields["url"])
    changed = [name for name, value in fields.items() if getattr(endpoint, name) != value]
    for name in changed:
        setattr(endpoint, name, fields[name])
    if changed:
        endpoint.version += 1
        endpoint.failures = 0 if endpoint.is_active else endpoint.failures
        endpoint.save()
        journal.record(
            events.EndpointChanged(endpoint_id=endpoint.pk, fields=changed), subject=endpoint, actor=person, at=at
        )
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint_id: int, person: Person, at: datetime) -> tuple[Endpoint, str]:
    """Give a webhook a new secret; the old one signs beside it until the next rotation."""
    endpoint = _locked(endpoint_id, person)
    secret = secrets.new_secret()
    endpoint.old_secret, endpoint.secret = endpoint.secret, secrets.sealed(secret)
    endpoint.version += 1
    endpoint.save()
    journal.record(events.SecretRotated(endpoint_id=endpoint.pk), subject=endpoint, actor=person, at=at)
    return endpoint, secret


@transaction.atomic
def test_endpoint(*, endpoint_id: int, person: Person, at: datetime) -> Sending:
    """Put a test event in line for a webhook."""
    return Sending.objects.create(endpoint=_locked(endpoint_id, person), entry=None, next_attempt_at=at)


@transaction.atomic
def send_again(*, sending_id: int, person: Person, at: datetime) -> Sending:
    """Put a sending back in line, with a fresh set of attempts."""
    person.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    sending = Sending.objects.select_for_update().filter(pk=sending_id).first()
    if sending is None:
        raise NotFound("There is no such sending.", next_step="Go back to the webhook.")
    if sending.state != SendingState.WAITING:
        _move(sending, SendingState.WAITING)
    sending.attempts, sending.next_attempt_at = 0, at
    sending.save()
    return sending


def queue_for_endpoints(entry: Entry) -> None:
    """One sending of `entry` for each active webhook that hears its event. Idempotent; in the caller's transaction."""
    hearing = [one for one in Endpoint.objects.filter(is_active=True) if not one.events or entry.event in one.events]
    rows = [Sending(endpoint=one, entry=entry, next_attempt_at=entry.recorded_at) for one in hearing]
    Sending.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(*, at: datetime, limit: int = 50) -> int:
    """Send the webhooks that are due, one transaction each; returns how many were attempted. Safe beside another."""
    for attempted in range(limit):
        if not _send_one(at):
            return attempted
    return limit


def check_address(url: str) -> tuple[str, str]:
    """The guard against reaching inward: the host and one public address of it, refused when any of them is not public.

    Connections go to the address that was checked, so a name that resolves differently a moment later gains nothing.
    """
    allowed = [ipaddress.ip_network(one) for one in settings.WEBHOOK_ALLOWED_NETWORKS]
    host, port = rules.require_address(url, allows_plain=bool(allowed))
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Invalid(
            f"The name {host} cannot be found.",
            next_step="Check the address.",
            fields={"url": ["Unknown host."]},
            code="bad_address",
        ) from None
    addresses = [ipaddress.ip_address(str(one).split("%")[0]) for one in found]
    if not all(rules.is_public(one, allowed=allowed) for one in addresses):
        raise Invalid(
            f"{host} is not on the public internet, so we do not send there.",
            next_step="Use a public address, or ask an operator to allow its network.",
            fields={"url": ["Not a public address."]},
            code="bad_address",
        )
    return host, str(min(addresses, key=lambda one: one.version))


def payload(entry: Entry | None, *, at: datetime) -> str:
    """The body of a sending: type, timestamp and data, as the specification lays it out."""
    if entry is None:
        content: dict[str, Any] = {"type": "concordat.test", "timestamp": at.astimezone(UTC).isoformat(), "data": {}}
    else:
        about = {"type": entry.subject_type, "id": entry.subject_id, "label": entry.subject_label}
        data = {
            "sequence": entry.pk,
            "actor_id": entry.actor_id,
            "subject": about,
            "digest": entry.digest,
            **entry.data,
        }
        content = {"type": entry.event, "timestamp": entry.at.astimezone(UTC).isoformat(), "data": data}
    return json.dumps(content, separators=(",", ":"))


def _send_one(at: datetime) -> bool:
    with transaction.atomic():
        sending = (
            Sending.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("endpoint", "entry")
            .filter(state=SendingState.WAITING, next_attempt_at__lte=at, endpoint__is_active=True)
            .order_by("next_attempt_at")
            .first()
        )
        if sending is None:
            return False
        sending.attempts += 1
        try:
            sending.status, sending.excerpt = _post(sending, at=at)
        except (httpx.HTTPError, Invalid, OSError) as error:
            sending.status, sending.excerpt = None, f"{type(error).__name__}: {error}"[:500]
        _judge(sending, at=at)
        sending.save()
    return True


def _judge(sending: Sending, *, at: datetime) -> None:
    """Sent on any 2xx; switched off on 410; else tried again by the schedule, and given up after it."""
    endpoint = Endpoint.objects.select_for_update().get(pk=sending.endpoint_id)
    if sending.status is not None and 200 <= sending.status < 300:  # noqa: PLR2004  # HTTP's success
        _move(sending, SendingState.SENT)
        sending.sent_at = at
        if endpoint.failures:
            endpoint.failures = 0
            endpoint.save(update_fields=["failures"])
        return
    wait = rules.retry_after(sending.attempts)
    if sending.status != GONE and wait is not None:
        sending.next_attempt_at = at + wait
        return
    _move(sending, SendingState.FAILED)
    endpoint.failures += 1
    if sending.status == GONE or endpoint.failures >= rules.FAILURES_TO_DISABLE:
        endpoint.is_active = False
        why = (
            "It answered 410 Gone."
            if sending.status == GONE
            else f"{endpoint.failures} sendings in a row were given up."
        )
        journal.record(events.EndpointDisabled(endpoint_id=endpoint.pk, why=why), subject=endpoint, actor=None, at=at)
    endpoint.save()


def _post(sending: Sending, *, at: datetime) -> tuple[int, str]:
    endpoint = sending.endpoint
    host, address = check_address(endpoint.url)
    body = payload(sending.entry, at=at)
    message_id = f"msg_{sending.endpoint_id}_{sending.entry_id or f'test{sending.pk}'}"
    kept = [endpoint.secret, endpoint.old_secret] if endpoint.old_secret else [endpoint.secret]
    signatures = [Webhook(secrets.opened(one)).sign(message_id, at, body) for one in kept]
    headers = {
        "content-type": "application/json",
        "user-agent": "Concordat-Webhooks/1",
        "host": urlsplit(endpoint.url).netloc,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    # The request goes to the address that was checked; the certificate is checked against the name.
    target = httpx.URL(endpoint.url).copy_with(host=address)
    limits = httpx.Timeout(TOTAL_S, connect=CONNECT_S)
    with (
        httpx.Client(timeout=limits, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", target, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
    ):
        read = b""
        for chunk in answer.iter_raw():
            read += chunk
            if len(read) >= LARGEST_ANSWER:
                break
        return answer.status_code, read[:500].decode("utf-8", "replace").replace("\0", "")[:500]


def _locked(endpoint_id: int, person: Person) -> Endpoint:
    person.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("There is no such webhook.", next_step="Go back to the list of webhooks.")
    return endpoint


def _move(sending: Sending, target: SendingState) -> None:
    SENDING.require(sending.state, target)
    sending.state = target
