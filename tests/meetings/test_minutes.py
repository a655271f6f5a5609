"""Minutes: drafted from the journal, edited by few, published by another, sealed, added to."""

import threading
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from apps.cab.models import Change, Round
from apps.clusters.models import Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.meetings import tasks
from apps.meetings.actions import agreed, minutes, session
from apps.meetings.actions.minutes import MOST_ADDENDA
from apps.meetings.models import Addendum, Meeting, Minutes, MinutesSection
from apps.meetings.queries.minutes import canonical, readable_minutes, reading
from apps.meetings.rules.attendance import Quorum
from apps.meetings.rules.minutes import LONGEST_PROSE, Stay, digest_of, is_dissent, quorate_spans
from apps.meetings.states import MeetingState
from apps.notify.models import Notice
from tests.conftest import make_person
from tests.meetings.conftest import AFTER, END, MINUTE, START

pytestmark = pytest.mark.django_db


def edit(closed, writer, section, text, *, version=1, at=AFTER):
    return minutes.edit_minutes(meeting_id=closed.pk, writer=writer, version=version, prose={section.pk: text}, at=at)


def publish(closed, publisher, *, version=1, at=AFTER):
    return minutes.publish_minutes(meeting_id=closed.pk, publisher=publisher, version=version, at=at)


# Drafting


def test_closing_drafts_the_attendance_with_the_quorum_from_when_to_when(sections):
    facts = sections[0].facts
    came = {one["person"]: (one["joined_at"][11:16], one["left_at"][11:16]) for one in facts["stays"]}
    assert came == {
        "Ben": ("13:00", "13:50"),
        "Cleo": ("13:02", "13:40"),
        "Dan": ("13:04", "13:30"),
        "Ada": ("13:04", "13:50"),
    }
    assert facts["absent"] == []
    assert [(one["from_at"][11:16], one["until_at"][11:16]) for one in facts["quorum"]["spans"]] == [("13:02", "13:40")]
    # By the clock of the meeting, which is an hour ahead of UTC.
    assert sections[0].prose == (
        "Ben opened the meeting at 14:00; it ended at 14:50 (Europe/Berlin). The room had its quorum from 14:02 to "
        "14:40. 1 item was decided and 1 was deferred."
    )


def test_a_decided_item_holds_revision_votes_dissent_conditions_and_actions(sections):
    facts = sections[1].facts
    change = Change.objects.get(pk=sections[1].item.change_id)
    assert (facts["change"], facts["revision"], facts["verdict"]) == (change.reference, 1, "approved_with_conditions")
    assert [(one["voter"], one["choice"], one["is_dissent"], one["in_room"]) for one in facts["ballots"]] == [
        ("Dan", "reject", True, True),
        ("Ben", "approve", False, True),
        ("Cleo", "approve_with_conditions", False, True),
    ]
    assert facts["ballots"][0]["reason"] == "The way back is too slow."
    assert facts["conditions"] == [{"text": "Tell support.", "asked_by": "Cleo"}]
    assert facts["actions"] == [{"text": "Time the way back", "owner": "Dan", "due_on": "2026-03-20"}]
    assert Entry.objects.get(pk=facts["entry"]).event == "meetings.ItemDecided"
    assert sections[1].prose == (
        "Approved: 2 for, 1 against, 0 abstained. The room spoke of it for 9 minutes, of 10 planned."
    )


def test_a_deferred_item_says_why_and_shows_no_ballot_that_the_board_hides(held, board, ben, cleo):
    session.close_meeting(meeting_id=held.pk, chair=ben, at=END)
    section = MinutesSection.objects.get(minutes=held.pk, position=3)
    assert section.facts["outcome"] == "deferred"
    assert section.prose == "Deferred: Its author is ill."
    assert (section.facts["ruled_by"], section.facts["ballots"], section.facts["hidden_ballots"]) == ("Ben", [], 0)


