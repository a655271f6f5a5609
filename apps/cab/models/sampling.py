"""Sampling of automatic approvals: settings in versions, periods with their seed, what was drawn, its reviews."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.cab.models.changes import Change
from apps.cab.rules.sampling import MOST_DAYS, MOST_MINIMUM, Draw
from apps.cab.states import PeriodState, SampledReviewState
from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from datetime import datetime

    from apps.accounts.models import Person


def _of_known_boards(person: "Person") -> Q:
    known = Cluster.objects.visible_to(person).values("pk")
    return Q(board__cluster=None) | Q(board__cluster__in=known)


class SamplingSettingQuerySet(models.QuerySet["SamplingSetting"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of boards this person may know of, and that of all others."""
        return self.filter(_of_known_boards(person))


class SamplingPeriodQuerySet(models.QuerySet["SamplingPeriod"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of boards this person may know of."""
        return self.filter(_of_known_boards(person))


class SamplingSetting(models.Model):
    """How many automatic approvals of a board are reviewed. Without a board: wherever none has its own.

    Rows never change: the newest version counts, from the next period on.
    """

    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField()  # 1, 2, … of the board
    share = models.PositiveSmallIntegerField()  # percent
    minimum = models.PositiveSmallIntegerField()  # drawn in any case, if there are as many
    days = models.PositiveSmallIntegerField()  # how long a period lasts, and how long its reviews may take
    reason = models.TextField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    objects = SamplingSettingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["board", "version"],
                name="sampling_setting_once",
                nulls_distinct=False,
                violation_error_message="Someone else has changed this setting at the same time.",
            ),
            models.CheckConstraint(
                condition=Q(share__lte=100, minimum__lte=MOST_MINIMUM, days__gte=1, days__lte=MOST_DAYS),
                name="sampling_setting_in_range",
                violation_error_message=f"A share lies between 0 and 100 %, a minimum between 0 and {MOST_MINIMUM}, "
                f"a period between 1 and {MOST_DAYS} days.",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="sampling_setting_has_reason"),
        ]

    def __str__(self) -> str:
        return f"sampling of {self.where}, version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("cab:board-sampling", args=[self.board.slug]) if self.board else reverse("cab:sampling")

    @property
    def where(self) -> str:
        """Whose setting it is; the board has been read."""
        return str(self.board or "every other board")

    @property
    def samples(self) -> bool:
        """Whether anything is drawn by it."""
        return bool(self.share or self.minimum)


class SamplingPeriod(models.Model):
    """A time in which automatic approvals gather until the draw. Its seed is told when it ends, its hash before.

    It keeps the setting it began with, so that nobody turns the share up or down once they know what lies in it.
    """

    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, related_name="sampling_periods")
    setting = models.ForeignKey(SamplingSetting, on_delete=models.PROTECT, related_name="periods")
    state = models.CharField(max_length=5, choices=[(s, s) for s in PeriodState], default=PeriodState.OPEN)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()  # when it is to end; the job ends it then or soon after
    drawn_at = models.DateTimeField(null=True)  # approvals before this instant, in no earlier period
    commitment = models.CharField(max_length=64)  # SHA-256 of the seed, hex
    sealed_seed = models.TextField()  # Fernet token; plain in `seed` from the draw on
    seed = models.CharField(max_length=64, blank=True)  # hex, 32 bytes
    candidates = models.PositiveIntegerField(default=0)
    drawn = models.PositiveIntegerField(default=0)

    objects = SamplingPeriodQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(PeriodState)), name="sampling_period_state_known"),
            models.UniqueConstraint(
                fields=["board"],
                name="sampling_period_one_open",
                condition=Q(state=PeriodState.OPEN),
                violation_error_message="A period of this board is open already.",
            ),
            models.CheckConstraint(
                condition=Q(state=PeriodState.OPEN, drawn_at=None, seed="")
                | Q(state=PeriodState.DRAWN, drawn_at__isnull=False) & ~Q(seed=""),
                name="sampling_period_tells_its_seed_when_drawn",
            ),
            models.CheckConstraint(
                condition=Q(drawn__lte=models.F("candidates"), opened_at__lt=models.F("due_at")),
                name="sampling_period_in_range",
            ),
        ]
        indexes = [
            models.Index(fields=["board", "-id"], name="sampling_period_by_board"),
            models.Index(fields=["due_at"], name="sampling_period_due", condition=Q(state=PeriodState.OPEN)),
        ]

    def __str__(self) -> str:
        return f"Period {self.pk} of the {self.board}"

    def get_absolute_url(self) -> str:
        return reverse("cab:sampling-period", args=[self.pk])

    @property
    def draw(self) -> Draw:
        """How it draws; its setting has been read."""
        return Draw(self.setting.share, self.setting.minimum)


class SamplingCandidate(models.Model):
    """One automatic approval that could be drawn: every one of its period, whether drawn or not."""

    period = models.ForeignKey(SamplingPeriod, on_delete=models.PROTECT, related_name="approvals")
    change = models.OneToOneField("cab.Change", on_delete=models.PROTECT, related_name="sampling")
    handover = models.ForeignKey("cab.Handover", on_delete=models.PROTECT, related_name="+")  # the approval itself
    digest = models.CharField(max_length=64)  # HMAC of the reference, hex
    rank = models.PositiveIntegerField()  # 1: the lowest digest
    is_drawn = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["period", "rank"], name="sampling_candidate_rank_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="sampling_candidate_rank_from_one"),
        ]
        indexes = [models.Index(fields=["period", "is_drawn"], name="sampling_candidate_by_period")]

    def __str__(self) -> str:
        return f"candidate {self.rank} of period {self.period_id}"


class SampleVerdict(models.TextChoices):
    """What the board would have done, had it been asked."""

    AGREED = "agreed", "would have agreed"
    REFUSED = "refused", "would have refused"


class SampledReviewQuerySet(models.QuerySet["SampledReview"]):
    def visible_to(self, person: "Person") -> Self:
        """Reviews of changes this person may see, of boards they may know of."""
        seen = Change.objects.visible_to(person).values("pk")
        return self.filter(_of_known_boards(person), change__in=seen)

    def with_all(self) -> Self:
        """With everything that a row names."""
        return self.select_related("board__cluster", "change__cluster", "reviewer", "added_by", "candidate__period")

    def overdue_at(self, at: "datetime") -> Self:
        """Those that wait although their time has passed."""
        return self.filter(state=SampledReviewState.DRAWN, due_at__lte=at)


class SampledReview(models.Model):
    """The look back at one change that no board saw: drawn, or added by hand for a reason (and counted apart)."""

    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, related_name="sampled_reviews")
    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="sampled_reviews")
    candidate = models.OneToOneField(SamplingCandidate, on_delete=models.PROTECT, null=True, related_name="review")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_because = models.TextField(blank=True)
    state = models.CharField(
        max_length=8, choices=[(s, s) for s in SampledReviewState], default=SampledReviewState.DRAWN
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    verdict = models.CharField(max_length=7, choices=SampleVerdict.choices, blank=True)
    reason = models.TextField(blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)

    objects = SampledReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(SampledReviewState)), name="sampled_review_state_known"),
            models.CheckConstraint(
                condition=Q(verdict__in=["", *SampleVerdict.values]), name="sampled_review_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(candidate__isnull=False, added_by=None, added_because="")
                | Q(candidate=None, added_by__isnull=False) & ~Q(added_because=""),
                name="sampled_review_drawn_or_added",
                violation_error_message="What is added by hand says by whom and why; what was drawn needs neither.",
            ),
            models.CheckConstraint(
                condition=Q(state=SampledReviewState.DRAWN, reviewer=None, reviewed_at=None, verdict="", reason="")
                | Q(state=SampledReviewState.REVIEWED, reviewer__isnull=False, reviewed_at__isnull=False)
                & ~Q(verdict="")
                & ~Q(reason=""),
                name="sampled_review_reviewed_with_reason",
                violation_error_message="A review says what the board would have done, and why.",
            ),
            models.UniqueConstraint(
                fields=["change"],
                name="sampled_review_added_once",
                condition=Q(candidate=None),
                violation_error_message="This change has been added by hand already.",
            ),
        ]
        indexes = [
            models.Index(fields=["board", "-id"], name="sampled_review_by_board"),
            models.Index(fields=["due_at"], name="sampled_review_due", condition=Q(state=SampledReviewState.DRAWN)),
            models.Index(fields=["change"], name="sampled_review_by_change"),
        ]

    def __str__(self) -> str:
        return f"review of {self.change_id} by sample"

    def get_absolute_url(self) -> str:
        return reverse("cab:sampled-review", args=[self.pk])

    @property
    def is_drawn_by_lot(self) -> bool:
        """Whether the draw chose it; else a person did."""
        return self.candidate_id is not None
