"""Series and meetings."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.urls import reverse

from apps.cab.queries.named import boards_visible_to
from apps.kernel.fields import WallClockField
from apps.meetings.states import OVER, MeetingState
from apps.windows.rules.choices import in_words

if TYPE_CHECKING:
    from apps.accounts.models import Person

SHORTEST, LONGEST = 5, 12 * 60  # minutes of a meeting
LONGEST_LEAD = 7 * 24 * 60  # minutes between the lock of an agenda and the start
LONGEST_ITEM = 240  # minutes


class SeriesQuerySet(models.QuerySet["MeetingSeries"]):
    def visible_to(self, person: "Person") -> Self:
        """Series of boards this person may know of."""
        return self.filter(board__in=boards_visible_to(person).values("pk"))

    def running(self) -> Self:
        """Series that have not been ended."""
        return self.filter(ended_at__isnull=True)


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def visible_to(self, person: "Person") -> Self:
        """Meetings of boards this person may know of."""
        return self.filter(board__in=boards_visible_to(person).values("pk"))


class MeetingSeries(models.Model):
    """A meeting that comes back: a wall-clock start, a length and an RFC 5545 rule in one zone."""

    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, related_name="meeting_series")
    name = models.CharField(max_length=120)
    place = models.CharField(max_length=300, blank=True)  # a room, or the address of a call
    start_local = WallClockField()  # the first occurrence's start, wall clock of `zone`
    duration_minutes = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)
    rrule = models.CharField(max_length=500)  # without DTSTART
    lock_minutes = models.PositiveSmallIntegerField(default=120)  # before the start
    item_minutes = models.PositiveSmallIntegerField(default=10)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    times_from = models.DateTimeField()  # since when it meets by this rule
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)  # counts up with each edit, and so does its calendar entry

    objects = SeriesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gte=SHORTEST, duration_minutes__lte=LONGEST),
                name="series_duration_in_range",
                violation_error_message="A meeting lasts between 5 minutes and 12 hours.",
            ),
            models.CheckConstraint(
                condition=models.Q(lock_minutes__lte=LONGEST_LEAD, item_minutes__gte=1, item_minutes__lte=LONGEST_ITEM),
                name="series_lead_in_range",
                violation_error_message="An agenda locks at most 7 days ahead; an item takes 1 to 240 minutes.",
            ),
            models.CheckConstraint(condition=~models.Q(rrule=""), name="series_comes_back"),
        ]
        indexes = [models.Index(fields=["board"], name="series_running", condition=models.Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("meetings:series", args=[self.pk])

    @property
    def rule_words(self) -> str:
        """How it comes back, in words."""
        return in_words(self.rrule, start_local=self.start_local, zone=self.zone)


class Meeting(models.Model):
    """One meeting of one board: [start_at, end_at)."""

    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, related_name="meetings")
    series = models.ForeignKey(MeetingSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="meetings")
    occurrence_at = models.DateTimeField(null=True, blank=True)  # when the rule has it; stays when the meeting is moved
    name = models.CharField(max_length=120)
    place = models.CharField(max_length=300, blank=True)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    lock_at = models.DateTimeField()
    item_minutes = models.PositiveSmallIntegerField(default=10)
    state = models.CharField(
        max_length=20, choices=[(s, s.replace("_", " ")) for s in MeetingState], default=MeetingState.PLANNED
    )
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    consent_moved_at = models.DateTimeField(null=True, blank=True)  # since when members confirm the consent items
    reason = models.CharField(max_length=500, blank=True)  # why it was cancelled
    sequence = models.PositiveIntegerField(default=0)  # of its calendar entry (RFC 5545, 3.8.7.4)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # the last instant its time, place or state was another
    version = models.PositiveIntegerField(default=1)

    objects = MeetingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(MeetingState)), name="meeting_state_known"),
            models.CheckConstraint(
                condition=models.Q(end_at__gt=models.F("start_at"), lock_at__lte=models.F("start_at")),
                name="meeting_times_in_order",
                violation_error_message="A meeting ends after it starts, and its agenda locks before.",
            ),
            models.CheckConstraint(
                condition=models.Q(item_minutes__gte=1, item_minutes__lte=LONGEST_ITEM),
                name="meeting_item_minutes_in_range",
                violation_error_message="An item takes 1 to 240 minutes.",
            ),
            models.CheckConstraint(
                condition=models.Q(series__isnull=True) ^ models.Q(occurrence_at__isnull=False),
                name="meeting_occurrence_iff_series",
            ),
            models.CheckConstraint(
                condition=models.Q(state=MeetingState.CANCELLED) ^ models.Q(reason=""),
                name="meeting_cancelled_says_why",
                violation_error_message="Say why it is cancelled.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[MeetingState.CLOSED, MeetingState.MINUTES_PUBLISHED])
                ^ models.Q(closed_at__isnull=True),
                name="meeting_closed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(consent_moved_at__isnull=True) | models.Q(opened_at__isnull=False),
                name="meeting_consent_moved_in_session",
            ),
            models.UniqueConstraint(fields=["series", "occurrence_at"], name="meeting_once_per_occurrence"),
            models.UniqueConstraint(
                fields=["board"],
                name="meeting_one_in_session",
                condition=models.Q(state=MeetingState.IN_SESSION),
                violation_error_message="This board is in session already; close that meeting first.",
            ),
            ExclusionConstraint(
                name="meeting_not_at_once",
                expressions=[
                    ("board", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "start_at",
                            "end_at",
                            RangeBoundary(),
                            function="TSTZRANGE",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=~models.Q(state=MeetingState.CANCELLED),
                violation_error_message="This board already meets at that time.",
            ),
        ]
        indexes = [
            models.Index(fields=["board", "start_at"], name="meeting_by_board"),
            models.Index(fields=["lock_at"], name="meeting_to_lock", condition=models.Q(state=MeetingState.PLANNED)),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.start_at.day} {self.start_at:%b %Y}"

    def get_absolute_url(self) -> str:
        return reverse("meetings:meeting", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether nothing happens in it any more."""
        return self.state in OVER

    @property
    def window_start_at(self) -> datetime:
        """Its start under the name that planned times have everywhere."""
        return self.start_at

    @property
    def window_end_at(self) -> datetime:
        """Its end under the name that planned times have everywhere."""
        return self.end_at

    @property
    def window_zone(self) -> str:
        """The zone it was written in."""
        return self.zone