@pytest.mark.parametrize(("hides", "shown", "hidden"), [(True, [], 1), (False, ["Cleo"], 0)])
def test_ballots_of_a_round_still_open_are_named_only_where_the_board_votes_openly(
    held, ben, cleo, hides, shown, hidden
):
    from apps.cab.actions import rounds

    second = held.items.get(state="deferred")
    Round.objects.filter(change=second.change_id).update(
        rule=Round.objects.get(change=second.change_id).rule | {"hides_ballots": hides}
    )
    rounds.cast_vote(
        change_id=second.change_id, voter=cleo, choice="approve_with_conditions", conditions=["Secret term."],
        revision=1, at=START + 25 * MINUTE,
    )  # fmt: skip
    session.close_meeting(meeting_id=held.pk, chair=ben, at=END)
    facts = MinutesSection.objects.get(minutes=held.pk, position=3).facts
    assert [one["voter"] for one in facts["ballots"]] == shown
    assert facts["hidden_ballots"] == hidden
    assert ("Secret term." in str(facts)) is not hides
    assert [one["in_room"] for one in facts["ballots"]] == [False] * len(shown)


def test_what_was_agreed_about_no_item_stands_at_the_end(sections):
    assert sections[-1].facts == {"actions": [{"text": "Book a larger room", "owner": "Cleo", "due_on": "2026-03-12"}]}


def test_a_meeting_with_nothing_to_decide_says_so(meeting, ben):
    session.open_meeting(meeting_id=meeting.pk, chair=ben, at=START)
    session.close_meeting(meeting_id=meeting.pk, chair=ben, at=END)
    opening, _closing = MinutesSection.objects.filter(minutes=meeting.pk).order_by("position")
    assert opening.prose.endswith("The room never had its quorum. The agenda held nothing.")
    assert opening.facts["absent"] == ["Cleo", "Dan"]


def test_a_room_closed_by_the_clock_has_its_minutes_too(held):
    session.close_left_open(meeting_id=held.pk, at=END)
    assert MinutesSection.objects.get(minutes=held.pk, position=1).facts["closed_by"] == "the house"


def test_what_happens_after_the_meeting_does_not_reach_its_minutes(closed, sections, dan):
    action = closed.action_items.get(owner=dan)
    agreed.finish_action(meeting_id=closed.pk, action_item_id=action.pk, person=dan, at=AFTER)
    Change.objects.filter(pk=sections[1].item.change_id).update(title="Another title")
    assert sections[1].facts["title"] == "First"


def test_the_job_drafts_what_is_missing_once(closed, monkeypatch):
    MinutesSection.objects.all().delete()
    Minutes.objects.all().delete()
    monkeypatch.setattr(tasks.timezone, "now", lambda: AFTER)
    assert (tasks.chase_minutes(), tasks.chase_minutes()) == (1, 0)
    assert MinutesSection.objects.filter(minutes=closed.pk).count() == 4
    assert Entry.objects.filter(event="meetings.MinutesDrafted").count() == 2


def test_quorate_spans_join_and_part():
    def two(present):
        return Quorum(2, len(present), 2, () if len(present) >= 2 else ("few",))

    at = [START + number * MINUTE for number in range(7)]
    stays = [Stay(1, at[0], at[6]), Stay(2, at[1], at[3]), Stay(3, at[3], at[4]), Stay(2, at[5], at[6])]
    assert quorate_spans(stays, two) == [(at[1], at[4]), (at[5], at[6])]
    assert quorate_spans([], two) == []
    assert quorate_spans([Stay(1, at[0], at[0]), Stay(2, at[0], at[0])], two) == []


@pytest.mark.parametrize(
    ("choice", "verdict", "dissents"),
    [
        ("reject", "approved", True),
        ("request_changes", "approved_with_conditions", True),
        ("approve", "approved", False),
        ("approve", "rejected", True),
        ("approve_with_conditions", "changes_requested", True),
        ("reject", "rejected", False),
        ("abstain", "approved", False),
        ("recuse", "rejected", False),
        ("reject", "", False),
    ],
)
def test_dissent_is_what_was_against_the_decision(choice, verdict, dissents):
    assert is_dissent(choice, verdict) is dissents


# Editing


