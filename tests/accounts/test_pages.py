"""The pages of accounts: allowed, refused, invisible, and without JavaScript (the client here has none)."""

import pytest
from django.test import Client

from apps.accounts.models import ApiKey, Person, PersonKind
from apps.accounts.rules import Role
from apps.journal.models import Entry
from tests.conftest import make_person, signed_in

OWN = ["/account/", "/account/keys/"]
ADMINISTRATION = ["/account/people/", "/account/people/ada/", "/account/people/new/", "/account/people/new-service/"]


@pytest.mark.parametrize("address", [*OWN, *ADMINISTRATION])
def test_strangers_are_asked_to_sign_in(ada, address):
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("address", OWN)
def test_everyone_has_pages_of_their_own(auditor, address):
    assert signed_in(auditor).get(address).status_code == 200


@pytest.mark.parametrize("address", ADMINISTRATION)
def test_administrators_see_people(admin, ada, address):
    assert signed_in(admin).get(address).status_code == 200


@pytest.mark.parametrize("address", ADMINISTRATION)
def test_others_are_told_why_not(ben, ada, address):
    answer = signed_in(ben).get(address)
    assert answer.status_code == 403
    assert "administrator" in answer.text


def test_without_a_role_there_is_only_ones_own_account(db):
    client = signed_in(make_person("newcomer"))
    assert all(client.get(address).status_code == 200 for address in OWN)
    refused = client.get("/clusters/")
    assert refused.status_code == 403
    assert "You hold no role here yet" in refused.text
    assert client.get("/api/v1/me/").status_code == 200
    assert client.get("/api/v1/clusters/").json()["code"] == "no_role"


def test_auditors_read_people_and_find_no_button(auditor, ada):
    client = signed_in(auditor)
    assert "Add a person" not in client.get("/account/people/").text
    page = client.get("/account/people/ada/").text
    assert "Requester" in page
    assert "Take back" not in page
    assert "Give the role" not in page


@pytest.mark.parametrize("handle", ["nobody", "%00", "x" * 300])
def test_who_does_not_exist_is_not_found(admin, handle):
    assert signed_in(admin).get(f"/account/people/{handle}/").status_code == 404


def test_people_are_found_by_part_of_a_name(admin, ada, ben):
    page = signed_in(admin).get("/account/people/?search=AD").text
    assert "/account/people/ada/" in page
    assert "/account/people/ben/" not in page
    assert "No one is called that" in signed_in(admin).get("/account/people/?search=zzz").text


def test_many_people_cost_no_more_queries(admin, django_assert_max_num_queries):
    for number in range(30):
        make_person(f"p{number}", Role.REQUESTER)
    client = signed_in(admin)
    with django_assert_max_num_queries(12):
        client.get("/account/people/")


def test_a_page_address_that_was_tampered_with_is_refused(admin):
    assert signed_in(admin).get("/account/people/?after=nonsense").status_code == 422


def test_settings_are_saved_and_shown(ada):
    client = signed_in(ada)
    data = {"name": "Ada Example", "zone": "Europe/Berlin", "theme": "dark", "density": "compact"}
    assert client.post("/account/", data)["Location"] == "/account/"
    ada = Person.objects.get(pk=ada.pk)
    assert (ada.name, ada.zone, ada.theme, ada.density) == ("Ada Example", "Europe/Berlin", "dark", "compact")
    assert "Your settings are saved." in client.get("/account/").text


