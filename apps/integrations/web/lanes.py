"""The lanes of a cut-off: what each is over time, on a scale that shows seconds and days in one drawing."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log1p

from apps.integrations.rules.cutoff import STATE_WORDS, Fate, State, stretches
from apps.integrations.rules.reading import span_words

# Lengths in the units of the drawing's own viewBox.
WIDTH, NAME, ROW, BAR, HEAD = 960, 250, 30, 16, 26
LONGEST_NAME = 32
_MARKS_S = (0, 60, 600, 3_600, 4 * 3_600, 8 * 3_600, 86_400, 3 * 86_400, 7 * 86_400, 31 * 86_400)
_CLOSEST = 60  # units between two marks


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    state: State
    title: str


@dataclass(frozen=True)
class Lane:
    y: int
    name: str
    whole_name: str
    href: str
    bars: list[Bar]

    @property
    def text_y(self) -> int:
        """The base line of its name."""
        return self.y + BAR - 3


@dataclass(frozen=True)
class Mark:
    x: float
    words: str


@dataclass(frozen=True)
class Lanes:
    width: int
    height: int
    name: int
    bar: int
    lanes: list[Lane]
    marks: list[Mark]


def place(second: float, duration_s: float) -> float:
    """Where an instant lies, in units: logarithmic in minutes, as plans run out in seconds or in days."""
    return NAME + (WIDTH - NAME) * log1p(second / 60) / log1p(duration_s / 60)


def drawn(rows: Iterable[tuple[str, str, Fate]], duration_s: float) -> Lanes:
    """Lanes of (name, address, fate) over a cut-off."""
    lanes = [_lane(number, name, href, fate, duration_s) for number, (name, href, fate) in enumerate(rows)]
    return Lanes(WIDTH, HEAD + ROW * len(lanes), NAME, BAR, lanes, _marks(duration_s))


def _lane(number: int, name: str, href: str, fate: Fate, duration_s: float) -> Lane:
    bars = []
    for one in stretches(fate, duration_s):
        start, end = place(one.start_s, duration_s), place(one.end_s, duration_s)
        words = f"{STATE_WORDS[one.state]}, from {moment_words(one.start_s)} to {moment_words(one.end_s)}"
        bars.append(Bar(round(start, 1), round(max(end - start, 1), 1), one.state, words))
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return Lane(HEAD + number * ROW, short, name, href, bars)


def _marks(duration_s: float) -> list[Mark]:
    found: list[Mark] = []
    for second in (*(mark for mark in _MARKS_S if mark < duration_s), duration_s):
        x = place(second, duration_s)
        if second == duration_s and found and x - found[-1].x < _CLOSEST:
            found.pop()
        if not found or x - found[-1].x >= _CLOSEST:
            found.append(Mark(round(x, 1), moment_words(second)))
    return found


def moment_words(second: float) -> str:
    """An instant after the cut: "the cut", or "10 minutes"."""
    return span_words(second) if second else "the cut"
