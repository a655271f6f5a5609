"""Conflicts: found anew whenever an input moves, accepted with a reason, resolved when they are gone."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_conflict
from apps.cab.actions.rounds import schedule_if_ready
from apps.cab.models import Change, Conflict, ConflictOverflow, ConflictRecheck
from apps.cab.queries import boards
from apps.cab.queries import conflicts as queries
from apps.cab.rules.conflicts import Found
from apps.cab.states import ConflictState
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, WrongState

_TURN = 0x6361_6266  # the advisory lock under which conflicts are found, one change after the other
LONGEST_REASON = 4000


@transaction.atomic
def recheck_change(*, change_id: int, at: datetime) -> int:
    """Find the change's conflicts anew and keep what differs; returns how many conflicts moved. Safe to run twice.

    A conflict that is new, that came back, or whose inputs differ from those it was accepted on, is open; one that is
    no longer found is resolved. Both sides of a pair are covered: the other change need not be asked too.
    """
    take_turn()  # two changes found at once would each wait for the other's half of their pair
    ConflictRecheck.objects.filter(change=change_id).delete()  # before reading: what is marked meanwhile comes again
    change = Change.objects.select_related("cluster", "implementer").defer("search").filter(pk=change_id).first()
    if change is None:
        return 0
    over = change.window_end_at is not None and change.window_end_at <= at
    findings = queries.Findings() if over else queries.found_for(change)
    _note_overflow(change_id, is_cut=findings.is_cut)
    found = {one.key: one for one in findings.rows}
    rows = Conflict.objects.select_for_update(of=("self",)).of_change(change_id)
    kept = {_key(row, change_id): row for row in rows.with_both()}
    moved = sum(_resolve(row, at=at) for key, row in kept.items() if key not in found)
    return moved + sum(_keep(change, one, kept.get(key), at=at) for key, one in found.items())


def take_turn() -> None:
    """Wait until no other transaction finds conflicts or takes a slot; held until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def mark_for_recheck(*, changes: Iterable[int]) -> int:
    """Leave these changes to the job that looks at conflicts again; returns how many were named."""
    marks = [ConflictRecheck(change_id=pk) for pk in changes]
    ConflictRecheck.objects.bulk_create(marks, ignore_conflicts=True, batch_size=5_000)
    return len(marks)


@transaction.atomic
def mark_all_planned(*, at: datetime) -> int:
    """Leave everything planned, and every change that stands in a conflict, to the job."""
    standing_ones = Conflict.objects.exclude(state=ConflictState.RESOLVED)
    involved = Q(conflicts__in=standing_ones) | Q(conflicts_of_others__in=standing_ones)
    rows = queries.planned_at(at).values_list("pk", flat=True)
    also = Change.objects.filter(involved).values_list("pk", flat=True)
    return mark_for_recheck(changes=sorted({*rows, *also}))


@transaction.atomic
def accept_conflict(*, conflict_id: int, acceptor: Person, reason: str, at: datetime) -> Conflict:
    """Let an open conflict stand, with a reason.

    Refuses whoever wrote or carries out either of its changes (nobody accepts their own alone), others than board
    members and owners of a cluster concerned, hard freezes (they want an exception) and what is not open.
    """
    conflict = Conflict.objects.select_for_update(of=("self",)).visible_to(acceptor).filter(pk=conflict_id).first()
    if conflict is None:
        raise NotFound("There is no such conflict.", next_step="Open the change to see its conflicts.")
    _require_may_accept(conflict, acceptor)
    reason = _required_reason(reason)
    move_conflict(conflict, ConflictState.ACCEPTED, at=at)
    conflict.accepted_by, conflict.accepted_at, conflict.accepted_reason = acceptor, at, reason
    conflict.save()
    for change in _sides(conflict):
        event = events.ConflictAccepted(change_id=change.pk, conflict_id=conflict.pk, reason=reason)
        journal.record(event, subject=change, actor=acceptor, at=at)
    return conflict


