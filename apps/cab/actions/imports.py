"""Importing changes from files: begin, work off in slices (each with its place in one transaction), finish or fail.

A run that dies is continued where it stands: `done_rows` is committed together with the rows it counts.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import IO, Any

from django.core.files.base import File
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.imported import Result, Sighted, SliceWriter
from apps.cab.actions.moves import move_import
from apps.cab.formats.mapping import Mapped, Mapper
from apps.cab.formats.maps import ColumnMap, checked
from apps.cab.formats.records import Flaw, Record, shown
from apps.cab.models import Change, ImportRejection, ImportRun, ImportState, Reversal
from apps.cab.states import Outcome
from apps.clusters.models import Cluster
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, Refusal

logger = logging.getLogger(__name__)

SLICE_ROWS = (
    2_000  # a slice is a transaction: large enough for bulk writes, small enough to lose little and hold locks briefly
)
FAILS_WITHIN = timedelta(days=7)  # a later undoing is mostly planned: the change had done its work

OpenRecords = Callable[[], Iterator[Record]]


@dataclass
class Standing:
    """What a worker remembers between slices: who it is in the file, and which ids it has seen."""

    mapper: Mapper
    at_row: int
    seen: dict[str, int] = field(default_factory=dict)


def begin_import(
    *,
    file_name: str,
    sha256: str,
    column_map: ColumnMap,
    source: str,
    cluster: str,
    is_dry: bool,
    open_records: OpenRecords,
    importer: Person | None,
    at: datetime,
    file: "File[bytes] | None" = None,
) -> ImportRun:
    """Note a new run over a file, after reading it once: one that cannot be read is refused here, and nothing is kept.

    `importer` None is the house itself (an operator at the command line). `cluster` is the slug that governs records
    which name none. `file` is kept when it came by upload.
    """
    if importer:
        importer.require(Capability.IMPORT, to="import changes")
    governing = find_cluster(cluster or str(column_map.data.get("cluster", "")), importer)
    total = sum(1 for _ in open_records())
    if not total:
        raise Invalid(f"{file_name[:80]} holds no records.", next_step="Choose another file.")
    run = ImportRun(
        file_name=file_name[-300:],
        file_sha256=sha256,
        map_name=column_map.name,
        map={**column_map.data, "cluster": governing.slug},
        source=(source or column_map.source)[:80],
        is_dry=is_dry,
        total_rows=total,
        started_by=importer,
        started_at=at,
    )
    return _kept(run, file, at=at)


@transaction.atomic
def _kept(run: ImportRun, file: "File[bytes] | None", *, at: datetime) -> ImportRun:
    if file is not None:
        file.seek(0)
        run.file.save(f"{run.file_sha256[:16]}.import", file, save=False)
    run.save()
    if file is not None:
        transaction.on_commit(_wake_up)
    event = events.ImportBegun(run_id=run.pk, source=run.source, file_sha256=run.file_sha256, is_dry=run.is_dry)
    journal.record(event, subject=run, actor=run.started_by, at=at)
    return run


def find_cluster(slug: str, importer: Person | None) -> Cluster:
    """The cluster imported changes belong to; refuses one that is missing or that the importer may not know of."""
    if not slug:
        raise Invalid(
            "Nothing says which cluster the changes belong to.",
            next_step="Name a cluster (--cluster at the command line), or write it in the map.",
            fields={"cluster": ["Choose a cluster."]},
        )
    rows = Cluster.objects.visible_to(importer) if importer else Cluster.objects.all()
    found = rows.filter(slug__iexact=slug).first()
    if found is None:
        raise Invalid(
            f"There is no cluster “{slug[:80]}”.",
            next_step="Found it first, or name another.",
            fields={"cluster": ["Unknown cluster."]},
        )
    return found


def work_off(
    *,
    run_id: int,
    open_records: OpenRecords,
    on_slice: Callable[[ImportRun], None] = lambda _: None,
    until: datetime | None = None,
) -> ImportRun:
    """Continue a run from where it stands to its end, or to the first slice after `until`; returns it as it then is.

    Safe beside itself: whoever finds that another worker has gone on stops with a Conflict and has written nothing.
    A file that turns out unreadable fails the run; slices already written stay.
    """
    run = ImportRun.objects.get(pk=run_id)
    standing = Standing(Mapper(checked(run.map), run.source), run.done_rows)
    try:
        records = open_records()
        for record in islice(records, run.done_rows):
            _see(standing, record)
        while batch := list(islice(records, SLICE_ROWS)):
            run = import_slice(run_id=run_id, standing=standing, records=batch, at=timezone.now())
            on_slice(run)
            if until and timezone.now() > until:
                return run
    except Conflict:
        raise
    except Refusal as refusal:
        return fail_import(run_id=run_id, reason=str(refusal), at=timezone.now())
    return finish_import(run_id=run_id, at=timezone.now())


@transaction.atomic
def import_slice(*, run_id: int, standing: Standing, records: Sequence[Record], at: datetime) -> ImportRun:
    """Write one slice of records and, in the same transaction, that they are done."""
    run = _taken(run_id, standing.at_row)
    fitting, flaws = _mapped(standing, records)
    writer = SliceWriter(run, find_cluster(run.map["cluster"], run.started_by), _clusters(run, fitting), at=at)
    result = writer.write(fitting)
    flaws += [(one.row, one.place, [flaw]) for one, flaw in result.rejected]
    _keep_rejections(run, flaws)
    move_import(run, ImportState.RUNNING, at=at)
    run.done_rows += len(records)
    run.created_rows += result.created
    run.updated_rows += result.updated
    run.unchanged_rows += result.unchanged
    run.rejected_rows += len(flaws)
    run.save()
    _tell(run, result, len(flaws), at=at)
    standing.at_row = run.done_rows
    return run


@transaction.atomic
def finish_import(*, run_id: int, at: datetime) -> ImportRun:
    """Close a run that has come to the end of its file, and link the changes that undid others."""
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if run.is_over:
        return run
    reversals = 0 if run.is_dry else _link_reversals(run)
    move_import(run, ImportState.DONE, at=at)
    run.total_rows = run.done_rows
    run.save()
    event = events.ImportFinished(
        run_id=run.pk,
        created=run.created_rows,
        updated=run.updated_rows,
        unchanged=run.unchanged_rows,
        rejected=run.rejected_rows,
        reversals=reversals,
    )
    journal.record(event, subject=run, actor=run.started_by, at=at)
    return run


@transaction.atomic
def fail_import(*, run_id: int, reason: str, at: datetime) -> ImportRun:
    """End a run that cannot go on, with the sentence that says why."""
    run = ImportRun.objects.select_for_update().get(pk=run_id)
    if not run.is_over:
        move_import(run, ImportState.FAILED, at=at)
        run.failure = reason
        run.save()
        journal.record(events.ImportFailed(run_id=run.pk, reason=reason), subject=run, actor=run.started_by, at=at)
    return run


def open_upload(run: ImportRun, *, most: int) -> Iterator[Record]:
    """The records of a run's uploaded file; `most` bounds what it may unpack to, in bytes."""
    stream: IO[bytes] = run.file.open("rb")
    with stream:
        yield from checked(run.map).records(stream, name=run.file_name, most=most)


