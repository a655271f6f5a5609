"""What a cut-off does to the map: who goes on, how, and for how long. Pure functions over plain arrays.

A component stops when the first thing it needs is gone and its plan for that has run out. So the instant at which it
stops is a shortest path: from each edge that was cut, over the seconds that plans hold, to whoever needs it (Dijkstra's
algorithm, its sources the edges that are cut). Cycles end by themselves: nobody stops earlier by stopping itself.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from apps.integrations.rules.isolation import FOREVER
from apps.integrations.rules.reading import span_words

VERSION = 1
LONGEST_S = 31 * 86_400  # of one cut-off: a month

MOST_SIDES = 64  # of one partition
Sides = frozenset[int]  # where a component runs: islands by number, and 0 for all that is not isolated
ELSEWHERE: Sides = frozenset({0})


@dataclass(frozen=True)
class Need:
    """One component needs another. `holds_s`: how long it goes on without it (0: not at all); None: no plan."""

    consumer: int
    provider: int
    holds_s: float | None = None
    plan: int | None = None  # whatever the asker calls what was planned


class State(StrEnum):
    """What a component is at an instant; the best first."""

    WHOLE = "whole"
    LEANING = "leaning"
    ALONE = "on_its_plan"
    DOWN = "down"


STATE_WORDS: Mapping[State, str] = {
    State.WHOLE: "as always",
    State.LEANING: "leans on one on its plan",
    State.ALONE: "on its plan",
    State.DOWN: "down",
}
STATE_TONES: Mapping[State, str] = {
    State.WHOLE: "approve",
    State.LEANING: "info",
    State.ALONE: "caution",
    State.DOWN: "danger",
}
ORDER: Mapping[State, int] = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True)
class Fate:
    """What becomes of one component. Seconds count from the cut; infinite: never.

    `alone_from`: since when it lives on a plan of its own. `leaning_from`: since when something it needs, at whatever
    distance, does. `stops_at`: when it stops. `through`: the edge by which it stops, or first had to use its plan.
    """

    alone_from: float = FOREVER
    leaning_from: float = FOREVER
    stops_at: float = FOREVER
    through: int | None = None

    def state(self, second: float) -> State:
        """At an instant; on the edge of two, the worse."""
        if second >= self.stops_at:
            return State.DOWN
        if second >= self.alone_from:
            return State.ALONE
        return State.LEANING if second >= self.leaning_from else State.WHOLE


UNTOUCHED = Fate()


def fate_words(fate: Fate, duration_s: float) -> str:
    """What becomes of a thing within a cut-off of that length."""
    if fate.stops_at <= duration_s:
        return f"down after {span_words(fate.stops_at)}" if fate.stops_at else "down at once"
    return STATE_WORDS[fate.state(duration_s)]


@dataclass(frozen=True)
class Cut:
    """The answer: what became of everything that was touched, and which edges (by their place) were cut."""

    fates: Mapping[int, Fate]
    cut: Sequence[int] = field(default_factory=list)

    def fate(self, component: int) -> Fate:
        """Of one of them."""
        return self.fates.get(component, UNTOUCHED)

    def moments(self, duration_s: float) -> list[float]:
        """Every instant within the time asked at which something changes, from the cut on."""
        found = {0.0}
        for one in self.fates.values():
            found |= {one.alone_from, one.leaning_from, one.stops_at}
        return sorted(moment for moment in found if moment <= duration_s)

    def reason(self, component: int, needs: Sequence[Need]) -> list[int]:
        """The edges that lead from a component that stopped to the one that was cut, by their places."""
        way: list[int] = []
        is_cut = set(self.cut)
        while (edge := self.fate(component).through) is not None and edge not in way:
            way.append(edge)
            if edge in is_cut:
                break
            component = needs[edge].provider
        return way


@dataclass(frozen=True)
class Parted:
    """The map after the partition.

    `cut` and `origin` speak of places in `needs`; `origin` is None where they are as they were asked. `copies`: of each
    component that runs on several sides, what its copies are called here.
    """

    needs: Sequence[Need]
    cut: list[int]
    origin: list[int] | None = None
    copies: Mapping[int, list[int]] = field(default_factory=dict)

    def asked(self, place: int) -> int:
        """The place of an edge among those that were asked."""
        return place if self.origin is None else self.origin[place]


def parted(needs: Sequence[Need], sides: Mapping[int, Sides]) -> Parted:
    """Which edges a partition cuts; what `sides` does not name runs on `ELSEWHERE` alone.

    What runs on several sides is several copies that do not need each other: a copy reaches what runs on its own side.
    """
    wide = {one for one, of in sides.items() if len(of) > 1}
    if not wide:
        side = sides.get
        cut = [
            place
            for place, need in enumerate(needs)
            if side(need.consumer, ELSEWHERE) != side(need.provider, ELSEWHERE)
        ]
        return Parted(needs, cut)
    return _with_copies(needs, sides, wide)


def _with_copies(needs: Sequence[Need], sides: Mapping[int, Sides], wide: Collection[int]) -> Parted:
    found, cut, origin = list[Need](), list[int](), list[int]()
    for place, need in enumerate(needs):
        reached = sides.get(need.provider, ELSEWHERE)
        for at in sorted(sides.get(need.consumer, ELSEWHERE)):
            if at not in reached:
                cut.append(len(found))
            consumer = _copy(need.consumer, at) if need.consumer in wide else need.consumer
            provider = _copy(need.provider, at) if need.provider in wide else need.provider
            found.append(Need(consumer, provider, need.holds_s, need.plan))
            origin.append(place)
    copies = {one: [_copy(one, at) for at in sorted(sides[one])] for one in sorted(wide)}
    return Parted(found, cut, origin, copies)


def _copy(component: int, side: int) -> int:
    """What one copy is called: below zero, where no component's key lies."""
    return -(component * MOST_SIDES + side)


