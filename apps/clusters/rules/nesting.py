"""What is a part of what never runs in a circle. Pure functions over plain facts.

Needs may: services that call each other are found in every real catalogue. But nothing is a part of itself.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from apps.kernel.refusals import Conflict

Thing = TypeVar("Thing", bound=Hashable)

# Kinds of dependency that say so, in small letters and with spaces: by the whole, and by the part.
CONSISTS_OF = "consists of"
SAID_BY_WHOLES = frozenset({CONSISTS_OF, "contains", "has part"})
SAID_BY_PARTS = frozenset({"part of", "is part of", "subcomponent of", "is subcomponent of"})
_MOST_WAYS = 100  # of circles that are sought one by one; more of them at once is the work of a program
_SHOWN, _SHOWN_LAST = 8, 3  # names of a long circle
SOMETHING = "a component you may not see"


@lru_cache(maxsize=1_000)  # kinds that catalogues made up
def _says(kind: str) -> bool | None:
    """Whether a kind is said by the whole; None where it says nothing of wholes."""
    plain = kind.lower().replace("-", " ").replace("_", " ")
    return True if plain in SAID_BY_WHOLES else False if plain in SAID_BY_PARTS else None


def is_nesting(kind: str) -> bool:
    """Whether a dependency of this kind is one between a whole and its part."""
    return _says(kind[:40]) is not None


def nested(kind: str, consumer: Thing, provider: Thing) -> tuple[Thing, Thing] | None:
    """The whole and the part that a dependency of this kind names; None for one that says nothing of the sort."""
    is_by_whole = _says(kind[:40])
    if is_by_whole is None:
        return None
    return (consumer, provider) if is_by_whole else (provider, consumer)


def circles(new: Sequence[tuple[Thing, Thing]], known: Iterable[tuple[Thing, Thing]] = ()) -> dict[int, list[Thing]]:
    """Of each new pair (whole, part) that lies on a circle, by its place: the circle, from the whole back to it.

    All that lie on it are named, as nothing tells which of them is wrong. Beyond a hundred, one circle tells of all
    that hang together.
    """
    pairs = [*known, *new]
    if _is_free(pairs):
        return {}
    import networkx as nx  # type: ignore[import-untyped]  # only here: no page pays for it at start

    graph = nx.DiGraph(pairs)
    together = {one: n for n, found in enumerate(nx.strongly_connected_components(graph)) for one in found}
    ways: dict[int, list[Thing]] = {}
    last: dict[int, list[Thing]] = {}
    for place, (whole, part) in enumerate(new):
        group = together[whole]
        if group != together[part]:
            continue
        if len(ways) < _MOST_WAYS or group not in last:
            last[group] = [whole, *nx.shortest_path(graph, part, whole)]
        ways[place] = last[group]
    return ways


def _is_free(pairs: Iterable[tuple[Thing, Thing]]) -> bool:
    sorter: TopologicalSorter[Thing] = TopologicalSorter()
    for whole, part in pairs:
        sorter.add(whole, part)
    try:
        sorter.prepare()
    except CycleError:
        return False
    return True


def shown(circle: Sequence[Thing]) -> list[Thing]:
    """Those of a circle whose names are told: all of a short one, else the first and the last."""
    return [*circle] if len(circle) <= _SHOWN + _SHOWN_LAST + 1 else [*circle[:_SHOWN], *circle[-_SHOWN_LAST:]]


def told(circle: Sequence[Thing], name: Callable[[Thing], str] = str) -> str:
    """The way of a circle as people read it, each by its `name`; of a long one its first and its last names."""
    names = [name(one) for one in shown(circle)]
    left = len(circle) - len(names)
    return " → ".join([*names[:_SHOWN], f"{left:,} more", *names[_SHOWN:]] if left else names)


def written(key: tuple[str, str]) -> str:
    """A component as people write it, "payments/ledger"; without a cluster where none is said."""
    return "/".join(filter(None, key))


def circle_sentence(circle: Sequence[Thing], name: Callable[[Thing], str] = str) -> str:
    """Why a pair on this circle is not taken."""
    return f"Nothing is a part of itself, and this closes a circle: {told(circle, name)}."


ROW_STEP = "Take one of them out of the file, or off the map, and import it again."


def closes_circle(circle: Sequence[Thing], name: Callable[[Thing], str] = str) -> Conflict:
    """The refusal of a dependency that would close this circle, with its way."""
    return Conflict(
        circle_sentence(circle, name),
        next_step="Withdraw another of these first, if that one is wrong.",
        fields={"provider": ["Closes a circle."]},
        code="nesting_circle",
    )
