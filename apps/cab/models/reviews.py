"""Post-implementation reviews."""

from django.conf import settings
from django.db import models

from apps.cab.states import ReviewState


class Review(models.Model):
    """The look back at one implemented change: planned by schedule, reminded, escalated, done."""

    change = models.OneToOneField("cab.Change", on_delete=models.PROTECT, related_name="review")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=[(s, s) for s in ReviewState], default=ReviewState.PLANNED)
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    expected = models.TextField(blank=True)
    happened = models.TextField(blank=True)
    learned = models.TextField(blank=True)
    incidents = models.JSONField(default=list, blank=True)  # references, such as "INC-204", at most 20

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ReviewState)), name="review_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=ReviewState.PLANNED) ^ models.Q(done_at__isnull=False),
                name="review_done_has_time",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="review_due", condition=models.Q(state=ReviewState.PLANNED))]
