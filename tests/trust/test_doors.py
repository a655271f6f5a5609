import json
from datetime import timedelta

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from joserfc import jwt

from apps.clusters import actions as map_actions
from apps.journal.models import Entry
from apps.trust.models import TrustDomain, TrustLink
from tests.conftest import signed_in
from tests.trust.conftest import PAY_KEY, bundle_of, values


def url(name, *args):
    return reverse(f"trust:{name}", args=args)


def token(**more):
    now = int(timezone.now().timestamp())
    said = {"iss": "https://id.payments.example", "sub": "ledger", "aud": "logistics", "iat": now, "exp": now + 600}
    return jwt.encode({"alg": "ES256", "kid": "pay-1"}, said | more, PAY_KEY)


class TestPages:
    def test_a_domain_is_declared_edited_and_given_its_keys(self, payments, omar, ada):
        client = signed_in(omar)
        assert b"Declare that of Payments" in client.get(url("domains")).content
        form = values("payments.example", "payments") | {"claims": "email", "lifetime_s": 600, "token_format": "jwt"}
        assert client.post(url("declare", "payments"), form | {"issuer": "ftp://x"}).status_code == 422
        assert signed_in(ada).post(url("declare", "payments"), form).status_code == 403
        assert client.post(url("declare", "payments"), form).status_code == 302
        domain = TrustDomain.objects.get()
        assert b"No keys" in client.get(domain.get_absolute_url()).content
        file = SimpleUploadedFile("bundle.json", bundle_of(PAY_KEY))
        assert client.post(url("upload", domain.pk), {"file": file}).status_code == 302
        assert client.post(url("upload", domain.pk), {"file": SimpleUploadedFile("b", b"x")}).status_code == 422
        assert b"pay-1" in client.get(domain.get_absolute_url()).content
        assert client.post(url("describe", domain.pk), form | {"audience": "pay", "version": 1}).status_code == 302
        assert client.post(url("describe", domain.pk), form | {"audience": "old", "version": 1}).status_code == 412
        day = (timezone.now() + timedelta(days=40)).date()
        assert client.post(url("plan_rotation", domain.pk), {"kid": "pay-1", "on": day}).status_code == 302
        assert domain.keys.get().rotates_on == day

    def test_a_link_is_proposed_agreed_and_ended(self, pay, ship, omar, nora):
        client, other = signed_in(omar), signed_in(nora)
        form = {"target": "logistics.example", "claims": "tenant", "most_steps": 2, "reason": "Parcels."}
        assert client.post(url("propose", pay.pk), form | {"target": "none.example"}).status_code == 404
        assert client.post(url("propose", pay.pk), form).status_code == 302
        link = TrustLink.objects.get()
        assert b"Agree" in other.get(ship.get_absolute_url()).content
        assert client.post(url("agree", link.pk)).status_code == 403
        assert other.post(url("agree", link.pk)).status_code == 302
        assert client.post(url("end", link.pk), {"reason": ""}).status_code == 422
        assert client.post(url("end", link.pk), {"reason": "Over."}).status_code == 302
        assert not TrustLink.objects.exists()

    def test_a_token_is_checked_and_kept_nowhere(self, link, pay, ship, ada):
        client, text = signed_in(ada), token()
        page = client.post(url("check"), {"token": text, "issuer": pay.pk, "callee": ship.pk})
        assert b"It would be believed" in page.content
        assert text.encode() not in page.content
        assert page["Cache-Control"] == "no-store"
        entry = Entry.objects.get(event="trust.TokenChecked")
        assert entry.data == {"domain_id": pay.pk, "is_believed": True, "failed_at": ""}
        assert text.split(".")[2] not in json.dumps(list(Entry.objects.values_list("data", flat=True)))
        page = client.post(url("check"), {"token": text, "issuer": ship.pk, "callee": pay.pk})
        assert b"It would not be believed" in page.content
        assert b"payments.example does not believe logistics.example" in page.content
        assert (
            client.post(url("check"), {"token": "a" * 17_000, "issuer": pay.pk, "callee": ship.pk}).status_code == 422
        )

    def test_files_are_what_others_read(self, link, pay, ship, omar):
        client = signed_in(omar)
        bundle = json.loads(client.get(url("bundle", pay.pk)).content)
        assert (bundle["keys"][0]["kid"], bundle["spiffe_sequence"]) == ("pay-1", 1)
        first = client.get(url("manifest", ship.pk)).content
        assert client.get(url("manifest", ship.pk)).content == first
        manifest = yaml.safe_load(first)
        assert manifest["kind"] == "RequestAuthentication"
        assert [one["issuer"] for one in manifest["spec"]["jwtRules"]] == [
            "https://id.logistics.example",
            "https://id.payments.example",
        ]
        assert all(one["audiences"] == ["logistics"] for one in manifest["spec"]["jwtRules"])

    @pytest.mark.parametrize("name", ["domains", "ways"])
    def test_pages_take_few_queries(self, link, ledger, dispatch, omar, noon, django_assert_max_num_queries, name):
        map_actions.declare_dependency(consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, at=noon)
        client = signed_in(omar)
        client.get(url(name))
        with django_assert_max_num_queries(9):
            assert client.get(url(name)).status_code == 200


