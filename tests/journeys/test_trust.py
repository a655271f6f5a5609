"""Two clusters come to believe each other: domains and keys, a link that both sides agree to, a token, and the end."""

import json
import time

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from joserfc import jws
from joserfc.jwk import ECKey
from playwright.sync_api import expect

from apps.accounts.rules import Role
from apps.clusters.models import Dependency
from apps.integrations.models import Integration, Interface
from apps.trust.models import TrustDomain
from tests.conftest import make_person

KEY = ECKey.generate_key("P-256", {"kid": "pay-1"})
STRANGER = ECKey.generate_key("P-256", {"kid": "pay-1"})


def token(key=KEY) -> str:
    now = int(time.time())
    said = {
        "iss": "https://id.pay.example",
        "sub": "ledger",
        "aud": "ship",
        "iat": now,
        "exp": now + 300,
        "tenant": "t1",
    }
    return jws.serialize_compact({"alg": "ES256", "kid": key.kid, "typ": "JWT"}, json.dumps(said).encode(), key)


@pytest.fixture
def neighbours(omar, ledger, dispatch, logistics):
    """Ledger (Payments) calls Dispatch (Logistics)."""
    Dependency.objects.create(consumer=ledger, provider=dispatch)
    nora, now = make_person("nora", Role.CLUSTER_OWNER), timezone.now()
    parcels = Interface.objects.create(
        component=dispatch, name="parcels", kind="http", port=443, protocol="https", offered_by=nora, offered_at=now
    )
    Integration.objects.create(
        consumer=ledger, interface=parcels, purpose="Books parcels.", declared_by=omar, declared_at=now
    )
    assign_perm("own_cluster", nora, logistics)
    return nora


def declare(page, cluster: str, name: str, audience: str, keys) -> None:
    page.goto("/trust/")
    page.get_by_role("link", name=f"Declare that of {cluster}").click()
    page.get_by_label("Trust domain").fill(name)
    page.get_by_label("Issuer").fill(f"https://id.{name}")
    page.get_by_label("Audience").fill(audience)
    page.get_by_label("ES256").check()
    page.get_by_label("Claims").fill("tenant, email")
    page.locator("form.form button.btn-primary").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    bundle = json.dumps({"keys": [keys.as_dict(private=False)]}).encode()
    page.get_by_label("Bundle").set_input_files({"name": "b.json", "mimeType": "application/json", "buffer": bundle})
    page.get_by_role("button", name="Take in the bundle").click()
    expect(page.get_by_role("region", name="Keys, table")).to_contain_text(keys.kid)


def checked(page, text: str) -> None:
    page.goto("/trust/check/")
    page.get_by_label("Who issued it").select_option(label="pay.example")
    page.get_by_label("Who is to believe it").select_option(label="ship.example")
    page.get_by_label("Token", exact=True).fill(text)
    page.get_by_role("button", name="Check it").click()


def test_trust_is_agreed_a_token_is_believed_and_trust_ends(desk, neighbours):
    lender = desk.sign_in("omar")
    declare(lender, "Payments", "pay.example", "pay", KEY)
    shipper = desk.sign_in("nora")
    declare(shipper, "Logistics", "ship.example", "ship", ECKey.generate_key("P-256", {"kid": "ship-1"}))

    lender.goto(TrustDomain.objects.get(name="pay.example").get_absolute_url())
    lender.get_by_label("Who is to believe it").fill("ship.example")
    lender.get_by_label("Claims").fill("tenant")
    lender.get_by_label("Reason").fill("Parcels are booked where they are paid.")
    lender.get_by_role("button", name="Propose").click()
    expect(lender.locator("main")).to_contain_text("Proposed")
    checked(lender, token())
    expect(lender.get_by_role("heading", name="It would not be believed")).to_be_visible()  # one side is not enough

    shipper.goto(TrustDomain.objects.get(name="ship.example").get_absolute_url())
    shipper.get_by_role("button", name="Agree to believe pay.example").focus()
    shipper.keyboard.press("Enter")
    expect(shipper.locator("main")).to_contain_text("Agreed")
    lender.goto("/trust/ways/")
    ways = lender.get_by_role("region", name="Ways of trust of integrations, table")
    expect(ways).to_contain_text("1 link")
    expect(ways).to_contain_text("tenant")

    checked(lender, token())
    expect(lender.get_by_role("heading", name="It would be believed")).to_be_visible()
    assert token()[:40] not in lender.content()  # it is drawn nowhere
    checked(lender, token(STRANGER))
    expect(lender.get_by_role("heading", name="It would not be believed")).to_be_visible()
    expect(lender.locator("main")).to_contain_text("Signature")

    shipper.get_by_text("End it").first.click()
    shipper.get_by_label("Why").fill("The contract ended.")
    shipper.get_by_role("button", name="End the trust").click()
    expect(shipper.locator("main")).to_contain_text("Only its own tokens")
    checked(lender, token())
    expect(lender.get_by_role("heading", name="It would not be believed")).to_be_visible()
