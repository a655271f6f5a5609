"""Whom to speak to, about what and by when; and what was said."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.stakeholders.models.initiatives import Initiative
from apps.stakeholders.models.people import Stakeholder


class Engagement(models.Model):
    """One entry of an engagement plan: somebody speaks to a stakeholder until a day."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="engagements")  # part of it
    stakeholder = models.ForeignKey(Stakeholder, on_delete=models.PROTECT, related_name="engagements")
    what = models.CharField(max_length=300)
    due_on = models.DateField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)  # held, or dropped with its reason
    dropped_because = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(dropped_because="") | Q(settled_at__isnull=False), name="engagement_dropped_is_settled"
            )
        ]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(settled_at__isnull=True), name="engagement_due"),
        ]

    def __str__(self) -> str:
        return self.what


class Conversation(models.Model):
    """What was said with a stakeholder, on a day, by somebody of the initiative."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="conversations")  # part of it
    stakeholder = models.ForeignKey(Stakeholder, on_delete=models.PROTECT, related_name="conversations")
    engagement = models.OneToOneField(
        Engagement, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversation"
    )
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    held_on = models.DateField()
    summary = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["initiative", "stakeholder"], name="conversation_with")]

    def __str__(self) -> str:
        return f"{self.stakeholder}, {self.held_on}"
