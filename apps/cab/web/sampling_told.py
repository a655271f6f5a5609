"""How a board's comparison is told: rates with their intervals, minutes, and the address behind each figure."""

from typing import Any

from django.urls import reverse

from apps.cab.models import Board
from apps.cab.rules.intervals import Interval
from apps.cab.rules.sampling import Comparison, Counted


def figures_of(told: Comparison, counts: dict[str, int], board: Board) -> dict[str, Any]:
    """What the page says of a comparison; `counts` are how many changes stand behind each name."""
    address = reverse("cab:board-sampling-rows", args=[board.slug])
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
