"""Webhooks: signed so that the standard's own library verifies, retried by its schedule, switched off when dead."""

import json
import time
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify import rules, secrets
from apps.notify.actions import webhooks
from apps.notify.models import Endpoint, Notice, Sending
from apps.notify.states import SendingState
from apps.notify.tasks import send_webhooks
from tests.conftest import NOON, make_person
from tests.journal.conftest import together
from tests.notify.conftest import say


def now():
    from django.utils import timezone

    return timezone.now()


def queued(endpoint, subject, *, number=1, at=NOON) -> Sending:
    """One entry in line for the endpoint."""
    entry = say(subject, at=at, number=number)
    webhooks.queue_for_endpoints(entry)
    Sending.objects.filter(entry=entry).update(next_attempt_at=at)
    return Sending.objects.get(endpoint=endpoint, entry=entry)


def verified(request, secret: str) -> dict:
    """The payload, as the standard's library gives it after verifying."""
    _, headers, body = request
    return Webhook(secret).verify(body, headers)


class TestAdding:
    def test_the_secret_is_shown_once_and_kept_encrypted(self, new, operator, settings):
        endpoint = Endpoint.objects.get()
        assert new.secret.startswith("whsec_")
        assert new.secret not in endpoint.secret
        assert Fernet(settings.FIELD_ENCRYPTION_KEY.encode()).decrypt(endpoint.secret.encode()).decode() == new.secret
        entry = Entry.objects.get(event="notify.EndpointAdded")
        assert entry.actor == operator
        assert new.secret not in str(entry.data)

    def test_others_may_not(self, receiver, ada, auditor):
        for person in (ada, auditor):
            with pytest.raises(NotAllowed):
                webhooks.add_endpoint(owner=person, url=receiver.url, events_heard=[], at=NOON)
        assert not Endpoint.objects.exists()

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"url": "https://10.0.0.1/"}, "url"),
            ({"url": "https://a@b/"}, "url"),
            ({"events_heard": ["no.Such"]}, "events"),
        ],
    )
    def test_bad_terms_are_refused_by_field(self, receiver, operator, given, field):
        terms = {"url": receiver.url, "events_heard": []} | given
        with pytest.raises(Invalid) as told:
            webhooks.add_endpoint(owner=operator, at=NOON, **terms)
        assert field in told.value.fields
        assert not Endpoint.objects.exists()


class TestChanging:
    def test_what_changes_is_told_once(self, endpoint, operator):
        def change(**fields):
            return webhooks.change_endpoint(endpoint_id=endpoint.pk, person=operator, version=1, at=NOON, **fields)

        changed = change(events=["cab.VoteCast", "cab.VoteCast"], description=" CI ")
        assert (changed.events, changed.version) == (["cab.VoteCast"], 2)
        assert Entry.objects.get(event="notify.EndpointChanged").data["fields"] == ["events"]
        with pytest.raises(StaleRevision):
            change(description="late")

    def test_an_inward_address_is_refused_also_later(self, endpoint, operator):
        with pytest.raises(Invalid):
            webhooks.change_endpoint(
                endpoint_id=endpoint.pk, person=operator, version=1, at=NOON, url="https://192.168.0.1/"
            )

    def test_switched_on_its_failures_are_forgiven(self, endpoint, operator):
        Endpoint.objects.update(is_active=False, failures=5)
        on = webhooks.change_endpoint(endpoint_id=endpoint.pk, person=operator, version=1, at=NOON, is_active=True)
        assert (on.is_active, on.failures) == (True, 0)

    def test_others_may_not_and_unknown_ones_are_not_found(self, endpoint, operator, ada):
        acts = (webhooks.rotate_secret, webhooks.end_rotation, webhooks.send_test)
        for act in acts:
            with pytest.raises(NotAllowed):
                act(endpoint_id=endpoint.pk, person=ada, at=NOON)
            with pytest.raises(NotFound):
                act(endpoint_id=endpoint.pk + 1, person=operator, at=NOON)


