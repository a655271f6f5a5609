"""The list of changes, the queue and the week when they are empty, filtered and full."""

from datetime import datetime, timedelta
from html import unescape

import pytest

from apps.cab.actions import boards, flow, proposing
from apps.cab.models import Change, Delegation, SavedView
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in

CEILING = 12  # queries a page
MANY = 55  # more than one page
pytestmark = pytest.mark.usefixtures("_at_noon")


@pytest.fixture
def _at_noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def text(response) -> str:
    return response.content.decode()


def test_a_list_without_any_change_says_what_to_do_first(ben, board):
    page = text(signed_in(ben).get("/changes/"))
    assert "There is no change yet." in page
    assert 'href="/changes/new/"' in page


def test_a_list_that_fits_nothing_offers_to_drop_the_filters(waiting, ben):
    page = text(signed_in(ben).get("/changes/?q=nonsense&risk=5"))
    assert "No change fits these filters." in page
    assert 'class="btn btn-primary" href="/changes/">Show every change' in page
    assert 'href="?risk=5"' in page  # drops the words alone


def test_a_list_counts_what_it_found_and_says_which_filters_are_in_use(waiting, ben):
    page = text(signed_in(ben).get("/changes/?state=awaiting_authorization"))
    assert "1 change</p>" in page
    assert "State: awaiting authorization" in page


def test_counting_stops_where_it_gets_dear(waiting, ben, monkeypatch):
    monkeypatch.setattr("apps.cab.web.views.lists.MOST_COUNTED", 0)
    assert "More than 0 changes" in text(signed_in(ben).get("/changes/"))


def test_the_saved_view_in_use_is_marked(waiting, ben):
    client = signed_in(ben)
    client.post("/changes/views/", {"name": "Risky", "query": "risk=3"})
    assert 'href="/changes/?risk=3" aria-current="page">Risky' in text(client.get("/changes/?risk=3"))
    assert 'href="/changes/?risk=3">Risky' in text(client.get("/changes/?risk=2"))


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("since=2026-03-10&until=2026-03-10", True),
        ("since=2026-03-11", False),
        ("until=2026-03-09", False),
        ("implementer=nobody", False),
    ],
)
def test_the_list_is_narrowed_by_the_days_of_the_window_and_by_implementer(waiting, ben, query, is_found):
    assert (waiting.title in text(signed_in(ben).get(f"/changes/?{query}"))) is is_found


def _hand_over(number, *, ada, ben, payments, ledger) -> Change:
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, title=f"No {number}"), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    return change


def test_a_full_queue_counts_all_that_waits_and_is_paged_by_key(
    ada, ben, cleo, board, payments, ledger, django_assert_max_num_queries
):
    for number in range(MANY):
        _hand_over(number, ada=ada, ben=ben, payments=payments, ledger=ledger)
    client = signed_in(cleo)
    first = text(client.get("/queue/"))
    assert f'<span class="count">{MANY}</span>' in first
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    with django_assert_max_num_queries(CEILING):
        second = text(client.get(f"/queue/{address}"))
    titles = [f">No {number}<" for number in range(MANY)]
    shown = [[f"No {number}</a>" in page for number in range(MANY)] for page in (first, second)]
    assert sum(shown[0]) == 50
    assert sum(shown[1]) == MANY - 50
    assert len(titles) == sum(a or b for a, b in zip(*shown, strict=True))


def test_a_full_day_of_the_week_shows_the_first_and_leads_to_the_rest(ada, ben, payments, ledger):
    start = datetime(2026, 3, 10, 20, 0)
    for number in range(9):
        change = proposing.propose_change(
            requester=ada,
            content=content(
                payments,
                ledger,
                title=f"No {number}",
                window_start=start + timedelta(minutes=number),
                window_end=start + timedelta(hours=1),
            ),
            at=NOON,
        )
        Change.objects.filter(pk=change.pk).update(state="scheduled", submitted_at=NOON, decided_at=NOON)
    client = signed_in(ben)
    page = text(client.get("/calendar/?week=2026-03-09"))
    assert page.count("lane-item") == 6
    assert "3 more" in page
    rest = page.split('class="lane-more" href="')[1].split('"')[0].replace("&amp;", "&")
    assert text(client.get(rest)).count(">No ") + text(client.get(rest)).count("</span> No ") == 9


