"""The questionnaire on working together, hand-offs, and what is done about silos: what may be said. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from apps.accounts.rules import Capability
from apps.clusters.rules.parts import Standing
from apps.kernel.refusals import Invalid, NotAllowed, WrongState

QUESTIONS_VERSION = 1
QUESTIONS: Mapping[str, str] = {
    "people": "We know whom to ask on the other side.",
    "data": "We get the data we need from the other side without asking a person for it.",
    "plans": "Plans that touch both of us are made together.",
    "words": "We mean the same by the words we share.",
    "answers": "What we ask of the other side is answered in the time we need.",
    "warnings": "The other side tells us early when something will go wrong.",
}
MARKS: Mapping[int, str] = {0: "not at all", 1: "hardly", 2: "partly", 3: "mostly", 4: "fully"}
LOW_MARK = 1  # up to here a mark needs its reason
LONGEST_REASON = 500  # characters
LONGEST_LINE = 300
LONGEST_ROUND = timedelta(days=90)
FARTHEST_DUE = timedelta(days=730)
REMIND_BEFORE = timedelta(days=3)
MOST_COUNT = 1_000_000
MOST_HOURS = 8_760  # a year


class Period(StrEnum):
    """How often a count of hand-offs comes round."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


# A month is a twelfth of 365.25 days.
A_MONTH: Mapping[str, float] = {
    Period.DAY: 365.25 / 12,
    Period.WEEK: 365.25 / 12 / 7,
    Period.MONTH: 1.0,
    Period.QUARTER: 1 / 3,
}


class Way(StrEnum):
    """How work is passed by hand."""

    MAIL = "mail"
    SHEET = "sheet"
    TICKET = "ticket"
    FILE = "file"
    MEETING = "meeting"
    OTHER = "other"


WAY_WORDS: Mapping[str, str] = {
    Way.MAIL: "by mail or message",
    Way.SHEET: "by spreadsheet",
    Way.TICKET: "by ticket",
    Way.FILE: "by a file put somewhere",
    Way.MEETING: "in a meeting",
    Way.OTHER: "otherwise",
}


@dataclass(frozen=True)
class Pairing:
    """What one person is to the two clusters of a pair."""

    first: Standing
    second: Standing

    @property
    def keeps(self) -> bool:
        """Whether they may plan what is done: owners of either side, chairs and administrators."""
        chairs = Capability.MANAGE_BOARD in self.first.capabilities
        return chairs or self.first.may_own or self.second.may_own

    @property
    def records(self) -> bool:
        """Whether they may record hand-offs: those, and operators of either side."""
        return self.keeps or self.first.may_operate or self.second.may_operate


def require_pair(*, is_same: bool, restricted: Sequence[bool]) -> None:
    """Refuse a pair of a cluster with itself, and one of two restricted clusters."""
    if is_same:
        raise Invalid(
            "A pair is of two clusters.", next_step="Choose another cluster.", fields={"target": ["The same."]}
        )
    if sum(restricted) > 1:
        raise WrongState(
            "Both clusters are restricted: what is written here would tell the people of each of the other.",
            next_step="Settle it between their owners.",
        )


def require_keeper(pairing: Pairing) -> None:
    """Refuse others than owners of either side, chairs and administrators."""
    if not pairing.keeps:
        raise NotAllowed(
            "Only owners of the two clusters and board chairs say what is done about a silo.",
            next_step="Ask one of them; a cluster's page names its owners.",
        )


def require_recorder(pairing: Pairing) -> None:
    """Refuse hand-offs by others than the two clusters' own people, chairs and administrators."""
    if not pairing.records:
        raise NotAllowed(
            "Only owners and operators of the two clusters and board chairs record hand-offs.",
            next_step="Ask one of them; a cluster's page names its people.",
        )


def require_may_assess(standing: Standing) -> None:
    """Refuse an assessment by hand without the right to govern anything."""
    if not {Capability.MANAGE_BOARD, Capability.MANAGE_CLUSTER} & standing.capabilities:
        raise NotAllowed(
            "Only owners of clusters, board chairs and administrators assess by hand.",
            next_step="Wait for the first of the month, when it is done by itself, or ask one of them.",
        )


