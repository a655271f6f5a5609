"""What the exported journal holds, column by column."""

import json
from operator import attrgetter

from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.kernel.exports import Table


def _actor(entry: Entry) -> str:
    return entry.actor.get_username() if entry.actor else ""


def _data(entry: Entry) -> str:
    return json.dumps(entry.data, sort_keys=True, ensure_ascii=False)


JOURNAL = Table(
    "journal",
    {
        "sequence": attrgetter("pk"),
        "at": attrgetter("at"),
        "recorded_at": attrgetter("recorded_at"),
        "event": attrgetter("event"),
        "words": lambda one: words_for(one.event),
        "actor": _actor,
        "subject_type": attrgetter("subject_type"),
        "subject_id": attrgetter("subject_id"),
        "subject": attrgetter("subject_label"),
        "data": _data,
        "digest": attrgetter("digest"),
    },
)
