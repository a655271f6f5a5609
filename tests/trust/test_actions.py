import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from joserfc.jwk import ECKey

from apps.clusters import actions as map_actions
from apps.clusters.models import Cluster, Finding, Visibility
from apps.clusters.tasks import ask_for_all_checks, run_checks
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, WrongState
from apps.notify.models import Notice
from apps.trust import actions
from apps.trust.models import SigningKey, TrustDomain, TrustLink
from apps.trust.tasks import fetch_bundles
from tests.trust.conftest import PAY_KEY, SHIP_KEY, bundle_of, values


class TestDomains:
    def test_an_owner_declares_the_domain_of_a_cluster_once(self, pay, payments, omar, ada, noon):
        assert (pay.name, pay.sequence) == ("payments.example", 1)
        with pytest.raises(Conflict):
            actions.declare_domain(cluster=payments, declarer=omar, values=values("b.example", "b"), at=noon)
        with pytest.raises(NotAllowed):
            actions.declare_domain(cluster=payments, declarer=ada, values=values("b.example", "b"), at=noon)

    def test_a_name_belongs_to_one_cluster(self, pay, logistics, nora, noon):
        with pytest.raises(Conflict, match="another cluster's"):
            actions.declare_domain(
                cluster=logistics, declarer=nora, values=values("SPIFFE://payments.example/", "b"), at=noon
            )

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"name": "no name"}, "small letters"),
            ({"issuer": "http://id.example"}, "https address"),
            ({"issuer": "https://user@id.example"}, "https address"),
            ({"audience": " "}, "between 1 and 200"),
            ({"algorithms": []}, "None is named"),
            ({"algorithms": ["HS256"]}, "“HS256” is none"),
            ({"algorithms": ["none"]}, "“none” is none"),
            ({"lifetime_s": 59}, "between a minute and a day"),
            ({"claims": ["a b"]}, "no name of a claim"),
            ({"token_format": "saml"}, "A token is one of"),
            ({"jwks_url": "http://127.0.0.1/keys"}, ""),
            ({"jwks_url": "https://169.254.169.254/latest"}, "not on the public internet"),
        ],
    )
    def test_what_is_no_domain_is_refused_and_nothing_is_written(self, payments, omar, noon, more, words):
        with pytest.raises(Refusal) as refused:
            actions.declare_domain(cluster=payments, declarer=omar, values=values("pay.example", "pay") | more, at=noon)
        assert words in str(refused.value)
        assert not TrustDomain.objects.exists()

    def test_a_domain_of_a_restricted_cluster_is_not_there(self, vault_domain, omar, noon):
        with pytest.raises(NotFound):
            actions.describe_domain(domain_id=vault_domain.pk, editor=omar, version=1, changes={}, at=noon)

    @pytest.fixture
    def vault_domain(self, db, admin, noon):
        vault = Cluster.objects.create(slug="vault", name="Vault", visibility=Visibility.RESTRICTED)
        return actions.declare_domain(cluster=vault, declarer=admin, values=values("vault.example", "vault"), at=noon)


