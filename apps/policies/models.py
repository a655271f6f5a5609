"""Policies and their versions: what was in force when, word for word."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.clusters.models import Cluster
from apps.policies.states import VersionState

if TYPE_CHECKING:
    from apps.accounts.models import Person


class PolicyQuerySet(models.QuerySet["Policy"]):
    def visible_to(self, person: "Person") -> Self:
        """The enterprise floor, and the policies of clusters this person may know of."""
        return self.filter(models.Q(cluster__isnull=True) | models.Q(cluster__in=Cluster.objects.visible_to(person)))


class Policy(models.Model):
    """How changes are decided: the enterprise floor (no cluster), or one cluster's own policy above it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    cluster = models.ForeignKey(
        "clusters.Cluster", on_delete=models.PROTECT, null=True, blank=True, related_name="policies"
    )
    created_at = models.DateTimeField()

    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster"],
                name="policy_once_per_cluster",
                nulls_distinct=False,
                violation_error_message="There is a policy for this scope already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("policies:policy", args=[self.slug])

    @property
    def is_floor(self) -> bool:
        """Whether it is the enterprise floor."""
        return self.cluster_id is None


class PolicyVersion(models.Model):
    """One table of a policy. A draft may be written anew; from the moment it is enabled its words never change."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()  # 1, 2, … within the policy
    state = models.CharField(max_length=10, choices=[(s, s) for s in VersionState], default=VersionState.DRAFT)
    rows = models.JSONField(default=list)  # as rules.tables.Table writes them
    digest = models.CharField(max_length=64)  # SHA-256 of the rows, hex
    note = models.CharField(max_length=500, blank=True)  # what is new, in the author's words
    proof = models.JSONField(default=dict)  # {"compared": n, "floor": digest or "", "compared_with_floor": n}
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    enabled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    enabled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    saves = models.PositiveIntegerField(default=1)  # counts edits of the draft; the ETag

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(VersionState)), name="policy_version_state_known"),
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["policy"],
                name="policy_version_one_enabled",
                condition=models.Q(state=VersionState.ENABLED),
                violation_error_message="Another version of this policy is in force.",
            ),
            models.UniqueConstraint(
                fields=["policy"],
                name="policy_version_one_draft",
                condition=models.Q(state=VersionState.DRAFT),
                violation_error_message="This policy has a draft already.",
            ),
            models.CheckConstraint(
                condition=models.Q(enabled_by__isnull=True) | ~models.Q(enabled_by=models.F("author")),
                name="policy_version_not_enabled_by_its_author",
                violation_error_message="No one enables their own version.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "discarded"], enabled_at__isnull=True, enabled_by__isnull=True)
                | models.Q(
                    state__in=["enabled", "superseded", "retired"],
                    enabled_at__isnull=False,
                    enabled_by__isnull=False,
                ),
                name="policy_version_enabled_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "enabled"]) ^ models.Q(ended_at__isnull=False),
                name="policy_version_ended_has_time",
            ),
        ]
        indexes = [models.Index(fields=["policy", "-number"], name="policy_version_by_policy")]

    def __str__(self) -> str:
        return f"{self.policy}, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("policies:version", args=[self.policy.slug, self.number])

    @property
    def cluster_id(self) -> int | None:
        """The cluster that governs this row."""
        return self.policy.cluster_id
