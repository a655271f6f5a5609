"""What a ballot must hold: a choice, conditions where it sets some, a reason where it stands against."""

from collections.abc import Collection, Sequence

from apps.kernel.refusals import Invalid

NO_SUCH_BALLOT = "There is no such ballot."
NEED_NO_REASON = frozenset({"approve", "abstain", "approve_with_conditions"})
LONGEST_REASON = 4000  # characters
MOST_CONDITIONS = 10
LONGEST_CONDITION = 500  # characters


def require_fits(choice: str, *, reason: str, conditions: Sequence[str], choices: Collection[str]) -> list[str]:
    """The conditions of a ballot, trimmed; refuses a choice that is none of `choices`, and what it lacks or exceeds."""
    wanted = [text.strip() for text in conditions if text.strip()]
    if choice not in choices:
        raise Invalid(
            NO_SUCH_BALLOT,
            next_step=f"Choose one of: {', '.join(choices)}.",
            fields={"choice": ["Unknown."]},
        )
    if choice == "approve_with_conditions" and not wanted:
        raise Invalid(
            "Name at least one condition.",
            next_step="Write what must be met, or approve without.",
            fields={"conditions": ["Missing."]},
        )
    if wanted and choice != "approve_with_conditions":
        raise Invalid(
            "Conditions go with “approve with conditions” only.",
            next_step="Choose that, or leave them out.",
            fields={"conditions": ["Not with this ballot."]},
        )
    if len(wanted) > MOST_CONDITIONS or any(len(text) > LONGEST_CONDITION for text in wanted):
        raise Invalid(
            f"At most {MOST_CONDITIONS} conditions of 500 characters.",
            next_step="Put them together.",
            fields={"conditions": ["Too many or too long."]},
        )
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            f"A reason has at most {LONGEST_REASON:,} characters.",
            next_step="Shorten it, or attach a file.",
            fields={"reason": ["Too long."]},
        )
    if choice not in NEED_NO_REASON and not reason.strip():
        raise Invalid(
            "Say why: this ballot needs a reason.",
            next_step="Write a sentence that helps the authors.",
            fields={"reason": ["Missing."]},
        )
    return wanted