class TestQueueing:
    def test_each_that_hears_the_event_gets_it_once(self, endpoint, receiver, operator, payments):
        deaf = webhooks.add_endpoint(owner=operator, url=receiver.url, events_heard=["cab.VoteCast"], at=NOON).endpoint
        off = webhooks.add_endpoint(owner=operator, url=receiver.url, events_heard=[], at=NOON).endpoint
        Endpoint.objects.filter(pk=off.pk).update(is_active=False)
        entry = say(payments, at=NOON)
        for _ in range(2):
            webhooks.queue_for_endpoints(entry)
        assert list(Sending.objects.values_list("endpoint", flat=True)) == [endpoint.pk]
        assert not deaf.sendings.exists()

    def test_the_outbox_brings_every_entry(self, endpoint, payments, receiver, new):
        entry = say(payments)
        journal.deliver_due(at=now())
        assert webhooks.send_due(at=now()) >= 1
        bodies = [verified(one, new.secret) for one in receiver.requests]
        assert entry.pk in [body["data"]["sequence"] for body in bodies]


class TestSending:
    def test_the_standards_library_verifies_what_arrives(self, endpoint, new, receiver, payments):
        sending = queued(endpoint, payments, at=now())
        assert [webhooks.send_due(at=now()) for _ in range(2)] == [1, 0]
        (request,) = receiver.requests
        body = verified(request, new.secret)
        assert body["type"] == "notify.FeedOpened"
        assert body["timestamp"] == sending.entry.at.isoformat()
        assert body["data"]["subject"] == {"type": "clusters.cluster", "id": payments.pk, "label": "Payments"}
        assert (body["data"]["digest"], body["data"]["feed_id"]) == (sending.entry.digest, 1)
        sending.refresh_from_db()
        assert (sending.state, sending.attempts, sending.status) == (SendingState.SENT, 1, 204)

    def test_a_changed_body_does_not_verify(self, endpoint, new, receiver, payments):
        queued(endpoint, payments, at=now())
        webhooks.send_due(at=now())
        path, headers, body = receiver.requests[0]
        with pytest.raises(WebhookVerificationError):
            verified((path, headers, body.replace(b"Payments", b"Paymentz")), new.secret)

    def test_after_a_rotation_both_secrets_verify_until_it_is_ended(self, endpoint, new, operator, receiver, payments):
        fresh = webhooks.rotate_secret(endpoint_id=endpoint.pk, person=operator, at=NOON)
        assert fresh.secret != new.secret
        queued(endpoint, payments, at=now())
        webhooks.send_due(at=now())
        assert verified(receiver.requests[0], new.secret) == verified(receiver.requests[0], fresh.secret)
        for _ in range(2):
            webhooks.end_rotation(endpoint_id=endpoint.pk, person=operator, at=NOON)
        assert Entry.objects.filter(event="notify.RotationEnded").count() == 1
        queued(endpoint, payments, number=2, at=now())
        webhooks.send_due(at=now())
        assert verified(receiver.requests[1], fresh.secret)
        with pytest.raises(WebhookVerificationError):
            verified(receiver.requests[1], new.secret)

    def test_the_id_is_the_same_at_every_attempt_and_the_time_is_not(self, endpoint, receiver, payments):
        sending = queued(endpoint, payments)
        receiver.status = 503
        webhooks.send_due(at=NOON)
        webhooks.send_due(at=NOON + rules.RETRIES[0])
        first, second = [headers for _, headers, _ in receiver.requests]
        assert first["webhook-id"] == second["webhook-id"] == f"msg_{endpoint.pk}_{sending.entry_id}"
        assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5

    def test_the_schedule_is_the_standards(self, endpoint, receiver, payments):
        sending, at, waits = queued(endpoint, payments), NOON, []
        receiver.status, receiver.body = 500, b"out of order"
        while sending.state == SendingState.WAITING:
            assert webhooks.send_due(at=at) == 1
            sending.refresh_from_db()
            waits.append(sending.next_attempt_at - at)
            at = sending.next_attempt_at
        published = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600]
        assert [wait.total_seconds() for wait in waits] == [*published, 0]
        assert (sending.state, sending.attempts, sending.status) == (SendingState.FAILED, 10, 500)
        assert sending.excerpt == "out of order"

    @pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500])
    def test_anything_but_2xx_is_tried_again(self, endpoint, receiver, payments, status):
        sending = queued(endpoint, payments)
        receiver.status, receiver.headers = status, {"location": receiver.url}
        webhooks.send_due(at=NOON)
        sending.refresh_from_db()
        assert (sending.state, sending.status, len(receiver.requests)) == (SendingState.WAITING, status, 1)

    def test_an_address_that_turned_inward_is_not_reached(self, endpoint, receiver, payments, settings):
        settings.WEBHOOK_ALLOWED_NETWORKS = []
        sending = queued(endpoint, payments)
        webhooks.send_due(at=NOON)
        sending.refresh_from_db()
        assert not receiver.requests
        assert (sending.state, sending.status) == (SendingState.WAITING, None)
        assert sending.excerpt.startswith("This address cannot be used")  # a sentence for people, no name of a class

    def test_a_refused_address_is_one_line_of_the_log(self, endpoint, payments, settings, caplog):
        settings.WEBHOOK_ALLOWED_NETWORKS = []
        sending = queued(endpoint, payments)
        webhooks.send_due(at=NOON)
        (record,) = [one for one in caplog.records if one.name == "apps.notify.actions.webhooks"]
        assert record.getMessage().startswith(f"Sending {sending.pk} to webhook {endpoint.pk} failed: This address")
        assert "\n" not in record.getMessage()
        assert not record.exc_info

    def test_a_fault_of_our_own_keeps_its_trace(self, endpoint, payments, caplog):
        Endpoint.objects.filter(pk=endpoint.pk).update(secret="not a token")
        queued(endpoint, payments)
        webhooks.send_due(at=NOON)
        (record,) = [one for one in caplog.records if one.name == "apps.notify.actions.webhooks"]
        assert record.exc_info

    def test_a_secret_that_cannot_be_read_stops_no_other(self, endpoint, operator, receiver, payments):
        other = webhooks.add_endpoint(owner=operator, url=receiver.url, events_heard=[], at=NOON).endpoint
        Endpoint.objects.filter(pk=endpoint.pk).update(secret="not a token")
        queued(endpoint, payments)
        assert webhooks.send_due(at=NOON) == 2
        assert set(Sending.objects.values_list("endpoint", "state")) == {
            (endpoint.pk, "waiting"),
            (other.pk, "sent"),
        }

    def test_a_huge_entry_is_cut_to_its_frame(self, endpoint, payments):
        entry = say(payments, at=NOON)
        entry.data = {"fields": ["x" * 1000] * 100}
        body = webhooks.payload(entry, at=NOON)
        assert len(body) < 1000
        assert json.loads(body)["data"] == {"sequence": entry.pk, "is_cut": True}

    def test_a_turn_ends_when_receivers_are_slow(self, endpoint, receiver, payments, monkeypatch):
        monkeypatch.setattr(webhooks, "TURN_S", 0.1)
        receiver.answer = lambda handler: (time.sleep(0.2), handler.send_response(204), handler.end_headers())
        for number in range(3):
            queued(endpoint, payments, number=number)
        assert webhooks.send_due(at=NOON) == 1

    def test_two_beats_send_once(self, endpoint, receiver, payments, monkeypatch):
        queued(endpoint, payments)
        monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
        assert [send_webhooks.apply().get() for _ in range(2)] == [1, 0]
        assert len(receiver.requests) == 1


