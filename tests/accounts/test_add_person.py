"""Adding people and service identities."""

import pytest
from django.core import mail

from apps.accounts import actions
from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Role
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed


def add(admin, noon, **told):
    told = {"handle": "eve", "name": "Eve  Example", "email": "Eve@Example.org"} | told
    return actions.add_person(adder=admin, at=noon, **told)


def test_a_person_starts_as_requester_without_a_usable_password(admin, noon):
    eve = add(admin, noon)
    assert (eve.handle, eve.name, eve.email, eve.kind) == ("eve", "Eve Example", "eve@example.org", PersonKind.HUMAN)
    assert eve.roles == {Role.REQUESTER}
    assert not eve.has_usable_password()


def test_the_person_is_told_by_mail_where_to_choose_a_password(admin, noon):
    add(admin, noon)
    journal.deliver_due(at=noon)
    (letter,) = mail.outbox
    assert letter.to == ["eve@example.org"]
    assert "/accounts/password/reset/" in letter.body


@pytest.mark.parametrize(
    ("told", "refusal", "field"),
    [
        ({"handle": "greta"}, Conflict, "handle"),
        ({"email": "GRETA@example.org"}, Conflict, "email"),
        ({"handle": "two words"}, Invalid, "handle"),
        ({"handle": ""}, Invalid, "handle"),
        ({"handle": "x" * 151}, Invalid, "handle"),
        ({"name": " "}, Invalid, "name"),
        ({"name": "a\0b"}, Invalid, "name"),
        ({"email": "nowhere"}, Invalid, "email"),
    ],
)
def test_what_does_not_fit_is_refused_by_field_and_writes_nothing(admin, noon, told, refusal, field):
    with pytest.raises(refusal) as answer:
        add(admin, noon, **told)
    assert field in answer.value.fields
    assert Person.objects.count() == 1
    assert not Entry.objects.exists()


def test_only_administrators_add(ben, noon):
    with pytest.raises(NotAllowed):
        add(ben, noon)
    with pytest.raises(NotAllowed):
        actions.add_service(handle="bot", name="Bot", adder=ben, at=noon)


def test_a_service_identity_has_no_address_and_gets_no_mail(admin, noon):
    bot = actions.add_service(handle="deploy-bot", name="Deploy bot", adder=admin, at=noon)
    journal.deliver_due(at=noon)
    assert (bot.kind, bot.email, mail.outbox) == (PersonKind.SERVICE, None, [])
