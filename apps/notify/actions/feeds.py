"""Calendar feeds: secret addresses that their owner opens and revokes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts.models import Person
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound, refusal_from_constraint
from apps.notify import events, feeds
from apps.notify.models import Feed

NOTED_EVERY = timedelta(hours=1)  # calendars ask every few minutes; their owner wants to know the day


@dataclass(frozen=True)
class NewFeed:
    """A feed with its address, the only time that anyone sees it."""

    feed: Feed
    address: str


@transaction.atomic
def open_feed(*, person: Person, kind: str, at: datetime) -> NewFeed:
    """Open a feed; its address is shown this once."""
    if kind not in feeds.kinds():
        raise NotFound("There is no such feed.", next_step="Choose one from the list.")
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            feed = Feed.objects.create(person=person, kind=kind, token_hash=hash_of(token))
    except IntegrityError as error:
        raise refusal_from_constraint(error, Feed) from error
    journal.record(events.FeedOpened(feed_id=feed.pk), subject=feed, actor=person, at=at)
    return NewFeed(feed, f"{settings.PUBLIC_URL}/feeds/{token}.ics")


@transaction.atomic
def revoke_feed(*, feed_id: int, person: Person, at: datetime) -> Feed:
    """Close one's own feed for good; its address answers 410 from now on. A closed one stays as it is."""
    feed = Feed.objects.select_for_update().filter(pk=feed_id, person=person).first()
    if feed is None:
        raise NotFound("There is no such feed of yours.", next_step="Reload the list of your feeds.")
    if feed.revoked_at is None:
        feed.revoked_at = at
        feed.save(update_fields=["revoked_at"])
        journal.record(events.FeedRevoked(feed_id=feed.pk), subject=feed, actor=person, at=at)
    return feed


@transaction.atomic
def note_reading(*, feed_id: int, at: datetime) -> None:
    """Remember when the feed was last asked for, to the hour, so that its owner can tell whether it is in use."""
    stale = Q(read_at__isnull=True) | Q(read_at__lt=at - NOTED_EVERY)
    Feed.objects.filter(stale, pk=feed_id).update(read_at=at)


def hash_of(token: str) -> str:
    """SHA-256 of a token in hex; tokens have 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
