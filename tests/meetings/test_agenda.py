"""Agendas: filled by rule, sorted, locked; late items wait; consent items can be spoken of."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from apps.cab.actions import flow, rounds
from apps.cab.events import RoundKeptOpen
from apps.cab.models import Change, Conflict, Round
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, WrongState
from apps.meetings.actions import agenda, planning, session
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.rules.agenda import Candidate, in_order
from apps.meetings.states import ItemState, MeetingState
from tests.conftest import NOON
from tests.meetings.conftest import START

pytestmark = pytest.mark.django_db


def fill(board):
    agenda.fill_agendas(board_id=board.pk, at=NOON)


def listed(meeting) -> list[str]:
    return [one.change.title for one in meeting.items.filter(state="listed").order_by("position")]


@pytest.fixture
def locked(meeting, hand_in, board):
    hand_in("In time")
    fill(board)
    agenda.lock_agenda(meeting_id=meeting.pk, at=meeting.lock_at)
    return Meeting.objects.get(pk=meeting.pk)


def test_the_order_is_emergency_then_risk_then_deadline():
    rows = [
        Candidate(1, is_emergency=False, risk=2, deadline_at=NOON, since=NOON),
        Candidate(2, is_emergency=False, risk=5, deadline_at=NOON + timedelta(1), since=NOON),
        Candidate(3, is_emergency=False, risk=5, deadline_at=NOON, since=NOON),
        Candidate(4, is_emergency=True, risk=1, deadline_at=None, since=NOON),
        Candidate(5, is_emergency=False, risk=5, deadline_at=None, since=NOON),
    ]
    assert [one.change_id for one in in_order(rows)] == [4, 3, 2, 5, 1]


@pytest.mark.parametrize(
    ("more", "is_consent"),
    [
        ({}, True),
        ({"risk": 3}, False),
        ({"conflicts": 1}, False),
        ({"conditions": 1}, False),
        ({"is_emergency": True}, False),
    ],
)
def test_consent_is_low_risk_with_nothing_open(more, is_consent):
    given = {"change_id": 1, "is_emergency": False, "risk": 2, "deadline_at": None} | more
    assert Candidate(since=NOON, **given).is_consent is is_consent


def test_what_waits_for_the_board_comes_onto_its_next_agenda_by_itself(meeting, hand_in, ben):
    change = hand_in()
    while deliver_due(at=NOON):
        pass
    assert [one.change_id for one in meeting.items.all()] == [change.pk]
    flow.cancel_change(change_id=change.pk, person=change.requester, reason="Not needed.", at=NOON)
    while deliver_due(at=NOON):
        pass
    assert not meeting.items.exists()
    assert Entry.objects.filter(event="meetings.AgendaFilled").count() == 2


def test_a_round_stays_open_until_the_board_has_met(meeting, hand_in, board):
    type(board).objects.filter(pk=board.pk).update(decision_hours=24)
    change, urgent = hand_in(), hand_in("Stop the leak")
    Change.objects.filter(pk=urgent.pk).update(type="emergency")
    ends = change.deadline_at
    fill(board)
    change.refresh_from_db()
    assert ends < change.deadline_at == meeting.end_at
    assert Round.objects.get(change=change).closes_at == meeting.end_at
    urgent.refresh_from_db()
    assert urgent.deadline_at < meeting.end_at  # it does not wait for a meeting
    fill(board)
    told = Entry.objects.about(change).filter(event=RoundKeptOpen.name())
    assert [one.data["closes_at"] for one in told] == [meeting.end_at.isoformat()]


def test_a_longer_round_is_not_cut_short(meeting, hand_in, board):
    change = hand_in()
    fill(board)
    assert Change.objects.get(pk=change.pk).deadline_at == change.deadline_at > meeting.end_at


def test_filling_twice_changes_and_tells_nothing(meeting, hand_in, board):
    hand_in()
    fill(board)
    told = Entry.objects.count()
    fill(board)
    assert Entry.objects.count() == told
    assert meeting.items.count() == 1


def test_the_agenda_is_in_order(meeting, hand_in, board):
    hand_in("Low")
    high = hand_in("High")
    Change.objects.filter(pk=high.pk).update(risk=5, risk_computed=5)
    fill(board)
    assert listed(meeting) == ["High", "Low"]
    assert [one.is_consent for one in meeting.items.order_by("position")] == [False, True]


def test_an_open_conflict_makes_it_no_consent_item(meeting, hand_in, board):
    one, other = hand_in("One"), hand_in("Another")
    fill(board)
    assert set(meeting.items.values_list("is_consent", flat=True)) == {True}
    Conflict.objects.create(
        change=one, other=other, kind="same_component", is_stopping=True, digest="0" * 64, found_at=NOON
    )
    fill(board)
    assert set(meeting.items.values_list("is_consent", flat=True)) == {False}


def test_the_clock_locks_when_the_time_has_come_and_not_before(meeting, hand_in, board):
    hand_in()
    agenda.lock_agenda(meeting_id=meeting.pk, at=meeting.lock_at - timedelta(seconds=1))
    assert Meeting.objects.get(pk=meeting.pk).state == MeetingState.PLANNED
    for _ in range(2):
        agenda.lock_agenda(meeting_id=meeting.pk, at=meeting.lock_at)
    assert Meeting.objects.get(pk=meeting.pk).state == MeetingState.AGENDA_LOCKED
    assert meeting.items.count() == 1  # filled in the same breath
    assert Entry.objects.filter(event="meetings.AgendaLocked").count() == 1


def test_what_comes_after_the_lock_waits_for_the_chair(locked, hand_in, board, ben):
    hand_in("Too late")
    fill(board)
    late = locked.items.get(state=ItemState.LATE)
    following = Meeting.objects.filter(state="planned").earliest("start_at")
    assert listed(following) == ["Too late"]
    with pytest.raises(Invalid, match="Say why it cannot wait"):
        agenda.admit_item(meeting_id=locked.pk, item_id=late.pk, chair=ben, reason="", at=START)
    agenda.admit_item(meeting_id=locked.pk, item_id=late.pk, chair=ben, reason="The certificate expires.", at=START)
    assert listed(locked) == ["In time", "Too late"]
    assert listed(following) == []


def test_nobody_admits_their_own_change(locked, hand_in, board, ben, admin):
    change = hand_in("Carried out by the chair")
    Change.objects.filter(pk=change.pk).update(implementer=ben)
    fill(board)
    late = locked.items.get(change=change)
    with pytest.raises(NotAllowed, match="You wrote or carry out this change"):
        agenda.admit_item(meeting_id=locked.pk, item_id=late.pk, chair=ben, reason="Quick.", at=START)
    agenda.admit_item(meeting_id=locked.pk, item_id=late.pk, chair=admin, reason="It expires.", at=START)


def test_a_member_does_not_admit(locked, hand_in, board, cleo):
    hand_in("Late")
    fill(board)
    late = locked.items.get(state=ItemState.LATE)
    with pytest.raises(NotAllowed, match="Only the chair"):
        agenda.admit_item(meeting_id=locked.pk, item_id=late.pk, chair=cleo, reason="Please.", at=START)


def test_a_deferred_item_stands_on_the_next_agenda_and_may_be_admitted_again(locked, ben):
    item = locked.items.get()
    agenda.defer_item(meeting_id=locked.pk, item_id=item.pk, chair=ben, reason="The author is ill.", at=START)
    following = Meeting.objects.filter(state="planned").earliest("start_at")
    assert listed(following) == ["In time"]
    agenda.admit_item(meeting_id=locked.pk, item_id=item.pk, chair=ben, reason="The author is here.", at=START)
    assert (listed(locked), listed(following)) == (["In time"], [])


def test_an_item_decided_elsewhere_is_taken_down_as_decided(locked, board, ben, cleo):
    change = locked.items.get().change
    for voter in (ben, cleo):
        rounds.cast_vote(change_id=change.pk, voter=voter, choice="approve", revision=1, at=NOON)
    fill(board)
    assert locked.items.get().state == ItemState.DECIDED
    assert Entry.objects.get(event="meetings.ItemDecided").data["verdict"] == "approved"


def test_an_item_whose_change_was_cancelled_is_withdrawn(locked, board, ada):
    flow.cancel_change(change_id=locked.items.get().change_id, person=ada, reason="Not needed.", at=NOON)
    fill(board)
    assert locked.items.get().state == ItemState.WITHDRAWN


def test_any_member_asks_to_speak_of_a_consent_item_and_it_stays_so(meeting, hand_in, board, cleo, ada):
    hand_in()
    fill(board)
    item = meeting.items.get()
    assert item.is_consent
    with pytest.raises(NotAllowed, match="Only members"):
        agenda.reopen_consent(meeting_id=meeting.pk, item_id=item.pk, member=ada, at=NOON)
    agenda.reopen_consent(meeting_id=meeting.pk, item_id=item.pk, member=cleo, at=NOON)
    fill(board)
    item.refresh_from_db()
    assert (item.is_consent, item.reopened_by) == (False, cleo)
    with pytest.raises(WrongState, match="spoken of already"):
        agenda.reopen_consent(meeting_id=meeting.pk, item_id=item.pk, member=cleo, at=NOON)


def broken(act) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        act()
    return str(refused.value)


def test_the_database_keeps_a_locked_agenda(locked, hand_in):
    item, other = locked.items.get(), hand_in("Other")
    new = {"meeting": locked, "change": other, "position": 9, "minutes": 5, "added_at": NOON}
    assert "waits for the chair" in broken(lambda: AgendaItem.objects.create(**new))
    assert "Nothing is taken off" in broken(item.delete)
    assert "stays what it is" in broken(lambda: AgendaItem.objects.filter(pk=item.pk).update(change=other))
    assert "in session only" in broken(lambda: AgendaItem.objects.filter(pk=item.pk).update(position=7))
    late = AgendaItem.objects.create(**new, state=ItemState.LATE)
    assert "Only the chair admits" in broken(lambda: AgendaItem.objects.filter(pk=late.pk).update(state="listed"))


def test_the_agenda_of_a_meeting_that_is_over_stays(locked, ben):
    session.open_meeting(meeting_id=locked.pk, chair=ben, at=START)
    session.close_meeting(meeting_id=locked.pk, chair=ben, at=START)
    item = locked.items.get()
    assert (item.state, item.reason) == (ItemState.DEFERRED, "The meeting ended first.")
    assert "stays as it is" in broken(lambda: AgendaItem.objects.filter(pk=item.pk).update(reason="Other."))


def test_a_cancelled_meeting_hands_its_items_to_the_next(locked, ben):
    planning.cancel_meeting(meeting_id=locked.pk, person=ben, reason="Snow.", at=NOON)
    while deliver_due(at=NOON):
        pass
    assert listed(Meeting.objects.filter(state="planned").earliest("start_at")) == ["In time"]


def test_what_is_on_hold_waits_elsewhere(meeting, hand_in, board, ada):
    change = hand_in()
    flow.hold_change(change_id=change.pk, person=ada, reason="A month.", at=NOON)
    fill(board)
    assert Round.objects.get(change=change).state == "open"
    assert listed(meeting) == []


def test_what_is_heard_late_is_dated_when_it_is_heard(meeting, hand_in, ben):
    """The room's log goes by number, so a late item may not be dated before the room was opened."""
    while deliver_due(at=START):
        pass
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    hand_in("Told while the room was opened", at=NOON)
    heard = START + timedelta(minutes=3)
    while deliver_due(at=heard):
        pass
    entries = list(Entry.objects.about(meeting).filter(at__gte=START).order_by("pk").values_list("event", "at"))
    assert ("meetings.ItemCameLate", heard) in entries
    assert [at for _, at in entries] == sorted(at for _, at in entries)
