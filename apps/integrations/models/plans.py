"""What an integration does while its ends are apart, and how it went when that was tried."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.integrations.models.edges import Integration
from apps.integrations.rules.isolation import (
    MODE_WORDS,
    MOST_BACKLOG,
    WRITER_WORDS,
    Mode,
    Rehearsed,
    Writer,
    holding_s,
)
from apps.integrations.rules.needs import MOST_S

if TYPE_CHECKING:
    from apps.accounts.models import Person

MODES = [(one.value, MODE_WORDS[one]) for one in Mode]
WRITERS = [(one.value, WRITER_WORDS[one]) for one in Writer]
REHEARSED = [(one.value, one.value) for one in Rehearsed]


class IsolationPlan(models.Model):
    """The plan of one integration. What its mode needs is said, and nothing else."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="plan")  # goes with it
    mode = models.CharField(max_length=13, choices=MODES)
    holds_s = models.PositiveIntegerField(null=True, blank=True)  # age of answers, or how long; None: without end
    backlog = models.PositiveIntegerField(null=True, blank=True)  # things that may wait in the queue
    drain_per_s = models.FloatField(null=True, blank=True)  # sent afterwards
    conflict = models.CharField(max_length=15, choices=WRITERS, blank=True)  # whose word counts
    reconciliation = models.TextField(blank=True)  # how both come to the same again
    steps = models.TextField(blank=True)  # what people do at the cut, a line each
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()  # as it is now
    # The latest time that this plan was tried; one of an earlier plan, since withdrawn, says nothing of this one.
    last_rehearsal = models.OneToOneField(
        "Rehearsal", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=[*Mode]), name="plan_mode_known"),
            models.CheckConstraint(condition=Q(conflict__in=["", *Writer]), name="plan_conflict_known"),
            models.CheckConstraint(
                condition=Q(holds_s__isnull=True) | Q(holds_s__gte=1, holds_s__lte=MOST_S), name="plan_holds_bounded"
            ),
            models.CheckConstraint(
                condition=~Q(mode=Mode.STALE) | Q(holds_s__isnull=False),
                name="plan_stale_has_a_limit",
                violation_error_message="Say how old an answer may become.",
            ),
            models.CheckConstraint(
                condition=(~Q(mode=Mode.QUEUE) & Q(backlog__isnull=True, drain_per_s__isnull=True, conflict=""))
                | (
                    Q(mode=Mode.QUEUE, holds_s__isnull=True, backlog__gte=1, backlog__lte=MOST_BACKLOG)
                    & Q(backlog__isnull=False, drain_per_s__isnull=False, drain_per_s__gt=0)
                    & ~Q(conflict="")
                ),
                name="plan_queue_is_whole",
                violation_error_message="A queue says its backlog, how fast it is sent, and whose word counts.",
            ),
            models.CheckConstraint(condition=~Q(mode=Mode.FAIL) | Q(holds_s__isnull=True), name="plan_fails_at_once"),
        ]

    def __str__(self) -> str:
        return f"Isolation plan of {self.integration}"

    def get_absolute_url(self) -> str:
        return f"{self.integration.get_absolute_url()}isolation/"

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the consumer's."""
        return self.integration.cluster_id

    @property
    def holding_s(self) -> float:
        """For how many seconds it holds, at the rate of its integration."""
        return holding_s(
            mode=self.mode, holds_s=self.holds_s, backlog=self.backlog, rate_per_s=self.integration.rate_per_s
        )


class RehearsalQuerySet(models.QuerySet["Rehearsal"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of integrations with both ends where the person may look."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(integration__consumer__cluster__in=seen, integration__interface__component__cluster__in=seen)


class Rehearsal(models.Model):
    """One time that a plan was tried, or needed. Nothing of it changes afterwards."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="rehearsals")  # goes with it
    plan_version = models.PositiveIntegerField()
    mode = models.CharField(max_length=13, choices=MODES)  # of the plan as it was then
    outcome = models.CharField(max_length=6, choices=REHEARSED)
    held_s = models.PositiveIntegerField()  # how long it went on
    notes = models.TextField()
    rehearsed_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=[*Rehearsed]), name="rehearsal_outcome_known"),
            models.CheckConstraint(condition=Q(mode__in=[*Mode]), name="rehearsal_mode_known"),
            models.CheckConstraint(condition=Q(held_s__lte=MOST_S), name="rehearsal_held_bounded"),
            models.CheckConstraint(
                condition=Q(rehearsed_at__lte=models.F("recorded_at")),
                name="rehearsal_is_past",
                violation_error_message="A rehearsal is recorded when it is over.",
            ),
        ]
        indexes = [models.Index(fields=["integration", "-rehearsed_at", "-id"], name="rehearsal_latest")]

    def __str__(self) -> str:
        return f"Rehearsal of {self.integration}"
