"""The pages of thresholds: the floor, a negotiation from proposal to agreement, refusals, and who may see what."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor
from apps.stakeholders.queries.thresholds import today_of
from tests.conftest import make_person, signed_in
from tests.stakeholders.negotiating import TEXT, WEAK, agree, at_least, counter, propose


def url(name, *args):
    return reverse(f"stakeholders:{name}", args=args)


ROWS = {
    "when": ["risk ≥ 4", "Downtime >= 120", "", "clusters touched 3-20 and type not standard"],
    "level": ["enterprise_decides", "consult", "notify", "notify"],
    "why": ["It is ours together.", "", "", ""],
}


def owner_of(cluster):
    person = make_person("ida", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", person, cluster)
    return person


class TestFloor:
    def test_a_floor_is_written_by_one_and_adopted_by_another_in_the_browser(self, ben, admin, ada):
        chair, other = signed_in(ben), signed_in(admin)
        assert chair.get(url("write_threshold_floor")).status_code == 200
        answer = chair.post(url("write_threshold_floor"), ROWS | {"note": "The first.", "based_on": 0})
        floor = ThresholdFloor.objects.get()
        assert answer.headers["Location"] == floor.get_absolute_url()
        assert [one["level"] for one in floor.thresholds] == ["enterprise_decides", "consult", "notify"]
        page = chair.get(floor.get_absolute_url()).content.decode()
        assert "another chair or administrator adopts it" in page
        assert "Adopt it" not in page
        sent = {"digest": floor.digest}
        assert chair.post(url("adopt_threshold_floor", 1), sent).status_code == 403
        assert other.post(url("adopt_threshold_floor", 1), {"digest": "0" * 64}).status_code == 412
        assert other.post(url("adopt_threshold_floor", 1), sent).status_code == 302
        assert "Clusters touched from 3 to 20" not in page, "a bound that says nothing is left out"
        assert "Type normal or emergency and clusters touched ≥ 3" in page
        assert signed_in(ada).get(url("write_threshold_floor")).status_code == 403
        assert signed_in(ada).get(floor.get_absolute_url()).status_code == 200

    def test_what_cannot_be_read_stands_on_the_form_with_what_was_typed(self, ben):
        answer = signed_in(ben).post(
            url("write_threshold_floor"), ROWS | {"when": ["colour ≥ 4", "", "", ""], "note": "", "based_on": 0}
        )
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "Threshold 1: The conditions cannot be read" in text
        assert 'value="colour ≥ 4"' in text
        assert not ThresholdFloor.objects.exists()

    def test_a_draft_is_discarded(self, ben, noon):
        signed_in(ben).post(url("write_threshold_floor"), ROWS | {"note": "", "based_on": 0})
        assert signed_in(ben).post(url("discard_threshold_floor", 1)).status_code == 302
        assert ThresholdFloor.objects.get().state == "discarded"


class TestNegotiation:
    def test_from_proposal_to_agreement(self, floor, payments, omar, ben):
        today = today_of(payments, timezone.now())
        days = {"effective_on": today.isoformat(), "review_on": (today + timedelta(days=100)).isoformat()}
        sent = ROWS | days | {"note": "It serves us both."}
        owner, chair = signed_in(omar), signed_in(ben)
        assert owner.get(url("propose_thresholds", "payments")).status_code == 200
        answer = owner.post(url("propose_thresholds", "payments"), sent)
        agreement = ThresholdAgreement.objects.get()
        assert answer.headers["Location"] == agreement.get_absolute_url()
        page = chair.get(agreement.get_absolute_url()).content.decode()
        assert "proven for every combination of facts" in page
        assert "Sign offer 1 for the board" in page
        answer = chair.post(url("counter_thresholds", agreement.pk), sent | {"seen": 1, "level": ["prohibited"] * 4})
        assert answer.status_code == 302
        page = owner.get(agreement.get_absolute_url()).content.decode()
        assert "Offer 1 of the cluster" in page
        assert "− risk ≥ 4: enterprise decides. It is ours together." in page
        assert "+ risk ≥ 4: prohibited. It is ours together." in page
        digest = agreement.offers.get(number=2).digest
        assert owner.post(url("sign_thresholds", agreement.pk), {"digest": "0" * 64}).status_code == 412
        assert owner.post(url("sign_thresholds", agreement.pk), {"digest": digest}).status_code == 302
        assert "Your side has signed" in owner.get(agreement.get_absolute_url()).content.decode()
        assert chair.post(url("sign_thresholds", agreement.pk), {"digest": digest}).status_code == 302
        agreement.refresh_from_db()
        assert agreement.state in {"agreed", "in_force"}
        page = chair.get(agreement.get_absolute_url())
        assert "What is agreed" in page.content.decode()
        assert chair.post(url("sign_thresholds", agreement.pk), {"digest": digest}).status_code == 409

    def test_below_the_floor_the_counter_example_is_shown_and_no_button(self, floor, payments, omar, ben, noon):
        offer = propose(payments, omar, noon, WEAK)
        page = signed_in(ben).get(offer.agreement.get_absolute_url()).content.decode()
        assert "nobody can sign it" in page
        assert "Risk 4: threshold 1 of the floor says enterprise decides" in page
        assert "Sign offer" not in page
        answer = signed_in(ben).post(url("sign_thresholds", offer.agreement_id), {"digest": offer.digest})
        assert answer.status_code == 409
        assert "asks less than the enterprise floor" in answer.content.decode()

    def test_a_refusal_keeps_what_was_typed(self, floor, payments, omar, ben, noon):
        offer = propose(payments, omar, noon)
        sent = ROWS | {"effective_on": "2020-01-01", "review_on": "2020-06-01", "note": "Kept words.", "seen": 1}
        answer = signed_in(ben).post(url("counter_thresholds", offer.agreement_id), sent)
        assert answer.status_code == 422
        assert "Kept words." in answer.content.decode()
        assert "The first day is today or within a year" in answer.content.decode()

    def test_it_is_broken_off_with_a_reason(self, floor, payments, omar, ben, noon):
        offer = propose(payments, omar, noon)
        end = url("break_off_thresholds", offer.agreement_id)
        assert signed_in(ben).post(end, {"reason": ""}).status_code == 422
        assert signed_in(ben).post(end, {"reason": "Next year."}).status_code == 302
        assert "Next year." in signed_in(omar).get(offer.agreement.get_absolute_url()).content.decode()

    def test_who_speaks_for_neither_side_reads_and_does_nothing(self, floor, payments, omar, ada, noon):
        offer = propose(payments, omar, noon)
        client = signed_in(ada)
        page = client.get(offer.agreement.get_absolute_url()).content.decode()
        for word in ("Sign offer", "Make a counter-proposal", "Break it off"):
            assert word not in page
        assert client.get(url("counter_thresholds", offer.agreement_id)).status_code == 403
        assert client.get(url("propose_thresholds", "payments")).status_code == 403
        assert client.post(url("sign_thresholds", offer.agreement_id), {"digest": offer.digest}).status_code == 403

    def test_offers_are_read_beside_one_another_the_floor_and_what_is_in_force(self, floor, payments, omar, ben, noon):
        agree(payments, omar, ben, noon)
        offer = counter(counter(propose(payments, omar, noon, WEAK), ben, noon), omar, noon, WEAK)
        client = signed_in(ben)
        for against, name in (
            ("", "Offer 2 of the board"),
            ("?against=1", "Offer 1 of the cluster"),
            ("?against=force", "In force: agreement 1"),
            ("?against=floor", "Enterprise floor of thresholds, version 1"),
            ("?against=99", "Offer 2 of the board"),
        ):
            page = client.get(offer.agreement.get_absolute_url() + against)
            assert page.context["left_name"] == name

    def test_a_restricted_cluster_is_not_there(self, floor, vault, omar, ben, auditor, noon):
        assign_perm("own_cluster", omar, vault)
        offer = propose(vault, omar, noon)
        path = offer.agreement.get_absolute_url()
        assert signed_in(ben).get(path).status_code == 404
        assert signed_in(ben).post(url("sign_thresholds", offer.agreement_id), {"digest": "x"}).status_code == 404
        assert "Vault" not in signed_in(ben).get(url("thresholds")).content.decode()
        assert signed_in(ben).get(url("propose_thresholds", "vault")).status_code == 404
        assert signed_in(auditor).get(path).status_code == 200


class TestListAndQuestion:
    def test_the_list_shows_floor_agreements_and_who_has_none(self, floor, payments, logistics, omar, ben, noon):
        page = signed_in(ben).get(url("thresholds")).content.decode()
        assert "Nothing is negotiated yet" in page
        agree(payments, omar, ben, noon)
        page = signed_in(ben).get(url("thresholds")).content.decode()
        assert "Payments, agreement 1" in page
        assert "Propose thresholds for Logistics" in page
        assert "Propose thresholds for Payments" not in page

    def test_the_list_costs_the_same_however_long(
        self, floor, payments, logistics, omar, ben, noon, django_assert_max_num_queries
    ):
        agree(payments, omar, ben, noon)
        agree(payments, omar, ben, noon, [*TEXT, at_least("tier", 1, "notify")])
        agree(logistics, owner_of(logistics), ben, noon)
        client = signed_in(ben)
        with django_assert_max_num_queries(11):
            client.get(url("thresholds"))

    def test_the_list_is_exported(self, floor, payments, omar, ben, noon):
        agree(payments, omar, ben, noon)
        answer = signed_in(omar).get(url("thresholds") + "?export=csv")
        assert b"Payments,1,in_force" in b"".join(answer.streaming_content)

    def test_one_asks_which_level_facts_come_to(self, floor, payments, omar, ben, noon):
        agree(payments, omar, ben, noon)
        client = signed_in(omar)
        assert client.get(url("threshold_question")).status_code == 200
        page = client.get(url("threshold_question"), {"cluster": "payments", "risk": "2", "downtime": "0"})
        text = page.content.decode()
        assert "Payments: notify" in text
        assert "Not known: clusters touched" in text
        wrong = client.get(url("threshold_question"), {"cluster": "payments", "risk": "nine"})
        assert wrong.status_code == 422

    def test_without_any_threshold_there_is_no_level(self, payments, omar):
        page = signed_in(omar).get(url("threshold_question"), {"cluster": "payments"})
        assert "there is no level" in page.content.decode()