def continue_uploads(*, until: datetime, most: int) -> int:
    """Work off uploaded runs that are not over, oldest first, until `until`; returns how many came to their end.

    Any number of workers may run this at once. A run on which something unforeseen happens is left where it stands, for
    the next turn, and does not stop the others.
    """
    waiting = ImportRun.objects.filter(state__in=[ImportState.WAITING, ImportState.RUNNING]).exclude(file="")
    over = 0
    for run in waiting.exclude(file=None).order_by("pk"):
        try:
            worked = work_off(run_id=run.pk, open_records=partial(open_upload, run, most=most), until=until)
        except Conflict:
            continue
        except Exception:
            logger.exception("Import %s stopped at row %s; the next turn tries again.", run.pk, run.done_rows)
            continue
        over += worked.is_over
        if timezone.now() > until:
            break
    return over


def _wake_up() -> None:
    """Ask a worker to begin now. Without Redis the schedule does it later, so a failure here is only a delay."""
    from apps.cab.tasks import continue_imports

    try:
        continue_imports.apply_async(ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the broker's client raises, the commit stands
        logger.warning("No wake-up sent (%s); the schedule will continue the import.", type(error).__name__)


def _taken(run_id: int, at_row: int) -> ImportRun:
    """The run under its lock, when nobody else holds it or has gone on with it."""
    run = ImportRun.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=run_id).first()
    if run is None or run.is_over or run.done_rows != at_row:
        raise Conflict(
            "Another process has gone on with this import.",
            next_step="Leave it to that one; its progress is on the imports page.",
        )
    return run


