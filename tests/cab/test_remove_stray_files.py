"""Nothing stays on disk that no row names: not after a rollback, not after a removal."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from apps.accounts.rules import Role
from apps.cab.actions import proposing
from apps.cab.actions.files import remove_stray_files
from apps.cab.models import Attachment, ImportRun
from apps.cab.tasks import remove_stray_files as job
from tests.conftest import NOON, make_person, signed_in

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def kept(media: Path) -> set[str]:
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def attach(draft, ada, *, name: str = "plan.txt") -> Attachment:
    return proposing.attach_file(change_id=draft.pk, person=ada, upload=ContentFile(b"plan"), name=name, at=NOON)


def attach_in_vain(draft, ada) -> None:
    with transaction.atomic():
        attach(draft, ada, name="never.txt")
        transaction.set_rollback(True)


def test_a_file_whose_transaction_was_rolled_back_goes_after_a_day(draft, ada, media):
    named = attach(draft, ada)
    attach_in_vain(draft, ada)
    assert len(kept(media)) == 2
    assert Attachment.objects.count() == 1
    now = timezone.now()
    assert remove_stray_files(at=now) == 0, "its transaction may still be open"
    assert len(kept(media)) == 2
    assert remove_stray_files(at=now + DAY + timedelta(minutes=1)) == 1
    assert kept(media) == {named.file.name}
    assert remove_stray_files(at=now + 2 * DAY) == 0
    assert default_storage.open(named.file.name).read() == b"plan"


def test_a_file_that_was_taken_away_goes_too(draft, ada, media):
    attachment = attach(draft, ada)
    proposing.remove_file(change_id=draft.pk, attachment_id=attachment.pk, person=ada, at=NOON)
    assert remove_stray_files(at=timezone.now() + 2 * DAY) == 1
    assert kept(media) == set()


def test_uploads_of_imports_stay_and_those_without_a_run_go(payments, media):
    file = SimpleUploadedFile("changes.csv", b"id,title,requester\n1,One,ada\n")
    client = signed_in(make_person("pia", Role.PROGRAMME_MANAGER))
    client.post("/imports/", {"file": file, "map": "generic-csv", "cluster": "payments"})
    default_storage.save("imports/2026/03/lost.import", ContentFile(b"x"))
    assert remove_stray_files(at=timezone.now() + 2 * DAY) == 1
    assert kept(media) == {ImportRun.objects.get().file.name}


@pytest.mark.django_db
def test_files_of_others_in_the_same_storage_are_left_alone(media):
    default_storage.save("elsewhere/note.txt", ContentFile(b"x"))
    assert remove_stray_files(at=timezone.now() + 2 * DAY) == 0
    assert kept(media) == {"elsewhere/note.txt"}


def test_the_job_runs_once_a_day_however_often_it_is_asked(draft, ada, media):
    attach_in_vain(draft, ada)
    (old,) = media.rglob("never*")
    before = (timezone.now() - 2 * DAY).timestamp()
    os.utime(old, (before, before))
    assert [job.apply().get() for _ in range(2)] == [1, 0]
    assert kept(media) == set()
