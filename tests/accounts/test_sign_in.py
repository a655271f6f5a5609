"""Coming in with a password: who may, who may not, and what trying too often leads to."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.core import mail
from django.test import Client

from apps.accounts import actions
from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Role
from apps.journal.models import Entry
from tests.conftest import make_person, signed_in

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


def try_in(login: str, password: str = PASSWORD, client: Client | None = None, **address):
    return (client or Client()).post(LOGIN, {"login": login, "password": password}, **address)


def sign_up() -> dict:
    secret = "long enough to pass"
    return {"name": "Eve", "username": "Eve", "email": "eve@example.org", "password1": secret, "password2": secret}


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.ORG"])
def test_handle_and_address_open_the_door_in_any_case(ada, login):
    client = Client()
    answer = try_in(login, client=client)
    assert (answer.status_code, is_in(client)) == (302, True)


@pytest.mark.parametrize(("login", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("ada\0", PASSWORD)])
def test_a_wrong_name_or_password_is_told_on_the_page_without_saying_which(ada, login, password):
    client = Client()
    answer = try_in(login, password, client=client)
    assert answer.status_code == 200
    assert not is_in(client)
    assert answer.context["form"].errors


def test_nothing_is_said_on_the_page_after_signing_in(ada):
    client = Client()
    try_in("ada", client=client)
    page = client.get("/", follow=True).content.decode()
    assert "</main>" in page
    assert "Successfully signed in" not in page


def test_passwords_are_kept_with_argon2(settings):
    settings.PASSWORD_HASHERS = [h for h in settings.PASSWORD_HASHERS if "MD5" not in h]
    kept = make_password(PASSWORD)
    assert kept.startswith(f"{Argon2PasswordHasher.algorithm}$argon2id$")
    assert check_password(PASSWORD, kept)


def test_five_failures_lock_this_name_at_this_address_and_say_until_when(ada):
    for _ in range(4):
        assert try_in("ada", "wrong").status_code == 200
    fifth = try_in("ada@example.org", "wrong")  # the address counts for the same person
    assert fifth.status_code == 429
    assert 840 < int(fifth["Retry-After"]) <= 900
    assert "have a mail sent" in fifth.text
    assert try_in("ada").status_code == 429
    assert try_in("ada", REMOTE_ADDR="198.51.100.7").status_code == 302


def test_the_lock_is_over_after_a_quarter_of_an_hour(ada):
    for _ in range(5):
        try_in("ada", "wrong")
    assert try_in("ada").status_code == 429
    attempt = AccessAttempt.objects.get()
    attempt.attempt_time -= timedelta(minutes=15, seconds=1)
    attempt.save()
    assert try_in("ada").status_code == 302


def test_a_success_forgives_earlier_failures(ada):
    for _ in range(2):
        for _ in range(4):
            assert try_in("ada", "wrong").status_code == 200
        assert try_in("ada").status_code == 302


def test_no_password_reaches_the_table_of_attempts(ada):
    try_in("ada", "hunter2-hunter2")
    assert "hunter2" not in str(AccessAttempt.objects.values().get())


@pytest.mark.parametrize("kind", [PersonKind.SERVICE, PersonKind.RECORDED])
def test_programs_and_recorded_names_do_not_come_in_even_with_a_password(db, kind):
    make_person("robot", Role.REQUESTER, kind=kind, is_active=kind != PersonKind.RECORDED)
    client = Client()
    try_in("robot", client=client)
    assert not is_in(client)


def test_a_service_identity_is_told_to_use_its_key(db):
    make_person("robot", Role.REQUESTER, kind=PersonKind.SERVICE)
    answer = try_in("robot")
    assert answer.status_code == 403
    assert "Use one of its API keys" in answer.text


def test_someone_deactivated_is_told_so(ada):
    ada.is_active = False
    ada.save()
    answer = Client().post(LOGIN, {"login": "ada", "password": PASSWORD}, follow=True)
    assert "This account is not active" in answer.text


def test_sign_up_is_closed(db):
    assert "Sign-up is closed" in Client().get("/accounts/signup/").text
    Client().post("/accounts/signup/", sign_up())
    assert not Person.objects.exists()


def test_where_sign_up_is_open_newcomers_are_requesters(db, settings):
    settings.ACCOUNT_ALLOW_SIGNUP = True
    Client().post("/accounts/signup/", sign_up())
    eve = Person.objects.get()
    assert (eve.handle, eve.name, eve.email, eve.roles) == ("eve", "Eve", "eve@example.org", {Role.REQUESTER})


def test_a_forgotten_password_is_replaced_by_mail_and_the_journal_hears(ada):
    Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    (letter,) = mail.outbox
    link = next(word for word in letter.body.split() if "/accounts/password/reset/key/" in word)
    client = Client()
    form = client.get(link.removeprefix("http://testserver"), follow=True)
    new = "a quite different phrase"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert try_in("ada").status_code == 200
    assert try_in("ada", new).status_code == 302
    assert Entry.objects.get(event="accounts.SignInSecured").data["what"] == "password reset by mail"


def test_an_unknown_address_learns_nothing_from_the_reset_page(ada):
    known = Client().post("/accounts/password/reset/", {"email": "ada@example.org"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_a_short_password_is_refused(ada):
    client = Client()
    try_in("ada", client=client)
    data = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    answer = client.post("/accounts/password/change/", data)
    assert "at least 12 characters" in answer.text


@pytest.mark.parametrize(
    "address",
    ["/accounts/password/change/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/"],
)
def test_every_page_of_the_account_stands_in_our_frame(ada, address):
    client = Client()
    try_in("ada", client=client)
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    assert "base.html" in [template.name for template in answer.templates]


def test_sessions_of_someone_removed_end(ada, admin, noon):
    client = signed_in(ada)
    assert is_in(client)
    actions.deactivate_person(handle="ada", deactivator=admin, at=noon)
    assert not is_in(client)
