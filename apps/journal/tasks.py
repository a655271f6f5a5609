"""Celery shells of the journal, and the turn that any periodic job takes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from celery import shared_task
from django.utils import timezone

from apps.journal import actions

Job = Callable[[datetime], int]


def once_per_turn(name: str, *, every: timedelta) -> Callable[[Job], Callable[[], int]]:
    """Let a periodic job run once in each turn of `every`, however many beats ask; the others do nothing and return 0.

    The job is given the instant of its turn's taking. A job that must also run on demand needs no turn: it takes rows
    with SKIP LOCKED instead.
    """

    def decorate(job: Job) -> Callable[[], int]:
        @wraps(job)
        def in_turn() -> int:
            now = timezone.now()
            return job(now) if actions.take_slot(job=name, every=every, at=now) else 0

        return in_turn

    return decorate


@shared_task(name="apps.journal.tasks.deliver")
def deliver() -> int:
    """Deliver what is due; many may run at once (rows are taken with SKIP LOCKED)."""
    return actions.deliver_due(at=timezone.now())


@shared_task(name="apps.journal.tasks.forget_old_slots")
@once_per_turn("journal.forget_old_slots", every=timedelta(days=1))
def forget_old_slots(at: datetime) -> int:
    """Once a day, delete the slots of turns long past."""
    return actions.forget_old_slots(at=at)
