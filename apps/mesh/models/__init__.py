"""The definitions that manifests are checked by, as people brought them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse


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
