"""The year as a heat map of months and as its table: written straight, for it has a cell for each of 365 days."""

from collections.abc import Sequence
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from apps.cab.queries.calendar.year import DayFigures
from apps.cab.web.calendar_filter import CalendarFilter

LEVELS = 4  # shades, the emptiest day (none) aside
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HEAD = "".join(f'<th scope="col"><abbr title="{name}">{name[0]}</abbr></th>' for name in WEEKDAYS)


def level(changes: int, most: int) -> int:
    """The shade of a day, 0 (nothing) to 4 (as full as the fullest)."""
    return -(-LEVELS * changes // most) if most else 0


def key_of(figures: Sequence[DayFigures]) -> list[tuple[int, str]]:
    """The shades in use with the numbers they stand for."""
    most = max((one.changes for one in figures), default=0)
    ranges: dict[int, list[int]] = {}
    for many in range(1, most + 1):
        ranges.setdefault(level(many, most), []).append(many)
    words = {n: f"{those[0]}–{those[-1]}" if len(those) > 1 else str(those[0]) for n, those in ranges.items()}
    return sorted(words.items())


def months(figures: Sequence[DayFigures], filtered: CalendarFilter) -> SafeString:
    """A small table for each month; a day's cell opens its changes. Only numbers and days: nothing needs escaping."""
    base = filtered.rows_base.replace("&", "&amp;")
    most = max((one.changes for one in figures), default=0)
    parts = []
    for _, group in groupby(figures, key=lambda one: one.day.month):
        days = list(group)
        cells = ["<td></td>"] * days[0].day.weekday() + [_cell(one, level(one.changes, most), base) for one in days]
        rows = "".join(f"<tr>{''.join(cells[n : n + 7])}</tr>" for n in range(0, len(cells), 7))
        caption = f"<caption>{days[0].day:%B}</caption>"
        parts.append(f"<table>{caption}<thead><tr>{_HEAD}</tr></thead><tbody>{rows}</tbody></table>")
    return mark_safe("".join(parts))  # noqa: S308  # numbers and days of our own


def _cell(one: DayFigures, shade: int, base: str) -> str:
    kind = "freeze" if one.freezes else "blackout" if one.blackouts else ""
    marks = (f' data-kind="{kind}"' if kind else "") + (" data-conflicts" if one.conflicts else "")
    label = f"{one.day.day} {one.day:%B}: {', '.join(words(one))}"
    address = f"{base}&amp;since={one.day}&amp;until={one.day}"
    link = f'<a href="{address}" data-level="{shade}"{marks} aria-label="{label}" title="{label}">{one.day.day}</a>'
    return f"<td>{link}</td>"


def words(one: DayFigures) -> list[str]:
    """What a day holds, as it is said."""
    named = (
        (one.changes, "change", "changes"),
        (one.freezes, "freeze", "freezes"),
        (one.blackouts, "blackout", "blackouts"),
        (one.conflicts, "open conflict", "open conflicts"),
    )
    said = [f"{many} {single if many == 1 else several}" for many, single, several in named if many]
    return said or ["nothing"]


def table_rows(figures: Sequence[DayFigures], filtered: CalendarFilter) -> SafeString:
    """The rows of the table twin: the days that hold something, each number opening its rows."""
    base = filtered.rows_base.replace("&", "&amp;")
    held = filtered.conflicts_base.replace("&", "&amp;")
    return mark_safe(  # noqa: S308  # numbers and days of our own
        "".join(_row(one, base, held) for one in figures if not one.is_empty)
    )


def _row(one: DayFigures, base: str, held: str) -> str:
    days = f"&amp;since={one.day}&amp;until={one.day}"
    numbers = {
        "Changes": _opening(one.changes, f"{base}{days}"),
        "Freezes": _opening(one.freezes, "/freezes/"),
        "Blackouts": _opening(one.blackouts, f"/calendar/{one.day}/"),
        "Conflicts": _opening(one.conflicts, f"{held}{days}"),
    }
    cells = "".join(f'<td class="num" data-label="{label}">{number}</td>' for label, number in numbers.items())
    name = f'<a href="/calendar/{one.day}/">{one.day:%a} {one.day.day} {one.day:%b}</a>'
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _opening(many: int, address: str) -> str:
    return f'<a href="{address}">{many}</a>' if many else '<span class="muted">0</span>'
