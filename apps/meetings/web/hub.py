"""Carries the journal's entries about meetings to every open screen of this process: one query a tick, for all of them.

A screen registers first and reads what it missed from the journal afterwards; the hub gives it what comes from then on.
Entries about one meeting are committed in the order of their numbers (see actions.moves), so passing on only what has
a higher number than the last one loses nothing and repeats nothing.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.template.loader import render_to_string
from django.utils import timezone

from apps.journal.models import Entry
from apps.meetings.models import Meeting
from apps.meetings.queries.live import entries_after, latest, room_of

logger = logging.getLogger(__name__)

TICK_S = 0.2  # how often the journal is asked; half of it is the mean wait
PAUSE_S = 1.0  # after a tick that failed
BACKLOG = 200  # batches that one screen may lie behind before its stream is ended; it comes back by itself


@dataclass(frozen=True)
class News:
    """What one tick brought for one meeting: entries in order, and the room as it stands after them."""

    entries: tuple[Entry, ...]
    html: str


@dataclass
class Screen:
    """One open stream."""

    box: "queue.Queue[News]" = field(default_factory=lambda: queue.Queue(BACKLOG))
    is_behind: bool = False

    def take(self, *, timeout_s: float) -> News | None:
        """The next news; None when none came in time."""
        try:
            return self.box.get(timeout=timeout_s)
        except queue.Empty:
            return None


@dataclass
class _Room:
    cursor: int
    screens: list[Screen] = field(default_factory=list)


class Hub:
    """The rooms that somebody of this process looks at. Its thread lives while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rooms: dict[int, _Room] = {}
        self._thread: threading.Thread | None = None
        self.is_closing = False

    @contextmanager
    def watching(self, meeting_id: int) -> Iterator[Screen]:
        """A screen that is given all that is told of the meeting from now on."""
        cursor, screen = latest(meeting_id), Screen()
        with self._lock:
            self._rooms.setdefault(meeting_id, _Room(cursor)).screens.append(screen)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="meetings-hub", daemon=True)
                self._thread.start()
        try:
            yield screen
        finally:
            with self._lock:
                room = self._rooms[meeting_id]
                room.screens.remove(screen)
                if not room.screens:
                    del self._rooms[meeting_id]

    def close(self) -> None:
        """End every stream soon: this process is asked to end."""
        self.is_closing = True

    def _run(self) -> None:
        try:
            while self._has_rooms():
                time.sleep(TICK_S)
                try:
                    self._tick()
                except Exception:  # whatever it is: with this thread every screen of the process would go still
                    logger.exception("The rooms wait: what was told could not be passed on.")
                    connection.close()  # the next tick opens another
                    time.sleep(PAUSE_S)
        finally:
            connection.close()

    def _has_rooms(self) -> bool:
        with self._lock:
            if not self._rooms:
                self._thread = None
            return bool(self._rooms)

    def _tick(self) -> None:
        with self._lock:
            cursors = {pk: room.cursor for pk, room in self._rooms.items()}
        if not cursors:
            return
        by_meeting: dict[int, list[Entry]] = {}
        for entry in entries_after(cursors, min(cursors.values())):
            if entry.pk > cursors[entry.subject_id]:
                by_meeting.setdefault(entry.subject_id, []).append(entry)
        for pk, entries in by_meeting.items():
            self._pass_on(pk, News(tuple(entries), rendered(pk)))

    def _pass_on(self, meeting_id: int, news: News) -> None:
        with self._lock:
            room = self._rooms.get(meeting_id)
            if room is None:
                return
            room.cursor = max(room.cursor, news.entries[-1].pk)
            for screen in room.screens:
                try:
                    screen.box.put_nowait(news)
                except queue.Full:
                    screen.is_behind = True


def rendered(meeting_id: int) -> str:
    """The part of the room that is alike on every member's screen, as it stands now, in the meeting's own zone."""
    meeting = Meeting.objects.select_related("board").get(pk=meeting_id)
    with timezone.override(meeting.zone):
        return render_to_string("meetings/_live.html", {"room": room_of(meeting, at=timezone.now())})


HUB = Hub()
