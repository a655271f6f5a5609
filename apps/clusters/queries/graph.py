"""The map as a graph: all clusters, one opened, what lies around a focus, and the ways between two components.

Every answer is one `View` of nodes and edges, which the drawing, the tables and the API tell alike. Clusters a person
may not know of are neither shown nor walked through; nor is what the narrowing leaves out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Max, Q, QuerySet, Sum

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component, DataClass, Dependency, Finding
from apps.clusters.queries.map import component_named, visible_dependencies
from apps.clusters.rules import LONGEST_CLUSTER_SLUG, LONGEST_COMPONENT_SLUG
from apps.clusters.rules import graph as rules
from apps.clusters.rules.graph import Direction, Edge, Level, Node, View
from apps.clusters.states import FindingState
from apps.kernel.refusals import Invalid

LONGEST_FOCUS = LONGEST_CLUSTER_SLUG + 1 + LONGEST_COMPONENT_SLUG  # cluster/short-name


@dataclass(frozen=True)
class Narrowing:
    """What of the map counts: any of the kinds, clusters and tiers, and this class of data or a stricter one.

    What is left empty asks nothing.

    A kind and a class are asked of dependencies; a cluster and a tier of every component but those one looks at.
    """

    kind: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()  # by short name
    tier: tuple[str, ...] = ()
    data_class: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> "Narrowing":
        """What a form or an address asks under the names of the fields; blank values ask nothing."""
        kind, cluster, tier = (tuple(filter(None, asked[name])) for name in ("kind", "cluster", "tier"))
        return cls(kind, cluster, tier, asked["data_class"])

    def edges(self) -> Q:
        """What is asked of a dependency itself."""
        found = Q()
        if self.kind:
            found &= Q(kind__in=self.kind)
        if self.data_class:
            found &= Q(data_class__in=DataClass.values[DataClass.values.index(self.data_class) :])
        return found

    def end(self, end: str) -> Q:
        """What is asked of the consumer or the provider of a dependency."""
        found = Q()
        if self.cluster:
            found &= Q(**{f"{end}__cluster__slug__in": self.cluster})
        if self.tier:
            found &= Q(**{f"{end}__tier__in": [int(one) for one in self.tier]})
        return found


EVERYTHING = Narrowing()


def kinds_seen_by(person: Person) -> list[str]:
    """Every kind of dependency there is where the person may look."""
    rows = visible_dependencies(person).select_related(None).order_by("kind")
    return list(rows.values_list("kind", flat=True).distinct())


def focus_named(text: str, person: Person, *, field: str = "focus") -> Cluster | Component:
    """The visible cluster or component a person means: "cluster", "cluster/short-name", a short name or a name."""
    cluster = (
        Cluster.objects.visible_to(person).filter(Q(slug__iexact=text) | Q(name__iexact=text)).order_by("pk").first()
    )
    if cluster is not None:
        return cluster
    return component_meant(text, person, field=field)


def component_meant(text: str, person: Person, *, field: str) -> Component:
    """The visible component a person means: "cluster/short-name", a short name or a name."""
    slug, _, rest = text.partition("/")
    rows = Component.objects.visible_to(person).select_related("cluster")
    found = rows.filter(cluster__slug=slug, slug=rest).first() if rest else None
    if found is None:
        named = list(rows.filter(name__iexact=text).order_by("pk")[:2])
        found = named[0] if len(named) == 1 else None
    try:
        return found or component_named(text, person)
    except Invalid as refusal:
        fields = {field: [refusal.sentence]}
        raise Invalid(refusal.sentence, next_step=refusal.next_step, fields=fields) from refusal


@dataclass(frozen=True)
class Question:
    """What one asks of the map, as an address says it; empty: all of it."""

    focus: str = ""  # a cluster or a component, by name
    to: str = ""  # the component at the end of a path
    hops: int = 1
    direction: Direction = Direction.BOTH
    opened: bool = False  # the focus is a cluster: what is in it, not what lies around it
    narrowing: Narrowing = EVERYTHING


def look(asked: Question, person: Person) -> View:
    """The view that answers a question; refuses names that mean nothing, or several things."""
    if asked.to:
        source = component_meant(asked.focus, person, field="focus")
        return between(source, component_meant(asked.to, person, field="to"), person, asked.narrowing)
    if not asked.focus:
        return overview(person, asked.narrowing)
    focus = focus_named(asked.focus, person)
    how: dict[str, Any] = {"hops": asked.hops, "direction": asked.direction, "narrowing": asked.narrowing}
    if isinstance(focus, Component):
        return around(focus, person, **how)
    return inside(focus, person, asked.narrowing) if asked.opened else around_cluster(focus, person, **how)


def with_findings(view: View, person: Person) -> View:
    """The same view, its nodes with the open findings that the person may read: of a cluster all in it. One query."""
    clusters = [node.pk for node in view.nodes if node.kind == "cluster"]
    components = [node.pk for node in view.nodes if node.kind == "component"]
    rows = Finding.objects.visible_to(person).filter(state=FindingState.OPEN)
    of_these = Q(component__in=components) | Q(cluster__in=clusters)
    found = defaultdict[str, list[tuple[int, int]]](list)
    grouped = rows.filter(of_these).order_by().values_list("cluster_id", "component_id")
    for cluster, component, number, worst in grouped.annotate(number=Count("pk"), worst=Max("severity")):
        found[f"cluster-{cluster}"].append((number, worst))
        found[f"component-{component}"].append((number, worst))
    nodes = [
        replace(node, findings=sum(n for n, _ in said), worst=max(w for _, w in said))
        if (said := found.get(node.key))
        else node
        for node in view.nodes
    ]
    by_key = {node.key: node for node in nodes}
    focus, target = (by_key.get(one.key, one) if one else None for one in (view.focus, view.target))
    return replace(view, nodes=nodes, focus=focus, target=target)


def overview(person: Person, narrowing: Narrowing = EVERYTHING) -> View:
    """Every visible cluster, and what each needs of the others. Two queries."""
    nodes = _clusters(person, narrowing)
    ends = narrowing.end("consumer") & narrowing.end("provider") if not narrowing.cluster else Q()
    rows = _between_clusters(_edges(person, narrowing).filter(ends))
    if narrowing.cluster:
        mine = {key for key, node in nodes.items() if node.slug in narrowing.cluster}
        rows = [edge for edge in rows if mine & {edge.consumer, edge.provider}]
        met = mine | {key for edge in rows for key in (edge.consumer, edge.provider)}
        nodes = {key: node for key, node in nodes.items() if key in met}
    return View(
        Level.CLUSTERS, None, list(nodes.values()), [e for e in rows if {e.consumer, e.provider} <= nodes.keys()]
    )


def around_cluster(
    cluster: Cluster,
    person: Person,
    *,
    hops: int = 1,
    direction: Direction = Direction.BOTH,
    narrowing: Narrowing = EVERYTHING,
) -> View:
    """The clusters within some steps of one. Two queries."""
    _require_hops(hops)
    whole = overview(person, replace(narrowing, cluster=()))
    by_pk = {node.pk: node for node in whole.nodes}
    by_key = {node.key: node.pk for node in whole.nodes}
    pairs = [(by_key[edge.consumer], by_key[edge.provider]) for edge in whole.edges]
    admitted = {node.pk for node in whole.nodes if not narrowing.cluster or node.slug in narrowing.cluster} | {
        cluster.pk
    }
    forward, back = (
        _over([pair for pair in pairs if pair[1] in admitted]),
        _over([pair[::-1] for pair in pairs if pair[0] in admitted]),
    )
    reached, is_cut = _both_ways(cluster.pk, forward, back, hops=hops, direction=direction)
    nodes = [replace(by_pk[pk], needs=needs, needed_by=needed_by) for pk, (needs, needed_by) in reached.items()]
    shown = {node.key for node in nodes}
    edges = [edge for edge in whole.edges if {edge.consumer, edge.provider} <= shown]
    return View(Level.CLUSTERS, by_pk[cluster.pk], nodes, edges, is_cut)


def inside(cluster: Cluster, person: Person, narrowing: Narrowing = EVERYTHING) -> View:
    """The components of one cluster, what they need of each other, and the clusters about it, each as one node."""
    own = Component.objects.filter(cluster=cluster).select_related("cluster").order_by("tier", "name", "pk")
    if narrowing.tier:
        own = own.filter(tier__in=[int(one) for one in narrowing.tier])
    found = list(own[: rules.MOST_NODES + 1])
    nodes = {one.pk: _component(one) for one in found[: rules.MOST_NODES]}
    touching = _edges(person, narrowing).filter(Q(consumer__in=nodes) | Q(provider__in=nodes))
    about = {node.pk: node for node in _clusters(person, replace(narrowing, tier=())).values() if node.pk != cluster.pk}
    if narrowing.cluster:
        about = {pk: node for pk, node in about.items() if node.slug in narrowing.cluster}
    edges = list(_merged(_ends_inside(touching, nodes, about)))
    met = {key for edge in edges for key in (edge.consumer, edge.provider)}
    nearby = [node for node in about.values() if node.key in met]
    return View(
        Level.INSIDE, _cluster(cluster, len(found)), [*nodes.values(), *nearby], edges, len(found) > rules.MOST_NODES
    )


def around(
    component: Component,
    person: Person,
    *,
    hops: int = 1,
    direction: Direction = Direction.BOTH,
    narrowing: Narrowing = EVERYTHING,
) -> View:
    """What lies within some steps of a component. One query a level and direction, and two for what was reached."""
    _require_hops(hops)
    edges = _edges(person, narrowing)
    reached, is_cut = _both_ways(
        component.pk, _needs(edges, narrowing), _needed_by(edges, narrowing), hops=hops, direction=direction
    )
    nodes = {
        pk: replace(node, needs=reached[pk][0], needed_by=reached[pk][1]) for pk, node in _components(reached).items()
    }
    return View(Level.COMPONENTS, nodes[component.pk], list(nodes.values()), _among(edges, nodes), is_cut)


def between(source: Component, target: Component, person: Person, narrowing: Narrowing = EVERYTHING) -> View:
    """Every shortest way by which `source` needs `target`. Where there is none, a note says what else to ask."""
    if source == target:
        raise Invalid(
            "That is one component, not two.", next_step="Name another one to end at.", fields={"to": ["The same."]}
        )
    edges = _edges(person, narrowing)
    ways = rules.shortest_ways(_needs(edges, narrowing, also=target.pk), source.pk, target.pk)
    if ways is None:
        ends = _components([source.pk, target.pk])
        note = f"{_no_way(source, target)} {_other_way(source, target, edges, narrowing)}"
        return View(Level.PATH, ends[source.pk], list(ends.values()), [], target=ends[target.pk], note=note)
    nearest = sorted(ways.steps, key=lambda pk: (ways.steps[pk], pk))
    nodes = {pk: replace(node, needs=ways.steps[pk]) for pk, node in _components(nearest).items()}
    on_a_way = {(f"component-{one}", f"component-{other}") for one, after in ways.after.items() for other in after}
    lines = [edge for edge in _among(edges, nodes) if (edge.consumer, edge.provider) in on_a_way]
    return View(Level.PATH, nodes[source.pk], list(nodes.values()), lines, target=nodes[target.pk], ways=ways)


def _no_way(source: Component, target: Component) -> str:
    return f"{source.name} does not need {target.name}, nor through others within {rules.LONGEST_WAY} steps."


def _other_way(source: Component, target: Component, edges: QuerySet[Dependency], narrowing: Narrowing) -> str:
    back = rules.shortest_ways(_needs(edges, narrowing, also=source.pk), target.pk, source.pk)
    if back is not None:
        return f"It is the other way about: {target.name} needs {source.name}. Exchange the two."
    return "Ask with fewer filters, or look at what lies around each of them."


def _require_hops(hops: int) -> None:
    if hops not in range(1, rules.MOST_HOPS + 1):
        raise Invalid(
            f"The map is told to {rules.MOST_HOPS} steps.",
            next_step="Ask for 1, 2 or 3.",
            fields={"hops": ["1, 2 or 3."]},
        )


def _edges(person: Person, narrowing: Narrowing) -> QuerySet[Dependency]:
    return visible_dependencies(person).select_related(None).filter(narrowing.edges()).order_by()


def _needs(edges: QuerySet[Dependency], narrowing: Narrowing, *, also: int | None = None) -> rules.Step:
    """The step to what is needed; `also` is where one wants to get to, of which the narrowing does not ask."""
    fits = narrowing.end("provider")
    if fits and also:
        fits |= Q(provider=also)
    return lambda front: edges.filter(fits, consumer__in=front).values_list("consumer_id", "provider_id")


def _needed_by(edges: QuerySet[Dependency], narrowing: Narrowing) -> rules.Step:
    rows = edges.filter(narrowing.end("consumer"))
    return lambda front: rows.filter(provider__in=front).values_list("provider_id", "consumer_id")


def _over(pairs: Iterable[rules.Pair]) -> rules.Step:
    leaving = defaultdict[int, list[rules.Pair]](list)
    for pair in pairs:
        leaving[pair[0]].append(pair)
    return lambda front: (pair for one in front for pair in leaving[one])


def _both_ways(
    start: int, needs: rules.Step, needed_by: rules.Step, *, hops: int, direction: Direction
) -> tuple[dict[int, tuple[int | None, int | None]], bool]:
    """Steps each way of everything reached, nearest first, and whether the ceiling left something out."""
    none = rules.Walk({start: 0}, is_cut=False)
    most = rules.MOST_NODES if direction != Direction.BOTH else rules.MOST_NODES // 2
    out = rules.walk(needs, start, hops=hops, most=most) if direction != Direction.NEEDED_BY else none
    into = rules.walk(needed_by, start, hops=hops, most=most) if direction != Direction.NEEDS else none
    reached = {pk: (out.steps.get(pk), into.steps.get(pk)) for pk in (*out.steps, *into.steps)}
    nearest = sorted(reached, key=lambda pk: (min(step for step in reached[pk] if step is not None), pk))
    return {pk: reached[pk] for pk in nearest}, out.is_cut or into.is_cut


def _among(edges: QuerySet[Dependency], nodes: Collection[int]) -> list[Edge]:
    """Every dependency between two of these components."""
    rows = edges.filter(consumer__in=nodes, provider__in=nodes)
    told = rows.values_list("consumer_id", "provider_id", "kind", "weight", "data_class")
    return list(
        _merged(
            (f"component-{one}", f"component-{other}", kind, weight, data) for one, other, kind, weight, data in told
        )
    )


def _ends_inside(
    touching: QuerySet[Dependency], nodes: Collection[int], about: Collection[int]
) -> Iterator[tuple[str, str, str, int, str]]:
    """Dependencies with the end that lies in another cluster told as that cluster."""
    ends = ("consumer_id", "consumer__cluster_id", "provider_id", "provider__cluster_id")

    def key(component: int, cluster: int) -> str:
        if component in nodes:
            return f"component-{component}"
        return f"cluster-{cluster}" if cluster in about else ""

    for one, its, other, others, kind, weight, data in touching.values_list(*ends, "kind", "weight", "data_class"):
        consumer, provider = key(one, its), key(other, others)
        if consumer and provider:
            yield consumer, provider, kind, weight, data


def _merged(rows: Iterable[tuple[str, str, str, int, str]]) -> Iterator[Edge]:
    """One edge for all dependencies between the same two, in the order of their ends."""
    by_ends = defaultdict[tuple[str, str], list[tuple[str, int, str]]](list)
    for consumer, provider, kind, weight, data in rows:
        by_ends[consumer, provider].append((kind, weight, data))
    for (consumer, provider), several in sorted(by_ends.items()):
        kinds, weights, classes = zip(*several, strict=True)
        yield Edge(consumer, provider, tuple(sorted(set(kinds))), len(several), sum(weights), strictest(classes))


def strictest(classes: Iterable[str]) -> str:
    """The strictest of these classes of data; "" where none is said."""
    return max(classes, key=lambda one: DataClass.values.index(one) if one else -1, default="")


def _between_clusters(edges: QuerySet[Dependency]) -> list[Edge]:
    rows = (
        edges.exclude(consumer__cluster=F("provider__cluster"))
        .values_list("consumer__cluster", "provider__cluster")
        .annotate(
            kinds=ArrayAgg("kind", distinct=True),
            dependencies=Count("pk"),
            whole=Sum("weight"),
            classes=ArrayAgg("data_class", distinct=True),
        )
        .order_by("consumer__cluster", "provider__cluster")
    )
    return [
        Edge(f"cluster-{one}", f"cluster-{other}", tuple(sorted(kinds)), dependencies, weight, strictest(classes))
        for one, other, kinds, dependencies, weight, classes in rows
    ]


def _clusters(person: Person, narrowing: Narrowing) -> dict[str, Node]:
    counted = Q(components__tier__in=[int(one) for one in narrowing.tier]) if narrowing.tier else Q()
    rows = Cluster.objects.visible_to(person).order_by("name", "pk")
    counts = rows.annotate(parts=Count("components", filter=counted)).values_list("pk", "slug", "name", "parts")
    nodes = (Node("cluster", pk, slug, name, slug, name, components=parts) for pk, slug, name, parts in counts)
    return {node.key: node for node in nodes}


def _cluster(row: Cluster, components: int) -> Node:
    return Node("cluster", row.pk, row.slug, row.name, row.slug, row.name, components=components)


def _components(ids: Collection[int]) -> dict[int, Node]:
    rows = Component.objects.filter(pk__in=ids).select_related("cluster").in_bulk()
    return {pk: _component(rows[pk]) for pk in ids if pk in rows}


def _component(row: Component) -> Node:
    cluster = row.cluster
    return Node("component", row.pk, f"{cluster.slug}/{row.slug}", row.name, cluster.slug, cluster.name, tier=row.tier)