@transaction.atomic
def schedule_when_clear(*, change_id: int, at: datetime) -> bool:
    """Put an authorized change into the calendar once no conflict stops it any more; False when something else does."""
    return schedule_if_ready(locked_change(change_id), actor=None, at=at)


def _note_overflow(change_id: int, *, is_cut: bool) -> None:
    if is_cut:
        ConflictOverflow.objects.get_or_create(change_id=change_id)
    else:
        ConflictOverflow.objects.filter(change=change_id).delete()


def _key(row: Conflict, change_id: int) -> tuple[str, int | None, int | None, int | None]:
    other = row.change_id if row.other_id == change_id else row.other_id
    return (row.kind, other, row.window_id, row.freeze_id)


def _keep(change: Change, one: Found, row: Conflict | None, *, at: datetime) -> bool:
    if row is None:
        row = _new(change, one, at=at)
    elif row.digest == one.digest and row.state != ConflictState.RESOLVED:
        return False
    else:
        was_open = row.state == ConflictState.OPEN
        row.details, row.digest, row.is_stopping = dict(one.details), one.digest, one.is_stopping
        if was_open:
            row.save(update_fields=["details", "digest", "is_stopping"])
            return False
        move_conflict(row, ConflictState.OPEN, at=at)
        row.found_at, row.accepted_by, row.accepted_at, row.accepted_reason = at, None, None, ""
        row.save()
    _tell(row, events.ConflictFound, at=at)
    return True


def _new(change: Change, one: Found, *, at: datetime) -> Conflict:
    low, high = change.pk, one.other_id
    if high is not None and high < low:
        low, high = high, low
    return Conflict.objects.create(
        change_id=low,
        other_id=high,
        window_id=one.window_id,
        freeze_id=one.freeze_id,
        kind=one.kind,
        details=dict(one.details),
        digest=one.digest,
        is_stopping=one.is_stopping,
        found_at=at,
    )


def _resolve(row: Conflict, *, at: datetime) -> bool:
    if row.state == ConflictState.RESOLVED:
        return False
    move_conflict(row, ConflictState.RESOLVED, at=at)
    row.save()
    _tell(row, events.ConflictResolved, at=at)
    return True


def _tell(row: Conflict, event: type[events.ConflictFound] | type[events.ConflictResolved], *, at: datetime) -> None:
    for change in _sides(row):
        told: Event = event(change_id=change.pk, conflict_id=row.pk, kind=row.kind)
        journal.record(told, subject=change, actor=None, at=at)


def _sides(conflict: Conflict) -> list[Change]:
    return [conflict.change, *([conflict.other] if conflict.other else [])]


def _require_may_accept(conflict: Conflict, person: Person) -> None:
    person.require(Capability.PROPOSE_CHANGE, to="accept conflicts")
    sides = _sides(conflict)
    if any(person.pk in boards.barred_from(change) for change in sides):
        raise NotAllowed(
            "You cannot accept a conflict of your own change.",
            next_step="A board member or the owner of the cluster who wrote neither change accepts it.",
            code="own_change",
        )
    if not person.may(Capability.TRIAGE_CHANGE) and not any(standing(person, one.cluster).may_own for one in sides):
        raise NotAllowed("You may not accept conflicts.", next_step="Ask a board member or the cluster's owner.")
    if not conflict.may_be_accepted:
        raise WrongState(
            "A hard freeze is not accepted away.", next_step="Move the window, or ask for an exception from the freeze."
        )


def _required_reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise Invalid(
            "Accepting a conflict needs a reason.",
            next_step="Say why both may happen at once.",
            fields={"reason": ["Missing."]},
        )
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            f"The reason has {len(reason):,} characters.",
            next_step=f"Say it in at most {LONGEST_REASON:,}.",
            fields={"reason": ["Too long."]},
        )
    return reason
