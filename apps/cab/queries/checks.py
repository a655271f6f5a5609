"""Questions about checks: which come up on a change, and which of them nobody has answered there."""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.cab.models import Change, ChangeComponent, CheckHit, ReviewCheck, StandardProposal
from apps.cab.states import CheckState, ProposalState


def matching(change: Any, *, type: Any, cluster: Any) -> QuerySet[ReviewCheck]:  # noqa: A002  # the field's own name
    """The checks in force whose scope the change is in. The three may be values or references to an outer row."""
    parts = ChangeComponent.objects.filter(change=change)
    return ReviewCheck.objects.filter(
        Q(type="") | Q(type=type),
        Q(component=None) | Exists(parts.filter(component=OuterRef("component"))),
        Q(component_kind="") | Exists(parts.filter(component__kind=OuterRef("component_kind"))),
        Q(cluster=None) | Q(cluster=cluster) | Exists(parts.filter(component__cluster=OuterRef("cluster"))),
        state=CheckState.IN_FORCE,
    )


def checks_on(change: Change) -> list[Any]:
    """The checks that come up on the change or were answered there, the oldest first, with `answer` and `hit_count`."""
    mine = CheckHit.objects.filter(change=change, check_asked=OuterRef("pk"))
    found = matching(change.pk, type=change.type, cluster=change.cluster_id).exclude(change=change)
    rows = ReviewCheck.objects.filter(Q(pk__in=found.values("pk")) | Exists(mine)).select_related("change")
    return list(
        rows.annotate(
            answer=Subquery(mine.values("answer")[:1]),
            answerer=Subquery(mine.values("answered_by__name")[:1]),
            answered_at=Subquery(mine.values("answered_at")[:1]),
            hit_count=Count("hits", distinct=True),
        ).order_by("pk")
    )


def unanswered_on(change: Change) -> list[str]:
    """The questions that come up on the change and that nobody has answered there."""
    hits = CheckHit.objects.filter(change=change).values("check_asked")
    rows = matching(change.pk, type=change.type, cluster=change.cluster_id).exclude(change=change)
    return list(rows.exclude(pk__in=hits).order_by("pk").values_list("question", flat=True))


def hits_of(check: ReviewCheck, seen: QuerySet[Change]) -> QuerySet[CheckHit]:
    """Where the check came up, among the changes seen, the latest first."""
    rows = CheckHit.objects.filter(check_asked=check, change__in=seen.values("pk"))
    return rows.select_related("change__cluster", "answered_by").order_by("-pk")


def proposals_overdue_on(day: date) -> QuerySet[StandardProposal]:
    """Open proposals whose day has passed and whose owner was not reminded."""
    return StandardProposal.objects.filter(state=ProposalState.OPEN, due_on__lt=day, reminded_at=None).order_by(
        F("due_on")
    )
