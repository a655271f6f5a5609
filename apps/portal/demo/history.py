"""What the demo organisation brought along: the last pages of an older register, as its export says them."""

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.cab.actions import imports
from apps.cab.formats.maps import ColumnMap, find_map
from apps.cab.formats.records import Record

LARGEST = 1 << 20  # bytes
COLUMNS = (
    "id,title,purpose,type,state,outcome,risk,cluster,components,requester,implementer,created_at,implemented_at,"
    "closed_at,reverts,revert_reason,unauthorized,latent"
)
# Days ago, and the row; DAY stands for the day it was carried out.
ROWS = (
    (61, "OLD-311,Larger disks for the stock database,It was four weeks from full,normal,closed,successful,2,logistics,warehouse-stock,Ines Duarte,Ole Brekke,DAY,DAY,DAY,,,no,no"),
    (57, "OLD-314,Shorter session time at sign-in,Asked for by the helpdesk,normal,closed,unsuccessful,3,identity,sign-in,Ole Brekke,Ole Brekke,DAY,DAY,DAY,,,yes,no"),
    (56, "OLD-315,Back to the longer session time,Staff were signed out in meetings,emergency,closed,successful,2,identity,sign-in,Ines Duarte,Ole Brekke,DAY,DAY,DAY,OLD-314,Staff were signed out in meetings,no,no"),
    (49, "OLD-320,Firmware of the label printers,Found at the stocktaking; nobody had written it down,standard,closed,successful_with_issues,1,logistics,label-printer,Ole Brekke,Ole Brekke,DAY,DAY,DAY,,,no,yes"),
    # The same work week after week: what the house suggests as a standard change.
    *((28 + 7 * week, f'OLD-{260 + week},"Recount of the warehouse stock, week {40 - week}",Shelves and register drift apart,normal,closed,successful,1,logistics,warehouse-stock,Ole Brekke,Ole Brekke,DAY,DAY,DAY,,,no,no') for week in range(17)),
    (48, "OLD-321,Second line to the warehouse,,normal,pondering,,2,logistics,dispatch,Ines Duarte,,DAY,,,,,no,no"),
)  # fmt: skip


def bring_along(people: dict[str, Person], *, at: datetime) -> None:
    """Import the register (one row of it does not fit), and a copy of it that is damaged when it is read again."""
    rows = [row.replace("DAY", f"{(at - timedelta(days=ago)).date()}T09:30:00Z") for ago, row in ROWS]
    content = "\n".join((COLUMNS, *rows, "")).encode()
    readings = {
        "old-register.csv": (content, content),
        "old-register-copy.csv": (content, content.replace(b"stocktaking", b"stock\xfftaking")),
    }
    for name, (first, again) in readings.items():
        _import(name, first, again, importer=people["priya"], at=at)


def _import(name: str, first: bytes, again: bytes, *, importer: Person, at: datetime) -> None:
    column_map = find_map("generic-csv")
    run = imports.begin_import(
        file_name=name,
        sha256=hashlib.sha256(first).hexdigest(),
        column_map=column_map,
        source="old-register",
        cluster="logistics",
        is_dry=False,
        open_records=_reading(column_map, name, first),
        importer=importer,
        at=at,
    )
    imports.work_off(run_id=run.pk, open_records=_reading(column_map, name, again))


def _reading(column_map: ColumnMap, name: str, content: bytes) -> Callable[[], Iterator[Record]]:
    return lambda: column_map.records(io.BytesIO(content), name=name, most=LARGEST)
