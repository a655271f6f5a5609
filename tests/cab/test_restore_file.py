"""A removed file comes back within a week; what fell with it does not."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from apps.cab.actions import proposing, rounds
from apps.cab.actions.files import remove_stray_files
from apps.cab.models import Attachment, Choice
from apps.cab.rules.attachments import MOST_FILES
from apps.cab.states import RoundState
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, WrongState
from tests.conftest import NOON, signed_in

WEEK = timedelta(days=7)
SOON = NOON + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def attach(change, person, name="plan.txt"):
    return proposing.attach_file(change_id=change.pk, person=person, upload=ContentFile(b"plan"), name=name, at=NOON)


def remove(change, person, file, at=NOON):
    return proposing.remove_file(change_id=change.pk, attachment_id=file.pk, person=person, at=at)


def restore(change, person, file, at=SOON):
    return proposing.restore_file(change_id=change.pk, attachment_id=file.pk, person=person, at=at)


def names(change):
    return list(change.attachments.values_list("name", flat=True))


def test_it_comes_back_as_it_was_with_a_revision_of_its_own(draft, ada):
    file = attach(draft, ada)
    remove(draft, ada, file)
    assert names(draft) == []
    restore(draft, ada, file)
    draft.refresh_from_db()
    assert names(draft) == ["plan.txt"]
    assert draft.attachments.get().file.read() == b"plan"
    contents = dict(draft.revisions.values_list("number", "content"))
    assert "attachments" not in contents[3]
    assert contents[4] == contents[2]
    entry = Entry.objects.about(draft).get(event="cab.FileRestored")
    assert (entry.actor, entry.data["sha256"]) == (ada, file.sha256)


def test_twice_is_once(draft, ada):
    file = attach(draft, ada)
    remove(draft, ada, file)
    with pytest.raises(NotFound):
        remove(draft, ada, file)
    restore(draft, ada, file)
    restore(draft, ada, file)
    assert Entry.objects.about(draft).filter(event="cab.FileRestored").count() == 1


def test_ballots_that_fell_do_not_come_back(waiting, ada, cleo):
    file = attach(waiting, ada)
    waiting.refresh_from_db()
    rounds.cast_vote(change_id=waiting.pk, voter=cleo, choice=Choice.APPROVE, revision=waiting.revision, at=SOON)
    remove(waiting, ada, file, at=SOON)
    restore(waiting, ada, file)
    open_round = waiting.rounds.get(state=RoundState.OPEN)
    assert not open_round.ballots.exists()
    assert waiting.rounds.filter(state=RoundState.INVALIDATED).count() == 3


def test_after_a_week_it_is_gone_for_good(draft, ada):
    file = attach(draft, ada)
    remove(draft, ada, file)
    with pytest.raises(WrongState, match="removed more than 7 days ago"):
        restore(draft, ada, file, at=NOON + WEEK)
    remove_stray_files(at=NOON + WEEK - timedelta(seconds=1))
    assert Attachment.with_removed.filter(pk=file.pk).exists()
    remove_stray_files(at=NOON + WEEK)
    with pytest.raises(NotFound):
        restore(draft, ada, file, at=NOON + WEEK)


def test_it_needs_room(draft, ada):
    file = attach(draft, ada)
    remove(draft, ada, file)
    for number in range(MOST_FILES):
        attach(draft, ada, f"{number}.txt")
    with pytest.raises(Invalid, match="There are 20 files already"):
        restore(draft, ada, file)
    assert draft.attachments.count() == MOST_FILES


def test_who_may_not_edit_brings_nothing_back(draft, ada, cleo):
    file = attach(draft, ada)
    remove(draft, ada, file)
    with pytest.raises(NotAllowed):
        restore(draft, cleo, file)
    assert names(draft) == []


def test_pages_offer_it_at_once_and_later(draft, ada):
    file, page = attach(draft, ada), signed_in(ada)
    here = f"/changes/{draft.reference}/"
    said = page.post(f"{here}files/{file.pk}/removal/", follow=True).content.decode()
    assert "plan.txt is removed." in said
    assert said.count(f'action="{here}files/{file.pk}/return/"') == 2  # undo, and the list beside the files
    assert "Bring back" in page.get(here).content.decode()
    assert page.get(f"{here}files/{file.pk}/").status_code == 404
    assert page.post(f"{here}files/{file.pk}/return/").status_code == 302
    assert names(draft) == ["plan.txt"]
    assert "Bring back" not in page.get(here).content.decode()


def test_before_a_board_the_page_says_what_does_not_come_back(waiting, ada):
    file = attach(waiting, ada)
    url = f"/changes/{waiting.reference}/files/{file.pk}/removal/"
    said = signed_in(ada).post(url, follow=True).content.decode()
    assert "Ballots cast so far fell with it and do not come back." in said


def test_the_api_brings_it_back(draft, ada):
    file, page = attach(draft, ada), signed_in(ada)
    here = f"/api/v1/changes/{draft.reference}/files/{file.pk}/"
    assert page.delete(here).status_code == 204
    assert page.get(f"/api/v1/changes/{draft.reference}/files/").json()["results"] == []
    answer = page.post(f"{here}return/")
    assert (answer.status_code, answer.json()["sha256"]) == (200, file.sha256)
    remove(draft, ada, file)
    Attachment.with_removed.update(removed_at=NOON - WEEK)
    refused = page.post(f"{here}return/")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("“plan.txt” was removed more than 7 days ago.")
