"""Telling people: one notice each, a mail for those who want one."""

import pytest

from apps.accounts.models import PersonKind
from apps.accounts.rules import Role
from apps.notify.actions.telling import mark_read, mark_unread, set_mail_preference, tell
from apps.notify.models import MailSending, Notice
from apps.notify.queries import inbox, unread_count
from tests.conftest import NOON, make_person
from tests.notify.conftest import say


@pytest.fixture
def entry(payments):
    return say(payments, at=NOON)


def told(people, entry, *, kind="vote", title="A change waits for your vote", **more) -> int:
    return tell(people, entry=entry, kind=kind, title=title, url="/changes/CHG-1/", at=NOON, **more)


def test_each_person_gets_one_notice_and_one_mail(ada, ben, entry):
    assert told([ada, ben, ada], entry, body="By Tuesday.") == 2
    notice = Notice.objects.get(person=ada)
    assert (notice.title, notice.body, notice.url) == ("A change waits for your vote", "By Tuesday.", "/changes/CHG-1/")
    assert (notice.entry, notice.created_at, notice.read_at) == (entry, NOON, None)
    assert set(MailSending.objects.values_list("notice__person", flat=True)) == {ada.pk, ben.pk}


def test_a_handler_that_runs_twice_tells_once(ada, ben, entry):
    assert [told([ada], entry), told([ada, ben], entry), told([ada, ben], entry)] == [1, 1, 0]
    assert (Notice.objects.count(), MailSending.objects.count()) == (2, 2)
    assert told([ada], entry, kind="decision") == 1, "another kind is another notice"


def test_who_cannot_read_it_is_left_out(db, ada, payments):
    entry = say(payments, actor=ada, at=NOON)
    robot = make_person("robot", Role.REQUESTER, kind=PersonKind.SERVICE)
    gone = make_person("gone", is_active=False)
    assert told([ada, robot, gone], entry) == 0
    assert not Notice.objects.exists()


def test_a_kind_can_be_silenced_by_mail_and_stays_in_the_inbox(ada, entry):
    set_mail_preference(person=ada, kind="vote", by_mail=False)
    told([ada], entry)
    told([ada], entry, kind="decision")
    assert Notice.objects.filter(person=ada).count() == 2
    assert MailSending.objects.get().notice.kind == "decision"
    set_mail_preference(person=ada, kind="vote", by_mail=True)
    assert told([ada], say(ada, at=NOON)) == 1
    assert MailSending.objects.count() == 2


def test_someone_without_an_address_gets_no_mail(ada, entry):
    ada.email = None
    told([ada], entry)
    assert not MailSending.objects.exists()


def test_long_titles_are_cut(ada, entry):
    told([ada], entry, title="x" * 1000)
    assert len(Notice.objects.get().title) == 300


class TestReading:
    @pytest.fixture
    def notices(self, ada, ben, payments):
        for number in range(3):
            told([ada, ben], say(payments, at=NOON, number=number))
        return list(inbox(ada).order_by("pk"))

    def test_the_chosen_are_read_and_counted_once(self, ada, ben, notices):
        chosen = [notices[0].pk, notices[1].pk]
        assert [mark_read(person=ada, notice_ids=chosen, at=NOON) for _ in range(2)] == [2, 0]
        assert (unread_count(ada), unread_count(ben)) == (1, 3)
        assert list(inbox(ada, only_unread=True)) == [notices[2]]

    def test_all_of_ones_own(self, ada, ben, notices):
        assert mark_read(person=ada, notice_ids=None, at=NOON) == 3
        assert (unread_count(ada), unread_count(ben)) == (0, 3)

    def test_nobody_reads_for_another(self, cleo, ada, notices):
        assert mark_read(person=cleo, notice_ids=[notices[0].pk], at=NOON) == 0
        assert unread_count(ada) == 3

    def test_unread_again(self, ada, cleo, notices):
        mark_read(person=ada, notice_ids=None, at=NOON)
        mark_unread(person=cleo, notice_id=notices[0].pk)
        assert unread_count(ada) == 0
        mark_unread(person=ada, notice_id=notices[0].pk)
        assert unread_count(ada) == 1
