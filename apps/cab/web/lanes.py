"""The week as lanes: where each change, freeze and window stands on a scale of elapsed time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe

from apps.cab.models import Change
from apps.cab.queries.calendar.sheet import Sheet
from apps.cab.rules.calendar import Span, footprint, packed
from apps.cab.web.calendar_filter import CalendarFilter
from apps.clusters.models import Cluster
from apps.kernel.windows import zone_word

LEAST_READABLE = 13.9  # percent of a week that a change needs to show its time and reference
SHORT = 0.75  # of what can be read: a band below it has its name beside it
MOST_IN_A_CELL = 6  # changes of one lane and day; the rest stands behind one link to the list
MOST_BANDS = 24  # windows and freezes of one lane
FEDERATION = 0  # the key of the lane that is no cluster's


@dataclass(frozen=True)
class Band:
    """A freeze, a blackout or a maintenance window on a lane. Times are in the viewer's zone."""

    key: str
    kind: str  # "freeze", "soft", "blackout", "maintenance"
    word: str
    name: str
    url: str
    start_at: datetime
    end_at: datetime
    is_short: bool = False  # too short to hold its name, which then stands behind it
    is_last: bool = False  # so short at the end of the span that its name stands before it


@dataclass(frozen=True)
class Item:
    """A change on a lane."""

    key: str
    change: Change
    column: int  # the first day it touches
    continues: bool  # it began before the span
    own_time: str  # its start on its own zone's clock, where that differs
    conflicts: int
    may_move: bool

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        assert self.change.window_start_at
        assert self.change.window_end_at
        return int((self.change.window_end_at - self.change.window_start_at).total_seconds())


@dataclass
class Lane:
    """One cluster's lane, or the federation's."""

    key: str
    cluster: Cluster | None
    bands: list[Band] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    more: list[dict[str, Any]] = field(default_factory=list)
    more_bands: int = 0

    @property
    def is_tall(self) -> bool:
        """Whether a change on it also shows its own zone's clock."""
        return any(one.own_time for one in self.items)


@dataclass(frozen=True)
class Lanes:
    """The lanes with the style sheet that places everything on them (numbers only: nothing of it is anyone's text)."""

    lanes: list[Lane]
    tints: list[Band]  # of the federation: they lie behind every lane
    style: SafeString


def laid_out(sheet: Sheet, filtered: CalendarFilter) -> Lanes:
    """Everything of the sheet in lanes by cluster, the federation first."""
    rules = [f".d{n}{_place(sheet.span, *_day(sheet.span, day))}" for n, day in enumerate(sheet.span.days)]
    known = {one.pk: one for one in filtered.clusters}
    bands = _bands(sheet, known)
    lanes = _lanes(sheet, bands, known)
    changes: dict[int, list[Change]] = defaultdict(list)
    for one in sheet.changes:
        changes[one.cluster_id].append(one)
    for pk, lane in lanes.items():
        rules += _lay_bands(lane, bands.get(pk, []), sheet.span)
        rules += _lay_items(lane, changes[pk], sheet, filtered)
    everywhere = [one for one in bands.get(FEDERATION, []) if one.kind != "maintenance"][:MOST_BANDS]
    ordered = sorted(lanes.values(), key=lambda lane: (lane.cluster is not None, str(lane.cluster)))
    return Lanes(ordered, everywhere, mark_safe("\n".join(rules)))  # noqa: S308  # numbers and keys of our own


def _lanes(sheet: Sheet, bands: dict[int, list[Band]], known: dict[int, Cluster]) -> dict[int, Lane]:
    clusters: dict[int, Cluster | None] = {one.cluster_id: one.cluster for one in sheet.changes}
    windows = [one.definition for one in sheet.occurrences]
    clusters |= {one.cluster.pk: one.cluster for one in windows if one.cluster}
    clusters |= {pk: cluster for pk, cluster in known.items() if pk in bands}
    if FEDERATION in bands:
        clusters[FEDERATION] = None
    return {pk: Lane(f"l{pk}", cluster) for pk, cluster in clusters.items()}


def _bands(sheet: Sheet, known: dict[int, Cluster]) -> dict[int, list[Band]]:
    """Bands by the key of their lane; a freeze of several clusters stands in each."""
    found: dict[int, list[Band]] = defaultdict(list)
    for n, one in enumerate(sheet.occurrences):
        kind, window = one.definition.kind, one.definition
        word = "Blackout" if one.is_blackout else "Maintenance window"
        url = window.get_absolute_url()
        band = Band(f"w{n}", kind, word, window.name, url, one.start_at, one.end_at)
        found[window.cluster_id or FEDERATION].append(band)
    for n, here in enumerate(sheet.freezes):
        freeze = here.freeze
        kind, word = ("freeze", "Freeze") if freeze.strength == "hard" else ("soft", "Soft freeze")
        band = Band(f"f{n}", kind, word, freeze.name, freeze.get_absolute_url(), freeze.start_at, freeze.end_at)
        for pk in here.cluster_ids or [FEDERATION]:
            if pk == FEDERATION or pk in known:
                found[pk].insert(0, band)
    return found


