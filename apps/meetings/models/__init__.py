"""Tables of the meetings area."""

from apps.meetings.models.actions import ActionItem
from apps.meetings.models.agenda import AgendaItem
from apps.meetings.models.attendance import Attendance
from apps.meetings.models.meetings import Meeting, MeetingSeries

__all__ = ["ActionItem", "AgendaItem", "Attendance", "Meeting", "MeetingSeries"]