def require_board(standing: Standing, *, what: str) -> None:
    """Refuse what boards decide: `what` ends the sentence."""
    if Capability.MANAGE_BOARD not in standing.capabilities:
        raise NotAllowed(f"Only board chairs and administrators {what}.", next_step="Ask one of them.")


def require_side(pairing: Pairing, wanted: str, slugs: tuple[str, str]) -> int:
    """Which side (0 or 1) somebody answers for: the one they own; who owns both says which (`wanted`, a slug)."""
    owned = [number for number, one in enumerate((pairing.first, pairing.second)) if one.may_own]
    if not owned:
        raise NotAllowed(
            "Only owners of the two clusters answer.", next_step="Ask an owner; a cluster's page names them."
        )
    if wanted:
        side = slugs.index(wanted) if wanted in slugs else -1
        if side not in owned:
            raise NotAllowed("You do not own that side.", next_step="Answer for the side you own.")
        return side
    if len(owned) > 1:
        raise Invalid(
            "You own both clusters: say for which you answer.",
            next_step="Choose one side.",
            fields={"side": ["Choose one."]},
        )
    return owned[0]


def require_answers(marks: Mapping[str, Any], reasons: Mapping[str, str]) -> tuple[list[int], list[str]]:
    """Marks and reasons in the order of the questions; refuses a mark that lacks, one off the scale, a low one bare."""
    given, why = [], []
    for name in QUESTIONS:
        mark = marks.get(name)
        if not isinstance(mark, int) or isinstance(mark, bool) or mark not in MARKS:
            raise _wrong(name, f"Every question takes a mark from 0 to {max(MARKS)}.")
        said = reasons.get(name, "").strip()
        if len(said) > LONGEST_REASON:
            raise _wrong(name, f"A reason has at most {LONGEST_REASON} characters.")
        if mark <= LOW_MARK and not said:
            raise _wrong(name, f"“{QUESTIONS[name]}” A mark of {mark} needs its reason.")
        given.append(mark)
        why.append(said)
    return given, why


def require_round_end(closes_on: date, *, today: date) -> date:
    """The last day of a round; refuses today and the past, and one too far away."""
    if not today < closes_on <= today + LONGEST_ROUND:
        raise _wrong("closes_on", f"A round lasts from tomorrow to {LONGEST_ROUND.days} days on.")
    return closes_on


def require_open_round(*, is_open: bool) -> None:
    """Refuse answers while nobody is asked."""
    if not is_open:
        raise WrongState(
            "No round of the questionnaire is open.",
            next_step="A board's chair opens the next one on the page of silos.",
        )


def require_due(due_on: date, *, today: date) -> date:
    """The day something is to be done by; refuses a past one, and one too far away."""
    if not today <= due_on <= today + FARTHEST_DUE:
        raise _wrong("due_on", "It is due on a day from today to two years on.")
    return due_on


def require_count(count: int) -> int:
    """How many hand-offs a period has; refuses none and absurd ones."""
    if not 1 <= count <= MOST_COUNT:
        raise _wrong("count", f"A count lies between 1 and {MOST_COUNT:,}.")
    return count


def require_hours(hours: float | None) -> float | None:
    """How long a hand-off usually waits to be taken up, in hours; None: nobody has measured."""
    if hours is not None and not 0 <= hours <= MOST_HOURS:  # NaN compares with nothing, and is refused too
        raise _wrong("delay_hours", f"Hours lie between 0 and {MOST_HOURS:,}, a year.")
    return hours


def require_line(text: str, *, field: str, what: str) -> str:
    """A line of text, trimmed; refuses none, and one that is too long. `what` begins the sentence."""
    said = text.strip()
    if not said or len(said) > LONGEST_LINE:
        raise _wrong(field, f"{what} is written in 1 to {LONGEST_LINE} characters.")
    return said


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