class TestGivingUp:
    def test_gone_switches_it_off_at_once_and_tells_the_owner(self, endpoint, operator, receiver, payments):
        sending = queued(endpoint, payments)
        receiver.status = 410
        webhooks.send_due(at=NOON)
        sending.refresh_from_db()
        endpoint.refresh_from_db()
        assert (sending.state, endpoint.is_active, endpoint.version) == (SendingState.FAILED, False, 2)
        entry = Entry.objects.get(event="notify.EndpointDisabled")
        assert (entry.actor, entry.data["why"]) == (None, "It answered 410 Gone.")
        journal.deliver_due(at=now())
        assert not entry.deliveries.exclude(last_error="").exists()
        notice = Notice.objects.get(person=operator)
        assert notice.title == "The webhook “CI” was switched off"
        assert notice.url == endpoint.get_absolute_url()

    def test_when_the_owner_has_left_the_administrators_are_told(self, endpoint, operator, receiver, payments):
        other = make_person("hedda", Role.ADMINISTRATOR)
        Person.objects.filter(pk=operator.pk).update(is_active=False)
        queued(endpoint, payments)
        receiver.status = 410
        webhooks.send_due(at=NOON)
        journal.deliver_due(at=now())
        assert [one.person for one in Notice.objects.all()] == [other]

    def test_several_given_up_in_a_row_switch_it_off_once(self, endpoint, receiver, payments):
        receiver.status = 500
        for number in range(rules.FAILURES_TO_DISABLE + 1):
            queued(endpoint, payments, number=number)
        Sending.objects.update(attempts=len(rules.RETRIES))
        assert webhooks.send_due(at=NOON) == rules.FAILURES_TO_DISABLE, "one that is off is sent nothing more"
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        assert Entry.objects.filter(event="notify.EndpointDisabled").count() == 1

    def test_a_success_in_between_forgives(self, endpoint, receiver, payments):
        Endpoint.objects.update(failures=4)
        queued(endpoint, payments)
        webhooks.send_due(at=NOON)
        endpoint.refresh_from_db()
        assert endpoint.failures == 0


