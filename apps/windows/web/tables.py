"""What the exported list of windows holds, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

WINDOWS = Table(
    "windows",
    {
        "name": attrgetter("name"),
        "kind": attrgetter("kind"),
        "cluster": lambda one: one.cluster.name if one.cluster else "the whole federation",
        "start_local": attrgetter("start_local"),
        "duration_minutes": attrgetter("duration_minutes"),
        "zone": attrgetter("zone"),
        "rule": attrgetter("rrule"),
        "rule_words": attrgetter("rule_words"),
        "reason": attrgetter("reason"),
        "retired": attrgetter("retired_at"),
    },
)