def test_chair_secretary_and_administrator_edit_and_the_journal_keeps_every_text(
    closed, sections, ben, secretary, admin
):
    for number, person in enumerate((secretary, ben, admin), start=1):
        edit(closed, person, sections[1], f"Words of {person.handle}.", version=number)
    told = Entry.objects.filter(event="meetings.MinutesEdited").order_by("id")
    assert [one.data["prose"][str(sections[1].pk)] for one in told] == [
        "Words of sela.", "Words of ben.", "Words of greta."
    ]  # fmt: skip
    section = MinutesSection.objects.get(pk=sections[1].pk)
    assert (section.prose, section.author, section.written_at) == ("Words of greta.", admin, AFTER)
    assert section.facts == sections[1].facts


def test_a_member_does_not_edit(closed, sections, cleo):
    with pytest.raises(NotAllowed, match="Only the chair or the secretary of the Enterprise board") as refused:
        edit(closed, cleo, sections[1], "Mine.")
    assert refused.value.next_step
    assert not Entry.objects.filter(event="meetings.MinutesEdited").exists()


def test_two_editors_do_not_write_over_each_other(closed, sections, ben, secretary):
    edit(closed, secretary, sections[1], "Mine.")
    with pytest.raises(StaleRevision):
        edit(closed, ben, sections[1], "Mine, of the same draft.")
    assert MinutesSection.objects.get(pk=sections[1].pk).prose == "Mine."


@pytest.mark.django_db(transaction=True)
def test_of_two_edits_at_once_one_is_kept(closed, sections, ben, secretary):
    refused = []

    def write(person):
        try:
            edit(closed, person, sections[1], f"Words of {person.handle}.")
        except StaleRevision as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(one,)) for one in (ben, secretary)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(refused) == 1
    assert Entry.objects.filter(event="meetings.MinutesEdited").count() == 1


def test_saving_what_stands_there_writes_nothing(closed, sections, ben):
    edit(closed, ben, sections[1], f"  {sections[1].prose}\r\n")
    assert not Entry.objects.filter(event="meetings.MinutesEdited").exists()
    assert Minutes.objects.get().version == 1


def test_the_drafted_words_put_back_are_the_houses_again(closed, sections, ben):
    edit(closed, ben, sections[1], "Mine.")
    edit(closed, ben, sections[1], sections[1].drafted, version=2)
    assert MinutesSection.objects.get(pk=sections[1].pk).author is None


def test_too_long_a_text_and_a_foreign_section_are_refused_and_nothing_is_written(closed, sections, ben):
    with pytest.raises(Invalid, match="at most 10,000 characters; this one has 10,001"):
        edit(closed, ben, sections[1], "x" * (LONGEST_PROSE + 1))
    with pytest.raises(NotFound, match="no such section"):
        minutes.edit_minutes(
            meeting_id=closed.pk, writer=ben, version=1, prose={sections[1].pk: "Good.", 987654321: "Bad."}, at=AFTER
        )
    assert MinutesSection.objects.get(pk=sections[1].pk).prose == sections[1].prose


# Who reads


def test_a_draft_is_read_by_the_board_and_by_who_reads_the_journal(closed, ada, cleo, secretary, vera, auditor):
    for person in (cleo, secretary, vera, auditor):
        assert readable_minutes(closed, person, at=AFTER).pk == closed.pk
    with pytest.raises(NotAllowed, match="a draft that only the board reads") as refused:
        readable_minutes(closed, ada, at=AFTER)
    assert refused.value.next_step


def test_published_ones_are_read_by_all_but_what_they_may_not_see(closed, sections, ben, ada, payments):
    publish(closed, ben)
    closed.refresh_from_db()
    outsider = make_person("otto", "requester")
    assert len(reading(readable_minutes(closed, outsider, at=AFTER), outsider).parts) == 4
    type(payments).objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    minutes.add_addendum(
        meeting_id=closed.pk, author=ben, text="It was revision 1.", reason="Asked.", section_id=sections[1].pk,
        at=AFTER,
    )  # fmt: skip
    found = reading(readable_minutes(closed, outsider, at=AFTER), outsider)
    assert (len(found.parts), found.hidden, found.addenda, found.hidden_addenda) == (2, 2, [], 1)


