"""Revoking a key."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import ApiKey
from apps.accounts.rules import Scope
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotFound


@pytest.fixture
def key(ada) -> ApiKey:
    now = timezone.now()
    end = now + timedelta(days=1)
    return actions.make_api_key(owner=ada, maker=ada, name="k", scopes=[Scope.READ], expires_at=end, at=now).key


def test_the_owner_revokes(ada, key, noon):
    assert actions.revoke_api_key(key_id=key.pk, revoker=ada, at=noon).revoked_at == noon
    assert Entry.objects.get(event="accounts.ApiKeyRevoked").data["key_id"] == key.pk


def test_an_administrator_revokes_anyones(admin, key, noon):
    assert actions.revoke_api_key(key_id=key.pk, revoker=admin, at=noon).revoked_at == noon


def test_to_anyone_else_the_key_does_not_exist(ben, key, noon):
    with pytest.raises(NotFound):
        actions.revoke_api_key(key_id=key.pk, revoker=ben, at=noon)
    with pytest.raises(NotFound):
        actions.revoke_api_key(key_id=10**9, revoker=ben, at=noon)
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_revoked_key_is_not_revoked_again(ada, key, noon):
    actions.revoke_api_key(key_id=key.pk, revoker=ada, at=noon)
    with pytest.raises(Conflict, match="already revoked"):
        actions.revoke_api_key(key_id=key.pk, revoker=ada, at=noon + timedelta(hours=1))
    assert Entry.objects.filter(event="accounts.ApiKeyRevoked").count() == 1
