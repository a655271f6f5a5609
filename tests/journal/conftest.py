"""An event to record, and a house in which only the test listens."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from apps.journal import actions
from apps.journal.models import Entry
from apps.notify.events import FeedOpened


@pytest.fixture
def listeners(monkeypatch) -> dict[str, Any]:
    """The subscribers, empty: what a test subscribes is all that hears."""
    monkeypatch.setattr(actions, "_subscribers", {})
    return actions._subscribers


def tell(subject, at, *, actor=None, number: int = 1, **more) -> Entry:
    with transaction.atomic():
        return actions.record(FeedOpened(feed_id=number), subject=subject, actor=actor, at=at, **more)


def together(number: int, job: Callable[[], Any]) -> list[Any]:
    """What `job` returned in so many real threads that begin at the same moment, each with its own connection."""
    start, answers = threading.Barrier(number), []

    def one() -> None:
        try:
            start.wait()
            answers.append(job())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
