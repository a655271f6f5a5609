"""What is applied in a cluster's mesh against what its edges need, and the edges in it that nobody declared."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from apps.clusters.models import Component
from apps.mesh.models import Applied, MeshProfile
from apps.mesh.queries.estates import NO_DOMAIN, Estate
from apps.mesh.rules.analysis import Resource
from apps.mesh.rules.drift import Drift, Drifted, Seen, drift, edges_called, edges_let_in, is_closed, is_strict
from apps.mesh.rules.generation import Workload, workload_name
from apps.trust.models import TrustDomain


@dataclass(frozen=True)
class Undeclared:
    """An edge that is applied and that nobody declared. Ends that the registry knows come with their workload."""

    seen: Seen
    consumer: Workload | None
    provider: Workload | None

    @property
    def words(self) -> str:
        """The edge as people say it."""
        if not self.seen.consumer:
            return f"calls {self.provider.title if self.provider else self.seen.provider}"
        who = self.consumer.title if self.consumer else ("anybody" if self.seen.consumer == "*" else self.seen.consumer)
        what = (
            self.provider.title
            if self.provider
            else ("every workload" if self.seen.provider == "*" else self.seen.provider)
        )
        return f"lets {who} call {what}"


@dataclass(frozen=True)
class State:
    """What differs between a cluster's mesh as applied and as declared."""

    applied: Applied
    resources: list[Drifted]
    undeclared: list[Undeclared]
    is_strict: bool
    is_closed: bool

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many resources came to which."""
        found = Counter(one.drift.value for one in self.resources)
        return {name: found.get(name, 0) for name in ("same", "changed", "missing", "extra")}

    @property
    def differing(self) -> list[Drifted]:
        """The resources that are not as declared."""
        return [one for one in self.resources if one.drift != Drift.SAME]

    @property
    def drifted(self) -> int:
        """How many these are."""
        return len(self.differing)


def applied_in(cluster_id: int) -> Applied | None:
    """What was last said to be applied; None where nobody said anything."""
    rows = Applied.objects.filter(cluster_id=cluster_id, replaced_at__isnull=True)
    return rows.select_related("pushed_by").first()


def state_of(estate: Estate, applied: Applied) -> State:
    """Compare what is applied with what the registry asks for now."""
    theirs = [
        Resource(number, kind, group, namespace, name, {"spec": spec})
        for number, (kind, group, namespace, name, spec) in enumerate(applied.resources, start=1)
    ]
    return State(
        applied=applied,
        resources=drift(estate.resources, theirs),
        undeclared=undeclared(estate, theirs),
        is_strict=is_strict(theirs),
        is_closed=is_closed(theirs),
    )


def undeclared(estate: Estate, applied: Iterable[Resource]) -> list[Undeclared]:
    """Edges that the applied manifests allow or use and that no declared dependency stands for, each once."""
    applied = list(applied)
    let_in = {(one.consumer.principal, one.provider.name) for one in estate.edges if _ends_in(estate, one.provider)}
    called = {one.provider.host for one in estate.edges if _ends_in(estate, one.consumer)}
    seen: dict[tuple[str, str], Seen] = {}
    for one in (*edges_let_in(applied), *edges_called(applied)):
        if one.consumer and (one.consumer, one.provider) not in let_in:
            seen.setdefault((one.consumer, one.provider), one)
        elif not one.consumer and _whole(one.provider, estate.side.namespace) not in called:
            host = _whole(one.provider, estate.side.namespace)
            seen.setdefault(("", host), Seen("", host, one.kind, one.name))
    if not seen:
        return []
    known = _everybody()
    by_principal = {one.principal: one for one in known}
    by_host = {one.host: one for one in known}
    mine = {one.name: one for one in estate.workloads.values()}
    return [
        Undeclared(
            one,
            by_principal.get(one.consumer),
            mine.get(one.provider) if one.consumer else by_host.get(one.provider),
        )
        for _, one in sorted(seen.items())
    ]


def _ends_in(estate: Estate, workload: Workload) -> bool:
    return workload.cluster_id == estate.cluster.pk


def _whole(host: str, namespace: str) -> str:
    return host if "." in host or "*" in host else f"{host}.{namespace}.svc.cluster.local"


def _everybody() -> list[Workload]:
    """Every workload of the federation: only read where something undeclared was seen."""
    namespaces = dict(MeshProfile.objects.values_list("cluster_id", "namespace"))
    domains = dict(TrustDomain.objects.values_list("cluster_id", "name"))
    rows = Component.objects.values_list("pk", "name", "cluster_id", "slug", "cluster__slug")
    return [
        Workload(
            component_id=pk,
            title=name,
            cluster_id=cluster_id,
            name=workload_name(slug),
            namespace=namespaces.get(cluster_id) or workload_name(cluster_slug),
            trust_domain=domains.get(cluster_id, NO_DOMAIN),
        )
        for pk, name, cluster_id, slug, cluster_slug in rows.iterator(chunk_size=5_000)
    ]
