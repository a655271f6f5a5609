"""Conventions in force, things of the map as conventions see them, and what is breached where."""

import hashlib
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Min, QuerySet

from apps.accounts.models import Person
from apps.clusters.conventions import Kind, kinds
from apps.clusters.formats.catalog import ClusterRow, ComponentRow
from apps.clusters.models import (
    BusinessCapability,
    CheckRun,
    Cluster,
    Component,
    Convention,
    ConventionExemption,
    Dependency,
    Finding,
    Lifecycle,
    Visibility,
)
from apps.clusters.rules import conventions as rules
from apps.clusters.rules.findings import Found
from apps.clusters.rules.parts import chosen_slug
from apps.clusters.rules.spelling import normalised
from apps.kernel.refusals import Invalid, NotFound

CHECKER, NAMES = "conventions", "names"  # the two checks: of each cluster by the conventions, of all names together
Misfit = tuple[str, str, str]  # the field, its value, and the sentence
COMPONENT, CLUSTER, CAPABILITY, DEPENDENCY = "component", "cluster", "capability", "dependency"


def kept() -> QuerySet[Convention]:
    """Every convention that is not retired, with who made it."""
    return Convention.objects.filter(retired_at__isnull=True).select_related("made_by")


def convention(pk: int) -> Convention:
    """One convention, also a retired one."""
    found = Convention.objects.select_related("made_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such convention.", next_step="Go back to the list of conventions.")
    return found


def exemptions(person: Person) -> QuerySet[ConventionExemption]:
    """Exemptions that have not ended, of components the person may know of."""
    rows = ConventionExemption.objects.visible_to(person).open()
    return rows.select_related("convention", "component__cluster", "given_by")


def kind_named(name: str) -> Kind:
    """The kind of things of that name; refuses others."""
    found = kinds().get(name)
    if found is None:
        raise Invalid(
            f"Conventions know no kind “{name[:40]}”.",
            next_step=f"The kinds are {', '.join(sorted(kinds()))}.",
            fields={"kind": ["Unknown."]},
        )
    return found


def demands(at: datetime, *, refusing_only: bool = False) -> list[rules.Demand]:
    """The conventions in force at the instant, as they judge; of kinds that are registered."""
    rows = kept().filter(in_force_from__lte=at).order_by("pk")
    if refusing_only:
        rows = rows.filter(mode=rules.Mode.REFUSE)
    return [demand_of(one) for one in rows if one.kind in kinds()]


def demand_of(row: Convention) -> rules.Demand:
    """One convention as it judges."""
    return rules.Demand(
        pk=row.pk,
        title=row.title,
        kind=row.kind,
        field=row.field,
        word=kinds()[row.kind].fields.get(row.field, row.field),
        pattern=row.pattern,
        passing=tuple(row.passing),
        mode=rules.Mode(row.mode),
        in_force_from=row.in_force_from,
        grandfathered_before=row.grandfathered_before,
        least_description=row.least_description,
        needs_owner=row.needs_owner,
        needs_site=row.needs_site,
        tag_prefixes=tuple(row.tag_prefixes),
    )


def component_subject(one: Component) -> rules.Subject:
    """A component, also one that is not saved yet."""
    return rules.Subject(
        kind=COMPONENT,
        key=str(one.pk or ""),
        name=one.name,
        values={
            "name": (one.name,),
            "slug": (chosen_slug(one.slug),),
            "type": (one.kind,),
            "team": (one.owner_name,) if one.owner_name else (),
            "tag": tuple(one.tags),
        },
        cluster_id=one.cluster_id or 0,
        component_id=one.pk,
        made_at=one.created_at,
        description=one.description,
        owner=one.owner_name,
        tags=tuple(one.tags),
        sites=tuple(one.sites),
    )


def cluster_subject(one: Cluster) -> rules.Subject:
    """A cluster, also one that is not saved yet; its purpose is its description."""
    return rules.Subject(
        kind=CLUSTER,
        key=str(one.pk or ""),
        name=one.name,
        values={"name": (one.name,), "slug": (one.slug,)},
        cluster_id=one.pk or 0,
        made_at=one.created_at,
        description=one.purpose,
    )


def plain_subject(kind: str, name: str, *, cluster_id: int, made_at: datetime | None = None) -> rules.Subject:
    """What has a name and nothing else: a capability, a way to depend."""
    return rules.Subject(
        kind=kind,
        key=f"{cluster_id}:{name}",
        name=name,
        values={"name": (name,)},
        cluster_id=cluster_id,
        made_at=made_at,
    )


def judged(cluster_id: int, at: datetime) -> tuple[list[Found], str, int]:
    """The breaches in one cluster, the SHA-256 of what was judged, and how many things were."""
    asked = demands(at)
    exempted = set(_exempted(at, component__cluster=cluster_id))
    digest, count, breaches = hashlib.sha256(repr((asked, sorted(exempted))).encode()), 0, []
    wanted = {one.kind for one in asked}
    for kind in kinds().values():
        if kind.name not in wanted:
            continue
        for subject in kind.of_cluster(cluster_id):
            count += 1
            digest.update(repr(subject).encode())
            breaches += [
                rules.found(subject, one)
                for one in rules.breaches(subject, asked, at=at)
                if (one.demand.pk, subject.component_id) not in exempted
            ]
    return breaches, digest.hexdigest(), count


