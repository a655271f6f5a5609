"""Celery shells of the stakeholders: read the clock, call one action. Each is safe to run twice and beside another."""

from celery import shared_task
from django.utils import timezone

from apps.stakeholders.actions import thresholds
from apps.stakeholders.actions.engagements import remind_of_engagements as remind
from apps.stakeholders.models import ThresholdAgreement
from apps.stakeholders.states import AgreementState

BATCH = 500


@shared_task(name="apps.stakeholders.tasks.remind_of_engagements")
def remind_of_engagements() -> int:
    """Remind who is to hold a conversation that is due or overdue."""
    return remind(at=timezone.now())


@shared_task(name="apps.stakeholders.tasks.begin_agreements")
def begin_agreements() -> int:
    """Bring every signed agreement into force whose first day has come."""
    now = timezone.now()
    signed = ThresholdAgreement.objects.filter(state=AgreementState.AGREED).order_by("pk")
    due = signed.values_list("pk", flat=True)[:BATCH]
    return sum(thresholds.bring_into_force(agreement_id=pk, at=now) for pk in due)
