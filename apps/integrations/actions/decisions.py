"""Deciding on the pattern of an integration, and reopening what was decided when its facts change."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.queries import standing
from apps.integrations import events
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries.decisions import advice_on, facts_of
from apps.integrations.rules import deciding as rules
from apps.integrations.rules.reading import fact_words
from apps.integrations.rules.weighing import Weighing
from apps.integrations.states import CURRENT, DECISION, DecisionState
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound


@transaction.atomic
def decide_pattern(
    *,
    integration_id: int,
    decider: Person,
    chosen: str,
    reasons: str,
    weighing: Weighing,
    inputs_sha256: str,
    at: datetime,
) -> PatternDecision:
    """Decide how an integration is built, in the place of what was decided before.

    `inputs_sha256` is the hash of the advice that the decider read with these weights. Refuses others than owners of
    the consumer's cluster, an advice that has changed since, a pattern that a gate excludes, and no reasons.
    """
    integration = locked_integration(integration_id, decider)
    cluster = integration.consumer.cluster
    rules.require_may_decide(standing(decider, cluster), cluster=cluster.name)
    found = advice_on(integration, weighing)
    rules.require_seen(inputs_sha256, found.inputs_sha256)
    place, said = rules.require_choice(found, chosen), rules.require_reasons(reasons)
    before = PatternDecision.objects.filter(integration=integration)
    _move(before.filter(state__in=CURRENT).select_for_update(), DecisionState.SUPERSEDED)
    decision = PatternDecision(
        integration=integration,
        number=(before.aggregate(last=Max("number"))["last"] or 0) + 1,
        chosen=place.pattern,
        reasons=said,
        decided_by=decider,
        decided_at=at,
        **rules.kept(found),
    )
    save_new(decision)
    event = events.PatternDecided(
        integration_id=integration.pk,
        decision_id=decision.pk,
        number=decision.number,
        chosen=decision.chosen,
        recommended=decision.recommended,
        inputs_sha256=decision.inputs_sha256,
    )
    journal.record(event, subject=integration, actor=decider, at=at)
    return decision


def reopen_changed(integrations: Iterable[Integration], *, actor: Person, at: datetime) -> None:
    """Reopen what was decided on other facts than these integrations have now. Part of the edit that changed them."""
    by_key = {one.pk: one for one in integrations}
    rows = PatternDecision.objects.filter(integration__in=by_key, state=DecisionState.DECIDED)
    reopened: list[PatternDecision] = []
    told: list[tuple[events.PatternReopened, Integration]] = []
    for decision in rows.only("integration", "number", "state", "facts").select_for_update().order_by("pk"):
        integration = by_key[decision.integration_id]
        changed = rules.differences(decision.facts, facts_of(integration))
        if not changed:
            continue
        event = events.PatternReopened(
            integration_id=integration.pk,
            decision_id=decision.pk,
            number=decision.number,
            before={name: fact_words(name, was) for name, was, _ in changed},
            after={name: fact_words(name, now) for name, _, now in changed},
        )
        reopened.append(decision)
        told.append((event, integration))
    _move(reopened, DecisionState.REOPENED, reopened_at=at)
    journal.record_all(told, actor=actor, at=at)


def locked_integration(integration_id: int, person: Person) -> Integration:
    """The integration, held until the transaction ends; refuses alike what is not there and what they may not see."""
    rows = Integration.objects.visible_to(person).select_for_update(of=("self", "interface"))
    found = rows.select_related("consumer__cluster", "interface__component__cluster").filter(pk=integration_id).first()
    if found is None:
        raise NotFound("There is no such integration.", next_step="Go back to the list of integrations.")
    return found


def _move(decisions: Iterable[PatternDecision], target: DecisionState, **more: datetime) -> None:
    """One or many at once: an interface may have thousands of users."""
    moved = list(decisions)
    for one in moved:
        DECISION.require(one.state, target)
    PatternDecision.objects.filter(pk__in=[one.pk for one in moved]).update(state=target, **more)