def test_a_zone_that_is_none_is_told_beside_its_field(ada):
    answer = signed_in(ada).post("/account/", {"name": "A", "zone": "Mars", "theme": "dark", "density": "compact"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["zone"]


def test_a_key_is_made_shown_once_and_revoked(ada):
    client = signed_in(ada)
    made = client.post("/account/keys/", {"name": "CI", "scopes": ["read"], "days": "30"})
    key = ApiKey.objects.get()
    assert made.status_code == 201
    assert "no-store" in made["Cache-Control"]
    assert f"cdt_{key.prefix}_" in made.text
    token = made.context["new"].token
    assert token in made.text
    assert token not in client.get("/account/keys/").text
    assert client.post(f"/account/keys/{key.pk}/revocation/")["Location"] == "/account/keys/"
    key.refresh_from_db()
    assert key.revoked_at is not None


@pytest.mark.parametrize(
    "data",
    [
        {"name": "CI", "scopes": ["read"], "days": "366"},
        {"name": "CI", "scopes": ["read"], "days": "0"},
        {"name": "CI", "scopes": [], "days": "3"},
        {"name": "", "scopes": ["read"], "days": "3"},
        {"name": "CI", "scopes": ["root"], "days": "3"},
    ],
)
def test_a_key_that_does_not_fit_is_told_on_the_form(ada, data):
    answer = signed_in(ada).post("/account/keys/", data)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not ApiKey.objects.exists()


def test_an_auditor_asking_for_a_writing_key_is_told_why_not(auditor):
    answer = signed_in(auditor).post("/account/keys/", {"name": "x", "scopes": ["read", "votes:write"], "days": "3"})
    assert answer.status_code == 422
    assert "Auditors change nothing, so their keys only read." in answer.text


def test_the_key_of_another_is_not_found(ada, ben):
    signed_in(ada).post("/account/keys/", {"name": "CI", "scopes": ["read"], "days": "30"})
    assert signed_in(ben).post(f"/account/keys/{ApiKey.objects.get().pk}/revocation/").status_code == 404


def test_a_person_is_added_given_a_role_and_loses_it(admin):
    client = signed_in(admin)
    data = {"name": "Eve", "handle": "eve", "email": "eve@example.org"}
    assert client.post("/account/people/new/", data)["Location"] == "/account/people/eve/"
    client.post("/account/people/eve/roles/", {"role": "operator"})
    assert Person.objects.get(handle="eve").roles == {Role.REQUESTER, Role.OPERATOR}
    client.post("/account/people/eve/roles/operator/revocation/")
    assert Person.objects.get(handle="eve").roles == {Role.REQUESTER}
    page = client.get("/account/people/eve/").text
    assert "granted a role to" in page


def test_a_taken_handle_is_told_beside_the_field_and_keeps_what_was_typed(admin, ada):
    data = {"name": "Other Ada", "handle": "ada", "email": "other@example.org"}
    answer = signed_in(admin).post("/account/people/new/", data)
    assert answer.status_code == 422
    assert "is taken" in answer.text
    assert "Other Ada" in answer.text


def test_a_service_identity_gets_its_key_from_an_administrator(admin):
    client = signed_in(admin)
    client.post("/account/people/new-service/", {"name": "Deploy bot", "handle": "deploy-bot"})
    made = client.post("/account/people/deploy-bot/keys/", {"name": "k", "scopes": ["read"], "days": "9"})
    assert made.status_code == 201
    by_key = Client(headers={"authorization": f"Bearer {made.context['new'].token}"})
    assert by_key.get("/api/v1/me/").json()["handle"] == "deploy-bot"
    assert Person.objects.get(handle="deploy-bot").kind == PersonKind.SERVICE


def test_access_is_ended_and_given_back_on_the_page(admin, ada):
    client = signed_in(admin)
    client.post("/account/people/ada/activity/", {"active": "no"})
    assert not Person.objects.get(handle="ada").is_active
    assert "Let back in" in client.get("/account/people/ada/").text
    client.post("/account/people/ada/activity/", {"active": "yes"})
    assert Person.objects.get(handle="ada").is_active


WRITES = [
    ("/account/people/new/", {"name": "E", "handle": "e", "email": "e@example.org"}),
    ("/account/people/new-service/", {"name": "E", "handle": "e"}),
    ("/account/people/ada/roles/", {"role": "operator"}),
    ("/account/people/ada/roles/requester/revocation/", {}),
    ("/account/people/ada/activity/", {"active": "no"}),
    ("/account/people/ada/keys/", {"name": "k", "scopes": ["read"], "days": "9"}),
]


@pytest.mark.parametrize(("address", "data"), WRITES)
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMPLIANCE_OFFICER, Role.BOARD_CHAIR])
def test_no_one_but_an_administrator_writes_here(ada, role, address, data):
    answer = signed_in(make_person("someone", role)).post(address, data)
    assert answer.status_code == 403
    assert not Entry.objects.exists()
    assert not Person.objects.filter(handle="e").exists()


def test_htmx_gets_the_refusal_as_a_fragment(admin):
    answer = signed_in(admin).post("/account/people/greta/roles/", {"role": "auditor"}, headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#messages")
    assert "You may not grant a role to yourself." in answer.text


@pytest.mark.parametrize("address", ["/account/keys/1/revocation/", "/account/people/ada/roles/"])
def test_reading_never_writes(admin, ada, address):
    assert signed_in(admin).get(address).status_code == 405
