"""The fewest people whose limits cover what an initiative needs. Pure functions over plain facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.stakeholders.rules.influence import Edge, Sway
from apps.stakeholders.rules.resources import Holding, Need

MOST_EXACT = 20  # candidates; beyond, the search goes by the greatest gain first and says so
Key = tuple[str, str]  # resource, unit
Limits = Mapping[int, Mapping[tuple[Key, int | None], Decimal]]  # holder → (resource, scope) → how much


@dataclass(frozen=True)
class Coalition:
    """Who could say yes to all of it. `missing` is what nobody can give; then `members` is empty."""

    members: tuple[int, ...]
    is_exact: bool  # no smaller set covers it
    candidates: int
    vetoers: tuple[int, ...] = ()  # who, outside of it, may veto a member
    missing: tuple[tuple[Need, Decimal], ...] = ()  # the need, and how much of it lacks


def limits_by_holder(holdings: Iterable[Holding], limits: Mapping[int, Decimal]) -> Limits:
    """What each holder may decide on, by resource and scope, from the limits of the day."""
    found: dict[int, dict[tuple[Key, int | None], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in holdings:
        if row.key in limits:
            found[row.holder][(row.resource, row.unit), row.cluster] += limits[row.key]
    return found


def coalition(
    needs: Sequence[Need],
    by_holder: Limits,
    *,
    edges: Collection[Edge] = (),
    without: Collection[int] = (),
) -> Coalition:
    """The smallest set of holders that covers every need, none of `without` among them.

    A limit is spent once: what covers one need does not cover another. Exact to 20 candidates; with more, the greatest
    gain is taken first and whoever is not needed in the end is left out. Among sets of the same size the first in the
    order of `by_holder` is taken. Holders who may veto a member are named beside it.
    """
    candidates = [
        one
        for one, own in by_holder.items()
        if one not in without and any(amount > 0 and _serves(spot, needs) for spot, amount in own.items())
    ]
    lacking = _missing(needs, by_holder, candidates)
    if lacking:
        return Coalition((), is_exact=True, candidates=len(candidates), missing=tuple(lacking))
    is_exact = len(candidates) <= MOST_EXACT
    members = _smallest(needs, by_holder, candidates) if is_exact else _greedy(needs, by_holder, candidates)
    vetoers = {source for source, target, kind, _ in edges if kind == Sway.VETOES and target in members}
    return Coalition(tuple(members), is_exact, len(candidates), tuple(sorted(vetoers - set(members))))


def covers(needs: Sequence[Need], by_holder: Limits, members: Collection[int]) -> bool:
    """Whether these together may give all of it, each limit spent once."""
    return not _missing(needs, by_holder, members)


def _serves(spot: tuple[Key, int | None], needs: Sequence[Need]) -> bool:
    (resource, unit), cluster = spot
    return any((need.resource, need.unit) == (resource, unit) and cluster in {None, need.cluster} for need in needs)


def _pools(by_holder: Limits, members: Collection[int]) -> dict[tuple[Key, int | None], Decimal]:
    pools: dict[tuple[Key, int | None], Decimal] = defaultdict(Decimal)
    for one in members:
        for spot, amount in by_holder[one].items():
            pools[spot] += amount
    return pools


def _missing(needs: Sequence[Need], by_holder: Limits, members: Collection[int]) -> list[tuple[Need, Decimal]]:
    """What lacks of each need: a cluster's own limits are spent first, as the enterprise's serve everybody."""
    pools, lacking = _pools(by_holder, members), []
    for need in sorted(needs, key=lambda one: one.cluster is None):
        key, lacks = (need.resource, need.unit), need.amount
        for scope in dict.fromkeys((need.cluster, None)):
            spent = min(lacks, pools[key, scope])
            pools[key, scope] -= spent
            lacks -= spent
        if lacks > 0:
            lacking.append((need, lacks))
    return lacking


def _smallest(needs: Sequence[Need], by_holder: Limits, candidates: Sequence[int]) -> list[int]:
    """Sets of one, of two, …; a branch is left where even the greatest of the rest could not cover what lacks."""
    return next(found for size in range(len(candidates) + 1) for found in _covering(needs, by_holder, candidates, size))


def _covering(needs: Sequence[Need], by_holder: Limits, candidates: Sequence[int], size: int) -> Iterator[list[int]]:
    amounts = [_by_key(by_holder[one]) for one in candidates]
    wanted: dict[Key, Decimal] = defaultdict(Decimal)
    for need in needs:
        wanted[need.resource, need.unit] += need.amount

    def search(chosen: list[int], lacks: Mapping[Key, Decimal], start: int) -> Iterator[list[int]]:
        left = size - len(chosen)
        if left == 0:
            members = [candidates[place] for place in chosen]
            if covers(needs, by_holder, members):
                yield members
        elif _may_suffice(lacks, amounts[start:], left):
            for place in range(start, len(candidates) - left + 1):
                yield from search([*chosen, place], _less(lacks, amounts[place]), place + 1)

    yield from search([], wanted, 0)


def _may_suffice(lacks: Mapping[Key, Decimal], rest: Sequence[Mapping[Key, Decimal]], left: int) -> bool:
    """Whether the `left` greatest of the rest come to what lacks, each resource for itself."""
    return all(
        sum(sorted((one.get(key, Decimal(0)) for one in rest), reverse=True)[:left], Decimal(0)) >= amount
        for key, amount in lacks.items()
        if amount > 0
    )


def _less(lacks: Mapping[Key, Decimal], given: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    return {key: amount - given.get(key, Decimal(0)) for key, amount in lacks.items()}


def _by_key(own: Mapping[tuple[Key, int | None], Decimal]) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for (key, _), amount in own.items():
        found[key] += amount
    return dict(found)


def _greedy(needs: Sequence[Need], by_holder: Limits, candidates: Sequence[int]) -> list[int]:
    """Whoever takes away the greatest share of what lacks, until nothing does; then without those not needed."""
    members: list[int] = []
    rest = list(candidates)
    while _missing(needs, by_holder, members):
        best = min(rest, key=lambda one: _lack(needs, by_holder, [*members, one]))
        members.append(best)
        rest.remove(best)
    for one in list(members):
        fewer = [other for other in members if other != one]
        if covers(needs, by_holder, fewer):
            members = fewer
    return members


def _lack(needs: Sequence[Need], by_holder: Limits, members: Collection[int]) -> Decimal:
    """How much lacks, each need counted as one however great it is."""
    return sum((lacks / need.amount for need, lacks in _missing(needs, by_holder, members)), Decimal(0))
