"""Who has a part in decisions: accounts, people without one, and teams; and who sways whom."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.stakeholders.rules.influence import Sway


class Kind(models.TextChoices):
    ACCOUNT = "account", "person with an account"
    OUTSIDER = "outsider", "person without an account"
    TEAM = "team", "team"


class Stakeholder(models.Model):
    """A person or a team that may decide, be asked, or stand in the way. Known to the whole federation."""

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=150)
    organisation = models.CharField(max_length=120, blank=True)  # of an outsider
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="stakeholder"
    )
    team = models.OneToOneField(
        Group, on_delete=models.PROTECT, null=True, blank=True, related_name="stakeholder"
    )  # None of a team that only an import knows
    source = models.CharField(max_length=40, blank=True)  # which import brought it
    source_key = models.CharField(max_length=200, blank=True)  # what names it there
    added_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=Kind.ACCOUNT, person__isnull=False, team__isnull=True)
                | Q(kind=Kind.OUTSIDER, person__isnull=True, team__isnull=True)
                | Q(kind=Kind.TEAM, person__isnull=True),
                name="stakeholder_kind_fits",
                violation_error_message="An account, an outsider or a team: one of them.",
            ),
            models.UniqueConstraint(
                fields=["source", "source_key"],
                condition=~Q(source_key=""),
                name="stakeholder_source_once",
                violation_error_message="This import has brought them already.",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="stakeholder_by_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:stakeholder", args=[self.pk])


class Influence(models.Model):
    """One stakeholder sways, advises or answers to another."""

    source = models.ForeignKey(Stakeholder, on_delete=models.CASCADE, related_name="influences")
    target = models.ForeignKey(Stakeholder, on_delete=models.CASCADE, related_name="influenced_by")
    kind = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Sway])
    weight = models.DecimalField(max_digits=3, decimal_places=2, default=1)  # above 0, at most 1
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[*Sway]), name="influence_kind_known"),
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="influence_not_self",
                violation_error_message="Nobody sways themselves.",
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=1),
                name="influence_weight_bounded",
                violation_error_message="A weight is above 0 and at most 1.",
            ),
            models.UniqueConstraint(
                fields=["source", "target", "kind"],
                name="influence_once",
                violation_error_message="This is on record already.",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(kind=Sway.REPORTS_TO),
                name="influence_reports_to_one",
                violation_error_message="Everyone reports to one at most.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind.replace('_', ' ')} {self.target}"
