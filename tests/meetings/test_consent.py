"""Consent items decided together: one motion, one confirmation a seat, one transaction."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.cab.actions import boards, rounds
from apps.cab.models import Ballot, Change
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, StaleRevision, WrongState
from apps.meetings.actions import agenda, consent, planning, room, session
from apps.meetings.models import Meeting
from apps.meetings.states import ItemState
from tests.conftest import NOON, make_person, signed_in
from tests.meetings.conftest import MONDAYS, START

pytestmark = pytest.mark.django_db
TITLES = ("First", "Second", "Third")


@pytest.fixture
def live(meeting, hand_in, board, ben, cleo, dan) -> Meeting:
    """In session with three consent items; Ben, Cleo and Dan are there."""
    for title in TITLES:
        hand_in(title)
    agenda.fill_agendas(board_id=board.pk, at=NOON)
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    for person in (cleo, dan):
        session.join_room(meeting_id=meeting.pk, person=person, at=START)
    assert meeting.items.filter(is_consent=True, state="listed").count() == len(TITLES)
    return Meeting.objects.select_related("board").get(pk=meeting.pk)


@pytest.fixture
def moved(live, ben) -> Meeting:
    consent.move_consent(meeting_id=live.pk, chair=ben, at=START)
    return live


def seen_in(meeting) -> dict[int, int]:
    return dict(meeting.items.values_list("pk", "change__revision"))


def confirm(meeting, voter, *, at=START, **more) -> list[Ballot]:
    return consent.confirm_consent(
        meeting_id=meeting.pk, voter=voter, seen=more.pop("seen", seen_in(meeting)), at=at, **more
    )


def told_of(meeting, event) -> list[dict]:
    return list(Entry.objects.about(meeting).filter(event=f"meetings.{event}").values_list("data", flat=True))


def test_one_confirmation_of_each_voter_decides_all(moved, ben, cleo):
    assert len(confirm(moved, cleo)) == len(TITLES)
    assert set(moved.items.values_list("state", flat=True)) == {ItemState.LISTED}
    confirm(moved, ben)
    assert set(moved.items.values_list("state", flat=True)) == {ItemState.DECIDED}
    assert set(Change.objects.values_list("state", flat=True)) == {"scheduled"}
    assert Ballot.objects.filter(choice="approve").count() == 2 * len(TITLES)
    assert [len(one["ballots"]) for one in told_of(moved, "ConsentConfirmed")] == [3, 3]
    assert len(told_of(moved, "ItemDecided")) == len(TITLES)


def test_only_the_chair_moves_and_moving_twice_is_moving_once(live, ben, cleo):
    with pytest.raises(NotAllowed, match="may move its consent items"):
        consent.move_consent(meeting_id=live.pk, chair=cleo, at=START)
    for _ in range(2):
        consent.move_consent(meeting_id=live.pk, chair=ben, at=START)
    assert len(told_of(live, "ConsentMoved")) == 1
    assert len(told_of(live, "ConsentMoved")[0]["items"]) == len(TITLES)


def test_there_is_nothing_to_move_without_consent_items(live, ben, cleo):
    for item in live.items.all():
        agenda.reopen_consent(meeting_id=live.pk, item_id=item.pk, member=cleo, at=START)
    with pytest.raises(WrongState, match="There is no consent item left"):
        consent.move_consent(meeting_id=live.pk, chair=ben, at=START)


def test_nobody_confirms_before_the_motion(live, cleo):
    with pytest.raises(WrongState, match="has not moved the consent items") as refused:
        confirm(live, cleo)
    assert refused.value.next_step
    assert not Ballot.objects.exists()


def test_an_author_casts_no_ballot_on_their_own_and_it_is_spoken_of(moved, ben, cleo, dan):
    own = moved.items.get(change__title="Second")
    Change.objects.filter(pk=own.change_id).update(implementer=dan)
    assert len(confirm(moved, dan)) == len(TITLES) - 1
    own.refresh_from_db()
    assert (own.is_consent, own.state) == (False, ItemState.LISTED)
    assert own.reason == "Dan wrote this change or carries it out, so the room speaks of it."
    assert told_of(moved, "ConsentLeft")[0]["item_id"] == own.pk
    assert not Ballot.objects.filter(round__change=own.change_id).exists()
    confirm(moved, ben)
    assert moved.items.filter(state=ItemState.DECIDED).count() == len(TITLES) - 1
    # It goes on like any other item.
    assert room.take_item(meeting_id=moved.pk, item_id=own.pk, chair=ben, at=START).state == ItemState.CURRENT


def test_a_member_takes_an_item_out_before_the_last_ballot(moved, ben, cleo, dan):
    confirm(moved, cleo)
    taken = moved.items.get(change__title="First")
    agenda.reopen_consent(meeting_id=moved.pk, item_id=taken.pk, member=dan, at=START)
    assert len(confirm(moved, ben)) == len(TITLES) - 1
    taken.refresh_from_db()
    assert taken.state == ItemState.LISTED
    assert moved.items.filter(state=ItemState.DECIDED).count() == len(TITLES) - 1


def test_a_seat_that_voted_on_one_already_is_passed_over_there(moved, ben, cleo):
    early = moved.items.get(change__title="Third")
    rounds.cast_vote(change_id=early.change_id, voter=cleo, choice="approve", revision=1, at=START)
    assert len(confirm(moved, cleo)) == len(TITLES) - 1
    assert confirm(moved, cleo) == []  # twice is once
    assert len(told_of(moved, "ConsentConfirmed")) == 1
    confirm(moved, ben)
    assert set(moved.items.values_list("state", flat=True)) == {ItemState.DECIDED}


def test_an_item_that_takes_no_ballots_now_leaves_with_its_sentence(moved, cleo):
    held = moved.items.get(change__title="First")
    Change.objects.filter(pk=held.change_id).update(on_hold=True, held_at=START)
    assert len(confirm(moved, cleo)) == len(TITLES) - 1
    held.refresh_from_db()
    assert (held.is_consent, held.reason) == (False, f"{held.change.reference} is on hold.")


def test_what_was_not_read_is_not_approved(moved, cleo):
    seen = seen_in(moved)
    seen.popitem()
    with pytest.raises(StaleRevision, match="You did not read CHG-"):
        confirm(moved, cleo, seen=seen)
    assert not Ballot.objects.exists()


def test_who_has_no_seat_confirms_nothing_at_all(moved):
    guest = make_person("guest", "board_member")
    session.join_room(meeting_id=moved.pk, person=guest, at=START)
    told = Entry.objects.count()
    with pytest.raises(NotAllowed):
        confirm(moved, guest)
    assert (Ballot.objects.count(), Entry.objects.count()) == (0, told)


def test_a_room_without_its_quorum_or_without_the_voter_confirms_nothing(moved, ben, cleo, dan):
    session.leave_room(meeting_id=moved.pk, person=cleo, at=START)
    with pytest.raises(NotAllowed, match="You left the room"):
        confirm(moved, cleo)
    session.leave_room(meeting_id=moved.pk, person=ben, at=START)
    with pytest.raises(WrongState, match="The room has no quorum"):
        confirm(moved, dan)
    assert not Ballot.objects.exists()


def test_a_delegate_confirms_for_each_seat(moved, board, cleo, dan):
    day = START.date()
    boards.delegate_vote(board_id=board.pk, giver=dan, taker=cleo, first_day=day, last_day=day, at=START)
    confirm(moved, cleo, seat_of=dan)
    assert set(Ballot.objects.values_list("voter__handle", "cast_by__handle")) == {("dan", "cleo")}
    confirm(moved, cleo)
    assert Ballot.objects.count() == 2 * len(TITLES)


@pytest.mark.django_db(transaction=True)
def test_two_last_confirmations_at_once_decide_each_item_once(moved, ben, cleo, dan):
    confirm(moved, ben)
    seen, refused = seen_in(moved), []

    def last(person):
        try:
            confirm(moved, person, seen=seen)
        except WrongState as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=last, args=(one,)) for one in (cleo, dan)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert refused == ["consent_over"]
    assert len(told_of(moved, "ItemDecided")) == len(TITLES)
    assert Ballot.objects.count() == 2 * len(TITLES)


def test_the_room_shows_it_without_javascript(board, hand_in, ben, cleo, dan):
    now = timezone.now()
    for title in TITLES:
        hand_in(title, at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = MONDAYS | {"start_local": start, "zone": "UTC"}
    del values["rrule"]
    live = planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=now)
    session.open_meeting(meeting_id=live.pk, chair=ben, at=now)
    for person in (cleo, dan):
        session.join_room(meeting_id=live.pk, person=person, at=now)
    chair, member, address = signed_in(ben), signed_in(cleo), f"/meetings/{live.pk}/room/"
    assert "Move the 3 consent items together" in chair.get(address).content.decode()
    assert "Approve all" not in member.get(address).content.decode()
    assert chair.post(f"{address}consent/motion/").status_code == 302
    page = member.get(address).content.decode()
    assert "<b>0 of 3</b> seats have confirmed 3 items." in page
    assert "Approve all 3" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    assert member.post(f"{address}consent/confirmations/", {"seen": seen}).status_code == 302
    page = member.get(address).content.decode()
    assert "<b>1 of 3</b> seats have confirmed 3 items." in page
    assert "Approve all" not in page
    first = live.items.earliest("position")
    signed_in(dan).post(f"{address}consent/", {"item": first.pk})
    chair.post(f"{address}consent/confirmations/", {"seen": seen})
    page = member.get(address).content.decode()
    assert page.count("Approved: 2 for, 0 against, 0 abstained.") == 2
    refused = chair.post(f"{address}consent/confirmations/", {"seen": "1:1,nonsense"})
    assert refused.status_code == 422
    chair.post(f"{address}desk/", {"item": first.pk, "act": "take"})
    other, ballot = (f"{address}{path}" for path in ("consent/confirmations/", "ballots/"))
    opened = re.compile(rf'id="ballot-more-{ben.pk}" open')  # only where it is the ballot that was refused
    assert not opened.search(chair.post(other, {"seen": "1:1,nonsense"}).text)
    assert opened.search(chair.post(ballot, {"item": first.pk, "revision": 1, "choice": "reject", "reason": ""}).text)
    assert live.items.filter(state=ItemState.DECIDED).count() == 2
