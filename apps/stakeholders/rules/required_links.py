"""Links that people require between clusters, and what would close one that is missing. Pure functions."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from apps.kernel.refusals import Conflict, Invalid, NotAllowed
from apps.stakeholders.rules.silo_survey import Pairing

MOST_LINKS = 2_000  # required at once: whoever opens the list reads all of them
MOST_VOLUME = 10_000_000  # a month
MOST_NAMED = 3  # data products that a sentence each names


class Reason(StrEnum):
    """Why two clusters must be joined."""

    WORKFLOW = "workflow"
    LINEAGE = "lineage"
    STRATEGY = "strategy"


REASON_WORDS: Mapping[str, str] = {
    Reason.WORKFLOW: "a workflow runs through both",
    Reason.LINEAGE: "data comes from there",
    Reason.STRATEGY: "the strategy asks for it",
}


def require_keeper(pairing: Pairing) -> None:
    """Refuse others than owners of either cluster, chairs and administrators."""
    if not pairing.keeps:
        raise NotAllowed(
            "Only owners of the two clusters and board chairs say which links between them are required.",
            next_step="Ask one of them; a cluster's page names its owners.",
        )


def require_room(number: int) -> None:
    """Refuse one more required link where there are as many as are looked up at once."""
    if number >= MOST_LINKS:
        raise Conflict(
            f"{MOST_LINKS:,} links are required already.", next_step="End those that nobody needs, then add this one."
        )


def require_volume(volume: int | None) -> int | None:
    """How many would pass a month; None: nobody knows."""
    if volume is not None and not 1 <= volume <= MOST_VOLUME:
        sentence = f"What passes a month lies between 1 and {MOST_VOLUME:,}."
        raise Invalid(sentence, next_step="Correct it, or leave it empty.", fields={"volume": [sentence]})
    return volume


def closing(source: str, target: str, offered: Sequence[str]) -> list[str]:
    """What would close a missing link. `offered`: data products of the source that the target does not use."""
    if offered:
        return [f"{target} uses the data product “{name}” of {source}." for name in offered[:MOST_NAMED]]
    return [
        f"{source} offers {target} an interface, and {target} declares the integration.",
        f"Until then, how it passes from {source} to {target} by hand is put on record.",
    ]


def observed(dependencies: int, integrations: int, handoffs: int) -> str:
    """What passes between two clusters, in words; of the dependencies some are integrations."""
    if not dependencies + handoffs:
        return "nothing"
    told = []
    if dependencies == 1:
        told.append("1 dependency" + (", built as an integration" if integrations else ""))
    elif dependencies:
        built = f", {integrations:,} of them built as integrations" if integrations else ""
        told.append(f"{dependencies:,} dependencies{built}")
    if handoffs:
        told.append(f"{handoffs:,} hand-off{'' if handoffs == 1 else 's'}")
    return " and ".join(told)
