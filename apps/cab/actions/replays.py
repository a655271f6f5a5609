"""Replays of a policy's version on past changes: begin, go on chunk by chunk, finish, stop.

A replay that dies is continued where it stands: `last_change` is committed together with the rows it stands for.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.actions.moves import move_replay
from apps.cab.models import Change, Replay
from apps.cab.queries import replays as queries
from apps.cab.rules import replays as rules
from apps.cab.states import ReplayState
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotAllowed, NotFound, refusal_from_constraint
from apps.policies.models import PolicyVersion
from apps.policies.queries import may_write
from apps.policies.states import VersionState

logger = logging.getLogger(__name__)

CHUNK = 2_000  # changes of one transaction: large enough for bulk writes, small enough to lose little
CHUNK_ASKED = 10_000  # where expressions are asked: a child takes a quarter of a second before it answers the first
MONTH = timedelta(days=30.4375)  # the mean one
_COLUMNS = "replay_id, change_id, drafted, governed, happened, has_failed, is_certain"
KEPT = 2  # replays of a version that keep their rows beside the new one; older ones go, the journal names them


@transaction.atomic
def begin_replay(*, version_id: int, starter: Person, months: int, minutes: Mapping[str, int], at: datetime) -> Replay:
    """Begin to replay a version on the changes of the last `months` (1 to 240) that `starter` may see.

    `minutes` are those of a board for one change by kind of board (0 to 480); a kind left out takes the usual figure.
    Refused for who may not write the policy, and while the version is being replayed.
    """
    version = PolicyVersion.objects.select_related("policy__cluster").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version.", next_step="Open the policy to see its versions.")
    _require_may_replay(starter, version)
    rules.require_months(months)
    replay = Replay(
        version=version,
        rows=version.rows,
        digest=version.digest,
        in_force=list(
            PolicyVersion.objects.filter(state=VersionState.ENABLED).order_by("pk").values_list("pk", flat=True)
        ),
        months=months,
        since_at=at - months * MONTH,
        until_at=at,
        minutes=rules.require_minutes(minutes),
        started_by=starter,
        started_at=at,
    )
    replay.total = queries.replayed_changes(replay).count()
    _kept(replay)
    event = events.ReplayBegun(replay_id=replay.pk, version_id=version.pk, digest=version.digest, months=months)
    journal.record(event, subject=version.policy, actor=starter, at=at)
    transaction.on_commit(_wake_up)
    return replay


@transaction.atomic
def take_up(*, replay_id: int, at_change: int, at: datetime) -> Replay:
    """Note that a worker has the replay: its first chunk is told only when it is done.

    Refused with a Conflict when another worker has it.
    """
    replay = _taken(replay_id, at_change)
    move_replay(replay, ReplayState.RUNNING, at=at)
    replay.save(update_fields=["state"])
    return replay


@transaction.atomic
def replay_chunk(*, replay_id: int, engines: queries.Engines, at_change: int, at: datetime) -> Replay:
    """Replay the next changes and note, in the same transaction, that they are done; the last chunk ends the replay.

    Refused with a Conflict, and nothing written, when another worker has gone on from `at_change`.
    """
    replay = _taken(replay_id, at_change)
    size = CHUNK_ASKED if engines.has_expressions else CHUNK
    changes = queries.chunk_after(replay, size=size)
    # All rows first: asking anything while the stream is open would wait for itself.
    _write(list(_rows(replay, engines, changes)))
    replay.done += len(changes)
    replay.last_change = changes[-1].pk if changes else replay.last_change
    is_last = len(changes) < size
    move_replay(replay, ReplayState.DONE if is_last else ReplayState.RUNNING, at=at)
    if is_last:
        replay.total = replay.done
        event = events.ReplayFinished(
            replay_id=replay.pk, version_id=replay.version_id, digest=replay.digest, changes=replay.done
        )
        journal.record(event, subject=replay.version.policy, actor=replay.started_by, at=at)
    replay.save()
    return replay


@transaction.atomic
def cancel_replay(*, replay_id: int, person: Person, at: datetime) -> Replay:
    """Stop a replay; what it has found so far stays readable."""
    found = Replay.objects.select_for_update(of=("self",)).select_related("version__policy__cluster")
    replay = found.filter(pk=replay_id).first()
    if replay is None:
        raise NotFound("There is no such replay.", next_step="Open the policy to see its versions.")
    _require_may_replay(person, replay.version)
    move_replay(replay, ReplayState.CANCELLED, at=at)
    replay.save(update_fields=["state", "finished_at"])
    event = events.ReplayCancelled(replay_id=replay.pk, version_id=replay.version_id)
    journal.record(event, subject=replay.version.policy, actor=person, at=at)
    return replay


def work_off(*, replay_id: int, until: datetime | None = None) -> Replay:
    """Continue a replay from where it stands to its end, or to the first chunk after `until`; as it then is."""
    replay = Replay.objects.select_related("version__policy__cluster", "started_by").get(pk=replay_id)
    if replay.state == ReplayState.WAITING:
        replay = take_up(replay_id=replay_id, at_change=replay.last_change, at=timezone.now())
    engines = queries.Engines(replay)
    while not replay.is_over and (until is None or timezone.now() < until):
        replay = replay_chunk(replay_id=replay_id, engines=engines, at_change=replay.last_change, at=timezone.now())
    return replay


def continue_replays(*, until: datetime) -> int:
    """Go on with every replay that is not over, the oldest first, until `until`; returns how many came to their end.

    Any number of workers may run this at once. A replay on which something unforeseen happens is left where it stands.
    """
    waiting = Replay.objects.filter(state__in=[ReplayState.WAITING, ReplayState.RUNNING]).order_by("pk")
    over = 0
    for replay_id in list(waiting.values_list("pk", flat=True)):
        try:
            over += work_off(replay_id=replay_id, until=until).is_over
        except Conflict:
            continue
        except Exception:
            logger.exception("Replay %s stopped; the next turn tries again.", replay_id)
    return over


def _rows(replay: Replay, engines: queries.Engines, changes: list[Change]) -> Iterator[tuple[Any, ...]]:
    """One row a change, in the order of _COLUMNS."""
    facts, taken = queries.facts_of_each(changes), queries.courses_taken(changes)
    engines.prepare((change.cluster_id, facts[change.pk]) for change in changes)
    for change in changes:
        drafted, is_certain = engines.drafted(change.cluster_id).course(facts[change.pk])
        governed, _ = engines.governed(change.cluster_id).course(facts[change.pk])
        has_failed = change.has_failed  # type: ignore[attr-defined]  # annotated by chunk_after
        yield replay.pk, change.pk, drafted, governed, taken.get(change.pk, ""), has_failed, is_certain


def _write(rows: list[tuple[Any, ...]]) -> None:
    """Write rows as a stream: a chunk of models and their INSERT cost more than all the asking."""
    with connection.cursor() as cursor, cursor.copy(f"COPY cab_replayedchange ({_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _taken(replay_id: int, at_change: int) -> Replay:
    """The replay under its lock, when nobody else holds it or has gone on with it."""
    found = Replay.objects.select_for_update(skip_locked=True, of=("self",))
    replay = found.select_related("version__policy__cluster", "started_by").filter(pk=replay_id).first()
    if replay is None or replay.is_over or replay.last_change != at_change:
        raise Conflict(
            "Another process has gone on with this replay, or it was stopped.",
            next_step="Leave it to that one; its progress is on the replay's page.",
        )
    return replay


def _kept(replay: Replay) -> None:
    try:
        with transaction.atomic():
            replay.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, Replay) from error
    older = Replay.objects.filter(version=replay.version, finished_at__isnull=False).order_by("-pk")
    Replay.objects.filter(pk__in=list(older.values_list("pk", flat=True)[KEPT:])).delete()


def _require_may_replay(person: Person, version: PolicyVersion) -> None:
    if not may_write(person, version.policy.cluster):
        raise NotAllowed(
            f"You may not replay {version}.",
            next_step="Ask someone who may write this policy; the finished replays are yours to read.",
        )


def _wake_up() -> None:
    """Ask a worker to begin now. Without Redis the schedule does it later, so a failure here is only a delay."""
    from apps.cab.tasks import continue_replays as task

    try:
        task.apply_async(ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the broker's client raises, the commit stands
        logger.warning("No wake-up sent (%s); the schedule will continue the replay.", type(error).__name__)
