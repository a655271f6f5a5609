"""Dashboards: arranged by steps, of a person or a board, shared by links that show each reader their own figures."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.cab.actions.dashboards import (
    arrange_tile,
    make_dashboard,
    remove_dashboard,
    revoke_link,
    share_dashboard,
)
from apps.cab.models import Change, Dashboard, DashboardLink
from apps.cab.rules.dashboards import MOST_TILES, USUAL, Tile, arranged, require_tiles
from apps.cab.rules.metrics import METRICS
from apps.clusters.models import Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision
from tests.conftest import NOON, signed_in

pytestmark = pytest.mark.django_db
ABC = (Tile("backlog", "figure", 1), Tile("lead_time", "trend", 2), Tile("approval_wait", "figure", 3))


@pytest.fixture
def mine(ada) -> Dashboard:
    return make_dashboard(maker=ada, name="Mondays", tiles=[one.as_data() for one in ABC], at=NOON)


@pytest.mark.parametrize(
    ("place", "step", "order", "widths"),
    [
        (0, "later", "lead_time backlog approval_wait", [2, 1, 3]),
        (2, "earlier", "backlog approval_wait lead_time", [1, 3, 2]),
        (0, "earlier", "backlog lead_time approval_wait", [1, 2, 3]),
        (2, "later", "backlog lead_time approval_wait", [1, 2, 3]),
        (1, "wider", "backlog lead_time approval_wait", [1, 3, 3]),
        (2, "wider", "backlog lead_time approval_wait", [1, 2, 3]),
        (0, "narrower", "backlog lead_time approval_wait", [1, 2, 3]),
        (1, "remove", "backlog approval_wait", [1, 3]),
    ],
)
def test_each_step_moves_one_tile(place, step, order, widths):
    after = arranged(ABC, place, step)
    assert [one.metric for one in after] == order.split()
    assert [one.width for one in after] == widths


@pytest.mark.parametrize(("place", "step"), [(3, "later"), (-1, "later"), (0, "upside_down")])
def test_a_step_that_is_none_is_refused(place, step):
    with pytest.raises(Invalid):
        arranged(ABC, place, step)


@pytest.mark.parametrize(
    "tiles",
    [
        [{"metric": "strange", "shape": "figure", "width": 1}],
        [{"metric": "backlog", "shape": "gauge", "width": 1}],
        [{"metric": "backlog", "shape": "figure", "width": 4}],
        [{"metric": "backlog", "shape": "figure", "width": "2"}],
        [{"metric": "backlog", "shape": "figure", "width": 1}] * (MOST_TILES + 1),
    ],
)
def test_tiles_that_make_no_sense_are_refused(tiles):
    with pytest.raises(Invalid):
        require_tiles(tiles)


def test_it_begins_with_the_usual_tiles_and_two_of_one_name_are_refused(ada):
    assert make_dashboard(maker=ada, name="All", at=NOON).placed == USUAL
    with pytest.raises(Conflict, match="already a dashboard of that name"):
        make_dashboard(maker=ada, name="All", at=NOON)


def test_a_board_is_arranged_by_who_sits_on_it(ada, cleo, board):
    made = make_dashboard(maker=cleo, name="Ours", board=board, at=NOON)
    assert Dashboard.objects.visible_to(ada).get() == made
    with pytest.raises(NotAllowed, match="not yours to arrange"):
        arrange_tile(dashboard_id=made.pk, person=ada, version=1, place=0, step="later", at=NOON)
    with pytest.raises(NotAllowed):
        make_dashboard(maker=ada, name="Mine", board=board, at=NOON)


def test_ones_own_is_nobody_elses(mine, cleo):
    assert signed_in(cleo).get(mine.get_absolute_url()).status_code == 404
    with pytest.raises(NotAllowed):
        remove_dashboard(dashboard_id=mine.pk, person=cleo, version=1, at=NOON)


def test_who_arranges_an_older_version_is_told(mine, ada):
    arrange_tile(dashboard_id=mine.pk, person=ada, version=1, place=0, step="later", at=NOON)
    with pytest.raises(StaleRevision):
        arrange_tile(dashboard_id=mine.pk, person=ada, version=1, place=0, step="later", at=NOON)
    assert Entry.objects.filter(event="cab.DashboardArranged").count() == 1


def test_the_buttons_work_without_a_script(mine, ada):
    client = signed_in(ada)
    page = client.get(f"{mine.get_absolute_url()}?arrange=1").content.decode()
    assert page.count('name="step" value="wider"') == 2
    sent = {"version": "1", "place": "0", "step": "later"}
    assert client.post(f"{mine.get_absolute_url()}tiles/", sent).status_code == 302
    added = {"version": "2", "metric": "emergency_share", "shape": "trend"}
    assert client.post(f"{mine.get_absolute_url()}tiles/", added).status_code == 302
    mine.refresh_from_db()
    assert [one.metric for one in mine.placed] == ["lead_time", "backlog", "approval_wait", "emergency_share"]
    assert client.post(f"{mine.get_absolute_url()}tiles/", sent).status_code == 412
    assert client.post(f"{mine.get_absolute_url()}removal/", {"version": "3"}).status_code == 302
    assert not Dashboard.objects.exists()


def test_the_list_makes_one(ada, payments):
    client = signed_in(ada)
    made = client.post("/dashboards/", {"name": "Payments", "cluster": "payments", "days": "91"})
    assert made.status_code == 302
    assert client.get(made["Location"]).status_code == 200
    assert "Payments" in client.get("/dashboards/").content.decode()
    assert client.post("/dashboards/", {"name": "Payments", "cluster": "payments", "days": "91"}).status_code == 422


def test_a_link_shows_each_reader_what_they_may_see_until_it_is_revoked(mine, ada, cleo, payments, logistics, client):
    now = timezone.now()
    for number, cluster in enumerate((payments, logistics)):
        Change.objects.create(
            number=2000 + number, title="Open", cluster=cluster, requester=ada, state="submitted",
            created_at=now - timedelta(days=3), submitted_at=now - timedelta(days=2),
        )  # fmt: skip
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    token = share_dashboard(dashboard_id=mine.pk, person=ada, at=NOON)
    address = f"/dashboards/shared/{token}/"
    assert '<b class="figure-value">2</b>' in signed_in(ada).get(address).content.decode()  # both are her own
    page = signed_in(cleo).get(address).content.decode()
    assert '<b class="figure-value">1</b>' in page
    assert "Share by link" not in page
    assert client.get(address).status_code == 302  # strangers sign in first
    assert token not in str(DashboardLink.objects.values())
    revoke_link(link_id=DashboardLink.objects.get().pk, person=ada, at=NOON)
    refused = signed_in(cleo).get(address)
    assert (refused.status_code, "it was revoked" in refused.content.decode()) == (404, True)


def test_a_link_opens_no_hidden_cluster(ada, cleo, payments):
    made = make_dashboard(maker=ada, name="Payments", cluster_slug="payments", at=NOON)
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    token = share_dashboard(dashboard_id=made.pk, person=ada, at=NOON)
    refused = signed_in(cleo).get(f"/dashboards/shared/{token}/")
    assert (refused.status_code, "payments" in refused.content.decode().lower()) == (404, False)


def test_the_page_shares_and_revokes(mine, ada, cleo, django_assert_max_num_queries):
    client = signed_in(ada)
    went = client.post(f"{mine.get_absolute_url()}links/")
    assert (went.status_code, went["Location"].startswith("/dashboards/shared/")) == (302, True)
    page = client.get(went["Location"]).text  # as often as one likes: loading it again sends no form
    assert f'id="address">http://testserver{went["Location"]}</span>' in page
    assert 'data-copy="address"' not in signed_in(cleo).get(went["Location"]).text
    link = DashboardLink.objects.get()
    assert signed_in(cleo).post(f"{mine.get_absolute_url()}links/{link.pk}/revocation/").status_code == 404
    assert client.post(f"{mine.get_absolute_url()}links/{link.pk}/revocation/").status_code == 302
    assert DashboardLink.objects.get().revoked_at is not None
    with django_assert_max_num_queries(12):
        client.get(mine.get_absolute_url())


def told(client, address: str) -> list[dict[str, object]]:
    return json.loads(b"".join(client.get(address).streaming_content))


def test_what_it_shows_leaves_as_a_file_with_the_period_and_unit_of_each_figure(mine, ada, payments):
    now = timezone.now()
    Change.objects.create(
        number=2000, title="Open", cluster=payments, requester=ada, state="submitted",
        created_at=now - timedelta(days=40), submitted_at=now - timedelta(days=40),
    )  # fmt: skip
    client, address = signed_in(ada), mine.get_absolute_url()
    rows = told(client, f"{address}?export=json")
    figure, *trend, last = rows
    assert (figure["metric"], figure["shape"], figure["value"], figure["unit"]) == ("backlog", "figure", 1, "changes")
    days = [str(now.date() - timedelta(days=mine.days - 1)), str(now.date())]
    assert [figure["since"], figure["until"], figure["target"]] == [*days, None]
    assert {one["metric"] for one in trend} == {"lead_time"}
    assert [one["until"] for one in trend] == sorted({one["until"] for one in trend})  # a line a month
    assert (last["tile"], last["metric"], last["title"]) == (3, "approval_wait", METRICS["approval_wait"].title)
    data = client.get("/programme/figures.json").json()
    overall = {one["metric"]: one for one in data["groups"][0]["figures"]}
    assert last["value"] == overall["approval_wait"]["value"]
    assert len(list(csv.DictReader(io.StringIO(client.get(f"{address}?export=csv").getvalue().decode())))) == len(rows)
    assert client.get(f"{address}?export=xlsx").getvalue()[:2] == b"PK"
    assert client.get(f"{address}?export=pdf").status_code == 404
    page = client.get(address).text
    assert [f"export={kind}" in page for kind in ("csv", "xlsx", "json")] == [True] * 3


def test_the_file_of_a_link_holds_what_its_reader_may_see(mine, ada, cleo, logistics):
    now = timezone.now()
    Change.objects.create(
        number=2000, title="Open", cluster=logistics, requester=ada, state="submitted",
        created_at=now - timedelta(days=3), submitted_at=now - timedelta(days=2),
    )  # fmt: skip
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    address = f"/dashboards/shared/{share_dashboard(dashboard_id=mine.pk, person=ada, at=NOON)}/?export=json"
    assert [told(signed_in(one), address)[0]["value"] for one in (ada, cleo)] == [1, 0]


def test_the_api_makes_arranges_shares_and_removes(ada):
    client, said = signed_in(ada), {"content_type": "application/json"}
    made = client.post("/api/v1/dashboards/", {"name": "All"}, headers={"Idempotency-Key": "d1"}, **said)
    assert (made.status_code, len(made.json()["tiles"])) == (201, len(USUAL))
    address = f"/api/v1/dashboards/{made.json()['id']}/"
    tiles = {"tiles": [{"metric": "backlog", "shape": "trend", "width": 3}]}
    arranged_ = client.patch(address, tiles, headers={"If-Match": made.headers["ETag"]}, **said)
    assert arranged_.json()["tiles"] == tiles["tiles"]
    assert client.patch(address, tiles, headers={"If-Match": '"9"'}, **said).status_code == 412
    shared = client.post(f"{address}links/", headers={"Idempotency-Key": "d2"}, **said)
    assert client.get(shared.json()["address"]).status_code == 200
    wrong = client.patch(address, {"tiles": [{"metric": "x"}]}, headers={"If-Match": arranged_.headers["ETag"]}, **said)
    assert wrong.status_code == 422
    assert client.delete(address, headers={"If-Match": arranged_.headers["ETag"]}).status_code == 204
