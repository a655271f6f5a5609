"""Celery shells of trust: read the clock, go out, call one action. Each is safe to run twice and beside another."""

from celery import shared_task
from django.utils import timezone

from apps.kernel.refusals import Refusal
from apps.notify import addresses
from apps.trust import actions
from apps.trust.formats.bundles import MOST_BYTES
from apps.trust.models import TrustDomain

BATCH = 50


@shared_task(name="apps.trust.tasks.fetch_bundles")
def fetch_bundles() -> int:
    """Fetch the bundles that are due. No transaction is open while we wait for somebody else's server."""
    now = timezone.now()
    due = TrustDomain.objects.filter(fetch_at__lte=now).order_by("fetch_at").values_list("pk", "jwks_url")[:BATCH]
    fetched = 0
    for pk, url in due:
        try:
            content = addresses.get(url, most=MOST_BYTES)
            actions.take_in_bundle(domain_id=pk, keeper=None, content=content, at=now)
            fetched += 1
        except addresses.FAILURES as error:
            why = str(error) if isinstance(error, Refusal) else "The address does not answer."
            actions.note_failed_fetch(domain_id=pk, why=why, at=now)
    return fetched
