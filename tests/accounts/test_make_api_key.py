"""Making a key."""

from datetime import timedelta

import pytest

from apps.accounts import actions
from apps.accounts.models import ApiKey, PersonKind
from apps.accounts.rules import Role, Scope
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed
from tests.conftest import make_person


def make(owner, maker, noon, *, scopes=(Scope.READ,), days=30.0, name="pipeline"):
    end = noon + timedelta(days=days)
    return actions.make_api_key(owner=owner, maker=maker, name=name, scopes=scopes, expires_at=end, at=noon)


@pytest.fixture(autouse=True)
def made_at_noon(monkeypatch, noon):
    """The table checks that a key ends after it was made, so both are told at the same noon."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: noon)


@pytest.fixture
def robot(db):
    return make_person("robot", Role.REQUESTER, kind=PersonKind.SERVICE)


def test_the_token_holds_the_prefix_and_only_the_hash_is_kept(ada, noon):
    new = make(ada, ada, noon, scopes=[Scope.VOTES, Scope.READ, Scope.READ])
    brand, prefix, secret = new.token.split("_", 2)
    key = ApiKey.objects.get()
    assert (brand, prefix, key.hash) == ("cdt", key.prefix, actions.hash_of(secret))
    assert key.scopes == ["read", "votes:write"]
    assert len(secret) >= 43  # 256 bits in base64
    entry = Entry.objects.get(event="accounts.ApiKeyMade")
    assert entry.data["prefix"] == prefix
    assert secret not in str(entry.data)
    assert key.hash not in str(entry.data)


def test_an_administrator_makes_the_key_of_a_service_identity(admin, robot, noon):
    assert make(robot, admin, noon).key.person == robot


def test_a_year_is_the_longest(ada, noon):
    assert make(ada, ada, noon, days=365)
    with pytest.raises(Invalid, match="within 365 days"):
        make(ada, ada, noon, days=365.001)


@pytest.mark.parametrize(
    ("asked", "refusal", "field"),
    [
        ({"days": 0}, Invalid, "expires_at"),
        ({"scopes": []}, Invalid, "scopes"),
        ({"scopes": ["all"]}, Invalid, "scopes"),
        ({"name": "  "}, Invalid, "name"),
    ],
)
def test_bad_terms_are_refused_by_field_and_write_nothing(ada, noon, asked, refusal, field):
    with pytest.raises(refusal) as told:
        make(ada, ada, noon, **asked)
    assert field in told.value.fields
    assert not ApiKey.objects.exists()
    assert not Entry.objects.exists()


def test_no_one_makes_a_key_for_another_person(admin, ada, noon):
    with pytest.raises(NotAllowed, match="for yourself only"):
        make(ada, admin, noon)


def test_only_administrators_make_keys_for_services(ada, robot, noon):
    with pytest.raises(NotAllowed):
        make(robot, ada, noon)


def test_an_auditors_key_only_reads(auditor, noon):
    assert make(auditor, auditor, noon)
    with pytest.raises(Invalid, match="only read"):
        make(auditor, auditor, noon, scopes=[Scope.READ, Scope.CHANGES])


def test_someone_inactive_gets_no_key(ada, noon):
    ada.is_active = False
    with pytest.raises(Conflict, match="not active"):
        make(ada, ada, noon)
