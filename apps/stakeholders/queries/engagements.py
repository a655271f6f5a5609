"""Questions about engagement plans: what is planned, what is due, what was said."""

from datetime import date, datetime

from django.db.models import F, Q, QuerySet

from apps.stakeholders.models import Conversation, Engagement, Initiative
from apps.stakeholders.rules.initiatives import REMIND_BEFORE


def plan_of(initiative: Initiative) -> QuerySet[Engagement]:
    """Every entry of the plan, open ones first, the soonest first."""
    rows = Engagement.objects.filter(initiative=initiative).select_related("stakeholder", "owner", "conversation")
    return rows.order_by(F("settled_at").asc(nulls_first=True), "due_on", "pk")


def conversations_of(initiative: Initiative) -> QuerySet[Conversation]:
    """What was said, newest first."""
    rows = Conversation.objects.filter(initiative=initiative).select_related("stakeholder", "held_by", "engagement")
    return rows.order_by("-held_on", "-pk")


def due_reminders(at: datetime) -> QuerySet[Engagement]:
    """Open entries of open initiatives to remind of: three days ahead, and once more when their day is past."""
    today: date = at.date()
    soon = Q(due_on__lte=today + REMIND_BEFORE, reminded_at__isnull=True)
    overdue = Q(due_on__lt=today, reminded_at__date__lte=F("due_on"))
    rows = Engagement.objects.filter(settled_at__isnull=True, initiative__closed_at__isnull=True)
    return rows.filter(soon | overdue).order_by("due_on", "pk")


def is_overdue(entry: Engagement, *, at: datetime) -> bool:
    """Whether its day is past and nothing was said."""
    return entry.settled_at is None and entry.due_on < at.date()
