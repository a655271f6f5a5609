"""Founding and describing clusters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from guardian.shortcuts import assign_perm

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.models import Cluster, Visibility
from apps.clusters.queries import conventions
from apps.clusters.rules.conventions import Subject, require_kept
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotFound, StaleRevision, refusal_from_constraint, refusal_from_validation

CLUSTER_FIELDS = ("name", "purpose", "zone", "visibility")


@transaction.atomic
def found_cluster(
    *,
    founder: Person,
    slug: str,
    name: str,
    purpose: str = "",
    zone: str = "UTC",
    visibility: str = Visibility.OPEN,
    owner: Person | None = None,
    at: datetime,
) -> Cluster:
    """Found a cluster with its first owner (the founder, unless another is named): none is ever left without one.

    Refuses without MANAGE_CLUSTER, a short name that is taken or does not fit, and an owner who may not write.
    """
    rules.require_may_found(rules.Standing(founder.capabilities))
    rules.require_cluster_slug(slug)
    rules.require_zone(zone)
    first_owner = owner or founder
    rules.require_fit_holder(
        writes=first_owner.is_active and rules.Standing(first_owner.capabilities).writes,
        sees=True,
        name=str(first_owner),
    )
    cluster = Cluster(slug=slug, name=name, purpose=purpose, zone=zone, visibility=visibility)
    require_conventions(conventions.cluster_subject(cluster), at=at)
    save_new(cluster)
    assign_perm("own_cluster", first_owner, cluster)
    journal.record(
        events.ClusterFounded(cluster_id=cluster.pk, owner_id=first_owner.pk), subject=cluster, actor=founder, at=at
    )
    return cluster


@transaction.atomic
def describe_cluster(
    *, cluster_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> Cluster:
    """Change the name, purpose, zone or visibility of a cluster.

    `version` is the one the editor saw; refuses when it is no longer in force. The same values again change nothing.
    """
    cluster = Cluster.objects.visible_to(editor).select_for_update(of=("self",)).filter(pk=cluster_id).first()
    if cluster is None:
        raise NotFound("There is no such cluster.", next_step="Go back to the list of clusters.")
    rules.require_may_edit(queries.standing(editor, cluster), of=cluster.name)
    require_version(version, cluster.version)
    if "zone" in changes:
        rules.require_zone(changes["zone"])
    before = conventions.cluster_subject(cluster)
    changed = redescribe(cluster, changes, allowed=CLUSTER_FIELDS)
    if changed:
        require_conventions(conventions.cluster_subject(cluster), before=before, at=at)
        journal.record(
            events.ClusterDescribed(cluster_id=cluster.pk, version=cluster.version, fields=changed),
            subject=cluster,
            actor=editor,
            at=at,
        )
    return cluster


def require_version(seen: int, current: int) -> None:
    """Refuse an edit of a version that is no longer in force."""
    if seen != current:
        raise StaleRevision(
            "Someone changed this while you were editing.",
            next_step="Reload the page to see their version, then make your change again.",
        )


def require_conventions(after: Subject, *, before: Subject | None = None, at: datetime) -> None:
    """Refuse what breaks a convention that refuses, unless it was so before, or is exempted."""
    require_kept(after, conventions.open_demands(after, at), before=before, at=at)


def save_new(row: models.Model) -> None:
    """Insert a checked row; what the checks or the database refuse becomes a refusal, and only the insert is undone."""
    save_checked(row, force_insert=True)


def save_checked(row: models.Model, *, force_insert: bool = False) -> None:
    """Save a checked row; what the checks or the database refuse becomes a refusal, and only this write is undone."""
    _clean(row)
    try:
        with transaction.atomic():
            row.save(force_insert=force_insert)
    except IntegrityError as error:
        raise refusal_from_constraint(error, type(row)) from error


def redescribe(row: Any, changes: Mapping[str, Any], *, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Set the fields that differ, count the version up, save; returns the names of what changed."""
    if unknown := sorted(set(changes) - set(allowed)):
        raise Invalid(
            f"“{unknown[0]}” cannot be changed here.",
            next_step=f"The fields are {', '.join(allowed)}.",
            fields={unknown[0]: ["Not a field of this form."]},
        )
    changed = tuple(name for name in allowed if name in changes and getattr(row, name) != changes[name])
    if changed:
        for name in changed:
            setattr(row, name, changes[name])
        row.version += 1
        _clean(row)
        row.save(update_fields=[*changed, "version"])
    return changed


def _clean(row: models.Model) -> None:
    try:
        row.clean_fields()
    except ValidationError as error:
        raise refusal_from_validation(error) from error
