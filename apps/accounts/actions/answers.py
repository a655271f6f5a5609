"""The answers kept for calls that carry an Idempotency-Key. Bookkeeping of the API: nothing of it is journaled."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.accounts.models import IdempotentAnswer, Person

KEPT_FOR = timedelta(hours=24)  # long enough for any retry of a pipeline, short enough to stay a small table


def claim_answer(*, person: Person, key: str, fingerprint: str) -> tuple[IdempotentAnswer, bool]:
    """Claim `key` for the caller's transaction; answers (row, whether it is ours to fill).

    Waits while another transaction holds the same key. When that one commits, its row comes back; when it rolls back,
    the key is ours. Raises RuntimeError outside a transaction: a claim that outlives its work would block for ever.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A claim needs the transaction of the work it answers.")
    with connection.cursor() as cursor:
        # ON CONFLICT DO NOTHING waits for the transaction that holds the key, and says (by no row) that it won.
        cursor.execute(
            "INSERT INTO accounts_idempotentanswer (person_id, key, fingerprint, headers, created_at)"
            " VALUES (%s, %s, %s, '{}', now()) ON CONFLICT (person_id, key) DO NOTHING RETURNING id",
            [person.pk, key, fingerprint],
        )
        claimed = cursor.fetchone() is not None
    return IdempotentAnswer.objects.get(person=person, key=key), claimed


def keep_answer(*, answer: IdempotentAnswer, status: int, headers: Mapping[str, str], body: str | None) -> None:
    """Fill the claimed row in the transaction that did the work, so that both are kept or neither."""
    answer.status, answer.headers, answer.body = status, dict(headers), body
    answer.save(update_fields=["status", "headers", "body"])


@transaction.atomic
def forget_old_answers(*, at: datetime) -> int:
    """Delete the answers older than a day; returns how many. Idempotent."""
    deleted, _ = IdempotentAnswer.objects.filter(created_at__lt=at - KEPT_FOR).delete()
    return deleted
