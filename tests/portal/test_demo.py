"""The demo organisation shows every state of every machine, and passes its own rules."""

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import (
    Change,
    Condition,
    Delegation,
    FreezeException,
    ImportRun,
    Observation,
    Review,
    ReviewCheck,
    Round,
    StandardProposal,
)
from apps.cab.states import (
    ChangeState,
    CheckState,
    ConditionState,
    ExceptionState,
    ImportState,
    ObservationState,
    Outcome,
    ProposalState,
    RetroactiveState,
    ReviewState,
    RoundState,
)
from apps.clusters.models import Cluster, Visibility
from apps.journal.models import Delivery, Entry
from apps.journal.states import DeliveryState
from apps.meetings.models import Meeting
from apps.meetings.states import ItemState, MeetingState
from apps.notify.models import Endpoint, Feed, Notice, Sending
from apps.notify.states import SendingState
from apps.portal import demo
from apps.stakeholders.models import EscalationCase
from tests.conftest import signed_in
from tests.organisation import copied, put_back


@pytest.fixture(scope="module")
def _built(django_db_setup, django_db_blocker, raise_organisation):
    """Built once for this file, in a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        raise_organisation()
        yield
        transaction.set_rollback(True)
    ContentType.objects.clear_cache()


@pytest.fixture
def organisation(_built, db):
    """Each test in a savepoint of its own."""


def shown(rows, field: str) -> set[str]:
    return set(rows.values_list(field, flat=True))


def test_it_shows_every_state(organisation):
    now = timezone.now()
    assert set(ChangeState) - shown(Change.objects, "state") == set()
    assert set(Outcome) - shown(Change.objects, "outcome") == set()
    assert set(RoundState) - shown(Round.objects, "state") == set()
    assert set(ConditionState) - shown(Condition.objects, "state") == set()
    assert set(ReviewState) - shown(Review.objects, "state") == set()
    assert set(RetroactiveState) - shown(Change.objects, "retroactive") == set()
    assert set(CheckState) - shown(ReviewCheck.objects, "state") == set()
    assert set(ProposalState) - shown(StandardProposal.objects, "state") == set()
    assert set(ObservationState) - shown(Observation.objects, "state") == set()
    assert set(ExceptionState) - shown(FreezeException.objects, "state") == set()
    assert shown(EscalationCase.objects, "state") >= {"open", "on_hold", "acknowledged", "resolved"}
    for flag in ("on_hold", "unauthorized", "latent"):
        assert Change.objects.filter(**{flag: True}).exists(), flag
    # "waiting" and "running" last as long as a worker needs for a slice.
    assert set(ImportState) - shown(ImportRun.objects, "state") == {ImportState.WAITING, ImportState.RUNNING}
    assert [
        one.field for one in ImportRun.objects.get(state=ImportState.DONE, source="old-register").rejections.all()
    ] == ["state"]
    assert Review.objects.filter(due_at__lt=now, reminded_at__isnull=False, escalated_at__isnull=False).exists()
    assert Review.objects.filter(due_at__gt=now, state=ReviewState.PLANNED).exists()
    assert Delegation.objects.filter(days__contains=now.date(), revoked_at__isnull=True).exists()
    assert Cluster.objects.filter(visibility=Visibility.RESTRICTED).exists()


@pytest.mark.parametrize("board", ["enterprise", "cross-cluster"])
def test_a_board_has_a_past_with_minutes_a_present_and_a_next_meeting_with_consent_items(organisation, board):
    meetings = Meeting.objects.filter(board__slug=board).order_by("start_at")
    past = meetings.filter(state=MeetingState.MINUTES_PUBLISHED).get()
    assert past.minutes.sections.filter(facts__outcome="decided").exists()
    current = meetings.get(state=MeetingState.IN_SESSION)
    following = meetings.filter(state=MeetingState.PLANNED).first()
    for one in (current, following):
        assert one.items.filter(state=ItemState.LISTED, is_consent=True).exists()
    marit = Person.objects.get(handle="marit")
    shown = signed_in(marit).get(following.get_absolute_url()).content.decode()
    assert "consent items: low risk, nothing open against them" in shown


def test_it_shows_what_goes_wrong_on_the_way_out(organisation):
    assert shown(Delivery.objects, "state") >= {DeliveryState.DONE, DeliveryState.FAILED}
    lost, slow = Endpoint.objects.order_by("pk")
    assert (lost.is_active, slow.is_active) == (False, True)
    assert shown(lost.sendings, "state") >= {SendingState.FAILED}
    assert [one.attempts > 0 for one in slow.sendings.filter(state=SendingState.WAITING)] == [True]
    assert Notice.objects.filter(kind="webhook", person__handle="greta").count() == 1
    assert Feed.objects.filter(revoked_at__isnull=True).count() == 2
    assert Feed.objects.filter(revoked_at__isnull=False).count() == 1
    assert not Sending.objects.filter(state=SendingState.SENT).exists()  # nothing answers at addresses of examples


def test_nothing_lies_in_the_future_and_every_deed_has_its_entry(organisation):
    now = timezone.now()
    assert not Entry.objects.filter(at__gt=now).exists()
    for change in Change.objects.filter(source=""):
        assert Entry.objects.about(change).exists(), change
    for cluster in Cluster.objects.all():
        assert Entry.objects.about(cluster).filter(event="clusters.ClusterFounded").exists(), cluster


def test_references_follow_the_days_on_which_changes_were_proposed(organisation):
    proposed = list(Change.objects.filter(source="").order_by("number").values_list("created_at", flat=True))
    assert proposed == sorted(proposed)


def test_old_notices_are_read_and_new_ones_wait(organisation):
    unread = Notice.objects.filter(read_at__isnull=True)
    assert unread.exists()
    assert not unread.filter(created_at__lt=timezone.now() - timedelta(days=3)).exists()


def test_everyone_reads_their_pages(organisation):
    pages = ("/queue/", "/inbox/", "/inbox/preferences/", "/clusters/", "/journal/", "/search/?q=key")
    for person in Person.objects.filter(Q(handle__in=demo.PEOPLE)):
        client = signed_in(person)
        assert [client.get(page).status_code for page in pages] == [200] * len(pages), person


def test_who_is_outside_the_restricted_cluster_does_not_know_of_it(organisation):
    pages = (
        "/clusters/",
        "/search/?q=custody",
        "/changes/?q=custody",
        "/journal/?subject=master",
        "/inbox/",
        "/queue/",
    )
    outsider, auditor = (signed_in(Person.objects.get(handle=handle)) for handle in ("joan", "samuel"))
    secrets = ("Treasury", "Key custody", "Rotate the master key")
    for page in pages:
        text = outsider.get(page).content.decode()
        assert [words for words in secrets if words in text] == [], page
    assert "Key custody" in auditor.get("/search/?q=custody").content.decode()
    assert "Rotate the master key" in auditor.get("/journal/?subject=master").content.decode()


def test_its_copy_for_other_tests_is_the_same_and_the_journal_forgets_nothing_in_it(organisation):
    found = copied()
    assert {"cab_change", "journal_entry", "meetings_meeting"} <= {table for table, rows in found.rows.items() if rows}
    put_back(found)
    assert copied() == found
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Entry.objects.update(digest="")
