"""Importing catalogues: upload and look first, then write, in one transaction."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.formats import archives, backstage, catalog_csv
from apps.clusters.formats.catalog import Catalog, ClusterRow, ComponentRow, DependencyRow, printable
from apps.clusters.models import CatalogFormat, CatalogImport, Cluster, Component, Dependency
from apps.clusters.queries import Plan, Status
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, WrongState, refusal_from_constraint


def read_catalog(*, file_name: str, content: bytes, catalog_format: str, options: Mapping[str, Any]) -> Catalog:
    """What a file says, by its format.

    `options`: "map", a column map (without it "rows" names the generic one), and "cluster_map", name → slug.
    """
    cluster_map = options.get("cluster_map") or {}
    if catalog_format == CatalogFormat.BACKSTAGE:
        return backstage.parse(archives.unpack(file_name, content), cluster_map=cluster_map)
    rows = options.get("rows", "components")
    if not options.get("map") and rows not in catalog_csv.FIELDS:
        raise Invalid("“rows” must be clusters, components or dependencies.", next_step="Choose one of them.")
    columns = catalog_csv.read_map(options["map"]) if options.get("map") else catalog_csv.generic_map(rows)
    return catalog_csv.parse(content, file=file_name, columns=columns, cluster_map=cluster_map)


def _kept_options(catalog_format: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that this format reads; refuses a cluster map that is not names → short names, as text."""
    cluster_map = options.get("cluster_map") or {}
    sentence = "The cluster map must be a JSON object: name in the file → short name of a cluster."
    refusal = Invalid(sentence, next_step="Correct it and send it again.", fields={"cluster_map": [sentence]})
    if not isinstance(cluster_map, dict):
        raise refusal
    for text in (*cluster_map, *cluster_map.values()):
        if not isinstance(text, str) or printable(text) != text:
            raise refusal
    kept = {"cluster_map": cluster_map, "found_clusters": bool(options.get("found_clusters"))}
    if catalog_format == CatalogFormat.CSV:
        kept |= {"rows": options.get("rows", "components"), "map": options.get("map")}
    return kept


@transaction.atomic
def upload_catalog(
    *,
    file_name: str,
    content: bytes,
    catalog_format: str,
    options: Mapping[str, Any],
    uploader: Person,
    at: datetime,
) -> tuple[CatalogImport, Plan]:
    """Keep an uploaded catalogue and say what importing it would do; the map itself stays as it is."""
    rules.require_may_import(rules.Standing(uploader.capabilities))
    options = _kept_options(catalog_format, options)
    catalog = read_catalog(file_name=file_name, content=content, catalog_format=catalog_format, options=options)
    found_clusters = bool(options.get("found_clusters"))
    plan = queries.plan_import(catalog, person=uploader, found_clusters=found_clusters, at=at)
    upload = CatalogImport.objects.create(
        file_name=file_name[-200:],
        format=catalog_format,
        options=options,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        counts=plan.counts(),
        rejections=[asdict(rejection) for rejection in plan.rejections],
        uploader=uploader,
        uploaded_at=at,
    )
    event = events.CatalogUploaded(import_id=upload.pk, sha256=upload.sha256)
    journal.record(event, subject=upload, actor=uploader, at=at)
    return upload, plan


@transaction.atomic
def apply_upload(*, import_id: int, importer: Person, at: datetime) -> CatalogImport:
    """Write an upload that was previewed, against the map as it is now. Refuses a second time."""
    queries.visible_import(import_id, importer)
    rules.require_may_import(rules.Standing(importer.capabilities))
    upload = CatalogImport.objects.select_for_update().get(pk=import_id)
    if upload.applied_at:
        raise WrongState("This catalogue has been imported.", next_step="Upload it again to import it once more.")
    catalog = read_catalog(
        file_name=upload.file_name,
        content=bytes(upload.content or b""),
        catalog_format=upload.format,
        options=upload.options,
    )
    plan = import_catalog(
        catalog=catalog,
        source=f"{upload.format}:{upload.file_name}",
        importer=importer,
        found_clusters=bool(upload.options.get("found_clusters")),
        import_id=upload.pk,
        at=at,
    )
    upload.counts, upload.rejections = plan.counts(), [asdict(rejection) for rejection in plan.rejections]
    upload.applied_at, upload.content = at, None
    upload.save(update_fields=["counts", "rejections", "applied_at", "content"])
    return upload


