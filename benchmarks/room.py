"""The live room's fan-out: how long after its commit an act stands on each of 30 screens, while others edit changes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle

import httpx
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import proposing
from apps.cab.models import Board, Change
from apps.clusters.models import Cluster, Component
from apps.journal.models import Entry
from apps.meetings.actions import planning, room, session
from apps.meetings.models import Meeting
from benchmarks.measure import Times
from stack.processes import free_port

SCREENS, EDITS_A_SECOND, DRAFTS = 30, 5, 10
ACTS, PAUSE_S = 80, 0.5
PATIENCE_S = 60.0
SILENT_S = 20.0  # a stream says every five seconds that it is there


@dataclass(frozen=True)
class Spread:
    """Seconds from each act's commit to its coming down each line; what did not come; what ran beside; the load."""

    times: Times
    screens: int
    acts: int
    missed: int
    edits_a_second: float
    load: tuple[float, float]


class Watching:
    """One screen: keeps when each entry came down its line."""

    def __init__(self, address: str, person: Person, meeting: Meeting) -> None:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        self.cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
        self.address = f"{address}/meetings/{meeting.pk}/room/stream/"
        self.heard: dict[int, float] = {}
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        timeout = httpx.Timeout(PATIENCE_S, read=SILENT_S)
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", self.address, cookies=self.cookies, timeout=timeout) as answer,
        ):
            for line in answer.raise_for_status().iter_lines():
                if line.startswith("id: "):
                    self.heard[int(line[4:])] = time.monotonic()


def spread() -> Spread:
    """Open a meeting, connect the screens to a server of its own, and act in the room while others edit changes."""
    meeting, chair = _opened()
    with _served() as address:
        screens = [Watching(address, one, meeting) for one in _watchers()]
        _wait(lambda: all(one.heard for one in screens))
        load, began = os.getloadavg()[0], time.monotonic()
        with _editing() as edits:
            committed = _act(meeting, chair)
            rate = len(edits) / (time.monotonic() - began)
        _wait(lambda: all(max(one.heard) >= max(committed) for one in screens))
    lags = [max(0.0, one.heard[pk] - at) for pk, at in committed.items() for one in screens if pk in one.heard]
    missed = len(committed) * len(screens) - len(lags)
    return Spread(Times(tuple(lags)), len(screens), len(committed), missed, rate, (load, os.getloadavg()[0]))


def _opened() -> tuple[Meeting, Person]:
    now, board = timezone.now(), Board.objects.get(slug="enterprise")
    chair = Person.objects.order_by("pk")[0]
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {"name": "Board", "place": "", "start_local": start, "duration_minutes": 60, "zone": "UTC"}
    values |= {"lock_minutes": 5, "item_minutes": 10}
    meeting = planning.plan_meeting(board_id=board.pk, planner=chair, values=values, at=now)
    return session.open_meeting(meeting_id=meeting.pk, chair=chair, at=now), chair


def _watchers() -> list[Person]:
    """Thirty people who may follow the room: the board has fewer seats, so each is an auditor besides."""
    people = list(Person.objects.order_by("pk")[:SCREENS])
    for one in people:
        RoleGrant.objects.get_or_create(person=one, role=Role.AUDITOR)
    return people


@contextmanager
def _served() -> Iterator[str]:
    """The web server as it is deployed, on the same database, for as long as the block lasts."""
    made, port = connection.settings_dict, free_port()
    url = f"postgres://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{made['NAME']}"
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/gunicorn.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error", "--no-control-socket"]
    server = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, cwd=settings.BASE_DIR)
    try:
        _wait(lambda: _answers(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _answers(address: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(address, timeout=5).is_success
    return False


@contextmanager
def _editing() -> Iterator[list[int]]:
    """Edit drafts so many times a second in a thread of their own; gives the growing list of what was edited."""
    drafts, done, over = _drafts(), [], threading.Event()

    def edit() -> None:
        for number, change in enumerate(cycle(drafts)):
            due = time.monotonic() + 1 / EDITS_A_SECOND
            _edit(change.pk, f"Written anew for the {number}th time.")
            done.append(change.pk)
            if over.wait(max(0.0, due - time.monotonic())):
                break
        connection.close()

    editor = threading.Thread(target=edit, daemon=True)
    editor.start()
    try:
        yield done
    finally:
        over.set()
        editor.join(PATIENCE_S)


def _edit(pk: int, purpose: str) -> None:
    change = Change.objects.select_related("requester").get(pk=pk)
    content = replace(proposing.content_from(change), purpose=purpose)
    proposing.edit_change(
        change_id=pk, editor=change.requester, content=content, based_on=change.revision, at=timezone.now()
    )


def _drafts() -> Sequence[Change]:
    author, cluster = Person.objects.order_by("pk")[SCREENS], Cluster.objects.order_by("pk")[0]
    RoleGrant.objects.get_or_create(person=author, role=Role.REQUESTER)
    components = [Component.objects.filter(cluster=cluster).order_by("pk")[0]]
    start = timezone.now().replace(tzinfo=None, microsecond=0) + timedelta(days=30)
    content = proposing.Content(
        title="A draft", purpose="To be edited.", cluster=cluster, components=components, implementation_plan="One.",
        test_plan="Two.", backout_plan="Three.", window_start=start, window_end=start + timedelta(hours=1),
        window_zone="Europe/Berlin",
    )  # fmt: skip
    return [proposing.propose_change(requester=author, content=content, at=timezone.now()) for _ in range(DRAFTS)]


def _act(meeting: Meeting, chair: Person) -> dict[int, float]:
    """The chair takes one item after the other up; entry → when its act was committed."""
    items, committed = list(meeting.items.filter(state="listed").values_list("pk", flat=True)), {}
    for _, pk in zip(range(ACTS), cycle(items), strict=False):
        had = Entry.objects.about(meeting).latest("id").pk
        room.take_item(meeting_id=meeting.pk, item_id=pk, chair=chair, at=timezone.now())
        at = time.monotonic()
        told = Entry.objects.about(meeting).filter(id__gt=had).values_list("id", flat=True)
        committed |= dict.fromkeys(told, at)
        time.sleep(PAUSE_S)
    return committed


def _wait(goal: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not goal():
        if time.monotonic() > until:
            raise TimeoutError("The room's screens or their server did not come in time.")
        time.sleep(0.1)
