"""Writing down what integrations cost, and when each went live."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.integrations.models import Integration
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, WrongState
from apps.stakeholders import events
from apps.stakeholders.models import GoingLive, IntegrationCost
from apps.stakeholders.rules import costs as rules
from apps.stakeholders.rules.initiatives import require_text
from apps.stakeholders.rules.metrics import require_keeps_metric


@transaction.atomic
def record_cost(
    *,
    cluster: Cluster,
    recorder: Person,
    kind: str,
    currency: str,
    from_on: date,
    hours: Decimal | None = None,
    rate: Decimal | None = None,
    amount: Decimal | None = None,
    months: int = 1,
    integration: Integration | None = None,
    about: str = "",
    note: str = "",
    at: datetime,
) -> IntegrationCost:
    """Write down a cost of one integration of the cluster, or (`about`) of several.

    Labour is said in hours and a rate of the currency, everything else as an amount; `months` spreads it evenly from
    the month of `from_on` on. Refuses others than who keeps the cluster's metrics.
    """
    require_keeps_metric(standing(recorder, cluster), of=cluster.name)
    whole = rules.require_cost(kind, hours=hours, rate=rate, amount=amount, currency=currency, months=months)
    _require_of(integration, cluster)
    what = about.strip() or (str(integration) if integration else "")
    row = IntegrationCost(
        cluster=cluster,
        integration=integration,
        about=require_text(what, field="about", most=rules.LONGEST_NOTE, what="What it was spent on"),
        kind=kind,
        hours=hours,
        rate=rate,
        amount=whole,
        currency=currency,
        from_on=from_on,
        months=months,
        note=note.strip()[: rules.LONGEST_NOTE],
        recorded_by=recorder,
        recorded_at=at,
    )
    save_new(row)
    event = events.IntegrationCostRecorded(cost_id=row.pk, cluster_id=cluster.pk)
    journal.record(event, subject=row, actor=recorder, at=at)
    return row


@transaction.atomic
def strike_cost(*, cost: IntegrationCost, keeper: Person, reason: str, at: datetime) -> IntegrationCost:
    """Strike out a cost that was written down by mistake; it stays readable and counts no more."""
    require_keeps_metric(standing(keeper, cost.cluster), of=cost.cluster.name)
    row = IntegrationCost.objects.select_for_update().get(pk=cost.pk)
    if row.struck_at is not None:
        raise WrongState("This cost is struck out already.", next_step="Reload the page.")
    row.struck_because = require_text(reason, field="reason", most=rules.LONGEST_NOTE, what="The reason")
    row.struck_at = at
    row.save(update_fields=["struck_at", "struck_because"])
    event = events.IntegrationCostStruck(cost_id=row.pk, cluster_id=row.cluster_id, reason=row.struck_because)
    journal.record(event, subject=row, actor=keeper, at=at)
    return row


@transaction.atomic
def record_going_live(*, integration: Integration, recorder: Person, live_on: date, at: datetime) -> GoingLive:
    """Say on which day an integration went live; once. Refuses a day that has not come where the recorder is."""
    cluster = integration.consumer.cluster
    require_keeps_metric(standing(recorder, cluster), of=cluster.name)
    if live_on > at.astimezone(recorder.tzinfo).date():
        raise Invalid(
            "It cannot have gone live on a day to come.",
            next_step="Say it on the day.",
            fields={"live_on": ["Must not lie ahead."]},
        )
    Integration.objects.select_for_update().get(pk=integration.pk)
    if before := GoingLive.objects.filter(integration=integration).first():
        raise Conflict(f"It is live since {before.live_on.isoformat()}.", next_step="That day stands.")
    row = GoingLive(
        cluster=cluster,
        integration=integration,
        about=str(integration)[: rules.LONGEST_NOTE],
        live_on=live_on,
        recorded_by=recorder,
        recorded_at=at,
    )
    save_new(row)
    event = events.IntegrationWentLive(going_live_id=row.pk, integration_id=integration.pk, live_on=live_on.isoformat())
    journal.record(event, subject=row, actor=recorder, at=at)
    return row


def _require_of(integration: Integration | None, cluster: Cluster) -> None:
    if integration is not None and integration.cluster_id != cluster.pk:
        raise NotFound("This integration belongs to another cluster.", next_step="Choose one of the cluster's own.")
