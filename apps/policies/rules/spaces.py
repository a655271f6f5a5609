"""The finite space that the conditions of some rules tell apart: what analyses of tables and thresholds reason in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from apps.policies.rules.boxes import Box, Effort, Example, Grid, Pins
from apps.policies.rules.columns import Atom, Cell, Column, Value, atoms


class Celled(Protocol):
    """Whatever has conditions by column; a column it does not name takes any value."""

    @property
    def cells(self) -> Mapping[str, Cell]: ...


class Space:
    """The classes of values of each column that no condition of `rows` tells apart, and boxes over them."""

    def __init__(self, columns: Sequence[Column], rows: Iterable[Celled], *, effort: Effort) -> None:
        self.columns, self.effort = columns, effort
        named = [row.cells for row in rows]
        self._cells = [list({cells[c.name]: None for cells in named if c.name in cells}) for c in columns]
        self.atoms: list[list[Atom]] = [atoms(c, cells) for c, cells in zip(columns, self._cells, strict=True)]
        self.grid = Grid([len(one) for one in self.atoms])

    def box(self, row: Celled) -> Box:
        """The rule's conditions as a box."""
        return self.grid.box(self._mask(number, row) for number in range(len(self.columns)))

    def _mask(self, number: int, row: Celled) -> int:
        cell = row.cells.get(self.columns[number].name)
        if cell is None:
            return (1 << len(self.atoms[number])) - 1
        place = self._cells[number].index(cell)
        return sum(1 << bit for bit, atom in enumerate(self.atoms[number]) if atom.taken_by[place])

    def outside(self, boxes: Iterable[Box], region: Box | None = None) -> Example | None:
        """The smallest example in `region` (all of the space) that no box covers."""
        others = [] if region is None else self.grid.beyond(region)
        return self.grid.outside([*others, *boxes], self.effort)

    def covered(self, boxes: Iterable[Box], region: Box) -> bool:
        """Whether the boxes cover the region."""
        return self.grid.covered([*self.grid.beyond(region), *boxes], self.effort)

    def facts(self, pins: Pins) -> dict[str, Value]:
        """The example's facts by column."""
        return {self.columns[column].name: self.atoms[column][bit].value for column, bit in pins.items()}

    def told(self, pins: Pins) -> str:
        """The example in words."""
        said = [self.columns[column].told(self.atoms[column][bit].value) for column, bit in pins.items()]
        return ", ".join(said) or "whatever the facts"
