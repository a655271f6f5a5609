"""Where everything runs: components by site, as they say themselves and as hosts are placed; and loose ends."""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.expressions import RawSQL

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component, LooseEnd, Placement

# Every component with each site it runs at: its own, and those of the hosts of its cluster that run it by name.
_RUNS = """
    SELECT one.id, unnest(one.sites) AS site FROM clusters_component AS one
    UNION
    SELECT one.id, placed.site
      FROM clusters_placement AS placed
     CROSS JOIN LATERAL unnest(placed.runs) AS named(slug)
      JOIN clusters_component AS one ON one.cluster_id = placed.cluster_id AND one.slug = named.slug
"""
_HOSTS = (
    "FROM clusters_placement AS placed WHERE placed.cluster_id = clusters_component.cluster_id"
    " AND placed.runs @> ARRAY[clusters_component.slug]::varchar[]"
)
_SITES = f"ARRAY(SELECT unnest(clusters_component.sites) UNION SELECT placed.site {_HOSTS} ORDER BY 1)"
_AT = f"SELECT ran.id FROM ({_RUNS}) AS ran WHERE ran.site = %s"  # noqa: S608  # our own text; so below
_AT_ONE = f"SELECT ran.id FROM ({_RUNS}) AS ran GROUP BY ran.id HAVING count(*) = 1"  # noqa: S608
_ANYWHERE = f"SELECT ran.id FROM ({_RUNS}) AS ran"  # noqa: S608


@dataclass(frozen=True)
class SiteLoad:
    """What runs at one site: components, those that run nowhere else, and hosts."""

    site: str
    components: int
    only_here: int
    hosts: int


def running(
    person: Person, *, text: str = "", cluster: str = "", site: str = "", places: str = ""
) -> models.QuerySet[Component]:
    """Visible components that run somewhere, each with `all_sites` and the number of `hosts` that run it.

    `places` "one" leaves those of a single site, "none" those of which nothing says where they run.
    """
    rows = Component.objects.visible_to(person).select_related("cluster")
    if text:
        rows = rows.filter(models.Q(name__icontains=text) | models.Q(slug__icontains=text))
    if cluster:
        rows = rows.filter(cluster__slug=cluster)
    if site:
        rows = rows.filter(pk__in=RawSQL(_AT, [site]))  # noqa: S611  # our own text, with a parameter
    if places == "one":
        rows = rows.filter(pk__in=RawSQL(_AT_ONE, []))  # noqa: S611  # our own text
    somewhere = RawSQL(_ANYWHERE, [])  # noqa: S611  # our own text
    rows = rows.exclude(pk__in=somewhere) if places == "none" else rows.filter(pk__in=somewhere)
    return rows.annotate(
        all_sites=RawSQL(_SITES, [], output_field=ArrayField(models.CharField())),  # noqa: S611  # our own text
        hosts=RawSQL(f"(SELECT count(*) {_HOSTS})", [], output_field=models.IntegerField()),  # noqa: S611
    )


def site_loads(person: Person) -> list[SiteLoad]:
    """Every site at which something visible runs, the one with most first."""
    visible, parameters = Cluster.objects.visible_to(person).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH seen(cluster_id) AS ({visible}),
            ran AS (
                SELECT runs.id, runs.site FROM ({_RUNS}) AS runs
                  JOIN clusters_component AS one ON one.id = runs.id
                 WHERE one.cluster_id IN (SELECT cluster_id FROM seen)
            ),
            lone AS (SELECT id, min(site) AS site FROM ran GROUP BY id HAVING count(*) = 1),
            placed AS (
                SELECT site, count(*) AS hosts FROM clusters_placement
                 WHERE cluster_id IN (SELECT cluster_id FROM seen) GROUP BY site
            )
            SELECT site,
                   (SELECT count(*) FROM ran WHERE ran.site = named.site) AS components,
                   (SELECT count(*) FROM lone WHERE lone.site = named.site) AS only_here,
                   coalesce((SELECT hosts FROM placed WHERE placed.site = named.site), 0) AS hosts
              FROM (SELECT site FROM ran UNION SELECT site FROM placed) AS named
             ORDER BY components DESC, hosts DESC, site
            """,  # noqa: S608  # our own text; the subquery brings its parameters
            parameters,
        )
        return [SiteLoad(*row) for row in cursor.fetchall()]


def placements(person: Person, *, text: str = "", cluster: str = "", site: str = "") -> models.QuerySet[Placement]:
    """Visible hosts, with their clusters; `text` is part of a host's name or the short name of what it runs."""
    rows = Placement.objects.visible_to(person).select_related("cluster")
    if text:
        rows = rows.filter(models.Q(host__icontains=text) | models.Q(runs__contains=[text]))
    if cluster:
        rows = rows.filter(cluster__slug=cluster)
    return rows.filter(site=site) if site else rows


def loose_ends(person: Person, *, text: str = "", cluster: str = "") -> models.QuerySet[LooseEnd]:
    """Visible loose ends, with what is known of them; `text` is part of either name."""
    rows = LooseEnd.objects.visible_to(person).select_related("cluster", "consumer__cluster", "provider__cluster")
    if text:
        rows = rows.filter(models.Q(consumer_name__icontains=text) | models.Q(provider_name__icontains=text))
    return rows.filter(cluster__slug=cluster) if cluster else rows