class TestApi:
    def test_domains_links_and_ways(self, payments, logistics, omar, nora, ada):
        client, other = signed_in(omar), signed_in(nora)
        made = client.post(
            "/api/v1/trust-domains/", values("payments.example", "p") | {"cluster": "payments"}, "application/json"
        )
        assert made.status_code == 201, made.content
        other.post(
            "/api/v1/trust-domains/", values("logistics.example", "l") | {"cluster": "logistics"}, "application/json"
        )
        address = f"/api/v1/trust-domains/{made.json()['id']}/"
        edit = client.patch(address, {"audience": "payments"}, "application/json", headers={"If-Match": made["ETag"]})
        assert edit.json()["audience"] == "payments"
        sent = {"bundle": bundle_of(PAY_KEY, spiffe_sequence=4).decode()}
        assert client.post(f"{address}bundle/", sent, "application/json").json()["sequence"] == 4
        older = {"bundle": bundle_of(PAY_KEY, spiffe_sequence=3).decode()}
        refused = client.post(f"{address}bundle/", older, "application/json")
        assert (refused.status_code, refused.json()["code"]) == (409, "sequence_back")
        assert [one["kid"] for one in client.get(f"{address}keys/").json()["results"]] == ["pay-1"]
        day = (timezone.now() + timedelta(days=40)).date().isoformat()
        rotated = client.post(f"{address}rotations/", {"kid": "pay-1", "on": day}, "application/json")
        assert rotated.json()["rotates_on"] == day
        proposal = {
            "caller": "payments.example",
            "callee": "logistics.example",
            "reason": "Parcels.",
            "claims": ["email"],
        }
        link = client.post("/api/v1/trust-links/", proposal, "application/json")
        assert link.status_code == 201, link.content
        asked = {"to": "logistics.example"}
        assert client.get(f"{address}path/", asked).json()["why_none"] == "no domain believes the caller's"
        agreed = other.post(f"/api/v1/trust-links/{link.json()['id']}/agreement/", {}, "application/json")
        assert agreed.json()["agreed_by"] == "nora"
        assert client.get(f"{address}path/", asked).json() == {
            "is_believed": True,
            "why_none": "",
            "links": [link.json()["id"]],
            "claims": ["email", "sub"],
        }
        ended = client.post(f"/api/v1/trust-links/{link.json()['id']}/end/", {"reason": "Over."}, "application/json")
        assert ended.status_code == 204
        assert client.get(f"{address}path/", {"to": "y"}).status_code == 404

    def test_files_are_what_others_read(self, link, pay, ship, omar):
        client = signed_in(omar)
        bundle = client.get(f"/api/v1/trust-domains/{pay.pk}/spiffe-bundle/").json()
        assert (bundle["keys"][0]["kid"], bundle["spiffe_sequence"]) == ("pay-1", 1)
        answer = client.get(f"/api/v1/trust-domains/{ship.pk}/request-authentication/")
        issuers = [one["issuer"] for one in yaml.safe_load(answer.content)["spec"]["jwtRules"]]
        assert issuers == ["https://id.logistics.example", "https://id.payments.example"]

    def test_a_token_is_checked(self, link, omar):
        client = signed_in(omar)
        sent = {"token": token(), "issuer": "payments.example", "callee": "logistics.example"}
        answer = client.post("/api/v1/token-checks/", sent, "application/json").json()
        assert (answer["is_believed"], answer["claims"]["sub"]) == (True, "ledger")
        answer = client.post(
            "/api/v1/token-checks/", sent | {"token": token(aud="payments")}, "application/json"
        ).json()
        assert [one["name"] for one in answer["steps"] if not one["holds"]] == ["audience"]
        late = client.post("/api/v1/token-checks/", sent | {"token": "x" * 17_000}, "application/json")
        assert late.status_code == 422
