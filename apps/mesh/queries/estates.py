"""What the mesh of a cluster is configured from: its profile, the edges that begin or end in it, and whom it trusts."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.models import Cluster, Component, Dependency, Finding, Lifecycle
from apps.clusters.queries import findings_seen_by, standing, visible_cluster
from apps.clusters.rules.parts import Standing
from apps.clusters.states import FindingState
from apps.integrations.queries import edges_touching as integrations_of
from apps.integrations.rules.words import DEPENDENCY_KINDS, Kind
from apps.kernel.refusals import NotAllowed, NotFound
from apps.mesh.formats.yaml_files import bundle_text
from apps.mesh.models import Applied, EdgePolicy, MeshProfile
from apps.mesh.rules.analysis import Resource
from apps.mesh.rules.calling import Need, policy_from
from apps.mesh.rules.generation import (
    DEFAULT_PORT,
    EAST_WEST_PORT,
    HTTP_PROTOCOLS,
    Edge,
    Policy,
    Side,
    Workload,
    manifests,
    policy_for,
    unreachable,
    workload_name,
)
from apps.trust.models import TrustDomain

NOT_CALLED = frozenset({"library", "package", "documentation"})  # kinds of components that nobody calls over a network
NO_DOMAIN = "cluster.local"  # Istio's own name for a mesh that says none


@dataclass(frozen=True)
class Line:
    """One edge with the dependency it stands for, and whether somebody set how it is called."""

    dependency_id: int
    edge: Edge
    is_set: bool
    needs: tuple[Need, ...] = ()  # of the integrations that its values follow
    why: tuple[str, ...] = ()  # a sentence for each value

    @property
    def integration_ids(self) -> list[int]:
        """Of the integrations whose needs it knows."""
        return [one.integration_id for one in self.needs]

    @property
    def has_routes(self) -> bool:
        """Whether the mesh sees its requests, and so can give them time and repeat them."""
        return self.edge.protocol in HTTP_PROTOCOLS


@dataclass(frozen=True)
class Estate:
    """Everything that the mesh of one cluster is configured from."""

    cluster: Cluster
    profile: MeshProfile
    side: Side
    lines: tuple[Line, ...]
    workloads: Mapping[int, Workload]  # of its own components, by their keys
    has_domain: bool  # whether the cluster's identities have a name of their own

    @cached_property
    def edges(self) -> list[Edge]:
        """The edges alone."""
        return [one.edge for one in self.lines]

    @cached_property
    def manifests(self) -> list[dict[str, Any]]:
        """What they need."""
        return manifests(self.side, self.edges)

    @cached_property
    def text(self) -> str:
        """The manifests as one file of YAML."""
        return bundle_text(self.manifests)

    @cached_property
    def sha256(self) -> str:
        """Of the text, in hex: the same registry gives the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def resources(self) -> list[Resource]:
        """The manifests as the analysis reads them."""
        return [
            Resource(
                number,
                one["kind"],
                one["apiVersion"].rpartition("/")[0],
                one["metadata"]["namespace"],
                one["metadata"]["name"],
                one,
            )
            for number, one in enumerate(self.manifests, start=1)
        ]

    @property
    def hosts(self) -> frozenset[str]:
        """The services its edges end in, which the cluster itself brings."""
        return frozenset(one.provider.host for one in self.edges)

    @property
    def left_out(self) -> list[Edge]:
        """Edges that cannot be configured: the other cluster says no address for other meshes."""
        return unreachable(self.side, self.edges)


def is_reader(standing: Standing) -> bool:
    """Whether they may read a mesh's whole configuration: it names every caller, restricted clusters' among them."""
    return standing.may_operate or standing.administers or Capability.READ_RESTRICTED in standing.capabilities


def require_may_read(person: Person, cluster: Cluster) -> Standing:
    """Refuse others than those who own, operate, administer or audit the cluster."""
    found = standing(person, cluster)
    if not is_reader(found):
        raise NotAllowed(
            f"Who may call {cluster.name} is known to those who run it, and to auditors.",
            next_step="Ask one of the owners named on its page.",
        )
    return found


