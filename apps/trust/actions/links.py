"""Proposing, agreeing to and ending trust between domains. Both sides speak: one of them alone binds nobody."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.queries import standing
from apps.clusters.rules import is_editor, require_may_edit
from apps.journal import actions as journal
from apps.kernel.refusals import NotAllowed, NotFound, WrongState
from apps.trust import events
from apps.trust.models import TrustDomain, TrustLink
from apps.trust.rules import domains as rules


@transaction.atomic
def propose_link(
    *,
    source: TrustDomain,
    target: TrustDomain,
    proposer: Person,
    reason: str,
    claims: Sequence[str] = (),
    most_steps: int = 1,
    ends_at: datetime | None = None,
    at: datetime,
) -> TrustLink:
    """Propose that `target` believes tokens of `source`; nothing is believed before its owners agree.

    `claims` survive the step beside the subject; `most_steps` is how long a chain over it may be, 1 to 10. Refuses
    others than owners of the source's cluster and administrators.
    """
    require_may_edit(standing(proposer, source.cluster), of=source.cluster.name)
    link = TrustLink(
        source=source,
        target=target,
        claims=rules.claims_of(claims),
        most_steps=most_steps,
        reason=rules.require_reason(reason),
        proposed_by=proposer,
        proposed_at=at,
        ends_at=rules.require_end(ends_at, at=at),
    )
    save_new(link)
    event = events.TrustLinkProposed(link_id=link.pk, source_id=source.pk, target_id=target.pk)
    journal.record(event, subject=target, actor=proposer, at=at)
    return link


@transaction.atomic
def agree_to_link(*, link_id: int, agreer: Person, at: datetime) -> TrustLink:
    """Agree for the domain that is to believe. Refuses who proposed it, and others than its owners."""
    link = _locked(link_id, agreer)
    require_may_edit(standing(agreer, link.target.cluster), of=link.target.cluster.name)
    if link.proposed_by_id == agreer.pk:
        raise NotAllowed("Nobody agrees to what they proposed.", next_step="Ask another owner of the cluster.")
    if link.agreed_at:
        raise WrongState("This link is agreed already.", next_step="Reload the page.")
    link.agreed_by, link.agreed_at, link.version = agreer, at, link.version + 1
    link.save()
    event = events.TrustLinkAgreed(link_id=link.pk, source_id=link.source_id, target_id=link.target_id)
    journal.record(event, subject=link.target, actor=agreer, at=at)
    return link


@transaction.atomic
def end_link(*, link_id: int, person: Person, reason: str, at: datetime) -> None:
    """End the trust at once: owners of either side may."""
    link = _locked(link_id, person)
    if not any(is_editor(standing(person, one.cluster)) for one in (link.source, link.target)):
        raise NotAllowed("Only owners of one of both clusters may end their trust.", next_step="Ask one of the owners.")
    event = events.TrustLinkEnded(
        link_id=link.pk, source_id=link.source_id, target_id=link.target_id, reason=rules.require_reason(reason)
    )
    journal.record(event, subject=link.target, actor=person, at=at)
    link.delete()


def _locked(link_id: int, person: Person) -> TrustLink:
    rows = TrustLink.objects.visible_to(person).select_for_update(of=("self",))
    link = rows.select_related("source__cluster", "target__cluster").filter(pk=link_id).first()
    if link is None:
        raise NotFound("There is no such link.", next_step="Go back to the list of domains.")
    return link
