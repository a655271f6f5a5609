"""Celery shells of the board's area: read the clock, call one action. Each is safe to run twice and beside another."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.cab.actions import (
    checks,
    conflicts,
    emergencies,
    exceptions,
    files,
    imports,
    replays,
    reviews,
    rounds,
    sampling,
)
from apps.cab.models import ConflictRecheck, SampledReview
from apps.cab.queries.boards import retroactive_rounds_open, rounds_overdue_at
from apps.cab.queries.changes import reviews_to_chase
from apps.cab.queries.checks import proposals_overdue_on
from apps.cab.queries.exceptions import exceptions_overdue_at
from apps.cab.queries.sampling import periods_due
from apps.journal.tasks import once_per_turn

logger = logging.getLogger(__name__)

BATCH = 500
REPLAY_TURN = timedelta(minutes=2)
IMPORT_TURN = timedelta(minutes=5)  # well below the time limit of a task; the next turn goes on


@shared_task(name="apps.cab.tasks.close_overdue_rounds")
def close_overdue_rounds() -> int:
    """End the rounds whose deadline has passed."""
    now = timezone.now()
    overdue = rounds_overdue_at(now).values_list("pk", flat=True)[:BATCH]
    return _each(overdue, lambda pk: rounds.close_overdue_round(round_id=pk, at=now), what="round")


@shared_task(name="apps.cab.tasks.chase_retroactive_rounds")
def chase_retroactive_rounds() -> int:
    """Remind of decisions after the fact, and tell the chairs of those that are late."""
    now = timezone.now()
    waiting = retroactive_rounds_open(now).values_list("pk", flat=True)[:BATCH]
    return _each(waiting, lambda pk: emergencies.chase_retroactive_round(round_id=pk, at=now), what="round")


@shared_task(name="apps.cab.tasks.remind_reviews")
def remind_reviews() -> int:
    """Remind of reviews that are due and escalate those that are overdue."""
    now = timezone.now()
    waiting = reviews_to_chase(now).values_list("pk", flat=True)[:BATCH]
    return _each(waiting, lambda pk: reviews.remind_of_review(review_id=pk, at=now), what="review")


@shared_task(name="apps.cab.tasks.remind_of_proposals")
def remind_of_proposals() -> int:
    """Remind the owners of proposals for standards whose day has passed."""
    now = timezone.now()
    overdue = proposals_overdue_on(now.date()).values_list("pk", flat=True)[:BATCH]
    return _each(overdue, lambda pk: checks.remind_of_proposal(proposal_id=pk, at=now), what="proposal")


@shared_task(name="apps.cab.tasks.expire_exceptions")
def expire_exceptions() -> int:
    """End the requests for exceptions that nobody decided in time."""
    now = timezone.now()
    overdue = exceptions_overdue_at(now).values_list("pk", flat=True)[:BATCH]
    return _each(overdue, lambda pk: exceptions.expire_exception(exception_id=pk, at=now), what="exception")


@shared_task(name="apps.cab.tasks.draw_samples")
def draw_samples() -> int:
    """Draw the sampling periods whose time has passed, and open the next ones."""
    now = timezone.now()
    due = periods_due(now).values_list("pk", flat=True)[:BATCH]
    return _each(due, lambda pk: sampling.keep_period(period_id=pk, at=now), what="sampling period")


@shared_task(name="apps.cab.tasks.remind_of_samples")
def remind_of_samples() -> int:
    """Remind the boards of reviews by sample whose time has passed."""
    now = timezone.now()
    overdue = SampledReview.objects.overdue_at(now).filter(reminded_at=None).order_by("due_at")
    ids = overdue.values_list("pk", flat=True)[:BATCH]
    return _each(ids, lambda pk: sampling.remind_of_sample(review_id=pk, at=now), what="sampled review")


@shared_task(name="apps.cab.tasks.continue_imports")
def continue_imports() -> int:
    """Go on with uploaded imports from where they stand."""
    return imports.continue_uploads(until=timezone.now() + IMPORT_TURN, most=settings.IMPORT_LARGEST_BYTES)


@shared_task(name="apps.cab.tasks.continue_replays")
def continue_replays() -> int:
    """Go on with the replays of policies from where they stand."""
    return replays.continue_replays(until=timezone.now() + REPLAY_TURN)


@shared_task(name="apps.cab.tasks.remove_stray_files")
@once_per_turn("cab.remove_stray_files", every=timedelta(days=1))
def remove_stray_files(at: datetime) -> int:
    """Once a day, delete the files that no attachment and no import names."""
    return files.remove_stray_files(at=at)


@shared_task(name="apps.cab.tasks.recheck_conflicts")
def recheck_conflicts() -> int:
    """Look again at the conflicts of the changes that were left to this job."""
    now = timezone.now()
    marked = ConflictRecheck.objects.order_by("change_id").values_list("change_id", flat=True)[:BATCH]
    return _each(marked, lambda pk: conflicts.recheck_change(change_id=pk, at=now), what="change")


@shared_task(name="apps.cab.tasks.sweep_conflicts")
def sweep_conflicts() -> int:
    """Leave all that is planned to the job above: time passes, and windows end without anybody saying so."""
    return conflicts.mark_all_planned(at=timezone.now())


def _each(ids: Iterable[int], act: Callable[[int], object], *, what: str) -> int:
    """Act on each by itself; one that fails is logged and does not hold up those behind it. Returns how many went."""
    went = 0
    for pk in list(ids):
        try:
            act(pk)
        except Exception:
            logger.exception("The job failed for %s %s; it is tried again on the next turn.", what, pk)
        else:
            went += 1
    return went
