"""A view of the map as a drawing: boxes in columns from who needs on the left to what is needed on the right."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log1p
from typing import NamedTuple

from apps.clusters.rules.graph import Edge, Level, Node, View
from apps.clusters.web.layout import TALLEST, layers, untangled

# Lengths in the units of the drawing's own viewBox.
WIDTH, HEIGHT = 176, 42  # of a box
COLUMN, ROW = WIDTH + 96, HEIGHT + 16
THREAD = 20  # the height of a line that passes a column
HEAD = 28  # room for the words above the columns
MARGIN = 8
LONGEST_LABEL = 24  # characters that fit a box
LONGEST_META = 28
MOST_LINES = 600  # the heaviest; the table has them all
MOST_THREADS = 80  # places that passing lines take; beyond, they run under the boxes
MOST_WEIGHED = 24  # lines that carry their weight in figures
DENSE = 120  # lines; beyond, they are thin and faint until a box is pointed at
SEVERITIES = {1: "note", 2: "warning", 3: "blocker"}


class Box(NamedTuple):
    node: Node
    x: int
    y: int
    label: str
    meta: str
    spoken: str  # what it says to those who do not see it
    href: str
    is_focus: bool


class Fold(NamedTuple):
    """The words at the end of a column that has more than it can show."""

    x: int
    y: int
    words: str


class Line(NamedTuple):
    ends: str
    path: str
    width: str
    is_back: bool  # against the order of the columns
    title: str
    x: int  # its middle
    y: int
    weight: str  # "": not written


class Heading(NamedTuple):
    x: int
    words: str


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    headings: list[Heading]
    boxes: list[Box]
    folds: list[Fold]
    lines: list[Line]
    more_lines: int = 0  # lighter ones that are not drawn

    @property
    def is_dense(self) -> bool:
        """Whether there are too many lines to tell apart unless they are faint."""
        return len(self.lines) > DENSE


class _Column(NamedTuple):
    words: str
    keys: list[str]
    more: int = 0


class _Place(NamedTuple):
    column: int
    x: int
    y: int  # of its middle


def drawn(view: View, address: Callable[[Node], str]) -> Drawing:
    """Boxes and lines of a view; `address` says where a box leads."""
    nodes = {node.key: node for node in view.nodes}
    columns = _columns(view)
    threads, pairs = _threads(columns, view.edges)
    rows = untangled([column.keys + threads[at] for at, column in enumerate(columns)], pairs)
    head = HEAD if any(column.words for column in columns) else 0
    heights = [_height(keys, nodes) + bool(column.more) * ROW for keys, column in zip(rows, columns, strict=True)]
    height = max(heights, default=ROW) + head + MARGIN
    places: dict[str, _Place] = {}
    folds = []
    for number, (keys, column) in enumerate(zip(rows, columns, strict=True)):
        x, y = MARGIN + number * COLUMN, head + (height - head - heights[number]) // 2
        for key in keys:
            room = _height([key], nodes)
            places[key] = _Place(number, x, y + room // 2)
            y += room
        if column.more:
            folds.append(Fold(x, y, f"and {column.more:,} more, in the table"))
    headings = [Heading(MARGIN + at * COLUMN, column.words) for at, column in enumerate(columns) if column.words]
    width = max(len(columns), 1) * COLUMN - (COLUMN - WIDTH) + 2 * MARGIN
    lines = _lines(view, nodes, places)
    more = len(view.edges) - len(lines)
    return Drawing(width, height, headings, _boxes(view, places, address), folds, lines, more)


def _boxes(view: View, places: dict[str, _Place], address: Callable[[Node], str]) -> list[Box]:
    focus = {one.key for one in (view.focus, view.target) if one}
    return [
        Box(
            node,
            places[node.key].x,
            places[node.key].y - HEIGHT // 2,
            short(node.name),
            short(_meta(node, view), LONGEST_META),
            _spoken(node, view),
            address(node),
            node.key in focus,
        )
        for node in sorted((node for node in view.nodes if node.key in places), key=lambda node: places[node.key])
    ]


def _height(keys: list[str], nodes: dict[str, Node]) -> int:
    """Of so many rows: a thread is no box, and lower."""
    return sum(ROW if key in nodes else THREAD for key in keys)


def _threads(columns: list[_Column], edges: list[Edge]) -> tuple[dict[int, list[str]], list[tuple[str, str]]]:
    """Lines that pass a column take a place in it, so that they run between its boxes and not under them.

    Answers the threads of each column, and all pairs of neighbours; only of the heaviest lines, where there are many.
    """
    of = {key: at for at, column in enumerate(columns) for key in column.keys}
    found: dict[int, list[str]] = {at: [] for at in range(len(columns))}
    pairs: list[tuple[str, str]] = []
    room = MOST_THREADS
    for edge in sorted(edges, key=lambda edge: (-edge.weight, edge.consumer, edge.provider)):
        if edge.consumer not in of or edge.provider not in of:
            continue
        passed = _passed(of[edge.consumer], of[edge.provider]) if room > 0 else []
        room -= len(passed)
        chain = [edge.consumer, *(_thread(edge, at) for at in passed), edge.provider]
        for at in passed:
            found[at].append(_thread(edge, at))
        pairs += pairwise(chain)
    return found, pairs


def _passed(start: int, end: int) -> list[int]:
    """The columns between two, on the way from one to the other."""
    return list(range(start + 1, end)) if start < end else list(range(start - 1, end, -1))


def _thread(edge: Edge, column: int) -> str:
    return f"{edge.consumer}>{edge.provider}@{column}"


def _columns(view: View) -> list[_Column]:
    if view.level == Level.INSIDE:
        return _inside(view)
    if view.focus is None:
        weights = {(edge.consumer, edge.provider): edge.weight for edge in view.edges}
        return [_Column("", keys) for keys in layers([node.key for node in view.nodes], weights) if keys]
    by_step: dict[int, list[Node]] = {}
    for node in view.nodes:
        by_step.setdefault(_step(node), []).append(node)
    return [_of_step(step, by_step[step], view) for step in sorted(by_step)]


def _step(node: Node) -> int:
    """Its column: on the side where it is nearer; on the right where it is as near on both."""
    if node.needs is None or (node.needed_by is not None and node.needed_by < node.needs):
        return -(node.needed_by or 0)
    return node.needs


def _of_step(step: int, nodes: list[Node], view: View) -> _Column:
    ordered = sorted(nodes, key=lambda node: (node.tier or 0, node.name.lower(), node.pk))
    shown = ordered if len(ordered) <= TALLEST else ordered[: TALLEST - 1]
    word = "step" if abs(step) == 1 else "steps"
    words = (
        f"{abs(step)} {word}"
        if view.level == Level.PATH
        else f"{'needed' if step > 0 else 'needs it'}, {abs(step)} {word}"
    )
    return _Column(words if step else "", [node.key for node in shown], len(ordered) - len(shown))


def _inside(view: View) -> list[_Column]:
    own = [node.key for node in view.nodes if node.kind == "component"]
    weights = {(edge.consumer, edge.provider): edge.weight for edge in view.edges}
    within = {pair: weight for pair, weight in weights.items() if all(key.startswith("component") for key in pair)}
    balance = {node.key: 0 for node in view.nodes if node.kind == "cluster"}
    for (consumer, provider), weight in weights.items():
        if consumer in balance:
            balance[consumer] += weight
        if provider in balance:
            balance[provider] -= weight
    left = [key for key, whole in balance.items() if whole > 0]
    right = [key for key in balance if key not in left]
    return [
        *(_Column("clusters that need it", left[at : at + TALLEST]) for at in range(0, len(left), TALLEST)),
        *(_Column("", keys) for keys in layers(own, within) if keys),
        *(_Column("clusters it needs", right[at : at + TALLEST]) for at in range(0, len(right), TALLEST)),
    ]


def _lines(view: View, nodes: dict[str, Node], places: dict[str, _Place]) -> list[Line]:
    heaviest = sorted(view.edges, key=lambda edge: (-edge.weight, edge.consumer, edge.provider))
    shown = [edge for edge in heaviest if edge.consumer in places and edge.provider in places][:MOST_LINES]
    most = log1p(shown[0].weight) if shown else 1
    weighed = MOST_WEIGHED if view.level == Level.CLUSTERS else 0
    found = []
    for number, edge in enumerate(shown):
        path, (x, y) = _path(edge, places)
        found.append(
            Line(
                ends=f"{edge.consumer} {edge.provider}",
                path=path,
                width=_width(log1p(edge.weight) / most, is_dense=len(shown) > DENSE),
                is_back=places[edge.provider].column < places[edge.consumer].column,
                title=_told(edge, nodes),
                x=x,
                y=y,
                weight=f"{edge.weight:,}" if number < weighed else "",
            )
        )
    return found


def _width(share: float, *, is_dense: bool) -> str:
    """Of a line, by its share of the heaviest (0 to 1): among many, only the heaviest stand out."""
    return f"{0.5 + 2 * share**3:.1f}" if is_dense else f"{1 + 3 * share:.1f}"


def _path(edge: Edge, places: dict[str, _Place]) -> tuple[str, tuple[int, int]]:
    """The way of a line from box to box, along its threads, and the middle of its first stretch."""
    start, end = places[edge.consumer], places[edge.provider]
    side = 1 if end.column > start.column else -1
    # Forth from the upper half of a box's side, back from the lower: a pair of lines does not lie on itself.
    port = -5 if side > 0 else 7
    x, y = start.x + WIDTH, start.y + port
    if start.column == end.column:
        return f"M{x} {y}C{x + 52} {y} {x + 52} {end.y + port} {x + 6} {end.y + port}", (
            x + 39,
            (y + end.y + port) // 2,
        )
    x = x if side > 0 else start.x
    path, middle = [f"M{x} {y}"], None
    threads = [places.get(_thread(edge, at)) for at in _passed(start.column, end.column)]
    for place in (*(one for one in threads if one), end):
        to_x, to_y = place.x if side > 0 else place.x + WIDTH, place.y + (port if place is end else 0)
        middle = middle or ((x + to_x) // 2, (y + to_y) // 2)
        stop = to_x - 6 * side if place is end else to_x
        bend = side * max(44, abs(to_x - x) // 2)
        path.append(f"C{x + bend} {y} {to_x - bend} {to_y} {stop} {to_y}")
        if place is not end:
            to_x += side * WIDTH
            path.append(f"L{to_x} {to_y}")
        x, y = to_x, to_y
    return "".join(path), middle or (x, y)


def _told(edge: Edge, nodes: dict[str, Node]) -> str:
    """The edge in words: "Checkout calls Ledger · weight 900 · confidential data"."""
    said = [f"{nodes[edge.consumer].name} {' and '.join(edge.kinds)} {nodes[edge.provider].name}"]
    if edge.dependencies > 1:
        said.append(f"{edge.dependencies:,} dependencies")
    said.append(f"weight {edge.weight:,}")
    if edge.data_class:
        said.append(f"{edge.data_class} data")
    return " · ".join(said)


def _meta(node: Node, view: View) -> str:
    if node.components is not None:
        return f"{node.components:,} component{'s' if node.components != 1 else ''}"
    return f"tier {node.tier}" if view.level == Level.INSIDE else f"{node.cluster_name} · tier {node.tier}"


def _spoken(node: Node, view: View) -> str:
    """What stands in the box, whole where it was cut short, and how far it is."""
    said = [short(node.name), short(_meta(node, view), LONGEST_META)]
    if node.findings:
        said.append(
            f"{node.findings:,} finding{'s' if node.findings != 1 else ''}, at worst a {SEVERITIES[node.worst]}"
        )
    said += [node.name] if said[0] != node.name else []
    said += [f"needed at {_steps(node.needs)}"] if node.needs else []
    said += [f"needs it at {_steps(node.needed_by)}"] if node.needed_by else []
    return ", ".join(said)


def _steps(number: int) -> str:
    return f"{number} step{'s' if number != 1 else ''}"


def short(text: str, most: int = LONGEST_LABEL) -> str:
    """The text, or as much of it as fits."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
