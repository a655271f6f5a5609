"""What the exported list of meshes holds, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

MESHES = Table(
    "meshes",
    {
        "cluster": attrgetter("name"),
        "namespace": attrgetter("mesh_namespace"),
        "gateway": attrgetter("mesh_gateway"),
        "pushed_at": attrgetter("mesh_pushed_at"),
        "findings": attrgetter("mesh_findings"),
    },
)