class TestBundles:
    def take(self, domain, keeper, content, noon):
        return actions.take_in_bundle(domain_id=domain.pk, keeper=keeper, content=content, at=noon)

    def test_keys_that_are_gone_are_retired_and_the_same_again_changes_nothing(self, pay, omar, noon):
        second = ECKey.generate_key("P-256", {"kid": "pay-2"})
        assert self.take(pay, omar, bundle_of(PAY_KEY, second), noon).sequence == 2
        entries = Entry.objects.count()
        assert self.take(pay, omar, bundle_of(second, PAY_KEY), noon).sequence == 2
        assert Entry.objects.count() == entries
        self.take(pay, omar, bundle_of(second), noon)
        assert list(pay.keys.filter(retired_at__isnull=True).values_list("kid", flat=True)) == ["pay-2"]
        entry = Entry.objects.filter(event="trust.BundleTakenIn").latest("pk")
        assert (entry.data["added"], entry.data["retired"]) == ([], ["pay-1"])

    def test_another_key_under_the_same_name_replaces_it(self, pay, omar, noon):
        other = ECKey.generate_key("P-256", {"kid": "pay-1"})
        self.take(pay, omar, bundle_of(other), noon)
        assert pay.keys.get(retired_at__isnull=True).material == {
            name: value for name, value in other.as_dict(private=False).items() if name != "kid"
        }
        assert pay.keys.filter(retired_at__isnull=False).count() == 1

    def test_no_keys_revoke_everything(self, pay, omar, noon):
        self.take(pay, omar, b'{"keys": []}', noon)
        assert not pay.keys.filter(retired_at__isnull=True).exists()

    def test_a_sequence_does_not_go_back_nor_stand_still_for_other_keys(self, pay, omar, noon):
        self.take(pay, omar, bundle_of(PAY_KEY, spiffe_sequence=7, spiffe_refresh_hint=5), noon)
        pay.refresh_from_db()
        assert (pay.sequence, pay.refresh_hint_s) == (7, 60)
        for content in (bundle_of(PAY_KEY, spiffe_sequence=6), bundle_of(SHIP_KEY, spiffe_sequence=7)):
            with pytest.raises(Conflict, match="taken in already"):
                self.take(pay, omar, content, noon)
        assert pay.keys.get(retired_at__isnull=True).kid == "pay-1"

    def test_a_private_key_is_not_kept_anywhere(self, pay, omar, noon):
        content = json.dumps({"keys": [PAY_KEY.as_dict(private=True)]}).encode()
        with pytest.raises(Invalid, match="private or secret"):
            self.take(pay, omar, content, noon)
        secret = PAY_KEY.as_dict(private=True)["d"]
        assert secret not in json.dumps(list(SigningKey.objects.values_list("material", flat=True)))
        assert secret not in json.dumps(list(Entry.objects.values_list("data", flat=True)))


class TestLinks:
    def test_both_sides_speak(self, pay, ship, omar, nora, ada, noon):
        made = actions.propose_link(source=pay, target=ship, proposer=omar, reason="Parcels.", at=noon)
        while deliver_due(at=noon):
            pass
        assert "asks that" in Notice.objects.get(person=nora, kind="work").title
        for person in (omar, ada):
            with pytest.raises(NotAllowed):
                actions.agree_to_link(link_id=made.pk, agreer=person, at=noon)
        assert actions.agree_to_link(link_id=made.pk, agreer=nora, at=noon).agreed_by == nora
        with pytest.raises(WrongState):
            actions.agree_to_link(link_id=made.pk, agreer=nora, at=noon)

    def test_nobody_agrees_to_what_they_proposed(self, pay, ship, admin, noon):
        made = actions.propose_link(source=pay, target=ship, proposer=admin, reason="Parcels.", at=noon)
        with pytest.raises(NotAllowed, match="what they proposed"):
            actions.agree_to_link(link_id=made.pk, agreer=admin, at=noon)
        with pytest.raises(IntegrityError), transaction.atomic():
            TrustLink.objects.filter(pk=made.pk).update(agreed_by=admin, agreed_at=noon)

    @pytest.mark.parametrize(
        "more", [{"reason": " "}, {"most_steps": 0}, {"most_steps": 11}, {"claims": ["a b"]}, {"ends_at": "past"}]
    )
    def test_what_is_no_link_is_refused(self, pay, ship, omar, noon, more):
        more = {"reason": "Parcels."} | more | ({"ends_at": noon} if "ends_at" in more else {})
        with pytest.raises((Invalid, Conflict)):
            actions.propose_link(source=pay, target=ship, proposer=omar, at=noon, **more)
        assert not TrustLink.objects.exists()

    def test_one_link_a_direction_and_none_to_itself(self, link, pay, ship, omar, noon):
        with pytest.raises(Conflict, match="in this direction"):
            actions.propose_link(source=pay, target=ship, proposer=omar, reason="Again.", at=noon)
        with pytest.raises(Conflict, match="its own tokens anyway"):
            actions.propose_link(source=pay, target=pay, proposer=omar, reason="Self.", at=noon)

    def test_either_side_ends_it_at_once(self, link, omar, ada, noon):
        with pytest.raises(NotAllowed):
            actions.end_link(link_id=link.pk, person=ada, reason="No.", at=noon)
        actions.end_link(link_id=link.pk, person=omar, reason="Contract ended.", at=noon)
        assert not TrustLink.objects.exists()
        assert Entry.objects.get(event="trust.TrustLinkEnded").data["reason"] == "Contract ended."


