"""Who was in the room, from when to when."""

from django.conf import settings
from django.db import models

from apps.meetings.models.meetings import Meeting


class Attendance(models.Model):
    """One stay of one person: [joined_at, left_at); still there while `left_at` is null."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="attendances")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attendances")
    capacity = models.CharField(max_length=60)  # as what: chair, voter for security, adviser, guest
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "person"],
                name="attendance_one_stay",
                condition=models.Q(left_at__isnull=True),
                violation_error_message="You are in the room already.",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True) | models.Q(left_at__gte=models.F("joined_at")),
                name="attendance_leaves_after_joining",
            ),
        ]
        indexes = [models.Index(fields=["meeting"], name="attendance_by_meeting")]
