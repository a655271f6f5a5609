"""Series drawn on the server: the geometry of lines and bars, in units of the drawing's own viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 24
MOST_BARS = 16  # more points than this read better as a line
MOST_LABELS = 8
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Point:
    label: str
    value: float
    x: float
    y: float
    width: float  # of its bar
    height: float
    base: float
    is_labelled: bool

    @property
    def bar_x(self) -> float:
        """The left edge of its bar."""
        return round(self.x - self.width / 2, 1)

    @property
    def bar_y(self) -> float:
        """The top edge of its bar, which hangs from the base where the value is negative."""
        return min(self.y, self.base)

    @property
    def text(self) -> str:
        """The value as people read it."""
        return f"{self.value:,.10g}"


@dataclass(frozen=True)
class Tick:
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A series ready to be drawn; `path` is empty where bars are."""

    points: list[Point]
    ticks: list[Tick]
    path: str
    base: float
    mark: Tick | None = None  # a line across, such as a target
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    foot: int = HEIGHT - 6


def charted(series: Sequence[tuple[object, float]], mark: float | None = None) -> Chart:
    """Place `(label, value)` points; the scale starts at zero (or the lowest negative) and ends on a round number.

    `mark` is a value at which a line is drawn across; the scale holds it too.
    """
    values = [float(value) for _, value in series]
    spread = [*values, 0.0, *([] if mark is None else [mark])]
    step = _step(max(spread) - min(spread))
    low, high = floor(min(spread) / step) * step, max(ceil(max(spread) / step), 1) * step
    scale = (HEIGHT - TOP - BOTTOM) / (high - low)
    slot = (WIDTH - LEFT - RIGHT) / max(len(series), 1)
    every = ceil(len(series) / MOST_LABELS) or 1
    base = HEIGHT - BOTTOM + low * scale
    points = [
        Point(
            str(label),
            value,
            round(LEFT + slot * (place + 0.5), 1),
            round(base - value * scale, 1),
            round(min(slot * 0.5, 40), 1),
            round(abs(value) * scale, 1),
            round(base, 1),
            place % every == 0,
        )
        for place, ((label, _), value) in enumerate(zip(series, values, strict=True))
    ]
    ticks = [
        Tick(round(base - mark * scale, 1), f"{mark:,.10g}")
        for mark in (low + step * place for place in range(round((high - low) / step) + 1))
    ]
    is_line = len(points) > MOST_BARS
    path = " ".join(f"{p.x},{p.y}" for p in points) if is_line else ""
    across = None if mark is None else Tick(round(base - mark * scale, 1), f"{mark:,.10g}")
    return Chart(points, ticks, path, round(base, 1), across)


def _step(spread: float) -> float:
    """A round distance between ticks that gives about four of them."""
    rough = (spread or 1) / 4
    power: float = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in _STEPS if factor * power >= rough)
