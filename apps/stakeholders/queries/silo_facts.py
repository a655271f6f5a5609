"""What an assessment of silos reads of the map and of the registers, and the rows behind its numbers."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse

from apps.clusters.models import BusinessCapability, Cluster, Component, Dependency, Lifecycle
from apps.integrations.models import Integration, Interface
from apps.integrations.rules.words import Kind
from apps.stakeholders.models import HandOff, RequiredLink, SiloAnswer
from apps.stakeholders.rules.silo_advice import advised
from apps.stakeholders.rules.silo_pairs import assessed
from apps.stakeholders.rules.silo_survey import QUESTIONS
from apps.stakeholders.rules.silo_words import sentence, too_few
from apps.stakeholders.rules.silos import (
    Edge,
    Entity,
    Facts,
    Indicator,
    Link,
    Pair,
    Passing,
    Product,
    Said,
    Standing,
    standings,
    whole_ei,
)

Row = dict[str, Any]
_AT_ONCE = 5_000  # rows that are read at once


def facts_now() -> Facts:
    """Everything an assessment reads, as it is now; retired components are no longer part of the map."""
    parts = list(
        Component.objects.exclude(lifecycle=Lifecycle.RETIRED)
        .order_by("pk")
        .values_list("pk", "cluster_id", "name", "slug", "kind", "tags")
        .iterator(chunk_size=_AT_ONCE)
    )
    home = {pk: cluster for pk, cluster, *_ in parts}
    entities = [Entity(kind, pk, cluster, name, slug, frozenset(tags)) for pk, cluster, name, slug, kind, tags in parts]
    owned = BusinessCapability.objects.order_by("pk").values_list("pk", "cluster_id", "name")
    entities += [Entity("capability", pk, cluster, name) for pk, cluster, name in owned]
    passings = [
        Passing(one.pk, one.source_id, one.target_id, one.monthly, one.delay_hours)
        for one in HandOff.objects.current().order_by("pk")
    ]
    return Facts(
        clusters=tuple(Cluster.objects.order_by("pk").values_list("pk", flat=True)),
        home=home,
        edges=tuple(_edges(home)),
        entities=tuple(entities),
        products=tuple(_products(home)),
        passings=tuple(passings),
        answers=tuple(last_answers()),
        links=tuple(
            Link(*row)
            for row in RequiredLink.objects.current().order_by("pk").values_list("pk", "source_id", "target_id")
        ),
    )


def digest_of(facts: Facts, weights: Mapping[str, int]) -> str:
    """SHA-256 of all that was read, hex."""
    entities = [(one.kind, one.pk, one.cluster, one.name, one.slug, sorted(one.tags)) for one in facts.entities]
    products = [(one.pk, one.cluster, sorted(one.users)) for one in facts.products]
    read = (
        *(facts.clusters, sorted(facts.home.items()), facts.edges, entities, products),
        *(facts.passings, facts.answers, facts.links, sorted(weights.items())),
    )
    return hashlib.sha256(repr(read).encode()).hexdigest()


def last_answers() -> list[Said]:
    """Of each pair the answers of the last round in which both sides answered; else of the last with any."""
    by_round: dict[tuple[int, int], dict[int, list[Said]]] = defaultdict(lambda: defaultdict(list))
    rows = SiloAnswer.objects.order_by("round__number", "pk")
    for pk, number, first, second, side, marks in rows.values_list(
        "pk", "round__number", "first_id", "second_id", "side_id", "marks"
    ):
        by_round[first, second][number].append(Said(pk, first, second, side, tuple(marks)))
    found: list[Said] = []
    for rounds in by_round.values():
        whole = [number for number, said in rounds.items() if len({one.side for one in said}) > 1]
        found += rounds[max(whole or rounds)]
    return sorted(found, key=lambda one: one.pk)


def _edges(home: Mapping[int, int]) -> Iterable[Edge]:
    """Every dependency. It is manual where all that is integrated between the two is files."""
    kinds: dict[tuple[int, int], set[str]] = defaultdict(set)
    ends = Integration.objects.values_list("consumer_id", "interface__component_id", "interface__kind")
    for consumer, provider, kind in ends.iterator(chunk_size=_AT_ONCE):
        kinds[consumer, provider].add(kind)
    rows = Dependency.objects.order_by("pk").values_list("pk", "consumer_id", "provider_id", "kind")
    for pk, consumer, provider, kind in rows.iterator(chunk_size=_AT_ONCE):
        if consumer in home and provider in home:
            reads = {one for one in kinds.get((consumer, provider), ()) if one in {Kind.FILE, Kind.TABLE}}
            yield Edge(pk, consumer, provider, kind == "reads" and reads == {Kind.FILE})


def _products(home: Mapping[int, int]) -> Iterable[Product]:
    users: dict[int, set[int]] = defaultdict(set)
    used = Integration.objects.across_clusters().filter(interface__is_data_product=True)
    for interface, cluster in used.values_list("interface_id", "consumer__cluster_id"):
        users[interface].add(cluster)
    rows = Interface.objects.filter(is_data_product=True).order_by("pk").values_list("pk", "component_id")
    return [Product(pk, home[component], frozenset(users[pk])) for pk, component in rows if component in home]


@dataclass(frozen=True)
class _Seen:
    """Everything that the rows of a run name, read once."""

    clusters: Mapping[int, Cluster]
    dependencies: Mapping[int, tuple[int, str, str, str]]  # consumer, its name, the provider's, kind
    interfaces: Mapping[int, Interface]
    handoffs: Mapping[int, HandOff]
    components: Mapping[int, Component]
    capabilities: Mapping[int, BusinessCapability]
    answers: Mapping[int, SiloAnswer]
    links: Mapping[int, RequiredLink]


@dataclass(frozen=True)
class Reading:
    """The map as it was at one moment, every pair of it judged, and all that their rows name. It asks nothing more."""

    facts: Facts
    weights: Mapping[str, int]
    digest: str
    standings: Sequence[Standing]
    pairs: Sequence[Pair]
    _names: _Seen

    def told(self, pair: Pair) -> tuple[list[Row], list[Row]]:
        """The indicators of a pair and the advice on it, as they are kept: values, sentences, rows with addresses."""
        parts = _parts(pair, self._names, self.weights)
        return parts, _advice(pair, parts, self._names)

    def why_not(self, pair: Pair) -> str:
        """Why a pair has no score; empty where it has one."""
        if pair.score is not None:
            return ""
        return (
            too_few([self._names.clusters[pk].name for pk in pair.few])
            or "There is too little between them to judge by."
        )

    def counts(self) -> Row:
        """The numbers of the whole."""
        ei, homophily = whole_ei(self.standings)
        return {
            "clusters": len(self.standings),
            "dependencies": len(self.facts.edges),
            "pairs": len(self.pairs),
            "judged": sum(one.score is not None for one in self.pairs),
            "required_links": len(self.facts.links),
            "missing_links": sum(one.part(Indicator.LINKS).numbers["missing"] or 0 for one in self.pairs),
            "ei": ei,
            "homophily": homophily,
        }


def read(weights: Mapping[str, int]) -> Reading:
    """Read the map and judge every pair. Call it in a transaction that sees one moment: it asks in several queries."""
    facts = facts_now()
    pairs = assessed(facts, weights)
    return Reading(facts, weights, digest_of(facts, weights), standings(facts), pairs, _seen(pairs))


def _seen(pairs: Sequence[Pair]) -> _Seen:
    keys: dict[str, set[Any]] = defaultdict(set)
    for pair in pairs:
        for part in pair.parts:
            for name, rows in part.rows.items():
                keys[_KINDS[name]].update(rows)
    twins = [end for row in keys["twins"] for end in ((row[0], row[1]), (row[2], row[3]))]
    capabilities = {pk for kind, pk in twins if kind == "capability"}
    components = {pk for kind, pk in twins if kind != "capability"}
    dependencies = Dependency.objects.filter(pk__in=keys["dependencies"]).values_list(
        "pk", "consumer_id", "consumer__name", "provider__name", "kind"
    )
    answers = SiloAnswer.objects.select_related("person", "side", "round")
    return _Seen(
        Cluster.objects.in_bulk(),
        {pk: row for pk, *row in dependencies.iterator(chunk_size=_AT_ONCE)},  # type: ignore[misc]  # four of them
        Interface.objects.select_related("component__cluster").in_bulk(list(keys["interfaces"])),
        HandOff.objects.select_related("source", "target").in_bulk(list(keys["handoffs"])),
        Component.objects.in_bulk(list(components)),
        BusinessCapability.objects.select_related("cluster").in_bulk(list(capabilities)),
        answers.in_bulk(list(keys["answers"])),
        RequiredLink.objects.select_related("source", "target", "owner").in_bulk(list(keys["links"])),
    )


_KINDS = {
    "there": "dependencies",
    "back": "dependencies",
    "files": "dependencies",
    "used": "interfaces",
    "kept": "interfaces",
    "elsewhere": "interfaces",
    "handoffs": "handoffs",
    "twins": "twins",
    "answers": "answers",
    "delayed": "handoffs",
    "missing": "links",
    "met": "links",
}


def _parts(pair: Pair, seen: _Seen, weights: Mapping[str, int]) -> list[Row]:
    first, second = seen.clusters[pair.first].name, seen.clusters[pair.second].name
    return [
        {
            "indicator": part.indicator.value,
            "value": part.value,
            "weight": weights[part.indicator],
            "sentence": sentence(part, first, second),
            "numbers": dict(part.numbers),
            "rows": {name: [_ROWS[_KINDS[name]](seen, key) for key in keys] for name, keys in part.rows.items()},
        }
        for part in pair.parts
    ]


def _dependency(seen: _Seen, key: int) -> Row:
    pk, consumer, provider, kind = seen.dependencies[key]
    return {
        "key": key,
        "text": f"{consumer} → {provider}, {kind}",
        "url": _place_of_components().replace("/0/", f"/{pk}/"),
        "consumer": consumer,
        "provider": provider,
    }


@cache
def _place_of_components() -> str:
    """The address of a component, for 0: looking an address up once a row would cost more than the rows."""
    return reverse("clusters:component", args=[0])


def _interface(seen: _Seen, key: int) -> Row:
    one = seen.interfaces[key]
    return {
        "key": key,
        "text": f"{one.name} of {one.component}, {one.component.cluster}",
        "url": one.get_absolute_url(),
        "name": one.name,
        "cluster": one.component.cluster.name,
    }


def _handoff(seen: _Seen, key: int) -> Row:
    one = seen.handoffs[key]
    waits = f", waiting {one.delay_hours:,.10g} h" if one.delay_hours is not None else ""
    return {
        "key": key,
        "text": f"{one.what}: {one.source} to {one.target}, {one.often} {one.get_way_display()}{waits}",
        "url": "",
        "name": one.what,
        "source": one.source.name,
        "target": one.target.name,
    }


def _twin(seen: _Seen, key: tuple[str, int, str, int, str]) -> Row:
    kind, pk, other_kind, other_pk, why = key
    one, other = _entity(seen, kind, pk), _entity(seen, other_kind, other_pk)
    return {
        "key": f"{kind}-{pk}-{other_kind}-{other_pk}"[:100],
        "text": f"{one} and {other}: {why}",
        "url": one.cluster.get_absolute_url() if kind == "capability" else one.get_absolute_url(),
        "one": str(one),
        "other": str(other),
    }


def _entity(seen: _Seen, kind: str, pk: int) -> Any:
    return seen.capabilities[pk] if kind == "capability" else seen.components[pk]


def _answer(seen: _Seen, key: int) -> Row:
    one = seen.answers[key]
    mean = sum(one.marks) / len(one.marks)
    return {
        "key": key,
        "text": f"{one.person} for {one.side}, {mean:.1f} of 4, round {one.round.number}",
        "url": "",
        "marks": one.marks,
        "side": one.side_id,
    }


def _link(seen: _Seen, key: int) -> Row:
    one = seen.links[key]
    return {
        "key": key,
        "text": f"{one.source} to {one.target}: {one.why} ({one.get_reason_display()}; {one.owner} answers for it)",
        "url": one.get_absolute_url(),
        "source": one.source.name,
        "target": one.target.name,
        "why": one.why,
        "owner": one.owner.handle,
    }


_ROWS: Mapping[str, Callable[[_Seen, Any], Row]] = {
    "dependencies": _dependency,
    "interfaces": _interface,
    "handoffs": _handoff,
    "twins": _twin,
    "answers": _answer,
    "links": _link,
}


def _advice(pair: Pair, parts: list[Row], seen: _Seen) -> list[Row]:
    names = (seen.clusters[pair.first].name, seen.clusters[pair.second].name)
    rows = {one["indicator"]: one["rows"] for one in parts}
    values = {one["indicator"]: one["value"] for one in parts}
    said = rows[Indicator.ANSWERS]["answers"]
    return [one.data() for one in advised(names, values, rows, _questions(pair, said))]


def _questions(pair: Pair, said: list[Row]) -> list[tuple[str, float, float]]:
    sides = [[one["marks"] for one in said if one["side"] == side] for side in (pair.first, pair.second)]
    if not all(sides):
        return []
    means = [[sum(marks) / len(marks) for marks in zip(*side, strict=True)] for side in sides]
    return list(zip(QUESTIONS, *means, strict=True))
