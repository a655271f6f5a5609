"""Celery shells of notify. Rows are taken with SKIP LOCKED, so any number of workers may run each."""

from celery import shared_task
from django.utils import timezone

from apps.notify.actions import telling, webhooks


@shared_task(name="apps.notify.tasks.send_webhooks")
def send_webhooks() -> int:
    """Send the webhooks that are due."""
    return webhooks.send_due(at=timezone.now())


@shared_task(name="apps.notify.tasks.send_mail")
def send_mail() -> int:
    """Send the mails that are due."""
    return telling.send_due_mail(at=timezone.now())