class TestTheCheck:
    def codes(self):
        ask_for_all_checks()
        run_checks()
        return set(Finding.objects.standing().filter(checker="trust").values_list("code", flat=True))

    def test_a_dependency_without_a_way_of_trust_is_found_until_both_agree(
        self, pay, ship, ledger, dispatch, omar, nora, noon
    ):
        map_actions.declare_dependency(consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, at=noon)
        assert self.codes() == {"no-trust-path"}
        assert "no domain believes the caller's" in Finding.objects.get(code="no-trust-path").sentence
        made = actions.propose_link(source=pay, target=ship, proposer=omar, reason="Parcels.", at=noon)
        assert self.codes() == {"no-trust-path"}
        actions.agree_to_link(link_id=made.pk, agreer=nora, at=noon)
        assert self.codes() == set()

    def test_keys_are_reminded_of(self, pay, omar, noon):
        now = timezone.now()
        actions.plan_rotation(domain_id=pay.pk, keeper=omar, kid="pay-1", on=(now + timedelta(days=30)).date(), at=now)
        assert self.codes() == set()
        actions.plan_rotation(domain_id=pay.pk, keeper=omar, kid="pay-1", on=(now + timedelta(days=13)).date(), at=now)
        assert self.codes() == {"key-rotation-due"}
        SigningKey.objects.filter(kid="pay-1").update(rotates_on=(now - timedelta(days=1)).date())
        assert self.codes() == {"key-rotation-overdue"}
        with pytest.raises(Invalid, match="lies ahead"):
            actions.plan_rotation(domain_id=pay.pk, keeper=omar, kid="pay-1", on=now.date(), at=now)

    def test_a_domain_without_keys_is_found(self, pay, omar, noon):
        actions.take_in_bundle(domain_id=pay.pk, keeper=omar, content=b'{"keys": []}', at=noon)
        assert self.codes() == {"no-keys"}


class _Keys(BaseHTTPRequestHandler):
    body, status = b"", 200

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args):
        del args


@pytest.fixture
def server(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    _Keys.body, _Keys.status = bundle_of(PAY_KEY), 200
    running = HTTPServer(("127.0.0.1", 0), _Keys)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/keys"
    running.shutdown()
    running.server_close()


class TestFetching:
    @pytest.fixture
    def fetched(self, server, omar, payments, noon):
        more = {"jwks_url": server}
        return actions.declare_domain(
            cluster=payments, declarer=omar, values=values("pay.example", "pay", **more), at=noon
        )

    def test_a_bundle_is_fetched_when_it_is_due_and_not_before(self, fetched):
        assert fetch_bundles() == 1
        assert fetch_bundles() == 0
        fetched.refresh_from_db()
        assert (fetched.keys.count(), fetched.bundle_failure) == (1, "")
        assert fetched.fetch_at - fetched.bundle_at == timedelta(seconds=300)

    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [
            (404, b"", "answered with 404"),
            (302, b"", "answered with 302"),
            (200, b"no json", "not JSON"),
            (200, b" " * (256 * 1024 + 1), "more than 256 KB"),
        ],
    )
    def test_a_failure_is_told_and_the_keys_at_hand_stay(self, fetched, status, body, words):
        fetch_bundles()
        TrustDomain.objects.update(fetch_at=fetched.fetch_at)
        _Keys.status, _Keys.body = status, body
        assert fetch_bundles() == 0
        fetched.refresh_from_db()
        assert words in fetched.bundle_failure
        assert fetched.keys.filter(retired_at__isnull=True).count() == 1

    def test_an_address_that_became_private_is_not_asked(self, fetched, settings):
        settings.WEBHOOK_ALLOWED_NETWORKS = []
        assert fetch_bundles() == 0
        fetched.refresh_from_db()
        assert fetched.bundle_failure
        assert fetched.keys.count() == 0
