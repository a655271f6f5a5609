"""Findings: what checks of the map say is wrong, whose it is, and who answers for leaving it so."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models.catalogue import Cluster, Component
from apps.clusters.states import STANDING, FindingState

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Severity(models.IntegerChoices):
    """How much it matters to a decision."""

    NOTE = 1, "note"
    WARNING = 2, "warning"
    BLOCKER = 3, "blocker"


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, person: "Person") -> Self:
        """Findings of clusters the person may know of, where these tell of no other they may not."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(Q(counterpart__isnull=True) | Q(counterpart__in=seen), cluster__in=seen)

    def standing(self) -> Self:
        """What is not resolved."""
        return self.filter(state__in=STANDING)

    def lapsed(self, at: datetime) -> Self:
        """Waived ones whose time is over."""
        return self.filter(state=FindingState.WAIVED, waived_until__lte=at)


class Finding(models.Model):
    """One thing that a check found: it stands until a later run of the check finds it no more."""

    checker = models.CharField(max_length=40)  # which check found it
    checker_version = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)  # stable, for programs
    key = models.CharField(max_length=250)  # names it among all that the check finds
    severity = models.PositiveSmallIntegerField(choices=Severity.choices)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="findings")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, null=True, related_name="findings")
    counterpart = models.ForeignKey(Cluster, on_delete=models.PROTECT, null=True, related_name="+")
    sentence = models.TextField()
    next_step = models.TextField(blank=True)
    evidence = models.JSONField(default=dict)
    inputs_sha256 = models.CharField(max_length=64)  # of what it says, in hex: the same again writes nothing
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in FindingState], default="open")
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    waived_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    waived_at = models.DateTimeField(null=True)
    waived_until = models.DateTimeField(null=True)
    waiver_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="finding_severity_known"),
            models.CheckConstraint(condition=Q(state__in=[*FindingState]), name="finding_state_known"),
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"), name="finding_code_of_words"),
            models.UniqueConstraint(
                fields=["checker", "key"],
                condition=Q(state__in=[*STANDING]),
                name="finding_stands_once",
                violation_error_message="This is found already.",
            ),
            models.CheckConstraint(
                condition=Q(state=FindingState.RESOLVED, resolved_at__isnull=False)
                | (~Q(state=FindingState.RESOLVED) & Q(resolved_at__isnull=True)),
                name="finding_resolved_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=FindingState.WAIVED)
                | (
                    Q(waived_by__isnull=False, waived_at__isnull=False, waived_until__gt=F("waived_at"))
                    & ~Q(waiver_reason="")
                ),
                name="finding_waived_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["cluster", "-severity"], condition=Q(state="open"), name="finding_open_by_cluster"),
            models.Index(fields=["waived_until"], condition=Q(state="waived"), name="finding_waived_until"),
            models.Index(fields=["-severity", "-id"], name="finding_by_severity"),  # the order of its lists
        ]

    def __str__(self) -> str:
        return self.sentence[:200]

    def get_absolute_url(self) -> str:
        return reverse("clusters:finding", args=[self.pk])
