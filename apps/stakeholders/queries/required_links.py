"""Questions about links that people require: what passes there now, which are missing, and what would close them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Q

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.integrations.models import Interface
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.models.required_links import RequiredLinkQuerySet
from apps.stakeholders.rules.required_links import MOST_NAMED, closing


def links_seen_by(person: Person) -> RequiredLinkQuerySet:
    """Links between clusters the person may know of, also those that are no longer required, with what passes now."""
    rows = RequiredLink.objects.visible_to(person).with_observed()
    return rows.select_related("source", "target", "owner", "declared_by")


def current_links(person: Person) -> RequiredLinkQuerySet:
    """Those that are required; the missing first, of them the ones through which most would pass."""
    rows = links_seen_by(person).current()
    return rows.order_by(
        F("is_missing").desc(), F("volume").desc(nulls_last=True), "source__name", "target__name", "pk"
    )


def links_between(first: Cluster, second: Cluster) -> RequiredLinkQuerySet:
    """Those of a pair, in both directions."""
    ways = Q(source=first, target=second) | Q(source=second, target=first)
    rows = RequiredLink.objects.current().with_observed().filter(ways)
    return rows.select_related("source", "target", "owner", "declared_by").order_by("pk")


def missing_pairs(person: Person) -> set[tuple[int, int]]:
    """Pairs of clusters, the lower id first, with a required link through which nothing passes now."""
    rows = links_seen_by(person).current().missing().order_by().values_list("source_id", "target_id")
    return {(min(ends), max(ends)) for ends in rows}


@dataclass(frozen=True)
class Tally:
    """How many links are required and missing; of what would pass where that is known, how much cannot, in percent."""

    required: int
    missing: int
    volume_missing: float | None


def tally_of(links: Iterable[RequiredLink]) -> Tally:
    """Of links read with what passes."""
    rows = list(links)
    known = [one for one in rows if one.volume]
    whole = sum(one.volume or 0 for one in known)
    lost = sum(one.volume or 0 for one in known if one.is_missing)  # type: ignore[attr-defined, misc]  # annotated
    missing = len([one for one in rows if one.is_missing])  # type: ignore[attr-defined]
    return Tally(len(rows), missing, 100 * lost / whole if whole else None)


def closings(links: Iterable[RequiredLink]) -> Mapping[int, list[str]]:
    """What would close each link that is missing, by its key."""
    missing = [one for one in links if one.is_missing]  # type: ignore[attr-defined]  # annotated
    offered = _products({one.source_id for one in missing})
    return {one.pk: closing(one.source.name, one.target.name, offered.get(one.source_id, ())) for one in missing}


def _products(clusters: set[int]) -> Mapping[int, list[str]]:
    """The first data products of each cluster; whom nothing joins uses none of them."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Interface.objects.filter(is_data_product=True, component__cluster__in=clusters).order_by("name", "pk")
    for cluster, name in rows.values_list("component__cluster_id", "name"):
        if len(found[cluster]) < MOST_NAMED:
            found[cluster].append(name)
    return found
