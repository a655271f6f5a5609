"""Questions to the map: who holds a part, what needs what, which clusters are touched."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection, models
from django.db.models.functions import Greatest, Upper

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.events import CatalogImported
from apps.clusters.models import (
    CatalogImport,
    Cluster,
    ClusterGroupObjectPermission,
    ClusterUserObjectPermission,
    Component,
    ComponentGroupObjectPermission,
    ComponentUserObjectPermission,
    Dependency,
    Tier,
)
from apps.clusters.rules import Part, Standing
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotFound

MOST_HOPS = 2
MOST_NEIGHBOURS = 500  # a page that lists more helps nobody; the count says that there are more
_NOT_FOUND_STEP = "Check the address, or ask an administrator whether it is restricted."


def visible_cluster(slug: str, person: Person) -> Cluster:
    """The cluster of that slug; refuses alike what does not exist and what the person may not know of."""
    cluster = Cluster.objects.visible_to(person).filter(slug=slug).first()
    if cluster is None:
        raise NotFound("There is no such cluster.", next_step=_NOT_FOUND_STEP)
    return cluster


def visible_component(pk: int, person: Person) -> Component:
    """The component with its cluster, and with what is said of it as an API but for the document.

    Refuses alike what does not exist and what the person may not know of.
    """
    rows = Component.objects.visible_to(person).select_related("cluster", "api").defer("api__definition")
    component = rows.filter(pk=pk).first()
    if component is None:
        raise NotFound("There is no such component.", next_step=_NOT_FOUND_STEP)
    return component


def visible_dependencies(person: Person) -> models.QuerySet[Dependency]:
    """Dependencies with both ends where the person may look."""
    rows = Dependency.objects.select_related("consumer__cluster", "provider__cluster")
    if person.may(Capability.READ_RESTRICTED):
        return rows
    seen = Cluster.objects.visible_to(person).values("pk")
    return rows.filter(consumer__cluster__in=seen, provider__cluster__in=seen)


def visible_dependency(pk: int, person: Person) -> Dependency:
    """One dependency with both ends; refuses alike what does not exist and what the person may not know of."""
    found = visible_dependencies(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such dependency.", next_step="It may have been withdrawn: reload the page.")
    return found


def clusters_with_counts(person: Person) -> models.QuerySet[Cluster]:
    """Visible clusters by name, each with `component_count`."""
    return (
        Cluster.objects.visible_to(person).annotate(component_count=models.Count("components")).order_by("name", "pk")
    )


def standing(person: Person, subject: Cluster | Component) -> Standing:
    """What the person is to the subject, in one query. The owners of a cluster own its components."""
    holding: list[models.QuerySet[Any, Any]] = [
        ClusterUserObjectPermission.objects.filter(user=person, content_object_id=subject.cluster_id),
        ClusterGroupObjectPermission.objects.filter(group__user=person, content_object_id=subject.cluster_id),
    ]
    if isinstance(subject, Component):
        holding += [
            ComponentUserObjectPermission.objects.filter(user=person, content_object_id=subject.pk),
            ComponentGroupObjectPermission.objects.filter(group__user=person, content_object_id=subject.pk),
        ]
    first, *rest = (rows.values_list("permission__codename", flat=True) for rows in holding)
    return standing_from(person, first.union(*rest))


def standing_from(person: Person, codenames: Iterable[str]) -> Standing:
    """The same from the person's object permissions on the subject, already read: "own_cluster", …."""
    return Standing(person.capabilities, frozenset(Part(name.split("_")[0]) for name in codenames))


def owned_by(person: Person, clusters: Collection[int]) -> set[int]:
    """Which of these clusters (keys) the person may own, as `standing` says of one; one query."""
    if not Standing(person.capabilities).writes:
        return set()
    wanted = {"content_object_id__in": clusters, "permission__codename": "own_cluster"}
    own = ClusterUserObjectPermission.objects.filter(user=person, **wanted).values_list("content_object_id")
    team = ClusterGroupObjectPermission.objects.filter(group__user=person, **wanted).values_list("content_object_id")
    return {pk for (pk,) in own.union(team)}


def held_on(cluster: Any, person: Any) -> list[models.QuerySet[Any, Any]]:
    """The codenames of a person's permissions on a cluster, as subqueries: their own, and those of their teams."""
    own = ClusterUserObjectPermission.objects.filter(user=person, content_object_id=cluster)
    team = ClusterGroupObjectPermission.objects.filter(group__user=person, content_object_id=cluster)
    return [rows.values("permission__codename") for rows in (own, team)]


@dataclass(frozen=True)
class Holder:
    """Someone who owns or operates: a person or a team."""

    part: Part
    kind: str  # "person" or "team"
    pk: int
    name: str
    handle: str = ""  # of a person