def profile_of(cluster: Cluster) -> MeshProfile | None:
    """What the cluster's owners say of its mesh; None where they say nothing."""
    return MeshProfile.objects.filter(cluster=cluster).first()


def visible_mesh(slug: str, person: Person) -> Estate:
    """The mesh of a cluster for somebody who may read it; refuses as `require_may_read`, and a cluster without one."""
    cluster = visible_cluster(slug, person)
    require_may_read(person, cluster)
    found = estate_of(cluster)
    if found is None:
        raise NotFound(
            f"The mesh of {cluster.name} is not described.", next_step="One of its owners says its namespace first."
        )
    return found


def estate_of(cluster: Cluster) -> Estate | None:
    """The mesh of a cluster, in five queries; None where it is not described."""
    profiles = {one.cluster_id: one for one in MeshProfile.objects.all()}
    profile = profiles.get(cluster.pk)
    if profile is None:
        return None
    domains = dict(TrustDomain.objects.values_list("cluster_id", "name"))
    components = Component.objects.filter(cluster=cluster).exclude(lifecycle=Lifecycle.RETIRED).order_by("pk")
    workloads = {
        one.pk: _workload(one, cluster, profiles, domains)
        for one in components.exclude(kind__in=NOT_CALLED).only("pk", "slug", "name")
    }
    return Estate(
        cluster=cluster,
        profile=profile,
        side=Side(
            cluster_id=cluster.pk,
            namespace=profile.namespace,
            gateway=profile.gateway,
            gateway_port=profile.gateway_port,
            sampling_percent=float(profile.sampling_percent),
            tracing_provider=profile.tracing_provider,
        ),
        lines=tuple(_lines(cluster, profiles, domains)),
        workloads=workloads,
        has_domain=cluster.pk in domains,
    )


def estates_listed(person: Person) -> models.QuerySet[Cluster]:
    """Clusters the person may know of, each with what its owners say of its mesh and when it was last pushed.

    They carry `mesh_namespace` and `mesh_gateway` (None where it is not described), `mesh_pushed_at`, and
    `mesh_findings`: how many open findings of the mesh the person may know of.
    """
    profile = MeshProfile.objects.filter(cluster=models.OuterRef("pk"))
    applied = Applied.objects.filter(cluster=models.OuterRef("pk"), replaced_at__isnull=True)
    found = findings_seen_by(person).filter(checker="mesh", state=FindingState.OPEN, cluster=models.OuterRef("pk"))
    counted = found.order_by().values("cluster").annotate(number=models.Count("pk")).values("number")
    return Cluster.objects.visible_to(person).annotate(
        mesh_namespace=models.Subquery(profile.values("namespace")[:1]),
        mesh_gateway=models.Subquery(profile.values("gateway")[:1]),
        mesh_pushed_at=models.Subquery(applied.values("pushed_at")[:1]),
        mesh_findings=Coalesce(models.Subquery(counted), 0),
    )


def mesh_findings(cluster: Cluster, person: Person) -> models.QuerySet[Finding]:
    """What stands against the cluster's mesh, the worst first, as far as the person may know."""
    rows = findings_seen_by(person).filter(cluster=cluster, checker="mesh", state=FindingState.OPEN)
    return rows.order_by("-severity", "-pk")


def policy_of(dependency: Dependency) -> tuple[Policy, bool]:
    """How an edge is called (of several ports, at the first), and whether somebody set it."""
    found = EdgePolicy.objects.filter(dependency=dependency).first()
    if found:
        return _policy(found), True
    asked = _needs(dependency.consumer.cluster)
    needs = asked.get((dependency.consumer_id, dependency.provider_id, dependency.kind), [])
    (_, protocol), some = next(iter(_by_place(needs).items()))
    return (policy_from(some, protocol)[0] if some else policy_for(p95_ms=None, per_second=None)), False


