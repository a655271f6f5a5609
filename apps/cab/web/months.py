"""The month as weeks of days: the first changes of each day, how many there are, what else holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from apps.cab.models import Change
from apps.cab.queries.calendar.sheet import Sheet
from apps.cab.queries.calendar.year import DayFigures
from apps.cab.web.calendar_filter import CalendarFilter
from apps.windows.models import Freeze

MOST_IN_A_DAY = 3  # changes named in a cell; the rest stands behind its number


@dataclass
class MonthDay:
    """One cell."""

    day: date
    figures: DayFigures
    url: str
    conflicts_url: str
    changes: list[Change] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    blackouts: list[str] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many changes the cell does not name."""
        return self.figures.changes - len(self.changes)

    @property
    def kind(self) -> str:
        """What the cell is hatched or ruled for."""
        return "freeze" if self.freezes else "blackout" if self.blackouts else ""


def month_weeks(sheet: Sheet, figures: Sequence[DayFigures], filtered: CalendarFilter) -> list[list[MonthDay]]:
    """Weeks of seven days each, from the sheet of whole weeks and its figures."""
    days = [
        MonthDay(one.day, one, filtered.rows_url(one.day, one.day), filtered.conflicts_url(one.day, one.day))
        for one in figures
    ]
    for change in sheet.changes:
        assert change.window_start_at
        assert change.window_end_at
        for n in sheet.span.days_touched(change.window_start_at, change.window_end_at):
            if len(days[n].changes) < MOST_IN_A_DAY:
                days[n].changes.append(change)
    for here in sheet.freezes:
        for n in sheet.span.days_touched(here.freeze.start_at, here.freeze.end_at):
            days[n].freezes.append(here.freeze)
    for one in sheet.occurrences:
        for n in sheet.span.days_touched(one.start_at, one.end_at) if one.is_blackout else ():
            days[n].blackouts.append(one.definition.name)
    return [days[n : n + 7] for n in range(0, len(days), 7)]