def test_there_are_none_before_the_meeting_has_closed(held, ben):
    held.refresh_from_db()
    with pytest.raises(WrongState, match="in session, so it has no minutes yet"):
        readable_minutes(held, ben, at=END)
    with pytest.raises(WrongState, match="in session; it must be closed to have its minutes written"):
        publish(held, ben)


# Publishing


def test_the_chair_publishes_what_the_house_or_the_secretary_wrote(closed, sections, ben, secretary):
    edit(closed, secretary, sections[1], "The board heard both sides.")
    done = publish(closed, ben, version=2)
    assert Meeting.objects.get(pk=closed.pk).state == MeetingState.MINUTES_PUBLISHED
    sealed = Entry.objects.get(event="meetings.MinutesPublished")
    again = digest_of(canonical(Minutes.objects.get(), publisher=ben, at=AFTER))
    assert sealed.data["digest"] == done.digest == again
    assert len(again) == 64


def test_who_wrote_does_not_publish(closed, sections, ben, admin):
    edit(closed, ben, sections[1], "As I see it.")
    with pytest.raises(NotAllowed, match="You wrote some of these words") as refused:
        publish(closed, ben, version=2)
    assert refused.value.next_step.startswith("Ask another chair or an administrator")
    publish(closed, admin, version=2)
    assert Minutes.objects.get().published_by == admin


@pytest.mark.parametrize("who", ["cleo", "secretary"])
def test_only_who_leads_the_board_publishes(closed, request, who):
    with pytest.raises(NotAllowed, match="Only the chair of the Enterprise board or an administrator"):
        publish(closed, request.getfixturevalue(who))
    assert Meeting.objects.get(pk=closed.pk).state == MeetingState.CLOSED


def test_one_publishes_what_one_read(closed, sections, ben, secretary):
    edit(closed, secretary, sections[1], "Changed a moment ago.")
    with pytest.raises(StaleRevision):
        publish(closed, ben, version=1)


def test_published_minutes_are_not_edited_nor_published_again(closed, sections, ben):
    publish(closed, ben)
    with pytest.raises(WrongState, match="published and stay as they are") as refused:
        edit(closed, ben, sections[1], "Later.", version=2)
    assert refused.value.next_step == "Write an addendum instead."
    with pytest.raises(WrongState, match="published and stay as they are"):
        publish(closed, ben, version=2)


