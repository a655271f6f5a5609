"""Saying what is applied in a cluster's mesh: the pipeline's push after its deployment, or a person's upload."""

import hashlib
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.formats import yaml_documents
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound
from apps.mesh import events
from apps.mesh.models import Applied
from apps.mesh.queries import State, applied_in, estate_of, state_of
from apps.mesh.rules.analysis import Resource
from apps.mesh.rules.drift import is_compared


@transaction.atomic
def push_applied(*, cluster: Cluster, person: Person, content: bytes, at: datetime) -> State:
    """Keep what is applied in the cluster, and answer how it differs from what is declared.

    `content` is YAML of all mesh resources of its namespace, a List of them too (what `kubectl get -o yaml` prints);
    other kinds and namespaces are left alone. The same content again changes nothing. Refuses others than those who own
    or operate the cluster, a cluster whose mesh is not described, and a file with a document that cannot be read: half
    of what is applied would look like drift.
    """
    if not standing(person, cluster).may_operate:
        raise NotAllowed(
            f"Only those who own or operate {cluster.name} say what is applied in it.",
            next_step="Ask one of the owners named on its page.",
        )
    Cluster.objects.select_for_update(of=("self",)).get(pk=cluster.pk)
    estate = estate_of(cluster)
    if estate is None:
        raise NotFound(
            f"The mesh of {cluster.name} is not described.", next_step="One of its owners says its namespace first."
        )
    resources, documents = _read(content, estate.side.namespace)
    sha256 = hashlib.sha256(content).hexdigest()
    before = applied_in(cluster.pk)
    if before and before.sha256 == sha256:
        return state_of(estate, before)
    if before:
        before.replaced_at, before.resources = at, []
        before.save(update_fields=["replaced_at", "resources"])
    applied = Applied.objects.create(
        cluster=cluster,
        sha256=sha256,
        size=len(content),
        documents=documents,
        resources=[[one.kind, one.group, one.namespace, one.name, dict(one.spec)] for one in resources],
        pushed_by=person,
        pushed_at=at,
    )
    state = state_of(estate, applied)
    event = events.AppliedPushed(cluster_id=cluster.pk, sha256=sha256, documents=documents, drifted=state.drifted)
    journal.record(event, subject=cluster, actor=person, at=at)
    return state


def _read(content: bytes, namespace: str) -> tuple[list[Resource], int]:
    found: dict[tuple[str, str], Resource] = {}
    objects = []
    for document in yaml_documents.documents(content):
        if document.fault or not isinstance(document.content, dict):
            raise _refused(document.fault or f"Line {document.line}: this is no Kubernetes object.")
        items = document.content.get("items") if str(document.content.get("kind", "")).endswith("List") else None
        objects += [(document.line, one) for one in (items if isinstance(items, list) else [document.content])]
    for line, one in objects:
        metadata = one.get("metadata") if isinstance(one, dict) else None
        if not isinstance(metadata, dict) or not metadata.get("name"):
            raise _refused(f"Line {line}: an object lacks its name.")
        resource = Resource(
            line,
            str(one.get("kind", "")),
            str(one.get("apiVersion", "")).rpartition("/")[0],
            str(metadata.get("namespace") or namespace),
            str(metadata["name"]),
            one,
        )
        if not is_compared(resource, namespace):
            continue
        key = resource.kind, resource.name
        if key in found:
            raise _refused(f"Line {line}: {resource.kind} {resource.name} stands twice.")
        found[key] = resource
    return list(found.values()), len(objects)


def _refused(sentence: str) -> Invalid:
    return Invalid(
        sentence, next_step="Send everything that is applied, as kubectl prints it.", fields={"file": [sentence]}
    )