def best(fates: Iterable[Fate]) -> Fate:
    """What becomes of something that runs in several copies: it is as well off as the best of them."""
    return max(fates, key=lambda one: (one.stops_at, one.alone_from, one.leaning_from))


def simulate(needs: Sequence[Need], cut: Sequence[int]) -> Cut:
    """What becomes of everybody when these edges (by their places) are gone and stay gone.

    Every need is one that its consumer cannot do without but for its plan. Time O(E log E) in the edges that what was
    cut leads to; an edge that leads nowhere is never looked at.
    """
    needed_by = defaultdict[int, list[int]](list)
    for place, need in enumerate(needs):
        needed_by[need.provider].append(place)
    stops, through = _stopping(needs, cut, needed_by)
    alone = _alone(needs, cut, stops, needed_by, through)
    leaning = _leaning(needs, alone, stops, needed_by)
    touched = stops.keys() | alone.keys() | leaning.keys()
    fates = {
        one: Fate(alone.get(one, FOREVER), leaning.get(one, FOREVER), stops.get(one, FOREVER), through.get(one))
        for one in touched
    }
    return Cut(fates, list(cut))


def _stopping(
    needs: Sequence[Need], cut: Iterable[int], needed_by: Mapping[int, list[int]]
) -> tuple[dict[int, float], dict[int, int]]:
    """When each stops, and by which edge; what never stops is left out. The earliest first, lower edges where equal."""
    heap = [(holds, place) for place in cut if (holds := needs[place].holds_s or 0.0) != FOREVER]
    heapq.heapify(heap)
    stops: dict[int, float] = {}
    through: dict[int, int] = {}
    while heap:
        second, place = heapq.heappop(heap)
        one = needs[place].consumer
        if one in stops:
            continue
        stops[one], through[one] = second, place
        for follows in needed_by.get(one, ()):
            need = needs[follows]
            holds = need.holds_s or 0.0
            if holds != FOREVER and need.consumer not in stops:
                heapq.heappush(heap, (second + holds, follows))
    return stops, through


def _alone(
    needs: Sequence[Need],
    cut: Iterable[int],
    stops: Mapping[int, float],
    needed_by: Mapping[int, list[int]],
    through: dict[int, int],
) -> dict[int, float]:
    """Since when each lives on a plan: one of its edges was cut, or what is behind one has stopped."""
    alone: dict[int, float] = {}

    def began(place: int, second: float) -> None:
        need = needs[place]
        if need.holds_s and second < alone.get(need.consumer, FOREVER):
            alone[need.consumer] = second
            if need.consumer not in stops:
                through[need.consumer] = place

    for place in cut:
        began(place, 0.0)
    for one, second in stops.items():
        for place in needed_by.get(one, ()):
            began(place, second)
    return {one: second for one, second in alone.items() if second < stops.get(one, FOREVER)}


def _leaning(
    needs: Sequence[Need],
    alone: Mapping[int, float],
    stops: Mapping[int, float],
    needed_by: Mapping[int, list[int]],
) -> dict[int, float]:
    """Since when each needs, at whatever distance, one that lives on a plan: the earliest of all it leads to."""
    heap = sorted((second, one) for one, second in alone.items())
    seen: dict[int, float] = {}
    while heap:
        second, one = heapq.heappop(heap)
        if one in seen:
            continue
        seen[one] = second
        for place in needed_by.get(one, ()):
            consumer = needs[place].consumer
            if consumer not in seen:
                heapq.heappush(heap, (second, consumer))
    return {
        one: second for one, second in seen.items() if second < min(alone.get(one, FOREVER), stops.get(one, FOREVER))
    }


def together(fates: Iterable[Fate]) -> Fate:
    """What becomes of something that needs all of these: it is as badly off as the worst of them."""
    worst = UNTOUCHED
    for one in fates:
        worst = Fate(
            min(worst.alone_from, one.alone_from),
            min(worst.leaning_from, one.leaning_from),
            min(worst.stops_at, one.stops_at),
            one.through if one.stops_at < worst.stops_at else worst.through,
        )
    return worst


@dataclass(frozen=True)
class Stretch:
    """A time in which the state is the same; seconds from the cut, the end excluded."""

    start_s: float
    end_s: float
    state: State


def stretches(fate: Fate, duration_s: float) -> list[Stretch]:
    """The states of one thing over the whole cut-off, one after the other, without gaps."""
    marks = sorted({0.0, duration_s, fate.leaning_from, fate.alone_from, fate.stops_at})
    marks = [mark for mark in marks if mark <= duration_s]
    found: list[Stretch] = []
    for start, end in pairwise(marks):
        state = fate.state(start)
        if found and found[-1].state == state:
            found[-1] = Stretch(found[-1].start_s, end, state)
        else:
            found.append(Stretch(start, end, state))
    return found


def islands(groups: Sequence[Collection[int]], *, apart: bool) -> dict[int, Sides]:
    """The side of every component that is isolated: one island for all groups, or one for each where `apart`."""
    return {one: frozenset({number if apart else 1}) for number, group in enumerate(groups, start=1) for one in group}
