"""Importing catalogues: upload and look first, then write, parcel by parcel, each in one transaction.

An import that dies is continued where it stands: `done_rows` is committed together with the rows it counts.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.actions.importing import import_catalog
from apps.clusters.actions.reading import is_unmapped, kept_options, read_upload, top_of_upload
from apps.clusters.formats import archives, catalog_csv
from apps.clusters.formats.catalog import Catalog
from apps.clusters.models import CatalogFormat, CatalogImport
from apps.clusters.queries import Plan, Status
from apps.clusters.queries.steps import Said, said_by
from apps.clusters.states import CATALOG, CatalogState
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Refusal, TooLarge, WrongState

logger = logging.getLogger(__name__)

PARCEL_ROWS = 2_000  # of one transaction: large enough for bulk writes, small enough to lose little
MOST_BYTES_AT_ONCE = 1024 * 1024  # unpacked; what is larger is read by a worker, not while somebody waits
MOST_STEPS = 500  # of a large upload that its page shows; the counts tell of all
MOST_REJECTIONS = 20_000


class TakenUp(Conflict):
    """Another process has gone on with the import: it is in good hands, and nothing is wrong with it."""


@transaction.atomic
def upload_catalog(
    *,
    file_name: str,
    content: bytes,
    catalog_format: str,
    options: Mapping[str, Any],
    uploader: Person,
    keep_unmapped: bool = False,
    at: datetime,
) -> tuple[CatalogImport, Plan | None]:
    """Keep an uploaded catalogue and say what importing it would do; the map itself stays as it is.

    A large one is read by a worker: then there is no plan yet, and its page shows when there is. Nor is there for a CSV
    that lacks a column it needs, which `keep_unmapped` keeps until somebody says which column is what.
    """
    rules.require_may_import(rules.Standing(uploader.capabilities))
    options = kept_options(catalog_format, options)
    files = archives.unpack(file_name, content)
    state = _first_state(files)
    if keep_unmapped and catalog_format == CatalogFormat.CSV and is_unmapped(files, options):
        state = CatalogState.MAPPING
    upload = CatalogImport(
        file_name=file_name[-200:],
        format=catalog_format,
        options=options,
        content=content,
        state=state,
        sha256=hashlib.sha256(content).hexdigest(),
        counts=Plan().counts(),
        uploader=uploader,
        uploaded_at=at,
    )
    plan = _compared(upload, read_upload(upload), at=at) if state == CatalogState.READY else None
    upload.save()
    event = events.CatalogUploaded(import_id=upload.pk, sha256=upload.sha256)
    journal.record(event, subject=upload, actor=uploader, at=at)
    if state == CatalogState.READING:
        transaction.on_commit(_wake_up)
    return upload, plan


def _first_state(files: Mapping[str, bytes]) -> CatalogState:
    is_large = sum(map(len, files.values())) > MOST_BYTES_AT_ONCE
    return CatalogState.READING if is_large else CatalogState.READY


@transaction.atomic
def choose_columns(*, import_id: int, person: Person, column_map: Mapping[str, Any], at: datetime) -> CatalogImport:
    """Say which column of an uploaded CSV is what, and compare it so; it may be said again until it is written."""
    upload = _locked(import_id, person)
    top_of_upload(upload)
    catalog_csv.read_map(column_map)
    upload.options = {**upload.options, "map": dict(column_map), "rows": column_map["rows"]}
    state = _first_state(archives.unpack(upload.file_name, bytes(upload.content or b"")))
    if state == CatalogState.READY:
        upload.steps = []
        _compared(upload, read_upload(upload), at=at)
    else:
        transaction.on_commit(_wake_up)
    _move(upload, state)
    upload.save()
    return upload


def _compared(upload: CatalogImport, catalog: Catalog, *, at: datetime) -> Plan:
    """Note on an upload what importing it would do."""
    plan = queries.plan_import(
        catalog, person=upload.uploader, found_clusters=_founds(upload), refuse_loose=_refuses_loose(upload), at=at
    )
    require_few_rejections(len(plan.rejections))
    upload.total_rows = len(catalog.rows())
    upload.counts, upload.rejections = plan.counts(), [asdict(rejection) for rejection in plan.rejections]
    if upload.total_rows > PARCEL_ROWS:
        upload.steps = [queries.told(step) for step in plan.having(Status.NEW, Status.CHANGED)[:MOST_STEPS]]
    return plan


def require_few_rejections(number: int) -> None:
    """Refuse a catalogue of which next to nothing fits: its report would help nobody."""
    if number > MOST_REJECTIONS:
        raise TooLarge(
            f"More than {MOST_REJECTIONS:,} rows do not fit.",
            next_step="It is another kind of file, or the column map is another's: import a part of it first.",
            code="too_many_rejections",
        )


@transaction.atomic
def apply_upload(*, import_id: int, importer: Person, at: datetime) -> CatalogImport:
    """Write an upload that was compared, against the map as it is now. Refuses a second time.

    One parcel is written here and now; more are left to a worker, and the upload tells how far that has come. One that
    is still being compared is written after that.
    """
    upload = _locked(import_id, importer)
    if upload.applied_at:
        raise WrongState("This catalogue has been imported.", next_step="Upload it again to import it once more.")
    upload.importer = importer
    if upload.state == CatalogState.READING:
        upload.save(update_fields=["importer"])
        return upload
    _queue(upload)
    if (upload.total_rows or 0) <= PARCEL_ROWS:
        catalog = read_upload(upload)
        _write_parcel(upload, next(catalog.parcels(size=PARCEL_ROWS)), {}, is_last=True, at=at)
    else:
        upload.save()
        transaction.on_commit(_wake_up)
    return upload


@transaction.atomic
def begin_import(
    *,
    file_name: str,
    content: bytes,
    catalog_format: str,
    options: Mapping[str, Any],
    importer: Person | None,
    at: datetime,
) -> tuple[CatalogImport, Catalog]:
    """Keep a catalogue that will be written without looking at it first, and say what it holds; nothing is written yet.

    The same once more, while the first was broken off, is the first: `write_out` goes on where that stands. `importer`
    None is the house itself.
    """
    if importer:
        rules.require_may_import(rules.Standing(importer.capabilities))
    upload = CatalogImport(
        file_name=file_name[-200:],
        format=catalog_format,
        options=kept_options(catalog_format, options),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        uploader=importer,
        importer=importer,
        uploaded_at=at,
    )
    catalog = read_upload(upload)
    same = {name: getattr(upload, name) for name in ("format", "options", "sha256", "uploader", "importer")}
    begun = CatalogImport.objects.waiting().filter(**same).exclude(state=CatalogState.READING).first()
    if begun:
        return begun, catalog
    upload.total_rows = len(catalog.rows())
    _queue(upload)
    upload.save()
    event = events.CatalogUploaded(import_id=upload.pk, sha256=upload.sha256)
    journal.record(event, subject=upload, actor=importer, at=at)
    return upload, catalog


@transaction.atomic
def cancel_import(*, import_id: int, person: Person, at: datetime) -> CatalogImport:
    """Stop an import, or give an upload up; what has been written stays."""
    upload = _locked(import_id, person)
    _end(upload, CatalogState.CANCELLED)
    event = events.ImportCancelled(import_id=upload.pk, done_rows=upload.done_rows)
    journal.record(event, subject=upload, actor=person, at=at)
    return upload


def continue_imports(*, until: datetime) -> int:
    """Go on with every upload that waits for a worker, the oldest first, until `until`; how many came to their end.

    Any number of workers may run this at once. One on which something unforeseen happens is left where it stands.
    """
    over = 0
    for import_id in list(CatalogImport.objects.waiting().values_list("pk", flat=True)):
        try:
            over += work_off(import_id=import_id, until=until).is_over
        except TakenUp:
            continue
        except Exception:
            logger.exception("Import %s stopped; the next turn tries again.", import_id)
        if timezone.now() > until:
            break
    return over


def work_off(*, import_id: int, until: datetime | None = None) -> CatalogImport:
    """Compare a large upload, or go on writing one from where it stands, to its end or the first parcel after `until`.

    Refused with `TakenUp` when another worker has it. An upload that turns out unreadable fails, with the reason.
    """
    upload = CatalogImport.objects.select_related("uploader", "importer").get(pk=import_id)
    try:
        catalog = read_upload(upload)
        if upload.state == CatalogState.READING:
            upload = compare_upload(import_id=import_id, catalog=catalog, at=timezone.now())
    except TakenUp:
        raise
    except Refusal as refusal:
        return _failed(import_id, refusal)
    return upload if upload.state == CatalogState.READY else write_out(upload, catalog, until=until)


def write_out(upload: CatalogImport, catalog: Catalog, *, until: datetime | None = None) -> CatalogImport:
    """Go on writing an upload, of which `catalog` is what it says: to its end, or the first parcel after `until`.

    Refused with `TakenUp` when another process has gone on with it. What cannot be written fails, with the reason.
    """
    said = said_by(catalog.rows()[: upload.done_rows])
    done, total = upload.done_rows, len(catalog.rows())
    try:
        for parcel in catalog.parcels(size=PARCEL_ROWS, after=done):
            size = len(parcel.rows())
            write = partial(
                import_parcel,
                import_id=upload.pk,
                parcel=parcel,
                said=said,
                at_row=done,
                is_last=done + size >= total,
            )
            upload = _twice(write)
            done += size
            if until and timezone.now() > until:
                break
    except TakenUp:
        raise
    except Refusal as refusal:
        return _failed(upload.pk, refusal)
    return upload


def _twice(write: Callable[..., CatalogImport]) -> CatalogImport:
    """Write; once more where somebody wrote the same names between the plan and the write, who then is in the plan."""
    try:
        return write(at=timezone.now())
    except TakenUp:
        raise
    except Conflict:
        return write(at=timezone.now())


def _failed(import_id: int, refusal: Refusal) -> CatalogImport:
    return fail_import(import_id=import_id, reason=f"{refusal.sentence} {refusal.next_step}", at=timezone.now())


@transaction.atomic
def compare_upload(*, import_id: int, catalog: Catalog, at: datetime) -> CatalogImport:
    """Note what importing a large upload would do."""
    upload = _taken(import_id, at_row=0, states=(CatalogState.READING,))
    _compared(upload, catalog, at=at)
    _move(upload, CatalogState.READY)
    if upload.importer:
        _queue(upload)
    upload.save()
    return upload


@transaction.atomic
def import_parcel(
    *, import_id: int, parcel: Catalog, said: Said, at_row: int, is_last: bool, at: datetime
) -> CatalogImport:
    """Write one parcel and, in the same transaction, that it is done; the last one ends the import."""
    upload = _taken(import_id, at_row=at_row, states=(CatalogState.WAITING, CatalogState.RUNNING))
    _write_parcel(upload, parcel, said, is_last=is_last, at=at)
    return upload


@transaction.atomic
def fail_import(*, import_id: int, reason: str, at: datetime) -> CatalogImport:
    """End an import that cannot go on, with the sentence that says why."""
    upload = CatalogImport.objects.select_for_update().get(pk=import_id)
    if not upload.is_over:
        upload.failure = reason
        _end(upload, CatalogState.FAILED)
        event = events.ImportEnded(import_id=upload.pk, done_rows=upload.done_rows, failure=reason)
        journal.record(event, subject=upload, actor=upload.importer, at=at)
    return upload


def _write_parcel(upload: CatalogImport, parcel: Catalog, said: Said, *, is_last: bool, at: datetime) -> None:
    plan = import_catalog(
        catalog=parcel,
        source=f"{upload.format}:{upload.file_name}",
        importer=upload.importer,
        uploader=upload.uploader,
        found_clusters=_founds(upload),
        refuse_loose=_refuses_loose(upload),
        import_id=upload.pk,
        said=said,
        at=at,
    )
    new = plan.counts()
    upload.counts = {
        what: {name: number + upload.counts.get(what, {}).get(name, 0) for name, number in told.items()}
        for what, told in new.items()
    }
    upload.rejections = [*upload.rejections, *map(asdict, plan.rejections)]
    require_few_rejections(len(upload.rejections))
    upload.done_rows += len(parcel.rows())
    _move(upload, CatalogState.RUNNING)
    if is_last:
        upload.applied_at = at
        event = events.ImportEnded(import_id=upload.pk, done_rows=upload.done_rows, failure="")
        journal.record(event, subject=upload, actor=upload.importer, at=at)
        _end(upload, CatalogState.DONE)
    else:
        upload.save()


def _founds(upload: CatalogImport) -> bool:
    return bool(upload.options.get("found_clusters"))


def _refuses_loose(upload: CatalogImport) -> bool:
    return bool(upload.options.get("refuse_loose"))


def _locked(import_id: int, person: Person) -> CatalogImport:
    queries.visible_import(import_id, person)
    rules.require_may_import(rules.Standing(person.capabilities))
    return (
        CatalogImport.objects.select_for_update(of=("self",)).select_related("importer", "uploader").get(pk=import_id)
    )


def _taken(import_id: int, *, at_row: int, states: Sequence[CatalogState]) -> CatalogImport:
    """The upload under its lock, when nobody else holds it or has gone on with it."""
    rows = CatalogImport.objects.select_for_update(skip_locked=True, of=("self",))
    upload = (
        rows.select_related("importer", "uploader").filter(pk=import_id, state__in=states, done_rows=at_row).first()
    )
    if upload is None:
        raise TakenUp(
            "Another process has gone on with this import, or it was stopped.",
            next_step="Leave it to that one; its progress is on the import's page.",
        )
    return upload


def _queue(upload: CatalogImport) -> None:
    _move(upload, CatalogState.WAITING)
    upload.rejections, upload.counts, upload.steps = [], Plan().counts(), []


def _end(upload: CatalogImport, state: CatalogState) -> None:
    _move(upload, state)
    upload.content = None
    upload.save()


def _move(upload: CatalogImport, state: CatalogState) -> None:
    CATALOG.require(upload.state, state)
    upload.state = state


def _wake_up() -> None:
    """Ask a worker to begin now. Without Redis the schedule does it later, so a failure here is only a delay."""
    from apps.clusters.tasks import continue_imports as task

    try:
        task.apply_async(ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the broker's client raises, the commit stands
        logger.warning("No wake-up sent (%s); the schedule will continue the import.", type(error).__name__)
