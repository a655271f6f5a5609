"""Which acts a dossier offers a person now. What an action refuses is never offered; a test holds the two together."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """A person before a change."""

    state: str
    on_hold: bool
    is_author: bool
    may_write: bool  # holds the right to propose changes at all (auditors do not)
    may_edit: bool
    may_assess: bool
    may_do: bool  # carries it out, or operates its cluster
    may_review: bool
    may_hold: bool
    is_chair: bool
    has_ballots: bool
    has_open_round: bool
    is_blocked: bool
    risk: int
    owns: bool = False  # the cluster
    has_review: bool = True  # planned
    decides_afterwards: bool = False  # its board decides about work that began before
    lapsed_afterwards: bool = False  # that board did not, in time
    skips_assessment: bool = False  # its model has none
    may_begin_first: bool = False  # an emergency whose board allows it, and nothing stops


_EDITABLE = {
    "draft",
    "changes_requested",
    "submitted",
    "assessing",
    "awaiting_authorization",
    "authorized",
    "scheduled",
}
_CANCELLABLE = _EDITABLE
_HOLDABLE = _EDITABLE - {"draft"} | {"implementing"}

_OFFERS: dict[str, Callable[[Situation], bool]] = {
    "vote": lambda s: (s.state == "awaiting_authorization" or s.decides_afterwards) and s.has_ballots and not s.on_hold,
    "submit": lambda s: s.state in {"draft", "changes_requested"} and s.is_author and s.may_write and not s.is_blocked,
    "begin_assessment": lambda s: s.state == "submitted" and s.may_assess and not s.skips_assessment,
    "hand_to_board": lambda s: (
        s.may_assess and (s.state == "assessing" or (s.state == "submitted" and s.skips_assessment))
    ),
    "raise_risk": lambda s: s.state in {"submitted", "assessing"} and s.may_assess and s.risk < 5,  # noqa: PLR2004  # the scale's end
    "request_changes": lambda s: s.state in {"submitted", "assessing"} and s.may_assess,
    "open_round": lambda s: (
        (s.state == "awaiting_authorization" or s.lapsed_afterwards) and not s.has_open_round and s.is_chair
    ),
    "schedule": lambda s: s.state == "authorized" and s.may_do and not s.is_blocked,
    "start": lambda s: s.state == "scheduled" and s.may_do and not s.is_blocked,
    "implement_first": lambda s: s.state == "awaiting_authorization" and s.may_do and s.may_begin_first,
    "finish": lambda s: s.state == "implementing" and s.may_do,
    "complete_review": lambda s: (
        s.state in {"implemented", "in_review"} and s.may_review and s.has_review and not s.decides_afterwards
    ),
    "keep_finding": lambda s: s.state in {"implemented", "in_review", "closed"} and s.may_review and s.has_review,
    "edit": lambda s: s.state in _EDITABLE and s.may_edit,
    "hold": lambda s: s.state in _HOLDABLE and not s.on_hold and s.may_hold and not s.decides_afterwards,
    "release": lambda s: s.on_hold and s.may_hold,
    "cancel": lambda s: s.state in _CANCELLABLE and s.is_author and s.may_write,
}


def offers(situation: Situation) -> list[str]:
    """The acts open to this person, the one that is theirs to do first."""
    return [name for name, is_open in _OFFERS.items() if is_open(situation)]
