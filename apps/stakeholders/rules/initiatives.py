"""Who keeps the map of an initiative, and what one must say. Pure functions over plain facts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from apps.accounts.rules import Capability
from apps.kernel.refusals import Invalid, NotAllowed, WrongState

FEWEST_CLUSTERS = 2
MOST_CLUSTERS = 100
LONGEST_NAME = 120  # characters
LONGEST_PURPOSE = 20_000
LONGEST_REASON = 2_000
LONGEST_SUMMARY = 4_000
LONGEST_LINE = 300
FARTHEST = timedelta(days=730)  # a plan for later than that is none
REMIND_BEFORE = timedelta(days=3)


@dataclass(frozen=True)
class Keeper:
    """What one person is to an initiative."""

    capabilities: frozenset[Capability]
    is_sponsor: bool = False
    owns_one: bool = False  # of its clusters

    @property
    def writes(self) -> bool:
        """Whether their roles let them write at all."""
        return Capability.PROPOSE_CHANGE in self.capabilities


def is_keeper(keeper: Keeper) -> bool:
    """Who writes the map: its sponsor, owners of its clusters, chairs of boards, administrators."""
    return keeper.writes and (keeper.is_sponsor or keeper.owns_one or Capability.MANAGE_BOARD in keeper.capabilities)


def require_keeper(keeper: Keeper, *, name: str) -> None:
    """Refuse others than those who keep the map."""
    if not is_keeper(keeper):
        raise NotAllowed(
            f"Only the sponsor of “{name}”, owners of its clusters and board chairs write its map.",
            next_step="Ask one of them; the sponsor is named on its page.",
        )


def require_may_open(held: Collection[Capability]) -> None:
    """Refuse opening an initiative by others than owners of clusters, chairs and administrators."""
    if not {Capability.MANAGE_CLUSTER, Capability.MANAGE_BOARD} & set(held):
        raise NotAllowed(
            "Only owners of clusters, board chairs and administrators open initiatives.",
            next_step="Ask one of them to open it.",
        )


def is_recorder(held: Collection[Capability], *, owns_cluster: bool) -> bool:
    """Who records who decides: chairs and administrators anywhere, owners for their cluster."""
    return Capability.MANAGE_BOARD in held or (owns_cluster and Capability.PROPOSE_CHANGE in held)


def require_may_record(held: Collection[Capability], *, owns_cluster: bool) -> None:
    """Refuse records of authority by others."""
    if not is_recorder(held, owns_cluster=owns_cluster):
        raise NotAllowed(
            "Only board chairs and administrators, and owners for their own cluster, record who decides.",
            next_step="Ask one of them, with the document that says so.",
        )


def require_clusters(restricted: Iterable[bool]) -> None:
    """Refuse fewer than two clusters, too many, and two restricted ones (`restricted`: one flag a cluster)."""
    flags = list(restricted)
    if not FEWEST_CLUSTERS <= len(flags) <= MOST_CLUSTERS:
        raise _wrong("clusters", f"An initiative crosses {FEWEST_CLUSTERS} to {MOST_CLUSTERS} clusters.")
    if sum(flags) > 1:
        raise _wrong(
            "clusters",
            "An initiative crosses one restricted cluster at most: its map would tell the people of each of the other.",
        )


def require_open(*, is_open: bool) -> None:
    """Refuse writing to what is closed."""
    if not is_open:
        raise WrongState("This initiative is closed.", next_step="Open a new one.")


def require_text(text: str, *, field: str, most: int, what: str) -> str:
    """The text, trimmed; refuses none, and one that is too long. `what` begins the sentence."""
    said = text.strip()
    if not said or len(said) > most:
        raise _wrong(field, f"{what} is written in 1 to {most:,} characters.")
    return said


def require_cut(value: int, *, field: str) -> int:
    """A cut of the grid; refuses one outside 0 to 100."""
    if not 0 <= value <= 100:  # noqa: PLR2004  # the grid's own scale
        raise _wrong(field, "A cut lies between 0 and 100.")
    return value


def require_due(day: date, *, today: date) -> date:
    """The day a conversation is due; refuses one that is past, and one too far away."""
    if not today <= day <= today + FARTHEST:
        raise _wrong("due_on", "A conversation is planned for a day from today to two years on.")
    return day


def require_held(day: date, *, today: date) -> date:
    """The day a conversation was held; refuses one to come, and one too long ago."""
    if not today - FARTHEST <= day <= today:
        raise _wrong("held_on", "A conversation was held today or within the last two years.")
    return day


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
