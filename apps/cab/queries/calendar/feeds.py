"""Scheduled changes as calendar items."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.cab.states import ChangeState
from apps.notify.feeds import CalendarItem

LOOK_BACK = timedelta(days=30)
LOOK_AHEAD = timedelta(days=180)
MOST_ITEMS = 2000
PLANNED = [
    ChangeState.AUTHORIZED,
    ChangeState.SCHEDULED,
    ChangeState.IMPLEMENTING,
    ChangeState.IMPLEMENTED,
    ChangeState.IN_REVIEW,
    ChangeState.CLOSED,
    ChangeState.CANCELLED,
]


def calendar_items(person: Person) -> list[CalendarItem]:
    """Changes this person may see, planned between a month ago and half a year ahead; cancelled ones say so.

    A change that went back to the board leaves the calendar; its UID stays the same when it returns.
    """
    now = timezone.now()
    rows = (
        Change.objects.visible_to(person)
        .filter(state__in=PLANNED, window_start_at__gte=now - LOOK_BACK, window_start_at__lt=now + LOOK_AHEAD)
        .exclude(state=ChangeState.CANCELLED, decided_at__isnull=True)
        .select_related("cluster")
        .order_by("window_start_at")[:MOST_ITEMS]
    )
    return [_item(change) for change in rows]


def _item(change: Change) -> CalendarItem:
    assert change.window_start_at is not None
    assert change.window_end_at is not None
    is_cancelled = change.state == ChangeState.CANCELLED
    return CalendarItem(
        uid=f"change-{change.pk}@concordat",
        summary=f"{change.reference} {change.title}",
        start_at=change.window_start_at,
        end_at=change.window_end_at,
        zone=change.window_zone,
        url=settings.PUBLIC_URL + change.get_absolute_url(),
        sequence=change.revision * 2 + is_cancelled,
        changed_at=change.closed_at or change.decided_at or change.created_at,
        description=f"{change.cluster} · risk {change.risk} · {change.state.replace('_', ' ')}",
        is_cancelled=is_cancelled,
    )
