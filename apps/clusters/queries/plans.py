"""What an import would do: every row of a catalogue against what the map holds now. Reads only."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models.functions import Lower

from apps.accounts.models import Person
from apps.clusters import rules
from apps.clusters.formats.apis import ApiSaid
from apps.clusters.formats.catalog import (
    Catalog,
    ClusterRow,
    ComponentRow,
    DependencyRow,
    PlacementRow,
    Row,
    same_but_place,
)
from apps.clusters.models import ApiDescription, Cluster, Component, Dependency, LooseEnd, Placement
from apps.clusters.queries.apis import apis_said
from apps.clusters.queries.conventions import Keeping
from apps.clusters.queries.nesting import names_for, nesting_above
from apps.clusters.queries.steps import (
    API_FIELD,
    EDGE_FIELDS,
    Ends,
    Key,
    Plan,
    Said,
    Status,
    Step,
    about,
    about_component,
)
from apps.clusters.rules.nesting import circles, nested, shown, written
from apps.kernel.refusals import Refusal

Thing = int | Key  # what a dependency names: the key of a component that exists, else cluster and name as they are said


def plan_import(
    catalog: Catalog,
    *,
    person: Person | None,
    found_clusters: bool = False,
    refuse_loose: bool = False,
    said: Said | None = None,
    at: datetime,
) -> Plan:
    """What importing `catalog` would do.

    `person` sees and writes only clusters visible to them (None: the house, all). With `found_clusters` a component may
    name a cluster that does not exist yet; otherwise that is an unknown reference and the row is rejected. So is one
    that breaks a convention which refuses at `at`. A dependency with an end that is not known is kept as a loose end;
    with `refuse_loose` it is rejected. `said` is what parcels of the same catalogue said before; this one adds to it.
    """
    planner = _Planner(catalog, person, found_clusters=found_clusters, at=at)
    planner.said = {} if said is None else said
    planner.refuse_loose = refuse_loose
    planner.plan_clusters()
    planner.plan_components()
    planner.plan_dependencies()
    planner.plan_placements()
    planner.plan.rejections.sort(key=lambda rejection: (rejection.file, rejection.row))
    return planner.plan


class _Planner:
    """The work of `plan_import`, split by kind of row; queries grow with the kinds, not with the rows."""

    def __init__(self, catalog: Catalog, person: Person | None, *, found_clusters: bool, at: datetime) -> None:
        self.keeping = Keeping(at)
        self.catalog, self.found_clusters, self.person = catalog, found_clusters, person
        self.plan = Plan(rejections=list(catalog.rejections))
        self.visible = Cluster.objects.visible_to(person) if person else Cluster.objects.all()
        self.said: Said = {}
        self.refuse_loose = False
        self.edges: set[tuple[object, ...]] = set()  # what tells planned dependencies and loose ends from each other
        slugs = {row.slug for row in catalog.clusters}
        slugs |= {row.cluster for row in catalog.components} | {row.cluster for row in catalog.placements}
        lowered = [slug.lower() for slug in slugs]
        self.taken = set(
            Cluster.objects.annotate(low=Lower("slug")).filter(low__in=lowered).values_list("low", flat=True)
        )
        known = self.visible.annotate(low=Lower("slug")).filter(low__in=lowered)
        by_low = {cluster.slug.lower(): cluster for cluster in known}
        self.plan.clusters = {slug: by_low[slug.lower()] for slug in slugs if slug.lower() in by_low}
        self.coming: set[str] = set()  # clusters this import founds

    def plan_clusters(self) -> None:
        for row in self.catalog.clusters:
            if self._repeats(row):
                continue
            known = self.plan.clusters.get(row.slug)
            if misfit := self.keeping.cluster_misfit(row, known):
                self._reject(row, *misfit)
            elif known:
                self._step(row, "cluster", known.name, _differences(known, row, ("name", "purpose", "zone")))
            elif reason := self._cannot_found(row):
                self._reject(row, "slug", row.slug, reason)
            else:
                self.coming.add(row.slug)
                self._step(row, "cluster", row.new_name, None)

    def plan_components(self) -> None:
        rows = self.catalog.components
        existing = Component.objects.filter(
            cluster__in=list(self.plan.clusters.values()), slug__in={row.slug for row in rows}
        ).select_related("cluster")
        by_key = {(component.cluster.slug.lower(), component.slug): component for component in existing}
        apis = {by_key.get((row.cluster.lower(), row.slug)) for row in rows if row.api}
        said = apis_said(ApiDescription.objects.filter(component__in=apis - {None})) if apis else {}
        for row in rows:
            if not self._has_cluster(row) or self._repeats(row):
                continue
            if reason := _refused_by(rules.require_component_slug, row.slug):
                self._reject(row, "slug", row.slug, reason)
                continue
            known = by_key.get((row.cluster.lower(), row.slug))
            if misfit := self.keeping.component_misfit(row, known):
                self._reject(row, *misfit)
                continue
            if known:
                self.plan.components[row.cluster, row.slug] = known
            changes = _differences(known, row, _COMPONENT_FIELDS) if known else ()
            more = _api_differences(said.get(known.pk), row) if known else ()
            self._step(row, "component", _label(row), (*changes, *more) if known else None)

    def plan_dependencies(self) -> None:
        rows = self.catalog.dependencies
        ends, (loose, hidden) = self._known_ends(rows), _known_loose(rows, self.person)
        edges = Dependency.objects.filter(
            consumer__in=[component.pk for found in ends.values() for component in found.values() if component]
        )
        known: dict[tuple[Thing, Thing, str], Dependency] = {
            (edge.consumer_id, edge.provider_id, edge.kind): edge for edge in edges
        }
        for row in rows:
            found = self._resolved(row, ends)
            if found is None:
                continue
            what = "loose_end" if None in found else "dependency"
            if self._repeats(row, what):
                continue
            name_of_it = loose_key(row, found) or (*found, row.kind)
            if misfit := self._edge_misfit(row, found):
                self._reject(row, *misfit)
            elif name_of_it in self.edges:
                self._repeat(row, what)  # under another spelling
            elif name_of_it in hidden:
                self._step(row, what, _label(row), ())
            else:
                self.edges.add(name_of_it)
                self.plan.ends[id(row)] = found
                things = _things(row, found, ends)
                self._plan_edge(row, what, known.get((*things, row.kind)), loose.get(name_of_it))
        self._refuse_circles(ends)

    def _plan_edge(self, row: DependencyRow, what: str, edge: Dependency | None, kept: LooseEnd | None) -> None:
        if edge:
            self.plan.edges[id(row)] = edge
        if kept:
            self.plan.loose[id(row)] = kept
        stored = edge or kept
        self._step(row, what, _label(row), _differences(stored, row, EDGE_FIELDS) if stored else None)

    def plan_placements(self) -> None:
        rows = self.catalog.placements
        stored = Placement.objects.filter(
            cluster__in=list(self.plan.clusters.values()), host__in={row.host for row in rows}
        ).select_related("cluster")
        by_spot = {(one.cluster.slug.lower(), one.site, one.host): one for one in stored}
        for row in rows:
            if not self._has_cluster(row) or self._repeats(row):
                continue
            known = by_spot.get((row.cluster.lower(), row.site, row.host))
            if known:
                self.plan.placements[row.cluster, row.site, row.host] = known
            self._step(row, "placement", _label(row), _differences(known, row, ("runs",)) if known else None)

    def _edge_misfit(self, row: DependencyRow, found: Ends) -> tuple[str, str, str] | None:
        """What speaks against a dependency whose ends are found, or are not: its field, value and sentence."""
        if found[0] == found[1] and found[0] is not None:
            return "provider", row.provider, "A component cannot depend on itself."
        if self.refuse_loose and None in found:
            end = "provider" if found[0] else "consumer"
            return end, getattr(row, end), "There is no such component, neither in the files nor in the map."
        return self.keeping.way_misfit(row.kind)

    def _refuse_circles(self, ends: Mapping[str, Mapping[Key, Component | None]]) -> None:
        """Take out of the plan what would make something a part of itself, on the map or with the rest of this."""
        steps = [
            (step, pair)
            for step in self.plan.having(Status.NEW)
            if isinstance(row := step.row, DependencyRow)
            and (pair := nested(row.kind, *_things(row, self.plan.ends[id(row)], ends)))
        ]
        pairs = [pair for _, pair in steps]
        above = nesting_above({whole for whole, _ in pairs if isinstance(whole, int)}) if pairs else []
        ways = circles(pairs, above) if pairs else {}
        told = {one for way in ways.values() for one in shown(way) if isinstance(one, int)}
        names = names_for(self.person, told)
        self.plan.refuse_circles(
            [(steps[place][0], way) for place, way in ways.items()],
            lambda one: names[one] if isinstance(one, int) else written(one),
        )

    def _has_cluster(self, row: ComponentRow | PlacementRow) -> bool:
        """Whether the row's cluster exists or comes with this import; founds it where that is asked for."""
        if row.cluster in self.plan.clusters or row.cluster in self.coming:
            return True
        founding = ClusterRow(row.place, slug=row.cluster, name=getattr(row, "cluster_name", "") or None)
        if not row.cluster:
            reason = "Nothing tells which cluster it belongs to. Name one in the cluster map (“*” takes the rest)."
        elif not self.found_clusters:
            reason = "There is no such cluster. Found it first, map it to one, or allow the import to found clusters."
        else:
            reason = self._cannot_found(founding)
        if reason:
            self._reject(row, "cluster", row.cluster, reason)
            return False
        self.coming.add(row.cluster)
        self._step(founding, "cluster", founding.new_name, None)
        return True

    def _cannot_found(self, row: ClusterRow) -> str:
        """Why no cluster of this slug can be founded; "" when it can."""
        if row.slug.lower() in self.taken:
            return "This short name is taken by a cluster you may not see."
        zone = _refused_by(rules.require_zone, row.zone) if row.zone is not None else ""
        return _refused_by(rules.require_cluster_slug, row.slug) or zone

    def _known_ends(self, rows: Iterable[DependencyRow]) -> dict[str, dict[Key, Component | None]]:
        """For each short name that a dependency uses: the components it may mean (None for one that is coming)."""
        ends: dict[str, dict[Key, Component | None]] = {
            name: {} for row in rows for name in (row.consumer, row.provider)
        }
        stored = Component.objects.filter(slug__in=list(ends), cluster__in=self.visible).select_related("cluster")
        for component in stored:
            ends[component.slug][component.cluster.slug, component.slug] = component
        for step in self.plan.steps:
            if isinstance(step.row, ComponentRow) and step.status == Status.NEW and step.row.slug in ends:
                ends[step.row.slug][step.row.cluster, step.row.slug] = None
        return ends

    def _resolved(self, row: DependencyRow, ends: Mapping[str, Mapping[Key, Component | None]]) -> Ends | None:
        """The one component that each end means, None for one not known; rejects a row of which one means several."""
        found: list[Key | None] = []
        for end in ("consumer", "provider"):
            name, cluster = getattr(row, end), getattr(row, f"{end}_cluster")
            fitting = [key for key in ends[name] if not cluster or key[0].lower() == cluster.lower()]
            named_here = [key for key in fitting if about_component(key) in self.said]
            if len(named_here) != 1 and len(fitting) > 1:
                where = ", ".join(sorted(key[0] for key in fitting))
                self._reject(row, end, name, f"Several clusters have a component of that name: {where}. Say which.")
                return None
            found.append(next(iter(named_here or fitting), None))
        return found[0], found[1]

    def _repeats(self, row: Row, what: str = "") -> bool:
        """Whether the catalogue has named this before; saying the same again is noted, saying otherwise is rejected."""
        first = self.said.setdefault(about(row), row)
        if first is row:
            return False
        if isinstance(row, DependencyRow) or same_but_place(first, row):
            self._repeat(row, what or about(row)[0])
        else:
            name, value = ("host", row.host) if isinstance(row, PlacementRow) else ("slug", row.slug)
            where = f"{first.place.file}, line {first.place.row}"
            self._reject(row, name, value, f"{where} says otherwise of the same name.")
        return True

    def _repeat(self, row: Row, what: str) -> None:
        self.plan.steps.append(Step(row, what, _label(row), Status.REPEATED))

    def _step(self, row: Row, what: str, label: str, changes: tuple[tuple[str, Any, Any], ...] | None) -> None:
        """Note what becomes of a row: None is new, no changes is unchanged."""
        status = Status.NEW if changes is None else Status.CHANGED if changes else Status.UNCHANGED
        self.plan.steps.append(Step(row, what, label, status, changes or ()))

    def _reject(self, row: Row, name: str, value: str, reason: str) -> None:
        rejected = Catalog()
        rejected.refuse(row.place, name, value, reason)
        self.plan.rejections += rejected.rejections


