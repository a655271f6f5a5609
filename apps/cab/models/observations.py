"""Observed drift: something changed, somebody or a program saw it, and a change covers it or must explain it."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.lookups import IsNull

from apps.cab.models.changes import Change
from apps.cab.states import ObservationState
from apps.clusters.models import Component

if TYPE_CHECKING:
    from apps.accounts.models import Person

_RESOLVED = [ObservationState.LATENT, ObservationState.BACKED_OUT, ObservationState.FALSE_ALARM]


class ObservationQuerySet(models.QuerySet["Observation"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of components this person may know of."""
        return self.filter(component__in=Component.objects.visible_to(person).values("pk"))

    def with_all(self) -> Self:
        """With everything that a row names."""
        return self.select_related("change", "component__cluster", "reported_by", "resolved_by")

    def told_to(self, person: "Person") -> Self:
        """With everything that a row names, and `is_change_seen`: whether the person may know of its change."""
        seen = Change.objects.visible_to(person).filter(pk=models.OuterRef("change"))
        # Limited, so that the database asks for each row shown and does not list all that the person may see first.
        return self.with_all().annotate(is_change_seen=IsNull(models.Subquery(seen.values("pk")[:1]), False))


class Observation(models.Model):
    """One report: who found what on which component, when, with which evidence, and what became of it."""

    source = models.CharField(max_length=80)  # the detector, or where it was found
    external_id = models.CharField(max_length=200)
    component = models.ForeignKey("clusters.Component", on_delete=models.PROTECT, related_name="observations")
    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="observations")
    opened_change = models.BooleanField()  # whether the change was opened for it, or was there and covers it
    summary = models.CharField(max_length=280)
    details = models.TextField(blank=True)
    evidence = models.JSONField(default=list, blank=True)  # [{"label": …, "url": …}]
    found_by = models.CharField(max_length=200)  # a person or a program, as the source names it
    observed_at = models.DateTimeField()
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    state = models.CharField(
        max_length=11, choices=[(s, s.replace("_", " ")) for s in ObservationState], default=ObservationState.OPEN
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)

    objects = ObservationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ObservationState)), name="observation_state_known"),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="observation_once",
                violation_error_message="This drift has been reported already.",
            ),
            models.CheckConstraint(
                condition=~Q(source="") & ~Q(external_id="") & ~Q(summary="") & ~Q(found_by=""),
                name="observation_says_who_and_what",
                violation_error_message="A report names its source, its number there, who found it and what.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_RESOLVED)
                & Q(resolved_by__isnull=False, resolved_at__isnull=False)
                & ~Q(resolution="")
                | ~Q(state__in=_RESOLVED) & Q(resolved_by=None, resolved_at=None, resolution=""),
                name="observation_resolved_with_reason",
                violation_error_message="Resolving observed drift names who, when and why.",
            ),
            models.CheckConstraint(
                condition=Q(opened_change=True) | Q(state=ObservationState.ATTACHED),
                name="observation_attached_or_opened",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="observation_by_state"),
            models.Index(fields=["change", "id"], name="observation_by_change"),
            models.Index(fields=["component", "-id"], name="observation_by_component"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"

    def get_absolute_url(self) -> str:
        return f"{Change(number=self.change.number).get_absolute_url()}#observations"


def is_observed(**of: object) -> models.Exists:
    """Whether a change was observed: it is evidence for it, or the change was opened for it."""
    return models.Exists(Observation.objects.filter(**of))
