"""The demo organisation's ties to other systems, some of them broken as such ties are: what an operator must see."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.cab.events import ChangeRejected, ChangeScheduled, ReviewCompleted
from apps.journal.actions import deliver_due
from apps.journal.models import Delivery, Entry
from apps.notify import secrets
from apps.notify.actions import digests, feeds, telling, webhooks
from apps.notify.models import Endpoint, Notice, Sending
from apps.notify.states import SendingState

# Addresses of the documentation network (RFC 5737): no packet ever goes there, and the guard refuses them as it would
# an address inside.
LOST, SLOW = "https://192.0.2.20/concordat", "https://198.51.100.20/hooks/changes"
GONE_SUBSCRIBER = "register.paper_copy"  # of an add-on that has been taken out since
LONGEST_OUTAGE = timedelta(days=6)
UNREAD_FOR = timedelta(days=2)


def connect(people: dict[str, Person], *, at: datetime) -> None:
    """Calendar feeds, mail preferences and two webhooks."""
    for handle in ("marit", "piotr"):
        feeds.open_feed(person=people[handle], kind="changes", at=at - timedelta(days=30))
    closed = feeds.open_feed(person=people["joan"], kind="changes", at=at - timedelta(days=60))
    feeds.revoke_feed(feed_id=closed.feed.pk, person=people["joan"], at=at - timedelta(days=20))
    telling.set_mail_preference(person=people["marit"], kind="review", by_mail=False)
    for url, description, heard in (
        (LOST, "Ticket system, before its move", [ReviewCompleted.name()]),
        (SLOW, "Status page", [ChangeRejected.name()]),
    ):
        # Not by the action: it would refuse an address that nothing can reach any more.
        Endpoint.objects.create(
            url=url,
            description=description,
            events=heard,
            secret=secrets.sealed(secrets.new_secret()),
            owner=people["greta"],
        )


def break_things(*, at: datetime) -> None:
    """Let the one webhook be given up, the other wait for its next attempt, and one delivery fail for good."""
    failing = Entry.objects.filter(event=ChangeScheduled.name()).latest("pk")
    Delivery.objects.create(entry=failing, subscriber=GONE_SUBSCRIBER, next_attempt_at=at - LONGEST_OUTAGE)
    lost = Sending.objects.filter(endpoint__url=LOST)
    lost.update(next_attempt_at=at - LONGEST_OUTAGE)
    Sending.objects.filter(endpoint__url=SLOW).update(next_attempt_at=at)
    with _quietly():
        _let_time_pass(at=at)


def read_inboxes(people: dict[str, Person], *, at: datetime) -> None:
    """Everyone has read what is older than two days."""
    for person in people.values():
        old = Notice.objects.filter(person=person, created_at__lt=at - UNREAD_FOR).values_list("pk", flat=True)
        telling.mark_read(person=person, notice_ids=old, at=at)


def plan_digests(people: dict[str, Person], *, at: datetime) -> None:
    """Who wants a mail with all of it at once: the chair on Mondays, the programme manager every morning."""
    digests.set_digest(person=people["marit"], frequency="weekly", hour=7, weekday=0, at=at)
    digests.set_digest(person=people["priya"], frequency="daily", hour=8, weekday=0, at=at)


@contextmanager
def _quietly() -> Iterator[None]:
    """These failures are wanted: eighty tracebacks at the first start would only frighten."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _let_time_pass(*, at: datetime) -> None:
    """Try again as the house does, at the instants it would have, until only what waits for later is left."""
    for _ in range(1_000):
        due = [
            *Sending.objects.filter(state=SendingState.WAITING, endpoint__is_active=True, next_attempt_at__lte=at)
            .order_by("next_attempt_at")
            .values_list("next_attempt_at", flat=True)[:1],
            *Delivery.objects.filter(state="waiting", next_attempt_at__lte=at)
            .order_by("next_attempt_at")
            .values_list("next_attempt_at", flat=True)[:1],
        ]
        if not due:
            return
        webhooks.send_due(at=min(due))
        deliver_due(at=min(due))
