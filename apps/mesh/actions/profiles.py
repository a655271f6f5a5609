"""Saying how a cluster's mesh is named and reached, and how one edge is called."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_checked, save_new
from apps.clusters.models import Cluster, Dependency
from apps.clusters.queries import standing, visible_dependency
from apps.clusters.rules import require_may_edit
from apps.journal import actions as journal
from apps.mesh import events
from apps.mesh.models import EdgePolicy, MeshProfile
from apps.mesh.rules.profiles import require_edge_policy, require_profile

FIELDS = ("namespace", "gateway", "gateway_port", "sampling_percent", "tracing_provider")
POLICY_FIELDS = ("timeout_ms", "attempts", "per_try_ms", "most_requests", "error_limit", "ejection_s")


@transaction.atomic
def describe_profile(
    *, cluster: Cluster, editor: Person, version: int, values: Mapping[str, Any], at: datetime
) -> MeshProfile:
    """Say what the mesh of a cluster is called and how it is reached; the same again changes nothing.

    `values` holds the FIELDS, `version` what the editor saw (0: nothing yet). Refuses others than its owners and
    administrators, a namespace of another cluster's, and a version no longer in force.
    """
    require_may_edit(standing(editor, cluster), of=cluster.name)
    said = require_profile(values)
    Cluster.objects.select_for_update(of=("self",)).get(pk=cluster.pk)
    profile = MeshProfile.objects.filter(cluster=cluster).first()
    require_version(version, profile.version if profile else 0)
    before = {name: str(getattr(profile, name)) for name in FIELDS} if profile else {}
    if profile is None:
        profile = MeshProfile(cluster=cluster, **said)
        save_new(profile)
    elif not redescribe(profile, said, allowed=FIELDS):
        return profile
    after = {name: str(getattr(profile, name)) for name in FIELDS}
    changed = {name for name in FIELDS if before.get(name) != after[name]}
    event = events.MeshDescribed(
        cluster_id=cluster.pk,
        before={name: before[name] for name in sorted(changed & set(before))},
        after={name: after[name] for name in sorted(changed)},
    )
    journal.record(event, subject=cluster, actor=editor, at=at)
    return profile


@transaction.atomic
def set_edge_policy(*, dependency_id: int, editor: Person, values: Mapping[str, Any], at: datetime) -> EdgePolicy:
    """Say how an edge is called; `values` holds the POLICY_FIELDS. The consumer's owners answer for it.

    Refuses tries that do not fit into the whole time, and others than owners of the consumer's cluster.
    """
    dependency = _locked(dependency_id, editor)
    said = require_edge_policy(values)
    found = EdgePolicy.objects.filter(dependency=dependency).first()
    before = {name: getattr(found, name) for name in POLICY_FIELDS} if found else None
    if found and before == said:
        return found
    found = found or EdgePolicy(dependency=dependency)
    for name, value in said.items():
        setattr(found, name, value)
    found.set_by, found.set_at = editor, at
    save_checked(found)
    _record(dependency, before, said, editor, at)
    return found


@transaction.atomic
def unset_edge_policy(*, dependency_id: int, editor: Person, at: datetime) -> None:
    """Leave it again to what follows from the edge's needs; where nobody set it, nothing happens."""
    dependency = _locked(dependency_id, editor)
    found = EdgePolicy.objects.filter(dependency=dependency).first()
    if found is None:
        return
    before = {name: getattr(found, name) for name in POLICY_FIELDS}
    found.delete()
    _record(dependency, before, None, editor, at)


def _locked(dependency_id: int, editor: Person) -> Dependency:
    dependency = visible_dependency(dependency_id, editor)
    require_may_edit(standing(editor, dependency.consumer.cluster), of=dependency.consumer.cluster.name)
    Dependency.objects.select_for_update().get(pk=dependency.pk)
    return dependency


def _record(
    dependency: Dependency, before: dict[str, int] | None, after: dict[str, int] | None, editor: Person, at: datetime
) -> None:
    event = events.EdgePolicySet(
        dependency_id=dependency.pk,
        consumer_id=dependency.consumer_id,
        provider_id=dependency.provider_id,
        before=before,
        after=after,
    )
    journal.record(event, subject=dependency.consumer, actor=editor, at=at)
