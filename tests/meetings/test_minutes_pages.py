"""The minutes' pages and API: a draft, published, refused, nothing decided; the same sentences at both doors."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from apps.accounts.actions import make_api_key
from apps.accounts.rules import Scope
from apps.cab.models import BoardKind
from apps.clusters.models import Visibility
from apps.meetings.actions import minutes, session
from apps.meetings.models import Addendum, Meeting, Minutes, MinutesSection
from apps.meetings.states import MeetingState
from tests.conftest import make_person, signed_in
from tests.kernel.test_printing import headings, sound
from tests.meetings.conftest import AFTER, END, START

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(closed) -> str:
    return f"/meetings/{closed.pk}/minutes/"


@pytest.fixture
def published(closed, ben):
    return minutes.publish_minutes(meeting_id=closed.pk, publisher=ben, version=1, at=AFTER)


@pytest.fixture
def call():
    """Calls the API with a key, as programs do."""
    from django.test import Client

    def send(person, method, path, body=None, **headers):
        now = timezone.now()
        scopes = [Scope.READ, Scope.VOTES]
        key = make_api_key(
            owner=person, maker=person, name="k", scopes=scopes, expires_at=now + timedelta(days=1), at=now
        )
        client = Client(headers={"authorization": f"Bearer {key.token}"})
        return getattr(client, method)(f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers)

    return send


def test_the_board_reads_the_draft_with_few_queries(closed, address, ben, django_assert_max_num_queries):
    chair = signed_in(ben)
    with django_assert_max_num_queries(16):
        page = chair.get(address).content.decode()
    assert "A draft of version 1, written from the journal" in page
    for words in ("The way back is too slow.", "dissent", "Tell support.", "Time the way back", "Its author is ill."):
        assert words in page
    assert "Publish</button>" in page
    assert "Draft of the minutes" in signed_in(ben).get(closed.get_absolute_url()).content.decode()


def test_others_are_told_that_it_is_a_draft_and_what_next(closed, address, ada):
    page = signed_in(ada).get(address)
    assert page.status_code == 403
    assert "The minutes are a draft that only the board reads." in page.content.decode()
    assert "They come here when the chair publishes them." in page.content.decode()
    assert "Draft of the minutes" not in signed_in(ada).get(closed.get_absolute_url()).content.decode()
    assert signed_in(ada).get(f"{address}edit/").status_code == 403


def test_before_the_end_there_are_none_and_the_page_says_so(held, ben):
    page = signed_in(ben).get(f"/meetings/{held.pk}/minutes/")
    assert page.status_code == 409
    assert "in session, so it has no minutes yet" in page.content.decode()


def test_a_meeting_that_decided_nothing_says_so(meeting, ben):
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    session.close_meeting(meeting_id=meeting.pk, chair=ben, at=END)
    page = signed_in(ben).get(f"/meetings/{meeting.pk}/minutes/").content.decode()
    assert "Nothing was decided." in page
    assert "The agenda held nothing." in page


def test_from_the_draft_to_an_addendum_without_javascript(closed, address, sections, ben, secretary):
    writer, chair = signed_in(secretary), signed_in(ben)
    field = f"prose_{sections[1].pk}"
    assert "What the journal says" in writer.get(f"{address}edit/").content.decode()
    long = writer.post(f"{address}edit/", {"version": "1", field: "x" * 10_001})
    assert long.status_code == 422
    assert writer.post(f"{address}edit/", {"version": "1", field: "Both sides were heard."}).status_code == 302
    stale = writer.post(f"{address}edit/", {"version": "1", field: "Older sight."})
    assert stale.status_code == 412
    assert "Someone changed this while you were editing." in stale.content.decode()
    assert "Older sight." in stale.content.decode()  # what was typed is not lost
    assert MinutesSection.objects.get(pk=sections[2].pk).prose == sections[2].prose  # what was not sent stays
    refused = writer.post(f"{address}publication/", {"version": "2"})
    assert refused.status_code == 403
    assert "Only the chair of the Enterprise board or an administrator" in refused.content.decode()
    assert chair.post(f"{address}publication/", {"version": "2"}).status_code == 302
    page = chair.get(address).content.decode()
    assert Minutes.objects.get().digest in page
    assert "Words of Sela" in page
    assert "Edit the words" not in page
    assert writer.get(f"{address}edit/").status_code == 403
    empty = writer.post(f"{address}addenda/", {"text": "", "reason": "Asked."})
    assert empty.status_code == 422
    added = {"text": "Dan left at 14:31.", "reason": "His clock.", "section_id": str(sections[0].pk)}
    assert writer.post(f"{address}addenda/", added).status_code == 302
    page = chair.get(address).content.decode()
    for words in ("Addendum 1", "Dan left at 14:31.", "Sela,", "Why: His clock.", "about section 1"):
        assert words in page


def test_a_chair_who_wrote_sees_who_publishes(closed, address, sections, ben):
    chair = signed_in(ben)
    chair.post(f"{address}edit/", {"version": "1", f"prose_{sections[1].pk}": "As I see it."})
    page = chair.get(address).content.decode()
    assert "You wrote some of these words, so another publishes them" in page
    assert "Publish</button>" not in page
    refused = chair.post(f"{address}publication/", {"version": "2"})
    assert refused.status_code == 403
    assert Meeting.objects.get(pk=closed.pk).state == MeetingState.CLOSED


def test_prose_is_text_and_never_markup(closed, address, sections, ben, secretary):
    signed_in(secretary).post(
        f"{address}edit/", {"version": "1", f"prose_{sections[1].pk}": "<script>alert(1)</script>"}
    )
    page = signed_in(ben).get(address).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_what_a_reader_may_not_see_is_counted_and_not_named(published, address, payments):
    type(payments).objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    page = signed_in(make_person("eve", "requester")).get(address).content.decode()
    assert "2 more items are about changes you may not see." in page
    assert "The way back is too slow." not in page
    assert "CHG-" not in page
    assert "Book a larger room" in page


def test_published_minutes_are_read_by_all(published, address, ada):
    page = signed_in(ada).get(address).content.decode()
    assert published.digest in page
    assert "Write an addendum" not in page


def test_the_api_has_every_act_with_the_same_sentences(closed, sections, call, ben, secretary, ada, cleo):
    path = f"minutes/{closed.pk}/"
    assert call(ada, "get", path).status_code == 404  # a draft is the board's
    row = call(ben, "get", path)
    assert (row.json()["published_at"], row.json()["version"], row["ETag"]) == (None, 1, row["ETag"])
    listed = call(ben, "get", "minutes/?board=enterprise&published=false").json()["results"]
    assert [one["meeting"] for one in listed] == [closed.pk]
    told = call(ben, "get", f"{path}sections/").json()["results"]
    assert [one["kind"] for one in told] == ["opening", "item", "item", "closing"]
    assert told[1]["facts"]["verdict"] == "approved_with_conditions"
    body = {"sections": [{"section": told[1]["id"], "prose": "Both sides were heard."}]}
    assert call(secretary, "patch", path, body).status_code == 428
    not_mine = call(cleo, "patch", path, body, if_match=row["ETag"])
    assert (not_mine.status_code, not_mine.json()["detail"]) == (
        403,
        "Only the chair or the secretary of the Enterprise board may edit its minutes.",
    )
    edited = call(secretary, "patch", path, body, if_match=row["ETag"])
    assert (edited.status_code, edited.json()["version"]) == (200, 2)
    assert call(secretary, "patch", path, body, if_match=row["ETag"]).status_code == 412
    long = {"sections": [{"section": told[1]["id"], "prose": "x" * 10_001}]}
    assert call(secretary, "patch", path, long, if_match=edited["ETag"]).status_code == 422
    foreign = {"sections": [{"section": 987654321, "prose": "x"}]}
    assert call(secretary, "patch", path, foreign, if_match=edited["ETag"]).status_code == 404
    early = call(ben, "post", f"{path}addenda/", {"text": "More.", "reason": "Asked."})
    assert (early.status_code, early.json()["detail"]) == (409, "The minutes are still a draft.")
    assert call(ben, "post", f"{path}publication/").status_code == 428
    assert call(ben, "post", f"{path}publication/", if_match=row["ETag"]).status_code == 412
    done = call(ben, "post", f"{path}publication/", if_match=edited["ETag"])
    assert (done.status_code, done.json()["published_by"], len(done.json()["digest"])) == (200, "ben", 64)
    late = call(secretary, "patch", path, body, if_match=done["ETag"])
    assert (late.status_code, late.json()["next_step"]) == (409, "Write an addendum instead.")
    added = call(secretary, "post", f"{path}addenda/", {"text": "More.", "reason": "Asked."}, idempotency_key="a-1")
    again = call(secretary, "post", f"{path}addenda/", {"text": "More.", "reason": "Asked."}, idempotency_key="a-1")
    assert (added.status_code, added.json()["number"], again.json()["number"]) == (201, 1, 1)
    assert Addendum.objects.count() == 1
    assert call(ada, "get", f"{path}addenda/").json()["results"][0]["author"] == "sela"


def test_the_api_leaves_out_what_a_reader_may_not_see(published, closed, call, payments):
    type(payments).objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    told = call(make_person("eve", "requester"), "get", f"minutes/{closed.pk}/sections/").json()["results"]
    assert [one["kind"] for one in told] == ["opening", "closing"]


def test_the_pdf_is_tagged_and_has_title_pages_and_the_seal_on_each(closed, address, sections, ben, secretary):
    minutes.edit_minutes(
        meeting_id=closed.pk, writer=secretary, version=1, at=AFTER,
        prose={sections[1].pk: "\n\n".join(f"Paragraph {number} of what was said." for number in range(80))},
    )  # fmt: skip
    sealed = minutes.publish_minutes(meeting_id=closed.pk, publisher=ben, version=2, at=AFTER)
    answer = signed_in(ben).get(f"{address}pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert 'filename="minutes-enterprise-2026-03-09.pdf"' in answer["Content-Disposition"]
    made = PdfReader(BytesIO(answer.content))
    pages = [page.extract_text() for page in made.pages]
    assert len(pages) > 1
    for number, text in enumerate(pages, start=1):
        assert sealed.digest in text
        assert f"Page {number} of {len(pages)}" in text
    text = " ".join(pages)
    for words in ("The way back is too slow.", "dissent", "Tell support.", "Time the way back", "Paragraph 79"):
        assert words in text
    assert made.metadata.title == "Minutes, Monday board, 9 Mar 2026"
    root = made.root_object
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"], "/StructTreeRoot" in root) == (True, "en", True)
    tags = headings(sound(answer.content))
    assert tags[:2] == ["H1", "H2"]
    assert tags.count("Table") >= 2  # attendance, and the votes on each item
    told = [" ".join(text.split()) for text in pages]
    order = ["Attendance and quorum", "Who As", "Paragraph 0", "Paragraph 79", "Voter Ballot Reason", "Closing"]
    whole = " ".join(told)
    assert sorted(map(whole.index, order)) == [whole.index(one) for one in order]


def test_the_pdf_of_a_draft_says_so_and_is_the_boards(closed, address, ben, ada):
    text = PdfReader(BytesIO(signed_in(ben).get(f"{address}pdf/").content)).pages[0].extract_text()
    assert "Draft, not sealed" in text
    assert signed_in(ada).get(f"{address}pdf/").status_code == 403


def test_the_pdf_leaves_out_what_its_reader_may_not_see(published, address, payments):
    type(payments).objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    answer = signed_in(make_person("eve", "requester")).get(f"{address}pdf/")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert "2 more items are about changes you may not see." in text
    assert "The way back is too slow." not in text


def test_a_changes_dossier_tells_of_its_meetings_and_their_outcome(published, closed, sections, ben, ada):
    decided, deferred = (one.item.change for one in sections[1:3])
    page = signed_in(ben).get(decided.get_absolute_url()).content.decode()
    assert f'href="{closed.get_absolute_url()}">Monday board</a>' in page
    assert "Approved with conditions" in page
    assert f"/meetings/{closed.pk}/minutes/#section-{sections[1].pk}" in page
    assert "Its author is ill." in signed_in(ada).get(deferred.get_absolute_url()).content.decode()


def test_meetings_of_a_board_a_reader_may_not_know_of_are_not_on_the_dossier(
    published, closed, sections, ada, logistics
):
    """Her own change she sees; a board of a hidden cluster that heard it she does not."""
    type(logistics).objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
    type(closed.board).objects.filter(pk=closed.board_id).update(kind=BoardKind.CLUSTER, cluster=logistics)
    page = signed_in(ada).get(sections[1].item.change.get_absolute_url()).content.decode()
    assert "Monday board" not in page
