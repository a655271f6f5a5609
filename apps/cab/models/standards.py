"""Standard changes: templates that are decided once, and their versions."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.cab.states import TemplateState
from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from apps.accounts.models import Person


class TemplateQuerySet(models.QuerySet["StandardTemplate"]):
    def visible_to(self, person: "Person") -> Self:
        """Templates of clusters this person may know of."""
        return self.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))

    def with_all(self) -> Self:
        """With everything that a row names."""
        return self.select_related("cluster", "owner", "published_by", "in_force", "source_change")


class StandardTemplate(models.Model):
    """A kind of change that is known and low in risk: what is proposed from it needs no board while it is published."""

    name = models.CharField(max_length=120)
    cluster = models.ForeignKey("clusters.Cluster", on_delete=models.PROTECT, related_name="standard_templates")
    state = models.CharField(max_length=9, choices=[(s, s) for s in TemplateState], default=TemplateState.PROPOSED)
    state_reason = models.TextField(blank=True)  # why it is suspended or retired
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")  # who proposed it
    source_change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="templates")
    most_failures = models.PositiveSmallIntegerField()  # of the last twenty; one more suspends it
    version = models.PositiveIntegerField(default=1)  # moves with every write, for If-Match
    in_force = models.ForeignKey("cab.TemplateVersion", on_delete=models.PROTECT, null=True, related_name="+")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)  # when its failures began to be counted, too
    created_at = models.DateTimeField()

    objects = TemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(TemplateState)), name="template_state_known"),
            models.CheckConstraint(
                condition=Q(most_failures__lte=10),
                name="template_failures_bounded",
                violation_error_message="A template bears at most 10 failures among its last 20 changes.",
            ),
            models.CheckConstraint(
                condition=Q(in_force__isnull=True, published_by__isnull=True, published_at__isnull=True)
                | Q(in_force__isnull=False, published_by__isnull=False, published_at__isnull=False),
                name="template_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[TemplateState.PROPOSED, TemplateState.RETIRED]) | Q(in_force__isnull=False),
                name="template_published_has_version",
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("owner")),
                name="template_not_by_its_owner",
                violation_error_message="Nobody publishes the template that they proposed.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[TemplateState.SUSPENDED, TemplateState.RETIRED]) | ~Q(state_reason=""),
                name="template_stopped_has_reason",
                violation_error_message="A template is suspended or retired with a reason.",
            ),
            models.UniqueConstraint(
                fields=["cluster", "name"],
                condition=~Q(state=TemplateState.RETIRED),
                name="template_name_once",
                violation_error_message="This cluster has a template of that name already.",
            ),
        ]
        indexes = [models.Index(fields=["cluster", "state"], name="template_by_cluster")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cab:template", args=[self.pk])


class TemplateVersion(models.Model):
    """What a template fills in, and which of it stays as it is. Never edited: a revision is the next version."""

    template = models.ForeignKey(StandardTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fields = models.JSONField()  # field → {"value", "mode": default | mandatory | locked}
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["template", "number"],
                name="template_version_once",
                violation_error_message="Someone else saved this template first.",
            )
        ]

    def __str__(self) -> str:
        return f"version {self.number} of template {self.template_id}"
