"""What reviews leave behind: checks that come up on the next similar change, and proposals to change a standard."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.urls import reverse

from apps.cab.models.changes import Change, ChangeType
from apps.cab.states import CheckState, ProposalState
from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from datetime import date

    from apps.accounts.models import Person


class ReviewCheckQuerySet(models.QuerySet["ReviewCheck"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of the federation, and of clusters this person may know of."""
        return self.filter(Q(cluster=None) | Q(cluster__in=Cluster.objects.visible_to(person).values("pk")))

    def with_hits(self) -> Self:
        """With what a row names, and on how many changes it has come up."""
        rows = self.select_related("change", "cluster", "component__cluster", "added_by", "retired_by")
        return rows.annotate(hit_count=Count("hits", distinct=True))


class ReviewCheck(models.Model):
    """A question that a review found worth asking again, and of which changes. An empty scope means "all"."""

    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="checks_found")  # the reviewed one
    question = models.CharField(max_length=300)
    cluster = models.ForeignKey(
        "clusters.Cluster", on_delete=models.PROTECT, null=True, blank=True, related_name="review_checks"
    )
    type = models.CharField(max_length=10, choices=ChangeType.choices, blank=True)
    component = models.ForeignKey(
        "clusters.Component", on_delete=models.PROTECT, null=True, blank=True, related_name="review_checks"
    )
    component_kind = models.CharField(max_length=40, blank=True)
    state = models.CharField(
        max_length=8, choices=[(s, s.replace("_", " ")) for s in CheckState], default=CheckState.IN_FORCE
    )
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_because = models.TextField(blank=True)

    objects = ReviewCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(CheckState)), name="check_state_known"),
            models.CheckConstraint(condition=Q(type__in=["", *ChangeType.values]), name="check_type_known"),
            models.CheckConstraint(
                condition=~Q(question=""),
                name="check_asks_something",
                violation_error_message="A check asks something.",
            ),
            models.CheckConstraint(
                condition=~Q(type="") | Q(component__isnull=False) | ~Q(component_kind=""),
                name="check_has_scope",
                violation_error_message="A check is about a type of change, a component, or a kind of component.",
            ),
            models.CheckConstraint(
                condition=Q(state=CheckState.IN_FORCE, retired_by=None, retired_at=None, retired_because="")
                | Q(state=CheckState.RETIRED, retired_by__isnull=False, retired_at__isnull=False)
                & ~Q(retired_because=""),
                name="check_retired_with_reason",
                violation_error_message="A check is retired with a reason.",
            ),
        ]
        indexes = [
            models.Index(fields=["cluster", "-id"], name="check_in_force", condition=Q(state=CheckState.IN_FORCE)),
            models.Index(fields=["change", "id"], name="check_by_change"),
        ]

    def __str__(self) -> str:
        return self.question

    def get_absolute_url(self) -> str:
        return reverse("cab:check", args=[self.pk])


class CheckHit(models.Model):
    """A check that came up on a change, and what its authors answered."""

    check_asked = models.ForeignKey(ReviewCheck, on_delete=models.PROTECT, related_name="hits")
    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="check_hits")
    answer = models.TextField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_asked", "change"],
                name="check_hit_once",
                violation_error_message="This check has been answered on this change.",
            ),
            models.CheckConstraint(condition=~Q(answer=""), name="check_hit_has_answer"),
        ]
        indexes = [models.Index(fields=["change", "check_asked"], name="check_hit_by_change")]

    def __str__(self) -> str:
        return f"answer to check {self.check_asked_id} on {self.change_id}"


class StandardProposalQuerySet(models.QuerySet["StandardProposal"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of changes this person may see, and those that are theirs to carry out."""
        return self.filter(Q(change__in=Change.objects.visible_to(person).values("pk")) | Q(owner=person))

    def with_all(self) -> Self:
        """With everything that a row names."""
        return self.select_related("change", "owner", "proposed_by")


class StandardProposal(models.Model):
    """A review's proposal to change a standard: who sees to it, by when, and what became of it."""

    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="standard_proposals")
    standard = models.CharField(max_length=200)
    text = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="standard_proposals")
    due_on = models.DateField()
    state = models.CharField(max_length=7, choices=[(s, s) for s in ProposalState], default=ProposalState.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    objects = StandardProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ProposalState)), name="standard_proposal_state_known"),
            models.CheckConstraint(
                condition=~Q(standard="") & ~Q(text=""),
                name="standard_proposal_says_what",
                violation_error_message="A proposal names the standard and says what should change.",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, closed_at=None, note="")
                | ~Q(state=ProposalState.OPEN) & Q(closed_at__isnull=False) & ~Q(note=""),
                name="standard_proposal_closed_with_note",
                violation_error_message="A proposal is closed with a sentence that says why.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="standard_proposal_by_state"),
            models.Index(fields=["due_on"], name="standard_proposal_due", condition=Q(state=ProposalState.OPEN)),
        ]

    def __str__(self) -> str:
        return f"{self.standard}: {self.text[:60]}"

    def is_overdue(self, today: "date") -> bool:
        """Whether it is open after its day."""
        return self.state == ProposalState.OPEN and self.due_on < today
