"""Ways of trust on the map: of every declared integration, and of dependencies that no integration explains.

Who calls is the consumer: its trust domain is that of its cluster, and the provider's is to believe it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from apps.accounts.models import Person
from apps.clusters.models import Dependency
from apps.clusters.queries import visible_dependencies
from apps.integrations.models import Integration
from apps.integrations.queries import integrations_seen_by
from apps.trust.models import TrustDomain
from apps.trust.queries import facts_of, links_seen_by
from apps.trust.rules.chains import Chain, Link, chain, why_none

MOST_SHOWN = 500  # dependencies without an integration on one page
Pair = tuple[int, int]  # the caller's cluster, and the callee's


@dataclass(frozen=True)
class Way:
    """Whether one cluster believes the callers of another, over which links, and what arrives; else why not."""

    chain: Chain | None
    why_none: str = ""

    @property
    def is_believed(self) -> bool:
        """Whether there is a way."""
        return self.chain is not None

    @property
    def length(self) -> int | None:
        """Over how many links; 0 within one domain, None where there is no way."""
        return self.chain.length if self.chain else None

    @property
    def links(self) -> list[int]:
        """The keys of the links it leads over."""
        return [link.pk for link in self.chain.links] if self.chain else []

    @property
    def claims(self) -> list[str]:
        """The caller's claims that arrive."""
        return sorted(self.chain.claims) if self.chain else []

    @property
    def words(self) -> str:
        """The way, as people read it: "2 links", "within one domain", or why there is none."""
        if self.chain is None:
            return self.why_none
        length = self.chain.length
        return f"{length} link{'s' if length > 1 else ''}" if length else "within one domain"


@dataclass(frozen=True)
class Ways:
    """The ways between the clusters a person may know of, each sought once."""

    domains: Mapping[int, TrustDomain]  # by cluster
    links: list[Link]
    at: datetime
    _known: dict[Pair, Way] = field(default_factory=dict)

    def between(self, caller: int, callee: int) -> Way:
        """The way from one cluster to another, or within one."""
        pair = caller, callee
        if pair not in self._known:
            self._known[pair] = _sought(self.domains.get(caller), self.domains.get(callee), self.links, self.at)
        return self._known[pair]


def way_between(source: TrustDomain, target: TrustDomain, person: Person, *, at: datetime) -> Way:
    """The way from a caller's domain to a callee's, over links that the person may know of."""
    return _sought(source, target, facts_of(links_seen_by(person)), at)


def _sought(source: TrustDomain | None, target: TrustDomain | None, links: list[Link], at: datetime) -> Way:
    """The same where both clusters have declared a domain."""
    if source is None or target is None:
        return Way(None, f"the {'caller' if source is None else 'callee'}'s cluster has no trust domain")
    found = chain(links, source=source.pk, target=target.pk, claims={"sub", *source.claims}, at=at)
    return Way(found, "" if found else why_none(links, source=source.pk, target=target.pk, at=at))


def ways_seen_by(person: Person, *, at: datetime) -> Ways:
    """All that ways follow from, as far as the person may know of it."""
    domains = {one.cluster_id: one for one in TrustDomain.objects.visible_to(person)}
    return Ways(domains, facts_of(links_seen_by(person)), at)


@dataclass(frozen=True)
class Told:
    """How many integrations have a way, and which pairs of clusters those are."""

    ways: Ways
    counts: Mapping[Pair, int]

    @cached_property
    def believed(self) -> list[Pair]:
        """The pairs whose callee believes the caller."""
        return [pair for pair in self.counts if self.ways.between(*pair).is_believed]

    @property
    def number(self) -> int:
        """All integrations."""
        return sum(self.counts.values())

    @property
    def number_believed(self) -> int:
        """Those with a way."""
        return sum(self.counts[pair] for pair in self.believed)

    @property
    def number_refused(self) -> int:
        """Those without."""
        return self.number - self.number_believed


def told(person: Person, *, at: datetime) -> Told:
    """The ways of all integrations the person may know of, in three queries whatever their number."""
    ends = Integration.objects.visible_to(person).values_list("consumer__cluster", "interface__component__cluster")
    counts = {(caller, callee): number for caller, callee, number in ends.annotate(number=Count("pk")).order_by()}
    return Told(ways_seen_by(person, at=at), counts)


def with_ways(person: Person, found: Told, *, believed: bool | None = None) -> QuerySet[Integration]:
    """Every integration the person may know of, with `is_believed`; only those that are, or are not, if so asked."""
    caller, callee = (Cast(f"{end}__cluster_id", CharField()) for end in ("consumer", "interface__component"))
    rows = integrations_seen_by(person).annotate(ends=Concat(caller, Value(" "), callee))
    has_way = Q(ends__in=[f"{caller} {callee}" for caller, callee in found.believed])
    told = rows.annotate(is_believed=Case(When(has_way, then=Value(True)), default=Value(False)))
    return told if believed is None else told.filter(is_believed=believed)


def way_of(row: Integration, ways: Ways) -> Way:
    """The way of one integration."""
    return ways.between(row.consumer.cluster_id, row.interface.component.cluster_id)


def unexplained(person: Person) -> QuerySet[Dependency]:
    """Dependencies across clusters that the person may know of, between two that no integration joins."""
    joined = Integration.objects.filter(consumer=OuterRef("consumer"), interface__component=OuterRef("provider"))
    rows = visible_dependencies(person).exclude(consumer__cluster=F("provider__cluster")).filter(~Exists(joined))
    return rows.order_by("consumer__name", "provider__name", "pk")


def ways_of_dependencies(rows: Iterable[Dependency], ways: Ways) -> list[tuple[Dependency, Way]]:
    """Each with its way, those without one first."""
    found = [(row, ways.between(row.consumer.cluster_id, row.provider.cluster_id)) for row in rows]
    return sorted(found, key=lambda one: one[1].is_believed)
