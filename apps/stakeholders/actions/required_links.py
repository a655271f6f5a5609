"""Requiring links between clusters, correcting what is said of them, and no longer requiring them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import require_version, save_checked, save_new
from apps.clusters.models import Cluster
from apps.kernel.refusals import NotFound
from apps.stakeholders import events
from apps.stakeholders.actions.silo_survey import flags, require_may_act, tell
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries.silos import pairing_of
from apps.stakeholders.rules import required_links as rules
from apps.stakeholders.rules import silo_survey as survey

FIELDS = ("reason", "why", "volume", "owner")


@transaction.atomic
def require_link(
    *,
    source: Cluster,
    target: Cluster,
    reason: str,
    why: str,
    owner: Person,
    declarer: Person,
    at: datetime,
    volume: int | None = None,
) -> RequiredLink:
    """Say that something must be able to pass from `source` to `target`, why, and that `owner` answers for it.

    `volume` is how many would pass a month. Refuses others than owners of either and boards' keepers, an owner who may
    not see or write, and what is required already.
    """
    ends = (source, target)
    survey.require_pair(is_same=source.pk == target.pk, restricted=flags(ends))
    rules.require_keeper(pairing_of(declarer, *ends))
    rules.require_room(RequiredLink.objects.current().count())
    said = _fit({"reason": reason, "why": why, "volume": volume, "owner": owner}, ends)
    row = RequiredLink(source=source, target=target, declared_by=declarer, declared_at=at, **said)
    save_new(row)
    event = events.LinkRequired(
        link_id=row.pk, source_id=source.pk, target_id=target.pk, reason=row.reason, owner_id=owner.pk
    )
    tell(event, row, ends, actor=declarer, at=at)
    return row


@transaction.atomic
def describe_required_link(
    *, link_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> RequiredLink:
    """Correct why it is required, how many would pass a month, or who answers for it.

    Its ends stay: between others it is another link. `version` is the one the editor saw; refuses one that is no longer
    in force, others than may require links, and what `require_link` refuses. The same values again change nothing.
    """
    row = _locked(link_id, editor)
    require_version(version, row.version)
    new = {name: changes[name] for name in FIELDS if name in changes and changes[name] != getattr(row, name)}
    said = _fit(new, (row.source, row.target))
    changed = tuple(name for name in said if said[name] != getattr(row, name))
    if not changed:
        return row
    for name in changed:
        setattr(row, name, said[name])
    row.version += 1
    save_checked(row)
    event = events.RequiredLinkDescribed(link_id=row.pk, version=row.version, fields=changed, owner_id=row.owner_id)
    tell(event, row, (row.source, row.target), actor=editor, at=at)
    return row


@transaction.atomic
def end_required_link(*, link_id: int, reason: str, ender: Person, at: datetime) -> RequiredLink:
    """Say that a link is no longer required, and why."""
    row = _locked(link_id, ender)
    row.end_reason = survey.require_line(reason, field="reason", what="The reason")
    row.ended_at, row.ended_by, row.version = at, ender, row.version + 1
    row.save(update_fields=["end_reason", "ended_at", "ended_by", "version"])
    event = events.RequiredLinkEnded(link_id=row.pk, reason=row.end_reason)
    tell(event, row, (row.source, row.target), actor=ender, at=at)
    return row


def _locked(link_id: int, person: Person) -> RequiredLink:
    """The link, held until the transaction ends, while it is required; refuses others than may require links."""
    rows = RequiredLink.objects.visible_to(person).current().select_for_update(of=("self",))
    row = rows.select_related("source", "target", "owner").filter(pk=link_id).first()
    if row is None:
        raise NotFound("There is no such required link.", next_step="It may have been ended: reload the list.")
    rules.require_keeper(pairing_of(person, row.source, row.target))
    return row


def _fit(values: Mapping[str, Any], ends: tuple[Cluster, Cluster]) -> dict[str, Any]:
    """What is said of a link as it is kept; refuses what does not fit."""
    said = dict(values)
    if "reason" in said:
        said["reason"] = rules.Reason(said["reason"])
    if "why" in said:
        said["why"] = survey.require_line(said["why"], field="why", what="Why the link is required")
    if "volume" in said:
        said["volume"] = rules.require_volume(said["volume"])
    if "owner" in said:
        require_may_act(said["owner"], ends, to="answer for it")
    return said
