"""What the exported inbox, webhooks and sendings hold, column by column; never a secret."""

from operator import attrgetter

from apps.kernel.exports import Table
from apps.notify.models import Sending

NOTICES = Table(
    "inbox",
    {
        "at": attrgetter("created_at"),
        "about": attrgetter("kind"),
        "title": attrgetter("title"),
        "text": attrgetter("body"),
        "page": attrgetter("url"),
        "read": attrgetter("read_at"),
    },
)

WEBHOOKS = Table(
    "webhooks",
    {
        "address": attrgetter("url"),
        "description": attrgetter("description"),
        "events": lambda one: ", ".join(one.events) or "every event",
        "is_on": attrgetter("is_active"),
        "given_up_in_a_row": attrgetter("failures"),
        "owner": attrgetter("owner.handle"),
        "added": attrgetter("created_at"),
    },
)


def _event(sending: Sending) -> str:
    return sending.entry.event if sending.entry else "concordat.test"


SENDINGS = Table(
    "sendings",
    {
        "sending": attrgetter("pk"),
        "event": _event,
        "entry": attrgetter("entry_id"),
        "state": attrgetter("state"),
        "attempts": attrgetter("attempts"),
        "status": attrgetter("status"),
        "answer": attrgetter("excerpt"),
        "queued": attrgetter("created_at"),
        "next_attempt": lambda one: one.next_attempt_at if one.state == "waiting" else None,
        "sent": attrgetter("sent_at"),
    },
)
