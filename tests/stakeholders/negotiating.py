"""What the tests of thresholds share: thresholds as they are written, and the floor in force."""

from datetime import date
from typing import Any

import pytest

from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdFloor

FIRST_DAY, REVIEW = date(2026, 3, 2), date(2026, 9, 1)  # the first is the day of NOON


def at_least(fact: str, value: Any, level: str, why: str = "") -> dict[str, Any]:
    return {"when": [{"fact": fact, "comparator": ">=", "value": value}], "level": level, "why": why}


FLOOR_TEXT = [at_least("risk", 4, "enterprise_decides"), at_least("downtime", 120, "consult")]
TEXT = [*FLOOR_TEXT, at_least("clusters_touched", 3, "notify")]
WEAK = [at_least("risk", 5, "enterprise_decides"), at_least("downtime", 120, "consult")]


def adopt(author, adopter, at, text=FLOOR_TEXT) -> ThresholdFloor:
    draft = actions.write_floor(author=author, thresholds=text, note="As it is.", at=at)
    return actions.adopt_floor(floor_id=draft.pk, adopter=adopter, digest=draft.digest, at=at)


def propose(cluster, proposer, at, text=TEXT, **more):
    said = {"effective_on": FIRST_DAY, "review_on": REVIEW, "note": "It serves us both."} | more
    return actions.open_negotiation(cluster=cluster, proposer=proposer, thresholds=text, at=at, **said)


def counter(offer, author, at, text=TEXT, **more):
    said = {"effective_on": FIRST_DAY, "review_on": REVIEW, "note": "Rather so.", "seen": offer.number} | more
    return actions.make_offer(agreement_id=offer.agreement_id, author=author, thresholds=text, at=at, **said)


def sign(offer, signer, at):
    return actions.sign_offer(agreement_id=offer.agreement_id, signer=signer, digest=offer.digest, at=at)


def agree(cluster, owner, chair, at, text=TEXT, **more):
    offer = propose(cluster, owner, at, text, **more)
    sign(offer, owner, at)
    return sign(offer, chair, at)


@pytest.fixture
def floor(ben, admin, noon) -> ThresholdFloor:
    """The floor in force: risk 4 is the enterprise's, two hours of downtime are talked over."""
    return adopt(ben, admin, noon)