def _things(row: DependencyRow, found: Ends, ends: Mapping[str, Mapping[Key, Component | None]]) -> tuple[Thing, Thing]:
    """Both ends of a dependency as one compares them: the key of what exists, the name of what is coming or unknown."""
    things: list[Thing] = []
    said = ((row.consumer, row.consumer_cluster), (row.provider, row.provider_cluster))
    for (name, cluster), end in zip(said, found, strict=True):
        component = ends[name].get(end) if end else None
        things.append(component.pk if component else end or (cluster, name))
    return things[0], things[1]


_COMPONENT_FIELDS = ("name", "kind", "tier", "lifecycle", "description", "owner_name", "sites", "tags")


def _differences(stored: Any, row: Row, names: tuple[str, ...]) -> tuple[tuple[str, Any, Any], ...]:
    """What the row says otherwise than what is stored; what it does not say stays."""
    said = ((name, getattr(stored, name), getattr(row, name)) for name in names)
    plain = ((name, before, list(after) if isinstance(after, tuple) else after) for name, before, after in said)
    return tuple((name, before, after) for name, before, after in plain if after is not None and after != before)


def _api_differences(before: ApiSaid | None, row: ComponentRow) -> tuple[tuple[str, Any, Any], ...]:
    """What the row says otherwise of an API, told shortly: documents are long."""
    if row.api is None or row.api == before:
        return ()
    return ((API_FIELD, before.told() if before else "", row.api.told()),)


