"""What a dashboard may hold, and how its tiles are arranged. Pure functions on tuples of tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.cab.rules.metrics import METRICS
from apps.kernel.refusals import Invalid

MOST_TILES = 24
WIDEST = 3  # columns
PERIODS = {91: "the last 3 months", 365: "the last 12 months", 730: "the last 24 months"}  # days


class Shape(StrEnum):
    FIGURE = "figure"
    TREND = "trend"


class Step(StrEnum):
    """One step of arranging a tile."""

    EARLIER = "earlier"
    LATER = "later"
    WIDER = "wider"
    NARROWER = "narrower"
    REMOVE = "remove"


@dataclass(frozen=True)
class Tile:
    """A metric as a figure or as its trend, 1 to 3 columns wide."""

    metric: str
    shape: str
    width: int

    def as_data(self) -> dict[str, Any]:
        """The tile as it is kept."""
        return {"metric": self.metric, "shape": self.shape, "width": self.width}


USUAL = tuple(
    Tile(name, shape, 1)
    for name, shape in (
        ("change_failure_rate", Shape.FIGURE),
        ("approval_wait", Shape.FIGURE),
        ("backlog", Shape.FIGURE),
        ("change_failure_rate", Shape.TREND),
        ("approval_wait", Shape.TREND),
        ("deployment_frequency", Shape.TREND),
    )
)


def require_tiles(told: Sequence[Mapping[str, Any]]) -> tuple[Tile, ...]:
    """The tiles that were told; refuses unknown metrics and shapes, widths beyond 3 columns, and more than 24 tiles."""
    if len(told) > MOST_TILES:
        raise Invalid(
            f"A dashboard holds at most {MOST_TILES} tiles.",
            next_step="Remove one first, or make another dashboard.",
            fields={"tiles": ["Too many."]},
        )
    tiles = tuple(Tile(str(one.get("metric")), str(one.get("shape")), one.get("width", 1)) for one in told)
    for one in tiles:
        fits = one.metric in METRICS and one.shape in set(Shape) and one.width in range(1, WIDEST + 1)
        if not fits:
            raise Invalid(
                "A tile shows a metric as figure or trend, 1 to 3 columns wide.",
                next_step="Choose from the lists.",
                fields={"tiles": ["Does not fit."]},
            )
    return tiles


def arranged(tiles: Sequence[Tile], place: int, step: str) -> tuple[Tile, ...]:
    """The tiles after one step of the tile at `place` (from 0); steps over the edge change nothing."""
    if place not in range(len(tiles)) or step not in set(Step):
        raise Invalid("There is no such tile or step.", next_step="Reload the dashboard and try again.")
    rest, tile = list(tiles), tiles[place]
    if step == Step.REMOVE:
        return (*tiles[:place], *tiles[place + 1 :])
    if step in (Step.WIDER, Step.NARROWER):
        width = tile.width + (1 if step == Step.WIDER else -1)
        rest[place] = Tile(tile.metric, tile.shape, min(max(width, 1), WIDEST))
        return tuple(rest)
    del rest[place]
    rest.insert(max(place + (1 if step == Step.LATER else -1), 0), tile)
    return tuple(rest)
