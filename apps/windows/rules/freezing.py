"""What a freeze says to one change: hit or not, spared or not, and why in a sentence."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.kernel.signs import moment_words


@dataclass(frozen=True)
class FreezeFacts:
    """What a freeze asks of a change: when it runs, what it touches, who does it."""

    window_start_at: datetime
    window_end_at: datetime
    cluster_ids: frozenset[int]  # its own and those of its components
    tiers: frozenset[int]
    type: str
    risk: int | None = None  # None: not known, which spares nobody
    roles: frozenset[str] = field(default=frozenset())  # of the implementer; of the caller where no change is named


@dataclass(frozen=True)
class Scope:
    """A freeze as data. An empty collection means "all"."""

    name: str
    is_hard: bool
    start_at: datetime
    end_at: datetime
    cluster_ids: frozenset[int]
    tiers: frozenset[int]
    types: frozenset[str]
    exemptions: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class FreezeVerdict:
    """Whether the freeze hits, whether an exemption spares it, and the sentence that says so."""

    hits: bool
    is_exempt: bool
    sentence: str

    @property
    def stops(self) -> bool:
        """Whether it is hit and nothing spares it (a soft freeze warns all the same)."""
        return self.hits and not self.is_exempt


def verdict(scope: Scope, facts: FreezeFacts) -> FreezeVerdict:
    """What the freeze says to a change with these facts. A fact that is missing decides for the stricter outcome."""
    if not _hits(scope, facts):
        return FreezeVerdict(hits=False, is_exempt=False, sentence=f"“{scope.name}” does not concern it.")
    for exemption in scope.exemptions:
        if _spares(exemption, facts):
            why = exemption.get("reason") or "an exemption holds"
            return FreezeVerdict(hits=True, is_exempt=True, sentence=f"“{scope.name}” spares it: {why}.")
    return FreezeVerdict(hits=True, is_exempt=False, sentence=stopping_sentence(scope))


def stopping_sentence(scope: Scope, *, what: str = "it") -> str:
    """What the freeze says to a change (or to several: `what` is "them") that nothing spares."""
    kind = f"stops {what}" if scope.is_hard else "asks to think twice"
    return f"“{scope.name}” {kind} from {moment_words(scope.start_at)} to {moment_words(scope.end_at)} UTC."


def _hits(scope: Scope, facts: FreezeFacts) -> bool:
    overlaps = facts.window_start_at < scope.end_at and facts.window_end_at > scope.start_at
    return (
        overlaps
        and all(
            _touches(wanted, had)
            for wanted, had in ((scope.cluster_ids, facts.cluster_ids), (scope.tiers, facts.tiers))
        )
        and (not scope.types or facts.type in scope.types)
    )


def _touches(wanted: Collection[int], had: Collection[int]) -> bool:
    """An empty scope holds for all; nothing declared is hit by every scope."""
    return not wanted or not had or bool(set(wanted) & set(had))


def _spares(exemption: Mapping[str, Any], facts: FreezeFacts) -> bool:
    roles, types, bound = exemption.get("roles"), exemption.get("types"), exemption.get("risk_at_most")
    return (
        bool(roles or types or bound)  # an exemption that names nothing spares nobody
        and (not roles or bool(set(roles) & facts.roles))
        and (not types or facts.type in types)
        and (not bound or (facts.risk is not None and facts.risk <= bound))
    )
