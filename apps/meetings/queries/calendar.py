"""Meetings as calendar items."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Person
from apps.meetings.models import Meeting
from apps.meetings.states import MeetingState
from apps.notify.feeds import CalendarItem

LOOK_BACK, LOOK_AHEAD = timedelta(days=30), timedelta(days=120)
MOST_ITEMS = 1000


def calendar_items(person: Person) -> list[CalendarItem]:
    """The meetings of boards this person may know of, from a month ago to four months ahead; cancelled ones say so.

    A meeting keeps its UID when it is moved; each move and the cancellation count its SEQUENCE up.
    """
    now = timezone.now()
    rows = Meeting.objects.visible_to(person).filter(start_at__gte=now - LOOK_BACK, start_at__lt=now + LOOK_AHEAD)
    return [_item(one) for one in rows.select_related("board").order_by("start_at")[:MOST_ITEMS]]


def _item(meeting: Meeting) -> CalendarItem:
    place = f" · {meeting.place}" if meeting.place else ""
    why = f" · Cancelled: {meeting.reason}" if meeting.reason else ""
    return CalendarItem(
        uid=f"meeting-{meeting.pk}@concordat",
        summary=meeting.name,
        start_at=meeting.start_at,
        end_at=meeting.end_at,
        zone=meeting.zone,
        url=settings.PUBLIC_URL + meeting.get_absolute_url(),
        sequence=meeting.sequence,
        changed_at=meeting.changed_at,
        description=f"{meeting.board}{place}{why}",
        is_cancelled=meeting.state == MeetingState.CANCELLED,
    )
