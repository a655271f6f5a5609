"""The map, or a cluster of it, as a catalogue: what an import of it would say."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from apps.accounts.models import Person
from apps.clusters.formats import exporting
from apps.clusters.formats.apis import MOST_DEFINITIONS, ApiSaid
from apps.clusters.formats.catalog import (
    MOST_ROWS,
    Catalog,
    ClusterRow,
    ComponentRow,
    DependencyRow,
    Place,
    PlacementRow,
)
from apps.clusters.models import ApiDescription, Cluster, Component, LooseEnd, Placement
from apps.clusters.queries.apis import apis_said
from apps.clusters.queries.map import visible_dependencies
from apps.kernel.refusals import TooLarge

_NOWHERE = Place("export", 1)


def archive_of(person: Person, *, cluster: Cluster | None, as_format: str) -> bytes:
    """The same as one archive, in a format of `exporting.FORMATS`."""
    catalog = catalog_of(person, cluster=cluster, with_apis=as_format in exporting.TELL_APIS)
    return exporting.archive(catalog, as_format=as_format)


def catalog_of(person: Person, *, cluster: Cluster | None = None, with_apis: bool = True) -> Catalog:
    """Everything a person may see of the map, or of one cluster with what its components need, loose ends too.

    Refuses more rows, and with the documents of APIs more of their text, than an import would take.
    """
    clusters = Cluster.objects.visible_to(person)
    components = Component.objects.visible_to(person).select_related("cluster")
    edges = visible_dependencies(person)
    loose, placed = LooseEnd.objects.visible_to(person), Placement.objects.visible_to(person).select_related("cluster")
    if cluster:
        clusters, components = clusters.filter(pk=cluster.pk), components.filter(cluster=cluster)
        edges, loose, placed = (
            edges.filter(consumer__cluster=cluster),
            loose.filter(cluster=cluster),
            placed.filter(cluster=cluster),
        )
    catalog = Catalog()
    catalog.clusters += [
        ClusterRow(_NOWHERE, one.slug, one.name, one.purpose, one.zone, one.visibility)
        for one in clusters.order_by("slug")
    ]
    apis = _apis(components) if with_apis else {}
    catalog.components += [
        _component(one, apis.get(one.pk)) for one in _few(components.order_by("cluster__slug", "slug"))
    ]
    order = ("consumer__cluster__slug", "consumer__slug", "provider__cluster__slug", "provider__slug", "kind")
    for edge in _few(edges.order_by(*order)):
        ends = (
            edge.consumer.slug,
            edge.provider.slug,
            edge.kind,
            edge.consumer.cluster.slug,
            edge.provider.cluster.slug,
        )
        catalog.dependencies.append(DependencyRow(_NOWHERE, *ends, edge.weight, edge.data_class, edge.safeguard))
    for one in _few(loose.order_by("consumer_name", "provider_name", "kind", "pk")):
        ends = (one.consumer_name, one.provider_name, one.kind, one.consumer_cluster, one.provider_cluster)
        catalog.dependencies.append(DependencyRow(_NOWHERE, *ends, one.weight, one.data_class, one.safeguard))
    for host in _few(placed.order_by("cluster__slug", "site", "host")):
        catalog.placements.append(PlacementRow(_NOWHERE, host.cluster.slug, host.site, host.host, tuple(host.runs)))
    return catalog


def _apis(components: QuerySet[Component]) -> dict[int, ApiSaid]:
    said = ApiDescription.objects.filter(component__in=components.order_by().values("pk"))
    if (said.aggregate(whole=Sum(Length("definition")))["whole"] or 0) > MOST_DEFINITIONS:
        raise TooLarge(
            f"The documents of its APIs have more than {MOST_DEFINITIONS:,} characters.",
            next_step="Export one cluster after the other, or as CSV, which leaves them out.",
        )
    return apis_said(said)


def _component(one: Component, api: ApiSaid | None) -> ComponentRow:
    return ComponentRow(
        _NOWHERE,
        cluster=one.cluster.slug,
        slug=one.slug,
        name=one.name,
        kind=one.kind,
        tier=one.tier,
        lifecycle=one.lifecycle,
        description=one.description,
        owner_name=one.owner_name,
        sites=tuple(one.sites),
        tags=tuple(one.tags),
        api=api,
    )


def _few(rows: QuerySet[Any, Any]) -> Iterable[Any]:
    if rows.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
        raise TooLarge(f"There are more than {MOST_ROWS:,} rows.", next_step="Export one cluster after the other.")
    return rows.iterator(chunk_size=2_000)
