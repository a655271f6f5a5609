"""How the integrations of what a change touches are built, as their owners decided: evidence for who decides it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Change, ChangeComponent
from apps.clusters.models import Cluster
from apps.integrations.models import Integration
from apps.integrations.states import CURRENT, DecisionState
from apps.kernel.prepared import Prepared

SHOWN = 12  # the list behind the link has them all


def patterns_touched_by(change: Change, person: Person) -> Sequence[Any]:
    """Integrations with an end that the change touches, those that ask for a decision first; at most SHOWN and one.

    `change` is a whole one (see `queries.whole`): of most it says that there is nothing to ask for.

    Each has its ends loaded, and of the decision on its pattern, where there is one: `state`, `chosen`, `decided_at`,
    `reopened_at`, `is_close_call` and `profile_version` under names that begin with `decision_`.
    """
    if not change.is_integrated:  # type: ignore[attr-defined]  # annotated
        return []
    if person.may(Capability.READ_RESTRICTED):
        return _ALL(change=change.pk)
    return _SEEN(change=change.pk, person=person.pk)


def is_integrated() -> Q:
    """To annotate changes with whether what they touch takes part in any integration, whoever may know of it."""
    touched = ChangeComponent.objects.filter(change=OuterRef("pk"))
    uses = touched.filter(component__integrations__isnull=False)
    return Exists(uses) | Exists(touched.filter(component__interfaces__integrations__isnull=False))


def _touched(change: Any, seen: Q) -> QuerySet[Integration]:
    touched = ChangeComponent.objects.filter(change=change).values("component")
    uses = Integration.objects.filter(consumer__in=touched).values("pk")
    used = Integration.objects.filter(interface__component__in=touched).values("pk")
    rows = Integration.objects.filter(seen, pk__in=uses.union(used))  # either by its own index
    told = rows.select_related("consumer__cluster", "interface__component__cluster").annotate(
        current=FilteredRelation("decisions", condition=Q(decisions__state__in=[*CURRENT])),
        decision_state=F("current__state"),
        decision_chosen=F("current__chosen"),
        decision_decided_at=F("current__decided_at"),
        decision_reopened_at=F("current__reopened_at"),
        decision_is_close_call=F("current__is_close_call"),
        decision_profile_version=F("current__profile_version"),
        urgency=Case(
            When(current__state=DecisionState.REOPENED, then=Value(0)),
            When(current__state__isnull=True, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        ),
    )
    return told.order_by("urgency", "consumer__name", "interface__name", "pk")[: SHOWN + 1]


def _seen_by(person: Any) -> Q:
    seen = Cluster.objects.open_or_held_by(person).values("pk")
    return Q(consumer__cluster__in=seen, interface__component__cluster__in=seen)


_KEY = BigIntegerField()
_ALL = Prepared(lambda change: _touched(change, Q()), change=_KEY)
_SEEN = Prepared(lambda change, person: _touched(change, _seen_by(person)), change=_KEY, person=_KEY)
