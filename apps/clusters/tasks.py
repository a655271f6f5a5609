"""Celery shells of the map: read the clock, call one action. Each is safe to run twice and beside another."""

from celery import shared_task
from django.utils import timezone

from apps.clusters import actions
from apps.clusters.models import Finding

BATCH = 500


@shared_task(name="apps.clusters.tasks.reopen_lapsed_findings")
def reopen_lapsed_findings() -> int:
    """Open every finding again whose waiver is over."""
    now = timezone.now()
    due = Finding.objects.lapsed(now).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sum(actions.reopen_lapsed(finding_id=pk, at=now) for pk in due)
