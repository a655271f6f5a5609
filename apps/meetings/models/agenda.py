"""The items of an agenda. A trigger keeps a locked agenda: see the migration."""

from django.conf import settings
from django.db import models

from apps.meetings.models.meetings import LONGEST_ITEM, Meeting
from apps.meetings.states import ItemState


class AgendaItem(models.Model):
    """One change on the agenda of one meeting."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="agenda_items")
    position = models.PositiveSmallIntegerField()  # 1 is the first
    state = models.CharField(max_length=10, choices=[(s, s) for s in ItemState], default=ItemState.LISTED)
    is_consent = models.BooleanField(default=False)
    minutes = models.PositiveSmallIntegerField()  # how long the room means to speak of it
    reason = models.CharField(max_length=500, blank=True)  # of its admission or deferral
    ruled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)  # since when it is the current one
    spent_seconds = models.PositiveIntegerField(default=0)  # in turns that are over

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ItemState)), name="item_state_known"),
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=LONGEST_ITEM), name="item_minutes_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(ruled_by__isnull=True) | ~models.Q(reason=""),
                name="item_ruled_with_reason",
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ItemState.DEFERRED) | ~models.Q(reason=""),
                name="item_deferred_with_reason",
                violation_error_message="Say why it is deferred.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_consent=False) | models.Q(reopened_by__isnull=True),
                name="item_reopened_is_spoken_of",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ItemState.CURRENT) ^ models.Q(taken_at__isnull=True),
                name="item_current_has_time",
            ),
            models.UniqueConstraint(
                fields=["meeting", "change"],
                name="item_once",
                violation_error_message="This change is on the agenda already.",
            ),
            models.UniqueConstraint(
                fields=["meeting"],
                name="item_one_current",
                condition=models.Q(state=ItemState.CURRENT),
                violation_error_message="Another item is being spoken of.",
            ),
            models.UniqueConstraint(
                fields=["meeting", "position"], name="item_place_once", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        indexes = [models.Index(fields=["change"], name="item_by_change")]

    def __str__(self) -> str:
        return f"item {self.position} of {self.meeting_id}"
