"""Questions about exceptions from freezes: what was granted, who may decide, what has run out."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Change, FreezeException
from apps.cab.queries.boards import barred_from
from apps.cab.queries.freezes import STOPPABLE, is_freeze_keeper
from apps.cab.rules.exceptions import Decider, may_decide
from apps.cab.states import ExceptionState
from apps.windows.models import Freeze
from apps.windows.states import FreezeState


def decider_of(person: Person, change: Change, freeze: Freeze) -> Decider:
    """The person as the rules ask about them."""
    return Decider(
        person_id=person.pk,
        is_keeper=person.may(Capability.PROPOSE_CHANGE) and is_freeze_keeper(freeze, person),
        is_chair=person.may(Capability.MANAGE_BOARD),
        is_barred=person.pk in barred_from(change),
    )


def deciders_of(exception: FreezeException, people: Iterable[Person]) -> list[Person]:
    """Those of the people who may decide it."""
    return [
        one
        for one in people
        if may_decide(decider_of(one, exception.change, exception.freeze), requested_by_id=exception.requested_by_id)
    ]


def exceptions_overdue_at(at: datetime) -> QuerySet[FreezeException]:
    """Open requests whose clock has run out, or which have nothing left to ask."""
    is_over = Q(decide_by__lte=at) | ~Q(freeze__state=FreezeState.ENFORCED) | Q(freeze__end_at__lte=at)
    return FreezeException.objects.filter(
        is_over | ~Q(change__state__in=STOPPABLE), state=ExceptionState.REQUESTED
    ).order_by("decide_by", "pk")
