"""Writing, proposing and deciding on charters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Lower

from apps.accounts.models import Person
from apps.clusters import events, queries
from apps.clusters.actions.clusters import redescribe, require_conventions, require_version, save_new
from apps.clusters.models import BusinessCapability, Charter, Cluster, DataClass, Regime
from apps.clusters.queries import boundaries
from apps.clusters.queries.conventions import CAPABILITY, plain_subject
from apps.clusters.rules import charters as rules
from apps.clusters.states import CHARTER, CharterState
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotFound, WrongState

FIELDS = ("purpose", "accountable", "capabilities", "jurisdictions", "data_classes", "regimes")


@transaction.atomic
def draft_charter(*, cluster: Cluster, author: Person, values: Mapping[str, Any], at: datetime) -> Charter:
    """Begin the next charter of a cluster. `values` holds the FIELDS; what it leaves out is as in the one in force.

    Refuses others than owners and administrators, a second draft beside an open one, and what does not fit.
    """
    rules.require_may_write(queries.standing(author, cluster), cluster=cluster.name)
    Cluster.objects.select_for_update().get(pk=cluster.pk)  # drafts of one cluster take turns
    in_force, being_written = boundaries.charters_of(cluster)
    if being_written:
        raise Conflict(
            f"A charter of {cluster.name} is being written already.", next_step="Go on with that one, or withdraw it."
        )
    before = {name: getattr(in_force, name) for name in FIELDS} if in_force else {"accountable": author}
    number = (cluster.charters.aggregate(last=Max("number"))["last"] or 0) + 1
    charter = Charter(
        cluster=cluster, number=number, drafted_by=author, drafted_at=at, **_checked({**before, **values})
    )
    _require_named(charter, in_force.capabilities if in_force else [], at)
    save_new(charter)
    event = events.CharterDrafted(charter_id=charter.pk, number=number)
    journal.record(event, subject=cluster, actor=author, at=at)
    return charter


@transaction.atomic
def rewrite_charter(
    *, charter_id: int, author: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> Charter:
    """Change some of the FIELDS of a draft; the same values again change nothing."""
    charter = _locked(charter_id, author)
    rules.require_may_write(queries.standing(author, charter.cluster), cluster=charter.cluster.name)
    _require_draft(charter)
    require_version(version, charter.version)
    before = charter.capabilities
    changed = redescribe(charter, _checked(changes), allowed=FIELDS)
    if changed:
        _require_named(charter, before, at)
        event = events.CharterRewritten(charter_id=charter.pk, version=charter.version, fields=changed)
        journal.record(event, subject=charter.cluster, actor=author, at=at)
    return charter


@transaction.atomic
def propose_charter(*, charter_id: int, author: Person, version: int, at: datetime) -> Charter:
    """Hand a draft to those who decide on charters. Refuses one that claims what another cluster owns."""
    charter = _locked(charter_id, author)
    rules.require_may_write(queries.standing(author, charter.cluster), cluster=charter.cluster.name)
    _require_draft(charter)
    require_version(version, charter.version)
    _checked({name: getattr(charter, name) for name in FIELDS})
    _require_unowned(charter, author)
    _move(charter, CharterState.PROPOSED)
    charter.proposed_by, charter.proposed_at, charter.decision_reason = author, at, ""
    charter.save()
    event = events.CharterProposed(charter_id=charter.pk, number=charter.number)
    journal.record(event, subject=charter.cluster, actor=author, at=at)
    return charter


@transaction.atomic
def approve_charter(*, charter_id: int, approver: Person, version: int, reason: str, at: datetime) -> Charter:
    """Bring a proposed charter into force, in the place of the one before; its capabilities become the cluster's own.

    `version` is the one the approver read: what was changed since is not approved. Refuses who proposed it or owns the
    cluster, and a capability that another cluster has come to own.
    """
    charter = _locked(charter_id, approver)
    _require_decider(charter, approver)
    require_version(version, charter.version)
    said = rules.require_reason(reason, for_what="An approval")
    _require_unowned(charter, approver)
    before = Charter.objects.select_for_update().filter(cluster=charter.cluster, state=CharterState.IN_FORCE).first()
    if before:
        _move(before, CharterState.SUPERSEDED)
        before.ended_at = at
        before.save()
    _move(charter, CharterState.IN_FORCE)
    charter.decided_by, charter.decided_at, charter.decision_reason = approver, at, said
    charter.save()
    _own_capabilities(charter, at)
    event = events.CharterApproved(
        charter_id=charter.pk, number=charter.number, superseded_id=before.pk if before else None, reason=said
    )
    journal.record(event, subject=charter.cluster, actor=approver, at=at)
    return charter


@transaction.atomic
def return_charter(*, charter_id: int, approver: Person, reason: str, at: datetime) -> Charter:
    """Send a proposed charter back to its authors, with what lacks."""
    charter = _locked(charter_id, approver)
    _require_decider(charter, approver)
    said = rules.require_reason(reason, for_what="Sending it back")
    _move(charter, CharterState.DRAFT)
    charter.decision_reason = said
    charter.save()
    event = events.CharterReturned(charter_id=charter.pk, number=charter.number, reason=said)
    journal.record(event, subject=charter.cluster, actor=approver, at=at)
    return charter


@transaction.atomic
def withdraw_charter(*, charter_id: int, author: Person, at: datetime) -> Charter:
    """Give up a charter that is not in force yet."""
    charter = _locked(charter_id, author)
    rules.require_may_write(queries.standing(author, charter.cluster), cluster=charter.cluster.name)
    _move(charter, CharterState.WITHDRAWN)
    charter.ended_at = at
    charter.save()
    event = events.CharterWithdrawn(charter_id=charter.pk, number=charter.number)
    journal.record(event, subject=charter.cluster, actor=author, at=at)
    return charter


def _own_capabilities(charter: Charter, at: datetime) -> None:
    """Make the cluster's capabilities those of its charter. One given up here is free for the next charter."""
    wanted = {name.lower(): name for name in charter.capabilities}
    owned = BusinessCapability.objects.filter(cluster=charter.cluster).annotate(lowered=Lower("name"))
    owned.exclude(lowered__in=wanted).delete()
    kept = set(owned.values_list("lowered", flat=True))
    for lowered, name in wanted.items():
        if lowered not in kept:
            save_new(BusinessCapability(name=name, cluster=charter.cluster, since=at))


