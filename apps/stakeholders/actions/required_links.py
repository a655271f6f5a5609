"""Requiring links between clusters, and no longer requiring them."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid, NotFound
from apps.stakeholders import events
from apps.stakeholders.actions.silo_survey import flags, may_act, tell
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries.silos import pairing_of
from apps.stakeholders.rules import required_links as rules
from apps.stakeholders.rules import silo_survey as survey


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
    survey.require_pair(is_same=source.pk == target.pk, restricted=flags((source, target)))
    survey.require_keeper(pairing_of(declarer, source, target))
    if not may_act(owner, (source, target)):
        raise Invalid(
            f"{owner} cannot answer for it: they may not see both clusters, or their roles do not let them write.",
            next_step="Choose somebody who may.",
            fields={"owner": ["May not act on both."]},
        )
    rules.require_room(RequiredLink.objects.current().count())
    row = RequiredLink(
        source=source,
        target=target,
        reason=rules.Reason(reason),
        why=survey.require_line(why, field="why", what="Why the link is required"),
        volume=rules.require_volume(volume),
        owner=owner,
        declared_by=declarer,
        declared_at=at,
    )
    save_new(row)
    event = events.LinkRequired(link_id=row.pk, source_id=source.pk, target_id=target.pk, reason=row.reason)
    tell(event, row, (source, target), actor=declarer, at=at)
    return row


@transaction.atomic
def end_required_link(*, link_id: int, reason: str, ender: Person, at: datetime) -> RequiredLink:
    """Say that a link is no longer required, and why."""
    rows = RequiredLink.objects.visible_to(ender).current().select_for_update(of=("self",))
    row = rows.select_related("source", "target").filter(pk=link_id).first()
    if row is None:
        raise NotFound("There is no such required link.", next_step="Reload the list.")
    survey.require_keeper(pairing_of(ender, row.source, row.target))
    row.end_reason = survey.require_line(reason, field="reason", what="The reason")
    row.ended_at, row.ended_by, row.version = at, ender, row.version + 1
    row.save(update_fields=["end_reason", "ended_at", "ended_by", "version"])
    event = events.RequiredLinkEnded(link_id=row.pk, reason=row.end_reason)
    tell(event, row, (row.source, row.target), actor=ender, at=at)
    return row
