"""Questions about how integrations are decided on: the facts, the advice, what was decided, and what contradicts it."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.clusters.rules.findings import Found
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries import edges
from apps.integrations.rules import checking
from apps.integrations.rules.deciding import Advice, advice
from apps.integrations.rules.gates import Facts
from apps.integrations.rules.patterns import Pattern
from apps.integrations.rules.weighing import Weighing
from apps.integrations.states import CURRENT
from apps.kernel.refusals import NotFound

OPEN = "open"  # nobody has decided yet
MOST_NUMBER = 2**31 - 1  # of a decision: the column's
_NEEDS = tuple(name for name in Facts.__dataclass_fields__ if not name.startswith("offered_"))


def facts_of(integration: Integration) -> Facts:
    """What is decided on: its needs, and what the interface offers."""
    return Facts(
        **{name: getattr(integration, name) for name in _NEEDS},
        offered_latency_ms=integration.interface.latency_ms,
        offered_availability_percent=integration.interface.availability_percent,
    )


def advice_on(integration: Integration, weighing: Weighing) -> Advice:
    """What the integration's facts come to with these weights."""
    return advice(facts_of(integration), weighing)


def decisions_of(integration: Integration) -> QuerySet[PatternDecision]:
    """What was decided on it, the latest first."""
    return PatternDecision.objects.filter(integration=integration).select_related("decided_by").order_by("-number")


def current_decision(integration: Integration) -> PatternDecision | None:
    """What holds now, or held until a need changed."""
    return decisions_of(integration).filter(state__in=CURRENT).first()


def decision_numbered(integration: Integration, number: int) -> PatternDecision:
    """One of them; refuses what is not there."""
    found = decisions_of(integration).filter(number=number).first() if number <= MOST_NUMBER else None
    if found is None:
        raise NotFound("There is no such decision.", next_step="Go back to what was decided on this integration.")
    return found


def with_decisions(rows: QuerySet[Integration]) -> QuerySet[Integration]:
    """Each with `decision_state`, `decision_pattern` and `decided_at` of what holds now; None where it is open."""
    current = PatternDecision.objects.filter(integration=OuterRef("pk"), state__in=CURRENT)
    return rows.annotate(
        decision_state=Subquery(current.values("state")[:1]),
        decision_pattern=Subquery(current.values("chosen")[:1]),
        decided_at=Subquery(current.values("decided_at")[:1]),
    )


def in_state(rows: QuerySet[Integration], state: str) -> QuerySet[Integration]:
    """Those that are open, decided or reopened."""
    if state == OPEN:
        return rows.exclude(Q(pk__in=PatternDecision.objects.filter(state__in=CURRENT).values("integration")))
    return rows.filter(pk__in=PatternDecision.objects.filter(state=state).values("integration"))


def by_pattern(rows: QuerySet[Integration], pattern: str) -> QuerySet[Integration]:
    """Those that were last decided to be of this pattern."""
    chosen = PatternDecision.objects.filter(state__in=CURRENT, chosen=pattern)
    return rows.filter(pk__in=chosen.values("integration"))


def judged() -> tuple[list[Found], str, dict[str, Any]]:
    """What the check of patterns finds on the whole map, the hash of what it read, and how many it judged."""
    uses, digest = list(_uses()), hashlib.sha256()
    for one in uses:
        digest.update(repr(one).encode())
    return [found for one in uses for found in checking.findings_of(one)], digest.hexdigest(), {"judged": len(uses)}


def _uses() -> Iterator[checking.Use]:
    decided = {one.integration_id: one for one in PatternDecision.objects.filter(state__in=CURRENT)}
    for one in edges().order_by("pk"):
        decision, interface = decided.get(one.pk), one.interface
        yield checking.Use(
            integration_id=one.pk,
            title=str(one),
            consumer_id=one.consumer_id,
            cluster_id=one.consumer.cluster_id,
            provider=one.provider.name,
            provider_cluster_id=one.provider.cluster_id,
            kind=interface.kind,
            is_data_product=interface.is_data_product,
            facts=facts_of(one),
            state=decision.state if decision else OPEN,
            chosen=Pattern(decision.chosen) if decision else None,
            decided_on=decision.facts if decision else {},
        )
