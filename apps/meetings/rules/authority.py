"""Who may plan meetings, lead the room and speak up in it. Pure functions."""

from dataclasses import dataclass

from apps.kernel.refusals import NotAllowed


@dataclass(frozen=True)
class Part:
    """What a person is to a board today."""

    is_chair: bool = False
    is_administrator: bool = False
    is_member: bool = False  # holds a seat, or a delegation for one

    @property
    def leads(self) -> bool:
        """Whether they plan the board's meetings and lead its room."""
        return self.is_chair or self.is_administrator


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
