"""Coming in through an identity provider: a real one, on loopback."""

import copy
import json
import os
import subprocess
import sys

import httpx
import pytest
from django.test import Client

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Role
from apps.journal.models import Entry
from tests.accounts.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from tests.accounts.test_sign_in import is_in
from tests.conftest import make_person

EVE = {
    "sub": "eve-1",
    "preferred_username": "Eve.Example",
    "name": "Eve Example",
    "email": "eve@example.org",
    "email_verified": True,
}


@pytest.fixture
def provider():
    provider = IdentityProvider()
    yield provider
    provider.close()


def configure(settings, provider: IdentityProvider, **more) -> None:
    app = {
        "provider_id": "corp",
        "name": "Corporate sign-in",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "settings": {"server_url": provider.issuer, **more},
    }
    providers = copy.deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
    providers["openid_connect"]["APPS"] = [app]
    settings.SOCIALACCOUNT_PROVIDERS = providers


def come_in(client: Client):
    """What a browser does: our button, the provider's redirect, and back."""
    away = client.post("/accounts/oidc/corp/login/?process=login")
    back = httpx.get(away["Location"]).headers["location"]
    return client.get(back.removeprefix("http://testserver"), follow=True)


def test_a_newcomer_whom_the_provider_may_bring_becomes_requester(db, settings, provider):
    configure(settings, provider, allow_signup=True)
    provider.claims = EVE
    client = Client()
    assert "Corporate sign-in" in client.get("/accounts/login/").text
    come_in(client)
    eve = Person.objects.get()
    assert (eve.name, eve.email, eve.kind, eve.roles) == (
        "Eve Example",
        "eve@example.org",
        PersonKind.HUMAN,
        {Role.REQUESTER},
    )
    assert eve.handle == eve.handle.lower()
    assert not eve.has_usable_password()
    assert is_in(client)
    assert Entry.objects.get(event="accounts.PersonJoined").data["provider"] == "corp"


def test_someone_who_came_before_comes_in_again_as_the_same_person(db, settings, provider):
    configure(settings, provider, allow_signup=True)
    provider.claims = EVE
    for _ in range(2):
        client = Client()
        come_in(client)
        assert is_in(client)
    assert Person.objects.count() == 1


def test_by_default_a_provider_brings_no_strangers(db, settings, provider):
    configure(settings, provider)
    provider.claims = EVE
    client = Client()
    answer = come_in(client)
    assert "Sign-up is closed" in answer.text
    assert not is_in(client)
    assert not Person.objects.exists()


def test_a_trusted_providers_verified_address_enters_the_account_of_that_address(db, settings, provider):
    configure(settings, provider, email_authentication=True)
    eve = make_person("eve", Role.AUDITOR)
    provider.claims = EVE
    client = Client()
    come_in(client)
    assert client.session["_auth_user_id"] == str(eve.pk)


@pytest.mark.parametrize("verified", [True, False])
def test_an_untrusted_address_enters_no_ones_account(db, settings, provider, verified):
    configure(settings, provider, email_authentication=not verified, allow_signup=True)
    make_person("eve", Role.AUDITOR)
    provider.claims = EVE | {"email_verified": verified}
    client = Client()
    come_in(client)
    assert not is_in(client)


def test_two_newcomers_without_an_address_both_come_in(db, settings, provider):
    configure(settings, provider, allow_signup=True)
    for number in (1, 2):
        provider.claims = {"sub": str(number), "preferred_username": f"p{number}"}
        come_in(Client())
    assert list(Person.objects.values_list("handle", "email").order_by("handle")) == [("p1", None), ("p2", None)]


def test_a_service_identity_does_not_come_in_through_a_provider(db, settings, provider):
    configure(settings, provider, email_authentication=True)
    make_person("eve", kind=PersonKind.SERVICE)
    provider.claims = EVE
    client = Client()
    assert "Use one of its API keys" in come_in(client).text
    assert not is_in(client)


def test_providers_come_from_the_environment_and_the_policy_lets_forms_lead_there():
    configured = [{"id": "corp", "issuer": "https://id.example.org/realm", "client_id": "c", "secret": "s"}]
    code = (
        "from config.settings import test as s; import json;"
        "print(json.dumps([s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'],"
        " s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OIDC_PROVIDERS": json.dumps(configured)},
        capture_output=True,
        text=True,
        check=True,
    )
    (app,), form_action = json.loads(told.stdout)
    assert (app["provider_id"], app["name"], app["settings"]["server_url"]) == (
        "corp",
        "corp",
        "https://id.example.org/realm",
    )
    assert (app["settings"]["allow_signup"], app["settings"]["email_authentication"]) == (False, False)
    assert form_action == ["'self'", "https://id.example.org"]