def open_demands(subject: rules.Subject, at: datetime) -> list[rules.Demand]:
    """The refusing conventions in force for a thing, but those it is exempted from."""
    asked = [one for one in demands(at, refusing_only=True) if one.kind == subject.kind]
    if not asked or not subject.component_id:
        return asked
    exempted = set(_exempted(at, component=subject.component_id))
    return [one for one in asked if (one.pk, subject.component_id) not in exempted]


def scan() -> CheckRun | None:
    """How far the scan by the conventions is, and what the last came to."""
    return CheckRun.objects.filter(checker=CHECKER).first()


def all_names() -> list[rules.Named]:
    """Every name of every kind whose names should differ."""
    return [one for kind in kinds().values() if kind.names for one in kind.names()]


def print_of(names: Iterable[rules.Named]) -> str:
    """The SHA-256 of all names, in hex: the same print gives the same collisions."""
    digest = hashlib.sha256()
    for one in names:
        digest.update(repr(one).encode())
    return digest.hexdigest()


def breaches_of(convention: Convention, person: Person) -> QuerySet[Finding]:
    """The findings that stand by one convention, as far as the person may know."""
    rows = Finding.objects.visible_to(person).standing()
    return rows.filter(checker=CHECKER, key__startswith=f"{convention.pk}:").select_related("cluster", "component")


def tally(person: Person) -> Mapping[int, int]:
    """How many findings stand by each convention, as far as the person may know."""
    counted: dict[int, int] = {}
    rows = Finding.objects.visible_to(person).standing().filter(checker=CHECKER)
    for key in rows.values_list("key", flat=True).iterator(chunk_size=5_000):
        pk = int(key.split(":", 1)[0])
        counted[pk] = counted.get(pk, 0) + 1
    return counted


@dataclass(frozen=True)
class Verdict:
    """What would become of a name: `verdict` is keeps, warned or refused."""

    subject: rules.Subject
    verdict: str
    breaches: list[rules.Breach]
    reads_like: list[rules.Named]


def verdicts(subjects: list[rules.Subject], person: Person, *, at: datetime) -> list[Verdict]:
    """What would become of names that are not on the map yet; they are held against those the person may know of."""
    asked, alike = demands(at), _alike(subjects, person)
    found = []
    for one in subjects:
        breaches = rules.breaches(one, asked, at=at)
        like = [other for other in alike.get((one.kind, normalised(one.name)), ()) if not _is_same(one, other)]
        is_refused = any(breach.demand.mode == rules.Mode.REFUSE for breach in breaches)
        verdict = "refused" if is_refused else "warned" if breaches or like else "keeps"
        found.append(Verdict(one, verdict, breaches, like))
    return found


