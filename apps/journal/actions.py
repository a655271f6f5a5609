"""Every write of the journal: recording entries, delivering them, retrying what failed, taking slots."""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models, transaction

from apps.journal import rules
from apps.journal.events import DeliveryRetried, Event
from apps.journal.models import Delivery, Entry, Slot
from apps.journal.states import DELIVERY, DeliveryState
from apps.kernel.refusals import NotFound

logger = logging.getLogger(__name__)

AT_ONCE = 2_000  # rows of one statement
QUIET_S = 10.0  # as long as the heartbeat needs, so nothing waits longer for it
_broker = {"quiet_until": 0.0}  # monotonic seconds

Handler = Callable[[Entry], None]
# subscriber name → (handler, names of the events it hears; None hears everything)
_subscribers: dict[str, tuple[Handler, frozenset[str] | None]] = {}


def subscribe(name: str, *events: type[Event]) -> Callable[[Handler], Handler]:
    """Register a handler under a stable `name` for the given events (none given: all of them).

    The handler runs in the transaction that marks its delivery done, at least once; it is idempotent by entry id. What
    it finds out from how things stand now is dated `entry.heard_at`; what is true of the entry itself, `entry.at`.
    """

    def register(handler: Handler) -> Handler:
        _subscribers[name] = (handler, frozenset(event.name() for event in events) or None)
        return handler

    return register


def record(
    event: Event,
    *,
    subject: models.Model,
    actor: AbstractBaseUser | None,
    at: datetime,
    cluster_id: int | None = None,
) -> Entry:
    """Write one immutable entry and one delivery per subscriber, inside the caller's transaction.

    `actor` None means the house itself (a deadline, a schedule). Raises RuntimeError outside a transaction: an entry
    that could survive the failure of what it tells would be a lie.
    """
    _require_transaction()
    entry = _entry_of(event, subject=subject, actor=actor, at=at, cluster_id=cluster_id)
    entry.save(force_insert=True)
    _have_delivered([entry], at)
    return entry


def record_all(told: Iterable[tuple[Event, models.Model]], *, actor: AbstractBaseUser | None, at: datetime) -> None:
    """The same for many events, each with its subject, in their order and in a few statements whatever their number."""
    _require_transaction()
    entries = [_entry_of(event, subject=subject, actor=actor, at=at, cluster_id=None) for event, subject in told]
    Entry.objects.bulk_create(entries, batch_size=AT_ONCE)
    _have_delivered(entries, at)


