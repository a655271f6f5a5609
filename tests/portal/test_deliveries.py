"""Deliveries that were given up: an operator sees why and puts them back, on the page and over the API."""

import pytest
from django.db import transaction

from apps.clusters.models import Visibility
from apps.journal import actions
from apps.journal.models import Delivery, Entry
from apps.journal.states import DeliveryState
from apps.notify.events import FeedOpened
from tests.accounts.conftest import caller
from tests.conftest import NOON, signed_in

API = "/api/v1/deliveries/"


@pytest.fixture
def failed(payments) -> list[Delivery]:
    """Two deliveries to the webhooks that were given up."""
    Delivery.objects.all().delete()
    for number in range(2):
        with transaction.atomic():
            actions.record(FeedOpened(feed_id=number), subject=payments, actor=None, at=NOON, cluster_id=payments.pk)
    Delivery.objects.update(state=DeliveryState.FAILED, attempts=8, last_error="ValueError: <b>no</b>")
    return list(Delivery.objects.order_by("pk"))


def states() -> list[str]:
    return list(
        Delivery.objects.filter(entry__event="notify.FeedOpened").order_by("pk").values_list("state", flat=True)
    )


def test_the_page_says_what_to_whom_and_why(omar, failed):
    page = signed_in(omar).get("/deliveries/").content.decode()
    assert "notify.webhooks" in page
    assert "Payments" in page
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in page


def test_what_it_is_about_shows_only_to_those_who_may_read_it(omar, failed, payments, logistics):
    type(payments).objects.update(visibility=Visibility.RESTRICTED)
    with transaction.atomic():
        actions.record(FeedOpened(feed_id=9), subject=logistics, actor=None, at=NOON, cluster_id=logistics.pk)
    Delivery.objects.update(state=DeliveryState.FAILED)
    page = signed_in(omar).get("/deliveries/").content.decode()
    assert "Payments" in page, "Omar owns it"
    assert "Logistics" not in page
    assert "not yours to see" in page


def test_an_empty_list_says_so(omar):
    assert "Every delivery arrived." in signed_in(omar).get("/deliveries/").content.decode()


def test_the_chosen_go_back_in_line(omar, failed):
    answer = signed_in(omar).post("/deliveries/retry/", {"delivery": [failed[0].pk, "x", "9" * 40]})
    assert (answer.status_code, answer["Location"]) == (302, "/deliveries/")
    assert states() == ["waiting", "failed"]
    assert Entry.objects.get(event="journal.DeliveryRetried").actor == omar


def test_none_chosen_retries_none(omar, failed):
    signed_in(omar).post("/deliveries/retry/")
    assert states() == ["failed", "failed"]


def test_all_go_back_in_line(omar, failed):
    signed_in(omar).post("/deliveries/retry/", {"all": "yes"})
    assert states() == ["waiting", "waiting"]


@pytest.mark.parametrize("who", ["ada", "vera"])
def test_others_may_neither_see_nor_retry(request, who, failed):
    person = request.getfixturevalue(who)
    client = signed_in(person)
    assert client.get("/deliveries/").status_code == 403
    assert client.post("/deliveries/retry/", {"all": "yes"}).status_code == 403
    assert caller(person).get(API).status_code == 403
    assert client.post(f"{API}retries/").status_code == 403
    assert states() == ["failed", "failed"]


def test_an_auditor_sees_and_may_not_retry(auditor, failed):
    client = signed_in(auditor)
    page = client.get("/deliveries/").content.decode()
    assert "notify.webhooks" in page
    assert 'href="/deliveries/"' in page
    assert "Retry" not in page
    assert len(caller(auditor).get(API).json()["results"]) >= len(failed)
    for path in ("/deliveries/retry/", f"{API}retries/", f"{API}{failed[0].pk}/retry/"):
        assert client.post(path, {"all": "yes"}).status_code == 403
    assert states() == ["failed", "failed"]


class TestApi:
    def test_list_and_filter(self, omar, failed):
        client = caller(omar)
        rows = client.get(f"{API}?state=failed").json()["results"]
        assert [row["id"] for row in rows] == [one.pk for one in failed][::-1]
        assert rows[0]["last_error"] == "ValueError: <b>no</b>"
        assert client.get(f"{API}?state=done").json()["results"] == []
        assert client.get(f"{API}?state=lost").status_code == 422

    def test_retry_one_and_refuse_it_twice(self, omar, failed):
        client = signed_in(omar)
        assert client.post(f"{API}{failed[0].pk}/retry/").json()["state"] == "waiting"
        again = client.post(f"{API}{failed[0].pk}/retry/")
        assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
        assert client.post(f"{API}{failed[1].pk + 99}/retry/").status_code == 404

    def test_retry_all(self, omar, failed):
        client = signed_in(omar)
        assert [client.post(f"{API}retries/").json() for _ in range(2)] == [{"retried": 2}, {"retried": 0}]

    def test_no_key_may_retry(self, omar, failed):
        answer = caller(omar).post(f"{API}retries/")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_by_key")
