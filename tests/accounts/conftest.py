"""Keys and callers of the accounts tests."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import Person
from apps.accounts.rules import Scope


@pytest.fixture(autouse=True)
def fresh_counters():
    """Rates are counted in the cache across tests; each test starts at nought."""
    cache.clear()


def token_for(person: Person, *scopes: Scope) -> str:
    now = timezone.now()
    return actions.make_api_key(
        owner=person,
        maker=person,
        name="pipeline",
        scopes=scopes or [Scope.READ],
        expires_at=now + timedelta(days=30),
        at=now,
    ).token


def caller(person: Person, *scopes: Scope) -> Client:
    """A client that sends the person's fresh key with every call."""
    return Client(headers={"authorization": f"Bearer {token_for(person, *scopes)}"})
