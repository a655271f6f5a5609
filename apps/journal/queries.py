"""Named questions to the journal."""

from django.db import models

from apps.journal.models import Delivery, Entry
from apps.journal.states import DeliveryState


def timeline(subject: models.Model, *, limit: int = 100, area: str = "") -> models.QuerySet[Entry]:
    """The newest entries about `subject`, with their actors; of one area ("mesh") alone where it is named."""
    entries = Entry.objects.about(subject)
    if area:
        entries = entries.filter(event__startswith=f"{area}.")
    return entries.select_related("actor").order_by("-id")[:limit]


def failed_deliveries() -> models.QuerySet[Delivery]:
    """Deliveries that were given up, newest first, with their entries."""
    return Delivery.objects.filter(state=DeliveryState.FAILED).select_related("entry").order_by("-id")
