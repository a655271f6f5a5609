"""How a board's comparison is told: rates with their intervals, minutes, and the address behind each figure."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.cab.models import Board
from apps.cab.queries.programme import Scope
from apps.cab.queries.sampling import Compared
from apps.cab.rules.intervals import Interval
from apps.cab.rules.sampling import Comparison, Counted


def figures_of(told: Comparison, counts: dict[str, int], board: Board, scope: Scope | None = None) -> dict[str, Any]:
    """What the page says of a comparison; `counts` are how many changes stand behind each name.

    `rows_url` is where they are listed, to be completed by the name; those of the scope, if it is told.
    """
    asked = urlencode(scope.as_query()) + "&" if scope else ""
    address = f"{reverse('cab:board-sampling-rows', args=[board.slug])}?{asked}which="
    return {
        "groups": [
            _group("Drawn and reviewed", told.reviewed, "reviewed"),
            _group("Not drawn", told.unreviewed, "unreviewed"),
        ],
        "gap": f"{told.gap * 100:+.1f}" if told.gap is not None else "–",
        "gap_interval": points(told.gap_interval),
        "gap_sentence": gap_sentence(told),
        "minutes": f"{told.minutes_a_failure:,.0f}" if told.minutes_a_failure is not None else "–",
        "minutes_sentence": minutes_sentence(told),
        "counts": {name.replace("-", "_"): count for name, count in counts.items()},
        "rows_url": address,
    }


def in_programme(compared: Iterable[Compared], scope: Scope) -> list[dict[str, Any]]:
    """The boards' comparisons as lines of the metrics page, each number with the address of its rows."""
    return [
        {
            "board": board,
            "url": reverse("cab:board-sampling", args=[board.slug]),
            "share": percent(share_reviewed(counts)),
            "n": told.reviewed.finished + told.unreviewed.finished,
            **figures_of(told, counts, board, scope),
        }
        for board, told, counts in compared
    ]


def share_reviewed(counts: dict[str, int]) -> float | None:
    """How many of the automatic approvals were drawn, reviewed and have finished (0–1)."""
    return counts["reviewed"] / counts["candidates"] if counts["candidates"] else None


def as_data(compared: Iterable[Compared]) -> list[dict[str, Any]]:
    """The same for a program."""
    return [
        {
            "board": board.slug,
            "name": board.name,
            "candidates": counts["candidates"],
            "reviewed_share": share_reviewed(counts),
            "comparison": {
                "reviewed": _rate(told.reviewed),
                "unreviewed": _rate(told.unreviewed),
                "gap": told.gap,
                "gap_interval": asdict(told.gap_interval),
                "refused_failed": told.refused_failed,
                "refused_fine": told.refused_fine,
                "minutes": told.minutes,
                "minutes_a_failure": told.minutes_a_failure,
            },
        }
        for board, told, counts in compared
    ]


def _rate(counted: Counted) -> dict[str, Any]:
    return {**asdict(counted), "rate": counted.rate, "interval": asdict(counted.interval)}


def as_lines(compared: Iterable[Compared]) -> Iterator[tuple[object, ...]]:
    """The same for a spreadsheet: name, metric, value, unit, rows, and both ends of its 95 % interval."""
    for board, told, counts in compared:
        one, other, gap = told.reviewed, told.unreviewed, told.gap_interval
        share, least_most = share_reviewed(counts), told.minutes_interval
        yield board.name, "reviewed_share", _times(share, 100), "%", counts["reviewed"], None, None
        for name, group in (("reviewed_failure_rate", one), ("unreviewed_failure_rate", other)):
            ends = [_times(end, 100) for end in (group.interval.low, group.interval.high)]
            yield board.name, name, _times(group.rate, 100), "%", group.failed, *ends
        yield (
            *(board.name, "failure_rate_difference", _times(told.gap, 100), "percentage points"),
            *(one.finished + other.finished, _times(gap.low, 100), _times(gap.high, 100)),
        )
        minutes = _times(told.minutes_a_failure, 1)
        yield board.name, "minutes_a_prevented_failure", minutes, "min", told.refused_failed, *least_most


def _times(value: float | None, by: int) -> float | None:
    return None if value is None else round(value * by, 4)


def _group(label: str, counted: Counted, which: str) -> dict[str, Any]:
    return {
        "label": label,
        "counted": counted,
        "rate": percent(counted.rate),
        "interval": f"{counted.interval.low * 100:.1f}–{counted.interval.high * 100:.1f} %"
        if counted.finished
        else "–",
        "which": which,
    }


def percent(share: float | None) -> str:
    """A share (0–1) in percent; a dash where there is none."""
    return "–" if share is None else f"{share * 100:.1f} %"


def points(interval: Interval) -> str:
    """An interval of differences in percentage points."""
    return f"{interval.low * 100:+.1f} to {interval.high * 100:+.1f}"


def gap_sentence(told: Comparison) -> str:
    """What the interval of the difference says, in words."""
    if told.gap is None:
        return "Nothing to compare yet: one of the two groups has no finished change."
    if told.gap_interval.low > 0:
        return "The reviewed changes failed more often than the others."
    if told.gap_interval.high < 0:
        return "The reviewed changes failed less often than the others."
    return "No difference is shown: the interval holds zero."


def minutes_sentence(told: Comparison) -> str:
    """What one prevented failure would have cost, with its interval."""
    if not told.reviewed.finished:
        return "No reviewed change has finished yet."
    least, most = told.minutes_interval
    if told.minutes_a_failure is None:
        return f"The board would have refused none that failed. So far that speaks for more than {least:,.0f} minutes."
    return f"95 % interval: {least:,.0f} to {most:,.0f} minutes." if most else f"At least {least:,.0f} minutes."