def holders(subject: Cluster | Component) -> list[Holder]:
    """Everyone appointed to the subject, owners first, in one query."""
    (people, teams), of = permission_tables(subject), {"content_object": subject}
    persons = people.objects.filter(**of).values_list(
        "permission__codename", models.Value("person"), "user_id", "user__name", "user__handle"
    )
    groups = teams.objects.filter(**of).values_list(
        "permission__codename", models.Value("team"), "group_id", "group__name", models.Value("")
    )
    found = [
        Holder(_part(code), kind, pk, name or handle, handle)
        for code, kind, pk, name, handle in persons.union(groups, all=True)
    ]
    return sorted(found, key=lambda holder: (holder.part != Part.OWN, holder.kind != "team", holder.name.lower()))


def permission_tables(subject: Cluster | Component) -> tuple[Any, Any]:
    """The tables that hold the appointments of people and of teams to this kind of subject."""
    if isinstance(subject, Cluster):
        return ClusterUserObjectPermission, ClusterGroupObjectPermission
    return ComponentUserObjectPermission, ComponentGroupObjectPermission


def _part(codename: str) -> Part:
    return Part(codename.split("_", maxsplit=1)[0])


def owning_people(clusters: Iterable[int]) -> models.QuerySet[Person]:
    """Active people who own any of these clusters, directly or through a team."""
    wanted = {"content_object_id__in": list(clusters), "permission__codename": "own_cluster"}
    direct = ClusterUserObjectPermission.objects.filter(**wanted).values("user_id")
    teams = ClusterGroupObjectPermission.objects.filter(**wanted).values("group_id")
    rows = Person.objects.filter(models.Q(pk__in=direct) | models.Q(groups__in=teams), is_active=True)
    return rows.distinct().order_by("name", "pk")


def teams() -> models.QuerySet[Group]:
    """Every team, by name."""
    return Group.objects.order_by("name")


def touched_clusters(components: Iterable[int]) -> models.QuerySet[Cluster]:
    """The clusters that the components with these ids belong to."""
    owning = Component.objects.filter(pk__in=list(components)).values("cluster_id")
    return Cluster.objects.filter(pk__in=owning).order_by("name", "pk")


def find_components(text: str, person: Person, *, limit: int = 20) -> models.QuerySet[Component]:
    """Visible components whose name or short name holds `text`; failing that, names that are nearly it (trigrams)."""
    rows = Component.objects.visible_to(person).select_related("cluster")
    nearness = Greatest(TrigramSimilarity("name", text), TrigramSimilarity("slug", text))
    holding = rows.filter(models.Q(name__icontains=text) | models.Q(slug__icontains=text))
    if not holding.exists():
        holding = rows.annotate(upper_name=Upper("name")).filter(upper_name__trigram_similar=text.upper())
    return holding.annotate(nearness=nearness).order_by("-nearness", "name", "pk")[:limit]


def components_of(
    cluster: Cluster, *, text: str = "", tier: str = "", lifecycle: str = "", site: str = "", tag: str = ""
) -> models.QuerySet[Component]:
    """The components of one cluster that fit every filter given ("" asks nothing)."""
    rows = cluster.components.all()
    if text:
        rows = rows.filter(models.Q(name__icontains=text) | models.Q(slug__icontains=text))
    if tier:
        rows = rows.filter(tier=tier) if tier in {"0", "1", "2", "3"} else rows.none()
    if lifecycle:
        rows = rows.filter(lifecycle=lifecycle)
    if site:
        rows = rows.filter(sites__contains=[site])
    if tag:
        rows = rows.filter(tags__contains=[tag])
    return rows


@dataclass(frozen=True)
class Crossing:
    """A dependency between this cluster and another."""

    dependency: Dependency
    is_inbound: bool  # the other cluster needs us


def crossings(cluster: Cluster, person: Person, *, limit: int = 200) -> list[Crossing]:
    """Dependencies between this cluster and other visible ones, those that need us first; at most `limit`."""
    rows = visible_dependencies(person).filter(
        models.Q(consumer__cluster=cluster) ^ models.Q(provider__cluster=cluster),
    )
    found = rows.order_by("consumer__name", "provider__name", "pk")[:limit]
    return sorted(
        (Crossing(row, row.provider.cluster_id == cluster.pk) for row in found),
        key=lambda crossing: not crossing.is_inbound,
    )


@dataclass(frozen=True)
class Neighbour:
    """A component within two hops. `hop` is the shortest way; `through` are the ids one hop nearer."""

    needs: bool  # True: the component in question needs it; False: it needs the component in question
    hop: int
    pk: int
    name: str
    tier: int
    cluster_id: int
    cluster_slug: str
    cluster_name: str
    through: tuple[int, ...]

    @property
    def tier_name(self) -> str:
        """The tier as people read it."""
        return str(Tier(self.tier).label)


