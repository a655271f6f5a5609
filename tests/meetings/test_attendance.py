"""The compact list of who is there, and the chair who marks it: one line a person, the same at both doors."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.rules import Role
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, WrongState
from apps.meetings.actions import planning, room, session
from apps.meetings.models import Attendance, Meeting
from apps.meetings.queries.room import lines_of, presence
from apps.meetings.rules.attendance import Came, Chairing, Mark, attendance_list
from tests.conftest import make_person, signed_in
from tests.meetings.conftest import MINUTE, MONDAYS, START, join, vote

pytestmark = pytest.mark.django_db
SEATS = [Chairing(1, "chair", ""), Chairing(2, "voter", "", name="Cleo"), Chairing(2, "voter", "security", name="Cleo")]


def test_one_line_a_person_seats_first_come_or_not():
    came = [
        Came(7, "Gus", "guest", START, None),
        Came(1, "Ben", "chair", START, START + MINUTE),
        Came(1, "Ben", "chair", START + 2 * MINUTE, None),
        Came(8, "Hal", "guest", START, START + MINUTE),
    ]
    lines = attendance_list(came, SEATS, recused={7: START + 3 * MINUTE, 8: START})
    assert [(one.name, one.mark, one.since) for one in lines] == [
        ("Ben", Mark.PRESENT, START + 2 * MINUTE),
        ("Cleo", Mark.AWAY, None),
        ("Gus", Mark.RECUSED, START + 3 * MINUTE),
        ("Hal", Mark.LEFT, START + MINUTE),
    ]
    assert [one.is_here for one in lines] == [True, False, True, False]


@pytest.fixture
def live(meeting, hand_in, board, ada, ben, cleo) -> Meeting:
    hand_in()
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    return Meeting.objects.get(pk=meeting.pk)


def marks(meeting):
    there, current = presence(meeting, at=START), meeting.items.filter(state="current").first()
    return {one.name: one.mark for one in lines_of(there, current)}


def hide_ballots(item, *, hides):
    round_ = item.change.rounds.get()
    round_.rule["hides_ballots"] = hides
    round_.save()


def test_who_has_no_voice_on_the_item_that_is_up_has_stepped_aside_from_it(live, board, ada, ben, cleo, dan):
    join(live, ada, cleo, dan)
    assert marks(live) == {"Ben": "present", "Cleo": "present", "Dan": "present", "Ada": "present"}
    item = live.items.get()
    hide_ballots(item, hides=False)
    room.take_item(meeting_id=live.pk, item_id=item.pk, chair=ben, at=START + MINUTE)
    vote(item, dan, "recuse", reason="My brother sells it.", at=START + 2 * MINUTE)
    assert marks(live) == {"Ben": "present", "Cleo": "present", "Dan": "recused", "Ada": "recused"}
    room.put_back(meeting_id=live.pk, chair=ben, at=START + 3 * MINUTE)
    assert "recused" not in marks(live).values()


def test_a_board_that_hides_its_ballots_hides_who_stepped_aside_by_one(live, ben, cleo, dan):
    join(live, cleo, dan)
    item = live.items.get()
    hide_ballots(item, hides=True)
    room.take_item(meeting_id=live.pk, item_id=item.pk, chair=ben, at=START + MINUTE)
    vote(item, dan, "recuse", reason="My brother sells it.", at=START + 2 * MINUTE)
    assert marks(live)["Dan"] == "present"


def test_the_chair_notes_who_came_and_who_left(live, ben, cleo, dan):
    for _ in range(2):  # safe to say twice
        stay = session.mark_attendance(meeting_id=live.pk, chair=ben, person=cleo, is_here=True, at=START + MINUTE)
    assert (stay.person, stay.capacity, stay.joined_at) == (cleo, "voter", START + MINUTE)
    assert presence(live, at=START).quorum.is_complete
    session.mark_attendance(meeting_id=live.pk, chair=ben, person=cleo, is_here=False, at=START + 2 * MINUTE)
    assert marks(live)["Cleo"] == "left"
    told = Entry.objects.about(live).filter(data__person_id=cleo.pk).order_by("id")
    assert [(one.event, one.actor) for one in told] == [
        ("meetings.PresenceNoted", ben),
        ("meetings.DepartureNoted", ben),
    ]
    item = live.items.get()
    room.take_item(meeting_id=live.pk, item_id=item.pk, chair=ben, at=START + 3 * MINUTE)
    with pytest.raises(NotAllowed, match="You left the room at 9 March 2026 13:02 UTC"):
        vote(item, cleo, at=START + 4 * MINUTE)


def test_who_may_not_be_marked_and_who_may_not_mark(live, ben, cleo, dan):
    entries = Entry.objects.count()
    with pytest.raises(NotAllowed, match="Only the chair of the Enterprise board or an administrator may note who is"):
        session.mark_attendance(meeting_id=live.pk, chair=cleo, person=dan, is_here=True, at=START)
    with pytest.raises(WrongState, match="Dan is not in the room"):
        session.mark_attendance(meeting_id=live.pk, chair=ben, person=dan, is_here=False, at=START)
    gone = make_person("gone", Role.REQUESTER, is_active=False)
    with pytest.raises(NotAllowed, match="Gone may not see this meeting"):
        session.mark_attendance(meeting_id=live.pk, chair=ben, person=gone, is_here=True, at=START)
    session.close_meeting(meeting_id=live.pk, chair=ben, at=START + MINUTE)
    with pytest.raises(WrongState, match="must be agenda locked or in session to note who is there"):
        session.mark_attendance(meeting_id=live.pk, chair=ben, person=cleo, is_here=True, at=START + 2 * MINUTE)
    assert not Attendance.objects.exclude(person=ben).exists()
    assert not Entry.objects.filter(id__gt=entries, event__endswith="Noted").exists()


@pytest.fixture
def open_now(board, ben, hand_in) -> Meeting:
    """In session by the real clock."""
    now = timezone.now()
    hand_in(at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {name: MONDAYS[name] for name in ("name", "place", "lock_minutes", "item_minutes", "duration_minutes")}
    made = planning.plan_meeting(
        board_id=board.pk, planner=ben, values=values | {"start_local": start, "zone": "UTC"}, at=now
    )
    return session.open_meeting(meeting_id=made.pk, chair=ben, at=now)


@pytest.mark.parametrize("door", ["", "room/"])
def test_the_chair_marks_on_the_page_without_javascript(open_now, ben, cleo, door):
    chair, address = signed_in(ben), f"/meetings/{open_now.pk}/{door}"
    shown = chair.get(address).content.decode()
    assert f'action="{address}attendance/marks/"' in shown
    assert f'id="mark-{cleo.pk}" name="mark" value="present"' in shown
    assert chair.post(f"{address}attendance/marks/", {"person": cleo.pk, "mark": "present"}).status_code == 302
    assert f'id="mark-{cleo.pk}" name="mark" value="left"' in chair.get(address).content.decode()
    member = signed_in(cleo)
    assert "attendance/marks/" not in member.get(address).content.decode()
    refused = member.post(f"{address}attendance/marks/", {"person": ben.pk, "mark": "left"})
    assert refused.status_code == (422 if door else 403)
    assert (
        "Only the chair of the Enterprise board or an administrator may note who is there." in refused.content.decode()
    )
    assert chair.post(f"{address}attendance/marks/", {"person": 10**9, "mark": "left"}).status_code == 422


def test_a_dozen_stand_open_and_more_are_folded(open_now, ben):
    chair, people = signed_in(ben), [make_person(f"guest{number}", Role.REQUESTER) for number in range(10)]
    for one in people[:9]:
        session.join_room(meeting_id=open_now.pk, person=one, at=timezone.now())
    address = f"/meetings/{open_now.pk}/"
    assert '<details id="people">' not in chair.get(address).content.decode()
    session.join_room(meeting_id=open_now.pk, person=people[9], at=timezone.now())
    shown = chair.get(address).content.decode()
    assert '<details id="people"><summary>11 in the room, 13 on the list</summary>' in shown
    assert shown.count('name="mark"') == 13


def test_the_list_costs_the_same_for_many(open_now, ben, django_assert_max_num_queries):
    for number in range(30):
        session.join_room(
            meeting_id=open_now.pk, person=make_person(f"guest{number}", Role.REQUESTER), at=timezone.now()
        )
    item = open_now.items.get()
    room.take_item(meeting_id=open_now.pk, item_id=item.pk, chair=ben, at=timezone.now())
    with django_assert_max_num_queries(8):
        assert len(lines_of(presence(open_now, at=timezone.now()), item)) == 33
