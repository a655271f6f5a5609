"""Replays: one version of a policy over past changes, how far it is, and what it says of each."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.cab.states import ReplayState
from apps.policies.models import Policy

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Course(models.TextChoices):
    """How a change is decided: at which board, or by the policy itself."""

    CLUSTER = "cluster", "cluster board"
    CROSS_CLUSTER = "cross_cluster", "cross-cluster board"
    EMERGENCY = "emergency", "emergency board"
    ENTERPRISE = "enterprise", "enterprise board"
    APPROVE = "approve", "authorized by policy"
    REFUSE = "refuse", "refused by policy"


class ReplayQuerySet(models.QuerySet["Replay"]):
    def visible_to(self, person: "Person") -> Self:
        """Replays of policies this person may see."""
        return self.filter(version__policy__in=Policy.objects.visible_to(person))


class Replay(models.Model):
    """A version of a policy over the changes of some months. `last_change` is the place to resume from.

    What it compares with is fixed when it begins: the table as it then read, and the versions in force then.
    """

    version = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, related_name="replays")
    rows = models.JSONField()  # the version's table when it began; a draft may be written anew meanwhile
    digest = models.CharField(max_length=64)  # SHA-256 of the rows, hex
    in_force = models.JSONField(default=list)  # keys of every version in force when it began
    months = models.PositiveSmallIntegerField()
    since_at = models.DateTimeField()  # changes recorded in [since_at, until_at)
    until_at = models.DateTimeField()
    minutes = models.JSONField()  # board minutes a change costs, by kind of board: a stated assumption
    state = models.CharField(max_length=9, choices=[(s, s) for s in ReplayState], default=ReplayState.WAITING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    last_change = models.BigIntegerField(default=0)  # key of the last change that was replayed
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ReplayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ReplayState)), name="replay_state_known"),
            models.CheckConstraint(
                condition=models.Q(months__gte=1, months__lte=240, since_at__lt=models.F("until_at")),
                name="replay_months_in_range",
                violation_error_message="A replay looks back over 1 to 240 months.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "running"]) ^ models.Q(finished_at__isnull=False),
                name="replay_ended_has_time",
            ),
            models.UniqueConstraint(
                fields=["version"],
                name="replay_one_at_a_time",
                condition=models.Q(state__in=["waiting", "running"]),
                violation_error_message="This version is being replayed already.",
            ),
        ]
        indexes = [models.Index(fields=["version", "-id"], name="replay_by_version")]

    def __str__(self) -> str:
        return f"Replay {self.pk} of {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("cab:replay", args=[self.pk])

    @property
    def cluster_id(self) -> int | None:
        """The cluster that governs this row."""
        return self.version.policy.cluster_id

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {ReplayState.DONE, ReplayState.CANCELLED}


class ReplayedChange(models.Model):
    """What the replayed version asks for one change, beside what is in force and what did happen."""

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="changes")
    change = models.ForeignKey("cab.Change", on_delete=models.CASCADE, related_name="+")
    drafted = models.CharField(max_length=13, choices=Course.choices)  # by the replayed version
    governed = models.CharField(max_length=13, choices=Course.choices)  # by what was in force when the replay began
    happened = models.CharField(max_length=13, choices=Course.choices, blank=True)  # empty: decided elsewhere, or not
    has_failed = models.BooleanField()  # as apps.cab.queries.metrics counts it
    is_certain = models.BooleanField()  # no fact was missing that a rule of the replayed version asked for

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["replay", "change"], name="replayed_change_once"),
            models.CheckConstraint(
                condition=models.Q(
                    drafted__in=Course.values, governed__in=Course.values, happened__in=["", *Course.values]
                ),
                name="replayed_change_courses_known",
            ),
        ]
        indexes = [
            models.Index(fields=["replay", "drafted", "governed", "has_failed"], name="replayed_change_by_course")
        ]
