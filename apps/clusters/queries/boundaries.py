"""What boundaries are judged by, read off the database in six queries, and questions about charters and transfers."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import models

from apps.accounts.models import Person
from apps.clusters.models import (
    BusinessCapability,
    Charter,
    CheckRun,
    Cluster,
    Component,
    DataClass,
    Dependency,
    Lifecycle,
    Regime,
    Site,
    TransferRule,
    Visibility,
)
from apps.clusters.rules import boundaries as rules
from apps.clusters.rules.findings import Found
from apps.clusters.states import OPEN_CHARTERS, CharterState
from apps.kernel.refusals import NotFound

DATA_TAG = "data:"  # a component tagged “data:confidential” holds confidential data
REGIME_TAG = "regime:"  # “regime:pci-dss”: it is in scope of the regime itself
SEGMENT_TAG = "segment:"  # “segment:pci-dss”: a control of it ends the reach of the regime
_REGIMES: Mapping[str, str] = {value.lower(): value for value in Regime.values}


def territory() -> rules.Territory:
    """The whole map as boundaries see it; retired components are no longer part of it."""
    places = {code.lower(): jurisdiction for code, jurisdiction in Site.objects.values_list("code", "jurisdiction")}
    components = Component.objects.exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    spots = {
        row[0]: _spot(row, places)
        for row in components.values_list("pk", "name", "cluster_id", "sites", "tags").iterator(chunk_size=5_000)
    }
    flows = Dependency.objects.order_by("pk").values_list(
        "pk", "consumer_id", "provider_id", "kind", "data_class", "safeguard"
    )
    transfers = TransferRule.objects.order_by("pk").values_list(
        "pk", "data_class", "origin", "destination", "verdict", "safeguard"
    )
    return rules.Territory(
        clusters=dict(Cluster.objects.order_by("pk").values_list("pk", "name")),
        charters={one.cluster_id: claim_of(one) for one in Charter.objects.filter(state=CharterState.IN_FORCE)},
        spots=spots,
        flows=[rules.Flow(*row) for row in flows.iterator(chunk_size=5_000)],
        transfers=[rules.Transfer(*row) for row in transfers],
        restricted=frozenset(
            Cluster.objects.filter(visibility=Visibility.RESTRICTED).order_by().values_list("pk", flat=True)
        ),
    )


def claim_of(charter: Charter) -> rules.Claim:
    """What a charter claims, as boundaries see it."""
    return rules.Claim(frozenset(charter.jurisdictions), frozenset(charter.data_classes), frozenset(charter.regimes))


def print_of(territory: rules.Territory) -> str:
    """The SHA-256 of everything that boundaries are judged by, in hex: the same print gives the same findings."""
    digest = hashlib.sha256()
    for part in (territory.clusters, territory.charters, territory.spots):
        for key in sorted(part):
            digest.update(repr((key, _plain(part[key]))).encode())
    for row in (*territory.flows, *territory.transfers):
        digest.update(repr(row).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Difference:
    """What a charter would change: findings that would be new, and ones that would be resolved."""

    new: list[Found]
    resolved: list[Found]


def difference(charter: Charter, person: Person) -> Difference:
    """What would be found otherwise, were this charter in force, as far as the person may know.

    Both sides are judged now, on the same map.
    """
    seen = set(Cluster.objects.visible_to(person).values_list("pk", flat=True)) | {None}
    now = territory()
    then = replace(now, charters={**now.charters, charter.cluster_id: claim_of(charter)})
    before = {one.key: one for one in rules.findings(now)}
    after = {one.key: one for one in rules.findings(then)}
    return Difference(
        [
            one
            for key, one in after.items()
            if (key not in before or one.severity > before[key].severity)
            and {one.cluster_id, one.counterpart_id} <= seen
        ],
        [one for key, one in before.items() if key not in after and {one.cluster_id, one.counterpart_id} <= seen],
    )


def charters_seen_by(person: Person) -> models.QuerySet[Charter]:
    """Every version of the charters this person may know of, with who wrote and who decided it."""
    return Charter.objects.visible_to(person).select_related(
        "cluster", "accountable", "drafted_by", "proposed_by", "decided_by"
    )


def visible_charter(pk: int, person: Person) -> Charter:
    """One version of a charter; refuses alike what does not exist and what the person may not know of."""
    charter = charters_seen_by(person).filter(pk=pk).first()
    if charter is None:
        raise NotFound("There is no such charter.", next_step="Open the cluster to see its charters.")
    return charter


def charters_of(cluster: Cluster) -> tuple[Charter | None, Charter | None]:
    """The charter in force, and the one being written; either may lack. One query."""
    rows = cluster.charters.filter(state__in=[CharterState.IN_FORCE, *OPEN_CHARTERS]).select_related(
        "accountable", "decided_by"
    )
    found = {one.state == CharterState.IN_FORCE: one for one in rows}
    return found.get(True), found.get(False)


def owners_of_capabilities(names: Collection[str], *, but: int) -> list[BusinessCapability]:
    """Which of these capabilities clusters other than `but` own."""
    wanted = {name.lower() for name in names}
    rows = BusinessCapability.objects.exclude(cluster_id=but).select_related("cluster")
    return list(rows.annotate(lowered=models.functions.Lower("name")).filter(lowered__in=wanted).order_by("name"))


def last_run(checker: str) -> CheckRun | None:
    """When a check last ran and what it measured."""
    return CheckRun.objects.filter(checker=checker, ran_at__isnull=False).first()


def strictest_class(tags: Iterable[str]) -> str:
    """The strictest data class that tags name; empty where none does."""
    named = {tag.lower().removeprefix(DATA_TAG) for tag in tags if tag.lower().startswith(DATA_TAG)}
    return next((one for one in reversed(DataClass.values) if one in named), "")


def _spot(row: tuple[Any, ...], places: Mapping[str, str]) -> rules.Spot:
    pk, name, cluster_id, sites, tags = row
    return rules.Spot(
        pk=pk,
        name=name,
        cluster_id=cluster_id,
        jurisdictions=frozenset(places[site.lower()] for site in sites if site.lower() in places),
        data_class=strictest_class(tags),
        regimes=_regimes(tags, REGIME_TAG),
        segments=_regimes(tags, SEGMENT_TAG),
        unknown_sites=tuple(sorted(site for site in sites if site.lower() not in places)),
    )


def _regimes(tags: Iterable[str], start: str) -> frozenset[str]:
    words = (tag.lower().removeprefix(start) for tag in tags if tag.lower().startswith(start))
    return frozenset(_REGIMES[word] for word in words if word in _REGIMES)


def _plain(value: Any) -> Any:
    """Sets in order: their own order changes from process to process."""
    if isinstance(value, rules.Spot | rules.Claim):
        return [sorted(part) if isinstance(part, frozenset) else part for part in vars(value).values()]
    return value
