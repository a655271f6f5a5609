"""The state diagram of a change model, laid out here and drawn as SVG by the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.cab.rules import change_models as rules
from apps.cab.states import ChangeState

_S = ChangeState
# The way that most changes take, from above to below; what leads away from it stands at its right.
_SPINE = (
    *(_S.DRAFT, _S.SUBMITTED, _S.ASSESSING, _S.AWAITING_AUTHORIZATION, _S.AUTHORIZED),
    *(_S.SCHEDULED, _S.IMPLEMENTING, _S.IMPLEMENTED, _S.IN_REVIEW, _S.CLOSED),
)
_BESIDE = {_S.CHANGES_REQUESTED: 1.5, _S.REJECTED: 3.4, _S.CANCELLED: 5.2}  # rows
ROW, BOX_HEIGHT, LEFT, WIDTH, RIGHT, RIGHT_WIDTH = 56, 32, 70, 176, 306, 140  # user units, px at full size
SIZE = (RIGHT + RIGHT_WIDTH + 4, ROW * len(_SPINE))


@dataclass(frozen=True)
class Box:
    """One state."""

    word: str
    x: int
    y: int
    width: int

    @property
    def middle(self) -> int:
        """Where its lines meet it."""
        return self.y + BOX_HEIGHT // 2


@dataclass(frozen=True)
class Line:
    """One move, as the path of its arrow; `asks` in words."""

    path: str
    words: str
    asks: str


def diagram(moves: Mapping[str, Any]) -> dict[str, Any]:
    """Boxes and lines of the model's states and moves; nothing is drawn that the model leaves out."""
    boxes = {state: _box(ChangeState(state)) for state in rules.states_of(moves)}
    lines = []
    for name, asks in moves.items():
        current, target = name.split(">")
        path = _path(ChangeState(current), ChangeState(target), boxes)
        words = f"{boxes[current].word} → {boxes[target].word}"
        lines.append(Line(path, words, rules.in_words(asks)))
    return {"boxes": list(boxes.values()), "lines": lines, "width": SIZE[0], "height": SIZE[1], "box": BOX_HEIGHT}


def _box(state: ChangeState) -> Box:
    word = state.replace("_", " ").capitalize()
    if state in _BESIDE:
        aside = 36 if state == _S.REJECTED else 0  # leaves room for the line that passes it
        return Box(word, RIGHT, int(ROW * _BESIDE[state]), RIGHT_WIDTH - aside)
    return Box(word, LEFT, 10 + ROW * _SPINE.index(state), WIDTH)


def _path(current: ChangeState, target: ChangeState, boxes: Mapping[str, Box]) -> str:
    a, b = boxes[current], boxes[target]
    if current in _BESIDE or target in _BESIDE:
        return _sideways(a, b)
    steps = _SPINE.index(target) - _SPINE.index(current)
    if steps == 1:
        x = LEFT + WIDTH // 2
        return f"M{x} {a.y + BOX_HEIGHT} L{x} {b.y - 2}"
    away = LEFT - 12 - 9 * abs(steps)  # the longer the way, the wider its bow
    start, end = (a.middle + 5, b.middle - 5) if steps > 0 else (a.middle - 5, b.middle + 5)
    return f"M{LEFT} {start} C{away} {start} {away} {end} {LEFT - 2} {end}"


def _sideways(a: Box, b: Box) -> str:
    if a.x == b.x:
        x = a.x + a.width - 14
        return f"M{x} {a.y + BOX_HEIGHT} L{x} {b.y - 2}"
    start, end = (a.x + a.width, b.x - 2) if a.x < b.x else (a.x, b.x + b.width + 2)
    bend = (start + end) // 2
    return f"M{start} {a.middle} C{bend} {a.middle} {bend} {b.middle} {end} {b.middle}"