class TestByHand:
    def test_a_test_is_a_sending_like_any_other(self, endpoint, new, operator, receiver):
        at = now()
        webhooks.send_test(endpoint_id=endpoint.pk, person=operator, at=at)
        webhooks.send_due(at=at)
        assert verified(receiver.requests[0], new.secret)["type"] == "concordat.test"

    @pytest.mark.parametrize("state", list(SendingState))
    def test_send_again_gives_fresh_attempts(self, endpoint, operator, receiver, payments, state):
        sending = queued(endpoint, payments)
        Sending.objects.update(state=state, attempts=7)
        later = NOON + timedelta(days=2)
        webhooks.send_again(sending_id=sending.pk, person=operator, at=later)
        sending.refresh_from_db()
        assert (sending.state, sending.attempts, sending.next_attempt_at) == (SendingState.WAITING, 0, later)
        assert Entry.objects.get(event="notify.SendingRepeated").actor == operator

    def test_refusals(self, endpoint, operator, ada, payments):
        sending = queued(endpoint, payments)
        with pytest.raises(NotAllowed):
            webhooks.send_again(sending_id=sending.pk, person=ada, at=NOON)
        with pytest.raises(NotFound):
            webhooks.send_again(sending_id=sending.pk + 1, person=operator, at=NOON)
        Endpoint.objects.update(is_active=False)
        with pytest.raises(WrongState, match="switched off"):
            webhooks.send_again(sending_id=sending.pk, person=operator, at=NOON)
        with pytest.raises(WrongState, match="switched off"):
            webhooks.send_test(endpoint_id=endpoint.pk, person=operator, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_senders_beside_each_other_never_send_one_twice(receiver):
    person = make_person("gustav", Role.ADMINISTRATOR)
    endpoint = webhooks.add_endpoint(owner=person, url=receiver.url, events_heard=[], at=NOON).endpoint
    sendings = [queued(endpoint, Person.objects.get(), number=number) for number in range(25)]
    attempted = together(5, lambda: webhooks.send_due(at=NOON))
    assert sum(attempted) == 25
    ids = [headers["webhook-id"] for _, headers, _ in receiver.requests]
    assert sorted(ids) == sorted(f"msg_{endpoint.pk}_{one.entry_id}" for one in sendings)


def test_secrets_are_what_the_standard_asks_for():
    import base64

    made = {secrets.new_secret() for _ in range(3)}
    assert len(made) == 3
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in made} == {24}
