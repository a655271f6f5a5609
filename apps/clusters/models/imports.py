"""Uploaded catalogues, and how far the writing of each has come."""

from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.clusters.states import OVER_IMPORTS, WORKED_OFF, CatalogState


class CatalogFormat(models.TextChoices):
    CSV = "csv", "CSV"
    BACKSTAGE = "backstage", "Backstage catalog-info.yaml"
    KUBERNETES = "kubernetes", "Kubernetes and Istio manifests"


class CatalogImportQuerySet(models.QuerySet["CatalogImport"]):
    def waiting(self) -> Self:
        """Those that a worker goes on with, the oldest first."""
        return self.filter(state__in=WORKED_OFF).order_by("pk")


class CatalogImport(models.Model):
    """One uploaded catalogue: compared with the map first, then written in parcels. The content is kept until its end.

    `done_rows` is committed together with the rows it counts: whoever goes on begins there.
    """

    file_name = models.CharField(max_length=200)
    format = models.CharField(max_length=10, choices=CatalogFormat.choices)
    options = models.JSONField(default=dict)  # the column map, the cluster map, whether clusters may be founded
    content = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)  # of the content, in hex
    state = models.CharField(
        max_length=10, choices=[(one.value, one.value) for one in CatalogState], default=CatalogState.READY
    )
    total_rows = models.PositiveIntegerField(null=True)  # null: not read yet
    done_rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # what → new, changed, unchanged, repeated; rejected rows
    steps = models.JSONField(default=list)  # of a large one that is compared: the first of what would change
    rejections = models.JSONField(default=list)  # every row that was not taken: file, row, field, value, reason
    failure = models.TextField(blank=True)
    uploader = models.ForeignKey(  # null, and so below: the house itself, by the command line
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    importer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)  # all of it is written since then

    objects = CatalogImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(format__in=CatalogFormat.values), name="catalog_format_known"),
            models.CheckConstraint(condition=models.Q(state__in=[*CatalogState]), name="catalog_state_known"),
            models.CheckConstraint(
                condition=models.Q(state__in=[*OVER_IMPORTS]) ^ models.Q(content__isnull=False),
                name="catalog_content_until_over",
            ),
            models.CheckConstraint(
                condition=models.Q(state=CatalogState.DONE) ^ models.Q(applied_at__isnull=True),
                name="catalog_applied_when_done",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("clusters:catalog_import", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in OVER_IMPORTS
