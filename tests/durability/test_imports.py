"""`kill -9` in the middle of an import, of the worker or of the command: what goes on takes every row once."""

import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.rules import Role
from apps.cab.models import Change, ImportRun, ImportState
from apps.cab.tasks import continue_imports
from apps.clusters.actions import imports as catalogs
from apps.clusters.models import CatalogImport, Component, Dependency
from apps.clusters.states import CatalogState
from apps.clusters.tasks import continue_imports as continue_catalogs
from apps.journal.models import Entry
from tests.conftest import make_person, signed_in
from tests.durability.conftest import kill_twice_in_the_middle, require_reaches

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROWS = 12_000  # of an import: six slices


def test_killing_the_worker_in_the_middle_of_an_uploaded_import_takes_every_row_once(house, payments):
    client = signed_in(make_person("pia", Role.PROGRAMME_MANAGER))
    rows = (f"R-{n},Change {n},ada,2026-02-{n % 28 + 1:02}" for n in range(ROWS))
    upload = SimpleUploadedFile("changes.csv", "\n".join(["id,title,requester,created_at", *rows]).encode())
    answer = client.post("/imports/", {"file": upload, "map": "generic-csv", "cluster": "payments"})
    assert answer.status_code == 302, answer.content
    page = answer["Location"]

    def look(done):
        created = ImportRun.objects.get().created_rows
        assert done == Change.objects.count() == created, "a slice is kept whole or not at all"
        said = client.get(page).content.decode()
        assert f"{done:,} of {ROWS:,}<" in said
        assert "every 2s" in said

    kill_twice_in_the_middle(
        house, done=lambda: ImportRun.objects.get().done_rows, look=look, whole=ROWS, wake=continue_imports
    )
    house.start("worker")
    require_reaches(lambda: ImportRun.objects.get().state == ImportState.DONE, wake=continue_imports)
    assert Change.objects.values("external_id").distinct().count() == Change.objects.count() == ROWS
    run = ImportRun.objects.get()
    assert (run.done_rows, run.created_rows, run.updated_rows, run.rejected_rows) == (ROWS, ROWS, 0, 0)
    told = Entry.objects.filter(event="cab.ChangesImported").values_list("data__created", flat=True)
    assert sum(told) == ROWS
    assert Entry.objects.filter(event="cab.ImportFinished").count() == 1
    said = client.get(page).content.decode()
    assert "Done." in said
    assert "every 2s" not in said


def test_killing_the_worker_in_the_middle_of_a_catalogue_takes_every_row_once(house, payments):
    client = signed_in(make_person("pia", Role.PROGRAMME_MANAGER))
    rows = "\n".join(f"part-{n},payments,Does the work of part {n} all day" for n in range(ROWS))
    needs = "\n".join(f"part-{n},part-{n + 1},calls" for n in range(ROWS - 1))
    for name, text in (("parts", f"slug,cluster,description\n{rows}"), ("needs", f"consumer,provider,kind\n{needs}")):
        kinds = {"parts": "components", "needs": "dependencies"}
        sent = {"file": SimpleUploadedFile(f"{name}.csv", text.encode()), "format": "csv", "rows": kinds[name]}
        page = client.post("/clusters/import/", sent)["Location"]
        upload = CatalogImport.objects.last()
        catalogs.work_off(import_id=upload.pk)
        client.post(f"{page}application/")
        upload.refresh_from_db()
        written = (Component if name == "parts" else Dependency).objects

        def look(done, *, written=written, whole=upload.total_rows, page=page):
            assert done == written.count(), "a parcel is kept whole or not at all"
            assert f"{done:,} of {whole:,}<" in client.get(page).content.decode()

        kill_twice_in_the_middle(
            house,
            done=lambda: CatalogImport.objects.last().done_rows,
            look=look,
            whole=ROWS - 1,
            wake=continue_catalogs,
        )
        house.start("worker")
        require_reaches(lambda: CatalogImport.objects.last().state == CatalogState.DONE, wake=continue_catalogs)
        house.kill("worker")
    assert (Component.objects.count(), Dependency.objects.count()) == (ROWS, ROWS - 1)
    assert [one.done_rows for one in CatalogImport.objects.order_by("pk")] == [ROWS, ROWS - 1]
    assert Entry.objects.filter(event="clusters.ImportEnded").count() == 2


def test_killing_the_command_in_the_middle_of_a_catalogue_takes_every_row_once(house, payments, tmp_path):
    file = tmp_path / "parts.csv"
    rows = "\n".join(f"part-{n},payments,Does the work of part {n} all day" for n in range(ROWS))
    file.write_text(f"slug,cluster,description\n{rows}\n")
    command = [sys.executable, "manage.py", "import_catalog", str(file), "--format", "csv"]
    done = [0]
    for _ in range(2):
        kill_when_written(command, house, more_than=done[-1])
        time.sleep(0.5)  # a commit that was on its way arrives, or its connection ends
        upload = CatalogImport.objects.get()
        done.append(upload.done_rows)
        assert upload.done_rows == Component.objects.count(), "a parcel is kept whole or not at all"
    assert 0 < done[1] < done[2] < ROWS, "both kills must fall in the middle"
    said = subprocess.run(command, env=house.env, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert f"Goes on after {done[2]:,} of {ROWS:,} rows." in said.stdout
    assert f"component: {ROWS} new, 0 changed, 0 unchanged, 0 repeated" in said.stdout
    assert CatalogImport.objects.get().state == CatalogState.DONE
    assert Component.objects.count() == ROWS
    assert Entry.objects.filter(event="clusters.ImportEnded").count() == 1


def test_a_worker_ends_what_a_killed_command_began(house, payments, tmp_path):
    file = tmp_path / "parts.csv"
    file.write_text("slug,cluster\n" + "".join(f"part-{n},payments\n" for n in range(ROWS)))
    command = [sys.executable, "manage.py", "import_catalog", str(file), "--format", "csv"]
    kill_when_written(command, house, more_than=0)
    house.start("worker")
    require_reaches(lambda: CatalogImport.objects.get().state == CatalogState.DONE, wake=continue_catalogs)
    house.kill("worker")
    assert Component.objects.count() == ROWS


def kill_when_written(command, house, *, more_than) -> None:
    """Run it until it has written more rows than that, and kill it there."""
    going = subprocess.Popen(command, env=house.env, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not CatalogImport.objects.filter(done_rows__gt=more_than).exists():
        assert going.poll() is None, "the command ended by itself"
        assert time.monotonic() < until, "the command did not go on"
        time.sleep(0.005)
    going.kill()
    going.wait()
