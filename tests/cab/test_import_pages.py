"""Importing in the browser: who may, what an upload becomes, and what the page says of it."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.rules import Role
from apps.cab.models import Change, ImportRun, ImportState
from apps.cab.tasks import continue_imports
from apps.clusters.models import Visibility
from tests.conftest import make_person, signed_in

pytestmark = pytest.mark.django_db
FILE = b"id,title,requester,created_at\n1,One,ada,\n2,Two,ada,2026-02-30\n"


@pytest.fixture
def importer(db):
    return make_person("pia", Role.PROGRAMME_MANAGER)


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")


def upload(client, content=FILE, *, name="changes.csv", **fields):
    file = SimpleUploadedFile(name, content)
    data = {"file": file, "map": "generic-csv", "cluster": "payments", **fields}
    return client.post("/imports/", data)


def test_an_upload_is_kept_and_a_worker_imports_it(importer, payments):
    client = signed_in(importer)
    answer = upload(client)
    run = ImportRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/imports/{run.pk}/")
    assert (run.state, run.total_rows, run.started_by) == (ImportState.WAITING, 2, importer)
    waiting = client.get(f"/imports/{run.pk}/").content.decode()
    assert "Waiting for a worker" in waiting
    assert "every 2s" in waiting
    assert continue_imports() == 1
    assert Change.objects.get().external_id == "1"
    page = client.get(f"/imports/{run.pk}/").content.decode()
    assert "Done." in page
    assert "2026-02-30" in page
    assert "every 2s" not in page
    rejected = client.get(f"/imports/{run.pk}/rejections.csv").content.decode()
    assert rejected.splitlines()[1].startswith('2,"changes.csv, line 3",created_at,2026-02-30,')


def test_htmx_gets_the_progress_alone(importer, payments):
    client = signed_in(importer)
    upload(client)
    part = client.get(f"/imports/{ImportRun.objects.get().pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="import-run"')
    assert "<html" not in part


def test_a_dry_run_by_upload_writes_no_change(importer, payments):
    client = signed_in(importer)
    upload(client, is_dry="on")
    continue_imports()
    assert not Change.objects.exists()
    assert "no change was written" in client.get(f"/imports/{ImportRun.objects.get().pk}/").content.decode()


def test_a_map_of_ones_own_takes_the_place_of_the_choice(importer, payments):
    own = b"name: own\nformat: csv\nfields: {external_id: id, title: title, requester: requester}\n"
    assert upload(signed_in(importer), own_map=io.BytesIO(own)).status_code == 302
    continue_imports()
    assert set(Change.objects.values_list("source", flat=True)) == {"own"}


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", 422, "is not UTF-8: byte 1"),
        (b"", 422, "empty"),
        (b"id,title,requester\n" + b"x" * 2_000_000, 413, "is over 1 MB"),
    ],
)
def test_an_upload_that_does_not_fit_is_refused_with_its_sentence(
    importer, payments, settings, content, status, sentence
):
    settings.IMPORT_LARGEST_UPLOAD_BYTES = 1024 * 1024
    answer = upload(signed_in(importer), content)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_bad_map_is_refused_at_the_form(importer, payments):
    answer = upload(signed_in(importer), own_map=io.BytesIO(b"name: [\n"))
    assert answer.status_code == 422
    assert "The map does not fit" in answer.content.decode()


@pytest.mark.parametrize("path", ["/imports/", "/imports/1/", "/imports/1/rejections.csv"])
def test_only_those_who_may_import_see_imports(ada, path):
    assert signed_in(ada).get(path).status_code == 403


def test_others_cannot_upload(ada, payments):
    assert upload(signed_in(ada)).status_code == 403
    assert not ImportRun.objects.exists()


def test_an_unknown_import_is_not_found(importer):
    assert signed_in(importer).get("/imports/999/").status_code == 404


def test_an_importer_changes_nothing_in_a_cluster_they_may_not_see(importer, payments, logistics):
    client = signed_in(importer)
    upload(client)
    continue_imports()
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    for content in (b"id,title,requester\n1,Stolen,ada\n", b"id,title,requester,cluster\n9,Placed,ada,payments\n"):
        upload(client, content, cluster="logistics")
        continue_imports()
        run = ImportRun.objects.latest("pk")
        assert (run.created_rows, run.updated_rows, run.rejected_rows) == (0, 0, 1)
    assert Change.objects.get().title == "One"