# Both directions in one walk. UNION (not ALL) walks what was reached twice at the same hop only once.
_WALK = """
WITH RECURSIVE seen(cluster_id) AS ({visible}),
walk(needs, id, came_from, hop) AS (
    SELECT side.needs, %s::bigint, NULL::bigint, 0 FROM (VALUES (true), (false)) AS side(needs)
  UNION
    SELECT walk.needs, edge.other, walk.id, walk.hop + 1
    FROM walk
    JOIN LATERAL (
        SELECT provider_id AS other FROM clusters_dependency WHERE walk.needs AND consumer_id = walk.id
        UNION ALL
        SELECT consumer_id FROM clusters_dependency WHERE NOT walk.needs AND provider_id = walk.id
    ) AS edge ON true
    JOIN clusters_component AS reached ON reached.id = edge.other
    WHERE walk.hop < %s AND edge.other <> %s AND reached.cluster_id IN (SELECT seen.cluster_id FROM seen)
),
nearest AS (SELECT needs, id, min(hop) AS hop FROM walk WHERE hop > 0 GROUP BY needs, id)
SELECT nearest.needs, nearest.hop, component.id, component.name, component.tier,
       cluster.id, cluster.slug, cluster.name, array_agg(DISTINCT walk.came_from)
FROM nearest
JOIN walk USING (needs, id, hop)
JOIN clusters_component AS component ON component.id = nearest.id
JOIN clusters_cluster AS cluster ON cluster.id = component.cluster_id
GROUP BY nearest.needs, nearest.hop, component.id, cluster.id
ORDER BY nearest.needs DESC, nearest.hop, component.tier, component.name, component.id
LIMIT %s
"""


def neighbours(
    component_id: int, *, person: Person | None, hops: int = 1, limit: int = MOST_NEIGHBOURS
) -> list[Neighbour]:
    """What the component needs and what needs it, within one or two hops, in one SQL statement.

    The walk enters only clusters that `person` may see (None: the house itself, which sees all), so nothing invisible
    shows, neither as an end nor as a step between.
    """
    if hops not in range(1, MOST_HOPS + 1):
        raise Invalid("Neighbours are told to one or two hops.", next_step="Ask for 1 or 2.")
    clusters = Cluster.objects.visible_to(person) if person else Cluster.objects.all()
    visible, parameters = clusters.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WALK.format(visible=visible), [*parameters, component_id, hops, component_id, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    names = [spec.name for spec in fields(Neighbour)]
    return [Neighbour(**dict(zip(names, (*told, tuple(through)), strict=True))) for *told, through in rows]


def component_timeline(component: Component, *, limit: int = 50) -> models.QuerySet[Entry]:
    """What happened to the component: its own entries and the imports of its cluster that named it."""
    imported = models.Q(
        subject_type=Cluster._meta.label_lower, subject_id=component.cluster_id, event=CatalogImported.name()
    ) & (models.Q(data__added__contains=component.pk) | models.Q(data__changed__contains=component.pk))
    own = models.Q(subject_type=Component._meta.label_lower, subject_id=component.pk)
    return Entry.objects.filter(own | imported).select_related("actor").order_by("-id")[:limit]


def visible_imports(person: Person) -> models.QuerySet[CatalogImport]:
    """The imports a person uploaded; all of them for whoever reads everything. Without their content."""
    rows = CatalogImport.objects.select_related("uploader").defer("content")
    return rows if person.may(Capability.READ_RESTRICTED) else rows.filter(uploader=person)


def visible_import(pk: int, person: Person) -> CatalogImport:
    """One of the imports the person may see."""
    found = visible_imports(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such import.", next_step="Upload the catalogue again.")
    return found


def component_named(text: str, person: Person) -> Component:
    """The visible component a person means by `text`: "short-name" or "cluster/short-name".

    Refuses what nothing or several things are called, and says what is nearly so called.
    """
    rows = Component.objects.visible_to(person).select_related("cluster")
    whole = models.functions.Concat("cluster__slug", models.Value("/"), "slug")
    found = list(rows.annotate(whole=whole).filter(models.Q(slug=text) | models.Q(whole=text)).order_by("pk")[:6])
    if len(found) == 1:
        return found[0]
    near = found or list(find_components(text, person, limit=5))
    named = ", ".join(f"{component.cluster.slug}/{component.slug}" for component in near)
    what = "Several components are" if found else "No component is"
    raise Invalid(
        f"{what} called “{text[:80]}”.",
        next_step=f"Did you mean one of {named}?" if named else "Write cluster/short-name.",
        fields={"provider": [f"{what} called that."]},
    )
