"""What the room agreed that somebody does."""

from django.conf import settings
from django.db import models

from apps.meetings.models.agenda import AgendaItem
from apps.meetings.models.meetings import Meeting
from apps.meetings.states import ActionState


class ActionItem(models.Model):
    """A task with an owner and a due date, agreed in a meeting, about an item of its agenda or about none."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="action_items")
    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, null=True, blank=True, related_name="action_items")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="action_items")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=[(s, s) for s in ActionState], default=ActionState.OPEN)
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ActionState)), name="action_item_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=ActionState.DONE) ^ models.Q(done_at__isnull=True),
                name="action_item_done_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "due_on"], name="action_item_open", condition=models.Q(state=ActionState.OPEN)
            ),
            models.Index(fields=["meeting"], name="action_item_by_meeting"),
        ]

    def __str__(self) -> str:
        return self.text
