"""Celery shells of notify. Rows are taken with SKIP LOCKED; the turn keeps slow receivers from filling the workers."""

from datetime import datetime, timedelta

from celery import shared_task

from apps.journal.tasks import once_per_turn
from apps.notify.actions import digests, telling, webhooks


@shared_task(name="apps.notify.tasks.send_webhooks")
@once_per_turn("notify.send_webhooks", every=timedelta(seconds=10))
def send_webhooks(at: datetime) -> int:
    """Send the webhooks that are due."""
    return webhooks.send_due(at=at)


@shared_task(name="apps.notify.tasks.send_mail")
@once_per_turn("notify.send_mail", every=timedelta(seconds=15))
def send_mail(at: datetime) -> int:
    """Send the mails that are due."""
    return telling.send_due_mail(at=at)


@shared_task(name="apps.notify.tasks.send_digests")
@once_per_turn("notify.send_digests", every=timedelta(minutes=1))
def send_digests(at: datetime) -> int:
    """Make the digests that are due, and send those in line."""
    digests.make_due_digests(at=at)
    return digests.send_due_digests(at=at)
