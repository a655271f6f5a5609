"""What the exported list of trust domains holds, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

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
