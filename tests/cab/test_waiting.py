"""The sentence for who has no ballot to cast: in every state, and for every reason."""

import pytest

from apps.cab.rules.waiting import Onlooker, sentence
from apps.cab.states import ChangeState


def onlooker(**fields) -> Onlooker:
    usual = {
        "state": "awaiting_authorization",
        "on_hold": False,
        "board": "Payments board",
        "has_open_round": True,
        "is_author": False,
        "has_seat": True,
        "may_vote": True,
        "choice": "",
        "implementer": "Piotr",
    }
    return Onlooker(**(usual | fields))


@pytest.mark.parametrize("state", list(ChangeState))
def test_every_state_has_a_whole_sentence(state):
    said = sentence(onlooker(state=state.value))
    assert said[0].isupper()
    assert said.endswith(".")
    assert "{" not in said


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"has_seat": False}, "no seat with a vote on the Payments board"),
        ({"is_author": True, "has_seat": False}, "You cannot vote on your own change"),
        ({"choice": "approve"}, "You have voted in this round: approve."),
        ({"has_open_round": False}, "the chair of the Payments board opens another"),
        ({"may_vote": False}, "Your roles do not let you vote"),
        ({"on_hold": True}, "nobody votes until it is released"),
        ({}, "You wrote a part of this change"),
        ({"state": "implementing"}, "Piotr reports the outcome"),
        ({"state": "implementing", "implementer": ""}, "who carries it out reports the outcome"),
    ],
)
def test_the_reason_is_named(fields, words):
    assert words in sentence(onlooker(**fields))
