"""What meetings refuse: page and API say the same sentence with the next step, and every table stays as it was."""

import html
import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from apps.accounts.actions import make_api_key
from apps.accounts.rules import Scope
from apps.kernel.refusals import Refusal
from apps.kernel.signs import moment_words
from apps.meetings.actions import planning, room, series, session
from apps.meetings.models import Meeting
from tests.conftest import signed_in
from tests.meetings.conftest import MONDAYS

pytestmark = pytest.mark.django_db
START = "2031-05-06T14:00"
SERIES = {name: value for name, value in MONDAYS.items() if name != "name"} | {"name": "Tuesdays", "start_local": START}


@pytest.fixture
def client(ben):
    """Ben at the API."""
    from django.test import Client

    now = timezone.now()
    key = make_api_key(owner=ben, maker=ben, name="k", scopes=list(Scope), expires_at=now + timedelta(days=1), at=now)
    return Client(headers={"authorization": f"Bearer {key.token}"})


def everything() -> dict[str, int]:
    """How many rows each table of meetings, decisions and the journal has."""
    labels = ("meetings", "cab", "journal", "notify")
    return {one._meta.label: one.objects.count() for label in labels for one in apps.get_app_config(label).get_models()}


def said_by_both(page_answer, api_answer) -> str:
    """The sentence that both doors say; each says what to do next."""
    assert 400 <= api_answer.status_code < 500, api_answer.content
    problem = json.loads(api_answer.content)
    shown = html.unescape(page_answer.content.decode())
    assert 400 <= page_answer.status_code < 500
    assert problem["detail"] in shown
    assert problem["next_step"]
    assert problem["next_step"] in shown
    return problem["detail"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"zone": "Europe/Atlantis"}, "There is no time zone called “Europe/Atlantis”."),
        ({"zone": "Mars/Olympus"}, "There is no time zone called “Mars/Olympus”."),
        ({"zone": "../../etc/passwd"}, "There is no time zone called “../../etc/passwd”."),
        ({"rrule": "FREQ=SECONDLY"}, ""),
        ({"rrule": "FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5"}, ""),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, ""),
        ({"rrule": "FREQ=DAILY;BYHOUR=" + ",".join(str(one) for one in range(24))}, ""),
        ({"rrule": "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7"}, ""),
        ({"rrule": "FREQ=DAILY;COUNT=999999999"}, ""),
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, ""),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TU\nEXRULE:FREQ=DAILY"}, ""),
        ({"rrule": "every Tuesday"}, ""),
    ],
)
def test_zones_that_do_not_exist_and_rules_that_explode(board, ben, client, changes, sentence):
    before, values = everything(), SERIES | {"board": "enterprise"} | changes
    page = signed_in(ben).post("/meetings/new/", values)
    api = client.post("/api/v1/meeting-series/", json.dumps(values), content_type="application/json")
    said = said_by_both(page, api)
    assert sentence in said
    assert everything() == before


def test_series_that_overlap(board, ben, client):
    series.plan_series(board_id=board.pk, planner=ben, values=SERIES | {"start_local": later()}, at=timezone.now())
    values = SERIES | {
        "board": "enterprise",
        "name": "Second",
        "start_local": later(minutes=30).isoformat("T", "minutes"),
    }
    before = everything()
    page = signed_in(ben).post("/meetings/new/", values)
    api = client.post("/api/v1/meeting-series/", json.dumps(values), content_type="application/json")
    said = said_by_both(page, api)
    assert said.startswith("The Enterprise board already meets on ")
    assert "for “Tuesdays”, and at " in said
    assert everything() == before


def later(minutes: int = 0):
    """Fourteen o'clock on a Monday some weeks from now, by the wall."""
    day = timezone.now().replace(hour=14, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=21)
    return day + timedelta(days=-day.weekday() % 7, minutes=minutes)


@pytest.mark.parametrize("marked_by_the_chair", [False, True])
def test_the_vote_of_somebody_who_has_left_the_room(board, ben, cleo, dan, hand_in, client, marked_by_the_chair):
    now = timezone.now()
    hand_in(at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {**SERIES, "start_local": start, "zone": "UTC"}
    values.pop("rrule")
    meeting = planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=now)
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=now)
    for one in (cleo, dan):
        session.join_room(meeting_id=meeting.pk, person=one, at=now)
    item = meeting.items.get()
    room.take_item(meeting_id=meeting.pk, item_id=item.pk, chair=ben, at=now)
    if marked_by_the_chair:
        session.mark_attendance(meeting_id=meeting.pk, chair=ben, person=ben, is_here=False, at=now)
    else:
        session.leave_room(meeting_id=meeting.pk, person=ben, at=now)
    before, ballot = everything(), {"item": item.pk, "revision": 1, "choice": "approve"}
    page = signed_in(ben).post(f"/meetings/{meeting.pk}/room/ballots/", ballot)
    address = f"/api/v1/meetings/{meeting.pk}/ballots/"
    api = client.post(address, json.dumps(ballot), content_type="application/json")
    assert said_by_both(page, api) == f"You left the room at {moment_words(now)} UTC."
    assert everything() == before
    assert Meeting.objects.get(pk=meeting.pk).state == "in_session"
    with pytest.raises(Refusal, match="You left the room"):
        session.cast_ballot(meeting_id=meeting.pk, item_id=item.pk, voter=ben, choice="approve", revision=1, at=now)
