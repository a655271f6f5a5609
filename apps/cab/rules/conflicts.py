"""When planned changes stand in each other's way, or in the way of a window or a freeze. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from apps.windows.rules.intervals import covers, joined
from apps.windows.rules.recurrence import Interval

SAME_COMPONENT, DEPENDENCY, FAILOVER, PERSON = "same_component", "dependency", "failover", "person"
OUTSIDE_WINDOW, BLACKOUT, FREEZE = "outside_window", "blackout", "freeze"
# What stops a change while nobody has accepted it: both at once would break what neither breaks alone, or a rule says
# no. A dependency and a busy person are for people to weigh; a soft freeze says so itself.
STOPPING = frozenset({SAME_COMPONENT, FAILOVER, OUTSIDE_WINDOW, BLACKOUT})
MOST_LINKS_TOLD = 5
FAILOVER_WORD = "failover"  # the kind of a declared dependency that means "takes over when the other fails"

UNTOLD = "A change that not everyone may know of stands against it at that time."
# Who asks may not know of the other change, so nobody is named: its people have been told, and see both.
UNTOLD_STEP = "Move the window. The people of the other change have been told, and may have it accepted."


@dataclass(frozen=True)
class Target:
    """What a change touches, as windows ask: a cluster, and the tier of a component there (None: no component)."""

    cluster_id: int
    cluster_name: str
    tier: int | None


@dataclass(frozen=True)
class Occurs:
    """One occurrence of a maintenance window or blackout, with whom it holds for (None and empty: all)."""

    definition_id: int
    name: str
    cluster_id: int | None
    tiers: frozenset[int]
    start_at: datetime
    end_at: datetime

    def holds_for(self, target: Target) -> bool:
        """Whether it governs that cluster and tier. A tier that is not known is governed by every window."""
        return self.cluster_id in (None, target.cluster_id) and (
            not self.tiers or target.tier is None or target.tier in self.tiers
        )


@dataclass(frozen=True)
class Link:
    """How a component of the one change meets one of the other.

    `kind` is "same_component", "dependency" or "failover"; `low` and `high` are the names on the side of the change
    with the lower and the higher id; `hops` counts dependencies between them; `low_needs` says which needs which.
    """

    other_id: int
    kind: str
    low: str
    high: str
    hops: int = 0
    low_needs: bool = False


@dataclass(frozen=True)
class Found:
    """One conflict as found: with what, and the details and the digest that are kept beside it."""

    kind: str
    details: Mapping[str, Any]
    is_stopping: bool
    other_id: int | None = None
    window_id: int | None = None
    freeze_id: int | None = None
    digest: str = field(default="")

    @property
    def key(self) -> tuple[str, int | None, int | None, int | None]:
        """What it is unique by, beside the change."""
        return (self.kind, self.other_id, self.window_id, self.freeze_id)


def found(kind: str, details: Mapping[str, Any], *, inputs: Any = None, **ids: Any) -> Found:
    """A conflict with its digest over `details` and `inputs` (plain values): what an acceptance was about."""
    text = json.dumps([kind, details, inputs], sort_keys=True, separators=(",", ":"), default=str)
    is_stopping = kind in STOPPING or bool(details.get("is_hard"))
    return Found(kind, details, is_stopping, digest=hashlib.sha256(text.encode()).hexdigest(), **ids)


def from_links(links: Sequence[Link], *, spans: Mapping[int, Any]) -> list[Found]:
    """One conflict per other change and kind, the nearest links first; `spans` are the windows by other change."""
    shared = {one.other_id for one in links if one.kind == SAME_COMPONENT}
    # Of two changes to one component nobody needs to hear that its neighbours depend on it, too.
    told = {one for one in links if one.kind != DEPENDENCY or one.other_id not in shared}
    ordered = sorted(told, key=lambda one: (one.other_id, one.kind, one.hops, one.low, one.high, one.low_needs))
    return [
        _linked(kind, other_id, list(rows), spans[other_id])
        for (other_id, kind), rows in groupby(ordered, key=lambda one: (one.other_id, one.kind))
    ]


def _linked(kind: str, other_id: int, links: Sequence[Link], span: Any) -> Found:
    told = [
        {"low": one.low, "high": one.high, "hops": one.hops, "low_needs": one.low_needs}
        for one in links[:MOST_LINKS_TOLD]
    ]
    return found(kind, {"links": told, "more": len(links) - len(told)}, inputs=span, other_id=other_id)


def outside_windows(
    window: Interval, targets: Iterable[Target], occurrences: Sequence[Occurs], ruled: Callable[[Target], bool]
) -> list[str]:
    """The names of the clusters, sorted, whose maintenance windows do not hold the whole window.

    `ruled(target)` says whether any maintenance window is declared for the target at all: where none is, any time does.
    """
    return sorted(
        {
            one.cluster_name
            for one in targets
            if ruled(one)
            and not covers(joined((o.start_at, o.end_at) for o in occurrences if o.holds_for(one)), window)
        }
    )


def hit_by(window: Interval, targets: Sequence[Target], blackouts: Iterable[Occurs]) -> list[Occurs]:
    """The blackouts that overlap the window and hold for any target, each definition once (its first occurrence)."""
    hit: dict[int, Occurs] = {}
    for one in sorted(blackouts, key=lambda one: one.start_at):
        overlaps = one.start_at < window[1] and one.end_at > window[0]
        if overlaps and any(one.holds_for(target) for target in targets):
            hit.setdefault(one.definition_id, one)
    return list(hit.values())


def sentence(kind: str, details: Mapping[str, Any], *, other: str = "", mirrored: bool = False) -> str:
    """What the conflict is, for a person; `mirrored` when the reader's change is the one with the higher id."""
    if kind in (SAME_COMPONENT, DEPENDENCY, FAILOVER):
        return _of_links(kind, details, other, mirrored=mirrored)
    if kind == PERSON:
        return f"{details['person']} also carries out {other} at that time."
    if kind == OUTSIDE_WINDOW:
        return f"The window lies outside the maintenance windows of {', '.join(details['clusters'])}."
    if kind == BLACKOUT:
        return f"It falls into the blackout “{details['name']}”."
    return str(details["sentence"])


def next_step(kind: str, *, may_be_accepted: bool) -> str:
    """What mends it."""
    if not may_be_accepted:
        return "Move the window, or ask for an exception from the freeze."
    if kind == PERSON:
        return "Name another implementer, move the window, or have it accepted with a reason."
    return "Move the window, or have it accepted with a reason."


def _of_links(kind: str, details: Mapping[str, Any], other: str, *, mirrored: bool) -> str:
    first, more = details["links"][0], len(details["links"]) - 1 + details["more"]
    mine, theirs = (first["high"], first["low"]) if mirrored else (first["low"], first["high"])
    rest = f" ({more} more)" if more else ""
    if kind == SAME_COMPONENT:
        return f"{other} changes {mine}{rest} at the same time."
    if kind == FAILOVER:
        return f"{other} changes {theirs}, the failover partner of {mine}{rest}, at the same time."
    needs = first["low_needs"] is not mirrored
    way = f"{mine} needs" if needs else f"needs {mine}"
    through = " through one other" if first["hops"] > 1 else ""
    return f"{other} changes {theirs}, which {way}{through}{rest}, at the same time."
