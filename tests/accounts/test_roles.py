"""The matrix of roles and capabilities."""

import pytest

from apps.accounts.rules import MATRIX, READ_ONLY, Capability, Role, capabilities

# Every role, in the order of Role, against every capability. Written out, so that a change of the matrix changes this.
TABLE = """
                    req mem cha own com prg ope aud adm
read                x   x   x   x   x   x   x   x   x
read_restricted     .   .   .   .   x   .   .   x   x
read_journal        .   .   .   .   x   .   .   x   x
propose_change      x   x   x   x   .   x   x   .   x
triage_change       .   x   x   x   .   .   .   .   x
implement_change    .   .   .   x   .   .   x   .   x
vote                .   x   x   .   .   .   .   .   .
manage_board        .   .   x   .   .   .   .   .   x
manage_cluster      .   .   .   x   .   .   .   .   x
import              .   .   .   .   .   x   .   .   x
read_webhooks       .   .   .   .   .   .   .   x   x
manage_webhooks     .   .   .   .   .   .   .   .   x
read_deliveries     .   .   .   .   .   .   x   x   x
manage_deliveries   .   .   .   .   .   .   x   .   x
manage_people       .   .   .   .   .   .   .   .   x
set_targets         .   .   .   .   .   x   .   .   x
"""


def test_each_role_may_exactly_what_the_table_says():
    header, *rows = TABLE.strip().splitlines()
    assert len(header.split()) == len(Role) == 9
    expected = {name: [mark == "x" for mark in marks] for name, *marks in map(str.split, rows)}
    assert expected == {
        capability.value: [capability in capabilities([role]) for role in Role] for capability in Capability
    }


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
