"""Celery shells of the stakeholders: read the clock, call one action. Each is safe to run twice and beside another."""

from celery import shared_task
from django.utils import timezone

from apps.stakeholders.actions.engagements import remind_of_engagements as remind


@shared_task(name="apps.stakeholders.tasks.remind_of_engagements")
def remind_of_engagements() -> int:
    """Remind who is to hold a conversation that is due or overdue."""
    return remind(at=timezone.now())
