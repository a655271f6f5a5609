"""Boards, their seats with terms, and dated delegation."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.urls import reverse


class BoardKind(models.TextChoices):
    ENTERPRISE = "enterprise", "enterprise"
    CROSS_CLUSTER = "cross_cluster", "cross-cluster"
    CLUSTER = "cluster", "cluster"
    EMERGENCY = "emergency", "emergency"


class Majority(models.TextChoices):
    """What approval needs, among the ballots that decide (approving ones, reject, request changes)."""

    SIMPLE = "simple", "more approve than not"
    ABSOLUTE = "absolute", "more than half of all who may vote approve"
    TWO_THIRDS = "two_thirds", "at least two thirds approve"
    UNANIMOUS = "unanimous", "nobody is against"


class SeatRole(models.TextChoices):
    CHAIR = "chair", "chair"
    VOTER = "voter", "voter"
    ADVISER = "adviser", "adviser"


class Board(models.Model):
    """A group that decides changes, with its quorum and majority rules."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    kind = models.CharField(max_length=14, choices=BoardKind.choices)
    cluster = models.ForeignKey(
        "clusters.Cluster", on_delete=models.PROTECT, null=True, blank=True, related_name="boards"
    )
    quorum_count = models.PositiveSmallIntegerField(default=2, help_text="At least this many seats must have voted.")
    quorum_share = models.DecimalField(
        max_digits=3, decimal_places=2, default=0, help_text="At least this share (0 to 1) of those who may vote."
    )
    quorum_roles = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Seat roles or functions that must have voted.",
    )
    majority = models.CharField(max_length=12, choices=Majority.choices, default=Majority.SIMPLE)
    hides_ballots = models.BooleanField(
        default=True, help_text="Ballots stay hidden from other voters until the round closes."
    )
    decision_hours = models.PositiveSmallIntegerField(default=72, help_text="Hours a round stays open.")
    allows_implement_first = models.BooleanField(
        default=False, help_text="Emergencies may begin before the decision, which then follows after the fact."
    )
    retroactive_hours = models.PositiveSmallIntegerField(
        default=24, help_text="Hours in which such a decision follows."
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=BoardKind.values), name="board_kind_known"),
            models.CheckConstraint(condition=models.Q(majority__in=Majority.values), name="board_majority_known"),
            models.CheckConstraint(
                condition=models.Q(kind=BoardKind.CLUSTER) ^ models.Q(cluster__isnull=True),
                name="board_cluster_iff_kind",
                violation_error_message="A cluster board names its cluster; other boards name none.",
            ),
            models.CheckConstraint(
                condition=models.Q(quorum_count__gte=1, quorum_share__gte=0, quorum_share__lte=1),
                name="board_quorum_in_range",
                violation_error_message="A quorum needs at least one seat and a share between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(decision_hours__gte=1, decision_hours__lte=2160),
                name="board_decision_hours_in_range",
                violation_error_message="A round stays open between 1 hour and 90 days.",
            ),
            models.CheckConstraint(
                condition=models.Q(retroactive_hours__gte=1, retroactive_hours__lte=336),
                name="board_retroactive_hours_in_range",
                violation_error_message="A decision after the fact follows within 1 hour to 14 days.",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                name="board_one_of_kind",
                condition=models.Q(kind__in=["enterprise", "cross_cluster", "emergency"]),
                violation_error_message="There is already a board of this kind.",
            ),
            models.UniqueConstraint(
                fields=["cluster"],
                name="board_one_per_cluster",
                violation_error_message="This cluster already has its board.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cab:board", args=[self.slug])


class SeatQuerySet(models.QuerySet["Seat"]):
    def filled_on(self, day: date) -> Self:
        """Seats whose term covers `day`, of people who are still active."""
        return self.filter(term__contains=day, person__is_active=True)

    def voting(self) -> Self:
        """Seats with a voice: chairs and voters."""
        return self.filter(role__in=[SeatRole.CHAIR, SeatRole.VOTER])


class Seat(models.Model):
    """A person's place on a board for a term (half-open range of dates; an open end never expires)."""

    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="seats")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seats")
    role = models.CharField(max_length=8, choices=SeatRole.choices, default=SeatRole.VOTER)
    function = models.CharField(max_length=40, blank=True, help_text="What the seat stands for, such as “security”.")
    term = DateRangeField()

    objects = SeatQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=SeatRole.values), name="seat_role_known"),
            models.CheckConstraint(
                condition=models.Q(term__isempty=False, term__startswith__isnull=False),
                name="seat_term_not_empty",
                violation_error_message="A term starts before it ends.",
            ),
            ExclusionConstraint(
                name="seat_terms_do_not_overlap",
                expressions=[
                    ("board", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("term", RangeOperators.OVERLAPS),
                ],
                violation_error_message="This person already has a seat on this board in that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.board}"


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def in_force_on(self, day: date) -> Self:
        """Delegations whose days cover `day` and that were not revoked."""
        return self.filter(revoked_at__isnull=True, days__contains=day)


class Delegation(models.Model):
    """A person lets another cast their ballots on a board for some days. Never passed on to a third."""

    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="delegations")
    from_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given"
    )
    to_person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    days = DateRangeField()
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(from_person=models.F("to_person")),
                name="delegation_not_to_self",
                violation_error_message="You cannot delegate to yourself.",
            ),
            models.CheckConstraint(
                condition=models.Q(days__isempty=False, days__startswith__isnull=False, days__endswith__isnull=False),
                name="delegation_days_bounded",
                violation_error_message="A delegation has a first and a last day.",
            ),
            ExclusionConstraint(
                name="delegation_one_at_a_time",
                expressions=[
                    ("board", RangeOperators.EQUAL),
                    ("from_person", RangeOperators.EQUAL),
                    ("days", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(revoked_at__isnull=True),
                violation_error_message="You already delegate on this board in that time.",
            ),
        ]
