"""Ways of trust from a caller's domain to a callee's, and what survives them. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_STEPS = 10  # of a chain; longer ones nobody could follow


@dataclass(frozen=True)
class Link:
    """Domain `target` believes tokens of domain `source`, for these audiences, until it ends.

    `claims` survive the step (empty: none but the subject); `most_steps` is how long a chain over it may be in all.
    """

    pk: int
    source: int
    target: int
    claims: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    most_steps: int = 1
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Chain:
    """A way of trust: its links in order, and the claims of the caller that arrive at its end."""

    links: tuple[Link, ...]
    claims: frozenset[str]

    @property
    def length(self) -> int:
        """How many times a token is exchanged; 0 within one domain."""
        return len(self.links)


def chain(links: Iterable[Link], *, source: int, target: int, claims: Iterable[str], at: datetime) -> Chain | None:
    """The shortest way of trust in force at `at`, of those the one that most claims survive; None where there is none.

    Every link of a way must permit its whole length. `claims` are what the caller's tokens carry.
    """
    carried = frozenset(claims)
    if source == target:
        return Chain((), carried)
    going = _going(links, at)
    ways: list[Chain] = [Chain((), carried)]
    seen: dict[tuple[int, int], list[frozenset[str]]] = {}
    for _ in range(MOST_STEPS):
        longer = [
            Chain((*way.links, link), way.claims & link.claims)
            for way in ways
            for link in going.get(way.links[-1].target if way.links else source, ())
        ]
        arrived = [way for way in longer if way.links[-1].target == target and _permitted(way.links)]
        if arrived:
            return max(arrived, key=lambda way: len(way.claims))
        ways = [way for way in longer if not _is_dominated(seen, way)]
    return None


def why_none(links: Iterable[Link], *, source: int, target: int, at: datetime) -> str:
    """Why there is no way of trust, as the end of a sentence: what would have to be mended first."""
    every = list(links)
    alive = [one for one in every if one.ends_at is None or one.ends_at > at]
    if _reaches(alive, source, target):
        return "every way is longer than one of its links permits"
    if _reaches(every, source, target):
        return "a link on every way has ended"
    if not any(one.source == source for one in every):
        return "no domain believes the caller's"
    if not any(one.target == target for one in every):
        return "the callee's domain believes no other"
    return "no way of links leads there"


def _going(links: Iterable[Link], at: datetime) -> dict[int, list[Link]]:
    going: dict[int, list[Link]] = {}
    for link in sorted(links, key=lambda one: one.pk):
        if link.ends_at is None or link.ends_at > at:
            going.setdefault(link.source, []).append(link)
    return going


def _permitted(way: Sequence[Link]) -> bool:
    return all(len(way) <= link.most_steps for link in way)


def _is_dominated(seen: dict[tuple[int, int], list[frozenset[str]]], way: Chain) -> bool:
    """Whether a way no longer, that permits as much, has brought at least these claims to the same domain."""
    known = seen.setdefault((way.links[-1].target, min(link.most_steps for link in way.links)), [])
    if any(way.claims <= other for other in known):
        return True
    known.append(way.claims)
    return False


def _reaches(links: Iterable[Link], source: int, target: int) -> bool:
    reached, beside = {source}, list(links)
    for _ in beside:
        reached |= {one.target for one in beside if one.source in reached}
    return target in reached
