"""The live room's stream: everything once and in order, resumed where it was left, bounded."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.cab.actions import rounds
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, WrongState
from apps.meetings.actions import agenda, agreed, planning, room, session
from apps.meetings.models import ActionItem, Meeting
from apps.meetings.reactions import show_ballot
from apps.meetings.web.views import live as door
from tests.conftest import make_person, signed_in
from tests.meetings.conftest import MONDAYS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(board, ben, hand_in) -> Meeting:
    """In session now, with two items."""
    now = timezone.now()
    hand_in("First", at=now)
    hand_in("Second", at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {name: MONDAYS[name] for name in ("name", "place", "lock_minutes", "item_minutes", "duration_minutes")}
    meeting = planning.plan_meeting(
        board_id=board.pk, planner=ben, values=values | {"start_local": start, "zone": "UTC"}, at=now
    )
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=now)
    return Meeting.objects.get(pk=meeting.pk)


class Screen:
    """Reads a stream in a thread of its own, as a browser does."""

    def __init__(self, person, meeting, **headers):
        self.answer = signed_in(person).get(f"/meetings/{meeting.pk}/room/stream/", headers=headers)
        self.events, self.is_over = [], threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for part in self.answer.streaming_content:
                self.events.append(part.decode())
                if self.is_over.is_set():
                    break
        finally:
            self.answer.close()
            connection.close()

    def numbers(self) -> list[int]:
        return [int(one.split("\n")[0][4:]) for one in self.events if one.startswith("id: ")]

    def wait_for(self, number: int, timeout_s: float = 10.0) -> list[int]:
        until = time.monotonic() + timeout_s
        while number not in self.numbers() and time.monotonic() < until:
            time.sleep(0.02)
        return self.numbers()

    def close(self):
        self.is_over.set()
        self.thread.join(12)


@pytest.fixture
def screens():
    made = []

    def look(*args, **headers) -> Screen:
        made.append(Screen(*args, **headers))
        return made[-1]

    yield look
    for one in made:
        one.is_over.set()
    for one in made:
        one.close()


def deliver_all(now):
    while deliver_due(at=now + timedelta(minutes=1)):
        pass


def numbers_of(meeting) -> list[int]:
    return list(Entry.objects.about(meeting).order_by("id").values_list("id", flat=True))


def test_a_screen_gets_what_it_missed_and_then_what_comes(opened, screens, ben, cleo):
    screen = screens(cleo, opened)
    assert screen.answer["Content-Type"] == "text/event-stream"
    told = numbers_of(opened)
    assert screen.wait_for(told[-1]) == told
    session.join_room(meeting_id=opened.pk, person=cleo, at=timezone.now())
    told = numbers_of(opened)
    assert screen.wait_for(told[-1]) == told
    shown = [json.loads(one.split("data: ")[1]) for one in screen.events if one.startswith("event: now")]
    assert "Cleo" in shown[-1]
    assert "The room has its quorum." in shown[-1]


def test_a_laptop_that_was_closed_goes_on_where_it_was(opened, screens, ben, cleo):
    first = screens(cleo, opened)
    seen = first.wait_for(numbers_of(opened)[-1])
    first.close()
    item = opened.items.earliest("position")
    room.take_item(meeting_id=opened.pk, item_id=item.pk, chair=ben, at=timezone.now())
    session.join_room(meeting_id=opened.pk, person=cleo, at=timezone.now())
    again = screens(cleo, opened, last_event_id=str(seen[-1]))
    missed = again.wait_for(numbers_of(opened)[-1])
    assert seen + missed == numbers_of(opened)
    assert len(missed) == 2


def test_every_screen_sees_everything_once_and_in_order_while_many_act_at_once(opened, screens, ben, cleo, dan):
    people = [cleo, dan, *(make_person(f"guest{n}", "requester") for n in range(6))]
    watching = [screens(one, opened) for one in people]
    for one in watching:
        one.wait_for(numbers_of(opened)[-1])

    def come_and_go(person):
        for _ in range(5):
            session.join_room(meeting_id=opened.pk, person=person, at=timezone.now())
            session.leave_room(meeting_id=opened.pk, person=person, at=timezone.now())
        connection.close()

    threads = [threading.Thread(target=come_and_go, args=(one,)) for one in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    told = numbers_of(opened)
    assert len(told) > 80
    for one in watching:
        assert one.wait_for(told[-1]) == told


def test_who_may_not_see_every_change_is_told_to_look_and_sees_their_own_view(opened, screens, payments):
    payments.__class__.objects.update(visibility="restricted")
    eve = make_person("eve", "requester")
    screen = screens(eve, opened)
    screen.wait_for(numbers_of(opened)[-1])
    time.sleep(0.3)
    assert any(one.startswith("event: look") for one in screen.events)
    assert "First" not in "".join(screen.events)
    page = signed_in(eve).get(f"/meetings/{opened.pk}/room/now/").content.decode()
    assert "2 more about changes you may not see." in page
    assert "First" not in page


def test_there_are_so_many_streams_and_a_place_is_given_back(opened, screens, ben, monkeypatch):
    monkeypatch.setattr(door, "_places", threading.BoundedSemaphore(1))
    screen = screens(ben, opened)
    client, address = signed_in(ben), f"/meetings/{opened.pk}/room/stream/"
    full = client.get(address)
    assert (full.status_code, full["Retry-After"]) == (503, "10")
    screen.close()
    free = client.get(address)
    assert free.status_code == 200
    free.close()  # a body that nobody read gives its place back too
    assert door._places.acquire(blocking=False)
    assert settings.LIVE_STREAMS >= 40


def test_a_room_of_a_hidden_board_has_no_stream(opened, payments, board):
    payments.__class__.objects.update(visibility="restricted")
    type(board).objects.filter(pk=board.pk).update(kind="cluster", cluster=payments)
    eve = make_person("eve", "requester")
    for part in ("", "now/", "mine/", "stream/"):
        assert signed_in(eve).get(f"/meetings/{opened.pk}/room/{part}").status_code == 404


def test_a_vote_on_the_changes_own_page_shows_in_the_room_once(opened, ben, cleo):
    item = opened.items.earliest("position")
    now = timezone.now()
    session.join_room(meeting_id=opened.pk, person=cleo, at=now)
    room.take_item(meeting_id=opened.pk, item_id=item.pk, chair=ben, at=now)
    rounds.cast_vote(change_id=item.change_id, voter=cleo, choice="approve", revision=1, at=now)
    deliver_all(now)
    show_ballot(Entry.objects.filter(event="cab.VoteCast").earliest("id"))  # a delivery that comes twice tells once
    session.cast_ballot(meeting_id=opened.pk, item_id=item.pk, voter=ben, choice="abstain", revision=1, at=now)
    deliver_all(now)
    told = [one.event for one in Entry.objects.about(opened).filter(event__contains="Ballot").order_by("id")]
    assert sorted(told) == ["meetings.BallotCastElsewhere", "meetings.BallotCastInRoom"]


def test_the_room_without_javascript(opened, ben, cleo):
    chair, member, address = signed_in(ben), signed_in(cleo), f"/meetings/{opened.pk}/room/"
    first, second = opened.items.order_by("position")
    page = member.get(address).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'http-equiv="refresh"' not in member.get(f"{address}?still=1").content.decode()
    member.post(f"{address}attendance/")
    assert chair.post(f"{address}desk/", {"item": first.pk, "act": "take"})["Location"] == address
    assert "Approve with conditions" in member.get(address).content.decode()
    ballot = {"item": first.pk, "revision": "1", "choice": "reject"}
    refused = member.post(f"{address}ballots/", ballot)
    assert refused.status_code == 422
    assert "this ballot needs a reason" in refused.content.decode()
    member.post(f"{address}ballots/", ballot | {"choice": "approve_with_conditions", "conditions": "Tell support."})
    assert "<b>1 of 3</b> have voted" in member.get(address).content.decode()
    chair.post(f"{address}ballots/", ballot | {"choice": "approve"})
    page = member.get(address).content.decode()
    assert "Approved: 2 for, 0 against, 0 abstained." in page
    assert "Tell support." in page
    refused = chair.post(f"{address}desk/", {"item": second.pk, "act": "defer", "reason": ""})
    assert refused.status_code == 422
    action = {"text": "Write to the partners.", "owner": "cleo", "due_on": (timezone.now() + timedelta(days=3)).date()}
    chair.post(f"{address}actions/", action)
    assert "Write to the partners." in member.get(address).content.decode()
    member.post(f"{address}actions/done/", {"action": ActionItem.objects.get().pk})
    assert ActionItem.objects.get().state == "done"


def test_an_act_sent_by_htmx_answers_with_ones_own_part(opened, cleo):
    client = signed_in(cleo)
    joined = client.post(f"/meetings/{opened.pk}/room/attendance/", headers={"hx-request": "true"})
    assert joined.status_code == 200
    assert joined.content.decode().strip().startswith('<div id="room-mine"')
    client.post(f"/meetings/{opened.pk}/room/attendance/end/")
    refused = client.post(f"/meetings/{opened.pk}/room/attendance/end/", headers={"hx-request": "true"})
    assert refused.status_code == 422
    assert "You are not in the room." in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": " "}, "what is to be done"),
        ({"due": -1}, "due today or within a year"),
        ({"due": 400}, "within a year"),
    ],
)
def test_an_action_item_that_makes_no_sense_is_refused(opened, ben, changes, sentence):
    now = timezone.now()
    due_on = (now + timedelta(days=changes.get("due", 3))).date()
    with pytest.raises(Invalid, match=sentence):
        agreed.agree_action(
            meeting_id=opened.pk, member=ben, text=changes.get("text", "Call."), owner=ben, due_on=due_on, at=now
        )


def test_who_says_that_an_action_item_is_done(opened, ben, cleo, ada):
    now = timezone.now()
    action = agreed.agree_action(meeting_id=opened.pk, member=cleo, text="Call.", owner=cleo, due_on=now.date(), at=now)
    with pytest.raises(NotAllowed, match="Only members"):
        agreed.agree_action(meeting_id=opened.pk, member=ada, text="Call.", owner=cleo, due_on=now.date(), at=now)
    with pytest.raises(NotAllowed, match="Cleo says when it is done"):
        agreed.finish_action(meeting_id=opened.pk, action_item_id=action.pk, person=ada, at=now)
    agreed.finish_action(meeting_id=opened.pk, action_item_id=action.pk, person=cleo, at=now)
    with pytest.raises(WrongState, match="done already"):
        agreed.finish_action(meeting_id=opened.pk, action_item_id=action.pk, person=ben, at=now)


def test_agendas_follow_what_waits_while_the_room_is_open(opened, board, hand_in):
    hand_in("Late", at=timezone.now())
    agenda.fill_agendas(board_id=board.pk, at=timezone.now())
    assert "meetings.ItemCameLate" in {one.event for one in Entry.objects.about(opened)}
