"""The cut-off simulation on the map as one person may see it: what is isolated, what goes on, and what has no plan.

Every visible need counts: an integration with its plan, and a dependency without any integration as one that has none.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.text import slugify

from apps.accounts.models import Person
from apps.clusters.models import BusinessCapability, Cluster, Component, Dependency, Lifecycle, Site, Tier
from apps.integrations.models import Integration
from apps.integrations.rules import cutoff as rules
from apps.integrations.rules.cutoff import Cut, Fate, Need, Parted, Sides, State
from apps.integrations.rules.isolation import holding_s
from apps.kernel.refusals import Invalid

TAG = "capability:"  # a component so tagged is one that the capability of that (slugged) name runs on
MOST_CHOSEN = 20  # clusters or places of one question; all of them fit an address


@dataclass(frozen=True)
class Question:
    """What is isolated: clusters by short name, or places by site or country code. `apart`: each from all others."""

    clusters: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    apart: bool = False
    duration_s: int = 8 * 3_600


@dataclass(frozen=True)
class Planned:
    """What an integration plans, as the simulation shows it."""

    integration_id: int
    interface: str
    mode: str
    holds_s: float


@dataclass(frozen=True)
class Part:
    """A component on the map."""

    pk: int
    slug: str
    name: str
    cluster_id: int
    cluster: str
    cluster_slug: str
    tier: int
    tags: tuple[str, ...]
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """The visible map as plain arrays."""

    parts: dict[int, Part]
    needs: list[Need]
    plans: dict[int, Planned]  # by the integration's key, which a need carries


@dataclass(frozen=True)
class Capability:
    """What a business capability runs on, and what becomes of it. `is_tagged`: its components say so themselves."""

    name: str
    cluster: str
    cluster_slug: str
    parts: tuple[Part, ...]
    is_tagged: bool
    fate: Fate


@dataclass(frozen=True)
class CutNeed:
    """A need that the partition cuts, with its plan, if it has one."""

    consumer: Part
    provider: Part
    plan: Planned | None
    integration_id: int | None


@dataclass(frozen=True)
class CutOff:
    """The answer to a question."""

    question: Question
    ground: Ground
    isolated: list[str]  # in words
    unplaced: int  # components that say no site, where places were asked
    inside: frozenset[int]
    partition: Parted
    cut: Cut
    capabilities: list[Capability] = field(default_factory=list)

    @cached_property
    def fates(self) -> dict[int, Fate]:
        """What becomes of each component that is touched; of one in several places, the best of its copies."""
        found = {one: fate for one, fate in self.cut.fates.items() if one > 0}
        for one, copies in self.partition.copies.items():
            fate = rules.best(self.cut.fate(copy) for copy in copies)
            if fate != rules.UNTOUCHED:
                found[one] = fate
        return found

    def fate(self, component: int) -> Fate:
        """Of one component."""
        return self.fates.get(component, rules.UNTOUCHED)

    @cached_property
    def cut_needs(self) -> list[CutNeed]:
        """Every need that is cut; those without a plan first, then the one that runs out first."""
        places = dict.fromkeys(self.partition.asked(place) for place in self.partition.cut)
        found = [self._cut_need(self.ground.needs[place]) for place in places]
        return sorted(
            found,
            key=lambda one: (
                one.plan is not None,
                one.plan.holds_s if one.plan else 0,
                one.consumer.name,
                one.provider.name,
            ),
        )

    def _cut_need(self, need: Need) -> CutNeed:
        plan = self.ground.plans.get(need.plan) if need.plan and need.holds_s is not None else None
        return CutNeed(self.ground.parts[need.consumer], self.ground.parts[need.provider], plan, need.plan)

    @cached_property
    def moments(self) -> list[float]:
        """When something changes within the time asked, seconds from the cut."""
        return self.cut.moments(self.question.duration_s)

    def states(self, second: float) -> dict[State, int]:
        """How many components are in each state at an instant."""
        found = dict.fromkeys(State, 0)
        for one in self.ground.parts:
            found[self.fate(one).state(second)] += 1
        return found

    @cached_property
    def touched(self) -> list[Part]:
        """Components that are not as always at the end of the time asked; the first to stop first."""
        end = self.question.duration_s
        found = [one for one in self.ground.parts.values() if self.fate(one.pk).state(end) != State.WHOLE]
        return sorted(
            found, key=lambda one: (self.fate(one.pk).stops_at, self.fate(one.pk).alone_from, one.tier, one.name)
        )

    def way(self, component: int) -> list[Need]:
        """The needs by which a component stops, from it to the one that is cut."""
        copies = self.partition.copies.get(component, [component])
        worst = max(copies, key=lambda one: self.cut.fate(one).stops_at)
        places = self.cut.reason(worst, self.partition.needs)
        return [self.ground.needs[self.partition.asked(place)] for place in places]


def ground_seen_by(person: Person) -> Ground:
    """The map as the person may see it, in three queries; retired components are no longer part of it."""
    rows = Component.objects.visible_to(person).exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    fields = ("pk", "slug", "name", "cluster_id", "cluster__name", "cluster__slug", "tier", "tags", "sites")
    parts = {
        pk: Part(pk, slug, name, cluster_id, cluster, its_slug, tier, tuple(tags), tuple(sites))
        for pk, slug, name, cluster_id, cluster, its_slug, tier, tags, sites in rows.values_list(*fields).iterator(
            chunk_size=5_000
        )
    }
    plans, needs = _integrated(person, parts)
    known = {(need.consumer, need.provider) for need in needs}
    pairs = Dependency.objects.order_by("pk").values_list("consumer_id", "provider_id")
    for pair in dict.fromkeys(pairs.iterator(chunk_size=5_000)):
        if pair not in known and pair[0] in parts and pair[1] in parts:
            needs.append(Need(*pair))
    return Ground(parts, needs, plans)


def _integrated(person: Person, parts: dict[int, Part]) -> tuple[dict[int, Planned], list[Need]]:
    fields = (
        *("pk", "consumer_id", "interface__component_id", "interface__name", "rate_per_s"),
        *("plan__mode", "plan__holds_s", "plan__backlog"),
    )
    plans, needs = dict[int, Planned](), list[Need]()
    rows = Integration.objects.visible_to(person).order_by("pk").values_list(*fields)
    for pk, consumer, provider, name, rate, mode, holds_s, backlog in rows.iterator(chunk_size=5_000):
        if consumer not in parts or provider not in parts:
            continue
        holds = holding_s(mode=mode, holds_s=holds_s, backlog=backlog, rate_per_s=rate) if mode else None
        if holds is not None:
            plans[pk] = Planned(pk, name, mode, holds)
        needs.append(Need(consumer, provider, holds, pk))
    return plans, needs


def simulated(question: Question, person: Person) -> CutOff:
    """What the cut-off does to all the person may see. Refuses names that mean nothing, and places that overlap."""
    require_whole(question)
    ground = ground_seen_by(person)
    if question.clusters:
        sides, isolated, unplaced = _clusters_apart(question, ground, person)
    else:
        sides, isolated, unplaced = _places_apart(question, ground)
    partition = rules.parted(ground.needs, sides)
    inside = frozenset(one for one, of in sides.items() if of != rules.ELSEWHERE)
    answer = CutOff(
        question, ground, isolated, unplaced, inside, partition, rules.simulate(partition.needs, partition.cut)
    )
    answer.capabilities.extend(_capabilities(answer, person))
    return answer


def require_whole(question: Question) -> None:
    """Refuse a question that asks nothing, too much, or two things at once."""
    if question.clusters and question.places:
        raise _wrong("places", "Isolate clusters, or places: not both at once.", "Clear one of the two.")
    chosen = question.clusters or question.places
    if not chosen:
        raise _wrong("clusters", "Nothing is isolated yet.", "Choose clusters, or places.")
    if len(chosen) > MOST_CHOSEN:
        raise _wrong("clusters", f"At most {MOST_CHOSEN} are isolated at once.", "Choose fewer.")
    if not 60 <= question.duration_s <= rules.LONGEST_S:  # noqa: PLR2004  # a minute
        raise _wrong("hours", "A cut-off lasts between a minute and 31 days.", "Choose a time in between.")


def _clusters_apart(question: Question, ground: Ground, person: Person) -> tuple[dict[int, Sides], list[str], int]:
    rows = {one.slug: one for one in Cluster.objects.visible_to(person).filter(slug__in=question.clusters)}
    if missing := [one for one in question.clusters if one not in rows]:
        raise _wrong("clusters", f"There is no cluster “{missing[0][:80]}”.", "Choose from the list.")
    chosen = [rows[one] for one in dict.fromkeys(question.clusters)]
    members = defaultdict[int, list[int]](list)
    for part in ground.parts.values():
        members[part.cluster_id].append(part.pk)
    groups = [members[one.pk] for one in chosen]
    return rules.islands(groups, apart=question.apart), [one.name for one in chosen], 0


def _places_apart(question: Question, ground: Ground) -> tuple[dict[int, Sides], list[str], int]:
    country = dict(Site.objects.values_list("code", "jurisdiction"))
    island: dict[str, int] = {}
    for number, place in enumerate(dict.fromkeys(question.places), start=1):
        lies = [code for code, land in country.items() if place in (code, land)] or _used(place, ground)
        if not lies:
            raise _wrong("places", f"Nothing runs in “{place[:40]}”.", "Choose from the list.")
        for code in lies:
            if code in island:
                raise _wrong("places", f"{code} would be isolated twice.", "Choose the site or its country, not both.")
            island[code] = number if question.apart else 1
    sides = {
        part.pk: frozenset(island.get(code, 0) for code in part.sites) for part in ground.parts.values() if part.sites
    }
    unplaced = sum(not part.sites for part in ground.parts.values())
    return {one: of for one, of in sides.items() if of != rules.ELSEWHERE}, list(question.places), unplaced


def _used(place: str, ground: Ground) -> list[str]:
    return [place] if any(place in part.sites for part in ground.parts.values()) else []


def _capabilities(answer: CutOff, person: Person) -> Iterable[Capability]:
    """Every visible capability with what it runs on, the first to stop first."""
    seen = Cluster.objects.visible_to(person)
    rows = (
        BusinessCapability.objects.filter(cluster__in=seen).select_related("cluster").order_by("cluster__name", "name")
    )
    members = defaultdict[int, list[Part]](list)
    for part in answer.ground.parts.values():
        members[part.cluster_id].append(part)
    found = []
    for row in rows:
        parts, is_tagged = runs_on(row.name, members[row.cluster_id])
        fate = rules.together(answer.fate(one.pk) for one in parts)
        found.append(Capability(row.name, row.cluster.name, row.cluster.slug, tuple(parts), is_tagged, fate))
    return sorted(found, key=lambda one: (one.fate.stops_at, one.fate.alone_from, one.fate.leaning_from, one.cluster))


def runs_on(capability: str, parts: Collection[Part]) -> tuple[Sequence[Part], bool]:
    """The components of its cluster that a capability runs on, and whether they say so themselves by a tag."""
    tag = TAG + slugify(capability)
    tagged = [one for one in parts if tag in one.tags]
    critical = [one for one in parts if one.tier <= Tier.CRITICAL]
    return tagged or critical or list(parts), bool(tagged)


def places_of(person: Person) -> list[tuple[str, str]]:
    """Every country and site in which something runs that the person may see: its code, and how it is called."""
    sites = {one.code: one for one in Site.objects.order_by("code")}
    rows = Component.objects.visible_to(person).exclude(sites=[]).values_list("sites", flat=True)
    used = sorted({code for codes in rows.distinct() for code in codes})
    lands = sorted({sites[code].jurisdiction for code in used if code in sites})
    named = [(code, f"{code}, {sites[code].name}" if code in sites else code) for code in used]
    return [*((land, f"{land}, all sites") for land in lands), *named]


def _wrong(name: str, sentence: str, step: str) -> Invalid:
    return Invalid(sentence, next_step=step, fields={name: [sentence]})