FORBIDDEN = {
    "the words": "UPDATE meetings_minutessection SET prose = 'other'",
    "the facts": "UPDATE meetings_minutessection SET facts = '{}'",
    "a section less": "DELETE FROM meetings_minutessection",
    "the seal": "UPDATE meetings_minutes SET digest = 'other'",
    "undone": "UPDATE meetings_minutes SET published_at = NULL, published_by_id = NULL, digest = ''",
    "gone": "DELETE FROM meetings_minutes",
    "the addendum": "UPDATE meetings_addendum SET text = 'other'",
    "the addendum gone": "DELETE FROM meetings_addendum",
    "a section more": (
        "INSERT INTO meetings_minutessection (minutes_id, position, kind, facts, drafted, prose) "
        "SELECT meeting_id, 99, 'closing', '{}', '', '' FROM meetings_minutes"
    ),
    "the agenda": "UPDATE meetings_agendaitem SET reason = 'other'",
}


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_itself_keeps_what_is_published(closed, ben, sql):
    publish(closed, ben)
    minutes.add_addendum(meeting_id=closed.pk, author=ben, text="More.", reason="Asked.", at=AFTER)
    with pytest.raises(Error, match="stay"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("column", ["facts = '{}'", "drafted = 'x'", "position = position + 50", "kind = 'closing'"])
def test_what_the_journal_said_stays_in_a_draft_too(closed, column):
    with pytest.raises(Error, match="What the journal said"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE meetings_minutessection SET {column}")


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_a_publication_at_once_leave_one_legal_end(closed, sections, ben, secretary):
    """Either the seal is over the draft and the edit was refused, or the edit is in and the publication was refused."""
    refused = []

    def run(act):
        try:
            act()
        except (StaleRevision, WrongState) as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    acts = (lambda: edit(closed, secretary, sections[1], "At once."), lambda: publish(closed, ben))
    threads = [threading.Thread(target=run, args=(one,)) for one in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    now = Minutes.objects.get()
    prose = MinutesSection.objects.get(pk=sections[1].pk).prose
    assert len(refused) == 1
    assert (prose == "At once.") is not now.is_published
    if now.is_published:
        assert now.digest == digest_of(canonical(now, publisher=ben, at=AFTER))


# Addenda


def test_an_addendum_has_author_date_and_reason_and_its_own_seal(closed, sections, ben, secretary):
    with pytest.raises(WrongState, match="still a draft"):
        minutes.add_addendum(meeting_id=closed.pk, author=ben, text="Too early.", reason="Haste.", at=AFTER)
    before = publish(closed, ben).digest
    one = minutes.add_addendum(
        meeting_id=closed.pk, author=secretary, text="Dan left at 14:31.", reason="His clock.", at=AFTER + MINUTE
    )
    assert (one.number, one.author, one.at, one.reason) == (1, secretary, AFTER + MINUTE, "His clock.")
    assert Entry.objects.get(event="meetings.AddendumWritten").data["digest"] == one.digest
    assert Minutes.objects.get().digest == before


def test_an_addendum_is_refused_without_words_reason_or_right_and_nothing_is_written(closed, sections, ben, cleo):
    publish(closed, ben)
    wrong = [
        (Invalid, {"text": "  "}),
        (Invalid, {"text": "x" * (LONGEST_PROSE + 1)}),
        (Invalid, {"reason": " "}),
        (NotFound, {"section_id": 987654321}),
        (NotAllowed, {"author": cleo}),
    ]
    for refusal, given in wrong:
        values = {"author": ben, "text": "More.", "reason": "Asked."} | given
        with pytest.raises(refusal):
            minutes.add_addendum(meeting_id=closed.pk, at=AFTER, **values)
    assert not Addendum.objects.exists()


def test_addenda_are_bounded(closed, ben, monkeypatch):
    publish(closed, ben)
    monkeypatch.setattr(minutes, "MOST_ADDENDA", 1)
    minutes.add_addendum(meeting_id=closed.pk, author=ben, text="More.", reason="Asked.", at=AFTER)
    with pytest.raises(Conflict):
        minutes.add_addendum(meeting_id=closed.pk, author=ben, text="More.", reason="Asked.", at=AFTER)
    assert MOST_ADDENDA == 100


# Reminders


def test_the_chair_is_reminded_after_three_days_and_again_and_not_after_publication(closed, ben, monkeypatch):
    def at_day(days):
        monkeypatch.setattr(tasks.timezone, "now", lambda: END + timedelta(days=days))
        went = tasks.chase_minutes()
        while deliver_due(at=END + timedelta(days=days)):
            pass
        return went, Notice.objects.filter(person=ben, title__contains="wait to be published").count()

    assert at_day(2.9) == (0, 0)
    assert at_day(3) == (1, 1)
    assert at_day(3) == (0, 1)
    assert at_day(6) == (1, 2)
    assert Notice.objects.filter(person=ben).latest("pk").body.startswith("They have been a draft for 6 days.")
    publish(closed, ben, at=END + timedelta(days=7))
    assert at_day(12) == (0, 2)
    assert not Notice.objects.filter(person=ben, read_at__isnull=True, title__contains="wait to be").exists()


def test_who_sits_there_or_came_hears_of_the_publication(closed, ben, ada, cleo, dan):
    publish(closed, ben)
    while deliver_due(at=AFTER):
        pass
    told = Notice.objects.filter(title__contains="are published").values_list("person__handle", flat=True)
    assert set(told) == {"ada", "cleo", "dan"}
