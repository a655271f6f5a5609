"""The pages of the board's area: allowed, refused, invisible, and how many questions they ask the database."""

from datetime import timedelta

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import boards, rounds
from apps.cab.models import Board, BoardKind, Change, ChangeType, Choice, SavedView
from apps.cab.states import ChangeState
from apps.clusters.models import Visibility
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

CEILING = 12  # queries a page
pytestmark = pytest.mark.usefixtures("_at_noon")


@pytest.fixture
def _at_noon(monkeypatch):
    """The doors read the clock; the stage's clock stands at noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/queue/",
        "/changes/",
        "/changes/new/",
        "/calendar/",
        "/boards/",
        "/boards/enterprise/",
        "/journal/",
        "/inbox/",
        "/metrics-board/",
    ],
)
def test_a_page_asks_at_most_twelve_questions(waiting, ben, address, django_assert_max_num_queries):
    client = signed_in(ben)
    client.get("/queue/")  # what is read once a process (content types) has been read
    with django_assert_max_num_queries(CEILING):
        assert client.get(address).status_code == 200


def test_the_dossier_asks_at_most_thirteen_questions_however_much_it_holds(
    waiting, ben, cleo, dan, django_assert_max_num_queries
):
    for voter in (cleo, dan):
        rounds.cast_vote(
            change_id=waiting.pk,
            voter=voter,
            choice=Choice.APPROVE_WITH_CONDITIONS,
            conditions=["One.", "Two."],
            revision=1,
            at=NOON,
        )
    client = signed_in(ben)
    for _look in ("first", "later"):
        with django_assert_max_num_queries(CEILING + 1):  # the one: its meetings, a panel of another area
            assert client.get(waiting.get_absolute_url()).status_code == 200


def test_a_list_of_many_asks_no_more_than_a_list_of_one(
    ada, ben, waiting, payments, ledger, django_assert_max_num_queries
):
    from apps.cab.actions import flow, proposing

    for number in range(20):
        change = proposing.propose_change(
            requester=ada, content=content(payments, ledger, title=f"Change {number}"), at=NOON
        )
        flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    client = signed_in(ben)
    client.get("/changes/")
    with django_assert_max_num_queries(CEILING):
        assert text(client.get("/changes/")).count("CHG-") >= 21


@pytest.mark.parametrize("address", ["/queue/", "/changes/", "/calendar/", "/boards/", "/inbox/", "/journal/"])
def test_who_has_not_signed_in_is_asked_to(client, db, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_who_decides_a_change_reads_it_wherever_it_belongs(waiting, payments, dan):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    client = signed_in(dan)
    assert client.get(waiting.get_absolute_url()).status_code == 200
    assert waiting.title in text(client.get("/queue/"))


def test_a_change_of_a_restricted_cluster_is_a_page_that_is_not_there(waiting, payments):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    client = signed_in(make_person("eve", Role.REQUESTER, Role.OPERATOR))
    for address in (
        waiting.get_absolute_url(),
        f"{waiting.get_absolute_url()}edit/",
        f"{waiting.get_absolute_url()}revisions/1/",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "that you may see" in text(answer)
    assert waiting.title not in text(client.get("/changes/"))
    assert waiting.title not in text(client.get("/queue/"))
    assert waiting.title not in text(client.get("/search/?q=signing"))


def test_an_auditor_reads_the_dossier_and_is_offered_nothing(waiting, auditor):
    answer = signed_in(auditor).get(waiting.get_absolute_url())
    assert "You have no seat with a vote on the Enterprise board, which decides this change." in text(answer)
    assert "decision-bar" in text(answer)
    assert "<button" not in text(answer).split('id="decision"')[1].split("</section>")[0]
    refused = signed_in(auditor).post(f"{waiting.get_absolute_url()}hold/", {"reason": "x"})
    assert refused.status_code == 403
    assert "Auditors read everything and change nothing." in text(refused)


def test_the_decision_bar_says_what_a_ballot_binds_to_and_afterwards_that_it_was_cast(waiting, cleo):
    client = signed_in(cleo)
    page = text(client.get(waiting.get_absolute_url()))
    digest = waiting.revisions.get().digest
    assert f'revision 1 (<code title="SHA-256 {digest}">{digest[:8]}</code>)' in page
    assert "You have voted" not in page
    client.post(f"{waiting.get_absolute_url()}votes/", {"choice": "approve", "revision": 1})
    assert "You have voted in this round: approve." in text(client.get(waiting.get_absolute_url()))


def test_an_author_reads_on_the_decision_bar_why_there_is_no_ballot(waiting, ada):
    assert "You cannot vote on your own change; the Enterprise board decides it." in text(
        signed_in(ada).get(waiting.get_absolute_url())
    )


def test_a_blocker_leads_who_may_edit_to_the_field_and_others_to_the_section(waiting, ada, ben, cleo, dan):
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=NOON)
    address = waiting.get_absolute_url()
    assert f'href="{address}edit/#id_implementer"' in text(signed_in(ada).get(address))
    assert 'href="#people"' in text(signed_in(dan).get(address))


def test_the_evidence_stands_before_the_plans(waiting, ben):
    page = text(signed_in(ben).get(waiting.get_absolute_url()))
    order = ['id="decision"', 'id="window"', 'id="components"', 'id="risk"', 'id="rounds-heading"', 'id="purpose"']
    assert order == sorted(order, key=page.index)


def test_a_revision_reads_as_text_under_names_people_know(waiting, ben):
    page = text(signed_in(ben).get(f"{waiting.get_absolute_url()}revisions/1/"))
    assert "<dt>Implementation plan</dt>" in page
    assert "<dd>payments/ledger</dd>" in page
    assert "[&#x27;" not in page


def test_a_refused_vote_answers_422_with_the_sentence_and_the_next_step(waiting, ada):
    answer = signed_in(ada).post(f"{waiting.get_absolute_url()}votes/", {"choice": "approve", "revision": 1})
    assert answer.status_code == 422
    assert "You cannot vote on your own change" in text(answer)
    assert "Another member of the board decides it" in text(answer)


def test_a_vote_without_javascript_leads_back_to_the_dossier(waiting, cleo):
    answer = signed_in(cleo).post(f"{waiting.get_absolute_url()}votes/", {"choice": "approve", "revision": 1})
    assert (answer.status_code, answer["Location"]) == (302, waiting.get_absolute_url())


def test_a_vote_by_htmx_is_told_where_to_go(waiting, cleo):
    answer = signed_in(cleo).post(
        f"{waiting.get_absolute_url()}votes/", {"choice": "approve", "revision": 1}, headers={"HX-Request": "true"}
    )
    assert (answer.status_code, answer["HX-Redirect"]) == (204, waiting.get_absolute_url())


def test_the_dossier_shows_what_changed_since_ones_last_look(waiting, ada, cleo):
    from apps.cab.actions import proposing

    client = signed_in(cleo)
    assert "Changed since you looked" not in text(client.get(waiting.get_absolute_url()))
    proposing.edit_change(
        change_id=waiting.pk,
        editor=ada,
        content=proposing.content_from(waiting, test_plan="Twice."),
        based_on=1,
        at=NOON,
    )
    assert "Changed since you looked (revision 1 → 2)" in text(client.get(waiting.get_absolute_url()))
    assert "Changed since you looked" not in text(client.get(waiting.get_absolute_url()))


def test_the_queue_is_ordered_by_deadline_and_then_by_risk(waiting, ada, ben, cleo, board, payments, ledger):
    from apps.cab.actions import flow, proposing

    riskier = proposing.propose_change(
        requester=ada, content=content(payments, ledger, title="Riskier", test_plan="", downtime_minutes=90), at=NOON
    )
    flow.submit_change(change_id=riskier.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=riskier.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=riskier.pk, assessor=ben, at=NOON)
    page = text(signed_in(cleo).get("/queue/"))
    assert page.index("Riskier") < page.index(waiting.title)


def test_a_delegated_ballot_stands_in_the_queue_of_who_holds_it(waiting, board, cleo, dan):
    rounds.cast_vote(change_id=waiting.pk, voter=dan, choice=Choice.ABSTAIN, revision=1, at=NOON)
    boards.delegate_vote(board_id=board.pk, giver=cleo, taker=dan, first_day=NOON.date(), last_day=NOON.date(), at=NOON)
    client = signed_in(dan)
    assert waiting.title in text(client.get("/queue/"))
    page = text(client.get(waiting.get_absolute_url()))
    assert "For Cleo&#x27;s seat, by delegation." in page or "For Cleo's seat, by delegation." in page


def test_filters_live_in_the_address_and_are_saved_under_a_name(waiting, ben):
    client = signed_in(ben)
    client.post("/changes/views/", {"name": "Risky", "query": "risk=3&open=true"})
    assert SavedView.objects.get(person=ben).query == "risk=3&open=true"
    assert "Risky" in text(client.get("/changes/"))
    again = client.post("/changes/views/", {"name": "Risky", "query": "risk=4"})
    assert again.status_code == 409
    assert "You already have a view of that name." in text(again)


@pytest.mark.parametrize("query", ["state=sideways", "week=x", "after=zzz"])
def test_an_address_that_means_nothing_is_refused_in_a_sentence(ben, query):
    where = "/calendar/" if query.startswith("week") else "/changes/"
    answer = signed_in(ben).get(f"{where}?{query}")
    assert answer.status_code == 422


def test_the_form_names_what_it_does_not_know_and_keeps_what_was_written(ada, payments):
    body = {
        "title": "New",
        "cluster": "payments",
        "type": "normal",
        "components": "payments/none",
        "downtime_minutes": "0",
        "implementer": "nobody",
        "purpose": "Kept.",
    }
    answer = signed_in(ada).post("/changes/new/", body)
    assert answer.status_code == 422
    assert "There is no component payments/none" in text(answer)
    assert "Nobody is called nobody" in text(answer)
    assert "Kept." in text(answer)
    assert not Change.objects.exists()


def test_the_week_shows_a_window_over_midnight_on_both_days(waiting, ben, cleo):
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=NOON)
    ben.zone = "Asia/Tokyo"  # 22:00 to 23:30 in Berlin is the next morning there
    ben.save()
    page = text(signed_in(ben).get("/calendar/?week=2026-03-09"))
    assert "days and times in Asia/Tokyo" in page
    assert "06:00" in page
    assert page.count(f">{waiting.reference}<") == 2  # in the picture, and in the list that phones show


def test_a_file_is_saved_never_shown(draft, ada, settings, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.MEDIA_ROOT = tmp_path
    client = signed_in(ada)
    refused = client.post(f"{draft.get_absolute_url()}files/", {"file": SimpleUploadedFile("run.exe", b"MZ")})
    assert refused.status_code == 422
    assert "Files of this kind are not kept" in text(refused)
    client.post(f"{draft.get_absolute_url()}files/", {"file": SimpleUploadedFile("plan.txt", b"steps")})
    file = draft.attachments.get()
    got = client.get(f"{draft.get_absolute_url()}files/{file.pk}/")
    assert got["Content-Disposition"] == 'attachment; filename="plan.txt"'
    assert got["X-Content-Type-Options"] == "nosniff"


def test_the_emergency_board_is_where_emergencies_go(ada, board, payments, ledger):
    from apps.cab.actions import flow, proposing
    from apps.cab.models import Board, BoardKind

    emergency = Board.objects.create(slug="emergency", name="Emergency board", kind=BoardKind.EMERGENCY, quorum_count=1)
    change = proposing.propose_change(
        requester=ada, content=content(payments, ledger, type=ChangeType.EMERGENCY, backout_plan=""), at=NOON
    )
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON + timedelta(minutes=1))
    change.refresh_from_db()
    assert change.rounds.get().board == emergency
    assert change.state == ChangeState.AWAITING_AUTHORIZATION


def test_the_line_ends_of_browsers_are_no_edit(waiting, ada, payments):
    from apps.cab.actions import proposing
    from apps.cab.web.forms import ChangeForm

    plan = "1. Publish.\n2. Switch."
    proposing.edit_change(
        change_id=waiting.pk,
        editor=ada,
        content=proposing.content_from(waiting, implementation_plan=plan),
        based_on=1,
        at=NOON,
    )
    waiting.refresh_from_db()
    told = {name: "" if value is None else value for name, value in ChangeForm.initial_of(waiting).items()}
    lists = {name: "\r\n".join(value) for name, value in told.items() if isinstance(value, list)}
    window = {name: f"{told[name]:%Y-%m-%dT%H:%M}" for name in ("window_start", "window_end")}
    body = told | lists | window | {"implementation_plan": plan.replace("\n", "\r\n"), "title": "Spelt right"}
    answer = signed_in(ada).post(f"{waiting.get_absolute_url()}edit/", body)
    assert answer.status_code == 302, text(answer)
    revision = waiting.revisions.get(number=3)
    assert not revision.is_material
    assert revision.content["implementation_plan"] == plan


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/conflicts/", "No conflict is open"),
        ("/conflicts/?kind=freeze", "No conflict fits these filters."),
        ("/templates/", "There is no template yet"),
        ("/templates/?state=suspended", "No template is suspended"),
        ("/calendar/month/", "Nothing is planned this month."),
        ("/meetings/", "Plan the first"),
        ("/boards/bare/", "Nobody sits on it yet, so it decides nothing."),
    ],
)
def test_a_board_that_begins_is_told_what_each_empty_page_waits_for(board, ben, address, sentence):
    Board.objects.create(slug="bare", name="Bare board", kind=BoardKind.EMERGENCY)
    assert sentence in signed_in(ben).get(address).text
