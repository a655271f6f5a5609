"""How states are shown (shape, word and colour) and days are said, the same everywhere. Pure data."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Sign:
    """The look of a state: a tone of the palette, a shape of the sprite, a word."""

    tone: str
    shape: str
    word: str


_LOOKS: dict[tuple[str, str], str] = {
    ("neutral", "ring"): "draft waiting proposed experimental previewed away note not_checked autonomous loose no_data",
    (
        "info",
        "quarter",
    ): "agenda_locked listed submitted assessing awaiting_authorization in_review open requested pending reviewing "
    "drawn negotiating notify computed pushed settling",
    ("caution", "again"): "reopened changes_requested request_changes invalidated retrying",
    (
        "approve",
        "tick",
    ): "approve approved granted authorized met successful active adopted in_force production delivered confirmed "
    "valid ok agreed present allowed keeps same joined on_track fits",
    (
        "caution",
        "tick",
    ): "accepted approve_with_conditions approved_with_conditions successful_with_issues safeguard",
    ("info", "square"): "scheduled planned applied acknowledged",
    ("freeze", "frost"): "frozen freeze enforced",
    ("info", "play"): "in_session current implementing running started",
    ("approve", "disc"): "minutes_published published implemented done completed decided sent resolved reviewed",
    ("neutral", "disc"): "closed administrative standard",
    (
        "neutral",
        "dash",
    ): "deferred lifted cancelled withdrawn not_implemented waived abstain recuse retired inactive revoked disabled "
    "false_alarm dropped recused left broken_off discarded superseded unjudged",
    ("danger", "cross"): "reject rejected denied missing missed failed unsuccessful error unauthorized refused refuse "
    "blocker prohibited excluded anti-pattern",
    ("danger", "back"): "backed_out rolled_back undone",
    ("caution", "glass"): "late expired lapsed overdue exhausted",
    ("danger", "bolt"): "emergency",
    ("danger", "disc"): "enterprise_decides silo off_track",
    ("neutral", "square"): "normal",
    ("caution", "pause"): "on_hold hold paused suspended",
    ("caution", "disc"): "at_risk material deprecated latent attached warning warn warned changed extra consult apart",
}
_WORDS = {
    "assessing": "In assessment",
    "hold": "On hold",
    "freeze": "Frozen",
    "ok": "OK",
    "loose": "Loosely joined",
    "unjudged": "Too few to judge",
}
_SIGNS = {state: look for look, states in _LOOKS.items() for state in states.split()}


def sign_of(state: str) -> Sign:
    """The sign of a state; one we have no look for is a plain ring and its own word."""
    tone, shape = _SIGNS.get(state, ("neutral", "ring"))
    return Sign(tone, shape, _WORDS.get(state, state.replace("_", " ").capitalize()))


SHAPES = frozenset(shape for _, shape in _LOOKS)


def day_words(day: date) -> str:
    """A day as sentences say it: 5 December 2026."""
    return f"{day.day} {day:%B %Y}"


def moment_words(moment: datetime) -> str:
    """A moment as sentences say it, its zone to follow: 5 December 2026 10:00."""
    return f"{day_words(moment)} {moment:%H:%M}"
