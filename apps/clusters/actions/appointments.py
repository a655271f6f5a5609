"""Appointing and dismissing owners and operators: people or teams, by object permission."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.models import Cluster, ClusterGroupObjectPermission, Component, Visibility
from apps.clusters.rules import PART_WORDS, Part
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotFound


@transaction.atomic
def appoint(
    *, subject: Cluster | Component, part: Part, holder: Person | Group, appointer: Person, at: datetime
) -> None:
    """Make a person or a team owner or operator of a cluster or a component.

    Refuses others than its owners, appointing oneself (administrators excepted), holders who could not act, repeats.
    """
    locked = _locked(subject)
    standing = queries.standing(appointer, locked)
    rules.require_may_appoint(standing, of=str(locked), is_self=_is_self(holder, appointer))
    _require_fit(holder, locked)
    rows, keys = _appointment(locked, part, holder)
    _, is_new = rows.objects.get_or_create(**keys)
    if not is_new:
        raise Conflict(f"{holder} is already {PART_WORDS[part]} of {locked}.", next_step="Nothing needs to be done.")
    journal.record(events.PartAppointed(part=part, **_named(holder)), subject=locked, actor=appointer, at=at)


@transaction.atomic
def dismiss(
    *, subject: Cluster | Component, part: Part, holder: Person | Group, dismisser: Person, at: datetime
) -> None:
    """End an appointment. Anyone may lay down their own; a cluster's last owner only yields to an administrator."""
    locked = _locked(subject)
    rows, keys = _appointment(locked, part, holder)
    appointment = rows.objects.filter(**keys).first()
    if appointment is None:
        raise NotFound(f"{holder} is not {PART_WORDS[part]} of {locked}.", next_step="Reload the page to see who is.")
    rules.require_may_dismiss(
        queries.standing(dismisser, locked),
        of=str(locked),
        is_self=holder == dismisser,
        leaves_unowned=part == Part.OWN and isinstance(locked, Cluster) and _owners(locked) == 1,
    )
    appointment.delete()
    journal.record(events.PartDismissed(part=part, **_named(holder)), subject=locked, actor=dismisser, at=at)


def _locked(subject: Cluster | Component) -> Cluster | Component:
    """The subject under lock: two dismissals cannot both leave one owner behind and so none."""
    if isinstance(subject, Cluster):
        return Cluster.objects.select_for_update().get(pk=subject.pk)
    return Component.objects.select_for_update(of=("self",)).select_related("cluster").get(pk=subject.pk)


def _is_self(holder: Person | Group, person: Person) -> bool:
    """Whether appointing the holder appoints the person too: themselves, or a team they are in."""
    if isinstance(holder, Group):
        return holder.user_set.filter(pk=person.pk).exists()
    return holder.pk == person.pk


def _require_fit(holder: Person | Group, subject: Cluster | Component) -> None:
    restricted = isinstance(subject, Component) and subject.cluster.visibility == Visibility.RESTRICTED
    if isinstance(holder, Group):
        sees = (
            not restricted
            or ClusterGroupObjectPermission.objects.filter(group=holder, content_object_id=subject.cluster_id).exists()
        )
        rules.require_fit_holder(writes=True, sees=sees, name=holder.name)
        return
    writes = holder.is_active and rules.Standing(holder.capabilities).writes
    sees = not restricted or Cluster.objects.visible_to(holder).filter(pk=subject.cluster_id).exists()
    rules.require_fit_holder(writes=writes, sees=sees, name=str(holder))


def _appointment(subject: Cluster | Component, part: Part, holder: Person | Group) -> tuple[Any, dict[str, Any]]:
    """The table of this kind of appointment, and the key of this one in it."""
    people, teams = queries.permission_tables(subject)
    permission = Permission.objects.get(
        content_type__app_label="clusters", codename=f"{part}_{subject._meta.model_name}"
    )
    keys = {"permission": permission, "content_object": subject}
    if isinstance(holder, Group):
        return teams, {**keys, "group": holder}
    return people, {**keys, "user": holder}


def _owners(cluster: Cluster) -> int:
    return sum(holder.part == Part.OWN for holder in queries.holders(cluster))


def _named(holder: Person | Group) -> dict[str, int | None]:
    if isinstance(holder, Group):
        return {"person_id": None, "team_id": holder.pk}
    return {"person_id": holder.pk, "team_id": None}
