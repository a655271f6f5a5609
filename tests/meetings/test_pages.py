"""Pages of meetings: allowed, refused, invisible, with few queries."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.cab.models import BoardKind
from apps.clusters.models import Visibility
from apps.meetings.actions import agenda, planning
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.states import ItemState, MeetingState
from tests.conftest import make_person, signed_in
from tests.meetings.conftest import MONDAYS

pytestmark = pytest.mark.django_db
FORM = {
    "board": "enterprise",
    "name": "Extra board",
    "place": "",
    "start_local": "2031-05-06T14:00",
    "duration_minutes": "60",
    "zone": "Europe/Berlin",
    "rrule": "",
    "lock_minutes": "60",
    "item_minutes": "10",
}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def soon_meeting(board, ben, hand_in, now) -> Meeting:
    """Starts in ten minutes, with one item."""
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {name: MONDAYS[name] for name in ("name", "place", "lock_minutes", "item_minutes", "duration_minutes")}
    hand_in(at=now)
    return planning.plan_meeting(
        board_id=board.pk, planner=ben, values=values | {"start_local": start, "zone": "UTC"}, at=now
    )


def test_the_list_shows_what_is_to_come_and_what_is_over(soon_meeting, ben, django_assert_max_num_queries):
    client = signed_in(ben)
    with django_assert_max_num_queries(12):
        page = client.get("/meetings/")
    assert "Monday board" in page.content.decode()
    assert "Plan a meeting" in page.content.decode()
    assert "No meeting fits" in client.get("/meetings/?past=on").content.decode()
    assert "Monday board" in client.get("/meetings/?board=enterprise").content.decode()


def test_planning_a_series_with_its_preview(board, ben):
    client = signed_in(ben)
    drawn = client.post(
        "/meetings/new/", FORM | {"rrule": "FREQ=WEEKLY;BYDAY=TU", "start_local": "2026-01-06T14:00", "preview": "1"}
    )
    assert "The board would meet" in drawn.content.decode()
    assert not MeetingSeries.objects.exists()
    kept = client.post("/meetings/new/", FORM | {"rrule": "FREQ=WEEKLY;BYDAY=TU", "start_local": "2026-01-06T14:00"})
    series = MeetingSeries.objects.get()
    assert kept["Location"] == f"/meetings/series/{series.pk}/"
    assert Meeting.objects.filter(series=series).count() in {12, 13}
    page = client.get(kept["Location"]).content.decode()
    assert "every Tuesday at 14:00, Europe/Berlin" in page
    assert series.rule_words in client.get(series.meetings.earliest("pk").get_absolute_url()).text
    ended = client.post(f"/meetings/series/{series.pk}/end/", {"reason": ""})
    assert ended.status_code == 422
    client.post(f"/meetings/series/{series.pk}/end/", {"reason": "Enough."})
    assert "This series ended" in client.get(kept["Location"]).content.decode()


def test_a_series_is_planned_without_a_rule(board, ben):
    client = signed_in(ben)
    sent = FORM | {"start_local": "2026-01-06T14:00", "comes_back": "fortnightly", "weekdays": ["TU"]}
    drawn = client.post("/meetings/new/", sent | {"preview": "1"}).content.decode()
    assert "Every second Tuesday at 14:00, Europe/Berlin" in drawn
    assert 'value="fortnightly" selected' in drawn
    client.post("/meetings/new/", sent)
    series = MeetingSeries.objects.get()
    assert series.rrule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"
    edit = f"/meetings/series/{series.pk}/edit/"
    page = client.get(edit).content.decode()
    assert 'value="fortnightly" selected' in page
    assert 'value="once"' not in page
    changed = sent | {"comes_back": "monthly", "monthly_on": "2", "weekdays": [], "version": "1"}
    assert client.post(edit, changed).status_code == 302
    series.refresh_from_db()
    assert series.rule_words == "on the second Tuesday of every month at 14:00, Europe/Berlin"
    assert client.get(f"/api/v1/meeting-series/{series.pk}/").json()["rule_words"] == series.rule_words


def test_changing_a_series_with_its_preview(series, ben, cleo):
    client, address = signed_in(ben), f"/meetings/series/{series.pk}/edit/"
    assert f'href="{address}"' in client.get(series.get_absolute_url()).content.decode()
    page = client.get(address).content.decode()
    assert 'value="FREQ=WEEKLY;BYDAY=MO"' in page
    assert 'value="2026-03-09T14:00"' in page
    changed = FORM | {"rrule": "FREQ=WEEKLY;BYDAY=TU", "start_local": "2026-03-09T14:00", "version": "1"}
    drawn = client.post(address, changed | {"preview": "1"}).content.decode()
    assert "The board would meet" in drawn
    assert MeetingSeries.objects.get().rrule == "FREQ=WEEKLY;BYDAY=MO"
    assert client.post(address, changed)["Location"] == series.get_absolute_url()
    assert MeetingSeries.objects.get().rrule == "FREQ=WEEKLY;BYDAY=TU"
    stale = client.post(address, changed)
    assert stale.status_code == 412
    assert "Someone changed this while you were editing." in stale.content.decode()
    assert signed_in(cleo).get(address).status_code == 403
    assert address not in signed_in(cleo).get(series.get_absolute_url()).content.decode()


def test_a_single_meeting_and_the_sentence_when_it_overlaps(board, ben):
    client = signed_in(ben)
    assert client.post("/meetings/new/", FORM).status_code == 302
    again = client.post("/meetings/new/", FORM | {"start_local": "2031-05-06T14:30"})
    assert again.status_code == 409
    assert "already meets on 6 May 2031" in again.content.decode()


def test_who_leads_no_board_does_not_plan(board, cleo):
    page = signed_in(cleo).get("/meetings/new/")
    assert page.status_code == 403
    assert "Only chairs and administrators plan meetings." in page.content.decode()


def test_from_the_lock_to_the_end_without_javascript(soon_meeting, ben, cleo, ada):
    chair, member = signed_in(ben), signed_in(cleo)
    address = f"/meetings/{soon_meeting.pk}/"
    assert "Lock the agenda" in chair.get(address).content.decode()
    assert "Lock the agenda" not in member.get(address).content.decode()
    assert chair.post(f"{address}lock/").status_code == 302
    assert "Rotate the signing keys" in member.get(address).content.decode()
    refused = member.post(f"{address}session/")
    assert refused.status_code == 403
    assert "Only the chair of the Enterprise board" in refused.content.decode()
    chair.post(f"{address}session/")
    assert "1 more of 3 seats must be present." in member.get(address).content.decode()
    member.post(f"{address}attendance/")
    assert "The room has its quorum." in member.get(address).content.decode()
    member.post(f"{address}attendance/end/")
    item = soon_meeting.items.get()
    empty = chair.post(f"{address}deferrals/", {"item": item.pk, "reason": ""})
    assert empty.status_code == 422
    chair.post(f"{address}deferrals/", {"item": item.pk, "reason": "The author is ill."})
    chair.post(f"{address}admissions/", {"item": item.pk, "reason": "Here now."})
    item.refresh_from_db()
    assert item.state == ItemState.LISTED
    chair.post(f"{address}closing/")
    soon_meeting.refresh_from_db()
    assert soon_meeting.state == MeetingState.CLOSED


def test_moving_and_cancelling(soon_meeting, ben):
    client, address = signed_in(ben), f"/meetings/{soon_meeting.pk}/"
    past = client.post(
        f"{address}times/", {"start_local": "2020-01-01T10:00", "duration_minutes": "30", "version": "1"}
    )
    assert past.status_code == 422
    assert "A meeting starts in the future." in past.content.decode()
    client.post(f"{address}times/", {"start_local": "2031-05-06T14:00", "duration_minutes": "30", "version": "1"})
    stale = client.post(
        f"{address}times/", {"start_local": "2031-05-07T14:00", "duration_minutes": "30", "version": "1"}
    )
    assert stale.status_code == 412
    client.post(f"{address}cancellation/", {"reason": "Snow."})
    assert "Cancelled: Snow." in client.get(address).content.decode()


def test_the_consent_items_are_folded_and_any_member_opens_one(soon_meeting, board, cleo, now):
    agenda.fill_agendas(board_id=board.pk, at=now)
    client, address = signed_in(cleo), f"/meetings/{soon_meeting.pk}/"
    assert "1 consent item: low risk" in client.get(address).content.decode()
    client.post(f"{address}consent/", {"item": soon_meeting.items.get().pk})
    page = client.get(address).content.decode()
    assert "consent item: low risk" not in page
    assert "Cleo asked to speak of it." in page


def test_what_a_reader_may_not_see_is_counted_and_not_named(soon_meeting, board, payments, now):
    agenda.fill_agendas(board_id=board.pk, at=now)
    type(payments).objects.update(visibility=Visibility.RESTRICTED)
    page = signed_in(make_person("eve", "requester")).get(f"/meetings/{soon_meeting.pk}/").content.decode()
    assert "Rotate the signing keys" not in page
    assert "1 more item is about changes you may not see." in page


def test_meetings_of_a_hidden_clusters_board_are_hidden(soon_meeting, board, payments):
    type(payments).objects.update(visibility=Visibility.RESTRICTED)
    type(board).objects.filter(pk=board.pk).update(kind=BoardKind.CLUSTER, cluster=payments)
    client = signed_in(make_person("eve", "requester"))
    assert client.get(f"/meetings/{soon_meeting.pk}/").status_code == 404
    assert "Monday board" not in client.get("/meetings/").content.decode()
