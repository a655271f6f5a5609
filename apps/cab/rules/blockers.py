"""What stops a change right now, each with its next step."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Blocker:
    """One thing that stops a change: `anchor` is where on the dossier it can be mended."""

    code: str
    sentence: str
    next_step: str
    anchor: str = ""


@dataclass(frozen=True)
class Standing:
    """The facts blockers are found from."""

    state: str
    type: str
    has_components: bool
    has_implementation_plan: bool
    has_backout_plan: bool
    has_window: bool
    has_implementer: bool
    window_is_past: bool = False
    on_hold: bool = False
    has_open_round: bool = False
    round_lapsed: bool = False
    open_conditions: int = 0
    quorum_unreachable: Sequence[str] = field(default=())
    author_approvers: Sequence[str] = field(default=())
    unanswered: Sequence[str] = field(default=())  # the questions of checks that come up
    conflicts: Sequence[tuple[str, str]] = field(default=())  # open ones that stop it: sentence, next step
    template_asks: str = ""  # what its template makes mandatory and it leaves empty, as a sentence
    is_stranded: bool = False  # the template that authorized it is suspended since
    freezes: Sequence[tuple[bool, str]] = field(default=())  # hard or not, and its sentence


NO_IMPLEMENTER = Blocker("no_implementer", "Nobody is named to carry it out.", "Name an implementer.", "people")
STOPS_ANY_WORK = frozenset({"on_hold", "conflict"})  # also that of an emergency which nobody has decided yet
_UP_FOR_WORK = ("authorized", "scheduled")
_BEFORE_WORK = (
    "draft",
    "changes_requested",
    "submitted",
    "assessing",
    "awaiting_authorization",
    "authorized",
    "scheduled",
)


def blockers(standing: Standing) -> list[Blocker]:
    """Everything that stands in the way of the change's next step, most urgent first."""
    found = _author_approves(standing)  # stands in finished records too: an auditor looks for it there
    if standing.state not in _BEFORE_WORK:
        return found
    if standing.on_hold:
        found.insert(0, Blocker("on_hold", "It is on hold.", "Release it when the reason is gone.", "hold"))
    if standing.state in ("draft", "changes_requested"):
        found += for_submission(standing)
    if standing.round_lapsed and not standing.has_open_round and standing.state == "awaiting_authorization":
        found.append(
            Blocker(
                "round_lapsed", "The last round ended without a quorum.", "The chair opens another round.", "decision"
            )
        )
    found += [
        Blocker(
            "quorum_unreachable",
            sentence,
            "The chair fills the seat; otherwise the round ends at its deadline and the chair opens another.",
            "decision",
        )
        for sentence in standing.quorum_unreachable
    ]
    found += _conflicts(standing)
    if standing.state in _UP_FOR_WORK:
        found += for_work(standing)
    return found


def _conflicts(standing: Standing) -> list[Blocker]:
    """What stands against it; a freeze is said once, as a freeze where those are told."""
    freezes = {sentence for _, sentence in standing.freezes}
    told = [one for one in standing.conflicts if one[0] not in freezes or standing.state not in _UP_FOR_WORK]
    return [
        Blocker("conflict", sentence, step, "freezes" if sentence in freezes else "conflicts")
        for sentence, step in told
    ]


def _author_approves(standing: Standing) -> list[Blocker]:
    if not standing.author_approvers:
        return []
    names = ", ".join(standing.author_approvers)
    sentence = f"An author is also named as approver ({names})."
    return [Blocker("author_approves", sentence, "Name an approver who did not write it.", "people")]


def for_submission(standing: Standing) -> list[Blocker]:
    """What a change lacks before a board should see it."""
    checks = (
        (
            standing.has_components,
            "no_components",
            "No component is declared.",
            "Name what the change touches.",
            "components",
        ),
        (
            standing.has_implementation_plan,
            "no_implementation_plan",
            "The implementation plan is empty.",
            "Write the steps.",
            "implementation_plan",
        ),
        (
            standing.has_backout_plan or standing.type == "emergency",
            "no_backout_plan",
            "The backout plan is empty.",
            "Write how to return to the state before.",
            "backout_plan",
        ),
        (
            standing.has_window or standing.type == "emergency",
            "no_window",
            "No window is planned.",
            "Plan a start and an end.",
            "window",
        ),
    )
    found = [Blocker(code, sentence, step, anchor) for holds, code, sentence, step, anchor in checks if not holds]
    if standing.template_asks:
        found.append(Blocker("template_asks", standing.template_asks, "Fill it in."))
    if standing.type == "emergency":  # what is on fire is put out; the questions are read all the same
        return found
    return found + [
        Blocker("check", f"A check from an earlier review is open: {question}", "Answer it on this page.", "checks")
        for question in standing.unanswered
    ]


def frozen(is_hard: bool, sentence: str) -> Blocker:
    """The blocker of one freeze that stands before a change."""
    if is_hard:
        return Blocker(
            "frozen", sentence, "Ask for an exception from it, or plan a window outside the freeze.", "freezes"
        )
    return Blocker("soft_freeze", sentence, "Acknowledge it, saying why this cannot wait.", "freezes")


def for_work(standing: Standing) -> list[Blocker]:
    """What an approved change lacks before work may begin."""
    found = [frozen(is_hard, sentence) for is_hard, sentence in standing.freezes]
    if standing.is_stranded:
        found.append(
            Blocker(
                "template_suspended",
                "The template that authorized it is suspended.",
                "Wait a moment: it goes to a board by itself.",
                "why",
            )
        )
    if standing.open_conditions:
        many = "1 condition" if standing.open_conditions == 1 else f"{standing.open_conditions} conditions"
        found.append(
            Blocker(
                "open_conditions",
                f"{many} of the approval not met.",
                "Offer evidence; a member of the board confirms it.",
                "conditions",
            )
        )
    if not standing.has_implementer:
        found.append(NO_IMPLEMENTER)
    if not standing.has_window:
        found.append(Blocker("no_window", "No window is planned.", "Plan a start and an end.", "window"))
    elif standing.window_is_past:
        found.append(
            Blocker(
                "window_past", "The planned window has passed.", "Plan a new one; the board decides again.", "window"
            )
        )
    return found
