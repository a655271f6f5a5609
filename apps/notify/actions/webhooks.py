"""Outbound webhooks by the Standard Webhooks specification; the way out is `addresses`."""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from standardwebhooks.webhooks import Webhook

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.journal import actions as journal
from apps.journal.events import REGISTRY
from apps.journal.models import Entry
from apps.kernel.refusals import NotFound, Refusal, StaleRevision, WrongState
from apps.notify import addresses, events, rules, secrets
from apps.notify.models import Endpoint, Sending
from apps.notify.states import SENDING, SendingState

logger = logging.getLogger(__name__)

GONE = 410
TURN_S = 25.0  # seconds after which a turn begins no further sending, however many wait


@dataclass(frozen=True)
class NewSecret:
    """A webhook with its new secret, the only time that anyone sees it."""

    endpoint: Endpoint
    secret: str


@transaction.atomic
def add_endpoint(
    *, owner: Person, url: str, events_heard: Sequence[str], at: datetime, description: str = ""
) -> NewSecret:
    """Add a webhook; its secret is shown this once."""
    owner.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    addresses.check(url)
    secret = secrets.new_secret()
    endpoint = Endpoint.objects.create(
        url=url,
        description=description.strip()[:200],
        events=rules.require_events(events_heard, known=REGISTRY),
        secret=secrets.sealed(secret),
        owner=owner,
    )
    journal.record(events.EndpointAdded(endpoint_id=endpoint.pk), subject=endpoint, actor=owner, at=at)
    return NewSecret(endpoint, secret)


@transaction.atomic
def change_endpoint(*, endpoint_id: int, person: Person, version: int, at: datetime, **fields: Any) -> Endpoint:
    """Change url, description, events or is_active of a webhook; switching it on forgives its failures."""
    endpoint = _locked(endpoint_id, person)
    if version != endpoint.version:
        raise StaleRevision(
            "Someone else changed this webhook first.", next_step="Reload it and make your change again."
        )
    if "url" in fields:
        addresses.check(fields["url"])
    if "events" in fields:
        fields["events"] = rules.require_events(fields["events"], known=REGISTRY)
    if "description" in fields:
        fields["description"] = fields["description"].strip()[:200]
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
def rotate_secret(*, endpoint_id: int, person: Person, at: datetime) -> NewSecret:
    """Give a webhook a new secret; the old one signs beside it until the next rotation."""
    endpoint = _locked(endpoint_id, person)
    secret = secrets.new_secret()
    endpoint.old_secret, endpoint.secret = endpoint.secret, secrets.sealed(secret)
    endpoint.version += 1
    endpoint.save()
    journal.record(events.SecretRotated(endpoint_id=endpoint.pk), subject=endpoint, actor=person, at=at)
    return NewSecret(endpoint, secret)


@transaction.atomic
def end_rotation(*, endpoint_id: int, person: Person, at: datetime) -> Endpoint:
    """Let the old secret of a webhook sign no longer: its receiver knows the new one. Nothing happens without one."""
    endpoint = _locked(endpoint_id, person)
    if endpoint.old_secret:
        endpoint.old_secret = ""
        endpoint.version += 1
        endpoint.save()
        journal.record(events.RotationEnded(endpoint_id=endpoint.pk), subject=endpoint, actor=person, at=at)
    return endpoint


@transaction.atomic
def send_test(*, endpoint_id: int, person: Person, at: datetime) -> Sending:
    """Put a test event in line for a webhook that is on."""
    endpoint = _locked(endpoint_id, person)
    _require_on(endpoint)
    sending = Sending.objects.create(endpoint=endpoint, entry=None, next_attempt_at=at)
    journal.record(events.EndpointTested(endpoint_id=endpoint.pk), subject=endpoint, actor=person, at=at)
    return sending


@transaction.atomic
def send_again(*, sending_id: int, person: Person, at: datetime) -> Sending:
    """Put a sending back in line, with a fresh set of attempts; one that waits goes next. The webhook must be on."""
    person.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    rows = Sending.objects.select_for_update(of=("self",)).select_related("endpoint")
    sending = rows.filter(pk=sending_id).first()
    if sending is None:
        raise NotFound("There is no such sending.", next_step="Go back to the webhook.")
    _require_on(sending.endpoint)
    if sending.state != SendingState.WAITING:
        _move(sending, SendingState.WAITING)
    sending.attempts, sending.next_attempt_at, sending.sent_at = 0, at, None
    sending.save()
    event = events.SendingRepeated(endpoint_id=sending.endpoint_id, sending_id=sending.pk)
    journal.record(event, subject=sending.endpoint, actor=person, at=at)
    return sending


