"""Questions about links that people require: what passes there now, which are missing, and what would close them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Lifecycle
from apps.integrations.models import Interface
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import HandOff, RequiredLink
from apps.stakeholders.models.required_links import RequiredLinkQuerySet, alive_dependencies, is_built
from apps.stakeholders.rules.required_links import MOST_NAMED, closing


def links_seen_by(person: Person) -> RequiredLinkQuerySet:
    """Links between clusters the person may know of, also those that are no longer required, with what passes now."""
    rows = RequiredLink.objects.visible_to(person).with_observed()
    return rows.select_related("source", "target", "owner", "declared_by")


def current_links(person: Person) -> list[RequiredLink]:
    """Those that are required; the missing first, of them the ones through which most would pass."""
    rows: list[Any] = read_with_observed(RequiredLink.objects.visible_to(person).current())
    return sorted(
        rows, key=lambda one: (not one.is_missing, -(one.volume or 0), one.source.name, one.target.name, one.pk)
    )


def read_with_observed(links: RequiredLinkQuerySet) -> list[RequiredLink]:
    """All of the links with what `with_observed` says of each: two questions to the whole map, not five a link."""
    rows: list[Any] = list(links.select_related("source", "target", "owner", "declared_by"))
    ends = {end for one in rows for end in (one.source_id, one.target_id)}
    between = alive_dependencies().filter(consumer__cluster__in=ends, provider__cluster__in=ends)
    counted = between.exclude(consumer__cluster=F("provider__cluster")).annotate(is_built=is_built()).order_by()
    edges = {
        (consumer, provider): (number, built)
        for consumer, provider, number, built in counted.values_list("consumer__cluster", "provider__cluster").annotate(
            number=Count("pk"), built=Count("pk", filter=Q(is_built=True))
        )
    }
    passed = HandOff.objects.current().order_by().values_list("source", "target").annotate(number=Count("pk"))
    handoffs = {(source, target): number for source, target, number in passed}
    for one in rows:
        way = (one.source_id, one.target_id)
        there, back = edges.get(way, (0, 0)), edges.get(way[::-1], (0, 0))
        one.dependencies, one.integrations = there[0] + back[0], there[1] + back[1]
        one.handoffs = handoffs.get(way, 0)
        one.is_missing = not one.dependencies and not one.handoffs
    return rows


def current_link(pk: int, person: Person) -> RequiredLink:
    """One of them; refuses alike what is not there or over, and what the person may not know of."""
    found = links_seen_by(person).current().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such required link.", next_step="It may have been ended: reload the list.")
    return found


def links_between(first: Cluster, second: Cluster) -> RequiredLinkQuerySet:
    """Those of a pair, in both directions."""
    ways = Q(source=first, target=second) | Q(source=second, target=first)
    rows = RequiredLink.objects.current().with_observed().filter(ways)
    return rows.select_related("source", "target", "owner", "declared_by").order_by("pk")


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


def missing_pairs(links: Iterable[RequiredLink]) -> set[tuple[int, int]]:
    """Of links read with what passes: pairs of clusters, the lower id first, of which one is missing."""
    ends = [(one.source_id, one.target_id) for one in links if one.is_missing]  # type: ignore[attr-defined]  # annotated
    return {(min(pair), max(pair)) for pair in ends}


def closings(links: Iterable[RequiredLink]) -> Mapping[int, list[str]]:
    """What would close each link that is missing, by its key."""
    missing = [one for one in links if one.is_missing]  # type: ignore[attr-defined]  # annotated
    offered = _products({one.source_id for one in missing})
    return {one.pk: closing(one.source.name, one.target.name, offered.get(one.source_id, ())) for one in missing}


def _products(clusters: set[int]) -> Mapping[int, list[str]]:
    """The first data products of each cluster, of what is not retired; whom nothing joins uses none of them."""
    found: dict[int, list[str]] = defaultdict(list)
    offered = Interface.objects.filter(is_data_product=True, component__cluster__in=clusters)
    rows = offered.exclude(component__lifecycle=Lifecycle.RETIRED).order_by("name", "pk")
    for cluster, name in rows.values_list("component__cluster_id", "name"):
        if len(found[cluster]) < MOST_NAMED:
            found[cluster].append(name)
    return found
