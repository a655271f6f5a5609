"""Opening initiatives, saying what they need, and putting people on their map."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Cluster, Visibility
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Conflict, Invalid, NotFound, WrongState
from apps.stakeholders import events
from apps.stakeholders.models import Demand, Initiative, Involvement, Stakeholder
from apps.stakeholders.queries.initiatives import keeper_of
from apps.stakeholders.rules import initiatives as rules
from apps.stakeholders.rules.resources import require_amount, require_unit

FIELDS = ("name", "purpose", "sponsor", "power_cut", "interest_cut")


@transaction.atomic
def open_initiative(
    *, opener: Person, clusters: Collection[Cluster], values: Mapping[str, Any], at: datetime
) -> Initiative:
    """Open an initiative across clusters. `values` holds name, purpose, sponsor, and the cuts of its grid if not 50.

    Refuses others than owners of clusters, chairs and administrators, fewer than two clusters, and two restricted ones.
    """
    rules.require_may_open(opener.capabilities)
    _require_clusters(clusters)
    row = Initiative(opened_by=opener, opened_at=at, **_checked(values))
    save_new(row)
    row.clusters.set(clusters)
    tell(row, events.InitiativeOpened(initiative_id=row.pk), actor=opener, at=at)
    return row


@transaction.atomic
def describe_initiative(
    *,
    initiative_id: int,
    editor: Person,
    version: int,
    changes: Mapping[str, Any],
    clusters: Collection[Cluster] | None = None,
    at: datetime,
) -> Initiative:
    """Change some of the FIELDS, or which clusters it crosses (None: as they are).

    Refuses a version no longer in force, and leaving out a cluster that something is demanded of. Clusters that the
    editor may not know of cannot be among them: who may not know of all of them does not see the initiative.
    """
    row = locked(initiative_id, editor)
    require_version(version, row.version)
    changed = redescribe(row, _checked(changes), allowed=FIELDS)
    if clusters is not None and {one.pk for one in clusters} != set(row.clusters.values_list("pk", flat=True)):
        _require_clusters(clusters)
        if row.demands.filter(cluster__isnull=False).exclude(cluster__in=clusters).exists():
            raise Conflict(
                "Something is demanded of a cluster that is left out.", next_step="Withdraw that demand first."
            )
        row.clusters.set(clusters)
        if not changed:
            row.version += 1
            row.save(update_fields=["version"])
        changed = (*changed, "clusters")
    if changed:
        event = events.InitiativeDescribed(initiative_id=row.pk, version=row.version, fields=changed)
        tell(row, event, actor=editor, at=at)
    return row


@transaction.atomic
def close_initiative(*, initiative_id: int, keeper: Person, reason: str, at: datetime) -> Initiative:
    """Close an initiative: it demands nothing any more. What was written stays."""
    row = locked(initiative_id, keeper)
    said = rules.require_text(reason, field="reason", most=rules.LONGEST_REASON, what="The reason")
    row.closed_at, row.closing_reason, row.version = at, said, row.version + 1
    row.save(update_fields=["closed_at", "closing_reason", "version"])
    tell(row, events.InitiativeClosed(initiative_id=row.pk, reason=said), actor=keeper, at=at)
    return row


@transaction.atomic
def demand_resource(
    *,
    initiative_id: int,
    keeper: Person,
    resource: str,
    amount: Decimal,
    at: datetime,
    unit: str = "",
    cluster: Cluster | None = None,
    why: str = "",
) -> Demand:
    """Say how much of a resource the initiative needs, of one of its clusters or (None) of the enterprise.

    Demanded again of the same cluster in the same unit, the amount is the new one.
    """
    row = locked(initiative_id, keeper)
    if cluster is not None and not row.clusters.filter(pk=cluster.pk).exists():
        raise Invalid(
            f"{cluster.name} is not part of this initiative.",
            next_step="Choose one of its clusters, or none: then it is of the enterprise.",
            fields={"cluster": ["Not part of the initiative."]},
        )
    counted, said = require_unit(resource, unit), require_amount(amount, least=Decimal("0.01"))
    demand = row.demands.filter(resource=resource, unit=counted, cluster=cluster).first()
    if demand is None:
        demand = Demand(
            initiative=row, resource=resource, unit=counted, cluster=cluster, amount=said, why=why.strip()[:300]
        )
        save_new(demand)
    elif (demand.amount, demand.why) != (said, why.strip()[:300]):
        demand.amount, demand.why = said, why.strip()[:300]
        demand.save(update_fields=["amount", "why"])
    else:
        return demand
    event = events.ResourceDemanded(
        initiative_id=row.pk, demand_id=demand.pk, resource=resource, amount=f"{said:f}", unit=counted
    )
    tell(row, event, actor=keeper, at=at)
    return demand


@transaction.atomic
def withdraw_demand(*, initiative_id: int, demand_id: int, keeper: Person, at: datetime) -> None:
    """Take a demand back."""
    row = locked(initiative_id, keeper)
    demand = row.demands.filter(pk=demand_id).first()
    if demand is None:
        raise NotFound("There is no such demand.", next_step="Reload the page.")
    tell(row, events.DemandWithdrawn(initiative_id=row.pk, demand_id=demand.pk), actor=keeper, at=at)
    demand.delete()


@transaction.atomic
def involve(
    *, initiative_id: int, stakeholder: Stakeholder, keeper: Person, at: datetime, part: str = ""
) -> Involvement:
    """Put a stakeholder on the map of an initiative. Refuses who stands there already."""
    row = locked(initiative_id, keeper)
    involvement = Involvement(
        initiative=row, stakeholder=stakeholder, part=part.strip()[:120], added_by=keeper, added_at=at
    )
    save_new(involvement)
    event = events.StakeholderInvolved(initiative_id=row.pk, stakeholder_id=stakeholder.pk)
    tell(row, event, actor=keeper, at=at)
    return involvement


@transaction.atomic
def release(*, initiative_id: int, stakeholder: Stakeholder, keeper: Person, at: datetime) -> None:
    """Take a stakeholder off the map; how they were assessed and what was said stays."""
    row = locked(initiative_id, keeper)
    gone, _ = Involvement.objects.filter(initiative=row, stakeholder=stakeholder).delete()
    if not gone:
        raise NotFound("They do not stand on this map.", next_step="Reload the page.")
    event = events.StakeholderReleased(initiative_id=row.pk, stakeholder_id=stakeholder.pk)
    tell(row, event, actor=keeper, at=at)


def locked(initiative_id: int, keeper: Person) -> Initiative:
    """The open initiative, locked, for somebody who keeps its map."""
    rows = Initiative.objects.visible_to(keeper).select_for_update(of=("self",))
    row = rows.filter(pk=initiative_id).first()
    if row is None:
        raise NotFound("There is no such initiative.", next_step="Go back to the list of initiatives.")
    rules.require_keeper(keeper_of(row, keeper), name=row.name)
    rules.require_open(is_open=row.closed_at is None)
    return row


def require_on_map(initiative: Initiative, stakeholder: Stakeholder) -> None:
    """Refuse what concerns somebody who does not stand on the map."""
    if not initiative.involvements.filter(stakeholder=stakeholder).exists():
        raise WrongState(f"{stakeholder} does not stand on this map.", next_step="Put them on the map first.")


def tell(initiative: Initiative, event: Event, *, actor: Person | None, at: datetime) -> None:
    """Record what happened; where a restricted cluster is part of it, for its people only."""
    restricted = initiative.clusters.filter(visibility=Visibility.RESTRICTED).values_list("pk", flat=True).first()
    journal.record(event, subject=initiative, actor=actor, at=at, cluster_id=restricted)


def _require_clusters(clusters: Collection[Cluster]) -> None:
    rules.require_clusters([one.visibility == Visibility.RESTRICTED for one in clusters])


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(values)
    if "name" in said:
        said["name"] = rules.require_text(said["name"], field="name", most=rules.LONGEST_NAME, what="A name")
    if "purpose" in said:
        said["purpose"] = rules.require_text(
            said["purpose"], field="purpose", most=rules.LONGEST_PURPOSE, what="The purpose"
        )
    for cut in ("power_cut", "interest_cut"):
        if cut in said:
            said[cut] = rules.require_cut(said[cut], field=cut)
    return said