class Keeping:
    """Rows of a catalogue held to the conventions that refuse: (field, value, sentence) of a breach, or None."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.demands = demands(at, refusing_only=True)
        exempted = set(_exempted(at, convention__in=[one.pk for one in self.demands])) if self.demands else set()
        self.exempted = frozenset(exempted)
        self._ways: dict[str, Misfit | None] = {}

    def component_misfit(self, row: ComponentRow, known: Component | None) -> Misfit | None:
        """What a component would break that it does not break already."""
        if not self._has(COMPONENT):
            return None
        said = {name: value for name in _SAID if (value := getattr(row, name)) is not None}
        lists = {name: list(getattr(row, name)) for name in ("sites", "tags") if getattr(row, name) is not None}
        if known:
            return self._misfit(component_subject(_with(known, said | lists)), component_subject(known))
        return self._misfit(component_subject(Component(slug=row.slug, **{"name": row.new_name} | said | lists)), None)

    def cluster_misfit(self, row: ClusterRow, known: Cluster | None) -> Misfit | None:
        """What a cluster would break that it does not break already."""
        if not self._has(CLUSTER):
            return None
        said = {name: value for name in ("name", "purpose") if (value := getattr(row, name)) is not None}
        if known:
            return self._misfit(cluster_subject(_with(known, said)), cluster_subject(known))
        return self._misfit(cluster_subject(Cluster(slug=row.slug, **{"name": row.new_name} | said)), None)

    def way_misfit(self, kind: str) -> Misfit | None:
        """What a kind of dependency would break; asked once for each."""
        if kind not in self._ways:
            subject = plain_subject(DEPENDENCY, kind, cluster_id=0)
            self._ways[kind] = self._misfit(subject, None) if self._has(DEPENDENCY) else None
        return self._ways[kind]

    def _has(self, kind: str) -> bool:
        return any(one.kind == kind for one in self.demands)

    def _misfit(self, after: rules.Subject, before: rules.Subject | None) -> Misfit | None:
        asked = [one for one in self.demands if (one.pk, after.component_id) not in self.exempted]
        try:
            rules.require_kept(after, asked, before=before, at=self.at)
        except Invalid as refusal:
            name = next(iter(refusal.fields))
            return name, ", ".join(after.values.get(name, ())), str(refusal)
        return None


_SAID = ("name", "kind", "description", "owner_name")


def _with(stored: Any, said: Mapping[str, Any]) -> Any:
    """The same row saying something else; what is stored stays as it is."""
    other = copy(stored)
    for name, value in said.items():
        setattr(other, name, value)
    return other


def register_kinds(register: Any) -> None:
    """The four kinds of this area."""
    named = {"name": "name", "slug": "short name"}
    register(
        Kind(
            COMPONENT,
            "component",
            named | {"type": "kind", "team": "team", "tag": "tag"},
            _components,
            frozenset(rules.Saying),
            _component_names,
        )
    )
    register(Kind(CLUSTER, "cluster", named, _cluster, frozenset({rules.Saying.DESCRIPTION}), _cluster_names))
    register(Kind(CAPABILITY, "capability", {"name": "name"}, _capabilities, names=_capability_names))
    register(Kind(DEPENDENCY, "kind of dependency", {"name": "name"}, _ways, names=_way_names))


def _is_same(one: rules.Subject, other: rules.Named) -> bool:
    return other.is_shared and other.name == one.name


def _alike(subjects: Iterable[rules.Subject], person: Person) -> dict[tuple[str, str], list[rules.Named]]:
    """Names on the map that read like one of these, of clusters the person may know of."""
    wanted = {(one.kind, normalised(one.name)) for one in subjects}
    seen = set(Cluster.objects.visible_to(person).values_list("pk", flat=True))
    found: dict[tuple[str, str], list[rules.Named]] = {}
    for name in {kind for kind, _ in wanted}:
        names = kinds()[name].names
        for one in names() if names else ():
            if one.cluster_id in seen and (key := (one.kind, normalised(one.name))) in wanted:
                found.setdefault(key, []).append(one)
    return {key: sorted(rows, key=lambda one: one.pk)[:3] for key, rows in found.items()}


def _exempted(at: datetime, **of: Any) -> QuerySet[ConventionExemption, tuple[int, int]]:
    rows = ConventionExemption.objects.open().filter(until__gt=at, **of)
    return rows.values_list("convention_id", "component_id")


def _components(cluster_id: int) -> Iterable[rules.Subject]:
    rows = Component.objects.filter(cluster=cluster_id).exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    return map(component_subject, rows.iterator(chunk_size=2_000))


def _cluster(cluster_id: int) -> Iterable[rules.Subject]:
    return map(cluster_subject, Cluster.objects.filter(pk=cluster_id))


def _capabilities(cluster_id: int) -> Iterable[rules.Subject]:
    rows = BusinessCapability.objects.filter(cluster=cluster_id).order_by("pk").values_list("name", "since")
    return [plain_subject(CAPABILITY, name, cluster_id=cluster_id, made_at=since) for name, since in rows]


def _ways(cluster_id: int) -> Iterable[rules.Subject]:
    """Each kind of dependency once for a cluster, since its first use there."""
    rows = Dependency.objects.filter(consumer__cluster=cluster_id).values("kind").annotate(since=Min("created_at"))
    return [
        plain_subject(DEPENDENCY, one["kind"], cluster_id=cluster_id, made_at=one["since"])
        for one in rows.order_by("kind")
    ]


def _component_names() -> Iterable[rules.Named]:
    rows = Component.objects.exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    fields = ("name", "created_at", "pk", "cluster_id", "cluster__name", "cluster__visibility")
    for name, made_at, pk, cluster_id, cluster, visibility in rows.values_list(*fields).iterator(chunk_size=5_000):
        restricted = visibility == Visibility.RESTRICTED
        yield rules.Named(COMPONENT, "component", name, made_at, pk, cluster_id, cluster, pk, restricted)


def _cluster_names() -> Iterable[rules.Named]:
    for one in Cluster.objects.order_by("pk"):
        restricted = one.visibility == Visibility.RESTRICTED
        yield rules.Named(CLUSTER, "cluster", one.name, one.created_at, one.pk, one.pk, one.name, None, restricted)


def _capability_names() -> Iterable[rules.Named]:
    for one in BusinessCapability.objects.select_related("cluster").order_by("pk"):
        restricted = one.cluster.visibility == Visibility.RESTRICTED
        named = partial(rules.Named, CAPABILITY, "capability", one.name, one.since, one.pk)
        yield named(one.cluster_id, one.cluster.name, None, restricted)


def _way_names() -> Iterable[rules.Named]:
    rows = Dependency.objects.values(
        "kind", "consumer__cluster_id", "consumer__cluster__name", "consumer__cluster__visibility"
    ).annotate(since=Min("created_at"), first=Min("pk"))
    for one in rows.order_by("first"):
        yield rules.Named(
            kind=DEPENDENCY,
            word="kind of dependency",
            name=one["kind"],
            made_at=one["since"],
            pk=one["first"],
            cluster_id=one["consumer__cluster_id"],
            cluster=one["consumer__cluster__name"],
            is_restricted=one["consumer__cluster__visibility"] == Visibility.RESTRICTED,
            is_shared=True,
        )
