"""Journal entries as the margin timeline shows them: who, what, about whom, when, under which seal."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group

from apps.accounts.models import Person
from apps.clusters.rules import PART_WORDS, Part
from apps.journal.events import words_for
from apps.journal.models import Entry

FIELD_WORDS = {"rrule": "how it comes back", "start_local": "start", "duration_minutes": "length"}


def margin(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One line for each entry; those who were appointed are looked up together, in at most two queries."""
    rows = list(entries)
    people = Person.objects.in_bulk({row.data["person_id"] for row in rows if row.data.get("person_id")})
    teams = Group.objects.in_bulk({row.data["team_id"] for row in rows if row.data.get("team_id")})
    return [
        {
            "actor": row.actor,
            "words": words_for(row.event),
            "detail": _detail(row.data, people, teams),
            "at": row.at,
            "digest": row.digest,
            "sequence": row.pk,
        }
        for row in rows
    ]


def _detail(data: dict[str, Any], people: dict[int, Person], teams: dict[int, Group]) -> str:
    if "part" in data:
        holder = people.get(data["person_id"] or 0) or teams.get(data["team_id"] or 0)
        return f"{holder or 'someone who has left'} as {PART_WORDS[Part(data['part'])]}"
    if "fields" in data:
        return ", ".join(FIELD_WORDS.get(name, name.replace("_", " ")) for name in data["fields"])
    if "raised" in data:
        counts = ((len(data["raised"]), "new"), (len(data["resolved"]), "gone"))
        return f"{data['checker']}: {', '.join(f'{number} {words}' for number, words in counts if number)}"
    return str(data.get("source", ""))
