"""Tables of the meetings area."""

from apps.meetings.models.agenda import AgendaItem
from apps.meetings.models.attendance import Attendance
from apps.meetings.models.meetings import Meeting, MeetingSeries

__all__ = ["AgendaItem", "Attendance", "Meeting", "MeetingSeries"]
