"""Ending someone's access, and letting them back in."""

import pytest

from apps.accounts import actions
from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Role
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotAllowed, NotFound
from tests.accounts.conftest import caller
from tests.conftest import make_person, signed_in


def test_sessions_and_keys_stop_at_once(admin, ada, noon):
    browser, pipeline = signed_in(ada), caller(ada)
    assert browser.get("/api/v1/me/").status_code == pipeline.get("/api/v1/me/").status_code == 200
    actions.deactivate_person(handle="ada", deactivator=admin, at=noon)
    assert browser.get("/api/v1/me/").status_code == pipeline.get("/api/v1/me/").status_code == 401
    assert Entry.objects.get(event="accounts.PersonDeactivated").actor == admin


def test_someone_let_back_in_holds_their_roles_again(admin, ada, noon):
    actions.deactivate_person(handle="ada", deactivator=admin, at=noon)
    actions.reactivate_person(handle="ada", reactivator=admin, at=noon)
    assert Person.objects.get(handle="ada").roles == {Role.REQUESTER}


def test_no_one_deactivates_themselves(admin, noon):
    make_person("hugo", Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed, match="You may not deactivate yourself"):
        actions.deactivate_person(handle="greta", deactivator=admin, at=noon)


def test_the_last_administrator_cannot_be_deactivated(admin, noon):
    hugo = make_person("hugo", Role.ADMINISTRATOR)
    actions.deactivate_person(handle="greta", deactivator=hugo, at=noon)
    with pytest.raises(NotAllowed):  # and whoever was deactivated cannot answer in kind
        actions.deactivate_person(handle="hugo", deactivator=Person.objects.get(handle="greta"), at=noon)


@pytest.mark.parametrize(("handle", "refusal"), [("gone", Conflict), ("nobody", NotFound)])
def test_who_is_gone_or_unknown_cannot_be_deactivated(admin, noon, handle, refusal):
    make_person("gone", is_active=False)
    with pytest.raises(refusal):
        actions.deactivate_person(handle=handle, deactivator=admin, at=noon)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(("handle", "refusal"), [("greta", Conflict), ("nobody", NotFound), ("recorded", Conflict)])
def test_who_is_here_unknown_or_only_a_name_cannot_be_let_back_in(admin, noon, handle, refusal):
    make_person("recorded", is_active=False, kind=PersonKind.RECORDED)
    with pytest.raises(refusal):
        actions.reactivate_person(handle=handle, reactivator=admin, at=noon)
    assert not Entry.objects.exists()


def test_an_auditor_deactivates_no_one(auditor, ada, noon):
    with pytest.raises(NotAllowed):
        actions.deactivate_person(handle="ada", deactivator=auditor, at=noon)
