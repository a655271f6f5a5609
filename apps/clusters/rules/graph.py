"""Reachability on the map: what lies within some steps, the shortest ways between two, and how a view of it is told.

Nothing here knows where edges come from: a `Step` is asked once a level, so the same walk runs over rows of a database
and over arrays, and reads no more of them than it needs.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

Pair = tuple[int, int]  # from, to
Step = Callable[[Collection[int]], Iterable[Pair]]  # every edge that leaves one of these

MOST_HOPS = 3  # around a focus; beyond it nearly everything is near
MOST_NODES = 500  # of one answer: a page that lists more helps nobody
LONGEST_WAY = 20  # steps; a chain of calls longer than this is not followed
MOST_WAYS = 20  # written out, of all the shortest ones


class Direction(StrEnum):
    BOTH = "both"
    NEEDS = "needs"  # what the focus needs
    NEEDED_BY = "needed_by"  # what needs the focus


class Level(StrEnum):
    CLUSTERS = "clusters"
    INSIDE = "inside"  # one cluster's components, and the clusters about it
    COMPONENTS = "components"
    PATH = "path"


@dataclass(frozen=True)
class Walk:
    """What was reached, each with its fewest steps. `is_cut`: more lies within reach than the ceiling lets in."""

    steps: dict[int, int]
    is_cut: bool


def walk(step: Step, start: int, *, hops: int, most: int = MOST_NODES) -> Walk:
    """Everything within `hops` steps of `start`, at most `most` things, the nearest first (lower ids where equal)."""
    steps, front = {start: 0}, [start]
    for hop in range(1, hops + 1):
        reached = sorted({to for _, to in step(front)} - steps.keys())
        room = most - len(steps)
        if len(reached) > room:
            return Walk(steps | dict.fromkeys(reached[:room], hop), is_cut=True)
        steps.update(dict.fromkeys(reached, hop))
        front = reached
        if not front:
            break
    return Walk(steps, is_cut=False)


@dataclass(frozen=True)
class Ways:
    """All shortest ways between two things, as the graph they form together.

    `after` says, of each thing on a way, which come next; `steps` how far each is from the start.
    """

    source: int
    target: int
    steps: dict[int, int]
    after: dict[int, list[int]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Steps of each way."""
        return self.steps[self.target]

    @property
    def count(self) -> int:
        """How many ways there are; counted, not walked, as they may be very many."""
        ways = {self.target: 1}
        for one in sorted(self.after, key=self.steps.__getitem__, reverse=True):
            ways[one] = sum(ways[following] for following in self.after[one])
        return ways[self.source]

    def written_out(self, most: int = MOST_WAYS) -> list[list[int]]:
        """The first `most` ways, each from start to end, lower ids first."""
        return list(islice(self._from(self.source), most))

    def _from(self, one: int) -> Iterator[list[int]]:
        if one == self.target:
            yield [one]
        for following in self.after.get(one, ()):
            for rest in self._from(following):
                yield [one, *rest]


def shortest_ways(step: Step, source: int, target: int, *, longest: int = LONGEST_WAY) -> Ways | None:
    """Every shortest way from `source` to `target`; None where there is none of at most `longest` steps."""
    steps, before, front = {source: 0}, defaultdict[int, set[int]](set), [source]
    for hop in range(1, longest + 1):
        if target in steps or not front:
            break
        reached = set()
        for start, end in step(front):
            if steps.setdefault(end, hop) == hop:
                before[end].add(start)
                reached.add(end)
        front = sorted(reached)
    if target not in steps:
        return None
    return _backwards(source, target, steps, before)


def _backwards(source: int, target: int, steps: dict[int, int], before: dict[int, set[int]]) -> Ways:
    """Only what lies on a way to the target: the search reached more."""
    after, front = defaultdict[int, set[int]](set), {target}
    while front:
        for end in front:
            for start in before[end] if end != source else ():
                after[start].add(end)
        front = {start for end in front if end != source for start in before[end]}
    on_a_way = {target, source, *after}
    return Ways(
        source,
        target,
        {one: steps[one] for one in sorted(on_a_way)},
        {one: sorted(following) for one, following in sorted(after.items())},
    )


@dataclass(frozen=True)
class Node:
    """A cluster or a component. `needs`: steps at which the focus needs it; `needed_by`: at which it needs that one."""

    kind: str  # "cluster" or "component"
    pk: int
    slug: str  # by which one looks at it: "payments", or "payments/ledger"
    name: str
    cluster_slug: str
    cluster_name: str
    tier: int | None = None  # of a component
    components: int | None = None  # in a cluster
    needs: int | None = None
    needed_by: int | None = None
    findings: int = 0  # open ones, of it or of what is in it
    worst: int = 0  # the severity of the worst of them; 0: there is none

    @property
    def key(self) -> str:
        """What edges call it."""
        return f"{self.kind}-{self.pk}"


@dataclass(frozen=True)
class Edge:
    """Everything by which one node needs another: of dependencies between clusters, all together."""

    consumer: str
    provider: str
    kinds: tuple[str, ...]
    dependencies: int
    weight: int
    data_class: str  # the strictest; "": none is said


@dataclass(frozen=True)
class View:
    level: Level
    focus: Node | None
    nodes: list[Node]
    edges: list[Edge]
    is_cut: bool = False  # there is more than the ceiling lets in
    target: Node | None = None  # of a path
    ways: Ways | None = None
    note: str = ""  # what a person should know where there is nothing to see
