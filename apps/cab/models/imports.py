"""Imports: one run over one file, where it stands, what it brought, and every row it would not take."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from apps.cab.states import ImportState


class ImportRun(models.Model):
    """One file being imported. `done_rows` is the place to resume from: rows are committed in slices with it."""

    file_name = models.CharField(max_length=300)
    file_sha256 = models.CharField(max_length=64)
    file = models.FileField(
        upload_to="imports/%Y/%m", null=True, blank=True
    )  # only uploads are kept; the command reads in place
    map_name = models.CharField(max_length=80)
    map = models.JSONField()
    source = models.CharField(max_length=80)
    is_dry = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=[(s, s) for s in ImportState], default=ImportState.WAITING)
    total_rows = models.PositiveIntegerField(null=True)
    done_rows = models.PositiveIntegerField(default=0)
    created_rows = models.PositiveIntegerField(default=0)
    unchanged_rows = models.PositiveIntegerField(default=0)
    updated_rows = models.PositiveIntegerField(default=0)
    rejected_rows = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ImportState)), name="import_state_known"),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk} of {self.file_name}"

    def get_absolute_url(self) -> str:
        return reverse("cab:import", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {ImportState.DONE, ImportState.FAILED}


class ImportRejection(models.Model):
    """A row that was not taken, and why."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejections")
    row = models.PositiveIntegerField()  # 1 is the first record (a header is row 0)
    place = models.CharField(max_length=300)  # file or id, as the source names it
    field = models.CharField(max_length=80, blank=True)
    value = models.CharField(max_length=300, blank=True)
    reason = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row", "field"], name="import_rejection_once")]


class ImportedRecord(models.Model):
    """What a source said last about a change it brought: lets the next import tell what is new, and link undoings."""

    change = models.OneToOneField("cab.Change", on_delete=models.CASCADE, related_name="imported")
    source = models.CharField(max_length=80)
    external_id = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # SHA-256 of the mapped record, hex
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="records")  # the run that wrote it last
    reverts = ArrayField(models.CharField(max_length=200), default=list)  # ids of the records it undid
    revert_reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="imported_record_once")]
        indexes = [
            GinIndex(fields=["reverts"], name="imported_by_reverts", condition=~models.Q(reverts=[])),
        ]


class NamedApprover(models.Model):
    """Someone whom an imported record names as its approver; no ballot, only what the source says."""

    change = models.ForeignKey("cab.Change", on_delete=models.CASCADE, related_name="named_approvers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "person"], name="named_approver_once")]
