"""Tables and truths of the mesh: definitions, what owners say of theirs, and what is applied."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.clusters.models import Cluster, Dependency
from apps.mesh.rules.generation import EAST_WEST_PORT


class CrdBundle(models.Model):
    """A file of CustomResourceDefinitions. One of them is in force; the ones before are kept."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)  # of the file, in hex
    size = models.PositiveIntegerField()  # bytes
    brought_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    brought_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(replaced_at__isnull=True),
                name="crd_bundle_in_force_once",
                violation_error_message="There are definitions in force.",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("mesh:definitions")


class CrdSchema(models.Model):
    """One version of one kind of a bundle."""

    bundle = models.ForeignKey(CrdBundle, on_delete=models.CASCADE, related_name="schemas")
    group = models.CharField(max_length=253)
    api_version = models.CharField(max_length=60)
    kind = models.CharField(max_length=63)
    schema = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bundle", "group", "api_version", "kind"],
                name="crd_schema_once",
                violation_error_message="The bundle defines this version twice.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.group}/{self.api_version} {self.kind}"


class MeshProfile(models.Model):
    """What a cluster's owners say of its mesh. A cluster without one is not configured from here."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="mesh_profiles")
    namespace = models.CharField(max_length=63)
    gateway = models.CharField(max_length=253, blank=True)  # where other meshes reach it; "": nowhere
    gateway_port = models.PositiveIntegerField(default=EAST_WEST_PORT)
    sampling_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(1))  # of traces
    tracing_provider = models.CharField(max_length=100, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster"],
                name="mesh_profile_of_one_cluster",
                violation_error_message="The mesh of this cluster is described already.",
            ),
            models.UniqueConstraint(
                fields=["namespace"],
                name="mesh_namespace_once",
                violation_error_message="This namespace is another cluster's.",
            ),
            models.CheckConstraint(
                condition=Q(namespace__regex=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), name="mesh_namespace_is_a_label"
            ),
            models.CheckConstraint(condition=Q(gateway_port__range=(1, 65_535)), name="mesh_port_bounded"),
            models.CheckConstraint(condition=Q(sampling_percent__range=(0, 100)), name="mesh_sampling_bounded"),
        ]

    def __str__(self) -> str:
        return self.namespace

    def get_absolute_url(self) -> str:
        return reverse("mesh:cluster", args=[self.cluster.slug])


class EdgePolicy(models.Model):
    """How one declared dependency is called, where its owners do not leave it to what follows from its needs."""

    dependency = models.OneToOneField(Dependency, on_delete=models.CASCADE, related_name="mesh_policy")  # goes with it
    timeout_ms = models.PositiveIntegerField()
    attempts = models.PositiveSmallIntegerField()
    per_try_ms = models.PositiveIntegerField()
    most_requests = models.PositiveIntegerField()
    error_limit = models.PositiveSmallIntegerField()
    ejection_s = models.PositiveSmallIntegerField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(attempts=0) | Q(timeout_ms__gte=(F("attempts") + 1) * F("per_try_ms")),
                name="mesh_tries_fit_the_timeout",
                violation_error_message="The tries need more time than the whole call may take.",
            ),
            models.CheckConstraint(
                condition=Q(
                    timeout_ms__gte=1, per_try_ms__gte=1, most_requests__gte=1, error_limit__gte=1, ejection_s__gte=1
                ),
                name="mesh_policy_positive",
            ),
            models.CheckConstraint(condition=Q(attempts__lte=10), name="mesh_attempts_bounded"),
        ]

    def __str__(self) -> str:
        return f"{self.timeout_ms} ms"


class Applied(models.Model):
    """What somebody said is applied in a cluster. The last of each counts; of the others only the hash stays."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="mesh_applied")
    sha256 = models.CharField(max_length=64)  # of what was pushed, in hex
    size = models.PositiveIntegerField()  # bytes
    documents = models.PositiveIntegerField()
    resources = models.JSONField(default=list)  # what is compared: [kind, api group, namespace, name, spec]
    pushed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    pushed_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster"],
                condition=Q(replaced_at__isnull=True),
                name="mesh_applied_once",
                violation_error_message="Another push came at the same time.",
            ),
            models.CheckConstraint(
                condition=Q(replaced_at__isnull=True) | Q(resources=[]), name="mesh_applied_kept_until_replaced"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
