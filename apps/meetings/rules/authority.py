"""Who may plan meetings, lead the room and speak up in it. Pure functions."""

from collections.abc import Collection
from dataclasses import dataclass

from apps.kernel.refusals import NotAllowed


@dataclass(frozen=True)
class Part:
    """What a person is to a board today."""

    is_chair: bool = False
    is_administrator: bool = False
    is_member: bool = False  # holds a seat, or a delegation for one
    is_secretary: bool = False  # holds the seat whose function is that

    @property
    def leads(self) -> bool:
        """Whether they plan the board's meetings and lead its room."""
        return self.is_chair or self.is_administrator

    @property
    def writes(self) -> bool:
        """Whether they write the minutes of the board's meetings."""
        return self.leads or self.is_secretary


def require_leads(part: Part, *, board: str, to: str) -> None:
    """Refuse who neither chairs the board nor administers; `to` completes "Only … may …"."""
    if not part.leads:
        raise NotAllowed(
            f"Only the chair of the {board} or an administrator may {to}.",
            next_step="Ask the chair; the board's page says who that is.",
        )


def require_member(part: Part, *, board: str, to: str) -> None:
    """Refuse who has no seat on the board."""
    if not part.is_member:
        raise NotAllowed(
            f"Only members of the {board} may {to}.", next_step="Ask a member; the board's page says who they are."
        )


def require_writes(part: Part, *, board: str, to: str) -> None:
    """Refuse who is neither chair nor secretary of the board, nor administers."""
    if not part.writes:
        raise NotAllowed(
            f"Only the chair or the secretary of the {board} may {to}.",
            next_step="Ask one of them; the board's page says who they are.",
        )


def require_publishes(part: Part, person_id: int, *, wrote: Collection[int], board: str) -> None:
    """Refuse who does not lead the board, and who wrote any of the prose as it stands (`wrote`: ids of its authors)."""
    require_leads(part, board=board, to="publish its minutes")
    if person_id in wrote:
        raise NotAllowed(
            "You wrote some of these words, so another publishes them.",
            next_step="Ask another chair or an administrator, or put the drafted words back.",
            code="own_words",
        )
