"""Planning what an integration does when cut off, and recording how that went. The consumer's side speaks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.integrations import events
from apps.integrations.actions.integrations import locked
from apps.integrations.models import Integration, IsolationPlan, Rehearsal
from apps.integrations.rules import isolation as rules
from apps.integrations.rules.needs import MOST_S, require_text, wrong
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, WrongState

NEEDS = ("direction", "consistency", "latency_ms", "rate_per_s")
LONGEST_AGO = timedelta(days=366)  # what was tried before last year says nothing of today


@transaction.atomic
def plan_isolation(
    *,
    integration_id: int,
    planner: Person,
    version: int,
    values: Mapping[str, Any],
    at: datetime,
    owner: Person | None = None,
) -> IsolationPlan:
    """Say what the consumer does while it cannot reach the provider. `version` is the plan's that was read, 0: none.

    `values` holds FIELDS of the rules; what it leaves out is unsaid. Who answers for it is `owner`, else who it was,
    else the planner. Refuses others than owners of the consumer, a version no longer in force, and contradictions with
    the needs. The same again changes nothing.
    """
    integration = locked(integration_id, planner)
    plan = IsolationPlan.objects.filter(integration=integration).first()
    require_version(version, plan.version if plan else 0)
    said = rules.checked_plan(values, needs={name: getattr(integration, name) for name in NEEDS})
    said["owner"] = _active(owner or (plan.owner if plan else planner))
    if plan is None:
        plan = IsolationPlan(integration=integration, written_by=planner, written_at=at, **said)
        save_new(plan)
    elif redescribe(plan, said, allowed=(*rules.FIELDS, "owner")):
        plan.written_by, plan.written_at = planner, at
        plan.save(update_fields=["written_by", "written_at"])
    else:
        return plan
    event = events.IsolationPlanned(integration_id=integration.pk, mode=plan.mode, version=plan.version)
    journal.record(event, subject=integration, actor=planner, at=at)
    return plan


@transaction.atomic
def withdraw_isolation_plan(*, integration_id: int, withdrawer: Person, reason: str, at: datetime) -> None:
    """Take the plan back, with the reason; its rehearsals stay."""
    integration = locked(integration_id, withdrawer)
    said = require_text(reason, field="reason", what="Say why it goes")
    _plan(integration).delete()
    event = events.IsolationPlanWithdrawn(integration_id=integration.pk, reason=said)
    journal.record(event, subject=integration, actor=withdrawer, at=at)


@transaction.atomic
def record_rehearsal(
    *,
    integration_id: int,
    recorder: Person,
    version: int,
    outcome: str,
    held_s: int,
    notes: str,
    rehearsed_at: datetime,
    at: datetime,
) -> Rehearsal:
    """Keep how it went when the plan of that version was tried: whether it held, and for how many seconds.

    Refuses a plan that is another by now, a time to come or of over a year ago, and one that held not at all.
    """
    integration = locked(integration_id, recorder)
    plan = _plan(integration)
    require_version(version, plan.version)
    if outcome not in [*rules.Rehearsed]:
        raise wrong("outcome", "A rehearsal held, or failed.")
    if not 0 <= held_s <= MOST_S:
        raise wrong("held_s", f"It held between 0 and {MOST_S:,} seconds.")
    if outcome == rules.Rehearsed.HELD and not held_s and plan.mode != rules.Mode.FAIL:
        raise wrong("held_s", "What went on for no second did not hold.")
    if not at - LONGEST_AGO <= rehearsed_at <= at:
        raise wrong("rehearsed_at", "It was tried within the last year, and is over.")
    rehearsal = Rehearsal.objects.create(
        integration=integration,
        plan_version=plan.version,
        mode=plan.mode,
        outcome=outcome,
        held_s=held_s,
        notes=require_text(notes, field="notes", what="Say what was done and seen"),
        rehearsed_at=rehearsed_at,
        recorded_by=recorder,
        recorded_at=at,
    )
    if plan.last_rehearsal is None or plan.last_rehearsal.rehearsed_at <= rehearsed_at:
        plan.last_rehearsal = rehearsal
        plan.save(update_fields=["last_rehearsal"])
    event = events.IsolationRehearsed(
        integration_id=integration.pk, rehearsal_id=rehearsal.pk, outcome=outcome, held_s=held_s
    )
    journal.record(event, subject=integration, actor=recorder, at=at)
    return rehearsal


def _plan(integration: Integration) -> IsolationPlan:
    plan = IsolationPlan.objects.select_related("last_rehearsal").filter(integration=integration).first()
    if plan is None:
        raise WrongState("It has no isolation plan.", next_step="Write one first: what it does when cut off.")
    return plan


def _active(owner: Person) -> Person:
    if not owner.is_active:
        raise Conflict(f"{owner} no longer works here.", next_step="Name somebody else who answers for the plan.")
    return owner
