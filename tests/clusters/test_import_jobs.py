"""Large catalogues: compared and written by a worker in parcels, resumed where they stand, cancelled."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.accounts.rules import Scope
from apps.clusters import actions
from apps.clusters.actions import imports, reading
from apps.clusters.models import CatalogImport, Component, Dependency
from apps.clusters.states import CATALOG, CatalogState
from apps.clusters.tasks import continue_imports
from apps.journal.models import Entry
from apps.kernel.refusals import WrongState
from tests.accounts.conftest import caller
from tests.conftest import signed_in

ROWS = 50


@pytest.fixture
def small_parcels(monkeypatch):
    """Parcels of twenty rows; anything over half a kilobyte is large."""
    monkeypatch.setattr(imports, "PARCEL_ROWS", 20)
    monkeypatch.setattr("apps.clusters.web.views.imports.PARCEL_ROWS", 20)
    monkeypatch.setattr(imports, "MOST_BYTES_AT_ONCE", 512)


def many(number=ROWS):
    return "\n".join(["slug,cluster,description", *(f"c{n},payments,{'x' * 20}" for n in range(number))]).encode()


def upload(uploader, noon, content=None, **options):
    kept, _ = actions.upload_catalog(
        file_name="many.csv",
        content=content or many(),
        catalog_format="csv",
        options=options,
        uploader=uploader,
        at=noon,
    )
    return kept


def compared(uploader, noon, **given):
    return imports.work_off(import_id=upload(uploader, noon, **given).pk)


def test_a_large_upload_is_compared_by_a_worker(admin, payments, noon, small_parcels):
    kept = upload(admin, noon)
    assert (kept.state, kept.total_rows) == (CatalogState.READING, None)
    assert continue_imports() == 0
    kept.refresh_from_db()
    assert (kept.state, kept.total_rows, kept.counts["component"]["new"]) == (CatalogState.READY, ROWS, ROWS)
    assert kept.steps[0]["label"] == "payments / c0"
    assert not Component.objects.exists()


def test_it_is_written_parcel_by_parcel_and_told_once(admin, payments, noon, small_parcels):
    kept = compared(admin, noon)
    actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    first = imports.work_off(import_id=kept.pk, until=timezone.now())
    assert (first.state, first.done_rows, Component.objects.count()) == (CatalogState.RUNNING, 20, 20)
    assert imports.work_off(import_id=kept.pk).state == CatalogState.DONE
    kept.refresh_from_db()
    assert (kept.done_rows, kept.counts["component"]["new"], kept.content) == (ROWS, ROWS, None)
    assert Component.objects.count() == ROWS
    assert Entry.objects.filter(event="clusters.CatalogImported").count() == 3
    assert Entry.objects.get(event="clusters.ImportEnded").data["done_rows"] == ROWS


def test_going_on_knows_what_was_said_before(admin, payments, noon, small_parcels):
    rows = [f"c{n},payments,x" for n in range(45)]
    rows[30], rows[31] = rows[0], "c1,payments,otherwise"
    kept = compared(admin, noon, content="\n".join(["slug,cluster,description", *rows]).encode())
    actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    imports.work_off(import_id=kept.pk, until=timezone.now())
    done = imports.work_off(import_id=kept.pk)
    assert (done.counts["component"]["new"], done.counts["component"]["repeated"]) == (43, 1)
    assert "says otherwise" in done.rejections[0]["reason"]


def test_another_worker_that_comes_late_writes_nothing(admin, payments, noon, small_parcels):
    kept = compared(admin, noon)
    actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    parcel = next(reading.read_upload(kept).parcels(size=20))
    given = {"import_id": kept.pk, "parcel": parcel, "at_row": 0, "is_last": False, "at": noon}
    imports.import_parcel(said={}, **given)
    with pytest.raises(imports.TakenUp):
        imports.import_parcel(said={}, **given)
    assert Component.objects.count() == 20


def test_cancelling_stops_it_and_keeps_what_was_written(admin, payments, noon, small_parcels):
    kept = compared(admin, noon)
    actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    imports.work_off(import_id=kept.pk, until=timezone.now())
    client = signed_in(admin)
    said = client.get(kept.get_absolute_url()).content.decode()
    assert "20 of 50" in said
    assert "every 2s" in said
    assert client.post(f"{kept.get_absolute_url()}cancellation/").status_code == 302
    kept.refresh_from_db()
    assert (kept.state, kept.content, Component.objects.count()) == (CatalogState.CANCELLED, None, 20)
    assert continue_imports() == 0
    assert "The first 20 of 50 rows were written, and stay." in client.get(kept.get_absolute_url()).content.decode()
    with pytest.raises(WrongState):
        actions.cancel_import(import_id=kept.pk, person=admin, at=noon)


def test_one_that_cannot_be_read_fails_with_its_reason(admin, payments, noon, small_parcels):
    kept = upload(admin, noon, content=many() + b'\n"broken')
    failed = imports.work_off(import_id=kept.pk)
    assert failed.state == CatalogState.FAILED
    assert "cannot be read from line" in failed.failure
    assert "cannot be read from line" in signed_in(admin).get(kept.get_absolute_url()).content.decode()


def test_one_of_which_next_to_nothing_fits_fails(admin, payments, noon, small_parcels, monkeypatch):
    monkeypatch.setattr(imports, "MOST_REJECTIONS", 10)
    kept = upload(admin, noon, content=many().replace(b"payments", b"nowhere"))
    assert "More than 10 rows do not fit" in imports.work_off(import_id=kept.pk).failure


def test_edges_between_parcels_find_their_ends(admin, payments, noon, small_parcels):
    entity = (
        "{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {name: c%d},"
        " spec: {type: service, lifecycle: production, owner: a, dependsOn: [c%d]}}"
    )
    content = "\n---\n".join(entity % (n, (n + 1) % 30) for n in range(30)).encode()
    kept, _ = actions.upload_catalog(
        file_name="c.yaml",
        content=content,
        catalog_format="backstage",
        options={"cluster_map": {"*": "payments"}},
        uploader=admin,
        at=noon,
    )
    imports.work_off(import_id=kept.pk)
    actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    assert imports.work_off(import_id=kept.pk).counts["dependency"]["new"] == 30
    assert Dependency.objects.count() == 30


def test_over_the_api_it_is_compared_first_and_tells_how_far_it_is(admin, payments, small_parcels):
    client, address = caller(admin, Scope.READ, Scope.IMPORTS), "/api/v1/catalog-imports/"

    def sent(**more):
        return client.post(address, {"file": SimpleUploadedFile("m.csv", many()), "format": "csv", **more})

    made = sent().json()
    assert made["state"] == "reading"
    continue_imports()
    assert client.post(f"{address}{made['id']}/application/").json()["state"] == "waiting"
    assert continue_imports() == 1
    told = client.get(f"{address}{made['id']}/").json()
    assert (told["state"], told["done_rows"], told["total_rows"]) == ("done", ROWS, ROWS)
    assert client.post(f"{address}{made['id']}/cancellation/").status_code == 409
    at_once = sent(dry_run="false").json()
    assert at_once["state"] == "reading", "written when it has been compared, without another word"
    assert continue_imports() == 1
    assert CatalogImport.objects.get(pk=at_once["id"]).counts["component"]["unchanged"] == ROWS


@pytest.mark.parametrize("current", CatalogState)
@pytest.mark.parametrize("target", CatalogState)
def test_every_move_is_known_or_refused(current, target):
    follow = {
        "mapping": {"reading", "ready", "cancelled"},
        "reading": {"ready", "failed", "cancelled"},
        "ready": {"reading", "ready", "waiting", "cancelled"},
        "waiting": {"running", "done", "failed", "cancelled"},
        "running": {"running", "done", "failed", "cancelled"},
    }
    assert CATALOG.allows(current, target) == (target.value in follow.get(current.value, set()))
