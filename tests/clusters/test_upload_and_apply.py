from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.rules import Role
from apps.clusters import actions
from apps.clusters.models import CatalogImport, Component
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, NotFound, WrongState
from tests.conftest import make_person


def upload(uploader, noon, content=b"slug,cluster\ngate,payments\nbad name,payments\n", **options):
    return actions.upload_catalog(
        file_name="shop.csv", content=content, catalog_format="csv", options=options, uploader=uploader, at=noon
    )


def test_an_upload_is_kept_compared_and_journaled_but_not_written(admin, payments, noon):
    kept, plan = upload(admin, noon)
    assert plan.counts()["component"]["new"] == 1
    assert kept.rejections[0]["value"] == "bad name"
    assert not Component.objects.exists()
    assert Entry.objects.get().data == {"import_id": kept.pk, "sha256": kept.sha256}


def test_applying_writes_it_once_and_lets_go_of_the_content(admin, payments, noon):
    kept, _ = upload(admin, noon)
    applied = actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    assert (applied.content, applied.applied_at) == (None, noon)
    assert Component.objects.get().source == "csv:shop.csv"
    with pytest.raises(WrongState, match="has been imported"):
        actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)


def test_it_is_compared_with_the_map_as_it_is_then(admin, payments, noon):
    kept, _ = upload(admin, noon)
    Component.objects.create(cluster=payments, slug="gate", name="gate")
    assert actions.apply_upload(import_id=kept.pk, importer=admin, at=noon).counts["component"]["unchanged"] == 1


def test_others_may_not(ada, admin, payments, noon):
    with pytest.raises(NotAllowed):
        upload(ada, noon)
    kept, _ = upload(admin, noon)
    with pytest.raises(NotFound):
        actions.apply_upload(import_id=kept.pk, importer=ada, at=noon)


def test_another_writes_it_as_its_uploader_saw_it_compared(admin, ledger, safe, noon):
    uploader = make_person("mona", Role.PROGRAMME_MANAGER)
    Component.objects.create(cluster=ledger.cluster, slug="key", name="Key")
    Component.objects.create(cluster=safe.cluster, slug="key", name="Key of the vault")
    content = b"consumer,provider,provider_cluster\nledger,safe,vault\nledger,key,\n"
    kept, plan = upload(uploader, noon, content, rows="dependencies")
    assert plan.rejections == []
    applied = actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
    assert applied.rejections == [], "that there is a key in the vault, too, is not told"
    assert (applied.counts["dependency"]["new"], applied.counts["loose_end"]["new"]) == (1, 1)
    assert Entry.objects.filter(event="clusters.CatalogImported").get().actor == admin


@pytest.mark.django_db(transaction=True)
def test_two_at_once_write_it_once(admin, payments, noon):
    kept, _ = upload(admin, noon)

    def apply(_):
        try:
            actions.apply_upload(import_id=kept.pk, importer=admin, at=noon)
        except WrongState:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(apply, range(2))) == ["done", "refused"]
    assert Component.objects.count() == 1
    assert CatalogImport.objects.get().content is None
