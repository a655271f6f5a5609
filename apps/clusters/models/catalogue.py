"""Clusters, components, dependencies, and the object permissions of those who own and operate them."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower, Upper
from django.urls import reverse
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from apps.accounts.rules import Capability

if TYPE_CHECKING:
    from apps.accounts.models import Person


MOST_WEIGHT = 1_000_000  # of one dependency against the others


class Visibility(models.TextChoices):
    OPEN = "open", "everyone who signs in"
    RESTRICTED = "restricted", "its own people and auditors"


class Tier(models.IntegerChoices):
    """How much fails when the component fails; 0 is the most critical."""

    FOUNDATION = 0, "0 · foundation"
    CRITICAL = 1, "1 · critical"
    IMPORTANT = 2, "2 · important"
    ORDINARY = 3, "3 · ordinary"


class DataClass(models.TextChoices):
    """How much it hurts when the data is read by others; the strictest last."""

    PUBLIC = "public", "public"
    INTERNAL = "internal", "internal"
    CONFIDENTIAL = "confidential", "confidential"
    RESTRICTED = "restricted", "restricted"


class Lifecycle(models.TextChoices):
    EXPERIMENTAL = "experimental", "experimental"
    PRODUCTION = "production", "production"
    DEPRECATED = "deprecated", "deprecated"
    RETIRED = "retired", "retired"


class ClusterQuerySet(models.QuerySet["Cluster"]):
    def visible_to(self, person: "Person") -> Self:
        """Clusters this person may know of: the open ones, and restricted ones they own, operate or audit."""
        return self if person.may(Capability.READ_RESTRICTED) else self.open_or_held_by(person)

    def open_or_held_by(self, person: Any) -> Self:
        """The open ones, and those this person (or the expression that will be their key) owns or operates."""
        own = ClusterUserObjectPermission.objects.filter(user=person).values("content_object_id")
        team = ClusterGroupObjectPermission.objects.filter(group__user=person).values("content_object_id")
        return self.filter(models.Q(visibility=Visibility.OPEN) | models.Q(pk__in=own) | models.Q(pk__in=team))


class Cluster(models.Model):
    """A business unit or platform that governs itself."""

    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)  # counts edits; the ETag

    objects = ClusterQuerySet.as_manager()

    class Meta:
        permissions = [
            ("own_cluster", "Owns the cluster: edits it, decides for it"),
            ("operate_cluster", "Operates the cluster: implements changes on it"),
        ]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                Lower("slug"),
                name="cluster_slug_once",
                violation_error_message="A cluster of this short name already exists.",
            ),
            models.CheckConstraint(
                condition=models.Q(visibility__in=Visibility.values), name="cluster_visibility_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("clusters:cluster", args=[self.slug])

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: itself."""
        return self.pk


class ComponentQuerySet(models.QuerySet["Component"]):
    def visible_to(self, person: "Person") -> Self:
        """Components of clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(cluster__in=Cluster.objects.visible_to(person))


class Component(models.Model):
    """Something a change can touch: a service, a library, a data store. It belongs to exactly one cluster."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="components")
    slug = models.CharField(max_length=200)  # unique in its cluster; paths of real repositories are allowed
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, default="service")
    tier = models.PositiveSmallIntegerField(choices=Tier.choices, default=Tier.ORDINARY)
    lifecycle = models.CharField(max_length=14, choices=Lifecycle.choices, default=Lifecycle.PRODUCTION)
    description = models.TextField(blank=True)
    owner_name = models.CharField(max_length=200, blank=True)  # the team as its source names it
    sites = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=63), default=list, blank=True)
    source = models.CharField(max_length=80, blank=True)  # which import brought it
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    objects = ComponentQuerySet.as_manager()

    class Meta:
        permissions = [
            ("own_component", "Owns the component"),
            ("operate_component", "Operates the component: implements changes on it"),
        ]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "slug"],
                name="component_slug_once",
                violation_error_message="This cluster already has a component of that name.",
            ),
            models.CheckConstraint(condition=models.Q(tier__in=Tier.values), name="component_tier_known"),
            models.CheckConstraint(
                condition=models.Q(lifecycle__in=Lifecycle.values), name="component_lifecycle_known"
            ),
        ]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="component_name_trgm"),
            models.Index(fields=["name", "id"], name="component_by_name"),  # the order of its lists, and of its uses
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("clusters:component", args=[self.pk])


class Dependency(models.Model):
    """The consumer needs the provider: when the provider fails, the consumer may fail."""

    consumer = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="needs")  # an edge dies with its end
    provider = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="needed_by")
    kind = models.CharField(max_length=40, default="calls")
    weight = models.PositiveIntegerField(default=1)  # how much, against the others: calls a second, say
    data_class = models.CharField(max_length=12, choices=DataClass.choices, blank=True)  # of what flows; "": unsaid
    safeguard = models.CharField(max_length=200, blank=True)  # what protects data that crosses a border
    source = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "provider", "kind"],
                name="dependency_once",
                violation_error_message="This dependency is already declared.",
            ),
            models.CheckConstraint(
                condition=~models.Q(consumer=models.F("provider")),
                name="dependency_not_self",
                violation_error_message="A component cannot depend on itself.",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1, weight__lte=MOST_WEIGHT),
                name="dependency_weight_bounded",
                violation_error_message="A weight lies between 1 and 1,000,000.",
            ),
            models.CheckConstraint(
                condition=models.Q(data_class__in=["", *DataClass.values]), name="dependency_data_class_known"
            ),
        ]
        indexes = [models.Index(fields=["provider", "consumer"], name="dependency_by_provider")]

    @property
    def cluster_id(self) -> int:
        """The cluster that governs this row: the consumer's."""
        return self.consumer.cluster_id


class ClusterUserObjectPermission(UserObjectPermissionBase):
    """Who owns or operates a cluster, person by person."""

    content_object: Any = models.ForeignKey(Cluster, on_delete=models.CASCADE)


class ClusterGroupObjectPermission(GroupObjectPermissionBase):
    """Who owns or operates a cluster, team by team."""

    content_object: Any = models.ForeignKey(Cluster, on_delete=models.CASCADE)


class ComponentUserObjectPermission(UserObjectPermissionBase):
    """Who owns or operates a component, person by person."""

    content_object: Any = models.ForeignKey(Component, on_delete=models.CASCADE)


class ComponentGroupObjectPermission(GroupObjectPermissionBase):
    """Who owns or operates a component, team by team."""

    content_object: Any = models.ForeignKey(Component, on_delete=models.CASCADE)
