"""What the exported list of escalated cases holds, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

CASES = Table(
    "escalations",
    {
        "case": attrgetter("reference"),
        "title": attrgetter("title"),
        "parties": lambda one: ", ".join(str(party) for party in one.parties.all()),
        "protocol": lambda one: one.version_of.protocol.name,
        "state": attrgetter("state"),
        "step": attrgetter("step"),
        "due_at": attrgetter("due_at"),
        "held_because": attrgetter("held_because"),
        "opened_at": attrgetter("opened_at"),
        "opened_by": lambda one: one.opened_by.name if one.opened_by else "rule",
        "taken_by": lambda one: one.acknowledged_by.name if one.acknowledged_by else "",
        "ended_at": attrgetter("ended_at"),
    },
)
