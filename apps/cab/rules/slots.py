"""Free windows for a change: what is left of a stretch of time when everything that stands against it is taken out. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.windows.rules.intervals import joined, without
from apps.windows.rules.recurrence import Interval

STEP = timedelta(minutes=15)  # starts are told at whole quarters of an hour
MOST_SLOTS = 20
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Rule:
    """Something that closes hours: `kind` as conflicts name it, a sentence, and the closed ranges of instants."""

    kind: str
    sentence: str
    closed: tuple[Interval, ...]


@dataclass(frozen=True)
class Blocked:
    """How much of the stretch one rule closes, joined, in hours; and how much only it closes."""

    rule: Rule
    hours: float
    alone_hours: float


def free(stretch: Interval, rules: Iterable[Rule]) -> list[Interval]:
    """What is left of the stretch when every closed range is taken out, by start."""
    return without([stretch], [one for rule in rules for one in rule.closed])


def slots(ranges: Sequence[Interval], *, lasts: timedelta, step: timedelta = STEP) -> Iterator[Interval]:
    """The first slot of each free range and, a slot's length apart, the further ones that fit; each starts on a step.

    Steps are counted from the epoch in UTC: every zone in use is off from it by whole quarters of an hour.
    """
    for low, high in ranges:
        start = _on_step(low, step)
        while start + lasts <= high:
            yield start, start + lasts
            start = _on_step(start + lasts, step)


def blocked_hours(stretch: Interval, rules: Sequence[Rule]) -> list[Blocked]:
    """Each rule with the hours of the stretch it closes, the longest first."""
    found = []
    for number, one in enumerate(rules):
        mine = joined(_clipped(one.closed, stretch))
        others = [span for other in (*rules[:number], *rules[number + 1 :]) for span in other.closed]
        found.append(Blocked(one, _hours(mine), _hours(without(mine, others))))
    return sorted(found, key=lambda one: (-one.hours, one.rule.sentence))


def outside(stretch: Interval, open_ranges: Iterable[Interval]) -> tuple[Interval, ...]:
    """What a rule closes that lets only `open_ranges` be used."""
    return tuple(without([stretch], list(open_ranges)))


def _clipped(ranges: Iterable[Interval], stretch: Interval) -> list[Interval]:
    low, high = stretch
    return [(max(start, low), min(end, high)) for start, end in ranges if start < high and end > low]


def _hours(ranges: Iterable[Interval]) -> float:
    return sum(((end - start) / timedelta(hours=1) for start, end in ranges), start=0.0)


def _on_step(moment: datetime, step: timedelta) -> datetime:
    """The first step at or after the moment."""
    seconds, width = moment.timestamp(), step.total_seconds()
    return datetime.fromtimestamp(-(-seconds // width) * width, tz=moment.tzinfo)
