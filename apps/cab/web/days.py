"""The week as a list of its days, for a narrow screen: what begins on each day in order of time, and its freezes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from apps.cab.models import Change
from apps.cab.queries.calendar.sheet import FreezeHere, Sheet
from apps.cab.rules.calendar import Span
from apps.cab.web.calendar_filter import CalendarFilter
from apps.clusters.models import Cluster
from apps.windows.queries import Occurrence

MOST_ON_A_DAY = 20  # changes; the rest stands behind one link to the list
MOST_WINDOWS = 12
FEW_NAMES = 3  # of clusters that a freeze is limited to


@dataclass(frozen=True)
class Mark:
    """A freeze, blackout or maintenance window on a day; `place` is where it holds."""

    kind: str  # as a band of the lanes
    word: str
    name: str
    url: str
    times: str
    place: str


@dataclass(frozen=True)
class Entry:
    """A change on the day it begins, or on the first day shown."""

    change: Change
    times: str
    conflicts: int
    may_move: bool


@dataclass
class Day:
    """One day; freezes stand on every day they touch, everything else on its first."""

    day: date
    count: int
    url: str
    marks: list[Mark] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    more: int = 0
    more_marks: int = 0


def listed(found: Sheet, filtered: CalendarFilter, heads: list[dict[str, Any]]) -> list[Day]:
    """The days of the sheet; `heads` gives each its number of changes and the address of its rows."""
    known = {one.pk: one for one in filtered.clusters}
    marks, entries = defaultdict[int, list[Mark]](list), defaultdict[int, list[Entry]](list)
    for here in found.freezes:
        for n in found.span.days_touched(here.freeze.start_at, here.freeze.end_at):
            marks[n].append(_freeze(here, found.span, n, known))
    for one in found.occurrences:
        marks[found.span.days_touched(one.start_at, one.end_at).start].append(_window(one, found.span))
    for change in found.changes:
        assert change.window_start_at
        assert change.window_end_at
        first = found.span.days_touched(change.window_start_at, change.window_end_at).start
        entries[first].append(_entry(change, found))
    return [_day(head, marks[n], entries[n]) for n, head in enumerate(heads)]


def _day(head: dict[str, Any], marks: list[Mark], entries: list[Entry]) -> Day:
    return Day(
        head["day"],
        head["count"],
        head["url"],
        marks[:MOST_WINDOWS],
        entries[:MOST_ON_A_DAY],
        max(len(entries) - MOST_ON_A_DAY, 0),
        max(len(marks) - MOST_WINDOWS, 0),
    )


def _freeze(here: FreezeHere, span: Span, n: int, known: dict[int, Cluster]) -> Mark:
    freeze = here.freeze
    kind, word = ("freeze", "Freeze") if freeze.strength == "hard" else ("soft", "Soft freeze")
    start_at, end_at = span.midnight(span.days[n]), span.midnight(date.fromordinal(span.days[n].toordinal() + 1))
    is_whole = freeze.start_at <= start_at and freeze.end_at >= end_at
    times = "all day" if is_whole else _times(max(freeze.start_at, start_at), min(freeze.end_at, end_at), span)
    names = sorted(known[pk].name for pk in here.cluster_ids if pk in known)
    more = f" and {len(names) - FEW_NAMES} more" if len(names) > FEW_NAMES else ""
    return Mark(kind, word, freeze.name, freeze.get_absolute_url(), times, ", ".join(names[:FEW_NAMES]) + more)


def _window(one: Occurrence, span: Span) -> Mark:
    window = one.definition
    word = "Blackout" if one.is_blackout else "Maintenance window"
    place = window.cluster.name if window.cluster else ""
    return Mark(
        window.kind, word, window.name, window.get_absolute_url(), _times(one.start_at, one.end_at, span), place
    )


def _entry(change: Change, found: Sheet) -> Entry:
    assert change.window_start_at
    assert change.window_end_at
    times = _times(change.window_start_at, change.window_end_at, found.span)
    return Entry(change, times, found.conflicts_by_change[change.pk], change.pk in found.movable)


def _times(start_at: datetime, end_at: datetime, span: Span) -> str:
    """Start and end on the clock of the span's zone; an end on another day, or a start before the span, names it."""
    start, end = start_at.astimezone(span.zone), end_at.astimezone(span.zone)
    begun = f"{start:%H:%M}" if start_at >= span.start_at else f"{start:%a %H:%M}"
    return f"{begun} – {end:%H:%M}" if end.date() == start.date() else f"{begun} – {end:%a %H:%M}"
