"""Conventions of names and of what must be said, and the components exempted from one for a while."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models.catalogue import Cluster, Component
from apps.clusters.rules.conventions import (
    LONGEST_EXAMPLE,
    LONGEST_PREFIX,
    MOST_DESCRIPTION,
    MOST_PATTERN,
    WARN_BEFORE,
    Mode,
)

if TYPE_CHECKING:
    from apps.accounts.models import Person


class Convention(models.Model):
    """How things of a kind are named, and what they must say of themselves. Retired, never deleted."""

    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)  # of `apps.clusters.conventions`; areas above have their own
    field = models.CharField(max_length=40)
    pattern = models.CharField(max_length=MOST_PATTERN, blank=True)  # RE2, of the whole value; "": any name
    passing = ArrayField(models.CharField(max_length=LONGEST_EXAMPLE), default=list, blank=True)
    failing = ArrayField(models.CharField(max_length=LONGEST_EXAMPLE), default=list, blank=True)
    least_description = models.PositiveSmallIntegerField(default=0)  # characters
    needs_owner = models.BooleanField(default=False)
    needs_site = models.BooleanField(default=False)
    tag_prefixes = ArrayField(models.CharField(max_length=LONGEST_PREFIX), default=list, blank=True)
    mode = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Mode])
    in_force_from = models.DateTimeField()
    grandfathered_before = models.DateTimeField(null=True, blank=True)  # what is older need not keep to it
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=[*Mode]), name="convention_mode_known"),
            models.UniqueConstraint(
                Lower("title"),
                condition=Q(retired_at__isnull=True),
                name="convention_title_once",
                violation_error_message="There is a convention of this title.",
            ),
            models.CheckConstraint(
                condition=Q(least_description__lte=MOST_DESCRIPTION), name="convention_description_bounded"
            ),
            models.CheckConstraint(
                condition=~Q(pattern="")
                | Q(least_description__gt=0)
                | Q(needs_owner=True)
                | Q(needs_site=True)
                | ~Q(tag_prefixes=[]),
                name="convention_asks_for_something",
                violation_error_message="This convention asks for nothing.",
            ),
            models.CheckConstraint(
                condition=Q(pattern="") | (~Q(passing=[]) & ~Q(failing=[])),
                name="convention_pattern_has_examples",
                violation_error_message="A pattern needs an example that keeps to it and one that does not.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("clusters:convention", args=[self.pk])


class ExemptionQuerySet(models.QuerySet["ConventionExemption"]):
    def visible_to(self, person: "Person") -> Self:
        """Exemptions of components the person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(component__cluster__in=Cluster.objects.visible_to(person).values("pk"))

    def open(self) -> Self:
        """What has not ended, nor been ended."""
        return self.filter(ended_at__isnull=True)

    def ending(self, at: datetime) -> Self:
        """Open ones that are over within a week, of those that were given for longer."""
        soon = self.open().filter(until__gt=at, until__lte=at + WARN_BEFORE)
        return soon.filter(given_at__lte=F("until") - WARN_BEFORE)

    def lapsed(self, at: datetime) -> Self:
        """Open ones whose time is over."""
        return self.open().filter(until__lte=at)


class ConventionExemption(models.Model):
    """A component that need not keep to one convention until an instant."""

    convention = models.ForeignKey(Convention, on_delete=models.PROTECT, related_name="exemptions")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="exemptions")
    until = models.DateTimeField()
    reason = models.TextField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "component"],
                condition=Q(ended_at__isnull=True),
                name="exemption_open_once",
                violation_error_message="This component is exempted from it already.",
            ),
            models.CheckConstraint(condition=Q(until__gt=F("given_at")), name="exemption_ends_later"),
        ]
        indexes = [models.Index(fields=["until"], condition=Q(ended_at__isnull=True), name="exemption_until")]

    def __str__(self) -> str:
        return f"{self.component} from “{self.convention}”"

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the component's."""
        return self.component.cluster_id
