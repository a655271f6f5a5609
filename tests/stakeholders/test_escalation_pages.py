"""The pages of escalation: protocols, the list, a case from opening to signature, refusals, and who may see what."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.rules import Role
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.models import Absence, EscalationCase, EscalationProtocol, WorkingCalendar
from tests.conftest import make_person, signed_in
from tests.stakeholders.escalating import ask, open_one, publish

LADDER = [ask(act="notify", hours=4), ask("programme_manager"), ask("administrator", act="hand_over")]


def url(name, *args):
    return reverse(f"stakeholders:{name}", args=args)


def text(answer):
    return answer.content.decode()


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


@pytest.fixture
def protocol(ben, admin, priya):
    return publish(ben, admin, LADDER, at=timezone.now())


@pytest.fixture
def case(protocol, omar, nora, payments, logistics):
    return open_one(protocol, omar, [payments, logistics], at=timezone.now())


class TestProtocols:
    def test_one_writes_and_another_publishes_in_the_browser(self, ben, admin, priya, ada):
        chair = signed_in(ben)
        hours = {"name": "House", "zone": "Europe/Oslo", "opens": "08:00", "closes": "16:00", "weekdays": [0, 1, 2]}
        sent = hours | {"holidays": "2026-12-25 Christmas Day\n2026-12-26", "version": 0}
        assert chair.post(url("write_calendar"), sent).status_code == 302
        calendar = WorkingCalendar.objects.get()
        assert "Mon, Tue, Wed, 08:00 to 16:00 Europe/Oslo" in text(chair.get(url("calendars")))
        wrong = chair.post(url("edit_calendar", calendar.pk), sent | {"holidays": "Christmas", "version": 1})
        assert (wrong.status_code, "is no holiday" in text(wrong)) == (422, True)
        assert "2026-12-25 Christmas Day" in text(chair.get(url("edit_calendar", calendar.pk)))
        assert chair.post(url("edit_calendar", calendar.pk), sent).status_code == 412

        made = chair.post(
            url("make_protocol"), {"name": "Standard", "slug": "standard", "trigger": "", "calendar": calendar.pk}
        )
        assert made.headers["Location"] == url("write_protocol_steps", "standard")
        rows = {"asks": ["parties", "role:programme_manager", ""], "act": ["notify", "ask", "ask"], "based_on": 0}
        wrong = chair.post(made.headers["Location"], rows | {"hours": ["4", "x", ""]})
        assert (wrong.status_code, "Step 2 cannot be read" in text(wrong)) == (422, True)
        wrong = chair.post(made.headers["Location"], rows | {"hours": ["4", "0", ""]})
        assert (wrong.status_code, "Step 2 waits no time" in text(wrong)) == (422, True)
        assert chair.post(made.headers["Location"], rows | {"hours": ["4", "1.5", ""]}).status_code == 302
        page = text(chair.get(url("protocol", "standard")))
        assert "another chair or administrator publishes it" in page
        assert "Every programme manager is asked to decide; after 1 h 30 min the next." in page
        digest = EscalationProtocol.objects.get().versions.get().digest
        for person, said, status in (
            (ben, digest, 403),
            (ada, digest, 403),
            (admin, "0" * 64, 412),
            (admin, digest, 302),
        ):
            assert signed_in(person).post(url("publish_protocol", "standard"), {"digest": said}).status_code == status
        assert "Every programme manager" in text(signed_in(ada).get(url("protocols")))
        assert signed_in(ada).get(url("write_protocol_steps", "standard")).status_code == 403
        assert chair.post(url("discard_protocol", "standard")).status_code == 404

    def test_a_simulation_tells_nobody(self, protocol, omar, nora, payments, logistics, ada):
        asked = {"clusters": [payments.pk, logistics.pk], "start": "2026-03-02T12:00"}
        page = text(signed_in(ada).get(url("simulate_protocol", "standard"), asked))
        for name in ("Omar", "Nora", "Priya", "Greta"):
            assert name in page
        assert not EscalationCase.objects.exists()
        assert signed_in(ada).get(url("simulate_protocol", "standard"), {"start": "soon"}).status_code == 422
        far = asked | {"start": "9999-12-31T12:00"}
        assert signed_in(ada).get(url("simulate_protocol", "standard"), far).status_code == 422

    def test_absences_are_said_and_taken_back(self, ben, ada, admin):
        days = {"first_on": "2031-03-02", "last_on": "2031-03-09"}
        assert signed_in(ben).post(url("absences"), days | {"person": ada.pk}).status_code == 422
        assert signed_in(ben).post(url("absences"), days | {"person": ben.pk}).status_code == 302
        row = Absence.objects.get()
        assert signed_in(ada).post(url("end_absence", row.pk)).status_code == 403
        assert "2 Mar 2031" in text(signed_in(ada).get(url("absences")))
        assert signed_in(admin).post(url("end_absence", row.pk)).status_code == 302


class TestCases:
    def test_opening_one(self, protocol, omar, nora, payments, logistics, ada):
        client = signed_in(omar)
        assert "No case here" in text(client.get(url("escalations")))
        sent = {"title": "Late orders", "reason": "One gains.", "protocol": protocol.pk}
        assert client.post(url("open_case"), sent | {"clusters": [payments.pk]}).status_code == 422
        answer = client.post(url("open_case"), sent | {"clusters": [payments.pk, logistics.pk]})
        assert answer.headers["Location"] == url("case", 1)
        page = text(client.get(url("case", 1)))
        assert "4 h</b> of working time left" in page
        assert "You are a party to this conflict" in page
        assert "Omar" in page
        assert signed_in(ada).get(url("open_case")).status_code == 403
        exported = b"".join(client.get(url("escalations"), {"export": "csv"}).streaming_content).decode()
        assert "ESC-1" in exported

    def test_it_is_taken_given_back_settled_and_signed(self, case, priya, omar, nora, ada):
        actions.escalate(case_id=case.pk, at=case.due_at)
        manager, first, second = signed_in(priya), signed_in(omar), signed_in(nora)
        assert "For you" in text(manager.get(url("escalations")))
        assert "Take it" in text(manager.get(url("case", 1)))
        assert manager.post(url("acknowledge_case", 1), {"step": 1}).status_code == 409
        assert signed_in(omar).post(url("acknowledge_case", 1), {"step": 2}).status_code == 403
        assert manager.post(url("acknowledge_case", 1), {"step": 2}).status_code == 302
        assert manager.post(url("release_case", 1), {"reason": ""}).status_code == 422
        assert manager.post(url("release_case", 1), {"reason": "Busy."}).status_code == 302
        assert manager.post(url("acknowledge_case", 1), {"step": 2}).status_code == 302
        mine, theirs = case.parties.order_by("pk")
        position = {"currency": "EUR", "evidence": "Books"}
        for client, party, benefit, cost in ((first, mine, "100", "0"), (second, theirs, "0", "40")):
            sent = position | {"party_id": party.pk, "benefit": benefit, "cost": cost}
            assert client.post(url("state_position", 1), sent).status_code == 302
        page = text(manager.get(url("case", 1)))
        assert "Payments makes good 40.00 EUR to Logistics" in page
        sent = {"kind": "transfer", "text": "Payments pays.", "giver": mine.pk, "taker": theirs.pk, "currency": "EUR"}
        assert manager.post(url("resolve_case", 1), sent | {"amount": ""}).status_code == 422
        assert first.post(url("resolve_case", 1), sent | {"amount": "40"}).status_code == 403
        assert manager.post(url("resolve_case", 1), sent | {"amount": "40"}).status_code == 302
        assert "Sign for Payments" in text(first.get(url("case", 1)))
        assert "Sign for" not in text(manager.get(url("case", 1)))
        assert second.post(url("refuse_resolution", 1), {"reason": "Too little."}).status_code == 302
        assert "Too little." in text(manager.get(url("case", 1)))
        assert manager.post(url("resolve_case", 1), sent | {"amount": "45"}).status_code == 302
        digest = EscalationCase.objects.get().resolutions.order_by("-number")[0].digest
        assert first.post(url("sign_resolution", 1), {"party_id": theirs.pk, "digest": digest}).status_code == 403
        for client, party in ((first, mine), (second, theirs)):
            assert client.post(url("sign_resolution", 1), {"party_id": party.pk, "digest": digest}).status_code == 302
        page = text(signed_in(ada).get(url("case", 1)))
        assert "What was agreed" in page
        assert "Nora signed for Logistics" in page
        assert "makes good 45.00 EUR" in page

    def test_on_hold_says_why(self, case, priya, ada):
        now = timezone.now()
        Absence.objects.create(
            person=priya,
            first_on=(now - timedelta(days=2)).date(),
            last_on=(now + timedelta(days=9)).date(),
            recorded_by=priya,
            recorded_at=now,
        )
        actions.escalate(case_id=case.pk, at=case.due_at)
        page = text(signed_in(ada).get(url("case", 1)))
        assert "Nobody of step 2 is on call: Priya away." in page
        assert "The clock stands still with 2 h left" in page

    def test_it_is_withdrawn_by_who_opened_it(self, case, omar, nora):
        assert signed_in(nora).post(url("withdraw_case", 1), {"reason": "No."}).status_code == 403
        assert signed_in(omar).post(url("withdraw_case", 1), {"reason": "Settled."}).status_code == 302
        page = text(signed_in(omar).get(url("escalations"), {"which": "over"}))
        assert "Withdrawn" in page

    def test_what_is_hidden_is_not_there(self, protocol, admin, omar, ada, payments, vault):
        open_one(protocol, admin, [payments, vault], at=timezone.now())
        assert signed_in(ada).get(url("case", 1)).status_code == 404
        assert signed_in(ada).post(url("acknowledge_case", 1), {"step": 1}).status_code == 404
        assert "ESC-1" not in text(signed_in(ada).get(url("escalations")))
