"""What the exported list of agreements on thresholds holds, column by column."""

from operator import attrgetter
from typing import Any

from apps.kernel.exports import Table


def _of_offer(name: str) -> Any:
    return lambda one: getattr(one.offer, name) if one.offer else None


AGREEMENTS = Table(
    "threshold-agreements",
    {
        "cluster": lambda one: one.cluster.name,
        "agreement": attrgetter("number"),
        "state": attrgetter("state"),
        "opened_at": attrgetter("opened_at"),
        "agreed_at": attrgetter("agreed_at"),
        "effective_on": _of_offer("effective_on"),
        "review_on": _of_offer("review_on"),
        "floor_version": lambda one: one.floor.number if one.floor else None,
        "digest": _of_offer("digest"),
        "ended_at": attrgetter("ended_at"),
    },
)
