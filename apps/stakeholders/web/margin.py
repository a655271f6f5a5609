"""Journal entries of the area as the margin timeline shows them."""

from collections.abc import Iterable
from typing import Any

from apps.journal.events import words_for
from apps.journal.models import Entry


def lines(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One line for each entry: who, what, why, when, under which seal."""
    return [
        {
            "actor": row.actor,
            "words": words_for(row.event),
            "detail": _detail(row.data),
            "at": row.at,
            "digest": row.digest,
            "sequence": row.pk,
        }
        for row in entries
    ]


def _detail(data: dict[str, Any]) -> str:
    if "reason" in data:
        return str(data["reason"])
    if "side" in data:
        which = f"Offer {data['number']}, " if "number" in data else ""
        return f"{which}for the {data['side']}"[:1].upper() + f"{which}for the {data['side']}"[1:] + "."
    return ""
