"""Exceptions from freezes: one change asks to run in spite of one freeze."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.cab.models.changes import Change
from apps.cab.states import ExceptionState
from apps.windows.models import Freeze

if TYPE_CHECKING:
    from apps.accounts.models import Person

_UNDECIDED = Q(decided_by=None, decided_at=None, decision_reason="")
_DECIDED = Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_reason="")


class FreezeExceptionQuerySet(models.QuerySet["FreezeException"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of changes and freezes that this person may know of."""
        return self.filter(
            change__in=Change.objects.visible_to(person).values("pk"),
            freeze__in=Freeze.objects.visible_to(person).values("pk"),
        )

    def in_force(self) -> Self:
        """The granted ones: their freeze does not stop their change."""
        return self.filter(state=ExceptionState.GRANTED)

    def with_all(self) -> Self:
        """With everything that a row names."""
        return self.select_related("change__cluster", "freeze", "requested_by", "decided_by")


class FreezeException(models.Model):
    """One request, its clock and its decision. What was granted holds for the revision that asked, or ends."""

    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="freeze_exceptions")
    freeze = models.ForeignKey("windows.Freeze", on_delete=models.PROTECT, related_name="exceptions")
    revision = models.PositiveIntegerField()  # of the change, as it was when it asked
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=[(s, s) for s in ExceptionState], default=ExceptionState.REQUESTED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decide_by = models.DateTimeField()  # the clock: open after it, it expires
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # expired or withdrawn
    ended_because = models.CharField(max_length=200, blank=True)

    objects = FreezeExceptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ExceptionState)), name="freeze_exception_state_known"),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="freeze_exception_has_reason",
                violation_error_message="An exception is asked for with a reason.",
            ),
            models.UniqueConstraint(
                fields=["change", "freeze"],
                condition=Q(state__in=[ExceptionState.REQUESTED, ExceptionState.GRANTED]),
                name="freeze_exception_one_open",
                violation_error_message="An exception of this change from this freeze is asked for or granted already.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ExceptionState.REQUESTED, ExceptionState.WITHDRAWN]) & _UNDECIDED
                | Q(state__in=[ExceptionState.GRANTED, ExceptionState.DENIED]) & _DECIDED
                | Q(state=ExceptionState.EXPIRED) & (_UNDECIDED | _DECIDED),
                name="freeze_exception_decided_with_reason",
                violation_error_message="A decision about an exception names who decided, when and why.",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="freeze_exception_not_by_requester",
                violation_error_message="Nobody decides the exception that they asked for.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ExceptionState.EXPIRED, ExceptionState.WITHDRAWN])
                ^ Q(ended_at=None, ended_because=""),
                name="freeze_exception_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(decide_by__gt=F("requested_at")), name="freeze_exception_clock_runs_forward"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="freeze_exception_by_state"),
            models.Index(fields=["freeze", "-id"], name="freeze_exception_by_freeze"),
            models.Index(
                fields=["decide_by"], name="freeze_exception_open", condition=Q(state=ExceptionState.REQUESTED)
            ),
        ]

    def __str__(self) -> str:
        return f"exception of {self.change_id} from {self.freeze_id}, {self.state}"

    def get_absolute_url(self) -> str:
        return f"{reverse('cab:change', args=[self.change.reference])}#freezes"
