"""The neighbours of a component as a drawing: those that need it on the left, what it needs on the right."""

from dataclasses import dataclass

from apps.clusters.models import Component
from apps.clusters.queries import Neighbour

# Lengths in the units of the drawing's own viewBox.
COLUMN = 190
ROW = 34
BOX_WIDTH = 160
BOX_HEIGHT = 26
MOST_IN_COLUMN = 10  # the table beside the drawing has them all
LONGEST_LABEL = 22  # characters that fit a box


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    label: str
    title: str
    pk: int | None  # None: the line that says how many more there are
    is_centre: bool = False

    @property
    def text_x(self) -> int:
        """Where its label starts."""
        return self.x + 8

    @property
    def text_y(self) -> int:
        """The base line of its label."""
        return self.y + BOX_HEIGHT // 2 + 4


@dataclass(frozen=True)
class Line:
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]


def drawn(component: Component, neighbours: list[Neighbour]) -> Drawing:
    """Boxes and lines, from who needs on the left to what is needed on the right; empty outer columns take no room."""
    columns = {offset: [n for n in neighbours if _offset(n) == offset] for offset in (-2, -1, 1, 2)}
    used = [0, *(offset for offset, column in columns.items() if column)]
    first, last = min(used), max(used)
    rows = max((min(len(column), MOST_IN_COLUMN + 1) for column in columns.values()), default=1)
    height = max(rows, 1) * ROW + 8
    centre = Box(
        -first * COLUMN + 4, (height - BOX_HEIGHT) // 2, _short(component.name), component.name, component.pk, True
    )
    boxes: dict[tuple[int, int], Box] = {(0, component.pk): centre}
    more: list[Box] = []
    for offset, column in columns.items():
        shown = column[:MOST_IN_COLUMN]
        lines = len(shown) + (len(column) > len(shown))
        top = (height - lines * ROW) // 2 + (ROW - BOX_HEIGHT) // 2
        x = (offset - first) * COLUMN + 4
        for place, neighbour in enumerate(shown):
            title = f"{neighbour.name} · {neighbour.cluster_name} · tier {neighbour.tier}"
            boxes[offset, neighbour.pk] = Box(x, top + place * ROW, _short(neighbour.name), title, neighbour.pk)
        if len(column) > len(shown):
            rest = f"and {len(column) - len(shown)} more"
            more.append(Box(x, top + len(shown) * ROW, rest, rest, None))
    return Drawing((last - first) * COLUMN + BOX_WIDTH + 8, height, [*boxes.values(), *more], _lines(neighbours, boxes))


def _lines(neighbours: list[Neighbour], boxes: dict[tuple[int, int], Box]) -> list[Line]:
    found: list[Line] = []
    for neighbour in neighbours:
        offset = _offset(neighbour)
        nearer = offset - 1 if offset > 0 else offset + 1
        for pk in neighbour.through:
            ends = boxes.get((nearer, pk)), boxes.get((offset, neighbour.pk))
            left, right = ends if offset > 0 else ends[::-1]
            if left and right:
                half = BOX_HEIGHT // 2
                found.append(Line(left.x + BOX_WIDTH, left.y + half, right.x, right.y + half))
    return found


def _offset(neighbour: Neighbour) -> int:
    return neighbour.hop if neighbour.needs else -neighbour.hop


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