def _lines(cluster: Cluster, profiles: Mapping[int, MeshProfile], domains: Mapping[int, str]) -> list[Line]:
    touching = models.Q(consumer__cluster=cluster) | models.Q(provider__cluster=cluster)
    asked = _needs(cluster)
    rows = (
        Dependency.objects.filter(touching)
        .exclude(provider__kind__in=NOT_CALLED)
        .exclude(consumer__lifecycle=Lifecycle.RETIRED)
        .exclude(provider__lifecycle=Lifecycle.RETIRED)
        .select_related("consumer__cluster", "provider__cluster", "mesh_policy")
        .order_by("consumer__name", "provider__name", "pk")
    )
    found = []
    for row in rows:
        consumer, provider = (_workload(one, one.cluster, profiles, domains) for one in (row.consumer, row.provider))
        own = getattr(row, "mesh_policy", None)
        needs = asked.get((row.consumer_id, row.provider_id, row.kind), [])
        found += [
            _line(row.pk, consumer, provider, own, tuple(some), place) for place, some in _by_place(needs).items()
        ]
    return found


def _line(
    dependency_id: int,
    consumer: Workload,
    provider: Workload,
    own: EdgePolicy | None,
    needs: tuple[Need, ...],
    place: tuple[int, str],
) -> Line:
    port, protocol = place
    if own:
        return Line(dependency_id, Edge(consumer, provider, _policy(own), port, protocol), is_set=True, needs=needs)
    if not needs:
        usual = policy_for(p95_ms=None, per_second=None)
        return Line(dependency_id, Edge(consumer, provider, usual, port, protocol), is_set=False)
    policy, why = policy_from(needs, protocol)
    edge = Edge(consumer, provider, policy, port, protocol, tuple(one.words for one in needs))
    return Line(dependency_id, edge, is_set=False, needs=needs, why=why)


def _by_place(needs: Iterable[Need]) -> dict[tuple[int, str], list[Need]]:
    """The needs by port and what is spoken there; without any, the usual place."""
    found: dict[tuple[int, str], list[Need]] = {}
    for one in needs:
        found.setdefault(one.place, []).append(one)
    return found or {(DEFAULT_PORT, "HTTP"): []}


def _needs(cluster: Cluster) -> dict[tuple[int, int, str], list[Need]]:
    """What integrations ask of the edges that begin or end in a cluster: consumer, provider and kind of dependency."""
    rows = integrations_of(cluster).order_by("interface__port", "pk")
    found: dict[tuple[int, int, str], list[Need]] = {}
    for row in rows:
        interface = row.interface
        need = Need(
            integration_id=row.pk,
            interface=interface.name,
            port=interface.port,
            protocol=interface.protocol,
            latency_ms=row.latency_ms,
            rate_per_s=row.rate_per_s,
            survives_s=row.survives_s,
            availability_percent=row.availability_percent,
        )
        kind = DEPENDENCY_KINDS[Kind(interface.kind)]
        found.setdefault((row.consumer_id, interface.component_id, kind), []).append(need)
    return found


def _workload(
    component: Component, cluster: Cluster, profiles: Mapping[int, MeshProfile], domains: Mapping[int, str]
) -> Workload:
    profile = profiles.get(cluster.pk)
    return Workload(
        component_id=component.pk,
        title=component.name,
        cluster_id=cluster.pk,
        name=workload_name(component.slug),
        namespace=profile.namespace if profile else workload_name(cluster.slug),
        trust_domain=domains.get(cluster.pk, NO_DOMAIN),
        gateway=profile.gateway if profile else "",
        gateway_port=profile.gateway_port if profile else EAST_WEST_PORT,
    )


def _policy(row: EdgePolicy) -> Policy:
    return Policy(row.timeout_ms, row.attempts, row.per_try_ms, row.most_requests, row.error_limit, row.ejection_s)
