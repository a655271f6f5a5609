"""Lists, filters, the calendar and boards over the API: what they hold, what they refuse, what they cost."""

from datetime import timedelta

import pytest

from apps.cab.actions import boards, proposing, rounds
from apps.cab.models import Change, Choice, Delegation, Seat
from apps.clusters.models import Visibility
from tests.cab.conftest import content
from tests.conftest import NOON, version_in

LISTS = ("changes/", "queue/", "calendar/", "votes/", "reviews/", "boards/", "boards/enterprise/seats/")


@pytest.fixture
def scheduled(waiting, ben, cleo) -> Change:
    for voter in (cleo, ben):
        rounds.cast_vote(change_id=waiting.pk, voter=voter, choice=Choice.APPROVE, revision=1, at=NOON)
    return Change.objects.get(pk=waiting.pk)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_many_questions_for_many_rows_as_for_few(
    scheduled, board, ada, ben, payments, ledger, api, path, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = api(ben)
    client.get(f"/api/v1/{path}")
    with CaptureQueriesContext(connection) as few:
        assert client.get(f"/api/v1/{path}").status_code == 200
    for number in range(5):
        change = proposing.propose_change(
            requester=ada, content=content(payments, ledger, title=f"No {number}"), at=NOON
        )
        Change.objects.filter(pk=change.pk).update(state="scheduled")
    assert len(few) <= 6
    with django_assert_num_queries(len(few)):
        client.get(f"/api/v1/{path}")


def test_one_change_costs_at_most_twelve_questions(scheduled, ben, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert api(ben).get(f"/api/v1/changes/{scheduled.reference}/").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("window_from=2026-03-10", 1),
        ("window_from=2026-03-11", 0),
        ("window_to=2026-03-10", 1),
        ("window_to=2026-03-09", 0),
        ("window_from=2026-03-01&window_to=2026-03-31", 1),
        ("window_to=9999-12-31", 1),
        ("window_from=0001-01-01", 1),
    ],
)
def test_changes_and_the_calendar_are_narrowed_by_days_of_the_window(scheduled, ben, api, query, found):
    for path in ("changes", "calendar"):
        assert len(api(ben).get(f"/api/v1/{path}/?{query}").data["results"]) == found