def queue_for_endpoints(entry: Entry) -> None:
    """One sending of `entry` for each active webhook that hears its event. Idempotent; in the caller's transaction."""
    hearing = [one for one in Endpoint.objects.filter(is_active=True) if not one.events or entry.event in one.events]
    rows = [Sending(endpoint=one, entry=entry, next_attempt_at=entry.recorded_at) for one in hearing]
    Sending.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(*, at: datetime, limit: int = 50) -> int:
    """Send the webhooks that are due, one by one; returns how many were attempted. Safe beside another.

    A turn ends early when receivers are slow (see TURN_S): the rest waits for the next one.
    """
    begun = time.monotonic()
    for attempted in range(limit):
        if time.monotonic() - begun > TURN_S or not _send_one(at):
            return attempted
    return limit


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
    body = json.dumps(content, separators=(",", ":"))
    if len(body) > rules.LARGEST_BODY:  # ASCII: as many bytes as characters
        content["data"] = {"sequence": content["data"]["sequence"], "is_cut": True}
        body = json.dumps(content, separators=(",", ":"))
    return body


def _send_one(at: datetime) -> bool:
    sending = _take(at)
    if sending is None:
        return False
    try:
        answer = _post(sending, at=at)
    except Exception as error:  # whatever happens on the way out must not stop the line
        answer = addresses.Answer(None, _said(error)[: addresses.LONGEST_EXCERPT])
        logger.warning(
            "Sending %s to webhook %s failed: %s",
            sending.pk,
            sending.endpoint_id,
            " ".join(answer.excerpt.split()),
            exc_info=None if isinstance(error, addresses.FAILURES) else error,  # a trace only of what is ours to mend
        )
    _note(sending, answer, at=at)
    return True


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"


@transaction.atomic
def _take(at: datetime) -> Sending | None:
    """The sending that has been due longest, made ours for `rules.LEASE`; the lock ends before anything is sent."""
    sending = (
        Sending.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint", "entry")
        .filter(state=SendingState.WAITING, next_attempt_at__lte=at, endpoint__is_active=True)
        .order_by("next_attempt_at")
        .first()
    )
    if sending is not None:
        sending.attempts, sending.next_attempt_at = sending.attempts + 1, at + rules.LEASE
        sending.save(update_fields=["attempts", "next_attempt_at"])
    return sending


@transaction.atomic
def _note(taken: Sending, answer: addresses.Answer, *, at: datetime) -> None:
    """Write down how the attempt went, unless the sending was put back in line or taken over meanwhile."""
    rows = Sending.objects.select_for_update().filter(state=SendingState.WAITING, attempts=taken.attempts)
    sending = rows.filter(pk=taken.pk).first()
    if sending is None:
        return
    sending.status, sending.excerpt, sending.next_attempt_at = answer.status, answer.excerpt, at
    _judge(sending, at=at)
    sending.save()


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
    if endpoint.is_active and (sending.status == GONE or endpoint.failures >= rules.FAILURES_TO_DISABLE):
        endpoint.is_active = False
        endpoint.version += 1
        why = (
            "It answered 410 Gone."
            if sending.status == GONE
            else f"{endpoint.failures} sendings in a row were given up."
        )
        journal.record(events.EndpointDisabled(endpoint_id=endpoint.pk, why=why), subject=endpoint, actor=None, at=at)
    endpoint.save()


def _post(sending: Sending, *, at: datetime) -> addresses.Answer:
    endpoint = sending.endpoint
    body = payload(sending.entry, at=at)
    # The same id at every attempt, so a receiver that heard it already can tell.
    message_id = f"msg_{sending.endpoint_id}_{sending.entry_id or f'test{sending.pk}'}"
    kept = [endpoint.secret, endpoint.old_secret] if endpoint.old_secret else [endpoint.secret]
    headers = {
        "content-type": "application/json",
        "user-agent": "Concordat-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secrets.opened(one)).sign(message_id, at, body) for one in kept),
    }
    return addresses.post(endpoint.url, body=body.encode(), headers=headers)


def _require_on(endpoint: Endpoint) -> None:
    if not endpoint.is_active:
        raise WrongState("This webhook is switched off.", next_step="Switch it on first.")


def _locked(endpoint_id: int, person: Person) -> Endpoint:
    person.require(Capability.MANAGE_WEBHOOKS, to="manage webhooks")
    endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("There is no such webhook.", next_step="Go back to the list of webhooks.")
    return endpoint


def _move(sending: Sending, target: SendingState) -> None:
    SENDING.require(sending.state, target)
    sending.state = target