def digest_of(entry: Entry) -> str:
    """SHA-256 over the entry's content in canonical JSON: sorted keys, no spaces, instants in UTC."""
    content: dict[str, Any] = {
        "event": entry.event,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor_id,
        "subject": [entry.subject_type, entry.subject_id, entry.subject_label],
        "cluster": entry.cluster_id,
        "data": entry.data,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def deliver_due(*, at: datetime, limit: int = 200) -> int:
    """Deliver what is due, one transaction each; returns how many were attempted.

    Rows are taken with SKIP LOCKED, so any number of workers may run this at once. A handler that raises is tried again
    with back-off (see `rules.retry_after`) and its own writes are rolled back; after the last attempt it is failed.
    """
    for attempted in range(limit):
        if not _deliver_one(at):
            return attempted
    return limit


@transaction.atomic
def retry_delivery(*, delivery_id: int, actor: AbstractBaseUser, at: datetime) -> Delivery:
    """Put a failed delivery back in line, with a fresh set of attempts. The door has asked whether `actor` may."""
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("entry").filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("There is no such delivery.", next_step="Go back to the list of failed deliveries.")
    _retry(delivery, actor=actor, at=at)
    return delivery


@transaction.atomic
def retry_failed(
    *, actor: AbstractBaseUser, at: datetime, delivery_ids: Iterable[int] | None = None, limit: int = 1_000
) -> int:
    """Put the failed ones among `delivery_ids` (None: the oldest `limit` of all) back in line; returns how many.

    One that somebody else has put back meanwhile is left alone, so asking twice does nothing twice.
    """
    failed = Delivery.objects.select_for_update(of=("self",)).filter(state=DeliveryState.FAILED)
    if delivery_ids is not None:
        failed = failed.filter(pk__in=list(delivery_ids))
    found = list(failed.select_related("entry").order_by("pk")[:limit])
    for delivery in found:
        _retry(delivery, actor=actor, at=at)
    return len(found)


def take_slot(*, job: str, every: timedelta, at: datetime) -> bool:
    """Take the current turn of `job`; False when another process has it.

    Turns are the multiples of `every` since 1970 in UTC, so two beats a moment apart mean the same turn.
    """
    turn_at = datetime.fromtimestamp(at.timestamp() // every.total_seconds() * every.total_seconds(), tz=UTC)
    with connection.cursor() as cursor:
        # One statement: whoever inserts has the turn. (bulk_create with ignore_conflicts does not say who that was.)
        cursor.execute(
            "INSERT INTO journal_slot (job, turn_at, taken_at) VALUES (%s, %s, now()) ON CONFLICT DO NOTHING",
            [job, turn_at],
        )
        return bool(cursor.rowcount == 1)


@transaction.atomic
def forget_old_slots(*, at: datetime) -> int:
    """Delete the slots nobody can ask for any more (see `rules.SLOT_KEPT`); returns how many."""
    return Slot.objects.filter(turn_at__lt=at - rules.SLOT_KEPT).delete()[0]


def _deliver_one(at: datetime) -> bool:
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("entry")
            .filter(state=DeliveryState.WAITING, next_attempt_at__lte=at)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return False
        delivery.attempts += 1
        handler, _ = _subscribers.get(delivery.subscriber, (_nobody, None))
        delivery.entry.heard_at = max(at, delivery.entry.at)
        try:
            with transaction.atomic():
                handler(delivery.entry)
        except Exception as error:  # noqa: BLE001  # one bad handler must not stop the line
            _postpone(delivery, error, at)
        else:
            _move(delivery, DeliveryState.DONE)
            delivery.done_at, delivery.last_error = at, ""
        delivery.save(update_fields=["state", "attempts", "next_attempt_at", "last_error", "done_at"])
    return True


def _retry(delivery: Delivery, *, actor: AbstractBaseUser, at: datetime) -> None:
    _move(delivery, DeliveryState.WAITING)
    delivery.attempts, delivery.next_attempt_at = 0, at
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    event = DeliveryRetried(delivery_id=delivery.pk, entry_id=delivery.entry_id, subscriber=delivery.subscriber)
    record(event, subject=delivery, actor=actor, at=at, cluster_id=delivery.entry.cluster_id)
    _wake_up_on_commit()


def _postpone(delivery: Delivery, error: Exception, at: datetime) -> None:
    delivery.last_error = f"{type(error).__name__}: {error}"[:2000]
    wait = rules.retry_after(delivery.attempts)
    if wait is None:
        _move(delivery, DeliveryState.FAILED)
        logger.error("Delivery %s to %s failed for good.", delivery.pk, delivery.subscriber, exc_info=error)
    else:
        delivery.next_attempt_at = at + wait


def _nobody(entry: Entry) -> None:
    raise LookupError(f"Nobody subscribes any more to {entry.event} under this name.")


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("journal.record needs the transaction of the action it tells about.")


def _entry_of(
    event: Event, *, subject: models.Model, actor: AbstractBaseUser | None, at: datetime, cluster_id: int | None
) -> Entry:
    entry = Entry(
        event=event.name(),
        at=at,
        actor_id=actor.pk if actor else None,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_label=str(subject)[:300],
        cluster_id=cluster_id if cluster_id is not None else _cluster_of(subject),
        data=event.data(),
    )
    entry.digest = digest_of(entry)
    return entry


def _have_delivered(entries: Iterable[Entry], at: datetime) -> None:
    """One delivery of each entry for every subscriber that hears its event."""
    owed = [
        Delivery(entry=entry, subscriber=name, next_attempt_at=at)
        for entry in entries
        for name, (_, events) in _subscribers.items()
        if events is None or entry.event in events
    ]
    Delivery.objects.bulk_create(owed, batch_size=AT_ONCE)
    if owed:
        _wake_up_on_commit()


def _move(delivery: Delivery, target: DeliveryState) -> None:
    DELIVERY.require(delivery.state, target)
    delivery.state = target


def _cluster_of(subject: models.Model) -> int | None:
    found: int | None = getattr(subject, "cluster_id", None)
    return found


def _wake_up_on_commit() -> None:
    """Ask for one wake-up after this transaction, however many entries it writes."""
    if not any(waiting is _wake_up for _, waiting, *_ in connection.run_on_commit):
        transaction.on_commit(_wake_up)


def _wake_up() -> None:
    """Ask a worker to deliver now. Without Redis the heartbeat does it later, so a failure here is only a delay.

    After a failure nobody asks for a moment: where the broker is gone, only one commit in many pays for finding out.
    """
    from apps.journal.tasks import deliver

    if time.monotonic() < _broker["quiet_until"]:
        return
    try:
        deliver.apply_async(ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the broker's client raises, the commit stands
        _broker["quiet_until"] = time.monotonic() + QUIET_S
        logger.warning("No wake-up sent (%s); the heartbeat will deliver.", type(error).__name__)
