"""A change on its way: the stage for the tests of the board's area."""

from datetime import datetime, timedelta

import pytest

from apps.cab.actions import flow, proposing
from apps.cab.models import Change, Round
from tests.conftest import NOON


def content(cluster, *components, **fields) -> proposing.Content:
    given = {
        "title": "Rotate the signing keys",
        "purpose": "The old keys expire in May.",
        "components": components,
        "implementation_plan": "1. Publish the new key. 2. Switch.",
        "test_plan": "Sign and verify on staging.",
        "backout_plan": "Switch back to the old key.",
        "window_start": datetime(2026, 3, 10, 22, 0),  # wall clock of the zone
        "window_end": datetime(2026, 3, 10, 23, 30),
        "window_zone": "Europe/Berlin",
    }
    return proposing.Content(cluster=cluster, **(given | fields))


@pytest.fixture
def draft(ada, payments, ledger) -> Change:
    return proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)


@pytest.fixture
def submitted(draft, ada) -> Change:
    return flow.submit_change(change_id=draft.pk, submitter=ada, at=NOON)


@pytest.fixture
def assessing(submitted, ben) -> Change:
    return flow.begin_assessment(change_id=submitted.pk, assessor=ben, at=NOON)


@pytest.fixture
def waiting(assessing, board, ben) -> Change:
    """Handed to the enterprise board (Payments has none of its own)."""
    flow.hand_to_board(change_id=assessing.pk, assessor=ben, at=NOON)
    return Change.objects.get(pk=assessing.pk)


@pytest.fixture
def round_(waiting) -> Round:
    return waiting.rounds.get()


@pytest.fixture
def later() -> datetime:
    return NOON + timedelta(hours=1)
