"""What a rule asks for, how requirements unite, and which of two is the stricter.

A requirement is a set of *pieces* ("decided", "authority cluster", "role security", …). Uniting is the union of sets
and "at least as strict" is inclusion, so each piece can be proven alone. A refusal is stricter than everything.

Authorities form a lattice: a cluster's board below the cross-cluster and the emergency board, the enterprise board
above both. One board decides a change: the lowest that is at least as strict as each rule asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from apps.kernel.refusals import Invalid

MOST_NAMES = 20  # roles or people of one rule
LONGEST_NAME = 80  # characters
LONGEST_REASON = 500
Pieces = frozenset[str]
DECIDED, REFUSED, APART = "decided", "refused", "apart"
AUTHORITIES: dict[str, frozenset[str]] = {
    "cluster": frozenset({"cluster"}),
    "cross_cluster": frozenset({"cluster", "cross_cluster"}),
    "emergency": frozenset({"cluster", "emergency"}),
    "enterprise": frozenset({"cluster", "cross_cluster", "emergency"}),
}


class Kind(StrEnum):
    """How a change is decided."""

    BOARD = "board"
    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Outcome:
    """What must happen. `may_coincide`: one person may count in several of the roles."""

    kind: str
    board: str = ""
    roles: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()  # handles
    may_coincide: bool = False
    reason: str = ""

    @property
    def pieces(self) -> Pieces:
        """The requirement as a set; larger is stricter."""
        if self.kind == Kind.REFUSE:
            return frozenset({DECIDED, REFUSED})
        authority = {f"authority {one}" for one in AUTHORITIES.get(self.board, ())}
        named = {f"role {role}" for role in self.roles} | {f"person {handle}" for handle in self.people}
        apart = {APART} if self.roles and not self.may_coincide else set()
        return frozenset({DECIDED} | authority | named | apart)

    def as_data(self) -> dict[str, Any]:
        """As `outcome_from` reads it."""
        return {
            "kind": self.kind,
            "board": self.board,
            "roles": sorted(self.roles),
            "people": sorted(self.people),
            "may_coincide": self.may_coincide,
            "reason": self.reason,
        }

    def told(self) -> str:
        """In words: “the enterprise board, with the seat for security”."""
        if self.kind != Kind.BOARD:
            word = "approved automatically" if self.kind == Kind.APPROVE else "refused automatically"
            return f"{word}: {self.reason}" if self.reason else word
        names = [*sorted(self.roles), *sorted(self.people)]
        extra = f", with {', '.join(names)}" if names else ""
        apart = " (one person may count in several roles)" if self.may_coincide and len(self.roles) > 1 else ""
        return f"the {self.board.replace('_', '-')} board{extra}{apart}"


def contradict(one: Outcome, other: Outcome) -> bool:
    """Whether two rules cannot both be meant: one approves, refuses or asks a board where the other does not."""
    return one.kind != other.kind


def united(outcomes: Iterable[Outcome]) -> Outcome | None:
    """What satisfies all of them; None of nothing. The stricter kind wins: refuse, then a board, then approve."""
    given = list(outcomes)
    for kind in (Kind.REFUSE, Kind.BOARD, Kind.APPROVE):
        same = [one for one in given if one.kind == kind]
        if not same:
            continue
        reasons = dict.fromkeys(one.reason for one in same if one.reason)
        first = replace(same[0], reason=" ".join(reasons))
        return _at_a_board(first, same) if kind == Kind.BOARD else first
    return None


def _at_a_board(first: Outcome, same: list[Outcome]) -> Outcome:
    wanted = frozenset().union(*(AUTHORITIES[one.board] for one in same))
    fitting = [name for name, parts in AUTHORITIES.items() if wanted <= parts]
    return replace(
        first,
        board=min(fitting, key=lambda name: len(AUTHORITIES[name])),
        roles=frozenset().union(*(one.roles for one in same)),
        people=frozenset().union(*(one.people for one in same)),
        may_coincide=all(one.may_coincide for one in same if one.roles) and any(one.roles for one in same),
    )


def outcome_from(data: object) -> Outcome:
    """The outcome as written; refuses what is unknown, too long, or does not go together."""
    if not isinstance(data, Mapping) or not set(data) <= set(Outcome.__dataclass_fields__):
        raise _misfit("an outcome is an object with kind, board, roles, people, may_coincide and reason")
    kind, board, reason = data.get("kind"), data.get("board", ""), data.get("reason", "")
    if not isinstance(kind, str) or kind not in set(Kind):
        raise _misfit("its kind is board, approve or refuse")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or "\0" in reason:
        raise _misfit(f"a reason is text of at most {LONGEST_REASON} characters")
    roles, people = _names(data.get("roles", [])), _names(data.get("people", []))
    _require_goes_together(str(kind), board, reason, has_names=bool(roles or people))
    if "adviser" in roles:
        raise _misfit("advisers speak but do not vote, so no decision can wait for one")
    return Outcome(str(kind), str(board), roles, people, data.get("may_coincide") is True, reason.strip())


def _require_goes_together(kind: str, board: object, reason: str, *, has_names: bool) -> None:
    if kind == Kind.BOARD:
        if not isinstance(board, str) or board not in AUTHORITIES:
            raise _misfit(f"its board is one of {', '.join(AUTHORITIES)}")
        return
    if board or has_names:
        raise _misfit("what is decided automatically names no board, roles or people")
    if not reason.strip():
        raise _misfit("what is decided automatically needs a reason that goes into the record")


def _names(data: object) -> frozenset[str]:
    fits = isinstance(data, list) and len(data) <= MOST_NAMES
    if not fits or not all(isinstance(one, str) and "\0" not in one for one in data):  # type: ignore[attr-defined]
        raise _misfit(f"roles and people are lists of at most {MOST_NAMES} names")
    names = frozenset(one.strip().lower() for one in data if one.strip())  # type: ignore[attr-defined]
    if any(len(one) > LONGEST_NAME for one in names):
        raise _misfit(f"a name has at most {LONGEST_NAME} characters")
    return names


def _misfit(why: str) -> Invalid:
    return Invalid(
        f"The outcome does not fit: {why}.",
        next_step="Correct what the rule asks for.",
        fields={"outcome": [f"{why[0].upper()}{why[1:]}."]},
        code="outcome_misfit",
    )
