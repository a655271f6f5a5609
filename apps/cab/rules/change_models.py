"""Change models as data: which moves of the house's machine a model has, and what it asks before each. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.cab.rules.revisions import label_of
from apps.cab.states import CHANGE, ChangeState
from apps.kernel.refusals import Invalid

_S = ChangeState
# What a model may ask for before a move: that these are not empty. Evidence is a file beside the change.
ASKABLE = (
    "purpose",
    "implementation_plan",
    "test_plan",
    "communication_plan",
    "backout_plan",
    "implementer",
    "window_start",
    "attachments",
)
LABELS = {"attachments": "evidence (a file)", "window_start": "a window"}
# Moves that people make one at a time; before these a model may ask for more. The others follow from ballots, edits and
# deadlines: a vote must not fail because a plan is missing.
ASKED = frozenset(
    {
        (_S.DRAFT, _S.SUBMITTED),
        (_S.CHANGES_REQUESTED, _S.SUBMITTED),
        (_S.SUBMITTED, _S.ASSESSING),
        (_S.ASSESSING, _S.AWAITING_AUTHORIZATION),
        (_S.AWAITING_AUTHORIZATION, _S.IMPLEMENTING),
        (_S.SCHEDULED, _S.IMPLEMENTING),
        (_S.IMPLEMENTING, _S.IMPLEMENTED),
        (_S.IN_REVIEW, _S.CLOSED),
    }
)
# Moves that people choose to make and a model may do without.
OPTIONAL = frozenset(
    {
        (_S.SUBMITTED, _S.CHANGES_REQUESTED),
        (_S.AWAITING_AUTHORIZATION, _S.IMPLEMENTING),
        (_S.ASSESSING, _S.REJECTED),
        (_S.ASSESSING, _S.CHANGES_REQUESTED),
        (_S.DRAFT, _S.CANCELLED),
        (_S.SUBMITTED, _S.CANCELLED),
        (_S.ASSESSING, _S.CANCELLED),
        (_S.AWAITING_AUTHORIZATION, _S.CANCELLED),
        (_S.AUTHORIZED, _S.CANCELLED),
        (_S.SCHEDULED, _S.CANCELLED),
        (_S.CHANGES_REQUESTED, _S.CANCELLED),
        (_S.IMPLEMENTED, _S.CANCELLED),
    }
)
FINAL = tuple(state for state, targets in CHANGE.moves.items() if not targets)
Moves = dict[str, list[str]]  # "from>to" → what it asks for


def name_of(current: str, target: str) -> str:
    """A move as data names it."""
    return f"{current}>{target}"


def machine_moves() -> Moves:
    """Every move of the house's machine, asking for nothing: what holds where there is no model."""
    return {name_of(a, b): [] for a, targets in CHANGE.moves.items() for b in CHANGE.states() if b in targets}


def require_moves(moves: Mapping[str, Any]) -> Moves:
    """The moves of a model, in the machine's order; refused with a sentence for everything that does not hold.

    Every move is one the machine knows; what the house makes by itself is there and asks for nothing; every state that
    is left can be reached, and from each a way leads to an end.
    """
    known = machine_moves()
    wrong = [f"The machine knows no move {_said(name)}." for name in moves if name not in known]
    kept = {name: _asks(moves[name]) for name in known if name in moves}
    for name, asks in kept.items():
        pair = tuple(name.split(">"))
        wrong += [f"{_said(name)}: nothing is called {one[:40]}." for one in asks if one not in ASKABLE]
        if asks and pair not in ASKED:
            wrong.append(f"{_said(name)} follows by itself, so nothing can be asked before it.")
    for name in known:
        if name not in kept and tuple(name.split(">")) not in OPTIONAL:
            wrong.append(f"{_said(name)} cannot be left out: the house makes this move by itself or needs it.")
    wrong += _shape(kept) if not wrong else []
    if wrong:
        raise Invalid(
            " ".join(wrong[:5]),
            next_step="Correct the moves that are named.",
            fields={"moves": wrong[:20]},
            code="bad_model",
        )
    return kept


def _asks(given: Any) -> list[str]:
    if not isinstance(given, list) or len(given) > len(ASKABLE):
        raise Invalid(
            "What a move asks for is a list of fields.",
            next_step=f"Choose from {', '.join(ASKABLE)}.",
            fields={"moves": ["Not a list."]},
        )
    named = {str(one) for one in given}
    return [one for one in ASKABLE if one in named] + sorted(named - set(ASKABLE))


def _shape(moves: Moves) -> list[str]:
    """What is wrong with the states as the moves join them."""
    pairs = [tuple(name.split(">")) for name in moves]
    reached = _closure({_S.DRAFT.value}, pairs)
    ending = _closure({one.value for one in FINAL}, [(b, a) for a, b in pairs])
    states = {one for pair in pairs for one in pair}
    return [f"Nothing leads to {_word(one)}." for one in sorted(states - reached)] + [
        f"From {_word(one)} no way leads to an end." for one in sorted((states & reached) - ending)
    ]


def _closure(start: set[str], pairs: Iterable[tuple[str, ...]]) -> set[str]:
    rows, found = list(pairs), set(start)
    while more := {b for a, b in rows if a in found and b not in found}:
        found |= more
    return found


def lacking(moves: Mapping[str, Any], current: str, target: str, said: Mapping[str, Any]) -> list[str]:
    """What the move asks for and the change does not have; `said` as a revision keeps it."""
    return [one for one in moves.get(name_of(current, target), []) if not said.get(one)]


def lacking_ahead(moves: Mapping[str, Any], current: str, said: Mapping[str, Any]) -> list[str]:
    """What the moves that still lie ahead ask for and the change does not have."""
    ahead = _closure({str(current)}, [tuple(name.split(">")) for name in moves])
    asked = {one for name, asks in moves.items() if name.split(">")[0] in ahead for one in asks}
    return [one for one in ASKABLE if one in asked and not said.get(one)]


def in_words(fields: Iterable[str]) -> str:
    """The fields as people read them, with commas."""
    return ", ".join(LABELS.get(one, label_of(one).lower()) for one in fields)


def states_of(moves: Mapping[str, Any]) -> list[str]:
    """The states that the moves join, in the machine's order."""
    used = {one for name in moves for one in name.split(">")}
    return [one.value for one in CHANGE.states() if one in used]


def _word(state: str) -> str:
    return state.replace("_", " ")


def _said(name: str) -> str:
    current, _, target = str(name)[:60].partition(">")
    return f"“{_word(current)} → {_word(target)}”"
