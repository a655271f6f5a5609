"""Adding and describing components."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.actions.clusters import redescribe, require_conventions, require_version, save_new
from apps.clusters.actions.loose_ends import tell_tied, tie_loose_ends
from apps.clusters.models import Cluster, Component
from apps.clusters.queries.conventions import component_subject
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound

COMPONENT_FIELDS = ("name", "kind", "tier", "lifecycle", "description", "owner_name", "sites", "tags")


@transaction.atomic
def add_component(*, cluster_id: int, editor: Person, slug: str, values: Mapping[str, Any], at: datetime) -> Component:
    """Add a component to a cluster. `values` are those of COMPONENT_FIELDS; what is missing takes its default.

    Refuses others than the cluster's owners, a short name that the cluster already has, and what a convention refuses.
    """
    cluster = Cluster.objects.visible_to(editor).filter(pk=cluster_id).first()
    if cluster is None:
        raise NotFound("There is no such cluster.", next_step="Go back to the list of clusters.")
    rules.require_may_edit(queries.standing(editor, cluster), of=cluster.name)
    rules.require_component_slug(slug)
    known = {name: values[name] for name in COMPONENT_FIELDS if name in values}
    component = Component(cluster=cluster, slug=slug, **known)
    require_conventions(component_subject(component), at=at)
    save_new(component)
    journal.record(events.ComponentAdded(component_id=component.pk), subject=component, actor=editor, at=at)
    tell_tied(tie_loose_ends(arrived=[component]), actor=editor, at=at)
    return component


@transaction.atomic
def describe_component(
    *, component_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> Component:
    """Change what a component says of itself (any of COMPONENT_FIELDS; its short name and cluster stay).

    `version` is the one the editor saw; refuses when it is no longer in force, and what a
    convention newly refuses. The same values again change nothing.
    """
    component = (
        Component.objects.visible_to(editor)
        .select_for_update(of=("self",))
        .select_related("cluster")
        .filter(pk=component_id)
        .first()
    )
    if component is None:
        raise NotFound("There is no such component.", next_step="Go back to the list of clusters.")
    rules.require_may_edit(queries.standing(editor, component), of=component.name)
    require_version(version, component.version)
    before = component_subject(component)
    changed = redescribe(component, changes, allowed=COMPONENT_FIELDS)
    if changed:
        require_conventions(component_subject(component), before=before, at=at)
        journal.record(
            events.ComponentDescribed(component_id=component.pk, version=component.version, fields=changed),
            subject=component,
            actor=editor,
            at=at,
        )
    return component


@transaction.atomic
def take_in_components(
    *, cluster: Cluster, slugs: Iterable[str], source: str, actor: Person | None, at: datetime
) -> dict[str, int]:
    """The ids of the components with these short names, adding those the cluster does not have; slug → id.

    For importers of records that name components by path. Idempotent, and safe beside itself; a slug that does
    not fit is refused before anything is written.
    """
    wanted = sorted(set(slugs))
    for slug in wanted:
        rules.require_component_slug(slug)
    before = _ids(cluster, wanted)
    missing = [
        Component(cluster=cluster, slug=slug, name=slug, kind="path", source=source)
        for slug in wanted
        if slug not in before
    ]
    Component.objects.bulk_create(missing, batch_size=1000, ignore_conflicts=True)
    if missing:
        event = events.ComponentsNamed(cluster_id=cluster.pk, source=source, added=len(missing))
        journal.record(event, subject=cluster, actor=actor, at=at)
        tell_tied(tie_loose_ends(arrived=missing), actor=actor, at=at)
    return _ids(cluster, wanted) if missing else before


def _ids(cluster: Cluster, slugs: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(slugs), 5000):
        rows = cluster.components.filter(slug__in=slugs[start : start + 5000])
        found |= dict(rows.values_list("slug", "pk"))
    return found
