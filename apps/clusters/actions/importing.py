"""Writing what fits of a catalogue, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.actions.loose_ends import tie_held_ends, tie_loose_ends
from apps.clusters.actions.nesting import circles_of, take_turn
from apps.clusters.formats.apis import ApiSaid
from apps.clusters.formats.catalog import Catalog, ClusterRow, ComponentRow, DependencyRow, PlacementRow
from apps.clusters.models import ApiDescription, Cluster, Component, Dependency, LooseEnd, Placement, Visibility
from apps.clusters.queries import Plan, Status
from apps.clusters.queries.nesting import names_for
from apps.clusters.queries.plans import LOOSE_KEY, loose_key
from apps.clusters.queries.steps import API_FIELD, EDGE_FIELDS, Ends, Key, Said
from apps.clusters.rules.nesting import is_nesting, nested, shown
from apps.journal import actions as journal
from apps.kernel.refusals import refusal_from_constraint


@transaction.atomic
def import_catalog(
    *,
    catalog: Catalog,
    source: str,
    importer: Person | None,
    uploader: Person | None = None,
    found_clusters: bool = False,
    refuse_loose: bool = False,
    import_id: int | None = None,
    said: Said | None = None,
    at: datetime,
) -> Plan:
    """Write what fits of a catalogue; returns the plan it followed, with the rows that were rejected.

    All or nothing for what fits; running it again changes nothing. `importer` None is the house itself (an operator
    at the command line). Who only uploaded it reads what became of it, so it is written with their eyes, as they saw it
    compared. A cluster founded this way has no owner until an administrator appoints one. `said` is what parcels of the
    same catalogue said before.
    """
    if importer:
        rules.require_may_import(rules.Standing(importer.capabilities))
    seer = uploader or importer
    plan = queries.plan_import(
        catalog, person=seer, found_clusters=found_clusters, refuse_loose=refuse_loose, said=said, at=at
    )
    writing = _Writing(plan, seer, source[:80], at)
    try:
        with transaction.atomic():
            writing.write()
    except IntegrityError as error:
        # Someone else wrote the same name between the plan and the write.
        raise refusal_from_constraint(error, Cluster, Component, Dependency, Placement, LooseEnd) from error
    for cluster in writing.touched.values():
        event = events.CatalogImported(
            source=source[:80],
            import_id=import_id,
            added=tuple(writing.added[cluster.pk]),
            changed=tuple(writing.changed[cluster.pk]),
            dependencies=writing.declared[cluster.pk],
            placements=writing.placed[cluster.pk],
        )
        journal.record(event, subject=cluster, actor=importer, at=at)
    return plan


class _Writing:
    """The writes of one import and, for each cluster, what they were."""

    def __init__(self, plan: Plan, seer: Person | None, source: str, at: datetime) -> None:
        self.plan, self.seer, self.source, self.at = plan, seer, source, at
        self.touched: dict[int, Cluster] = {}
        self.added: dict[int, list[int]] = defaultdict(list)
        self.changed: dict[int, list[int]] = defaultdict(list)
        self.declared: dict[int, int] = defaultdict(int)
        self.placed: dict[int, int] = defaultdict(int)

    def write(self) -> None:
        if any(is_nesting(row.kind) for row, _ in self._new_dependencies()):
            take_turn()
        self._clusters()
        self._components()
        self._dependencies()
        self._placements()

    def _clusters(self) -> None:
        # Two imports of the same clusters take turns.
        known = [cluster.pk for cluster in self.plan.clusters.values()]
        list(Cluster.objects.select_for_update().filter(pk__in=known).order_by("pk").values_list("pk"))
        for step in self.plan.having(Status.NEW, Status.CHANGED):
            row = step.row
            if not isinstance(row, ClusterRow):
                continue
            if step.status == Status.NEW:
                cluster = Cluster.objects.create(
                    slug=row.slug,
                    name=row.new_name[:120],
                    purpose=row.purpose or "",
                    zone=row.zone or "UTC",
                    visibility=row.visibility or Visibility.OPEN,
                )
                self.plan.clusters[row.slug] = cluster
            else:
                cluster = self.plan.clusters[row.slug]
                _set(cluster, step.changes)
                cluster.save(update_fields=[*(name for name, _, _ in step.changes), "version"])
            self.touched[cluster.pk] = cluster

    def _components(self) -> None:
        new: list[Component] = []
        apis: list[tuple[Component, ApiSaid]] = []
        for step in self.plan.having(Status.NEW, Status.CHANGED):
            row = step.row
            if not isinstance(row, ComponentRow):
                continue
            cluster = self.plan.clusters[row.cluster]
            self.touched[cluster.pk] = cluster
            if step.status == Status.NEW:
                new.append(_component(row, cluster, self.source))
                self.plan.components[row.cluster, row.slug] = new[-1]
            else:
                component = self.plan.components[row.cluster, row.slug]
                plain = tuple(change for change in step.changes if change[0] != API_FIELD)
                _set(component, plain)
                component.save(update_fields=[*(name for name, _, _ in plain), "version"])
                self.changed[cluster.pk].append(component.pk)
            if row.api:
                apis.append((self.plan.components[row.cluster, row.slug], row.api))
        for component in Component.objects.bulk_create(new, batch_size=1000):
            self.added[component.cluster_id].append(component.pk)
        _describe(apis)
        for edge in tie_loose_ends(arrived=new):
            self._declared(edge)

    def _dependencies(self) -> None:
        planned = self._new_dependencies()
        components = self._ends({key for _, ends in planned for key in ends if key})
        self._refuse_circles(planned, components)
        steps = self._new_dependencies()
        edges: list[Dependency] = []
        loose: list[LooseEnd] = []
        for row, ends in steps:
            consumer, provider = (components[key] if key else None for key in ends)
            said = {name: value for name in EDGE_FIELDS if (value := getattr(row, name)) is not None}
            if consumer and provider:
                edges.append(
                    Dependency(consumer=consumer, provider=provider, kind=row.kind, source=self.source, **said)
                )
            elif key := loose_key(row, ends):
                loose.append(self._loose(key, consumer, provider, said))
        for edge in Dependency.objects.bulk_create(edges, batch_size=1000):
            self._declared(edge)
        if any(is_nesting(edge.kind) for edge in edges):
            for edge in tie_held_ends():
                self._declared(edge)
        loose.sort(key=attrgetter(*LOOSE_KEY))  # all imports in one order: none waits for what waits for it
        LooseEnd.objects.bulk_create(loose, batch_size=1000)
        self._redescribe_dependencies()

    def _new_dependencies(self) -> list[tuple[DependencyRow, Ends]]:
        return [
            (step.row, self.plan.ends[id(step.row)])
            for step in self.plan.having(Status.NEW)
            if isinstance(step.row, DependencyRow)
        ]

    def _refuse_circles(
        self, planned: Sequence[tuple[DependencyRow, Ends]], components: Mapping[Key, Component]
    ) -> None:
        """Reject what closes a circle of wholes and parts only now: with a loose end just tied, or beside another."""
        pairs = []
        for row, ends in planned:
            consumer, provider = (components[key].pk if key else 0 for key in ends)
            pair = nested(row.kind, consumer, provider) if consumer and provider else None
            if pair:
                pairs.append((row, pair))
        ways = circles_of([pair for _, pair in pairs])
        names = names_for(self.seer, {one for way in ways.values() for one in shown(way)})
        steps = {id(step.row): step for step in self.plan.steps} if ways else {}
        found = [(steps[id(pairs[place][0])], way) for place, way in ways.items()]
        self.plan.refuse_circles(found, names.__getitem__)

    def _redescribe_dependencies(self) -> None:
        changed = [step for step in self.plan.having(Status.CHANGED) if isinstance(step.row, DependencyRow)]
        edges: list[Dependency] = []
        loose: list[LooseEnd] = []
        for step in changed:
            edge = self.plan.edges.get(id(step.row))
            kept: Dependency | LooseEnd = edge or self.plan.loose[id(step.row)]
            for name, _, after in step.changes:
                setattr(kept, name, after)
            if isinstance(kept, LooseEnd):
                loose.append(kept)
            else:
                edges.append(kept)
        Dependency.objects.bulk_update(edges, EDGE_FIELDS, batch_size=1000)
        held = LooseEnd.objects.select_for_update().filter(pk__in=[one.pk for one in loose]).order_by("pk")
        list(held.values_list("pk"))  # in one order, as above
        LooseEnd.objects.bulk_update(loose, EDGE_FIELDS, batch_size=1000)
        for cluster in Cluster.objects.filter(components__needs__in=edges).distinct() if edges else ():
            self.touched.setdefault(cluster.pk, cluster)

    def _loose(
        self, key: tuple[str, ...], consumer: Component | None, provider: Component | None, said: Mapping[str, Any]
    ) -> LooseEnd:
        known = consumer or provider
        return LooseEnd(
            **dict(zip(LOOSE_KEY, key, strict=True)),
            consumer=consumer,
            provider=provider,
            cluster=known.cluster if known else None,
            source=self.source,
            found_at=self.at,
            **said,
        )

    def _declared(self, edge: Dependency) -> None:
        self.touched[edge.consumer.cluster_id] = edge.consumer.cluster
        self.declared[edge.consumer.cluster_id] += 1

    def _placements(self) -> None:
        new: list[Placement] = []
        changed: list[Placement] = []
        for step in self.plan.having(Status.NEW, Status.CHANGED):
            row = step.row
            if not isinstance(row, PlacementRow):
                continue
            cluster = self.plan.clusters[row.cluster]
            self.touched[cluster.pk] = cluster
            self.placed[cluster.pk] += 1
            if step.status == Status.NEW:
                runs = list(row.runs or ())
                new.append(Placement(cluster=cluster, site=row.site, host=row.host, runs=runs, source=self.source))
            else:
                placement = self.plan.placements[row.cluster, row.site, row.host]
                placement.runs = list(row.runs or ())
                changed.append(placement)
        Placement.objects.bulk_create(new, batch_size=1000)
        Placement.objects.bulk_update(changed, ["runs"], batch_size=1000)

    def _ends(self, keys: set[Key]) -> dict[Key, Component]:
        """The components at the ends: those of this import, and those the map had."""
        rest = keys - set(self.plan.components)
        stored = Component.objects.filter(slug__in={slug for _, slug in rest}).select_related("cluster")
        found = {(component.cluster.slug, component.slug): component for component in stored}
        return {key: self.plan.components.get(key) or found[key] for key in keys}


def _describe(apis: Iterable[tuple[Component, ApiSaid]]) -> None:
    """Keep what was said of these components as APIs, in place of what was said before."""
    ApiDescription.objects.bulk_create(
        [
            ApiDescription(
                component=component,
                type=said.type,
                definition=said.definition,
                definition_at=said.definition_at,
                remotes=list(said.remotes),
            )
            for component, said in apis
        ],
        batch_size=200,  # documents are long
        update_conflicts=True,
        unique_fields=["component"],
        update_fields=["type", "definition", "definition_at", "remotes"],
    )


def _set(row: Cluster | Component, changes: tuple[tuple[str, Any, Any], ...]) -> None:
    for name, _, after in changes:
        setattr(row, name, after)
    row.version += 1


def _component(row: ComponentRow, cluster: Cluster, source: str) -> Component:
    """A new component; what the source does not say takes the model's default."""
    names = ("kind", "tier", "lifecycle", "description", "owner_name")
    said = {name: getattr(row, name) for name in names if getattr(row, name) is not None}
    lists = {name: list(getattr(row, name) or ()) for name in ("sites", "tags")}
    return Component(cluster=cluster, slug=row.slug, name=row.new_name, source=source, **said, **lists)
