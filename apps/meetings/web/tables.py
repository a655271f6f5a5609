"""What the exported list of meetings holds, column by column."""

from operator import attrgetter

from apps.kernel.exports import Table

MEETINGS = Table(
    "meetings",
    {
        "name": attrgetter("name"),
        "board": attrgetter("board.name"),
        "state": attrgetter("state"),
        "start": attrgetter("start_at"),
        "end": attrgetter("end_at"),
        "zone": attrgetter("zone"),
        "items": attrgetter("on_agenda"),
    },
)