def _mapped(
    standing: Standing, records: Iterable[Record]
) -> tuple[list[Sighted], list[tuple[int, str, Sequence[Flaw]]]]:
    """The records in our words; those that do not fit, or repeat an id of this file, with their flaws."""
    fitting: list[Sighted] = []
    flaws: list[tuple[int, str, Sequence[Flaw]]] = []
    for record in records:
        said = standing.mapper.apply(record)
        first = _see(standing, record)
        if not isinstance(said, Mapped):
            flaws.append((record.row, record.place, said))
        elif first != record.row:
            reason = f"Record {first:,} of this file has the same id; the first one counts."
            flaws.append((record.row, record.place, [Flaw("external_id", said.external_id, reason)]))
        else:
            fitting.append(Sighted(record.row, record.place, said))
    return fitting, flaws


def _see(standing: Standing, record: Record) -> int:
    """The row in which this record's id stood first."""
    known = standing.mapper.external_id(record)
    return standing.seen.setdefault(known, record.row) if known else record.row


def _clusters(run: ImportRun, records: Iterable[Sighted]) -> dict[str, Cluster]:
    """The clusters that records name, as far as the importer may know of them."""
    named = {one.said.cluster for one in records} - {""}
    if not named:
        return {}
    rows = Cluster.objects.visible_to(run.started_by) if run.started_by else Cluster.objects.all()
    return {cluster.slug: cluster for cluster in rows.filter(slug__in=named)}


def _keep_rejections(run: ImportRun, flaws: Sequence[tuple[int, str, Sequence[Flaw]]]) -> None:
    ImportRejection.objects.bulk_create(
        (
            ImportRejection(
                run=run,
                row=row,
                place=shown(place),
                field=flaw.field[:80],
                value=shown(flaw.value),
                reason=shown(flaw.reason),
            )
            for row, place, found in flaws
            for flaw in found
        ),
        ignore_conflicts=True,
    )


def _tell(run: ImportRun, result: Result, rejected: int, *, at: datetime) -> None:
    if run.is_dry or not (result.created or result.updated):
        return
    event = events.ChangesImported(
        run_id=run.pk,
        source=run.source,
        created=result.created,
        updated=result.updated,
        rejected=rejected,
        up_to_row=run.done_rows,
    )
    journal.record(event, subject=run, actor=run.started_by, at=at)


def _link_reversals(run: ImportRun) -> int:
    """Note which changes of the source undid which within FAILS_WITHIN; returns how many links are new.

    Measured from implementation to implementation; the undoing is not earlier. What undid a change is told in bulk, so
    this is one statement over the source's records and not one a row.
    """
    Reversal.objects.filter(undoing__imported__run=run).delete()
    with connection.cursor() as cursor:
        # The planner knows nothing yet of rows that have just come in bulk, and would choose nested loops.
        cursor.execute("ANALYZE cab_change, cab_importedrecord, cab_reversal")
        cursor.execute(
            """
            INSERT INTO cab_reversal (undone_id, undoing_id, "after", reason)
            SELECT earlier.id, later.id, later.implemented_at - earlier.implemented_at, undoing.revert_reason
              FROM cab_importedrecord AS undoing
             CROSS JOIN LATERAL unnest(undoing.reverts) AS named (id)
              JOIN cab_importedrecord AS undone ON undone.source = undoing.source AND undone.external_id = named.id
              JOIN cab_change AS later ON later.id = undoing.change_id
              JOIN cab_change AS earlier ON earlier.id = undone.change_id
             WHERE undoing.source = %s AND undoing.reverts <> '{}' AND later.id <> earlier.id
               AND later.implemented_at BETWEEN earlier.implemented_at
                                          AND earlier.implemented_at + make_interval(days => %s)
                ON CONFLICT DO NOTHING
            """,
            [run.source, FAILS_WITHIN.days],
        )
        linked: int = cursor.rowcount
    undone = Reversal.objects.filter(undone__source=run.source).values("undone")
    Change.objects.filter(pk__in=undone, outcome=Outcome.SUCCESSFUL).update(outcome=Outcome.BACKED_OUT)
    return linked


def counts(run: ImportRun) -> Mapping[str, Any]:
    """How many rows came to what."""
    return {
        "created": run.created_rows,
        "updated": run.updated_rows,
        "unchanged": run.unchanged_rows,
        "rejected": run.rejected_rows,
    }
