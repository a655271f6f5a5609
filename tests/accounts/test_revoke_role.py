"""Taking a role back."""

import threading

import pytest
from django.db import connection

from apps.accounts import actions, queries
from apps.accounts.rules import Role
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotAllowed
from tests.conftest import NOON, make_person


def test_an_administrator_revokes_and_the_journal_says_so(admin, ada, noon):
    actions.revoke_role(handle="ada", role=Role.REQUESTER, revoker=admin, at=noon)
    assert not ada.role_grants.exists()
    assert Entry.objects.get(event="accounts.RoleRevoked").data == {"person_id": ada.pk, "role": "requester"}


def test_the_last_administrator_stays(admin, noon):
    with pytest.raises(Conflict, match="This is the last administrator"):
        actions.revoke_role(handle="greta", role=Role.ADMINISTRATOR, revoker=admin, at=noon)
    assert queries.administrators().count() == 1


def test_an_inactive_administrator_does_not_count_as_one(admin, noon):
    make_person("gone", Role.ADMINISTRATOR, is_active=False)
    with pytest.raises(Conflict, match="This is the last administrator"):
        actions.revoke_role(handle="greta", role=Role.ADMINISTRATOR, revoker=admin, at=noon)


def test_one_of_two_administrators_may_step_down(admin, noon):
    make_person("hugo", Role.ADMINISTRATOR)
    actions.revoke_role(handle="greta", role=Role.ADMINISTRATOR, revoker=admin, at=noon)
    assert [grant.person.handle for grant in queries.administrators()] == ["hugo"]


def test_a_role_that_is_not_held_cannot_be_revoked(admin, ada, noon):
    with pytest.raises(Conflict, match="does not hold the role"):
        actions.revoke_role(handle="ada", role=Role.AUDITOR, revoker=admin, at=noon)
    assert not Entry.objects.exists()


def test_no_one_else_revokes(ada, ben, noon):
    with pytest.raises(NotAllowed, match="You may not revoke roles"):
        actions.revoke_role(handle="ada", role=Role.REQUESTER, revoker=ben, at=noon)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one():
    pair = [make_person("greta", Role.ADMINISTRATOR), make_person("hugo", Role.ADMINISTRATOR)]
    gate, refusals = threading.Barrier(2), []

    def remove(revoker, other) -> None:
        gate.wait()
        try:
            actions.revoke_role(handle=other.handle, role=Role.ADMINISTRATOR, revoker=revoker, at=NOON)
        except (Conflict, NotAllowed) as refusal:
            refusals.append(refusal)
        connection.close()

    threads = [threading.Thread(target=remove, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (queries.administrators().count(), len(refusals)) == (1, 1)
