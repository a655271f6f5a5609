"""Assessments of how far pairs of clusters work apart, each with all its parts; and the weights they are scored by."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.stakeholders.rules.silos import SILO_WORDS, Silo
from apps.stakeholders.states import UNFINISHED_SILO_RUNS, SiloRunState

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL
SILO_CHOICES = [(one.value, SILO_WORDS[one]) for one in Silo]


def both_seen_by(person: "Person") -> Q:
    """Rows about a pair of clusters, `first` and `second`, both of which this person may know of."""
    if person.may(Capability.READ_RESTRICTED):
        return Q()
    seen = Cluster.objects.visible_to(person).values("pk")
    return Q(first__in=seen, second__in=seen)


class SiloWeighting(models.Model):
    """How much each indicator weighs, in versions: the newest counts."""

    number = models.PositiveIntegerField(unique=True)
    weights = models.JSONField()  # indicator → percent; they sum up to 100
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Weights of the silo assessment, version {self.number}"


class SiloRunQuerySet(models.QuerySet["SiloRun"]):
    def finished(self) -> Self:
        """Those that came to their end, with all their pairs."""
        return self.filter(state=SiloRunState.DONE)

    def under_way(self) -> Self:
        """Those that a worker goes on with; at most one."""
        return self.filter(state__in=UNFINISHED_SILO_RUNS)


class SiloRun(models.Model):
    """One assessment of all pairs, by the schedule (once a month) or by hand. Once it is over it never changes.

    `done` is committed together with the pairs it counts: whoever goes on begins there, if the map is as it was.
    """

    number = models.PositiveIntegerField(unique=True)
    month = models.DateField()  # its first day
    by = models.ForeignKey(
        _PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # None: the schedule
    asked_at = models.DateTimeField()
    state = models.CharField(
        max_length=7, choices=[(one.value, one.value) for one in SiloRunState], default=SiloRunState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)  # how often a worker took it up
    total = models.PositiveIntegerField(null=True, blank=True)  # pairs; None: the map is not read yet
    done = models.PositiveIntegerField(default=0)  # of them, kept
    ran_at = models.DateTimeField(null=True, blank=True)  # the moment at which the map was read
    ended_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    rules_version = models.PositiveSmallIntegerField(default=0)  # 0: not read yet
    inputs_sha256 = models.CharField(max_length=64, blank=True)  # of all facts that it read, hex
    weights = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(
        default=dict, blank=True
    )  # clusters, dependencies, judged, pairs; ei and homophily of the whole
    round = models.ForeignKey(
        "SiloRound", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # the newest when it ran

    objects = SiloRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*SiloRunState]), name="silo_run_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED_SILO_RUNS) ^ Q(ended_at__isnull=False), name="silo_run_over_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state=SiloRunState.DONE)
                | (Q(ran_at__isnull=False, total=F("done"), rules_version__gte=1) & ~Q(inputs_sha256="")),
                name="silo_run_done_is_whole",
            ),
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="silo_run_one_at_a_time",
                violation_error_message="Another assessment was begun in the meantime.",
            ),
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(by__isnull=True) & ~Q(state=SiloRunState.FAILED),
                name="silo_run_scheduled_once_a_month",
                violation_error_message="This month was assessed already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Silo assessment {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:silo_run", args=[self.number])

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.ended_at is not None


class SiloStanding(models.Model):
    """How one cluster stood in a run: what stays inside it, against chance."""

    run = models.ForeignKey(SiloRun, on_delete=models.PROTECT, related_name="standings")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    inside = models.PositiveIntegerField()
    needs = models.PositiveIntegerField()
    needed = models.PositiveIntegerField()
    passings = models.PositiveIntegerField()
    ei = models.FloatField(null=True)
    homophily = models.FloatField(null=True)
    is_judged = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "cluster"], name="silo_standing_once")]

    def __str__(self) -> str:
        return f"{self.cluster} in {self.run}"

    @property
    def interactions(self) -> int:
        """Dependencies that touch it, and hand-offs."""
        return self.inside + self.needs + self.needed + self.passings


class SiloAssessmentQuerySet(models.QuerySet["SiloAssessment"]):
    def whole(self) -> Self:
        """Those of runs that came to their end: what is half written is no result."""
        return self.filter(run__state=SiloRunState.DONE)

    def visible_to(self, person: "Person") -> Self:
        """The same, of pairs this person may know of."""
        return self.whole().filter(both_seen_by(person))


class SiloAssessment(models.Model):
    """What one pair of clusters came to in a run, with every indicator, its rows as they were, and advice."""

    run = models.ForeignKey(SiloRun, on_delete=models.PROTECT, related_name="assessments")
    first = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    score = models.FloatField(null=True)  # 0 joined … 100 apart; None: too few to judge
    level = models.CharField(max_length=8, choices=SILO_CHOICES)
    few = models.CharField(max_length=300, blank=True)  # why there is no score
    parts = models.JSONField()  # each indicator: value, weight, sentence, numbers, rows
    missing_links = models.PositiveIntegerField(default=0)  # required between the two, with nothing observed
    advice = models.JSONField()

    objects = SiloAssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "first", "second"], name="silo_assessment_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="silo_assessment_ordered"),
            models.CheckConstraint(condition=Q(level__in=[*Silo]), name="silo_assessment_level_known"),
            models.CheckConstraint(
                condition=Q(score__isnull=True, level=Silo.UNJUDGED)
                | (Q(score__gte=0, score__lte=100) & ~Q(level=Silo.UNJUDGED)),
                name="silo_assessment_scored_or_not",
            ),
        ]
        indexes = [models.Index(fields=["first", "second", "-run"], name="silo_assessment_of_pair")]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:silo", args=[self.first.slug, self.second.slug])
