"""The first page of a narrowed list, compiled once, says what the filters say, to each person what they may see."""

import pytest
from django.http import QueryDict

from apps.cab.actions import proposing
from apps.cab.models import Change, ChangeType
from apps.cab.queries.changes import LIST_ORDER
from apps.cab.queries.narrowed import counted_narrowed, first_narrowed
from apps.cab.web.filters import ChangeFilter
from apps.clusters.models import Visibility
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

PLAIN = (
    "state=draft",
    "state=draft&state=awaiting_authorization",
    "type=emergency",
    "category=",
    "cluster=logistics",
    "cluster=payments&risk=2&state=awaiting_authorization",
    "outcome=successful",
    "requester=ada",
    "implementer=omar",
    "source=",
    "nothing=we+know",
)
MORE = ("q=ledger", "open=true", "since=2026-03-01", "board=enterprise", "failed=true", "component=1")


@pytest.fixture
def several(waiting, ada, payments, logistics, ledger, dispatch) -> list[Change]:
    kinds = [(payments, ledger, ChangeType.NORMAL), (logistics, dispatch, ChangeType.EMERGENCY)]
    drafts = [
        proposing.propose_change(requester=ada, content=content(*places, type=kind), at=NOON) for *places, kind in kinds
    ]
    return [waiting, *drafts]


def asked(address: str, person) -> tuple[ChangeFilter, list[Change]]:
    request = type("Request", (), {"user": person})
    filtered = ChangeFilter(QueryDict(address), queryset=Change.objects.visible_to(person), request=request)
    return filtered, list(filtered.qs.order_by(*LIST_ORDER))


@pytest.mark.parametrize("address", PLAIN)
def test_it_is_what_the_filters_leave(several, ada, ben, address):
    for person in (ada, ben, ada):
        filtered, expected = asked(address, person)
        conditions = filtered.conditions()
        assert conditions is not None
        assert list(first_narrowed(person, conditions).rows) == expected
        assert counted_narrowed(person, conditions, 1001) == len(expected)


def test_the_cases_tell_people_and_filters_apart(several, ada, ben):
    found = {(address, who): tuple(asked(address, who)[1]) for address in PLAIN for who in (ada, ben)}
    assert found["state=draft", ada] != found["state=draft", ben]
    assert len(set(found.values())) >= 4


@pytest.mark.parametrize("address", [*MORE, "state=nonsense", "cluster=nowhere"])
def test_what_is_more_than_a_column_or_does_not_fit_goes_the_long_way(several, ada, address):
    assert asked(address, ada)[0].conditions() is None


def test_what_is_hidden_stays_hidden(several, logistics, auditor):
    stranger = make_person("stranger")
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    Change.objects.filter(cluster=logistics).update(state="submitted")
    conditions = (("type__exact", "emergency"),)
    assert [one.cluster for one in first_narrowed(auditor, conditions).rows] == [logistics]
    assert first_narrowed(stranger, conditions).rows == []
    assert counted_narrowed(stranger, conditions, 5) == 0


def test_a_cluster_that_took_anothers_name_is_not_taken_for_it(several, ada, payments, logistics):
    page = signed_in(ada)
    assert len(page.get("/api/v1/changes/?cluster=logistics").json()["results"]) == 1
    type(logistics).objects.filter(pk=logistics.pk).update(slug="freight")
    type(payments).objects.filter(pk=payments.pk).update(slug="logistics")
    assert len(page.get("/api/v1/changes/?cluster=logistics").json()["results"]) == 2


def test_pages_that_follow_go_on_where_the_first_ended(several, ada, monkeypatch):
    monkeypatch.setattr("apps.cab.queries.narrowed.PAGE_SIZE", 1)
    monkeypatch.setattr("apps.cab.queries.changes.first_page.__kwdefaults__", {"size": 1})
    client = signed_in(ada)
    first = client.get("/api/v1/changes/?requester=ada").json()
    assert [one["reference"] for one in first["results"]] == [several[2].reference]
    rest = client.get(first["next"]).json()["results"]
    assert [one["reference"] for one in rest] == [several[1].reference, several[0].reference]
