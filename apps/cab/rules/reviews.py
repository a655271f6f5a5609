"""When a post-implementation review is due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# Calendar days for planned work; emergencies are looked at within five working days, while people remember.
DAYS = {"standard": 30, "normal": 14}
EMERGENCY_WORKING_DAYS = 5
SATURDAY = 5  # date.weekday() counts from Monday, 0
REMIND_BEFORE = timedelta(days=2)
ESCALATE_AFTER = timedelta(days=2)


def due_at(*, type: str, implemented_at: datetime, zone: str) -> datetime:  # noqa: A002  # the field's own name
    """The instant a review is due: the same wall-clock time in the cluster's zone, days later."""
    local = implemented_at.astimezone(ZoneInfo(zone))
    if type != "emergency":
        return local + timedelta(days=DAYS[type])
    left = EMERGENCY_WORKING_DAYS
    while left:
        local += timedelta(days=1)
        left -= local.weekday() < SATURDAY
    return local
