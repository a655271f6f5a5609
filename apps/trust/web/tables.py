"""What the exported lists of trust hold, column by column."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from apps.kernel.exports import Table
from apps.trust.queries.ways import Way, Ways, way_of

DOMAINS = Table(
    "trust-domains",
    {
        "trust_domain": attrgetter("name"),
        "cluster": lambda one: one.cluster.name,
        "issuer": attrgetter("issuer"),
        "token_format": attrgetter("token_format"),
        "audience": attrgetter("audience"),
        "algorithms": lambda one: ", ".join(one.algorithms),
        "lifetime_s": attrgetter("lifetime_s"),
        "keys": attrgetter("key_count"),
        "sequence": attrgetter("sequence"),
        "bundle_taken_in": attrgetter("bundle_at"),
    },
)


def ways_table(ways: Ways) -> Table:
    """Every integration with its way of trust, by these ways between clusters."""

    def of_way(read: Callable[[Way], object]) -> Callable[[Any], object]:
        return lambda row: read(way_of(row, ways))

    return Table(
        "ways-of-trust",
        {
            "caller": lambda one: one.consumer.name,
            "caller_cluster": lambda one: one.consumer.cluster.name,
            "interface": lambda one: one.interface.name,
            "callee": lambda one: one.provider.name,
            "callee_cluster": lambda one: one.provider.cluster.name,
            "believed": of_way(attrgetter("is_believed")),
            "links": of_way(attrgetter("length")),
            "claims": of_way(lambda way: ", ".join(way.claims)),
            "why_none": of_way(attrgetter("why_none")),
        },
    )
