"""A CSV whose columns are called otherwise is kept, and somebody says which column is what."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.clusters import actions
from apps.clusters.formats import catalog_csv
from apps.clusters.models import CatalogImport, Component
from apps.clusters.states import CatalogState
from apps.kernel.refusals import Invalid, NotFound, WrongState
from tests.conftest import signed_in

FILE = "App;Team;Regions;Unit\ngate;Cards;fra|ams;payments\ndesk;Cards;;payments\n"


@pytest.fixture
def kept(admin, payments) -> CatalogImport:
    file = SimpleUploadedFile("apps.csv", FILE.encode())
    answer = signed_in(admin).post("/clusters/import/", {"file": file, "format": "csv", "rows": "components"})
    assert answer.status_code == 302, answer.content
    return CatalogImport.objects.get()


def page(kept):
    return f"/clusters/import/{kept.pk}/columns/"


def test_it_is_kept_and_its_columns_are_guessed(admin, kept):
    client = signed_in(admin)
    assert (kept.state, kept.total_rows) == (CatalogState.MAPPING, None)
    assert client.get(kept.get_absolute_url())["Location"] == page(kept)
    said = client.get(page(kept)).content.decode()
    assert "columns to choose" in client.get("/clusters/import/").content.decode()
    for column in ("App", "Team", "Regions", "Unit"):
        assert f'<option value="{column}" selected>' in said
    assert "fra|ams" in said


def test_what_was_chosen_is_compared_and_may_be_chosen_again(admin, kept):
    client = signed_in(admin)
    sent = {"slug": "App", "name": "App", "cluster": "Unit", "owner_name": "Team", "sites": "Regions", "split": "|"}
    assert client.post(page(kept), sent).status_code == 302
    kept.refresh_from_db()
    assert (kept.state, kept.counts["component"]["new"]) == (CatalogState.READY, 2)
    assert "Choose its columns" in client.get(kept.get_absolute_url()).content.decode()
    client.post(page(kept), {**sent, "cluster": "", "fixed_cluster": "payments", "owner_name": ""})
    client.post(f"{kept.get_absolute_url()}application/")
    gate = Component.objects.get(slug="gate")
    assert (gate.sites, gate.owner_name, gate.cluster.slug) == (["fra", "ams"], "", "payments")


def test_a_field_that_is_needed_must_be_chosen(admin, kept):
    answer = signed_in(admin).post(page(kept), {"name": "App"})
    assert answer.status_code == 422
    assert CatalogImport.objects.get().state == CatalogState.MAPPING


def test_other_kinds_of_rows_ask_for_other_fields(admin, kept):
    client = signed_in(admin)
    assert 'name="provider"' in client.get(page(kept), {"rows": "dependencies"}).content.decode()
    assert 'name="slug"' in client.get(page(kept), {"rows": "nonsense"}).content.decode()
    answer = client.post(f"{page(kept)}?rows=placements", {"site": "Regions", "host": "App"})
    assert "name one cluster for all" in answer.content.decode()


def test_others_do_not_see_it_and_one_that_is_written_is_not_mapped(ada, admin, kept, noon):
    assert signed_in(ada).get(page(kept)).status_code == 404
    with pytest.raises(NotFound):
        actions.choose_columns(import_id=kept.pk, person=ada, column_map={}, at=noon)
    with pytest.raises(WrongState):
        actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    actions.cancel_import(import_id=kept.pk, person=admin, at=noon)
    assert signed_in(admin).get(page(kept)).status_code == 409


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff", b'a,"b', b"a\x00"])
def test_what_is_no_csv_is_refused_and_not_kept(admin, payments, content):
    with pytest.raises(Invalid):
        catalog_csv.top_of(content, file="f.csv")
    file = SimpleUploadedFile("f.csv", content or b" ")
    answer = signed_in(admin).post("/clusters/import/", {"file": file, "format": "csv", "rows": "components"})
    assert answer.status_code == 422
    assert not CatalogImport.objects.exists()
