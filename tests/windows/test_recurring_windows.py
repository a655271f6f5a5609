"""Maintenance windows and blackouts: who plans, changes and retires them, at each door."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.clusters.models import Cluster, Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.windows.actions.recurring import change_window, plan_window, retire_window
from apps.windows.models import RecurringWindow
from apps.windows.queries import upcoming
from tests.conftest import signed_in, version_in

API, JSON = "/api/v1", "application/json"


@pytest.fixture
def window(omar, payments, sundays, noon) -> RecurringWindow:
    return plan_window(planner=omar, cluster=payments, kind="maintenance", values=sundays, at=noon)


def form_of(values: dict, **more) -> dict:
    return {**values, "start_local": values["start_local"].isoformat(timespec="minutes"), **more}


def test_an_owner_plans_for_the_cluster_and_the_journal_says_so(window, omar, payments):
    entry = Entry.objects.get(event="windows.WindowPlanned")
    assert (entry.subject_id, entry.actor, entry.cluster_id) == (window.pk, omar, payments.pk)


def test_others_are_refused_with_whom_to_ask(ada, ben, payments, sundays, noon):
    for person in (ada, ben):
        with pytest.raises(NotAllowed, match="Only an owner of Payments") as refused:
            plan_window(planner=person, cluster=payments, kind="blackout", values=sundays, at=noon)
        assert refused.value.next_step
    assert not RecurringWindow.objects.exists()


def test_for_the_federation_a_chair_or_an_administrator_plans(omar, ben, admin, sundays, noon):
    with pytest.raises(NotAllowed, match="whole federation"):
        plan_window(planner=omar, cluster=None, kind="blackout", values=sundays, at=noon)
    for person in (ben, admin):
        assert plan_window(planner=person, cluster=None, kind="blackout", values=sundays, at=noon).pk


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rrule", "FREQ=HOURLY"),
        ("zone", "Mars/Olympus"),
        ("duration_minutes", 4),
        ("duration_minutes", 60 * 24 * 93),
        ("tiers", [7]),
        ("start_local", datetime(1850, 1, 1)),
        ("start_local", datetime(9990, 1, 1)),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field_and_nothing_is_kept(omar, payments, sundays, noon, field, value):
    with pytest.raises(Invalid) as refused:
        plan_window(planner=omar, cluster=payments, kind="blackout", values=sundays | {field: value}, at=noon)
    assert field in refused.value.fields
    assert refused.value.next_step
    assert not RecurringWindow.objects.exists()
    assert not Entry.objects.exists()


def test_a_change_counts_the_version_and_says_what_changed(window, omar, noon):
    changed = change_window(
        window_id=window.pk, editor=omar, version=1, changes={"rrule": "freq=daily", "duration_minutes": 60}, at=noon
    )
    assert (changed.version, changed.rrule) == (2, "FREQ=DAILY")
    assert Entry.objects.get(event="windows.WindowChanged").data["fields"] == ["duration_minutes", "rrule"]
    with pytest.raises(StaleRevision):
        change_window(window_id=window.pk, editor=omar, version=1, changes={"name": "X"}, at=noon)


def test_the_same_values_again_change_nothing(window, omar, sundays, noon):
    assert change_window(window_id=window.pk, editor=omar, version=1, changes=sundays, at=noon).version == 1
    assert not Entry.objects.filter(event="windows.WindowChanged").exists()


def test_a_retired_window_comes_round_no_more_and_is_final(window, omar, noon):
    assert len(upcoming(window, at=noon)) == 5
    retired = retire_window(window_id=window.pk, person=omar, reason="Moved.", at=noon)
    assert upcoming(retired, at=noon) == []
    with pytest.raises(WrongState):
        retire_window(window_id=window.pk, person=omar, reason="Again.", at=noon)
    with pytest.raises(WrongState):
        change_window(window_id=window.pk, editor=omar, version=2, changes={"name": "X"}, at=noon)


def test_retiring_needs_a_reason_and_an_owner(window, omar, ada, noon):
    with pytest.raises(Invalid):
        retire_window(window_id=window.pk, person=omar, reason=" ", at=noon)
    with pytest.raises(NotAllowed):
        retire_window(window_id=window.pk, person=ada, reason="No.", at=noon)


def test_outside_a_restricted_cluster_nobody_knows_of_its_windows(window, ada, payments, noon):
    Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    with pytest.raises(NotFound):
        change_window(window_id=window.pk, editor=ada, version=1, changes={"name": "X"}, at=noon)
    client = signed_in(ada)
    assert client.get(window.get_absolute_url()).status_code == 404
    assert "Sunday night" not in client.get("/windows/").content.decode()
    asked = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    assert client.get(f"{API}/windows/occurrences/", asked).json()["results"] == []


def test_the_next_five_keep_the_wall_clock_and_include_the_one_that_runs(window):
    found = upcoming(window, at=datetime(2026, 3, 22, 3, 0, tzinfo=UTC))
    assert [one.start_at.strftime("%d.%m. %H:%M") for one in found] == [
        "22.03. 01:30",
        "29.03. 01:30",
        "05.04. 00:30",
        "12.04. 00:30",
        "19.04. 00:30",
    ]


class TestPages:
    def test_a_preview_shows_the_times_and_keeps_nothing(self, omar, sundays):
        client = signed_in(omar)
        sent = form_of(sundays, kind="blackout", cluster="payments", preview="1")
        text = client.post("/windows/new/", sent).content.decode()
        assert text.count('class="window"') == 5
        assert "Nothing is kept yet." in text
        assert not RecurringWindow.objects.exists()

    def test_it_comes_back_by_a_choice_and_is_changed_by_one(self, omar, sundays):
        client = signed_in(omar)
        sent = form_of(sundays, kind="blackout", cluster="payments", rrule="", comes_back="monthly", monthly_on="-1")
        drawn = client.post("/windows/new/", sent | {"weekdays": ["SA"], "preview": "1"}).text
        assert "On the last Saturday of every month at" in drawn
        client.post("/windows/new/", sent | {"weekdays": ["SA"]})
        window = RecurringWindow.objects.get()
        assert window.rrule == "FREQ=MONTHLY;BYDAY=-1SA"
        page = client.get(f"{window.get_absolute_url()}edit/").text
        for chosen in ('value="monthly" selected', 'value="-1" selected', 'value="SA" [^>]*checked'):
            assert re.search(chosen, page), chosen
        assert not re.search('value="MO" [^>]*checked', page)
        assert "On the last Saturday of every month" in client.get("/windows/").text
        told = client.get(f"/api/v1/windows/{window.pk}/").json()
        assert (told["rrule"], told["rule_words"]) == (window.rrule, window.rule_words)

    def test_what_is_wrong_with_a_choice_stands_at_the_choice(self, omar, sundays):
        sent = form_of(sundays, kind="blackout", cluster="payments", rrule="", comes_back="rule")
        answer = signed_in(omar).post("/windows/new/", sent)
        assert (answer.status_code, "Write the rule, or choose" in answer.text) == (422, True)
        refused = signed_in(omar).post("/windows/new/", sent | {"rrule": "FREQ=HOURLY"}).text
        assert 'id="id_rrule_error"' in refused
        strange = signed_in(omar).post("/windows/new/", sent | {"comes_back": "at times"})
        assert (strange.status_code, 'id="id_comes_back_error"' in strange.text) == (422, True)

    def test_saving_leads_to_the_page_of_the_window(self, omar, sundays):
        client = signed_in(omar)
        answer = client.post("/windows/new/", form_of(sundays, kind="blackout", cluster="payments"))
        window = RecurringWindow.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, window.get_absolute_url())
        text = client.get(window.get_absolute_url()).content.decode()
        assert "every Sunday at 02:30, Europe/Berlin" in text
        assert "planned the recurring window" in text

    def test_a_bad_rule_comes_back_with_its_sentence_at_the_field(self, omar, sundays):
        answer = signed_in(omar).post(
            "/windows/new/", form_of(sundays, kind="blackout", cluster="payments", rrule="FREQ=SECONDLY")
        )
        assert answer.status_code == 422
        assert 'id="id_rrule_error"' in answer.content.decode()

    def test_changing_and_retiring_on_the_page(self, window, omar, ada, sundays):
        client = signed_in(omar)
        address = window.get_absolute_url()
        assert client.get(f"{address}edit/").status_code == 200
        assert client.post(f"{address}edit/", form_of(sundays, version=1, name="Moved")).status_code == 302
        stale = client.post(f"{address}edit/", form_of(sundays, version=1, name="Again"))
        assert stale.status_code == 412
        assert signed_in(ada).get(f"{address}edit/").status_code == 403
        assert client.post(f"{address}retirement/", {"reason": "Over."}).status_code == 302
        window.refresh_from_db()
        assert (window.name, window.retired_at is not None) == ("Moved", True)
        assert "Moved" in client.get("/windows/?retired=on").content.decode()

    def test_the_list_stays_within_its_queries(self, omar, payments, sundays, noon):
        for number in range(30):
            values = sundays | {"name": f"W{number}"}
            plan_window(planner=omar, cluster=payments, kind="maintenance", values=values, at=noon)
        client = signed_in(omar)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/windows/").status_code == 200
        assert len(asked) <= 12


class TestApi:
    def test_plan_change_retire(self, omar, sundays):
        client = signed_in(omar)
        sent = form_of(sundays, kind="maintenance", cluster="payments")
        made = client.post(f"{API}/windows/", sent, JSON)
        assert (made.status_code, version_in(made), made.json()["start_local"]) == (201, "1", "2026-03-01T02:30")
        address = f"{API}/windows/{made.json()['id']}/"
        assert client.patch(address, {"name": "X"}, JSON).status_code == 428
        edited = client.patch(address, {"name": "X"}, JSON, headers={"If-Match": '"1"'})
        assert (edited.status_code, version_in(edited)) == (200, "2")
        assert client.post(f"{address}retirement/", {"reason": "Over."}, JSON).json()["retired_at"]
        assert client.get(f"{API}/windows/?retired=false").json()["results"] == []

    def test_a_refusal_says_the_same_as_the_action(self, ada, payments, sundays):
        sent = form_of(sundays, kind="blackout", cluster="payments")
        answer = signed_in(ada).post(f"{API}/windows/", sent, JSON)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert answer.json()["detail"].startswith("Only an owner of Payments")

    def test_without_a_range_the_next_four_weeks_are_told(self, window, ada):
        assert len(signed_in(ada).get(f"{API}/windows/occurrences/").json()["results"]) in (4, 5)

    def test_occurrences_between_two_instants(self, window, ada, payments, logistics):
        client = signed_in(ada)
        asked = {"from": "2026-03-08T00:00:00Z", "to": "2026-03-16T00:00:00Z"}
        rows = client.get(f"{API}/windows/occurrences/", asked | {"cluster": "payments"}).json()["results"]
        assert [row["start_at"] for row in rows] == ["2026-03-08T01:30:00Z", "2026-03-15T01:30:00Z"]
        assert client.get(f"{API}/windows/occurrences/", asked | {"cluster": "logistics"}).json()["results"] == []
        assert client.get(f"{API}/windows/occurrences/", asked | {"kind": "blackout"}).json()["results"] == []

    @pytest.mark.parametrize(
        "asked",
        [
            {"from": ""},
            {"from": "2026-03-08T00:00:00Z", "to": "2027-03-08T00:00:00Z"},
            {"from": "2026-03-08T00:00:00Z", "to": "2026-03-07T00:00:00Z"},
            {"from": "2026-03-08T00:00:00", "to": "2026-03-09T00:00:00"},
            {"from": "soon", "to": "9" * 5000},
            {"from": "9999-12-31T23:59:59-23:59", "to": "9999-12-31T23:59:59-23:59"},
            {"from": "2026-03-08T00:00:00Z", "to": "2026-03-09T00:00:00Z", "kind": "party"},
        ],
    )
    def test_a_range_out_of_bounds_is_refused(self, ada, asked):
        answer = signed_in(ada).get(f"{API}/windows/occurrences/", asked)
        assert answer.status_code == 422
        assert answer.json()["next_step"]


def test_a_window_that_started_long_ago_is_expanded_quickly(window):
    window.rrule, window.start_local = "FREQ=DAILY", datetime(2000, 1, 1, 2)
    began = datetime.now(UTC)
    assert len(upcoming(window, at=began)) == 5
    assert datetime.now(UTC) - began < timedelta(seconds=2)
