"""The boundary lens: how the declared clusters sit on the dependencies that really are, and what would sit better.

Pure functions over a weighted graph, taken as undirected: a dependency couples both of its ends.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

VERSION = 1
SEED = 20
RUNS = 20  # of the community search; the spread between them says how firm the answer is
LARGE = 2_000  # components; above it the search is run fewer times
RUNS_LARGE = 3

Edge = tuple[int, int, int]  # consumer, provider, weight


@dataclass(frozen=True)
class Coupling:
    """How one cluster holds together. Weights are of dependencies, each counted once.

    `cohesion` is the share of its dependencies that stay inside, 0 to 1 (None: it has none); `instability` the share
    of the crossing ones that go out, 0 (others need it) to 1 (it needs others), after Martin (1994).
    """

    cluster_id: int
    inside: int
    needs: int  # crossing, out of it
    needed: int  # crossing, into it

    @property
    def cohesion(self) -> float | None:
        """The share that stays inside."""
        whole = self.inside + self.needs + self.needed
        return self.inside / whole if whole else None

    @property
    def instability(self) -> float | None:
        """The share of crossing ones that go out."""
        crossing = self.needs + self.needed
        return self.needs / crossing if crossing else None


@dataclass(frozen=True)
class Move:
    """A component that calls another cluster more than its own, and what the modularity gains by moving it there."""

    component_id: int
    home: int
    target: int
    calls_home: int
    calls_target: int
    gain: float


@dataclass(frozen=True)
class Communities:
    """What a community search makes of the same graph, over several runs."""

    runs: int
    found: tuple[int, ...]  # communities of each run
    agreement: tuple[float, ...]  # adjusted Rand index of each run with the declared clusters, -1 to 1
    modularity: tuple[float, ...]


def couplings(home: Mapping[int, int], edges: Iterable[Edge]) -> list[Coupling]:
    """The coupling of every cluster that has components, by id. `home` says each component's cluster."""
    inside, needs, needed = Counter[int](), Counter[int](), Counter[int]()
    for consumer, provider, weight in edges:
        if home[consumer] == home[provider]:
            inside[home[consumer]] += weight
        else:
            needs[home[consumer]] += weight
            needed[home[provider]] += weight
    return [Coupling(pk, inside[pk], needs[pk], needed[pk]) for pk in sorted(set(home.values()))]


def modularity(home: Mapping[int, int], edges: Iterable[Edge]) -> float | None:
    """Newman's modularity of the declared clusters, -0.5 to 1; None without any dependency (Newman 2004)."""
    inside, total, whole = Counter[int](), Counter[int](), 0
    for one, other, weight in edges:
        whole += weight
        total[home[one]] += weight
        total[home[other]] += weight
        if home[one] == home[other]:
            inside[home[one]] += weight
    if not whole:
        return None
    return sum(inside[pk] / whole - (total[pk] / (2 * whole)) ** 2 for pk in total)


def moves(home: Mapping[int, int], edges: Sequence[Edge]) -> list[Move]:
    """Components that call one other cluster more than their own, the greatest gain first.

    "Call" is what they need: their outgoing weight. The gain is the change of modularity by the move (Blondel et al.
    2008, equation 2, for leaving and joining); it can be negative, where many others hold the component at home.
    """
    degree, total, whole = Counter[int](), Counter[int](), 0
    calls: dict[int, Counter[int]] = defaultdict(Counter)
    joined: dict[int, Counter[int]] = defaultdict(Counter)  # both directions
    for consumer, provider, weight in edges:
        whole += weight
        for end, other in ((consumer, provider), (provider, consumer)):
            degree[end] += weight
            total[home[end]] += weight
            joined[end][home[other]] += weight
        calls[consumer][home[provider]] += weight
    found = []
    for pk, by_cluster in calls.items():
        own = home[pk]
        target, most = max(
            ((cluster, weight) for cluster, weight in by_cluster.items() if cluster != own),
            key=lambda pair: (pair[1], -pair[0]),
            default=(own, 0),
        )
        if most <= by_cluster[own]:
            continue
        joins = (joined[pk][target] - joined[pk][own]) / whole
        weighs = degree[pk] * (total[target] - (total[own] - degree[pk])) / (2 * whole**2)
        found.append(Move(pk, own, target, by_cluster[own], most, joins - weighs))
    return sorted(found, key=lambda one: (-one.gain, one.component_id))


def communities(home: Mapping[int, int], edges: Sequence[Edge]) -> Communities | None:
    """What Louvain makes of the graph, seeded, over several runs; None without any dependency.

    The search is networkx's; many runs, because one alone depends on the order it happens to look in.
    """
    if not edges:
        return None
    import networkx as nx  # type: ignore[import-untyped]  # only here: no page pays for it at start

    graph = nx.Graph()
    graph.add_nodes_from(sorted(home))
    for consumer, provider, weight in edges:
        known = graph.get_edge_data(consumer, provider, {"weight": 0})
        graph.add_edge(consumer, provider, weight=known["weight"] + weight)
    runs = RUNS if len(home) <= LARGE else RUNS_LARGE
    sizes, agreements, modularities = [], [], []
    for run in range(runs):
        parts = nx.community.louvain_communities(graph, weight="weight", seed=SEED + run)
        found = {pk: number for number, part in enumerate(parts) for pk in part}
        sizes.append(len(parts))
        agreements.append(adjusted_rand(home, found))
        modularities.append(nx.community.modularity(graph, parts, weight="weight"))
    return Communities(runs, tuple(sizes), tuple(agreements), tuple(modularities))


def adjusted_rand(one: Mapping[int, int], other: Mapping[int, int]) -> float:
    """How far two partitions of the same things agree, 1 for the same, about 0 for chance (Hubert and Arabie 1985)."""
    pairs = comb(len(one), 2)
    both = sum(comb(number, 2) for number in Counter((one[pk], other[pk]) for pk in one).values())
    of_one = sum(comb(number, 2) for number in Counter(one.values()).values())
    of_other = sum(comb(number, 2) for number in Counter(other.values()).values())
    expected = of_one * of_other / pairs if pairs else 0.0
    most = (of_one + of_other) / 2
    return (both - expected) / (most - expected) if most != expected else 1.0
