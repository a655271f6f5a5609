"""Who speaks for which side of a negotiation, who may sign, and which days an agreement may name. Pure."""

from datetime import date, timedelta
from enum import StrEnum

from apps.accounts.rules import Capability
from apps.clusters.rules.parts import Standing
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision

LONGEST_NOTE = 2_000  # characters
LONGEST_TERM = timedelta(days=731)  # from the first day to the review: two years, one of them a leap year
LATEST_START = timedelta(days=366)  # from today to the first day
OWNERS, BOARD = "the owners of {cluster}", "a board's chair or an administrator"


class Side(StrEnum):
    """Whom somebody speaks for."""

    CLUSTER = "cluster"
    BOARD = "board"

    @property
    def other(self) -> "Side":
        """The side across the table."""
        return Side.BOARD if self == Side.CLUSTER else Side.CLUSTER


def side_of(standing: Standing) -> Side | None:
    """The one side a person may speak for: who owns the cluster speaks for it, however many boards they chair."""
    if standing.may_own:
        return Side.CLUSTER
    return Side.BOARD if Capability.MANAGE_BOARD in standing.capabilities else None


def require_side(standing: Standing, *, cluster: str) -> Side:
    """The side, or a refusal."""
    found = side_of(standing)
    if found is None:
        raise NotAllowed(
            f"Only the owners of {cluster} and those who keep the boards negotiate its thresholds.",
            next_step="Ask an owner named on the cluster's page, or a board's chair.",
        )
    return found


def require_may_write_floor(standing: Standing) -> None:
    """Refuse the floor to all but those who keep the boards."""
    if Capability.MANAGE_BOARD not in standing.capabilities:
        raise NotAllowed(
            "Only a board's chair or an administrator writes the enterprise floor.", next_step="Ask one of them."
        )


def require_may_adopt(standing: Standing, *, wrote_it: bool) -> None:
    """Refuse adoption by those who may not write it, and by its author."""
    require_may_write_floor(standing)
    if wrote_it:
        raise NotAllowed(
            "Nobody adopts a floor they wrote.",
            next_step="Ask another chair or administrator to read it and adopt it.",
            code="own_floor",
        )


def require_may_sign(side: Side, *, offered_by_side: str, is_author: bool, has_signed_for: str) -> None:
    """Refuse a second signature of one person or one side's author for the other."""
    if has_signed_for and has_signed_for != side:
        raise NotAllowed(
            f"You signed this offer for the {has_signed_for} already: nobody signs for both sides.",
            next_step=f"Somebody else signs for the {side}.",
        )
    if has_signed_for:
        raise Conflict("You have signed this offer already.", next_step="Wait for the other side.")
    if is_author and offered_by_side != side:
        raise NotAllowed(
            f"You wrote this offer for the {offered_by_side}: nobody accepts their own.",
            next_step=f"Somebody else signs for the {side}.",
        )


def require_seen(seen: str, current: str) -> None:
    """Refuse a signature under another text than the one in front of the other side."""
    if seen != current:
        raise StaleRevision(
            "The text you read is not the offer that stands: your signature would bind you to another one.",
            next_step="Reload the page, read the last offer and sign it there.",
            fields={"digest": ["Not the hash of the last offer."]},
        )


def require_days(*, effective_on: date, review_on: date, today: date) -> None:
    """Refuse days that are over, too far off, or in the wrong order."""
    if not today <= effective_on <= today + LATEST_START:
        raise _days("effective_on", "The first day is today or within a year from now.")
    if not effective_on < review_on <= effective_on + LONGEST_TERM:
        raise _days("review_on", "The review follows the first day, within two years.")


def require_note(text: str, *, of: str) -> str:
    """The words to the other side, trimmed; refuses none, and too many."""
    said = text.strip()
    if not said or len(said) > LONGEST_NOTE:
        raise Invalid(
            f"{of} says why.",
            next_step=f"Write it in at most {LONGEST_NOTE:,} characters.",
            fields={"note": ["Missing or too long."]},
        )
    return said


def _days(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Choose another day.", fields={field: [sentence]})
