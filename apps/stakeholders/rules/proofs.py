"""The proof that a text of thresholds never asks less than the floor, or the facts for which it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.policies.rules.boxes import Box, Effort
from apps.policies.rules.columns import Column, Value
from apps.policies.rules.spaces import Space
from apps.stakeholders.rules.levels import Level, Threshold

MOST_EXAMPLES = 5  # counter-examples shown at once


@dataclass(frozen=True)
class CounterExample:
    """Facts for which an agreement asks less than the floor."""

    sentence: str
    facts: dict[str, Value]
    floor_rule: int  # the floor's threshold, from 1
    wanted: Level
    found: Level
    is_smallest: bool  # no counter-example needs fewer facts


@dataclass(frozen=True)
class Proof:
    """Whether for all facts a text asks for at least what the floor asks."""

    examples: tuple[CounterExample, ...] = ()
    idle: tuple[str, ...] = ()  # sentences: thresholds that never change a level
    compared: int = 0  # comparisons of boxes it took
    floor: str = ""  # what it was compared with; empty: none is in force

    @property
    def holds(self) -> bool:
        """Whether nothing undercuts the floor."""
        return not self.examples

    def as_data(self) -> dict[str, Any]:
        """As an agreement keeps it."""
        return {"compared": self.compared, "floor": self.floor, "idle": list(self.idle)}


def prove(
    columns: Sequence[Column], offered: Sequence[Threshold], floor: Sequence[Threshold] = (), *, named: str = ""
) -> Proof:
    """Compare a text with the floor over every combination of facts, exactly.

    The floor holds exactly when everywhere in the region of each of its thresholds some threshold of the text that is
    at least as restrictive applies. The values of a fact that no condition tells apart are one class (an interval of
    numbers, a set of words), so the sweep is finite; a counter-example names the smallest value of its class.
    """
    effort = Effort()
    space = Space(columns, [*offered, *floor], effort=effort)
    own = [(space.box(one), one.level) for one in offered]
    examples = [_undercut(space, own, one, number) for number, one in enumerate(floor, start=1)]
    found = [one for one in examples if one]
    return Proof(tuple(found[:MOST_EXAMPLES]), _idle(space, own), effort.made, named)


def _undercut(space: Space, own: Sequence[tuple[Box, Level]], floor: Threshold, number: int) -> CounterExample | None:
    """The smallest facts in the region of a floor's threshold where nothing of the text is as restrictive."""
    region = space.box(floor)
    enough = [box for box, level in own if level.rank >= floor.level.rank]
    example = space.outside(enough, region)
    if example is None:
        return None
    point = space.grid.pinned(example.pins)
    found = max(
        (level for box, level in own if space.grid.meet(box, point & region)), key=_rank, default=Level.AUTONOMOUS
    )
    facts = space.told(example.pins)
    sentence = (
        f"{facts[:1].upper()}{facts[1:]}: threshold {number} of the floor says {floor.level.words}, "
        f"this text {'nothing above ' if not _is_sure(space, own, point & region, found) else ''}{found.words}."
    )
    return CounterExample(sentence, space.facts(example.pins), number, floor.level, found, example.is_smallest)


def _is_sure(space: Space, own: Sequence[tuple[Box, Level]], point: Box, found: Level) -> bool:
    """Whether the text says that level whatever the facts are that the example leaves open."""
    if found == Level.AUTONOMOUS:
        return True
    return space.covered([box for box, level in own if level == found], point)


def _rank(level: Level) -> int:
    return level.rank


def _idle(space: Space, own: Sequence[tuple[Box, Level]]) -> tuple[str, ...]:
    """Thresholds that the others cover: wherever they apply, another says as much or more. Of two equals the later."""
    said, kept = [], dict(enumerate(own))
    for number in reversed(range(len(own))):
        box, level = own[number]
        others = [one for k, (one, other) in kept.items() if k != number and other.rank >= level.rank]
        if others and space.covered(others, box):
            del kept[number]
            said.append(f"Threshold {number + 1} never changes a level: wherever it applies, another says as much.")
    return tuple(reversed(said))
