"""Reachability, the cut-off simulation and the boundary lens, beside the bare graph library on the same arrays."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import networkx as nx  # type: ignore[import-untyped]
from django.db import connection

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component, Dependency
from apps.clusters.queries.graph import Direction, Question, look
from apps.clusters.queries.lens import measured, weighted_graph
from apps.clusters.rules import graph as rules
from apps.clusters.rules import lens
from apps.integrations.rules import cutoff
from apps.integrations.rules.cutoff import Need
from apps.integrations.rules.isolation import FOREVER

COMPONENTS, EDGES, AIM = 10_000, 50_000, 3.0
STARTS, TURNS, LENS_TURNS = 40, 3, 3
SEED = 4


@dataclass(frozen=True)
class Beside:
    """Milliseconds of ours and of the library, each the median of its turns."""

    name: str
    ours_ms: float
    bare_ms: float

    @property
    def ratio(self) -> float:
        """How many times longer ours takes."""
        return self.ours_ms / self.bare_ms


def surround() -> None:
    """Put `COMPONENTS` components and `EDGES` dependencies of uneven degree into the clusters that are there."""
    clusters = list(Cluster.objects.order_by("pk"))
    Component.objects.bulk_create(
        (
            Component(cluster=clusters[n % len(clusters)], slug=f"part-{n}", name=f"Part {n}", tier=n % 4)
            for n in range(COMPONENTS - Component.objects.count())
        ),
        batch_size=5_000,
    )
    ids, chance = list(Component.objects.order_by("pk").values_list("pk", flat=True)), random.Random(SEED)
    pairs = set[tuple[int, int]]()
    while len(pairs) < EDGES:
        # A cube of chance: few are needed by very many, as platforms are.
        one, other = chance.choice(ids), ids[int(len(ids) * chance.random() ** 3)]
        if one != other:
            pairs.add((one, other))
    Dependency.objects.bulk_create(
        (
            Dependency(consumer_id=one, provider_id=other, weight=1 + (one + other) % 900)
            for one, other in sorted(pairs)
        ),
        batch_size=5_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def compared(reader: Person) -> list[Beside]:
    """Every measure in turn with its floor."""
    graph = weighted_graph()
    pairs = [(one, other) for one, other, _ in graph.edges]
    seen = Component.objects.visible_to(reader).order_by("pk").values_list("pk", flat=True)
    starts = random.Random(SEED).sample(list(seen), STARTS)
    bare = nx.DiGraph(pairs)
    names = dict(Component.objects.filter(pk__in=starts).values_list("pk", "slug"))
    slugs = dict(Component.objects.filter(pk__in=starts).values_list("pk", "cluster__slug"))

    def page(start: int, hops: int) -> object:
        focus = f"{slugs[start]}/{names[start]}"
        return look(Question(focus=focus, hops=hops, direction=Direction.NEEDS), reader)

    def ours_whole(start: int) -> object:
        return rules.walk(_leaving(pairs), start, hops=COMPONENTS, most=COMPONENTS)

    def bare_whole(start: int) -> object:
        return nx.single_source_shortest_path_length(nx.DiGraph(pairs), start)

    chance = random.Random(SEED)
    # A third without a plan, a third for minutes to hours, a third without end; one cluster in ten is isolated.
    needs = [Need(*pair, chance.choice((None, chance.randint(60, 30_000), FOREVER))) for pair in pairs]
    isolated = sorted(set(graph.home.values()))[: max(1, len(set(graph.home.values())) // 10)]
    sides = {pk: frozenset({1}) for pk, home in graph.home.items() if home in isolated}
    assert _stopping(_cut_off(needs, sides)) == _bare_cut_off(needs, sides)
    step = _leaving(pairs)
    few = starts[:3]
    return [
        _beside("all that is reached, from the arrays on", few, ours_whole, bare_whole),
        _beside(
            "all that is reached, graph at hand",
            starts,
            lambda start: rules.walk(step, start, hops=COMPONENTS, most=COMPONENTS),
            lambda start: nx.single_source_shortest_path_length(bare, start),
        ),
        _beside(
            "all shortest ways, graph at hand",
            starts,
            lambda start: rules.shortest_ways(step, start, starts[0] if start != starts[0] else starts[1]),
            lambda start: _ways(bare, start, starts[0] if start != starts[0] else starts[1]),
        ),
        _beside("3 steps, from the database, beside the arrays", few, lambda start: page(start, 3), bare_whole),
        _beside(
            "cut-off simulation, from the arrays on",
            range(LENS_TURNS),
            lambda _: _cut_off(needs, sides),
            lambda _: _bare_cut_off(needs, sides),
        ),
        _beside("boundary lens, no search", range(LENS_TURNS), lambda _: _lens(graph), lambda _: _bare_lens(graph)),
        _beside(
            "boundary lens, with the search",
            range(1),
            lambda _: measured(graph),
            lambda _: _bare_lens(graph, with_search=True),
        ),
    ]


def _beside(name: str, turns: Any, ours: Callable[[int], object], bare: Callable[[int], object]) -> Beside:
    taken = [(_timed(ours, one), _timed(bare, one)) for one in turns for _ in range(TURNS if len(turns) > 1 else 1)]
    return Beside(name, median(one for one, _ in taken), median(other for _, other in taken))


def _timed(act: Callable[[int], object], argument: int) -> float:
    began = time.perf_counter()
    act(argument)
    return (time.perf_counter() - began) * 1000


def _leaving(pairs: list[rules.Pair]) -> rules.Step:
    leaving: dict[int, list[rules.Pair]] = {}
    for pair in pairs:
        leaving.setdefault(pair[0], []).append(pair)
    return lambda front: (pair for one in front for pair in leaving.get(one, ()))


def _ways(graph: Any, start: int, end: int) -> object:
    """The library's ways, as the graph they form: its predecessors on shortest ways."""
    return nx.predecessor(graph, start, target=end, cutoff=rules.LONGEST_WAY)