def _require_unowned(charter: Charter, person: Person) -> None:
    seen = set(Cluster.objects.visible_to(person).values_list("pk", flat=True))
    taken = boundaries.owners_of_capabilities(charter.capabilities, but=charter.cluster_id)
    rules.require_unowned({one.name: one.cluster.name if one.cluster_id in seen else "" for one in taken})


def _require_draft(charter: Charter) -> None:
    if charter.state != CharterState.DRAFT:
        raise WrongState(
            f"This charter is {charter.state.replace('_', ' ')}: only a draft is rewritten.",
            next_step="Draft the next one, or ask who decides to send it back.",
        )


def _require_decider(charter: Charter, approver: Person) -> None:
    rules.require_may_approve(
        queries.standing(approver, charter.cluster),
        proposed_it=approver.pk in {charter.proposed_by_id, charter.drafted_by_id},
        cluster=charter.cluster.name,
    )
    if charter.state != CharterState.PROPOSED:
        raise WrongState("This charter is not proposed.", next_step="Reload the page to see how it stands.")


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    return rules.checked(values, data_classes=DataClass.values, regimes=Regime.values)


def _locked(charter_id: int, person: Person) -> Charter:
    rows = Charter.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster")
    charter = rows.filter(pk=charter_id).first()
    if charter is None:
        raise NotFound("There is no such charter.", next_step="Open the cluster to see its charters.")
    return charter


def _move(charter: Charter, target: CharterState) -> None:
    CHARTER.require(charter.state, target)
    charter.state = target
    charter.version += 1


def _require_named(charter: Charter, known: list[str], at: datetime) -> None:
    """Refuse new capabilities that are named against a convention that refuses."""
    for name in sorted(set(charter.capabilities) - set(known)):
        require_conventions(plain_subject(CAPABILITY, name, cluster_id=charter.cluster_id), at=at)
