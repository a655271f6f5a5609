"""A real receiver of webhooks on the loopback, an event to tell, and a feed to read."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.rules import Role
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.notify import events, feeds
from apps.notify.actions import webhooks
from apps.notify.models import Endpoint
from tests.conftest import NOON, make_person


@dataclass
class Receiver:
    """What came in, and how it is answered: status, headers and body, or a function that writes the answer itself."""

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=concordat"


def serving(receiver: Receiver, wrap: Callable[[Any], Any] = lambda socket: socket) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if receiver.answer:
                receiver.answer(self)
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a sender that hangs up in time is what some tests want
    server.socket = wrap(server.socket)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    yield from serving(Receiver())


@pytest.fixture
def operator(db):
    """An administrator: may manage webhooks."""
    return make_person("gustav", Role.ADMINISTRATOR)


@pytest.fixture
def new(receiver, operator) -> webhooks.NewSecret:
    """A webhook that hears everything, with its secret."""
    return webhooks.add_endpoint(owner=operator, url=receiver.url, events_heard=[], description="CI", at=NOON)


@pytest.fixture
def endpoint(new) -> Endpoint:
    return new.endpoint


def say(subject, *, actor=None, at=None, number: int = 1) -> Entry:
    """Record an entry about `subject`."""
    with transaction.atomic():
        event = events.FeedOpened(feed_id=number)
        return journal.record(event, subject=subject, actor=actor, at=at or timezone.now())


@pytest.fixture
def offered(monkeypatch) -> dict[str, Any]:
    """The feeds on offer, empty: what a test registers is all there is."""
    monkeypatch.setattr(feeds, "_providers", {})
    return feeds._providers
