"""Digests: when somebody wants one, making those that are due, and sending them."""

import logging
from datetime import datetime
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.models import Person
from apps.kernel.refusals import Invalid
from apps.notify import rules
from apps.notify.models import Digest, DigestPlan, Notice
from apps.notify.rules import Frequency
from apps.notify.states import SENDING, SendingState

logger = logging.getLogger(__name__)

OFF = "off"
LONGEST_DIGEST = 50  # notices told in full; of the rest how many
LAST_HOUR, LAST_WEEKDAY = 23, 6


@transaction.atomic
def set_digest(*, person: Person, frequency: str, hour: int, weekday: int, at: datetime) -> DigestPlan | None:
    """Say when one's digest comes ("off", "daily", "weekly"; the hour in one's own zone); None when it is off.

    Not journaled: it concerns nobody else. What came before a digest was first asked for is not told.
    """
    if frequency == OFF:
        DigestPlan.objects.filter(person=person).delete()
        return None
    if frequency not in set(Frequency) or not 0 <= hour <= LAST_HOUR or not 0 <= weekday <= LAST_WEEKDAY:
        raise Invalid(
            "A digest is off, daily or weekly, at an hour from 0 to 23 on a day of the week.",
            next_step="Choose from the lists.",
            fields={"frequency": ["Does not fit."]},
        )
    next_at = rules.next_digest(at, frequency=frequency, hour=hour, weekday=weekday, zone=person.zone)
    wanted = {"frequency": frequency, "hour": hour, "weekday": weekday, "zone": person.zone, "next_at": next_at}
    plan, _ = DigestPlan.objects.update_or_create(
        person=person, defaults=wanted, create_defaults=wanted | {"told_until": at}
    )
    return plan


def make_due_digests(*, at: datetime, limit: int = 500) -> int:
    """Put the digests that are due in line; returns how many plans were looked at. Safe twice and beside another."""
    for looked_at in range(limit):
        if not _make_one(at):
            return looked_at
    return limit


@transaction.atomic
def _make_one(at: datetime) -> bool:
    """One plan that is due, or whose person has moved to another zone, and on to its next time."""
    plan = (
        DigestPlan.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .filter(Q(next_at__lte=at) | ~Q(zone=F("person__zone")), person__is_active=True)
        .order_by("next_at")
        .first()
    )
    if plan is None:
        return False
    if plan.next_at <= at:
        _make(plan, at=at)
    plan.zone = plan.person.zone
    plan.next_at = rules.next_digest(at, frequency=plan.frequency, hour=plan.hour, weekday=plan.weekday, zone=plan.zone)
    plan.save(update_fields=["zone", "next_at", "told_until"])
    return True


def _make(plan: DigestPlan, *, at: datetime) -> None:
    """A digest of what came since the last and is not read; none where nothing did."""
    came = Notice.objects.filter(person=plan.person, created_at__gt=plan.told_until, created_at__lte=at)
    if plan.person.email and came.filter(read_at__isnull=True).exists():
        Digest.objects.create(person=plan.person, from_at=plan.told_until, until_at=at, next_attempt_at=at)
    plan.told_until = at


def send_due_digests(*, at: datetime, limit: int = 50) -> int:
    """Send the digests that are due, one by one; returns how many were attempted. Safe beside another."""
    for attempted in range(limit):
        if not _send_one(at):
            return attempted
    return limit


def _send_one(at: datetime) -> bool:
    digest = _take(at)
    if digest is None:
        return False
    error = ""
    try:
        _mail(digest)
    except Exception as refusal:  # one mail that cannot be sent must not stop the line
        logger.warning("Digest %s was not sent.", digest.pk, exc_info=refusal)
        error = f"{type(refusal).__name__}: {refusal}"[:500]
    _note(digest, error, at=at)
    return True


@transaction.atomic
def _take(at: datetime) -> Digest | None:
    """The digest that has been due longest, made ours for `rules.LEASE`; the lock ends before anything is sent."""
    digest = (
        Digest.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("person")
        .filter(state=SendingState.WAITING, next_attempt_at__lte=at, person__is_active=True)
        .order_by("next_attempt_at")
        .first()
    )
    if digest is not None:
        digest.attempts, digest.next_attempt_at = digest.attempts + 1, at + rules.LEASE
        digest.save(update_fields=["attempts", "next_attempt_at"])
    return digest


@transaction.atomic
def _note(taken: Digest, error: str, *, at: datetime) -> None:
    """Write down how the attempt went ("" is well), unless another has taken the digest over meanwhile."""
    rows = Digest.objects.select_for_update().filter(state=SendingState.WAITING, attempts=taken.attempts)
    digest = rows.filter(pk=taken.pk).first()
    if digest is None:
        return
    digest.last_error, digest.next_attempt_at = error, at
    wait = rules.retry_after(digest.attempts, rules.MAIL_RETRIES)
    if not error:
        _move(digest, SendingState.SENT)
    elif wait is None:
        _move(digest, SendingState.FAILED)
    else:
        digest.next_attempt_at = at + wait
    digest.save()


def _mail(digest: Digest) -> None:
    """A mail of links, each to its page; it decides nothing by itself."""
    person = digest.person
    came = Notice.objects.filter(person=person, created_at__gt=digest.from_at, created_at__lte=digest.until_at)
    count = came.count()
    settings_url = f"{settings.PUBLIC_URL}/inbox/preferences/"
    context = {
        "person": person,
        "notices": came.order_by("-id")[:LONGEST_DIGEST],
        "more": max(count - LONGEST_DIGEST, 0),
        "base": settings.PUBLIC_URL,
        "settings_url": settings_url,
    }
    with timezone.override(person.tzinfo):
        text, html = (render_to_string(f"notify/digest.{kind}", context) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(
        subject=f"{count} notice{'' if count == 1 else 's'} in your Concordat inbox",
        body=text,
        to=[formataddr((person.name, person.email or ""))],
        # The same id each time: a mail that is sent twice after a crash shows once.
        headers={"List-Unsubscribe": f"<{settings_url}>", "Message-ID": f"<digest-{digest.pk}@concordat>"},
    )
    message.attach_alternative(html, "text/html")
    message.send()


def _move(digest: Digest, target: SendingState) -> None:
    SENDING.require(digest.state, target)
    digest.state = target
