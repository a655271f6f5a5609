"""Boxes of a finite space, and the search for a point that none of them covers.

A box says for each column which classes of values it takes. Asking whether boxes cover the space is as hard as a
tautology, so the search counts its comparisons and stops at a bound; within it, it is exact.

A box is one whole number: a field of bits a column, with a guard bit above each field. Adding ones to every field
carries into the guards of exactly those that are not empty, so two boxes are compared in one addition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.kernel.refusals import Invalid

Box = int
Pins = dict[int, int]  # column → bit
MOST_COMPARISONS = 25_000_000  # of boxes with boxes; some five seconds
MOST_FOR_SMALLEST = 200_000  # of them to make one counter-example smaller; then an irreducible one serves


class TooTangled(Invalid):
    """The analysis met its bound."""

    code = "too_tangled"


@dataclass
class Effort:
    """How many comparisons were made; refuses to make more than `most`."""

    most: int = MOST_COMPARISONS
    made: int = 0

    def spend(self, count: int) -> None:
        """Count comparisons."""
        self.made += count
        if self.made > self.most:
            raise TooTangled(
                "This table is too tangled to be proven within the bound on time.",
                next_step="Use fewer facts, fewer rules, or rules that name more of the same facts.",
            )


@dataclass(frozen=True)
class Example:
    """Facts that lie outside every box whatever the other facts are; no fact of it can be left out."""

    pins: Pins
    is_smallest: bool  # no example has fewer facts


class Grid:
    """The space: how many classes of values each column has, and how its boxes are put together."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.starts: list[int] = []
        self.full = self._guards = 0
        start = 0
        for size in sizes:
            self.starts.append(start)
            self.full |= ((1 << size) - 1) << start
            self._guards |= 1 << (start + size)
            start += size + 1
        self.fields = [((1 << size) - 1) << at for size, at in zip(sizes, self.starts, strict=True)]

    def box(self, masks: Iterable[int]) -> Box:
        """The box with these masks, one a column."""
        return sum(mask << start for mask, start in zip(masks, self.starts, strict=True))

    def pinned(self, pins: Pins) -> Box:
        """Everything that has these facts."""
        box = self.full
        for column, bit in pins.items():
            box = box & ~self.fields[column] | 1 << (self.starts[column] + bit)
        return box

    def meet(self, one: Box, other: Box) -> bool:
        """Whether two boxes share a point."""
        return ((one & other) + self.full) & self._guards == self._guards

    def cuts(self, box: Box, region: Box) -> int:
        """In how many columns the box leaves out something of the region."""
        return (((region & ~box) + self.full) & self._guards).bit_count()

    def beyond(self, region: Box) -> list[Box]:
        """Boxes that together are everything outside the region."""
        return [self.full & ~(region & field) for field in self.fields if region & field != field]

    def lowest(self, box: Box, *, where: Box | None = None) -> Pins:
        """The smallest point of the box, in the columns where it is narrower than `where` (all columns)."""
        pins = {}
        for column, field in enumerate(self.fields):
            part = box & field
            if where is None or part != where & field:
                pins[column] = (part & -part).bit_length() - 1 - self.starts[column]
        return pins

    def covered(self, boxes: Sequence[Box], effort: Effort) -> bool:
        """Whether the boxes together cover the space; no example is looked for where they do not."""
        return self._point_outside(self.full, list(boxes), effort) is None

    def outside(self, boxes: Sequence[Box], effort: Effort) -> Example | None:
        """The smallest example of a point outside all `boxes`, or None: together they cover the space."""
        point = self._point_outside(self.full, list(boxes), effort)
        if point is None:
            return None
        pins = self._irreducible(self.lowest(point), boxes, effort)
        share = Effort(MOST_FOR_SMALLEST)
        try:
            for size in range(len(pins)):
                found = self._with_at_most(size, boxes, {}, share)
                if found is not None:
                    return Example(found, is_smallest=True)
        except TooTangled:
            return Example(pins, is_smallest=False)
        finally:
            effort.spend(min(share.made, share.most))
        return Example(pins, is_smallest=True)

    def _point_outside(self, region: Box, boxes: list[Box], effort: Effort) -> Box | None:
        """A part of `region` that no box meets; None when they cover it.

        Takes the box that leaves out least, then what it leaves out, column by column: parts that share no point.
        """
        effort.spend(len(boxes) + 1)
        met = [box for box in boxes if self.meet(box, region)]
        if not met:
            return region
        best = min(met, key=lambda box: self.cuts(box, region))
        met.remove(best)
        for field in self.fields:
            left = region & ~best & field
            if left:
                found = self._point_outside(region & ~field | left, met, effort)
                if found is not None:
                    return found
                region = region & ~field | region & best & field
        return None

    def _irreducible(self, pins: Pins, boxes: Sequence[Box], effort: Effort) -> Pins:
        """The pins without those that can be left out, the last column first."""
        for column in sorted(pins, reverse=True):
            effort.spend(len(boxes))
            fewer = {one: bit for one, bit in pins.items() if one != column}
            region = self.pinned(fewer)
            if not any(self.meet(box, region) for box in boxes):
                pins = fewer
        return pins

    def _with_at_most(self, size: int, boxes: Sequence[Box], pins: Pins, share: Effort) -> Pins | None:
        """Pins, at most `size` more, that exclude each of the boxes left; the lowest values first."""
        if not boxes:
            return dict(sorted(pins.items()))
        if size == 0:
            return None
        open_ = sum(field for column, field in enumerate(self.fields) if column not in pins)
        hardest = min(boxes, key=lambda box: (open_ & ~box).bit_count())
        for column, field in enumerate(self.fields):
            ways = open_ & ~hardest & field
            while ways:
                bit = ways & -ways
                ways ^= bit
                share.spend(len(boxes))
                step = {**pins, column: bit.bit_length() - 1 - self.starts[column]}
                found = self._with_at_most(size - 1, [box for box in boxes if box & bit], step, share)
                if found is not None:
                    return found
        return None
