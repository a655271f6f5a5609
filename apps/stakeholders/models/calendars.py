"""When people work: hours of a zone's clock, weekdays, and holidays. Escalations and business hours are told by it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from apps.clusters.models import Cluster


class WorkingCalendar(models.Model):
    """A named calendar; a cluster has one of its own at most."""

    name = models.CharField(max_length=80)
    cluster = models.OneToOneField(
        Cluster, on_delete=models.PROTECT, null=True, blank=True, related_name="working_calendar"
    )
    zone = models.CharField(max_length=64)
    opens = models.TimeField()
    closes = models.TimeField()
    weekdays = ArrayField(models.PositiveSmallIntegerField(), size=7)  # 0 is Monday
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="working_calendar_named_once",
                violation_error_message="There is a calendar of that name already.",
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="working_calendar_closes_later",
                violation_error_message="The working day ends before it begins.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day off in one calendar."""

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="holidays")  # part of it
    day = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "day"],
                name="holiday_once_a_day",
                violation_error_message="That day is a holiday already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.day}"