def _label(row: Row) -> str:
    """What a row is about, as people read it."""
    if isinstance(row, ClusterRow):
        return row.new_name
    if isinstance(row, ComponentRow):
        return f"{row.cluster} / {row.slug}"
    if isinstance(row, PlacementRow):
        return f"{row.host} at {row.site}"
    return f"{row.consumer} {row.kind} {row.provider}"


LOOSE_KEY = ("consumer_cluster", "consumer_name", "provider_cluster", "provider_name", "kind")


def loose_key(row: DependencyRow, ends: Ends) -> tuple[str, str, str, str, str] | None:
    """What a loose end is known by; None where both ends are known."""
    if None not in ends:
        return None
    clusters = [
        key[0] if key else said for key, said in zip(ends, (row.consumer_cluster, row.provider_cluster), strict=True)
    ]
    return clusters[0], row.consumer, clusters[1], row.provider, row.kind


def _known_loose(rows: Iterable[DependencyRow], person: Person | None) -> tuple[dict[Any, LooseEnd], set[Any]]:
    """By what each is known by; and by what those are that the person may not know of: they stay as they are."""
    found = LooseEnd.objects.filter(consumer_name__in={row.consumer for row in rows})
    seen = found.visible_to(person) if person else found
    hidden = found.exclude(pk__in=seen.values("pk")).values_list(*LOOSE_KEY) if person else ()
    return {tuple(getattr(one, name) for name in LOOSE_KEY): one for one in seen}, set(hidden)


def _refused_by(rule: Any, value: str) -> str:
    """The sentence with which a rule refuses the value; "" when it does not."""
    try:
        rule(value)
    except Refusal as refusal:
        return str(refusal)
    return ""
