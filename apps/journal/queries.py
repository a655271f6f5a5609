"""Named questions to the journal."""

from django.db import models

from apps.journal.models import Delivery, Entry
from apps.journal.states import DeliveryState


def timeline(subject: models.Model, *, limit: int = 100) -> models.QuerySet[Entry]:
    """The newest entries about `subject`, with their actors."""
    return Entry.objects.about(subject).select_related("actor").order_by("-id")[:limit]


def failed_deliveries() -> models.QuerySet[Delivery]:
    """Deliveries that were given up, newest first, with their entries."""
    return Delivery.objects.filter(state=DeliveryState.FAILED).select_related("entry").order_by("-id")
