"""The calendar over the API: what lies in some days, narrowed as the pages narrow it, bounded, and seen by whom."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.rules import Role
from apps.cab.actions import conflicts, flow, proposing
from apps.cab.models import Change
from apps.clusters.models import Visibility
from apps.windows.models import Freeze, FreezeCluster, RecurringWindow
from tests.cab.conftest import content
from tests.conftest import NOON, make_person

MARCH = {"since": "2026-03-09", "until": "2026-03-15"}
SHEET = "/api/v1/calendar/sheet/"
PARTS = ("changes", "windows", "freezes", "conflicts")


@pytest.fixture
def march(ada, omar, payments, logistics, ledger, dispatch) -> list[Change]:
    """Two planned changes of the ledger at one time (a conflict), one of the dispatch; two windows and two freezes."""
    made = []
    for cluster, part, kind in (
        (payments, ledger, "normal"),
        (payments, ledger, "standard"),
        (logistics, dispatch, "normal"),
    ):
        given = content(cluster, part, type=kind, title=f"No {len(made)}")
        change = proposing.propose_change(requester=ada, content=given, at=NOON)
        made.append(flow.submit_change(change_id=change.pk, submitter=ada, at=NOON))
    Change.objects.filter(pk__in=[one.pk for one in made]).update(
        state="scheduled", risk=3, risk_computed=3, risk_reason=""
    )
    conflicts.recheck_change(change_id=made[0].pk, at=NOON)
    for cluster, kind in ((payments, "maintenance"), (None, "blackout")):
        RecurringWindow.objects.create(
            kind=kind,
            cluster=cluster,
            name=kind,
            created_by=omar,
            created_at=NOON,
            start_local=datetime(2026, 3, 14, 20),
            duration_minutes=60,
            zone="UTC",
            rrule="",
        )
    for name, cluster in (("Everywhere", None), ("Logistics only", logistics)):
        freeze = Freeze.objects.create(
            name=name,
            state="enforced",
            start_local=datetime(2026, 3, 14),
            end_local=datetime(2026, 3, 15),
            zone="UTC",
            start_at=datetime(2026, 3, 14, tzinfo=UTC),
            end_at=datetime(2026, 3, 15, tzinfo=UTC),
            created_by=omar,
            created_at=NOON,
            previewed_by=omar,
            previewed_at=NOON,
            enforced_at=NOON,
        )
        if cluster:
            FreezeCluster.objects.create(freeze=freeze, cluster=cluster)
    return made


def sizes(data) -> tuple[int, ...]:
    return tuple(len(data[part]) for part in PARTS)


def test_a_sheet_holds_all_that_lies_in_the_days(march, ben, api):
    data = api(ben).get(SHEET, MARCH).data
    assert (sizes(data), data["is_cut"]) == ((3, 2, 2, 1), False)
    assert [one["kind"] for one in data["windows"]] == ["maintenance", "blackout"]
    assert [(one["name"], one["clusters"]) for one in data["freezes"]] == [
        ("Everywhere", []),
        ("Logistics only", ["logistics"]),
    ]
    assert data["conflicts"][0]["kind"] == "same_component"
    assert sizes(api(ben).get(SHEET, {"since": "2026-04-01", "until": "2026-04-30"}).data) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"cluster": "logistics"}, (1, 1, 2, 0)),
        ({"cluster": "payments"}, (2, 2, 1, 1)),
        ({"type": "standard"}, (1, 2, 2, 1)),
        ({"risk": 4}, (0, 2, 2, 1)),
        ({"risk": 3}, (3, 2, 2, 1)),
        ({"state": "closed"}, (0, 2, 2, 1)),
        ({"state": ["closed", "scheduled"]}, (3, 2, 2, 1)),
        ({"board": "enterprise"}, (0, 2, 2, 1)),
    ],
)
def test_it_is_narrowed_as_the_page_is(march, ben, board, api, query, found):
    assert sizes(api(ben).get(SHEET, MARCH | query).data) == found


def test_what_nobody_may_know_of_is_not_told(march, cleo, logistics, api):
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    Change.objects.filter(pk=march[1].pk).update(cluster=logistics)
    data = api(make_person("nell", Role.REQUESTER)).get(SHEET, MARCH).data
    assert sizes(data) == (1, 2, 1, 0)
    assert "Logistics" not in str(data)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"since": "9999-01-01"}, "since"),
        ({"since": "2026-03-09", "until": "2026-03-08"}, "until"),
        ({"since": "2026-03-01", "until": "2026-05-02"}, "until"),
        ({"type": "odd"}, "type"),
        ({"risk": 6}, "risk"),
        ({"cluster": "nowhere"}, "cluster"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(march, ben, api, query, field):
    answer = api(ben).get(SHEET, query)
    assert (answer.status_code, list(answer.data["errors"])) == (422, [field])


def test_sixty_two_days_are_not_too_many(march, ben, api):
    assert api(ben).get(SHEET, {"since": "2026-03-01", "until": "2026-05-01"}).status_code == 200


def test_many_things_cost_no_more_questions_than_few(march, ada, ben, payments, ledger, api):
    client = api(ben)
    client.get(SHEET, MARCH)
    with CaptureQueriesContext(connection) as few:
        client.get(SHEET, MARCH)
    for number in range(5):
        change = proposing.propose_change(
            requester=ada, content=content(payments, ledger, title=f"More {number}"), at=NOON
        )
        Change.objects.filter(pk=change.pk).update(state="scheduled")
        conflicts.recheck_change(change_id=change.pk, at=NOON + timedelta(minutes=1))
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(SHEET, MARCH).data["conflicts"]) > 5
    assert len(many) <= len(few) <= 12


def test_the_list_takes_the_filters_of_the_page(march, ben, api):
    for query, found in (({"cluster": "logistics"}, 1), ({"type": "standard"}, 1), ({"risk": 4}, 0), ({}, 3)):
        assert len(api(ben).get("/api/v1/calendar/", query).data["results"]) == found
