"""Conflicts of a planned change: with another change, with a window or blackout, with a freeze."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from apps.cab.models.changes import Change
from apps.cab.rules.conflicts import sentence
from apps.cab.states import ConflictState

if TYPE_CHECKING:
    from apps.accounts.models import Person


class ConflictKind(models.TextChoices):
    SAME_COMPONENT = "same_component", "same component"
    DEPENDENCY = "dependency", "dependency"
    FAILOVER = "failover", "failover partner"
    PERSON = "person", "person double-booked"
    OUTSIDE_WINDOW = "outside_window", "outside maintenance windows"
    BLACKOUT = "blackout", "blackout"
    FREEZE = "freeze", "freeze"


_PAIR = [ConflictKind.SAME_COMPONENT, ConflictKind.DEPENDENCY, ConflictKind.FAILOVER, ConflictKind.PERSON]


class ConflictQuerySet(models.QuerySet["Conflict"]):
    def visible_to(self, person: "Person") -> Self:
        """Conflicts of changes this person may know of: of both where there are two.

        Who may not know of the other change learns nothing of it here; its own people see the conflict.
        """
        seen = Change.objects.visible_to(person).values("pk")
        return self.filter(models.Q(other__isnull=True) | models.Q(other__in=seen), change__in=seen)

    def of_change(self, change_id: int) -> Self:
        """Those the change is in, on either side."""
        return self.filter(models.Q(change=change_id) | models.Q(other=change_id))

    def stopping(self) -> Self:
        """The open ones that keep a change from being scheduled and started."""
        return self.filter(state=ConflictState.OPEN, is_stopping=True)

    def with_both(self) -> Self:
        """With what its sentence and its links name."""
        return self.select_related("change__cluster", "other__cluster", "accepted_by").defer(
            "change__search", "other__search"
        )


class Conflict(models.Model):
    """One conflict. Of two changes the one with the lower id is `change`, so that each pair stands here once."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="conflicts")  # nothing without it
    other = models.ForeignKey(Change, on_delete=models.CASCADE, null=True, related_name="conflicts_of_others")
    window = models.ForeignKey("windows.RecurringWindow", on_delete=models.PROTECT, null=True, related_name="+")
    freeze = models.ForeignKey("windows.Freeze", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=14, choices=ConflictKind.choices)
    state = models.CharField(max_length=8, choices=[(s, s) for s in ConflictState], default=ConflictState.OPEN)
    is_stopping = models.BooleanField()  # open, it stops the change; otherwise it only warns
    details = models.JSONField(default=dict)  # as rules.conflicts writes them
    digest = models.CharField(max_length=64)  # SHA-256 of the inputs it was found from, hex
    found_at = models.DateTimeField()
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    accepted_reason = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)

    objects = ConflictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=ConflictKind.values), name="conflict_kind_known"),
            models.CheckConstraint(condition=models.Q(state__in=list(ConflictState)), name="conflict_state_known"),
            models.CheckConstraint(
                condition=models.Q(kind__in=_PAIR, other__gt=models.F("change"), window=None, freeze=None)
                | models.Q(kind=ConflictKind.BLACKOUT, other=None, window__isnull=False, freeze=None)
                | models.Q(kind=ConflictKind.FREEZE, other=None, window=None, freeze__isnull=False)
                | models.Q(kind=ConflictKind.OUTSIDE_WINDOW, other=None, window=None, freeze=None),
                name="conflict_names_what_it_is_with",
            ),
            models.UniqueConstraint(
                fields=["change", "kind", "other", "window", "freeze"], name="conflict_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_by=None, accepted_at=None, accepted_reason="")
                & ~models.Q(state=ConflictState.ACCEPTED)
                | models.Q(accepted_by__isnull=False, accepted_at__isnull=False)
                & ~models.Q(accepted_reason="")
                & ~models.Q(state=ConflictState.OPEN),
                name="conflict_accepted_with_reason",
                violation_error_message="Accepting a conflict needs a reason.",
            ),
            models.CheckConstraint(
                condition=models.Q(state=ConflictState.RESOLVED) ^ models.Q(resolved_at=None),
                name="conflict_resolved_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["other"], name="conflict_by_other", condition=models.Q(other__isnull=False)),
            models.Index(fields=["state", "-id"], name="conflict_by_state"),
        ]

    @property
    def sentence(self) -> str:
        """What the conflict is, as its lower-numbered side reads it."""
        return self.sentence_for(self.change_id)

    def sentence_for(self, change_id: int) -> str:
        """What the conflict is, as the change with this id reads it; both changes have been read."""
        mirrored = change_id == self.other_id
        other = self.change if mirrored else self.other
        return sentence(self.kind, self.details, other=other.reference if other else "", mirrored=mirrored)

    @property
    def may_be_accepted(self) -> bool:
        """Whether a reason is enough: a hard freeze wants an exception of its own."""
        return not self.details.get("is_hard")


class ConflictOverflow(models.Model):
    """A change that meets others in more places than are looked at: its list of conflicts is not the whole of them."""

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="+", primary_key=True)


class ConflictRecheck(models.Model):
    """A change whose conflicts have to be looked at again: what a change of many inputs at once leaves to the job."""

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="+", primary_key=True)
