"""Celery shells of the board's area: read the clock, call one action. Each is safe to run twice and beside another."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.cab.actions import imports, reviews, rounds
from apps.cab.queries.boards import rounds_overdue_at
from apps.cab.queries.changes import reviews_to_chase

BATCH = 500
IMPORT_TURN = timedelta(minutes=5)  # well below the time limit of a task; the next turn goes on


@shared_task(name="apps.cab.tasks.close_overdue_rounds")
def close_overdue_rounds() -> int:
    """End the rounds whose deadline has passed."""
    now = timezone.now()
    overdue = list(rounds_overdue_at(now).values_list("pk", flat=True)[:BATCH])
    for round_id in overdue:
        rounds.close_overdue_round(round_id=round_id, at=now)
    return len(overdue)


@shared_task(name="apps.cab.tasks.remind_reviews")
def remind_reviews() -> int:
    """Remind of reviews that are due and escalate those that are overdue."""
    now = timezone.now()
    waiting = list(reviews_to_chase(now).values_list("pk", flat=True)[:BATCH])
    for review_id in waiting:
        reviews.remind_of_review(review_id=review_id, at=now)
    return len(waiting)


@shared_task(name="apps.cab.tasks.continue_imports")
def continue_imports() -> int:
    """Go on with uploaded imports from where they stand."""
    return imports.continue_uploads(until=timezone.now() + IMPORT_TURN, most=settings.IMPORT_LARGEST_BYTES)
