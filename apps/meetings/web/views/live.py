"""The stream of a room: server-sent events from the journal, resumed by the number of the last entry seen."""

import json
import threading
import time
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.meetings.models import Meeting
from apps.meetings.queries import meetings as queries
from apps.meetings.queries.live import MOST_MISSED, entries_after
from apps.meetings.web.hub import HUB, Screen, rendered

LONGEST_S = 600.0  # a stream ends then, and the browser comes back: who lost their rights is out by that time
HEARTBEAT_S = 5.0  # a line of comment, by which a closed laptop is noticed
AGAIN_MS = 1_000  # what browsers wait before they come back
LONGEST_NUMBER = 18  # digits of a bigint's safe length

# Each stream holds a thread for as long as it is open; the others stay for pages (docs/adr/0008).
_places = threading.BoundedSemaphore(settings.LIVE_STREAMS)


@require_GET
@signed_in
def stream(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Everything that is told of the meeting beyond the last entry this screen saw. 503 when no place is free."""
    meeting = queries.visible_meeting(pk, request.user)
    if not _places.acquire(blocking=False):
        return HttpResponse(
            "Too many screens are open here; this one asks every few seconds instead.",
            status=503, headers={"Retry-After": "10"}, content_type="text/plain; charset=utf-8",
        )  # fmt: skip
    said = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    after = int(said) if said.isascii() and said.isdigit() and len(said) <= LONGEST_NUMBER else 0
    answer = StreamingHttpResponse(
        _Stream(meeting, after, sees_all=_sees_all(request.user, meeting)), content_type="text/event-stream"
    )
    answer["Cache-Control"] = "no-cache, no-transform"
    answer["X-Accel-Buffering"] = "no"
    return answer


class _Stream:
    """The body of a stream. Its place is given back when it ends, also when nobody ever read it."""

    def __init__(self, meeting: Meeting, after: int, *, sees_all: bool) -> None:
        self._body = _events(meeting, after, sees_all=sees_all)
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._body

    def close(self) -> None:
        """Called by the server at the end, whatever the end was."""
        self._body.close()  # type: ignore[attr-defined]  # a generator
        if self._is_open:
            self._is_open = False
            _places.release()


def _events(meeting: Meeting, after: int, *, sees_all: bool) -> Iterator[bytes]:
    ends_at = time.monotonic() + LONGEST_S
    with HUB.watching(meeting.pk) as screen:
        yield f"retry: {AGAIN_MS}\n\n".encode()
        missed = entries_after([meeting.pk], after)
        if len(missed) == MOST_MISSED:  # more than anyone reads: the page is loaded anew
            yield _event("reload", "{}", number=missed[-1].pk)
            return
        if missed:
            yield from _told(missed, rendered(meeting.pk) if sees_all else "")
            after = missed[-1].pk
        connection.close()  # the thread only waits from here on; it needs none
        yield from _follow(screen, after, sees_all=sees_all, ends_at=ends_at)


def _follow(screen: Screen, after: int, *, sees_all: bool, ends_at: float) -> Iterator[bytes]:
    beats_at = time.monotonic() + HEARTBEAT_S
    while time.monotonic() < ends_at and not (HUB.is_closing or screen.is_behind):
        news = screen.take(timeout_s=0.5)
        new = [one for one in news.entries if one.pk > after] if news else []
        if news and new:
            yield from _told(new, news.html if sees_all else "")
            after = new[-1].pk
        elif time.monotonic() >= beats_at:
            yield b": still here\n\n"
        else:
            continue
        beats_at = time.monotonic() + HEARTBEAT_S


def _told(entries: Sequence[Entry], html: str) -> Iterator[bytes]:
    """Each entry by itself, then the room after them; who may not see everything fetches their own view of it."""
    for entry in entries:
        yield _event("entry", json.dumps(_told_of(entry)), number=entry.pk)
    yield _event("now", json.dumps(html)) if html else _event("look", "{}")


def _told_of(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.pk,
        "event": entry.event,
        "words": words_for(entry.event),
        "who": str(entry.actor) if entry.actor else "",
        "person": entry.actor_id,
        "about": entry.data.get("person_id"),  # whom the chair marked
        "recorded": entry.recorded_at.timestamp() * 1000,
    }


def _event(name: str, data: str, *, number: int | None = None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


def _sees_all(person: Person, meeting: Meeting) -> bool:
    """Whether every change of the board is open to them: by a seat on it, or by a right to read what is restricted."""
    return person.may(Capability.READ_RESTRICTED) or person.seats.filter(board=meeting.board_id).exists()
