"""The stage of the API's tests: a client for each person, and a clock that stands at noon."""

import pytest
from rest_framework.test import APIClient

from apps.accounts.rules import Role
from tests.conftest import NOON, make_person


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    """The doors read the clock; the stage's clock stands at noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def api():
    """Gives a client that calls as a person."""

    def calling_as(person) -> APIClient:
        client = APIClient()
        client.force_authenticate(person)
        return client

    return calling_as


@pytest.fixture
def stranger(db):
    """Sits on no board and owns no cluster: a restricted cluster does not exist for them."""
    return make_person("nadia", Role.REQUESTER, Role.BOARD_MEMBER)
