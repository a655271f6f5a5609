"""How full each day is: changes counted by the database, freezes, blackouts and open conflicts beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import TruncDate

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.cab.queries.calendar.sheet import (
    ConflictHere,
    FreezeHere,
    Sheet,
    conflicts_in,
    freezes_in,
    occurrences_in,
    touching,
)
from apps.cab.rules.calendar import DAY, Span
from apps.clusters.models import Cluster
from apps.kernel.windows import LONGEST
from apps.windows.models import WindowKind
from apps.windows.queries import Occurrence
from apps.windows.rules.recurrence import Interval

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class DayFigures:
    """What one day holds. Something that lasts over midnight counts on every day it touches."""

    day: date
    changes: int
    freezes: int
    blackouts: int
    conflicts: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on it."""
        return not (self.changes or self.freezes or self.blackouts or self.conflicts)


def days_of(
    person: Person, span: Span, rows: "QuerySet[Change]", *, cluster: Cluster | None = None
) -> list[DayFigures]:
    """Every day of the span with its figures. `rows` are the changes asked for, already narrowed to what is seen."""
    blackouts = occurrences_in(span, person, cluster, kind=WindowKind.BLACKOUT)
    return _figures(
        span,
        _changes(rows, span),
        freezes_in(span, person, cluster),
        blackouts,
        conflicts_in(span, person, cluster),
    )


def days_on(sheet: Sheet, rows: "QuerySet[Change]") -> list[DayFigures]:
    """The same of a sheet that has been read; the database is asked only where the sheet does not hold every change."""
    changes = _changes(rows, sheet.span) if sheet.is_cut else _counted(sheet.span, map(_planned, sheet.changes))
    return _figures(sheet.span, changes, sheet.freezes, sheet.occurrences, sheet.conflicts)


def _figures(
    span: Span,
    changes: list[int],
    freezes: Iterable[FreezeHere],
    occurrences: Iterable[Occurrence],
    conflicts: Iterable[ConflictHere],
) -> list[DayFigures]:
    counts = (
        changes,
        _counted(span, ([(one.freeze.start_at, one.freeze.end_at)] for one in freezes)),
        _counted(span, ([(one.start_at, one.end_at)] for one in occurrences if one.is_blackout)),
        _counted(span, (one.ranges for one in conflicts)),
    )
    return [DayFigures(day, *figures) for day, *figures in zip(span.days, *counts, strict=True)]


def _planned(change: Change) -> list[Interval]:
    assert change.window_start_at
    assert change.window_end_at
    return [(change.window_start_at, change.window_end_at)]


def _changes(rows: "QuerySet[Change]", span: Span) -> list[int]:
    """Changes a day: the database counts by first and last day, so that few rows come back however many there are."""
    # No window is longer than a year, which gives the index on its start both ends.
    found = touching(rows, span.start_at, span.end_at).filter(window_start_at__gt=span.start_at - LONGEST - DAY)
    last = ExpressionWrapper(F("window_end_at") - INSTANT, output_field=DateTimeField())
    days = {"first_on": TruncDate("window_start_at", tzinfo=span.zone), "last_on": TruncDate(last, tzinfo=span.zone)}
    steps = [0] * (len(span.days) + 1)
    counted: Any = found.values(**days).annotate(many=Count("pk")).order_by()
    for one in counted:
        steps[max((one["first_on"] - span.first).days, 0)] += one["many"]
        steps[min((one["last_on"] - span.first).days + 1, len(span.days))] -= one["many"]
    return list(accumulate(steps))[:-1]


def _counted(span: Span, things: Iterable[Iterable[Interval]]) -> list[int]:
    """How many of the things touch each day; a thing of several ranges counts once a day."""
    counts = [0] * len(span.days)
    for ranges in things:
        for n in {n for both in ranges for n in span.days_touched(*both)}:
            counts[n] += 1
    return counts
