"""The timers of the room. Pure functions."""

from datetime import datetime

LEVELS = (100, 75, 50)  # percent of an item's minutes at which the room is told


def spent_seconds(*, before: int, taken_at: datetime | None, at: datetime) -> int:
    """Seconds the room has spoken of an item: earlier turns and the one that runs."""
    return before + (max(0, int((at - taken_at).total_seconds())) if taken_at else 0)


def level(*, seconds: int, minutes: int) -> int:
    """The last mark passed: 0, 50, 75 or 100 percent of the item's minutes."""
    return next((mark for mark in LEVELS if seconds * 100 >= mark * minutes * 60), 0)
