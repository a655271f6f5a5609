"""Free windows for a change: what is left of a stretch of time when all that stands against it is taken out. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from apps.windows.rules.intervals import joined, without
from apps.windows.rules.recurrence import Interval

STEP = timedelta(minutes=15)  # starts are told at whole quarters of an hour


@dataclass(frozen=True)
class Rule:
    """Something that closes hours: `kind` as conflicts name it, a sentence, and the closed ranges of instants."""

    kind: str
    sentence: str
    closed: tuple[Interval, ...]


@dataclass(frozen=True)
class Slot:
    """A free window [start_at, end_at), and the latest start within the same free range (a whole quarter)."""

    start_at: datetime
    end_at: datetime
    latest_start_at: datetime


@dataclass(frozen=True)
class Blocked:
    """How many hours of the stretch one rule closes, and how many of them no other rule closes."""

    kind: str
    sentence: str
    hours: float
    alone_hours: float


def free(stretch: Interval, rules: Iterable[Rule]) -> list[Interval]:
    """What is left of the stretch when every closed range is taken out, by start."""
    return without([stretch], [one for rule in rules for one in rule.closed])


def slots(ranges: Sequence[Interval], *, lasts: timedelta, step: timedelta = STEP) -> Iterator[Slot]:
    """The first slot of each free range and, a slot's length apart, the further ones that fit; each starts on a step.

    Steps are counted from the epoch in UTC: every zone in use is off from it by whole quarters of an hour.
    """
    for low, high in ranges:
        start, latest = _on_step(low, step), _on_step(high - lasts, step, up=False)
        while start <= latest:
            yield Slot(start, start + lasts, latest)
            start = _on_step(start + lasts, step)


def first_of_each_day(found: Iterable[Slot], zone: tzinfo) -> Iterator[Slot]:
    """Of slots by start, the first that starts on each day of the zone: a choice of days instead of one long night."""
    last = None
    for one in found:
        day = one.start_at.astimezone(zone).date()
        if day != last:
            yield one
        last = day


def blocked_hours(stretch: Interval, rules: Sequence[Rule]) -> list[Blocked]:
    """Each rule with the hours of the stretch it closes, the longest first."""
    found = []
    for number, one in enumerate(rules):
        mine = joined(_clipped(one.closed, stretch))
        others = [span for other in (*rules[:number], *rules[number + 1 :]) for span in other.closed]
        found.append(Blocked(one.kind, one.sentence, hours_of(mine), hours_of(without(mine, others))))
    return sorted(found, key=lambda one: (-one.hours, one.sentence))


def outside(stretch: Interval, open_ranges: Iterable[Interval]) -> tuple[Interval, ...]:
    """What a rule closes that lets only `open_ranges` be used."""
    return tuple(without([stretch], list(open_ranges)))


def hours_of(ranges: Iterable[Interval]) -> float:
    """The length of ranges that do not overlap, in hours."""
    return sum(((end - start) / timedelta(hours=1) for start, end in ranges), start=0.0)


def _clipped(ranges: Iterable[Interval], stretch: Interval) -> list[Interval]:
    low, high = stretch
    return [(max(start, low), min(end, high)) for start, end in ranges if start < high and end > low]


def _on_step(moment: datetime, step: timedelta, *, up: bool = True) -> datetime:
    """The first step at or after the moment; with `up` off, the last one at or before it."""
    seconds, width = moment.timestamp(), step.total_seconds()
    steps = -(-seconds // width) if up else seconds // width
    return datetime.fromtimestamp(steps * width, tz=moment.tzinfo)
