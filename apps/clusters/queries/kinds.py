"""The kinds of this area that the catalogue's search finds, and how each reads among the answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from apps.accounts.models import Person
from apps.clusters.models import (
    BusinessCapability,
    Charter,
    Cluster,
    ClusterGroupObjectPermission,
    ClusterUserObjectPermission,
    Component,
    ComponentGroupObjectPermission,
    ComponentUserObjectPermission,
    Site,
)
from apps.clusters.search import Holding, Kind, Seen, Told, in_seen
from apps.clusters.states import OPEN_CHARTERS, CharterState

OF_CLUSTERS = Holding(ClusterUserObjectPermission, ClusterGroupObjectPermission, "own_cluster")
OF_COMPONENTS = Holding(ComponentUserObjectPermission, ComponentGroupObjectPermission, "own_component")


def register_kinds(register: Callable[[Kind], None]) -> None:
    """Hand every kind of this area over, in the order in which the facet shows them."""
    for kind in (_CLUSTERS, _COMPONENTS, _CAPABILITIES, _CHARTERS, _SITES, _PEOPLE):
        register(kind)


def _tell(rows: Iterable[Any], told: Callable[[Any], Told]) -> Mapping[int, Told]:
    return {row.pk: told(row) for row in rows}


def _clusters_told(keys: Sequence[int]) -> Mapping[int, Told]:
    rows = Cluster.objects.filter(pk__in=keys)
    return _tell(rows, lambda one: Told(one.name, one.get_absolute_url(), one.slug, one.purpose))


def _components_told(keys: Sequence[int]) -> Mapping[int, Told]:
    rows = Component.objects.filter(pk__in=keys)
    return _tell(rows, _component_told)


def _component_told(one: Component) -> Told:
    said = [one.slug] if one.slug != one.name else []
    said += [one.kind, f"tier {one.tier}", *([one.owner_name] if one.owner_name else []), *one.tags, *one.sites]
    return Told(one.name, one.get_absolute_url(), " · ".join(said), one.description)


def _capabilities_told(keys: Sequence[int]) -> Mapping[int, Told]:
    rows = BusinessCapability.objects.filter(pk__in=keys).select_related("cluster")
    return _tell(rows, lambda one: Told(one.name, reverse("clusters:charters", args=[one.cluster.slug])))


def _charters_told(keys: Sequence[int]) -> Mapping[int, Told]:
    rows = Charter.objects.filter(pk__in=keys).select_related("cluster")
    return _tell(rows, _charter_told)


def _charter_told(one: Charter) -> Told:
    said = [one.state.replace("_", " "), *one.capabilities, *one.jurisdictions, *one.regimes]
    return Told(str(one), one.get_absolute_url(), " · ".join(said), one.purpose)


def _sites_told(keys: Sequence[int]) -> Mapping[int, Told]:
    here = reverse("clusters:sites")
    return _tell(
        Site.objects.filter(pk__in=keys),
        lambda one: Told(one.code, here, " · ".join(word for word in (one.name, one.jurisdiction) if word)),
    )


def _people_told(keys: Sequence[int]) -> Mapping[int, Told]:
    here = reverse("clusters:search")
    return _tell(
        Person.objects.filter(pk__in=keys),
        lambda one: Told(str(one), f"{here}?{urlencode({'owner': one.handle})}", f"{one.handle} · what they own"),
    )


def _holding_people(seen: Seen) -> QuerySet[Any, Any]:
    """Active people who own something in the clusters that are seen, themselves or through a team."""
    own, team = Q(), Q()
    for holding, path in ((OF_CLUSTERS, "content_object"), (OF_COMPONENTS, "content_object__cluster")):
        held: dict[str, Any] = {"permission__codename": holding.codename}
        if seen is not None:
            held[f"{path}__in"] = seen.values("pk")
        own |= Q(pk__in=holding.people._default_manager.filter(**held).values("user_id"))
        team |= Q(pk__in=holding.teams._default_manager.filter(**held).values("group__user"))
    return Person.objects.filter(own | team, is_active=True)


def _charters(seen: Seen) -> QuerySet[Any, Any]:
    """Charters in force or being written; what was replaced is on their page."""
    return in_seen(Charter, seen).filter(state__in=[CharterState.IN_FORCE, *OPEN_CHARTERS])


_CLUSTERS = Kind(
    "cluster",
    "Clusters",
    rows=lambda seen: Cluster.objects.all() if seen is None else seen,
    told=_clusters_told,
    names=("name", "slug"),
    cluster="pk",
    has_columns=True,
    is_small=False,
    holding=OF_CLUSTERS,
)
_COMPONENTS = Kind(
    "component",
    "Components",
    rows=lambda seen: in_seen(Component, seen),
    told=_components_told,
    names=("name", "slug"),
    has_columns=True,
    is_small=False,
    holding=OF_COMPONENTS,
)
_CAPABILITIES = Kind(
    "capability",
    "Capabilities",
    rows=lambda seen: in_seen(BusinessCapability, seen),
    told=_capabilities_told,
    has_columns=True,
    leads_to_cluster=True,
)
_CHARTERS = Kind(
    "charter",
    "Charters",
    rows=_charters,
    told=_charters_told,
    names=(),
    title=Concat(
        Value("Charter "), Cast("number", TextField()), Value(" of "), F("cluster__name"), output_field=TextField()
    ),
    has_columns=True,
)
_SITES = Kind(
    "site",
    "Sites",
    rows=lambda _: Site.objects.all(),
    told=_sites_told,
    names=("code", "name"),
    cluster="",
    has_columns=True,
)
_PEOPLE = Kind("person", "Owners", rows=_holding_people, told=_people_told, names=("name", "handle"), cluster="")
