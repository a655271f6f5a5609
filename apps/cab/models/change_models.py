"""Change models: which moves a type of change, or a category of it, has and what it asks before them, in versions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.cab.models.changes import ChangeCategory, ChangeType


class ModelVersion(models.Model):
    """One version of the model of a type, or of one category of it.

    It is written as a draft, then published by somebody else and never edited again.
    The newest published one is in force for what is proposed from then on; a change keeps the version it has.
    """

    type = models.CharField(max_length=10, choices=ChangeType.choices)
    category = models.CharField(max_length=14, choices=ChangeCategory.choices, blank=True, default="")  # empty: all
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=500, blank=True)  # what is different, and why
    moves = models.JSONField()  # "from>to" → the fields it asks for; see rules.change_models
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # of the draft, for If-Match

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(type__in=ChangeType.values), name="change_model_type_known"),
            models.CheckConstraint(
                condition=Q(category__in=["", *ChangeCategory.values]), name="change_model_category_known"
            ),
            models.UniqueConstraint(fields=["type", "category", "number"], name="change_model_version_once"),
            models.UniqueConstraint(
                fields=["type", "category"],
                condition=Q(published_at=None),
                name="change_model_one_draft",
                violation_error_message="Somebody else began a draft of this model; look at it first.",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="change_model_published_whole",
            ),
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(published_by=F("author")),
                name="change_model_not_by_its_author",
                violation_error_message="Nobody publishes the model that they wrote.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.governs} changes, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("cab:model", args=[self.pk])

    @property
    def governs(self) -> str:
        """What kind of changes it is for, in words."""
        return f"{self.get_type_display()} {self.get_category_display()}".strip()
