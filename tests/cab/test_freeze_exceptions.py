"""Exceptions from freezes: asked for, decided by others, expired by a clock, and what a granted one lets pass."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.cab.actions import exceptions, flow, proposing
from apps.cab.models import Change, Conflict, FreezeException
from apps.cab.queries.freezes import freezes_before
from apps.cab.states import EXCEPTION, ExceptionState
from apps.cab.tasks import expire_exceptions
from apps.clusters.models import Cluster, Visibility
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict as ConflictRefusal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, Refusal, WrongState
from apps.notify.models import Notice
from apps.windows.actions.freezes import lift_freeze
from tests.cab.conftest import content
from tests.cab.test_cast_vote import together
from tests.cab.test_freeze_check import CHECK, TIME
from tests.cab.test_freeze_check import freeze as enforced_freeze
from tests.cab.test_freezes import approve
from tests.conftest import NOON, signed_in

API = "/api/v1/freeze-exceptions/"


@pytest.fixture
def freeze(omar, admin, payments, noon):
    """A hard one of Payments over the window of the change."""
    return enforced_freeze(omar, admin, [payments], noon)


def ask(change, freeze, person, at=NOON, reason="The keys expire in it.") -> FreezeException:
    return exceptions.request_exception(
        change_id=change.pk, requester=person, freeze_id=freeze.pk, reason=reason, at=at
    )


def decide(exception, person, decision="granted", at=NOON, reason="It is small.") -> FreezeException:
    return exceptions.decide_exception(
        exception_id=exception.pk, decider=person, decision=decision, reason=reason, at=at
    )


def deliver() -> None:
    while deliver_due(at=NOON + timedelta(minutes=1)):
        pass


class TestAsking:
    def test_an_author_asks_and_the_clock_runs(self, waiting, freeze, ada, noon):
        one = ask(waiting, freeze, ada)
        assert (one.state, one.revision, one.decide_by) == ("requested", 1, noon + timedelta(hours=72))
        assert Entry.objects.about(waiting).filter(event="cab.FreezeExceptionRequested").count() == 1

    def test_the_clock_ends_before_the_work_would_begin(self, waiting, freeze, ada):
        late = waiting.window_start_at - timedelta(hours=2)
        assert ask(waiting, freeze, ada, at=late).decide_by == waiting.window_start_at

    def test_a_reason_is_needed(self, waiting, freeze, ada):
        with pytest.raises(Invalid) as refused:
            ask(waiting, freeze, ada, reason=" ")
        assert refused.value.next_step
        with pytest.raises(Invalid, match="4,001"):
            ask(waiting, freeze, ada, reason="x" * 4001)
        assert not FreezeException.objects.exists()

    def test_who_has_nothing_to_do_with_it_may_not_ask(self, waiting, freeze, cleo, auditor):
        for person in (cleo, auditor):
            with pytest.raises(NotAllowed):
                ask(waiting, freeze, person)

    def test_a_draft_and_a_freeze_that_does_not_stand_before_it_are_refused(self, draft, freeze, ada, noon, waiting):
        with pytest.raises(NotFound, match="does not stand"):
            exceptions.request_exception(change_id=waiting.pk, requester=ada, freeze_id=10**9, reason="x", at=noon)
        Change.objects.filter(pk=draft.pk).update(state="draft")
        with pytest.raises(WrongState, match="no freeze stops it"):
            ask(draft, freeze, ada)

    def test_a_soft_freeze_needs_none(self, waiting, omar, payments, ada, noon):
        soft = enforced_freeze(omar, omar, [payments], noon, strength="soft")
        with pytest.raises(WrongState, match="soft freeze needs no exception"):
            ask(waiting, soft, ada)

    def test_one_at_a_time_by_constraint(self, waiting, freeze, ada, omar):
        one = ask(waiting, freeze, ada)
        with pytest.raises(ConflictRefusal, match="asked for or granted already") as refused, transaction.atomic():
            ask(waiting, freeze, ada)
        assert refused.value.next_step
        decide(one, omar, "denied")
        assert ask(waiting, freeze, ada).state == "requested"  # a new one after a denial

    def test_the_database_lets_nobody_decide_their_own(self, waiting, freeze, ada, noon):
        one = ask(waiting, freeze, ada)
        mine = {"state": "granted", "decided_by": ada, "decided_at": noon, "decision_reason": "Because."}
        with pytest.raises(IntegrityError, match="not_by_requester"), transaction.atomic():
            FreezeException.objects.filter(pk=one.pk).update(**mine)


class TestDeciding:
    def test_the_freezes_owner_or_a_chair_decides(self, waiting, freeze, ada, omar, ben):
        one = decide(ask(waiting, freeze, ada), omar, "denied", reason="The books are open.")
        assert (one.state, one.decided_by, one.decision_reason) == ("denied", omar, "The books are open.")
        assert decide(ask(waiting, freeze, ada), ben).state == "granted"

    @pytest.mark.parametrize("who", ["ada", "cleo", "auditor"])
    def test_others_do_not(self, waiting, freeze, ada, who, request):
        one = ask(waiting, freeze, ada)
        with pytest.raises(NotAllowed) as refused:
            decide(one, request.getfixturevalue(who))
        assert refused.value.next_step
        assert FreezeException.objects.get().state == "requested"

    def test_an_owner_who_carries_it_out_or_asked_does_not(self, waiting, freeze, ada, omar, ben):
        one = ask(waiting, freeze, omar)  # the owner of the cluster may do the work, so they may ask
        with pytest.raises(NotAllowed, match="your own change"):
            decide(one, omar)
        Change.objects.filter(pk=waiting.pk).update(implementer=ben)
        with pytest.raises(NotAllowed, match="your own change"):
            decide(one, ben)

    def test_it_needs_a_reason_and_time(self, waiting, freeze, ada, omar):
        one = ask(waiting, freeze, ada)
        with pytest.raises(Invalid):
            decide(one, omar, reason="")
        with pytest.raises(WrongState, match="time to decide ended"):
            decide(one, omar, at=one.decide_by)
        assert FreezeException.objects.get().decided_at is None

    def test_what_is_decided_stays_so(self, waiting, freeze, ada, omar):
        one = decide(ask(waiting, freeze, ada), omar, "denied")
        for again in ("granted", "denied"):
            with pytest.raises(WrongState, match="cannot become"):
                decide(one, omar, again)

    def test_in_a_restricted_cluster_others_know_nothing(self, waiting, freeze, ada, payments):
        stranger = Person.objects.create_user("nadia", "n@example.org", "x")
        one = ask(waiting, freeze, ada)
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        with pytest.raises(NotFound):
            decide(one, stranger)


class TestWhatAGrantedOneDoes:
    def test_it_lifts_this_freeze_for_this_change_and_no_other(
        self, waiting, freeze, ada, omar, admin, ben, cleo, payments, noon
    ):
        Change.objects.filter(pk=waiting.pk).update(implementer=omar)
        change = approve(waiting, ben, cleo, noon)
        with pytest.raises(WrongState, match="Closing"):
            flow.schedule_change(change_id=change.pk, scheduler=ada, at=noon)
        decide(ask(change, freeze, ada), ben)
        deliver()  # the conflict with the freeze is looked at again
        assert Conflict.objects.filter(change=change, kind="freeze").exclude(state="resolved").count() == 0
        assert Change.objects.get(pk=change.pk).state == "scheduled"  # it waited for nothing else
        began = flow.start_implementation(change_id=change.pk, implementer=omar, at=change.window_start_at)
        assert began.state == "implementing"

    def test_another_freeze_still_stops_it(self, waiting, freeze, ada, omar, admin, ben, cleo, payments, noon):
        other = enforced_freeze(omar, admin, [payments], noon, name="Audit week")
        change = approve(waiting, ben, cleo, noon)
        decide(ask(change, freeze, ada), ben)
        assert {one.freeze.pk: one.stands for one in freezes_before(change, at=noon)} == {
            freeze.pk: False,
            other.pk: True,
        }
        with pytest.raises(WrongState, match="Audit week"):
            flow.schedule_change(change_id=change.pk, scheduler=ada, at=noon)

    def test_another_change_is_still_stopped(self, waiting, freeze, ada, omar, ben, payments, dispatch, ledger, noon):
        decide(ask(waiting, freeze, ada), ben)
        other = proposing.propose_change(requester=ada, content=content(payments, ledger), at=noon)
        flow.submit_change(change_id=other.pk, submitter=ada, at=noon)
        assert all(one.stands for one in freezes_before(Change.objects.get(pk=other.pk), at=noon))

    def test_the_check_for_pipelines_names_it(self, waiting, freeze, ada, omar):
        client, asked = signed_in(ada), TIME | {"change": waiting.reference}
        assert client.get(CHECK, asked).json()["verdict"] == "stopped"
        one = decide(ask(waiting, freeze, ada), omar)
        said = client.get(CHECK, asked).json()
        assert (said["verdict"], said["reasons"][0]["exception"]) == ("clear", one.pk)
        assert f"Exception {one.pk}, granted by Omar" in said["reasons"][0]["sentence"]

    def test_a_material_edit_ends_it(self, waiting, freeze, ada, omar, noon):
        one = decide(ask(waiting, freeze, ada), omar)
        moved = proposing.content_from(waiting, window_end=datetime(2026, 3, 10, 23, 45))
        proposing.edit_change(change_id=waiting.pk, editor=ada, content=moved, based_on=1, at=noon)
        one.refresh_from_db()
        assert (one.state, one.decided_by) == ("expired", omar)
        assert "edited materially" in one.ended_because
        assert all(one.stands for one in freezes_before(Change.objects.get(pk=waiting.pk), at=noon))

    def test_a_new_title_does_not(self, waiting, freeze, ada, omar, noon):
        decide(ask(waiting, freeze, ada), omar)
        other = proposing.content_from(waiting, title="Rotate all signing keys")
        proposing.edit_change(change_id=waiting.pk, editor=ada, content=other, based_on=1, at=noon)
        assert FreezeException.objects.get().state == "granted"


class TestItsEnd:
    def test_the_job_expires_what_nobody_decided_once(self, waiting, freeze, ada, monkeypatch):
        one = ask(waiting, freeze, ada)
        monkeypatch.setattr("django.utils.timezone.now", lambda: one.decide_by - timedelta(seconds=1))
        assert expire_exceptions() == 0
        monkeypatch.setattr("django.utils.timezone.now", lambda: one.decide_by)
        assert (expire_exceptions(), expire_exceptions()) == (1, 0)
        one.refresh_from_db()
        assert (one.state, one.ended_because) == ("expired", "Nobody decided in time.")
        assert Entry.objects.filter(event="cab.FreezeExceptionExpired").count() == 1

    def test_there_is_nothing_to_ask_once_the_freeze_is_lifted(self, waiting, freeze, ada, omar, noon, monkeypatch):
        one = ask(waiting, freeze, ada)
        lift_freeze(freeze_id=freeze.pk, lifter=omar, reason="Done.", at=noon)
        monkeypatch.setattr("django.utils.timezone.now", lambda: noon)
        assert expire_exceptions() == 1
        one.refresh_from_db()
        assert "lifted" in one.ended_because

    def test_a_cancelled_change_asks_no_longer(self, waiting, freeze, ada, noon):
        one = ask(waiting, freeze, ada)
        flow.cancel_change(change_id=waiting.pk, person=ada, reason="Not needed.", at=noon)
        assert exceptions.expire_exception(exception_id=one.pk, at=noon).state == "expired"

    def test_its_author_takes_it_back(self, waiting, freeze, ada, cleo, noon):
        one = ask(waiting, freeze, ada)
        with pytest.raises(NotAllowed):
            exceptions.withdraw_exception(exception_id=one.pk, person=cleo, at=noon)
        assert exceptions.withdraw_exception(exception_id=one.pk, person=ada, at=noon).state == "withdrawn"

    @pytest.mark.parametrize("start", list(ExceptionState))
    @pytest.mark.parametrize("target", list(ExceptionState))
    def test_every_move(self, start, target):
        allowed = {("requested", to) for to in ("granted", "denied", "expired", "withdrawn")}
        allowed |= {("granted", "expired")}
        assert EXCEPTION.allows(start, target) == ((start, target) in allowed)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_turn", range(5))
def test_grant_denial_withdrawal_and_expiry_at_once_leave_one_end(_turn, waiting, freeze, ada, omar, ben):
    one = ask(waiting, freeze, ada)
    calls = [
        lambda: decide(one, omar),
        lambda: decide(one, ben, "denied"),
        lambda: exceptions.withdraw_exception(exception_id=one.pk, person=ada, at=NOON),
        lambda: ask(waiting, freeze, ada),
    ]
    together(calls)
    told = Entry.objects.about(waiting).filter(event__startswith="cab.FreezeException", data__exception_id=one.pk)
    assert told.count() == 2  # asked, and exactly one end
    assert FreezeException.objects.filter(state__in=["requested", "granted"]).count() <= 1


class TestTelling:
    def test_owners_hear_of_the_request_and_authors_of_the_decision(self, waiting, freeze, ada, omar, noon):
        one = ask(waiting, freeze, ada)
        deliver()
        assert Notice.objects.filter(person=omar, kind="vote", title__contains="asks to be excepted").count() == 1
        assert not Notice.objects.filter(person=ada, title__contains="asks to be excepted").exists()
        decide(one, omar, "denied", reason="The books are open.")
        deliver()
        told = Notice.objects.get(person=ada, title__contains="the exception from")
        assert (told.title.endswith("is denied"), told.body) == (True, "The books are open.")
        assert not Notice.objects.filter(person=omar, kind="vote", read_at=None).exists()


class TestItsDoors:
    @pytest.fixture(autouse=True)
    def _at_noon(self, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)

    def test_the_pages_lead_from_request_to_decision(self, waiting, freeze, ada, omar):
        page, mine, theirs = waiting.get_absolute_url(), signed_in(ada), signed_in(omar)
        assert "Ask for an exception" in mine.get(page).content.decode()
        sent = {"freeze_id": freeze.pk, "reason": "The keys expire in it."}
        assert mine.post(f"{page}freeze-exceptions/", sent).status_code == 302
        text = mine.get(page).content.decode()
        assert "Withdraw the request" in text
        assert "Grant the exception" not in text
        assert "Grant the exception" in theirs.get(page).content.decode()
        one = FreezeException.objects.get()
        decision = {"exception_id": one.pk, "decision": "granted", "reason": ""}
        refused = theirs.post(f"{page}freeze-exceptions/decision/", decision)
        assert refused.status_code == 422
        own = mine.post(f"{page}freeze-exceptions/decision/", {**decision, "reason": "Mine."})
        assert (own.status_code, "your own change" in own.content.decode()) == (422, True)
        assert theirs.post(f"{page}freeze-exceptions/decision/", {**decision, "reason": "Small."}).status_code == 302
        assert "an exception lets this change pass" in mine.get(page).content.decode()

    def test_the_author_withdraws_on_the_page(self, waiting, freeze, ada):
        one, page = ask(waiting, freeze, ada), waiting.get_absolute_url()
        answer = signed_in(ada).post(f"{page}freeze-exceptions/withdrawal/", {"exception_id": one.pk})
        assert (answer.status_code, FreezeException.objects.get().state) == (302, "withdrawn")

    def test_the_list_is_filtered_within_its_queries(
        self, waiting, freeze, ada, omar, payments, django_assert_max_num_queries
    ):
        decide(ask(waiting, freeze, ada), omar, "denied")
        ask(waiting, freeze, ada, reason="A second try.")
        client = signed_in(omar)
        with django_assert_max_num_queries(12):
            text = client.get("/freeze-exceptions/").content.decode()
        assert text.count(f">{waiting.reference}<") == 2
        assert "A second try." in client.get(f"/freeze-exceptions/?state=requested&freeze={freeze.pk}").content.decode()
        assert "No exception fits" in client.get("/freeze-exceptions/?state=granted").content.decode()
        assert client.get("/freeze-exceptions/?state=nonsense").status_code == 422

    def test_the_dossier_stays_within_its_queries(self, waiting, freeze, ada, omar, django_assert_max_num_queries):
        ask(waiting, freeze, ada)
        client = signed_in(ada)
        client.get(waiting.get_absolute_url())
        with django_assert_max_num_queries(15):
            client.get(waiting.get_absolute_url())

    def test_the_api_does_the_same(self, waiting, freeze, ada, omar):
        place = f"/api/v1/changes/{waiting.reference}/freeze-exceptions/"
        mine, theirs, kind = signed_in(ada), signed_in(omar), "application/json"
        body = {"freeze_id": freeze.pk, "reason": "The keys expire in it."}
        made = mine.post(place, body, content_type=kind)
        assert (made.status_code, made.json()["state"], made.json()["freeze_name"]) == (201, "requested", "Closing")
        assert mine.post(place, body, content_type=kind).status_code == 409
        assert [one["id"] for one in mine.get(place).json()["results"]] == [made.json()["id"]]
        one = f"{API}{made.json()['id']}/"
        assert (
            mine.post(f"{one}decision/", {"decision": "granted", "reason": "x"}, content_type=kind).status_code == 403
        )
        assert (
            theirs.post(f"{one}decision/", {"decision": "maybe", "reason": "x"}, content_type=kind).status_code == 422
        )
        done = theirs.post(f"{one}decision/", {"decision": "granted", "reason": "Small."}, content_type=kind).json()
        assert (done["state"], done["decided_by"]) == ("granted", "omar")
        assert mine.post(f"{one}withdrawal/", {}, content_type=kind).status_code == 409
        assert [one["id"] for one in mine.get(f"{API}?state=granted").json()["results"]] == [done["id"]]


def test_refusals_end_with_a_next_step(waiting, freeze, ada, omar):
    one = decide(ask(waiting, freeze, ada), omar, "denied")
    with pytest.raises(Refusal) as refused:
        exceptions.withdraw_exception(exception_id=one.pk, person=ada, at=NOON)
    assert refused.value.next_step
