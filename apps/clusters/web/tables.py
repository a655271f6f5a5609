"""What the exported lists of the map hold, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

CLUSTERS = Table(
    "clusters",
    {
        "name": attrgetter("name"),
        "slug": attrgetter("slug"),
        "purpose": attrgetter("purpose"),
        "zone": attrgetter("zone"),
        "visibility": attrgetter("visibility"),
        "components": attrgetter("component_count"),
    },
)

FINDINGS = Table(
    "findings",
    {
        "sentence": attrgetter("sentence"),
        "next_step": attrgetter("next_step"),
        "severity": lambda one: one.get_severity_display(),
        "code": attrgetter("code"),
        "check": attrgetter("checker"),
        "cluster": lambda one: one.cluster.name,
        "component": lambda one: one.component.name if one.component else "",
        "other_cluster": lambda one: one.counterpart.name if one.counterpart else "",
        "state": attrgetter("state"),
        "found": attrgetter("found_at"),
        "resolved": attrgetter("resolved_at"),
        "waived_by": lambda one: str(one.waived_by or "") if one.state == "waived" else "",
        "waived_until": lambda one: one.waived_until if one.state == "waived" else None,
        "waiver_reason": lambda one: one.waiver_reason if one.state == "waived" else "",
    },
)

TRANSFERS = Table(
    "transfer-rules",
    {
        "data_class": attrgetter("data_class"),
        "from": attrgetter("origin"),
        "to": attrgetter("destination"),
        "verdict": attrgetter("verdict"),
        "safeguard": attrgetter("safeguard"),
        "reason": attrgetter("reason"),
        "ruled_by": lambda one: str(one.made_by),
        "ruled": attrgetter("made_at"),
    },
)

SITES = Table(
    "sites",
    {
        "site": attrgetter("code"),
        "name": attrgetter("name"),
        "jurisdiction": attrgetter("jurisdiction"),
        "said_by": lambda one: str(one.placed_by),
        "said": attrgetter("placed_at"),
    },
)

EDGES = Table(
    "map",
    {
        "from": lambda row: row[0].slug,
        "from_name": lambda row: row[0].name,
        "kinds": lambda row: ", ".join(row[1].kinds),
        "to": lambda row: row[2].slug,
        "to_name": lambda row: row[2].name,
        "dependencies": lambda row: row[1].dependencies,
        "weight": lambda row: row[1].weight,
        "data_class": lambda row: row[1].data_class,
    },
)

CONVENTIONS = Table(
    "conventions",
    {
        "title": attrgetter("title"),
        "kind": attrgetter("kind"),
        "field": attrgetter("field"),
        "pattern": attrgetter("pattern"),
        "passing": lambda one: ", ".join(one.passing),
        "failing": lambda one: ", ".join(one.failing),
        "least_description": attrgetter("least_description"),
        "needs_owner": attrgetter("needs_owner"),
        "needs_site": attrgetter("needs_site"),
        "tag_prefixes": lambda one: ", ".join(one.tag_prefixes),
        "mode": attrgetter("mode"),
        "in_force_from": attrgetter("in_force_from"),
        "grandfathered_before": attrgetter("grandfathered_before"),
        "reason": attrgetter("reason"),
        "made_by": lambda one: str(one.made_by),
        "made": attrgetter("made_at"),
    },
)

RUNNING = Table(
    "running",
    {
        "cluster": lambda one: one.cluster.slug,
        "component": attrgetter("slug"),
        "name": attrgetter("name"),
        "sites": lambda one: ";".join(one.all_sites),
        "hosts": attrgetter("hosts"),
    },
)

PLACEMENTS = Table(
    "placements",
    {
        "cluster": lambda one: one.cluster.slug,
        "site": attrgetter("site"),
        "host": attrgetter("host"),
        "runs": lambda one: ";".join(one.runs),
    },
)

LOOSE_ENDS = Table(
    "loose-ends",
    {
        "consumer_cluster": attrgetter("consumer_cluster"),
        "consumer": attrgetter("consumer_name"),
        "kind": attrgetter("kind"),
        "provider_cluster": attrgetter("provider_cluster"),
        "provider": attrgetter("provider_name"),
        "weight": attrgetter("weight"),
        "data_class": attrgetter("data_class"),
        "safeguard": attrgetter("safeguard"),
        "not_known": attrgetter("missing"),
        "note": attrgetter("note"),
        "source": attrgetter("source"),
        "found": attrgetter("found_at"),
    },
)
