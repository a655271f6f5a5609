"""The matrix of roles and capabilities."""

import pytest

from apps.accounts.rules import MATRIX, READ_ONLY, Capability, Role, capabilities


def test_every_role_has_a_row_and_reads():
    assert set(MATRIX) == set(Role)
    assert all(Capability.READ in given for given in MATRIX.values())


@pytest.mark.parametrize("other", [role for role in Role if role != Role.AUDITOR])
def test_an_auditor_writes_nothing_whatever_else_they_hold(other):
    assert capabilities([Role.AUDITOR, other]) <= READ_ONLY


def test_no_role_gives_nothing():
    assert capabilities([]) == frozenset()


def test_administering_gives_no_vote():
    assert Capability.VOTE not in capabilities([Role.ADMINISTRATOR])
