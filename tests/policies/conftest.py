"""Policies in force: the stage for the tests of the area."""

import pytest

from apps.policies import actions
from apps.policies.models import Policy, PolicyVersion
from tests.conftest import NOON


def rule(outcome, name="", reason="", roles=(), people=(), *, coincide=False, **cells):
    is_board = outcome not in {"approve", "refuse"}
    return {
        "name": name,
        "cells": cells,
        "outcome": {
            "kind": "board" if is_board else outcome,
            "board": outcome if is_board else "",
            "roles": list(roles),
            "people": list(people),
            "may_coincide": coincide,
            "reason": reason,
        },
    }


STANDARD = {"in": ["standard"]}
OTHERS = {"in": ["normal", "emergency"]}
FLOOR = [
    rule("approve", "Routine", "Standard and of low risk.", type=STANDARD, risk={"to": 2}),
    rule("refuse", "Not standard", "A standard change has a low risk.", type=STANDARD, risk={"from": 3}),
    rule("cluster", "Ordinary", type=OTHERS),
    rule("enterprise", "Risky", roles=["security"], type=OTHERS, risk={"from": 4}),
]


@pytest.fixture
def floor(db, ben) -> Policy:
    return actions.found_policy(founder=ben, slug="enterprise-floor", name="Enterprise floor", cluster=None, at=NOON)


def enable(policy, rows, author, enabler) -> PolicyVersion:
    draft = actions.save_draft(policy_id=policy.pk, author=author, rows=rows, at=NOON)
    return actions.enable_version(version_id=draft.pk, enabler=enabler, digest=draft.digest, at=NOON)


@pytest.fixture
def in_force(floor, ben, admin) -> PolicyVersion:
    return enable(floor, FLOOR, ben, admin)


@pytest.fixture
def own(payments, omar) -> Policy:
    return actions.found_policy(founder=omar, slug="payments", name="Payments policy", cluster=payments, at=NOON)
