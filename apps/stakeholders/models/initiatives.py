"""Initiatives across clusters, what each demands, and who has a part in it."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.stakeholders.models.people import Stakeholder
from apps.stakeholders.rules.resources import Resource

if TYPE_CHECKING:
    from apps.accounts.models import Person


class InitiativeQuerySet(models.QuerySet["Initiative"]):
    def visible_to(self, person: "Person") -> Self:
        """Initiatives all of whose clusters this person may know of: a map of one tells of every cluster in it."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        hidden = Cluster.objects.exclude(pk__in=Cluster.objects.visible_to(person).values("pk"))
        telling = Initiative.clusters.through.objects.filter(cluster__in=hidden.values("pk"))
        return self.exclude(pk__in=telling.values("initiative"))

    def open(self) -> Self:
        """What is still wanted."""
        return self.filter(closed_at__isnull=True)


class Initiative(models.Model):
    """Something several clusters want together."""

    name = models.CharField(max_length=120)
    purpose = models.TextField()
    sponsor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    clusters = models.ManyToManyField(Cluster, related_name="initiatives")
    power_cut = models.PositiveSmallIntegerField(default=50)  # from here on power counts as high
    interest_cut = models.PositiveSmallIntegerField(default=50)  # the same of interest
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = InitiativeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(power_cut__lte=100, interest_cut__lte=100),
                name="initiative_cuts_bounded",
                violation_error_message="A cut lies between 0 and 100.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(closing_reason=""),
                name="initiative_closed_for_a_reason",
                violation_error_message="An initiative is closed for a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:initiative", args=[self.pk])


class Demand(models.Model):
    """How much of a resource an initiative needs, of one cluster or of the enterprise."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="demands")  # part of it
    resource = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Resource])
    cluster = models.ForeignKey(
        Cluster, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # None: of the enterprise
    unit = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(resource__in=[*Resource]), name="demand_resource_known"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="demand_above_nothing",
                violation_error_message="A demand is above nothing.",
            ),
            models.UniqueConstraint(
                fields=["initiative", "resource", "cluster", "unit"],
                nulls_distinct=False,
                name="demand_once",
                violation_error_message="The initiative demands this already: change that amount.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.unit} {self.resource}"


class Involvement(models.Model):
    """A stakeholder who stands on the map of an initiative."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="involvements")  # part of it
    stakeholder = models.ForeignKey(Stakeholder, on_delete=models.PROTECT, related_name="involvements")
    part = models.CharField(max_length=120, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["initiative", "stakeholder"],
                name="involvement_once",
                violation_error_message="They stand on the map already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.stakeholder} in {self.initiative}"
