"""What calendar feeds hold: scheduled changes; freezes and blackouts."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.cab.queries.calendar.sheet import MOST_DEFINITIONS
from apps.cab.states import ChangeState
from apps.notify.feeds import CalendarItem
from apps.windows.models import Freeze, RecurringWindow, WindowKind
from apps.windows.queries import expand
from apps.windows.rules.recurrence import Interval
from apps.windows.states import FreezeState

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


def quiet_items(person: Person) -> list[CalendarItem]:
    """Freezes and blackouts this person may know of, over the same days; lifted and retired ones say so.

    A freeze keeps its UID for good, a blackout one for each day it begins on: a moved hour moves the same event.
    """
    now = timezone.now()
    between = (now - LOOK_BACK, now + LOOK_AHEAD)
    items = [*_freeze_items(person, between), *_blackout_items(person, between)]
    return sorted(items, key=lambda one: (one.start_at, one.uid))[:MOST_ITEMS]


def _freeze_items(person: Person, between: Interval) -> list[CalendarItem]:
    rows = Freeze.objects.visible_to(person).filter(state__in=[FreezeState.ENFORCED, FreezeState.LIFTED])
    rows = rows.filter(start_at__lt=between[1], end_at__gt=between[0]).order_by("start_at", "pk")
    return [_freeze_item(one) for one in rows[:MOST_ITEMS]]


def _freeze_item(freeze: Freeze) -> CalendarItem:
    is_lifted = freeze.state == FreezeState.LIFTED
    return CalendarItem(
        uid=f"freeze-{freeze.pk}@concordat",
        summary=f"Freeze: {freeze.name}",
        start_at=freeze.start_at,
        end_at=freeze.end_at,
        zone=freeze.zone,
        url=settings.PUBLIC_URL + freeze.get_absolute_url(),
        sequence=freeze.version * 2 + is_lifted,
        changed_at=freeze.lifted_at or freeze.enforced_at or freeze.created_at,
        description=f"{freeze.get_strength_display().capitalize()}. {freeze.reason}".strip(),
        is_cancelled=is_lifted,
    )


def _blackout_items(person: Person, between: Interval) -> list[CalendarItem]:
    rows = RecurringWindow.objects.visible_to(person).filter(kind=WindowKind.BLACKOUT)
    rows = rows.filter(Q(retired_at__isnull=True) | Q(retired_at__gte=between[0])).order_by("pk")
    return [_blackout_item(one, *when) for one in rows[:MOST_DEFINITIONS] for when in expand(one, between=between)]


def _blackout_item(window: RecurringWindow, start_at: datetime, end_at: datetime) -> CalendarItem:
    day = start_at.astimezone(ZoneInfo(window.zone))
    return CalendarItem(
        uid=f"blackout-{window.pk}-{day:%Y%m%d}@concordat",
        summary=f"Blackout: {window.name}",
        start_at=start_at,
        end_at=end_at,
        zone=window.zone,
        url=settings.PUBLIC_URL + window.get_absolute_url(),
        sequence=window.version,
        changed_at=window.retired_at or window.created_at,
        description=window.reason,
        is_cancelled=window.retired_at is not None and start_at >= window.retired_at,
    )
