"""Authenticator apps and recovery codes. (Passkeys need a browser: see the journeys.)"""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from apps.journal.models import Entry
from tests.accounts.test_sign_in import PASSWORD, is_in, try_in

PERIOD_S, TO_SEND_S = 30, 5


def code_for(secret: str) -> str:
    """What the app shows, waiting for the next code when this one's time is nearly over, as people do."""
    if (left := PERIOD_S - time.time() % PERIOD_S) < TO_SEND_S:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_S))


def confirm(client: Client, address: str) -> None:
    """Give the password again, as every page that changes how one signs in asks."""
    asked = client.get(address)
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == address


@pytest.fixture
def secret(ada) -> str:
    """Ada adds an authenticator app on her pages; this is what the app keeps."""
    client = Client()
    try_in("ada", client=client)
    confirm(client, "/accounts/2fa/totp/activate/")
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert answer.status_code == 302
    cache.clear()  # a code is good once; the next sign-in would otherwise wait for the next half-minute
    return secret


def test_after_the_password_the_code_is_asked(ada, secret):
    client = Client()
    answer = try_in("ada", client=client)
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert is_in(client)


def test_a_wrong_code_lets_no_one_in(ada, secret):
    client = Client()
    try_in("ada", client=client)
    wrong = str((int(code_for(secret)) + 1) % 10**6).zfill(6)
    answer = client.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert "Incorrect code" in answer.text
    assert not is_in(client)


def test_codes_cannot_be_guessed_for_long(ada, secret):
    client = Client()
    try_in("ada", client=client)
    answers = [client.post("/accounts/2fa/authenticate/", {"code": f"{guess:06}"}).text for guess in range(21)]
    assert "Too many failed login attempts" in answers[-1]


def test_a_recovery_code_opens_once(ada, secret):
    codes = Authenticator.objects.get(user=ada, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    for expected in (True, False):
        client = Client()
        try_in("ada", client=client)
        client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert is_in(client) is expected


def test_what_must_be_read_back_is_kept_encrypted(ada, secret):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert "gAAAA" in kept  # Fernet's mark


@pytest.mark.django_db(transaction=True)  # the library speaks when the transaction is through
def test_the_journal_hears_of_factors_but_not_of_their_secrets(ada, secret):
    entries = Entry.objects.filter(event="accounts.SignInSecured")
    assert {entry.data["what"] for entry in entries} == {"second factor added"}
    assert secret not in str(list(entries.values()))


def test_removing_a_factor_asks_for_the_password_first(ada, secret):
    client = Client()
    try_in("ada", client=client)
    client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    asked = client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    client.post(asked["Location"], {"password": PASSWORD})  # and then what was asked for goes on by itself
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
