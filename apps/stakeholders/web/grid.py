"""The grid of power and interest, drawn on the server: geometry only, in units of the drawing's own viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.stakeholders.queries.maps import Spot
from apps.stakeholders.rules.power import FELT

SIDE = 400  # of the square
LEFT, TOP, RIGHT, BOTTOM = 48, 16, 132, 40
_ROW = 15  # between two names, at least


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
    marks: list[Mark] = []
    taken: list[tuple[float, float]] = []
    for spot in sorted(spots, key=lambda one: (-one.power.total, one.interest)):
        x, y = _x(spot.interest), _y(spot.power.total)
        label_y = y
        while any(abs(label_y - other) < _ROW and abs(x - beside) < 120 for beside, other in taken):  # noqa: PLR2004
            label_y += _ROW
        taken.append((x, label_y))
        marks.append(
            Mark(
                spot,
                x,
                y,
                _y(min(spot.power.computed + FELT, 100)),
                _y(spot.power.computed),
                round(x + 12, 1),
                round(label_y + 4, 1),
                "start",
            )
        )
    return Grid(marks, _x(interest_cut), _y(power_cut))


def _x(interest: float) -> float:
    return round(LEFT + interest / 100 * SIDE, 1)


def _y(power: float) -> float:
    return round(TOP + (100 - power) / 100 * SIDE, 1)
