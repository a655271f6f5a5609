"""Named questions of notify."""

from django.db.models import QuerySet

from apps.accounts.models import Person
from apps.notify.models import Feed, Notice


def unread_count(person: Person) -> int:
    """How many notices the person has not read (counted up to 100: more is "99+")."""
    return Notice.objects.filter(person=person, read_at__isnull=True)[:100].count()


def inbox(person: Person, *, only_unread: bool = False) -> QuerySet[Notice]:
    """The person's notices."""
    rows = Notice.objects.filter(person=person)
    return rows.filter(read_at__isnull=True) if only_unread else rows


def open_feeds(person: Person) -> QuerySet[Feed]:
    """The person's feeds that are not revoked, oldest first."""
    return Feed.objects.filter(person=person, revoked_at__isnull=True).order_by("pk")
