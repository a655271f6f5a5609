"""Giving a role."""

import pytest

from apps.accounts import actions
from apps.accounts.models import Person, PersonKind, RoleGrant
from apps.accounts.rules import Capability, Role
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import NOON, make_person


def test_an_administrator_grants_and_the_journal_names_both(admin, ada, noon):
    actions.grant_role(handle="ada", role=Role.OPERATOR, granter=admin, at=noon)
    ada = Person.objects.get(pk=ada.pk)
    assert ada.may(Capability.IMPLEMENT_CHANGE)
    assert ada.role_grants.get(role=Role.OPERATOR).granted_by == admin
    entry = Entry.objects.get(event="accounts.RoleGranted")
    assert (entry.actor, entry.subject_id, entry.data) == (admin, ada.pk, {"person_id": ada.pk, "role": "operator"})


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    ("who", "role", "refusal", "sentence"),
    [
        ("greta", Role.AUDITOR, NotAllowed, "You may not grant a role to yourself."),
        ("nobody", Role.AUDITOR, NotFound, "There is no one of this handle."),
        ("ada", Role.REQUESTER, Conflict, "This person already holds the role."),
        ("ada", "emperor", Invalid, "There is no role “emperor”."),
        ("gone", Role.OPERATOR, Conflict, "Someone who is not active holds no roles."),
        ("robot", Role.BOARD_MEMBER, NotAllowed, "A service identity cannot be board member: people decide."),
        ("robot", Role.ADMINISTRATOR, NotAllowed, "A service identity cannot be administrator: people decide."),
    ],
)
def test_what_is_refused_writes_nothing(admin, who, role, refusal, sentence):
    make_person("gone", is_active=False)
    make_person("robot", kind=PersonKind.SERVICE)
    before = RoleGrant.objects.count()
    with pytest.raises(refusal) as told:
        actions.grant_role(handle=who, role=role, granter=admin, at=NOON)
    assert told.value.sentence == sentence
    assert told.value.next_step
    assert (RoleGrant.objects.count(), Entry.objects.count()) == (before, 0)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_no_other_role_may_grant(ada, noon, role):
    someone = make_person("someone", role)
    with pytest.raises(NotAllowed, match="You may not grant roles"):
        actions.grant_role(handle="ada", role=Role.OPERATOR, granter=someone, at=noon)


def test_an_administrator_who_is_auditor_too_writes_nothing(ada, noon):
    both = make_person("both", Role.ADMINISTRATOR, Role.AUDITOR)
    with pytest.raises(NotAllowed):
        actions.grant_role(handle="ada", role=Role.OPERATOR, granter=both, at=noon)
