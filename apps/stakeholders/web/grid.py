"""The grid of power and interest, drawn on the server: geometry only, in units of the drawing's own viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.stakeholders.queries.maps import Spot
from apps.stakeholders.rules.power import FELT

SIDE = 400  # of the square
LEFT, TOP, RIGHT, BOTTOM = 48, 16, 132, 40
_LETTER, _ROW = 6.6, 15  # of a name, about
_LONGEST = 18  # letters of a name that are shown
# Where a name may stand beside its mark: which side, and how far down; the first that covers nothing is taken.
_PLACES = [(side, step * _ROW) for step in (0, 1, -1, 2, -2, 3, -3) for side in (1, -1)]


@dataclass(frozen=True)
class Mark:
    """One stakeholder on the grid; `low` and `high` bound what an assessment can move."""

    spot: Spot
    x: float
    y: float
    low: float
    high: float
    label_x: float
    label_y: float
    anchor: str
    name: str


@dataclass(frozen=True)
class Grid:
    """The whole drawing."""

    marks: list[Mark]
    cut_x: float
    cut_y: float
    width: int = LEFT + SIDE + RIGHT
    height: int = TOP + SIDE + BOTTOM
    left: int = LEFT
    top: int = TOP
    right: int = LEFT + SIDE
    foot: int = TOP + SIDE
    side: int = SIDE
    middle: int = TOP + SIDE // 2
    centre: int = LEFT + SIDE // 2
    label_y: int = TOP + SIDE + 32


def drawn(spots: Sequence[Spot], *, power_cut: int, interest_cut: int) -> Grid:
    """Place everyone: interest to the right, power upwards; names are pushed apart, never marks."""
    taken = [(x - 8, y - 8, x + 8, y + 8) for x, y in ((_x(one.interest), _y(one.power.total)) for one in spots)]
    marks = []
    for spot in sorted(spots, key=lambda one: (-one.power.total, one.interest)):
        x, y = _x(spot.interest), _y(spot.power.total)
        name = shown(spot.stakeholder.name)
        width = len(name) * _LETTER
        side, down = next(
            (
                (side, down)
                for side, down in _PLACES
                if _is_free(_box(x, y, width, side, down), [one for one in taken if not _holds(one, x, y)])
            ),
            _PLACES[0],
        )
        taken.append(_box(x, y, width, side, down))
        marks.append(
            Mark(
                spot,
                x,
                y,
                _y(min(spot.power.computed + FELT, 100)),
                _y(spot.power.computed),
                round(x + 12 * side, 1),
                round(y + down + 4, 1),
                "start" if side > 0 else "end",
                name,
            )
        )
    return Grid(marks, _x(interest_cut), _y(power_cut))


def shown(name: str) -> str:
    """The beginning of a name that fits beside its mark, in whole words where the first one fits."""
    if len(name) <= _LONGEST:
        return name
    return name[: _LONGEST + 1].rsplit(" ", 1)[0][:_LONGEST].rstrip(" ,;:-")


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _box(x: float, y: float, width: float, side: int, down: float) -> Box:
    near, far = x + 10 * side, x + (12 + width) * side
    return min(near, far), y + down - _ROW / 2, max(near, far), y + down + _ROW / 2


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    inside = box[0] >= LEFT and box[2] <= LEFT + SIDE + RIGHT
    return inside and not any(
        box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
    )


def _holds(box: Box, x: float, y: float) -> bool:
    """Whether it is the mark itself."""
    return box == (x - 8, y - 8, x + 8, y + 8)


def _x(interest: float) -> float:
    return round(LEFT + interest / 100 * SIDE, 1)


def _y(power: float) -> float:
    return round(TOP + (100 - power) / 100 * SIDE, 1)
