"""What a change waits for, in a sentence, told to somebody who has no ballot to cast on it now."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Onlooker:
    """A change, and a person before it who may not vote now."""

    state: str
    on_hold: bool
    board: str  # the board of the last round; empty before there was one
    has_open_round: bool
    is_author: bool  # requester, implementer or co-author
    has_seat: bool  # with a vote, on that board
    may_vote: bool  # their roles hold the right at all
    choice: str  # of the ballot cast for their seat in this round, in words; empty without one
    implementer: str  # a name; empty when nobody is named
    decides_afterwards: bool = False  # the board decides although work has begun


_WAITS_FOR = {
    "draft": "This is a draft: its authors finish and submit it before anybody decides.",
    "submitted": "It waits to be assessed; the board decides after that.",
    "assessing": "It is being assessed; the assessor hands it to a board.",
    "changes_requested": "It went back to its authors, who change it and submit it again.",
    "authorized": "It is approved and waits to be scheduled.",
    "scheduled": "It is approved and scheduled; work begins in its window.",
    "implementing": "It is being carried out; {implementer} reports the outcome.",
    "implemented": "It is implemented; the review looks back at how it went.",
    "in_review": "It is in review; completing the review closes it.",
    "closed": "It is closed: nothing about it is left to decide.",
    "rejected": "It was rejected: nothing about it is left to decide.",
    "cancelled": "It was cancelled: nothing about it is left to decide.",
}


# What keeps somebody from voting in a change that waits for its authorization: the first that holds is told.
_REASONS: tuple[tuple[Callable[[Onlooker], bool], str], ...] = (
    (lambda one: not one.has_open_round, "No round is open; the chair of the {board} opens another."),
    (
        lambda one: bool(one.choice),
        "You have voted in this round: {choice}. A ballot cannot be taken back; the others decide.",
    ),
    (lambda one: one.is_author, "You cannot vote on your own change; the {board} decides it."),
    (lambda one: not one.has_seat, "You have no seat with a vote on the {board}, which decides this change."),
    (lambda one: not one.may_vote, "Your roles do not let you vote; ask an administrator if your seat should."),
    (lambda one: one.on_hold, "It is on hold: nobody votes until it is released."),
    (lambda one: one.has_seat, "You wrote a part of this change, so you do not decide it; the {board} does."),
)


def sentence(onlooker: Onlooker) -> str:
    """Why this person has nothing to vote on here, and who moves the change next."""
    waits_for = "" if onlooker.decides_afterwards else _WAITS_FOR.get(onlooker.state)
    words = waits_for or next(words for holds, words in _REASONS if holds(onlooker))
    implementer = onlooker.implementer or "who carries it out"
    return words.format(board=onlooker.board, choice=onlooker.choice, implementer=implementer)
