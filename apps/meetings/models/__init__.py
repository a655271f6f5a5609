"""Tables of the meetings area."""

from apps.meetings.models.actions import ActionItem
from apps.meetings.models.agenda import AgendaItem
from apps.meetings.models.attendance import Attendance
from apps.meetings.models.meetings import Meeting, MeetingSeries
from apps.meetings.models.minutes import Addendum, Minutes, MinutesSection, SectionKind

__all__ = [
    "ActionItem",
    "Addendum",
    "AgendaItem",
    "Attendance",
    "Meeting",
    "MeetingSeries",
    "Minutes",
    "MinutesSection",
    "SectionKind",
]