def _lay_bands(lane: Lane, bands: list[Band], span: Span) -> list[str]:
    bands = sorted(bands, key=lambda one: (one.start_at, one.kind not in ("freeze", "soft")))
    lane.bands, lane.more_bands = bands[:MOST_BANDS], max(len(bands) - MOST_BANDS, 0)
    ends = [(span.percent(one.start_at), span.percent(one.end_at)) for one in lane.bands]
    rows = packed([footprint(*both, least=LEAST_READABLE) for both in ends])
    rules = [f".{lane.key}{{--bands:{max(rows, default=-1) + 1}}}"]
    lane.bands = [_with_room(*one) for one in zip(lane.bands, ends, strict=True)]
    for one, row, both in zip(lane.bands, rows, ends, strict=True):
        rules.append(f".{lane.key} .{one.key}{_box(row, *both)}")
        rules.append(f".tint.{one.key}{{--x:{both[0]:.3f};--w:{both[1] - both[0]:.3f}}}")
    return rules


def _with_room(band: Band, ends: tuple[float, float]) -> Band:
    """A short band has its name on that side of it where its box has more room."""
    (start, end), (left, right) = ends, footprint(*ends, least=LEAST_READABLE)
    is_short, is_last = end - start < LEAST_READABLE * SHORT, start - left > right - end
    return replace(band, is_short=is_short and not is_last, is_last=is_short and is_last)


def _lay_items(lane: Lane, changes: list[Change], sheet: Sheet, filtered: CalendarFilter) -> list[str]:
    shown, hidden = _shown(changes, sheet.span)
    lane.items = [_item(one, column, sheet) for one, column in shown]
    days = [(column, sheet.span.days[column], many) for column, many in sorted(hidden.items())]
    lane.more = [
        {"column": n, "day": day, "many": many, "url": _rest_url(lane, day, filtered)} for n, day, many in days
    ]
    ends = [_ends(one.change, sheet.span) for one in lane.items]
    rows = packed([footprint(*both, least=LEAST_READABLE) for both in ends])
    rules = [f".{lane.key}{{--rows:{max(rows, default=-1) + 1};--more:{int(bool(hidden))}}}"]
    rules += [f".{one.key}{_box(row, *both)}" for one, row, both in zip(lane.items, rows, ends, strict=True)]
    return rules


def _box(row: int, start: float, end: float) -> str:
    """Where the box of something stands, wide enough to be read, and within it (in percent) its own time."""
    left, right = footprint(start, end, least=LEAST_READABLE)
    width = right - left
    own, long = (start - left) / width * 100, (end - start) / width * 100
    return f"{{--r:{row};--x:{left:.3f};--f:{width:.3f};--b:{own:.2f};--l:{long:.2f}}}"


def _shown(changes: list[Change], span: Span) -> tuple[list[tuple[Change, int]], dict[int, int]]:
    """The first changes of each day with the day's number, and how many of each day are left out."""
    shown, by_day, hidden = [], defaultdict[int, int](int), defaultdict[int, int](int)
    for one in changes:
        assert one.window_start_at
        assert one.window_end_at
        column = span.days_touched(one.window_start_at, one.window_end_at).start
        by_day[column] += 1
        if by_day[column] > MOST_IN_A_CELL:
            hidden[column] += 1
        else:
            shown.append((one, column))
    return shown, hidden


def _item(change: Change, column: int, sheet: Sheet) -> Item:
    assert change.window_start_at
    own, here = (change.window_start_at.astimezone(zone) for zone in (ZoneInfo(change.window_zone), sheet.span.zone))
    differs = own.utcoffset() != here.utcoffset()
    return Item(
        f"c{change.pk}",
        change,
        column,
        change.window_start_at < sheet.span.start_at,
        f"{own:%a %H:%M} {zone_word(own)}" if differs else "",
        sheet.conflicts_by_change[change.pk],
        change.pk in sheet.movable,
    )


def _rest_url(lane: Lane, day: date, filtered: CalendarFilter) -> str:
    assert lane.cluster
    return filtered.rows_url(day, day, cluster=lane.cluster.slug)


def _ends(change: Change, span: Span) -> tuple[float, float]:
    assert change.window_start_at
    assert change.window_end_at
    return span.percent(change.window_start_at), span.percent(change.window_end_at)


def _day(span: Span, day: date) -> tuple[datetime, datetime]:
    return span.midnight(day), span.midnight(date.fromordinal(day.toordinal() + 1))


def _place(span: Span, start_at: datetime, end_at: datetime) -> str:
    left, right = span.percent(start_at), span.percent(end_at)
    return f"{{--x:{left:.3f};--w:{right - left:.3f}}}"


def counted(sheet: Sheet, days: Iterable[date]) -> list[int]:
    """How many changes of the sheet touch each of its days."""
    counts = [0 for _ in days]
    for one in sheet.changes:
        assert one.window_start_at
        assert one.window_end_at
        for n in sheet.span.days_touched(one.window_start_at, one.window_end_at):
            counts[n] += 1
    return counts