@transaction.atomic
def import_catalog(
    *,
    catalog: Catalog,
    source: str,
    importer: Person | None,
    found_clusters: bool = False,
    import_id: int | None = None,
    at: datetime,
) -> Plan:
    """Write what fits of a catalogue; returns the plan it followed, with the rows that were rejected.

    All or nothing for what fits; running it again changes nothing. `importer` None is the house itself (an operator
    at the command line). A cluster founded this way has no owner until an administrator appoints one.
    """
    if importer:
        rules.require_may_import(rules.Standing(importer.capabilities))
    plan = queries.plan_import(catalog, person=importer, found_clusters=found_clusters, at=at)
    writing = _Writing(plan, source[:80])
    try:
        with transaction.atomic():
            writing.write()
    except IntegrityError as error:
        # Someone else wrote the same name between the plan and the write.
        raise refusal_from_constraint(error, Cluster, Component, Dependency) from error
    for cluster in writing.touched.values():
        event = events.CatalogImported(
            source=source[:80],
            import_id=import_id,
            added=tuple(writing.added[cluster.pk]),
            changed=tuple(writing.changed[cluster.pk]),
            dependencies=writing.declared[cluster.pk],
        )
        journal.record(event, subject=cluster, actor=importer, at=at)
    return plan


class _Writing:
    """The writes of one import and, for each cluster, what they were."""

    def __init__(self, plan: Plan, source: str) -> None:
        self.plan, self.source = plan, source
        self.touched: dict[int, Cluster] = {}
        self.added: dict[int, list[int]] = defaultdict(list)
        self.changed: dict[int, list[int]] = defaultdict(list)
        self.declared: dict[int, int] = defaultdict(int)

    def write(self) -> None:
        self._clusters()
        self._components()
        self._dependencies()

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
                    slug=row.slug, name=(row.name or row.slug)[:120], purpose=row.purpose or "", zone=row.zone or "UTC"
                )
                self.plan.clusters[row.slug] = cluster
            else:
                cluster = self.plan.clusters[row.slug]
                _set(cluster, step.changes)
                cluster.save(update_fields=[*(name for name, _, _ in step.changes), "version"])
            self.touched[cluster.pk] = cluster

    def _components(self) -> None:
        new: list[Component] = []
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
                _set(component, step.changes)
                component.save(update_fields=[*(name for name, _, _ in step.changes), "version"])
                self.changed[cluster.pk].append(component.pk)
        for component in Component.objects.bulk_create(new, batch_size=1000):
            self.added[component.cluster_id].append(component.pk)

    def _dependencies(self) -> None:
        steps = [
            (step.row, self.plan.ends[id(step.row)])
            for step in self.plan.having(Status.NEW)
            if isinstance(step.row, DependencyRow)
        ]
        components = self._ends({key for _, ends in steps for key in ends})
        edges = [
            Dependency(consumer=components[consumer], provider=components[provider], kind=row.kind, source=self.source)
            for row, (consumer, provider) in steps
        ]
        for edge in Dependency.objects.bulk_create(edges, batch_size=1000):
            self.touched[edge.consumer.cluster_id] = edge.consumer.cluster
            self.declared[edge.consumer.cluster_id] += 1

    def _ends(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], Component]:
        """The components at the ends: those of this import, and those the map had."""
        rest = keys - set(self.plan.components)
        stored = Component.objects.filter(slug__in={slug for _, slug in rest}).select_related("cluster")
        found = {(component.cluster.slug, component.slug): component for component in stored}
        return {key: self.plan.components.get(key) or found[key] for key in keys}


def _set(row: Cluster | Component, changes: tuple[tuple[str, Any, Any], ...]) -> None:
    for name, _, after in changes:
        setattr(row, name, after)
    row.version += 1


def _component(row: ComponentRow, cluster: Cluster, source: str) -> Component:
    """A new component; what the source does not say takes the model's default."""
    names = ("kind", "tier", "lifecycle", "description", "owner_name")
    said = {name: getattr(row, name) for name in names if getattr(row, name) is not None}
    lists = {name: list(getattr(row, name) or ()) for name in ("sites", "tags")}
    return Component(cluster=cluster, slug=row.slug, name=row.name or row.slug, source=source, **said, **lists)
