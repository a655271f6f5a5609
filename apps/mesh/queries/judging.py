"""The check of the mesh: cluster by cluster, what is applied otherwise than declared and what cannot be configured."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster
from apps.clusters.rules.findings import Found
from apps.mesh.queries.applied import State, applied_in, state_of
from apps.mesh.queries.estates import Estate, estate_of

NOTE, WARNING, BLOCKER = 1, 2, 3
MOST_NAMED = 20  # resources in the evidence of one finding


def judged(cluster_id: int, at: datetime) -> Outcome:
    """What is wrong with the mesh of one cluster; nothing where it is not described."""
    del at
    estate = estate_of(Cluster.objects.get(pk=cluster_id))
    if estate is None:
        return Outcome([], hashlib.sha256(b"").hexdigest(), {"judged": 0})
    applied = applied_in(cluster_id)
    found = [*_of_registry(estate), *(_of_state(estate, state_of(estate, applied)) if applied else ())]
    read = f"{estate.sha256} {applied.sha256 if applied else ''}"
    return Outcome(found, hashlib.sha256(read.encode()).hexdigest(), {"judged": len(estate.lines)})


def _of_registry(estate: Estate) -> Iterator[Found]:
    told: set[int] = set()
    for edge in estate.left_out:
        if edge.provider.cluster_id in told:
            continue
        told.add(edge.provider.cluster_id)
        yield Found(
            code="no-gateway",
            key=f"no-gateway:{estate.cluster.pk}:{edge.provider.cluster_id}",
            severity=WARNING,
            cluster_id=estate.cluster.pk,
            counterpart_id=edge.provider.cluster_id,
            component_id=edge.consumer.component_id,
            sentence=f"{edge.consumer.title} calls {edge.provider.title}, whose cluster says no address at which other "
            "meshes reach it.",
            next_step="Its owners say the east-west gateway in the mesh's description.",
            evidence={"host": edge.provider.host},
        )
    if not estate.has_domain and any(edge.is_crossing for edge in estate.edges):
        yield Found(
            code="no-trust-domain",
            key=f"no-trust-domain:{estate.cluster.pk}",
            severity=WARNING,
            cluster_id=estate.cluster.pk,
            sentence=f"{estate.cluster.name} has no trust domain, so other meshes know its callers as “cluster.local”, "
            "as anybody's.",
            next_step="Declare its trust domain.",
            evidence={},
        )


def _of_state(estate: Estate, state: State) -> Iterator[Found]:
    cluster = estate.cluster
    for one in state.undeclared:
        other = one.consumer or one.provider if one.seen.consumer else one.provider
        own = (one.provider if one.seen.consumer else None) or None
        yield Found(
            code="undeclared-edge",
            key=f"undeclared-edge:{cluster.pk}:{one.seen.consumer}>{one.seen.provider}",
            severity=BLOCKER if one.seen.consumer == "*" else WARNING,
            cluster_id=cluster.pk,
            counterpart_id=other.cluster_id if other and other.cluster_id != cluster.pk else None,
            component_id=own.component_id if own else None,
            sentence=f"The mesh of {cluster.name} {one.words}, which nobody declared.",
            next_step="Declare the dependency, or take it out of what is applied.",
            evidence={"in": f"{one.seen.kind} {one.seen.name}", "from": one.seen.consumer, "to": one.seen.provider},
        )
    if not state.is_strict:
        yield _whole(estate, "mtls-not-strict", "takes calls without mutual TLS", "Apply its PeerAuthentication.")
    if not state.is_closed:
        yield _whole(
            estate, "not-default-deny", "is not closed to who is not allowed", "Apply its policy default-deny."
        )
    if state.drifted:
        changed = [f"{one.kind} {one.name}: {one.drift}" for one in state.differing]
        yield Found(
            code="mesh-drift",
            key=f"mesh-drift:{cluster.pk}",
            severity=WARNING,
            cluster_id=cluster.pk,
            sentence=f"{state.drifted} of {len(state.resources)} mesh resources of {cluster.name} are not as declared.",
            next_step="Apply its manifests anew, or declare what is meant.",
            evidence={**state.counts, "resources": changed[:MOST_NAMED]},
        )


def _whole(estate: Estate, code: str, what: str, next_step: str) -> Found:
    return Found(
        code=code,
        key=f"{code}:{estate.cluster.pk}",
        severity=BLOCKER,
        cluster_id=estate.cluster.pk,
        sentence=f"The namespace {estate.side.namespace} of {estate.cluster.name} {what}.",
        next_step=next_step,
        evidence={"namespace": estate.side.namespace},
    )
