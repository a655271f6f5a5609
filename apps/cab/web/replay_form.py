"""The few numbers that begin a replay: how far to look back, and what a change costs each kind of board."""

from collections.abc import Mapping

from apps.cab.models import BoardKind
from apps.cab.rules.replays import BOARDS, USUAL_MINUTES

MISFIT = -1  # lies outside of every range, so the action's own sentence refuses what is no number


def minutes_fields(given: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """The fields for minutes: name, label and value, the usual figure where none is given."""
    return [(f"minutes-{one}", BoardKind(one).label, given.get(one, USUAL_MINUTES[one])) for one in BOARDS]


def minutes_from(post: Mapping[str, str]) -> dict[str, int]:
    """The minutes as typed, by kind of board; a field left empty is left out."""
    return {one: number(text) for one in BOARDS if (text := post.get(f"minutes-{one}", "").strip())}


def number(text: str) -> int:
    """A whole number of at most three digits; MISFIT for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else MISFIT  # noqa: PLR2004
