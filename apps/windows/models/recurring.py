"""Maintenance windows and blackouts: times that come back by rule."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.clusters.models import Cluster
from apps.kernel.fields import WallClockField
from apps.windows.rules.choices import in_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from apps.accounts.models import Person


class WindowKind(models.TextChoices):
    MAINTENANCE = "maintenance", "maintenance window"
    BLACKOUT = "blackout", "blackout"


class _AnyOf(models.Func):
    """Whether a column holds one of an array's values."""

    template, arg_joiner, output_field = "(%(expressions)s))", " = ANY(", models.BooleanField()


class RecurringWindowQuerySet(models.QuerySet["RecurringWindow"]):
    def in_force(self) -> Self:
        """Definitions that have not been retired."""
        return self.filter(retired_at__isnull=True)

    def governing(self, cluster_ids: "Collection[int] | models.Expression") -> Self:
        """Those of the federation and of these clusters; they may be the place of an array in a prepared question."""
        if isinstance(cluster_ids, models.Expression):
            return self.filter(models.Q(cluster__isnull=True) | models.Q(_AnyOf("cluster", cluster_ids)))
        return self.filter(models.Q(cluster__isnull=True) | models.Q(cluster__in=cluster_ids))

    def visible_to(self, person: "Person") -> Self:
        """Those of the federation and of clusters this person may know of."""
        return self.filter(models.Q(cluster__isnull=True) | models.Q(cluster__in=Cluster.objects.visible_to(person)))


class RecurringWindow(models.Model):
    """A maintenance window or a blackout, kept as a wall-clock start, a length and an RFC 5545 rule in one zone."""

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=11, choices=WindowKind.choices)
    cluster = models.ForeignKey(  # null: the whole federation
        "clusters.Cluster", on_delete=models.PROTECT, null=True, blank=True, related_name="recurring_windows"
    )
    tiers = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)  # empty: every tier
    reason = models.TextField(blank=True)
    start_local = WallClockField()  # the first occurrence's start, wall clock of `zone`
    duration_minutes = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    rrule = models.CharField(max_length=500, blank=True)  # without DTSTART; empty: happens once
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = RecurringWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=WindowKind.values), name="recurring_kind_known"),
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gte=5, duration_minutes__lte=60 * 24 * 92),
                name="recurring_duration_in_range",
                violation_error_message="A window lasts between 5 minutes and 92 days.",
            ),
        ]
        indexes = [
            models.Index(fields=["cluster"], name="recurring_in_force", condition=models.Q(retired_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("windows:window", args=[self.pk])

    @property
    def rule_words(self) -> str:
        """How it comes back, in words."""
        return in_words(self.rrule, start_local=self.start_local, zone=self.zone)
