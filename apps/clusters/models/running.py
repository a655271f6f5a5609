"""Where things run, and dependencies with an end that the map does not know yet."""

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from apps.accounts.rules import Capability
from apps.clusters.models.catalogue import MOST_WEIGHT, Cluster, Component, DataClass

if TYPE_CHECKING:
    from apps.accounts.models import Person


class PlacementQuerySet(models.QuerySet["Placement"]):
    def visible_to(self, person: "Person") -> Self:
        """Placements of clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


class Placement(models.Model):
    """A host of a cluster at a site, and what runs on it, by short names of components that the map may not know."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="placements")
    site = models.CharField(max_length=40)
    host = models.CharField(max_length=200)
    runs = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    source = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "site", "host"],
                name="placement_once",
                violation_error_message="This host is at that site of the cluster already.",
            ),
            models.CheckConstraint(condition=~models.Q(site="") & ~models.Q(host=""), name="placement_says_where"),
        ]
        indexes = [GinIndex(fields=["runs"], name="placement_runs")]

    def __str__(self) -> str:
        return f"{self.host} at {self.site}"


class LooseEndQuerySet(models.QuerySet["LooseEnd"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of clusters the person may know of, and those of no cluster yet for whoever imports."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = models.Q(cluster__in=Cluster.objects.visible_to(person).values("pk"))
        return self.filter(seen | models.Q(cluster=None)) if person.may(Capability.IMPORT) else self.filter(seen)


class LooseEnd(models.Model):
    """A dependency that a catalogue names, with an end that the map does not know yet. It becomes one when that comes.

    A cluster of "" is one that the catalogue does not name: any that has the only component so called will do.
    """

    cluster = models.ForeignKey(
        Cluster, on_delete=models.PROTECT, null=True, related_name="loose_ends"
    )  # of what is known
    consumer = models.ForeignKey(Component, on_delete=models.CASCADE, null=True, related_name="+")  # null: not known
    consumer_cluster = models.CharField(max_length=80, blank=True)
    consumer_name = models.CharField(max_length=200)
    provider = models.ForeignKey(Component, on_delete=models.CASCADE, null=True, related_name="+")
    provider_cluster = models.CharField(max_length=80, blank=True)
    provider_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    weight = models.PositiveIntegerField(default=1)  # it and the next two are what the dependency will say
    data_class = models.CharField(max_length=12, choices=DataClass.choices, blank=True)
    safeguard = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)  # why it stays, though something is so called
    source = models.CharField(max_length=80, blank=True)
    found_at = models.DateTimeField()

    objects = LooseEndQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer_name", "provider_name", "kind", "consumer_cluster", "provider_cluster"],
                name="loose_end_once",
                violation_error_message="This loose end is known.",
            ),
            models.CheckConstraint(
                condition=models.Q(consumer__isnull=True) | models.Q(provider__isnull=True), name="loose_end_is_loose"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1, weight__lte=MOST_WEIGHT),
                name="loose_end_weight_bounded",
                violation_error_message="A weight lies between 1 and 1,000,000.",
            ),
            models.CheckConstraint(
                condition=models.Q(data_class__in=["", *DataClass.values]), name="loose_end_data_class_known"
            ),
        ]
        indexes = [models.Index(fields=["provider_name"], name="loose_end_by_provider")]

    def __str__(self) -> str:
        return f"{self.consumer_name} {self.kind} {self.provider_name}"

    @property
    def more(self) -> str:
        """What it says beside its ends and its kind, as people read it."""
        weight = f"weight {self.weight:,}" if self.weight > 1 else ""
        data = f"{self.data_class} data" if self.data_class else ""
        return " · ".join(word for word in (weight, data, self.safeguard) if word)

    @property
    def missing(self) -> str:
        """What the map does not know, as people read it."""
        ends = {self.consumer_name: self.consumer_id, self.provider_name: self.provider_id}
        return " and ".join(f"“{name}”" for name, known in ends.items() if known is None)
