"""Celery shells of accounts."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.accounts import actions
from apps.journal.actions import take_slot


@shared_task(name="apps.accounts.tasks.forget_old_answers")
def forget_old_answers() -> int:
    """Once an hour, delete the answers kept for idempotent calls that are older than a day."""
    now = timezone.now()
    if not take_slot(job="accounts.forget_old_answers", every=timedelta(hours=1), at=now):
        return 0
    return actions.forget_old_answers(at=now)
