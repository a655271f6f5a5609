"""Entries (immutable, guarded by a trigger), their deliveries, and the slots of periodic jobs."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models

from apps.journal.states import DeliveryState


class EntryQuerySet(models.QuerySet["Entry"]):
    def about(self, subject: models.Model) -> Self:
        """Entries whose subject is `subject`."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


class Entry(models.Model):
    """One thing that happened, written once inside the transaction that did it; the database refuses to change it."""

    event = models.CharField(max_length=80)
    at = models.DateTimeField()  # the instant the action was told
    recorded_at = models.DateTimeField(auto_now_add=True)  # the instant it was written
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=300)
    # The cluster the subject is governed by (an id only: clusters live above); null belongs to the federation.
    cluster_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)  # SHA-256 of the content, in hex; what a seal shows

    objects = EntryQuerySet.as_manager()
    heard_at: datetime  # set where it is delivered: when a subscriber hears of it, never before it was told

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="entry_by_subject"),
            models.Index(fields=["cluster_id", "-id"], name="entry_by_cluster"),
            models.Index(fields=["actor", "-id"], name="entry_by_actor"),
            models.Index(fields=["event", "-id"], name="entry_by_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject_label}"


class Delivery(models.Model):
    """One entry on its way to one subscriber. At least once; handlers are idempotent by entry id."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="deliveries")
    subscriber = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=[(s, s) for s in DeliveryState], default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "subscriber"], name="delivery_once_per_subscriber"),
            models.CheckConstraint(condition=models.Q(state__in=list(DeliveryState)), name="delivery_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=DeliveryState.DONE) ^ models.Q(done_at__isnull=True),
                name="delivery_done_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="delivery_due", condition=models.Q(state=DeliveryState.WAITING)
            ),
            models.Index(fields=["-id"], name="delivery_failed", condition=models.Q(state=DeliveryState.FAILED)),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} to {self.subscriber}"


class Slot(models.Model):
    """One turn of a periodic job. The unique pair is what lets two beats run side by side without double effect."""

    job = models.CharField(max_length=80)
    turn_at = models.DateTimeField()
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "turn_at"],
                name="slot_once",
                violation_error_message="This turn of the job has already been taken.",
            )
        ]
