"""`import_changes`: what a file says becomes changes, once; what it may not say is reported."""

import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import CommandError
from django.db import connection

from apps.accounts.models import Person, PersonKind
from apps.cab.actions import imports
from apps.cab.models import Change, ImportedRecord, ImportRun, ImportState, Reversal, Revision
from apps.cab.queries import changes as questions
from apps.cab.rules.revisions import digest_of
from apps.clusters.models import Component
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict
from tests.cab.importing import csv_file, reasons, run_import

pytestmark = pytest.mark.django_db


def test_a_row_becomes_a_change_with_people_components_and_a_first_revision(tmp_path, payments):
    row = {"id": "A-1", "requester": " @Grace H ", "components": "svc/ledger;svc/mail", "purpose": "Why not."}
    row |= {"created_at": "2026-01-05T10:00:00+01:00", "implemented_at": "2026-01-06 12:00", "outcome": "successful"}
    run = run_import(csv_file(tmp_path, row))
    change = Change.objects.get()
    assert (run.state, run.created_rows, run.rejected_rows) == (ImportState.DONE, 1, 0)
    assert (change.source, change.external_id, change.state, change.outcome) == (
        "generic",
        "A-1",
        "closed",
        "successful",
    )
    assert change.created_at == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert change.implemented_at == datetime(2026, 1, 6, 12, tzinfo=UTC)
    assert change.requester.handle == "generic:grace.h"
    assert change.requester.kind == PersonKind.RECORDED
    assert not change.requester.has_usable_password() or not change.requester.check_password("!")
    assert {one.slug for one in payments.components.all()} == {"svc/ledger", "svc/mail"}
    revision = change.revisions.get()
    assert revision.content == questions.content_of(change)
    assert revision.digest == digest_of(revision.content)