@pytest.mark.parametrize("query", ["window_from=yesterday", "window_to=2026-02-30", "on_hold=perhaps", "type=odd"])
def test_a_filter_that_is_no_value_is_refused_by_name(ben, api, query):
    answer = api(ben).get(f"/api/v1/changes/?{query}")
    assert answer.status_code == 422 or query.startswith("on_hold")
    if answer.status_code == 422:
        assert list(answer.data["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(("name", "found"), [("payments/ledger", 1), ("payments/none", 0), ("ledger", 0)])
def test_changes_are_found_by_the_name_of_a_component(waiting, ben, api, name, found):
    assert len(api(ben).get("/api/v1/changes/", {"component": name}).data["results"]) == found


def test_a_component_that_is_hidden_finds_nothing(waiting, payments, dan, api):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert api(dan).get("/api/v1/changes/", {"component": "payments/ledger"}).data["results"] == []


def test_the_calendar_holds_what_is_planned_and_nothing_that_still_waits(scheduled, ada, ben, payments, ledger, api):
    proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    found = api(ada).get("/api/v1/calendar/").data["results"]
    assert [one["reference"] for one in found] == [scheduled.reference]
    assert api(ben).get(f"/api/v1/calendar/{scheduled.reference}/").status_code == 200


def test_ones_own_votes_are_listed_and_nobody_elses(scheduled, cleo, dan, api):
    (mine,) = api(cleo).get("/api/v1/votes/").data["results"]
    assert (mine["change"], mine["choice"]) == (scheduled.reference, "approve")
    assert api(dan).get("/api/v1/votes/").data["results"] == []
    assert api(dan).get(f"/api/v1/votes/{mine['id']}/").status_code == 404


def test_a_board_is_founded_and_seated(admin, ada, cleo, payments, api):
    body = {"slug": "payments", "name": "Payments board", "kind": "cluster", "cluster": "payments", "quorum_count": 1}
    refused = api(ada).post("/api/v1/boards/", body)
    assert (refused.status_code, refused.data["detail"]) == (403, "You may not found a board.")
    made = api(admin).post("/api/v1/boards/", body)
    assert (made.status_code, made.data["cluster"], version_in(made)) == (201, "payments", "1")
    again = api(admin).post("/api/v1/boards/", body | {"slug": "second"})
    assert (again.status_code, again.data["detail"]) == (409, "This cluster already has its board.")
    seat = {"person": "cleo", "role": "voter", "first_day": "2026-03-01", "last_day": "2026-12-31"}
    seated = api(admin).post("/api/v1/boards/payments/seats/", seat)
    assert (seated.status_code, seated.data["ends_before"]) == (201, "2027-01-01")
    twice = api(admin).post("/api/v1/boards/payments/seats/", seat)
    assert (twice.status_code, twice.data["detail"]) == (
        409,
        "This person already has a seat on this board in that time.",
    )
    ended = api(admin).post(f"/api/v1/boards/payments/seats/{seated.data['id']}/ending/", {"last_day": "2026-03-31"})
    assert ended.data["ends_before"] == "2026-04-01"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"person": "cleo", "role": "voter"}, "first_day"),
        ({"person": "cleo", "role": "king", "first_day": "2026-03-01"}, "role"),
        ({"person": "nobody", "role": "voter", "first_day": "2026-03-01"}, "person"),
        ({"person": "cleo", "role": "voter", "first_day": "2026-02-30"}, "first_day"),
        ({"person": "cleo", "role": "voter", "first_day": "2026-03-02", "last_day": "2026-03-01"}, "last_day"),
        ({"person": "cleo", "role": "voter", "first_day": "2026-03-02", "crown": True}, "crown"),
    ],
)
def test_a_seat_that_does_not_fit_names_the_field(board, ben, cleo, api, body, field):
    seats = Seat.objects.count()
    answer = api(ben).post("/api/v1/boards/enterprise/seats/", body)
    assert answer.status_code == 422
    assert field in answer.data["errors"]
    assert Seat.objects.count() == seats


def test_a_seat_of_another_board_is_not_found_here(board, admin, payments, api):
    other = boards.found_board(
        founder=admin, slug="payments", kind="cluster", cluster=payments, fields={"name": "Payments"}, at=NOON
    )
    seat = board.seats.first()
    answer = api(admin).post(f"/api/v1/boards/{other.slug}/seats/{seat.pk}/ending/", {"last_day": "2026-03-31"})
    assert answer.status_code == 404


def test_a_board_of_a_hidden_cluster_does_not_exist_for_others(admin, dan, payments, api):
    boards.found_board(
        founder=admin, slug="payments", kind="cluster", cluster=payments, fields={"name": "Payments"}, at=NOON
    )
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert api(dan).get("/api/v1/boards/payments/").status_code == 404
    assert api(dan).get("/api/v1/boards/payments/seats/").status_code == 404
    assert api(dan).patch("/api/v1/boards/payments/", {"name": "x"}, HTTP_IF_MATCH='"1"').status_code == 404


def test_a_boards_rules_are_changed_on_the_version_that_was_read(board, ben, api):
    address = "/api/v1/boards/enterprise/"
    assert api(ben).patch(address, {"quorum_count": 3}).status_code == 428
    assert api(ben).patch(address, {"quorum_count": 3}, HTTP_IF_MATCH='"9"').status_code == 412
    assert api(ben).patch(address, {"quorum_count": 0}, HTTP_IF_MATCH='"1"').status_code == 422
    assert api(ben).patch(address, {"kind": "cluster"}, HTTP_IF_MATCH='"1"').status_code == 422
    board.refresh_from_db()
    assert (board.quorum_count, board.version) == (2, 1)


