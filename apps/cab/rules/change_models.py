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
# Moves that people choose to make and a model may do without. Without those through the assessment, what is submitted
# goes straight to the board or the policy that decides, as an emergency does.
OPTIONAL = frozenset(
    {
        (_S.SUBMITTED, _S.ASSESSING),
        (_S.ASSESSING, _S.AWAITING_AUTHORIZATION),
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
# Why a model cannot do without a state, for who edits one. `assessing` and `cancelled` it can.
NEEDED = {
    _S.DRAFT: "it is where every change begins.",
    _S.SUBMITTED: "it fixes the text that is decided and the instant from which waiting is counted.",
    _S.AWAITING_AUTHORIZATION: "no change may pass the decision of its board or policy, and a material edit leads back "
    "to it.",
    _S.AUTHORIZED: "it keeps what was approved, and by whom, until freezes and conflicts let it be scheduled.",
    _S.SCHEDULED: "work may begin from it only, so that freezes, conflicts and holds are looked at twice.",
    _S.IMPLEMENTING: "what has begun must be seen to run: it keeps the window taken, and an emergency's clock.",
    _S.IMPLEMENTED: "the outcome is reported there, which reviews and failure rates rest on.",
    _S.IN_REVIEW: "somebody else looks at the outcome before the record is closed.",
    _S.CLOSED: "a change that is never closed would stay open for ever.",
    _S.REJECTED: "a board and a policy may say no, and that must have somewhere to go.",
    _S.CHANGES_REQUESTED: "a board may send a change back, and its ballots must have somewhere to go.",
}
FINAL = tuple(state for state, targets in CHANGE.moves.items() if not targets)
BEFORE_DECISION = (_S.DRAFT, _S.SUBMITTED, _S.ASSESSING, _S.AWAITING_AUTHORIZATION, _S.CHANGES_REQUESTED)
STRAIGHT = frozenset({(_S.SUBMITTED, _S.AWAITING_AUTHORIZATION), (_S.SUBMITTED, _S.AUTHORIZED)})
WORKING = (_S.AUTHORIZED, _S.SCHEDULED, _S.IMPLEMENTING, _S.IMPLEMENTED, _S.IN_REVIEW)
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
    is left can be reached, from each a way leads to an end, from each before the decision one to authorized, and from
    each after it one to closed.
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
        current, _, target = name.partition(">")
        if name not in kept and (current, target) not in OPTIONAL:
            wrong.append(f"{_said(name)} cannot be left out: {NEEDED[ChangeState(name.split('>')[1])]}")
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
    """What is wrong with the states as the moves join them, with the way of one change that would meet it.

    A required decision cannot be passed: the only moves to `authorized`, and to work before it, are the board's or a
    policy's own, which every model has.
    """
    pairs = [tuple(name.split(">")) for name in moves]
    ways = _ways(pairs)
    states = {one for pair in pairs for one in pair}
    # Straight from submitted goes an emergency or what a template authorizes; the rest only where nothing is assessed.
    usual = [one for one in pairs if one not in STRAIGHT] if _S.ASSESSING in states else pairs
    wrong = [f"Nothing leads to {_word(one)}." for one in sorted(states - ways.keys())]
    told: list[list[str]] = []
    for goals, lacks, concerns in (
        ([one.value for one in FINAL], "an end", set(ways)),
        ([_S.AUTHORIZED.value], "authorized", {one.value for one in BEFORE_DECISION}),
        ([_S.CLOSED.value], "closed", {one.value for one in WORKING}),
    ):
        backwards = _closure(set(goals), [(b, a) for a, b in usual])
        stuck = [ways[one] for one in ways if one in concerns and one not in backwards]
        if stuck and not any(way in told for way in stuck):  # whose end is mended may well go on
            told.append(max(stuck, key=len))
            wrong.append(f"{_told(told[-1])}: from there no way leads to {lacks}.")
    return wrong


def _ways(pairs: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """A shortest way from the draft to every state that can be reached."""
    rows, found = list(pairs), {_S.DRAFT.value: [_S.DRAFT.value]}
    waiting = [_S.DRAFT.value]
    for state in waiting:
        for target in [b for a, b in rows if a == state and b not in found]:
            found[target] = [*found[state], target]
            waiting.append(target)
    return found


def _told(way: Iterable[str]) -> str:
    return f"“{' → '.join(_word(one) for one in way)}”"


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


def leaves_out(moves: Mapping[str, Any], state: str) -> bool:
    """Whether the model has no such state."""
    return str(state) not in states_of(moves)


def _word(state: str) -> str:
    return state.replace("_", " ")


def _said(name: str) -> str:
    current, _, target = str(name)[:60].partition(">")
    return f"“{_word(current)} → {_word(target)}”"
