"""Questions about isolation plans: which integrations have one, how long it holds, and when it was last tried."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    F,
    FloatField,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from apps.accounts.models import Person
from apps.clusters.checks import Outcome
from apps.integrations.actions.plans import NEEDS
from apps.integrations.models import Integration, IsolationPlan, Rehearsal
from apps.integrations.queries import edges, integrations_seen_by
from apps.integrations.rules import isolation as rules
from apps.integrations.rules.isolation import Covered, Mode, Rehearsed, Standing
from apps.kernel.refusals import Refusal


def planned(rows: QuerySet[Integration], at: datetime) -> QuerySet[Integration]:
    """Integrations with what is planned for their isolation, in one query.

    Each has `plan` loaded, `holds_s` (infinite: without end; None: no plan), `rehearsed_at`, `rehearsal_outcome`,
    `is_tried_as_is` and its `standing`, as `rules.isolation.Covered` says it.
    """
    holds = Case(
        When(plan__isnull=True, then=Value(None)),
        When(plan__mode=Mode.FAIL, then=Value(0.0)),
        When(plan__mode=Mode.QUEUE, then=Cast("plan__backlog", FloatField()) / F("rate_per_s")),
        When(plan__holds_s__isnull=True, then=Value(float("inf"))),
        default=Cast("plan__holds_s", FloatField()),
        output_field=FloatField(),
    )
    found = rows.select_related("plan__owner").annotate(
        holds_s=holds,
        rehearsed_at=F("plan__last_rehearsal__rehearsed_at"),
        rehearsal_outcome=F("plan__last_rehearsal__outcome"),
        rehearsed_version=F("plan__last_rehearsal__plan_version"),
    )
    found = found.annotate(
        is_tried_as_is=Case(
            When(rehearsed_version=F("plan__version"), then=Value(True)),  # an SQL value
            default=Value(False),
            output_field=BooleanField(),
        )
    )
    return found.annotate(
        standing=Case(
            When(holds_s__isnull=True, then=Value(Standing.NONE.value)),
            When(holds_s__lt=F("survives_s"), then=Value(Standing.SHORT.value)),
            When(is_tried_as_is=False, then=Value(Standing.UNTRIED.value)),
            When(rehearsal_outcome=Rehearsed.FAILED, then=Value(Standing.FAILED.value)),
            When(rehearsed_at__lt=at - rules.REHEARSED_FOR, then=Value(Standing.OLD.value)),
            default=Value(Standing.READY.value),
            output_field=CharField(),
        )
    )


def covered(row: Any) -> Covered:
    """The plain facts of a row of `planned`."""
    plan = getattr(row, "plan", None) if row.holds_s is not None else None
    return Covered(
        integration_id=row.pk,
        words=f"{row.consumer.name} with {row.interface.name}",
        consumer_id=row.consumer_id,
        cluster_id=row.consumer.cluster_id,
        provider_cluster_id=row.interface.component.cluster_id,
        tier=row.consumer.tier,
        survives_s=row.survives_s,
        holds_s=row.holds_s,
        mode=plan.mode if plan else "",
        rehearsed_at=row.rehearsed_at,
        is_of_this_version=row.is_tried_as_is,
        outcome=row.rehearsal_outcome or "",
        contradiction=_contradiction(row, plan) if plan else "",
    )


def _contradiction(row: Integration, plan: IsolationPlan) -> str:
    """What the needs, as they are by now, say against the plan; "": nothing."""
    try:
        rules.checked_plan(
            {name: getattr(plan, name) for name in rules.FIELDS}, needs={name: getattr(row, name) for name in NEEDS}
        )
    except Refusal as refusal:
        return refusal.sentence
    return ""


def covering(person: Person, at: datetime) -> QuerySet[Integration]:
    """Integrations between clusters that the person may know of, with their plans."""
    return planned(integrations_seen_by(person).across_clusters(), at)


def plan_of(integration: Integration) -> IsolationPlan | None:
    """Its plan, with who answers for it."""
    plan = IsolationPlan.objects.select_related("owner", "written_by").filter(integration=integration).first()
    if plan:
        plan.integration = integration
    return plan


def rehearsals_of(integration: Integration, *, limit: int = 50) -> list[Rehearsal]:
    """The latest ones, newest first."""
    rows = integration.rehearsals.select_related("recorded_by").order_by("-rehearsed_at", "-pk")
    return list(rows[:limit])


def standings(rows: Iterable[Any]) -> dict[Standing, int]:
    """How many there are of each standing, the worst first; none is left out."""
    found = dict.fromkeys(Standing, 0)
    for row in rows:
        found[Standing(row)] += 1
    return found


def judged(at: datetime) -> Outcome:
    """The check of isolation plans: everything wrong with those of integrations between clusters."""
    rows = planned(edges().across_clusters(), at).order_by("pk")
    facts = [covered(row) for row in rows.iterator(chunk_size=2_000)]
    read = repr([(one, one.standing(at)) for one in facts]).encode()
    counted = standings(one.standing(at) for one in facts)
    return Outcome(
        list(rules.findings(facts, at)),
        hashlib.sha256(read).hexdigest(),
        {"integrations": len(facts), **{one.value: number for one, number in counted.items()}},
    )
