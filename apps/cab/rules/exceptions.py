"""Exceptions from freezes: how long one may wait, and who may decide it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.kernel.refusals import Invalid, NotAllowed

TIME_TO_DECIDE = timedelta(hours=72)  # a working week's half: longer, and people plan around the answer
SHORTEST = timedelta(minutes=15)  # even what should run at once leaves somebody the time to read it
LONGEST_REASON = 4_000  # characters


@dataclass(frozen=True)
class Decider:
    """A person before a request."""

    person_id: int
    is_keeper: bool  # keeps what the freeze is limited to, or the federation
    is_chair: bool  # manages a board
    is_barred: bool  # wrote the change or carries it out


def decide_by(*, requested_at: datetime, window_start_at: datetime | None, freeze_end_at: datetime) -> datetime:
    """Until when it can be decided: 72 hours, but neither after the work should begin nor after the freeze.

    Never less than a quarter of an hour from `requested_at`.
    """
    ends = [requested_at + TIME_TO_DECIDE, freeze_end_at]
    if window_start_at is not None and window_start_at > requested_at:
        ends.append(window_start_at)
    return max(min(ends), requested_at + SHORTEST)


def may_decide(decider: Decider, *, requested_by_id: int) -> bool:
    """Whether they may decide the request: its freeze's keepers and chairs of boards, never in their own matter."""
    is_own = decider.is_barred or decider.person_id == requested_by_id
    return not is_own and (decider.is_keeper or decider.is_chair)


def require_may_decide(decider: Decider, *, requested_by_id: int) -> None:
    """Refuse authors and requesters of the change or of the exception, and who keeps neither freeze nor board."""
    if decider.is_barred or decider.person_id == requested_by_id:
        raise NotAllowed(
            "You cannot decide an exception for your own change.",
            next_step="An owner of the freeze or the chair of a board who wrote nothing of it decides.",
            code="own_change",
        )
    if not may_decide(decider, requested_by_id=requested_by_id):
        raise NotAllowed(
            "You may not decide about exceptions from this freeze.",
            next_step="Ask an owner of the clusters it holds for, or the chair of a board.",
        )


def required_reason(text: str, *, prompt: str) -> str:
    """The reason without blanks around it; refuses none at all and more than 4,000 characters."""
    reason = text.strip()
    if not reason:
        raise Invalid(prompt, next_step="Write a sentence.", fields={"reason": ["Missing."]})
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            f"The reason has {len(reason):,} characters.",
            next_step=f"Say it in at most {LONGEST_REASON:,}.",
            fields={"reason": ["Too long."]},
        )
    return reason


def ended_sentence(*, is_lifted: bool, is_over: bool, is_change_over: bool) -> str:
    """Why a request that nobody decided expires."""
    if is_lifted:
        return "The freeze was lifted or is over: nothing has to be excepted."
    if is_change_over:
        return "The change is not on its way any more."
    return "Nobody decided in time." if is_over else ""


MATERIAL_EDIT = "The change was edited materially: it is another one than the exception was asked for."