def test_a_delegation_is_given_listed_and_revoked_by_its_giver(board, ben, cleo, dan, api):
    days = {"first_day": "2026-03-02", "last_day": "2026-03-05"}
    made = api(dan).post("/api/v1/boards/enterprise/delegations/", days | {"to_person": "cleo"})
    assert (made.status_code, made.data["ends_before"]) == (201, "2026-03-06")
    listed = api(ben).get("/api/v1/boards/enterprise/delegations/").data["results"]
    assert [one["id"] for one in listed] == [made.data["id"]]
    address = f"/api/v1/boards/enterprise/delegations/{made.data['id']}/revocation/"
    assert api(cleo).post(address).status_code == 404
    assert api(dan).post(address).data["revoked_at"] is not None
    assert Delegation.objects.get().revoked_at == NOON


def test_a_delegation_of_days_that_have_passed_is_refused(board, dan, cleo, api):
    past = (NOON - timedelta(days=9)).date().isoformat()
    answer = api(dan).post(
        "/api/v1/boards/enterprise/delegations/", {"first_day": past, "last_day": past, "to_person": "cleo"}
    )
    assert (answer.status_code, answer.data["detail"]) == (
        422,
        "The days must lie ahead, in order, and be at most 180.",
    )


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"cluster": "nowhere"}, "cluster"),
        ({"components": ["payments/nothing"]}, "components"),
        ({"components": "payments/ledger"}, "components"),
        ({"co_authors": ["nobody"]}, "co_authors"),
        ({"implementer": "nobody"}, "implementer"),
        ({"window_start": "2026-03-10T22:00"}, "window_start"),
        ({"window_start": "tomorrow"}, "window_start"),
        ({"window_start": "2026-03-10T22:00+01:00"}, "window_start"),
        (
            {"window_start": "2026-03-29T02:30", "window_end": "2026-03-29T04:00", "window_zone": "Europe/Berlin"},
            "window_start",
        ),
        (
            {"window_start": "2026-03-10T22:00", "window_end": "2026-03-10T21:00", "window_zone": "Europe/Berlin"},
            "window_end",
        ),
        ({"window_start": "2026-03-10T22:00", "window_end": "2026-03-10T23:00", "window_zone": "Mars"}, "window_zone"),
        ({"downtime_minutes": -1}, "downtime_minutes"),
        ({"links": [{"label": "x", "url": "javascript:alert(1)"}]}, "links.0.url"),
        ({"links": [{"label": "x", "url": "https://example.org", "rel": "x"}]}, "links.0.rel"),
        ({"type": "odd"}, "type"),
        ({"risk": 1}, "risk"),
        ({"title": "a\u0000b"}, "title"),
    ],
)
def test_a_proposal_that_does_not_fit_names_the_field_and_writes_nothing(ada, payments, ledger, api, more, field):
    answer = api(ada).post("/api/v1/changes/", {"title": "Rotate the keys", "cluster": "payments"} | more)
    assert answer.status_code == 422, answer.data
    assert field in answer.data["errors"]
    assert answer.data["detail"]
    assert not Change.objects.exists()


def test_a_cluster_one_may_not_know_of_cannot_be_named(ada, payments, api):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    answer = api(ada).post("/api/v1/changes/", {"title": "Rotate the keys", "cluster": "payments"})
    assert (answer.status_code, list(answer.data["errors"])) == (422, ["cluster"])


def test_a_file_is_refused_by_kind_and_taken_away_by_an_author(draft, ada, ben, api, settings, tmp_path):
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.MEDIA_ROOT = tmp_path
    address = f"/api/v1/changes/{draft.reference}/files/"
    for name, data in (("run.exe", b"MZ"), ("plan.pdf", b"not a pdf"), ("empty.txt", b"")):
        refused = api(ada).post(address, {"file": SimpleUploadedFile(name, data)}, format="multipart")
        assert refused.status_code == 422, name
    assert api(ada).post(address, {"file": "text"}).status_code == 415
    made = api(ada).post(address, {"file": SimpleUploadedFile("plan.txt", b"steps")}, format="multipart")
    assert api(ben).delete(f"{address}{made.data['id']}/").status_code == 404  # a draft is its authors' own
    assert api(ada).delete(f"{address}{made.data['id']}/").status_code == 204
    assert api(ada).get(address).data["results"] == []
    assert api(ada).get(f"{address}{made.data['id']}/").status_code == 404
