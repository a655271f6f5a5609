"""Files on disk that no row names: what a rolled back transaction, a killed process or a removal left behind."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Manager

from apps.cab.models import Attachment, ImportRun
from apps.cab.rules.attachments import RESTORABLE, STRAY_AFTER

FOLDERS: dict[str, Manager[Any]] = {
    "attachments": Attachment.with_removed,  # a removed one may come back
    "imports": ImportRun.objects,
}
BATCH = 500


def remove_stray_files(*, at: datetime) -> int:
    """Delete the files that no attachment and no import names and that are older than STRAY_AFTER; returns how many.

    Attachments whose removal can no longer be undone are forgotten first.

    A file is written before its transaction commits, and no rollback takes it back; younger ones may belong to a
    transaction that is still open. Safe to run twice and beside itself.
    """
    Attachment.with_removed.filter(removed_at__lte=at - RESTORABLE).delete()
    removed = 0
    for folder, rows in FOLDERS.items():
        old = (name for name in _stored(folder) if _is_old(name, at))
        while names := list(islice(old, BATCH)):
            removed += _remove_unnamed(names, rows, at=at)
    return removed


def _remove_unnamed(names: list[str], rows: Manager[Any], *, at: datetime) -> int:
    named = set(rows.filter(file__in=names).values_list("file", flat=True))
    # Asked again: another process may have removed it meanwhile, and a new upload taken the name.
    stray = [one for one in names if one not in named and _is_old(one, at)]
    for name in stray:
        default_storage.delete(name)
    return len(stray)


def _stored(folder: str) -> Iterator[str]:
    """The names of all files below a folder of the storage."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in files)
    for inside in folders:
        yield from _stored(f"{folder}/{inside}")


def _is_old(name: str, at: datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < at - STRAY_AFTER
    except FileNotFoundError:
        return False
