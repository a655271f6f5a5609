"""The dossier of a change as a PDF: what is sealed, the evidence and the votes, as its reader may see them."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from apps.cab.actions import flow, proposing, rounds
from apps.cab.models import Change
from apps.cab.rules.revisions import told
from apps.clusters.models import Visibility
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in
from tests.kernel.test_printing import headings, sound

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(ada, ben, board, payments, ledger) -> Change:
    """Before the board, which hides its ballots; Ben has voted."""
    change = proposing.propose_change(
        requester=ada, content=content(payments, ledger, title="Rotate the signing keys"), at=NOON
    )
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    rounds.cast_vote(
        change_id=change.pk, voter=ben, choice="reject", reason="The way back is unclear.", revision=1, at=NOON
    )
    return Change.objects.get(pk=change.pk)


def read(person, change) -> PdfReader:
    answer = signed_in(person).get(f"{change.get_absolute_url()}pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert f'filename="{change.reference}.pdf"' in answer["Content-Disposition"]
    return PdfReader(BytesIO(answer.content))


def text_of(made) -> str:
    return " ".join(" ".join(page.extract_text() for page in made.pages).split())


def test_it_holds_the_sealed_revision_with_its_digest_on_each_page(waiting, ada):
    made = read(ada, waiting)
    digest = waiting.revisions.get(number=1).digest
    assert all(digest in page.extract_text() for page in made.pages)
    text = text_of(made)
    for words in ("Rotate the signing keys", "Implementation plan", waiting.implementation_plan.split()[0]):
        assert words in text
    assert made.metadata.title == f"{waiting.reference} Rotate the signing keys"


def test_a_second_reader_finds_it_sound_and_in_the_order_it_is_read(waiting, ada, ben):
    answer = signed_in(ada).get(f"{waiting.get_absolute_url()}pdf/")
    tags = headings(sound(answer.content))
    assert (tags[:2], tags.count("H1")) == (["H1", "H2"], 1)
    text = text_of(PdfReader(BytesIO(answer.content)))
    order = ["Revision 1, as it is sealed", "Type normal", "Implementation plan", "Left empty:", "Evidence", "Decision"]
    assert sorted(map(text.index, order)) == [text.index(one) for one in order]


def test_times_and_minutes_read_as_people_write_them():
    assert told("window_start", "2026-03-02T09:05") == "2 Mar 2026, 09:05"
    assert told("window_end", "") == ""
    assert [told("downtime_minutes", n) for n in (0, 1, 90)] == ["0 minutes", "1 minute", "90 minutes"]
    assert told("purpose", "2026-03-02T09:05") == "2026-03-02T09:05"


def test_the_page_of_a_revision_and_its_pdf_tell_the_window_alike(waiting, ada):
    waiting.revisions.filter(number=1).update(
        content=waiting.revisions.get(number=1).content | {"window_start": "2026-03-02T09:05"}
    )
    assert "2 Mar 2026, 09:05" in text_of(read(ada, waiting))
    assert "2 Mar 2026, 09:05" in signed_in(ada).get(f"{waiting.get_absolute_url()}revisions/1/").text


def test_hidden_ballots_stay_hidden_and_are_shown_when_the_round_is_closed(waiting, ada, cleo, dan):
    before = text_of(read(ada, waiting))
    assert "1 ballot cast; this board shows them when the round closes." in before
    assert "The way back is unclear." not in before
    for person in (cleo, dan):
        rounds.cast_vote(change_id=waiting.pk, voter=person, choice="approve", revision=1, at=NOON)
    after = text_of(read(ada, waiting))
    assert "The way back is unclear." in after
    assert "Cleo" in after


def test_who_may_not_see_the_change_gets_nothing(waiting, payments):
    type(payments).objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    answer = signed_in(make_person("eve", "requester")).get(f"{waiting.get_absolute_url()}pdf/")
    assert answer.status_code == 404
