"""Journal entries of the area as the margin timeline shows them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.stakeholders.rules.metrics import told


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
    if "held" in data:
        return f"Step {data['step']}" + (", nobody on call." if data["held"] else ".")
    if "reason" in data:
        return str(data["reason"])
    if "first_on" in data:
        day = date.fromisoformat(data["first_on"])
        value = "no value" if data["value"] is None else told(Decimal(data["value"]))
        return f"From {day.day} {day:%b %Y}: {value}."
    if "side" in data:
        which = f"Offer {data['number']}, " if "number" in data else ""
        return f"{which}for the {data['side']}"[:1].upper() + f"{which}for the {data['side']}"[1:] + "."
    return ""
