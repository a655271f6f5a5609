"""Freezes: announced periods in which change stops, and whom they spare."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.clusters.models import Cluster
from apps.kernel.fields import WallClockField
from apps.windows.states import FreezeState

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Strength(models.TextChoices):
    """What a freeze does to a change it hits."""

    HARD = "hard", "hard: nothing starts without an exception"
    SOFT = "soft", "soft: it may start, knowingly"


class FreezeQuerySet(models.QuerySet["Freeze"]):
    def enforced(self) -> Self:
        """Freezes in force."""
        return self.filter(state=FreezeState.ENFORCED)

    def visible_to(self, person: "Person") -> Self:
        """Freezes of the federation and those that name a cluster this person may know of."""
        known = FreezeCluster.objects.filter(
            freeze=models.OuterRef("pk"), cluster__in=Cluster.objects.visible_to(person)
        )
        named = FreezeCluster.objects.filter(freeze=models.OuterRef("pk"))
        return self.filter(~models.Exists(named) | models.Exists(known))


class Freeze(models.Model):
    """One announced period [start, end) and its scope. An empty list in the scope means "all"."""

    name = models.CharField(max_length=120)
    reason = models.TextField(blank=True)
    strength = models.CharField(max_length=4, choices=Strength.choices, default=Strength.HARD)
    state = models.CharField(max_length=9, choices=[(s, s) for s in FreezeState], default=FreezeState.DRAFT)
    start_local = WallClockField()
    end_local = WallClockField()
    zone = models.CharField(max_length=64)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    clusters = models.ManyToManyField("clusters.Cluster", through="FreezeCluster", related_name="freezes")
    tiers = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    types = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    # Whom it spares, any one of [{"roles": […], "types": […], "risk_at_most": 1–5 or null, "reason": …}]
    exemptions = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    previewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    previewed_at = models.DateTimeField(null=True, blank=True)
    enforced_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = FreezeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(strength__in=Strength.values), name="freeze_strength_known"),
            models.CheckConstraint(condition=models.Q(state__in=list(FreezeState)), name="freeze_state_known"),
            models.CheckConstraint(
                condition=models.Q(end_at__gt=models.F("start_at")),
                name="freeze_ends_after_start",
                violation_error_message="A freeze ends later than it starts.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["enforced", "lifted"]) | models.Q(previewed_at__isnull=False),
                name="freeze_previewed_first",
                violation_error_message="A freeze is enforced only after somebody saw the changes it hits.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="lifted") ^ models.Q(lifted_at__isnull=True), name="freeze_lifted_has_time"
            ),
        ]
        indexes = [
            models.Index(
                fields=["start_at", "end_at"], name="freeze_enforced", condition=models.Q(state=FreezeState.ENFORCED)
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cab:freeze", args=[self.pk])  # the list of changes it hits stands there


class FreezeCluster(models.Model):
    """One cluster a freeze is limited to; a freeze without any holds for the whole federation."""

    freeze = models.ForeignKey(Freeze, on_delete=models.CASCADE, related_name="scope")
    cluster = models.ForeignKey("clusters.Cluster", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["freeze", "cluster"], name="freeze_cluster_once")]
