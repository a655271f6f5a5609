"""Minutes: what the journal says of a meeting, the words written beside it, and what was added afterwards.

Triggers keep them (see the migration): what the journal said never changes, and nothing does once they are published.
"""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.cab.models import Delegation, Seat
from apps.cab.queries.named import boards_visible_to
from apps.meetings.models.agenda import AgendaItem
from apps.meetings.models.meetings import Meeting
from apps.meetings.rules.minutes import LONGEST_PROSE

if TYPE_CHECKING:
    from apps.accounts.models import Person

LONGEST_REASON = 500  # characters


class SectionKind(models.TextChoices):
    """What a section of minutes is about."""

    OPENING = "opening", "opening"  # who was there, and the quorum
    ITEM = "item", "item"
    CLOSING = "closing", "closing"  # what was agreed about no item, and whatever else was said


class MinutesQuerySet(models.QuerySet["Minutes"]):
    def visible_to(self, person: "Person", *, on: date) -> Self:
        """Published ones of boards this person may know of; drafts for the board, and for who reads the journal."""
        rows = self.filter(meeting__board__in=boards_visible_to(person).values("pk"))
        if person.may(Capability.READ_JOURNAL) or person.may(Capability.MANAGE_PEOPLE):
            return rows
        seats = Seat.objects.filter(person=person).filled_on(on).values("board")
        lent = Delegation.objects.filter(to_person=person).in_force_on(on).values("board")
        mine = Q(meeting__board__in=seats) | Q(meeting__board__in=lent)
        return rows.filter(Q(published_at__isnull=False) | mine)


class Minutes(models.Model):
    """The minutes of one meeting: a draft until they are published, sealed from then on."""

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, primary_key=True, related_name="minutes")
    drafted_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)  # the last time its chair was
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the canonical content, in hex
    version = models.PositiveIntegerField(default=1)

    objects = MinutesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True, digest="")
                | (Q(published_at__isnull=False, published_by__isnull=False) & ~Q(digest="")),
                name="minutes_published_are_sealed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["drafted_at"], name="minutes_unpublished", condition=models.Q(published_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"minutes of meeting {self.meeting_id}"

    def get_absolute_url(self) -> str:
        return reverse("meetings:minutes", args=[self.meeting_id])

    @property
    def is_published(self) -> bool:
        """Whether they are sealed."""
        return self.published_at is not None


class MinutesSection(models.Model):
    """One part of the minutes: facts from the journal, which stay, and prose, which is written until publication."""

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="sections")
    position = models.PositiveSmallIntegerField()  # 1 is the first
    kind = models.CharField(max_length=8, choices=SectionKind.choices)
    item = models.OneToOneField(
        AgendaItem, on_delete=models.PROTECT, null=True, blank=True, related_name="minutes_section"
    )
    facts = models.JSONField()  # see rules.minutes
    drafted = models.TextField(blank=True)  # the prose as the house wrote it
    prose = models.TextField(blank=True)
    author = models.ForeignKey(  # of the prose as it stands; null: the house
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    written_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SectionKind.values), name="minutes_section_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=SectionKind.ITEM) ^ Q(item__isnull=True), name="minutes_section_item_iff_kind"
            ),
            models.CheckConstraint(
                condition=Q(author__isnull=True) ^ Q(written_at__isnull=False), name="minutes_section_author_has_time"
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("prose"), LONGEST_PROSE),
                name="minutes_section_prose_bounded",
                violation_error_message=f"A section holds at most {LONGEST_PROSE} characters.",
            ),
            models.UniqueConstraint(fields=["minutes", "position"], name="minutes_section_place_once"),
        ]

    def __str__(self) -> str:
        return f"section {self.position} of {self.minutes_id}"


class Addendum(models.Model):
    """A later correction of published minutes, which themselves stay as they are."""

    minutes = models.ForeignKey(Minutes, on_delete=models.PROTECT, related_name="addenda")
    number = models.PositiveSmallIntegerField()  # 1, 2, … within the minutes
    section = models.ForeignKey(  # which it is about; only who may read that reads it
        MinutesSection, on_delete=models.PROTECT, null=True, blank=True, related_name="addenda"
    )
    text = models.TextField()
    reason = models.CharField(max_length=LONGEST_REASON)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["minutes", "number"], name="addendum_once"),
            models.CheckConstraint(
                condition=~Q(text="")
                & ~Q(reason="")
                & ~Q(digest="")
                & Q(LessThanOrEqual(Length("text"), LONGEST_PROSE)),
                name="addendum_says_what_and_why",
                violation_error_message="Say what is corrected, and why.",
            ),
        ]

    def __str__(self) -> str:
        return f"addendum {self.number} to {self.minutes_id}"