def test_an_empty_week_says_what_stands_here(ben, board):
    assert "Nothing is planned this week." in text(signed_in(ben).get("/calendar/"))


def undo_form(page: str) -> tuple[str, dict[str, str]]:
    """Where the toast's form goes, and what it carries."""
    form = page.split('<form class="undo"')[1].split("</form>", maxsplit=1)[0]
    fields = [part.split('"')[:3:2] for part in form.split('<input type="hidden" name="')[1:]]
    return form.split('action="')[1].split('"')[0], dict(fields)


def test_a_forgotten_view_comes_back_by_undo(waiting, ben):
    client = signed_in(ben)
    client.post("/changes/views/", {"name": "Risky & late", "query": "risk=3&open=true"})
    view = SavedView.objects.get()
    answer = client.post(f"/changes/views/{view.pk}/removal/", follow=True)
    assert not SavedView.objects.exists()
    where, fields = undo_form(text(answer))
    client.post(where, {name: unescape(value) for name, value in fields.items()})
    again = SavedView.objects.get()
    assert (again.person, again.name, again.query) == (ben, "Risky & late", "risk=3&open=true")
    assert 'class="undo"' not in text(client.get("/changes/"))


def test_a_revoked_delegation_is_given_again_by_undo(board, ben, cleo, dan):
    today = NOON.date()
    boards.delegate_vote(
        board_id=board.pk, giver=dan, taker=cleo, first_day=today, last_day=today + timedelta(days=5),
        reason='A "long" week.', at=NOON,
    )  # fmt: skip
    address = f"/boards/{board.slug}/delegations/{Delegation.objects.get().pk}/revocation/"
    client = signed_in(dan)
    where, fields = undo_form(text(client.post(address, follow=True)))
    assert not Delegation.objects.filter(revoked_at__isnull=True).exists()
    assert client.post(where, {name: unescape(value) for name, value in fields.items()}).status_code == 302
    before, again = Delegation.objects.order_by("pk")
    same = ("board", "from_person", "to_person", "days", "reason")
    assert [getattr(again, name) for name in same] == [getattr(before, name) for name in same]
    revoked_by_chair = f"/boards/{board.slug}/delegations/{again.pk}/revocation/"
    assert 'class="undo"' not in text(signed_in(ben).post(revoked_by_chair, follow=True))


def test_a_hold_is_taken_back_by_undo(waiting, ben):
    client = signed_in(ben)
    answer = client.post(f"{waiting.get_absolute_url()}hold/", {"reason": "Wait for the vendor."}, follow=True)
    waiting.refresh_from_db()
    assert waiting.on_hold
    where, fields = undo_form(text(answer))
    client.post(where, fields)
    waiting.refresh_from_db()
    assert not waiting.on_hold


def test_what_is_drawn_once_for_all_offers_nobody_anothers_cluster(ben, auditor, payments, logistics, board):
    type(logistics).objects.filter(pk=logistics.pk).update(visibility="restricted")
    option = f'<option value="{logistics.slug}"'
    assert option in text(signed_in(auditor).get("/changes/"))
    assert option not in text(signed_in(ben).get("/changes/"))
    assert f'<option value="{payments.slug}" selected>' in text(
        signed_in(ben).get(f"/changes/?cluster={payments.slug}")
    )
    assert f'<option value="{payments.slug}">' in text(signed_in(ben).get("/changes/"))


def test_a_title_that_looks_like_markup_is_shown_as_it_was_written(waiting, ben):
    Change.objects.filter(pk=waiting.pk).update(title="<b>Rotate</b> & restart")
    page = text(signed_in(ben).get("/changes/"))
    assert "&lt;b&gt;Rotate&lt;/b&gt; &amp; restart" in page
    assert "<b>Rotate</b>" not in page


def test_the_first_page_shows_a_person_the_same_as_a_filter_that_fits_everything(waiting, ben, vera):
    for person in (ben, vera):
        first, filtered = (text(signed_in(person).get(address)) for address in ("/changes/", "/changes/?risk=1"))
        assert waiting.reference in first
        assert waiting.reference in filtered


def test_only_who_may_propose_is_offered_to(ada, auditor):
    for address in ("/queue/", "/changes/"):
        assert 'href="/changes/new/"' in signed_in(ada).get(address).text
        assert 'class="btn btn-primary" href="/changes/new/"' not in signed_in(auditor).get(address).text