def _cut_off(needs: list[Need], sides: dict[int, cutoff.Sides]) -> cutoff.Cut:
    """Which needs are cut, and what becomes of everybody."""
    partition = cutoff.parted(needs, sides)
    return cutoff.simulate(partition.needs, partition.cut)


def _stopping(cut: cutoff.Cut) -> dict[int, float]:
    return {one: fate.stops_at for one, fate in cut.fates.items() if fate.stops_at != FOREVER}


def _bare_cut_off(needs: list[Need], sides: dict[int, cutoff.Sides]) -> dict[int, float]:
    """The library's shortest paths from one source before every need that is cut: only when each stops."""
    graph, source = nx.DiGraph(), 0
    for need in needs:
        holds = need.holds_s or 0.0
        if holds == FOREVER:
            continue
        is_cut = (need.consumer in sides) != (need.provider in sides)
        start = source if is_cut else need.provider
        known = graph.get_edge_data(start, need.consumer)
        if known is None or holds < known["weight"]:
            graph.add_edge(start, need.consumer, weight=holds)
    if source not in graph:
        return {}
    found: dict[int, float] = nx.single_source_dijkstra_path_length(graph, source)
    del found[source]
    return found


def _lens(graph: Any) -> object:
    return (
        lens.couplings(graph.home, graph.edges),
        lens.modularity(graph.home, graph.edges),
        lens.moves(graph.home, graph.edges),
    )


def _bare_lens(graph: Any, *, with_search: bool = False) -> object:
    """The library's modularity of the clusters; with the search, its communities too, run as often as ours."""
    whole = nx.Graph()
    whole.add_weighted_edges_from(graph.edges)
    whole.add_nodes_from(graph.home)
    parts: dict[int, set[int]] = {}
    for pk, home in graph.home.items():
        parts.setdefault(home, set()).add(pk)
    found = nx.community.modularity(whole, parts.values(), weight="weight")
    if with_search:
        for run in range(lens.RUNS_LARGE):
            nx.community.louvain_communities(whole, weight="weight", seed=lens.SEED + run)
    return found