def test_importing_again_changes_nothing(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1", "components": "a;b"}, {"id": "2", "reverts": "1"})
    run_import(path)
    before = [Change.objects.count(), Revision.objects.count(), Component.objects.count(), Person.objects.count()]
    run = run_import(path)
    assert (run.created_rows, run.updated_rows, run.unchanged_rows) == (0, 0, 2)
    assert [
        Change.objects.count(),
        Revision.objects.count(),
        Component.objects.count(),
        Person.objects.count(),
    ] == before


def test_a_row_that_says_something_else_becomes_a_new_revision(tmp_path, payments):
    run_import(csv_file(tmp_path, {"id": "1", "purpose": "old", "components": "a"}))
    run = run_import(csv_file(tmp_path, {"id": "1", "purpose": "new", "components": "b"}))
    change = Change.objects.get()
    assert run.updated_rows == 1
    assert (change.revision, change.purpose) == (2, "new")
    assert list(change.components.values_list("slug", flat=True)) == ["b"]
    assert change.revisions.get(number=2).is_material


def test_a_change_that_went_before_a_board_is_no_longer_taken_from_a_file(tmp_path, payments, board, noon):
    run_import(csv_file(tmp_path, {"id": "1", "purpose": "old"}))
    change = Change.objects.get()
    change.rounds.create(number=1, board=board, revision=1, opened_at=noon, closes_at=noon, rule={})
    run = run_import(csv_file(tmp_path, {"id": "1", "purpose": "new"}))
    assert run.updated_rows == 0
    assert "before a board" in reasons(run)[1][1]
    change.refresh_from_db()
    assert change.purpose == "old"


def test_a_dry_run_says_the_same_and_writes_no_change(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1"}, {"id": "2", "created_at": "2026-02-30"})
    run = run_import(path, dry_run=True)
    assert (run.created_rows, run.rejected_rows) == (1, 1)
    assert not Change.objects.exists()
    assert not Person.objects.filter(kind=PersonKind.RECORDED).exists()


def test_the_second_of_two_rows_with_one_id_is_rejected_also_when_imported_again(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1", "purpose": "first"}, {"id": "1", "purpose": "second"})
    for _ in range(2):
        run = run_import(path)
        assert reasons(run) == {2: ("external_id", "Record 1 of this file has the same id; the first one counts.")}
        assert Change.objects.get().purpose == "first"


def test_rejections_name_row_place_field_value_and_reason_and_no_cell_is_a_formula(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1", "created_at": "=2+3"}, {"id": "2"}, {"id": "", "title": "x"})
    run_import(path, rejects=tmp_path / "rejects.csv")
    with (tmp_path / "rejects.csv").open(newline="", encoding="utf-8") as file:
        first, second = list(csv.DictReader(file))
    assert first["row"] == "1"
    assert first["place"] == "changes.csv, line 2"
    assert (first["field"], first["value"]) == ("created_at", "'=2+3")
    assert second["field"] == "external_id"
    assert Change.objects.count() == 1


def test_a_formula_in_a_title_stays_text(tmp_path, payments):
    run_import(csv_file(tmp_path, {"id": "1", "title": "=HYPERLINK(1)"}))
    assert Change.objects.get().title == "=HYPERLINK(1)"


def test_a_gzipped_file_reads_the_same(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1"})
    packed = tmp_path / "changes.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert run_import(packed).created_rows == 1


def test_undoing_within_seven_days_is_a_failure_and_later_is_not(tmp_path, payments):
    first = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {"id": "a", "implemented_at": first.isoformat(), "outcome": "successful"},
        {"id": "b", "implemented_at": first.isoformat(), "outcome": "successful"},
        {"id": "undo a", "implemented_at": (first + timedelta(days=7)).isoformat(), "reverts": "a"},
        {"id": "undo b", "implemented_at": (first + timedelta(days=7, seconds=1)).isoformat(), "reverts": "b"},
        {"id": "undo c", "implemented_at": first.isoformat(), "reverts": "not in the file"},
    ]
    run_import(csv_file(tmp_path, *rows))
    link = Reversal.objects.get()
    assert (link.undone.external_id, link.undoing.external_id, link.after) == ("a", "undo a", timedelta(days=7))
    assert link.undone.outcome == "backed_out"
    assert Change.objects.get(external_id="b").outcome == "successful"


def test_one_journal_entry_for_a_slice_and_not_one_for_a_row(tmp_path, payments):
    run_import(csv_file(tmp_path, *({"id": str(number)} for number in range(50))))
    assert Entry.objects.filter(event="cab.ChangesImported").count() == 1


def test_an_unknown_cluster_or_map_is_refused_with_the_next_step(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1"})
    with pytest.raises(CommandError, match=r"no cluster “nowhere”.*Found it first"):
        run_import(path, cluster="nowhere")
    with pytest.raises(CommandError, match=r"no map called “nothing”.*generic-csv"):
        run_import(path, column_map="nothing")
    assert not ImportRun.objects.exists()


def test_a_run_that_broke_off_is_continued_where_it_stands(tmp_path, payments, monkeypatch):
    monkeypatch.setattr(imports, "SLICE_ROWS", 4)
    path = csv_file(tmp_path, *({"id": str(number)} for number in range(10)), {"id": "3"})

    def broken(run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("apps.cab.management.commands.import_changes.Command._progress", lambda self, *_: broken(None))
        with pytest.raises(KeyboardInterrupt):
            run_import(path)
    assert ImportRun.objects.get().done_rows == 4
    run = run_import(path)
    assert ImportRun.objects.count() == 1
    assert (run.state, run.done_rows, run.created_rows) == (ImportState.DONE, 11, 10)
    assert list(reasons(run)) == [11]  # the repeated id is known although its first row was read before the break


def test_a_second_worker_on_the_same_run_stops_and_writes_nothing(tmp_path, payments):
    run = run_import(csv_file(tmp_path, {"id": "1"}))
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.RUNNING, finished_at=None, done_rows=7)
    standing = imports.Standing(imports.Mapper(imports.checked(run.map), run.source), at_row=0)
    with pytest.raises(Conflict, match="Another process"):
        imports.import_slice(run_id=run.pk, standing=standing, records=[], at=datetime.now(UTC))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_minus_nine_loses_and_doubles_nothing(tmp_path, payments):
    path = csv_file(tmp_path, *({"id": str(number), "components": f"c/{number % 7}"} for number in range(9_000)))
    command = [
        sys.executable,
        "manage.py",
        "import_changes",
        str(path),
        "--map",
        "generic-csv",
        "--cluster",
        "payments",
    ]
    place = connection.settings_dict
    user = f"{quote(str(place['USER']))}:{quote(str(place['PASSWORD']))}@" if place["USER"] else ""
    host = quote(str(place["HOST"]), safe="") if str(place["HOST"]).startswith("/") else place["HOST"]
    port = f":{place['PORT']}" if place["PORT"] else ""
    url = f"postgres://{user}{host}{port}/{place['NAME']}"
    where = {"env": os.environ | {"DATABASE_URL": url}, "cwd": Path(__file__).resolve().parents[2]}
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **where)
    deadline = time.monotonic() + 60
    while not ImportRun.objects.filter(done_rows__gte=2_000).exists():
        assert child.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    broken = ImportRun.objects.get()
    assert broken.state == ImportState.RUNNING
    assert Change.objects.count() == broken.done_rows < 9_000
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **where)
    run = ImportRun.objects.get()
    assert (run.state, run.created_rows) == (ImportState.DONE, 9_000)
    assert Change.objects.count() == ImportedRecord.objects.count() == Revision.objects.count() == 9_000
