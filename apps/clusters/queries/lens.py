"""What the boundary lens shows: the map as a weighted graph, and the last run as one person may read it."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from apps.accounts.models import Person
from apps.clusters.models import CheckRun, Cluster, Component, Dependency, Lifecycle
from apps.clusters.rules import lens as rules
from apps.clusters.rules.findings import Found

CHECKER = "boundary-lens"


@dataclass(frozen=True)
class Graph:
    """Each component's cluster, and the weighted dependencies between them."""

    home: dict[int, int]
    edges: list[rules.Edge]

    @property
    def sha256(self) -> str:
        """Of the whole graph, in hex."""
        return hashlib.sha256(repr((sorted(self.home.items()), self.edges)).encode()).hexdigest()


def weighted_graph() -> Graph:
    """The whole map in two queries; retired components are no longer part of it."""
    components = Component.objects.exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    home = dict(components.values_list("pk", "cluster_id").iterator(chunk_size=5_000))
    rows = Dependency.objects.order_by("pk").values_list("consumer_id", "provider_id", "weight")
    edges = [row for row in rows.iterator(chunk_size=5_000) if row[0] in home and row[1] in home]
    return Graph(home, edges)


def measured(graph: Graph) -> dict[str, Any]:
    """Everything the lens measures, as plain values: ids, weights and shares."""
    found = rules.communities(graph.home, graph.edges)
    return {
        "couplings": [asdict(one) for one in rules.couplings(graph.home, graph.edges)],
        "modularity": rules.modularity(graph.home, graph.edges),
        "moves": [asdict(one) for one in rules.moves(graph.home, graph.edges)],
        "communities": asdict(found) if found else None,
        "components": len(graph.home),
        "dependencies": len(graph.edges),
    }


def leanings(moves: list[dict[str, Any]]) -> list[Found]:
    """A note for each component that calls another cluster more than its own, where moving it would gain."""
    gaining = [rules.Move(**one) for one in moves if one["gain"] > 0]
    names = dict(Component.objects.filter(pk__in=[one.component_id for one in gaining]).values_list("pk", "name"))
    clusters = dict(Cluster.objects.values_list("pk", "name"))
    return [
        Found(
            code="leans-outward",
            key=f"leans-outward:{one.component_id}",
            severity=1,
            cluster_id=one.home,
            component_id=one.component_id,
            counterpart_id=one.target,
            sentence=f"{names[one.component_id]} calls {clusters[one.target]} more than {clusters[one.home]}.",
            next_step=f"Ask whether it belongs to {clusters[one.target]}; the modularity of the map would gain "
            f"{one.gain:.4f} by the move.",
            evidence={
                "calls_home": one.calls_home,
                "calls_other_cluster": one.calls_target,
                "modularity_gained": round(one.gain, 6),
            },
        )
        for one in gaining
    ]


@dataclass(frozen=True)
class Lens:
    """The last run, as one person may read it: clusters and moves they may know of."""

    run: CheckRun
    couplings: list[tuple[Cluster, rules.Coupling]]
    moves: list[tuple[Component, Cluster, rules.Move]]
    communities: rules.Communities | None

    @property
    def result(self) -> dict[str, Any]:
        """What was measured of the map as a whole."""
        return dict(self.run.result)

    @property
    def best(self) -> float:
        """The greatest modularity that any run of the search found."""
        return max(self.communities.modularity) if self.communities else 0.0

    @property
    def agreement(self) -> tuple[float, float]:
        """The least and the greatest agreement of a run with the declared clusters."""
        found = self.communities.agreement if self.communities else (0.0,)
        return min(found), max(found)


def lens_for(person: Person) -> Lens | None:
    """The last run of the lens; None before the first. Three queries."""
    run = CheckRun.objects.filter(checker=CHECKER, ran_at__isnull=False).first()
    if run is None:
        return None
    seen = Cluster.objects.visible_to(person).in_bulk()
    moves = [rules.Move(**one) for one in run.result["moves"] if one["home"] in seen and one["target"] in seen]
    components = Component.objects.select_related("cluster").in_bulk([one.component_id for one in moves])
    couplings = [rules.Coupling(**one) for one in run.result["couplings"]]
    found = run.result["communities"]
    return Lens(
        run,
        sorted(
            ((seen[one.cluster_id], one) for one in couplings if one.cluster_id in seen),
            key=lambda pair: (pair[1].cohesion is None, pair[1].cohesion or 0.0, pair[0].name),
        ),
        [(components[one.component_id], seen[one.target], one) for one in moves if one.component_id in components],
        rules.Communities(found["runs"], *(tuple(found[name]) for name in ("found", "agreement", "modularity")))
        if found
        else None,
    )
