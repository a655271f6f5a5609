"""What the exported list of clusters holds, column by column."""

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
