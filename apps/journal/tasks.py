"""Celery shells of the journal."""

from celery import shared_task
from django.utils import timezone

from apps.journal import actions


@shared_task(name="apps.journal.tasks.deliver")
def deliver() -> int:
    """Deliver what is due; many may run at once (rows are taken with SKIP LOCKED)."""
    return actions.deliver_due(at=timezone.now())
