"""What owners say of working together, what passes by hand between clusters, and what is done about it."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.stakeholders.models.silos import both_seen_by
from apps.stakeholders.rules.silo_survey import (
    A_MONTH,
    LONGEST_LINE,
    MOST_COUNT,
    MOST_HOURS,
    QUESTIONS,
    WAY_WORDS,
    Period,
    Way,
)
from apps.stakeholders.rules.silos import WORDS, Indicator
from apps.stakeholders.states import SiloActionState

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL


class SiloRound(models.Model):
    """One time at which owners are asked. At most one is open."""

    number = models.PositiveIntegerField(unique=True)
    opened_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closes_on = models.DateField()  # the last day on which one may answer
    closed_at = models.DateTimeField(null=True, blank=True)  # when the next was opened

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["closed_at"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="silo_round_open_once",
                violation_error_message="Another round was opened in the meantime.",
            )
        ]

    def __str__(self) -> str:
        return f"Round {self.number} of the silo questionnaire"

    def is_open_on(self, day: date) -> bool:
        """Whether one may answer on that day."""
        return self.closed_at is None and day <= self.closes_on


class SiloAnswerQuerySet(models.QuerySet["SiloAnswer"]):
    def visible_to(self, person: "Person") -> Self:
        """Answers on pairs this person may know of."""
        return self.filter(both_seen_by(person))


class SiloAnswer(models.Model):
    """What one person said of one pair in one round, for the side they own. It never changes."""

    round = models.ForeignKey(SiloRound, on_delete=models.PROTECT, related_name="answers")
    first = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    side = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    marks = models.JSONField()  # 0 to 4 for each question, in their order
    reasons = models.JSONField()
    questions_version = models.PositiveSmallIntegerField()
    answered_at = models.DateTimeField()

    objects = SiloAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round", "first", "second", "person"],
                name="silo_answer_once",
                violation_error_message="You have answered on these two in this round: wait for the next.",
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="silo_answer_ordered"),
            models.CheckConstraint(
                condition=Q(side=F("first")) | Q(side=F("second")),
                name="silo_answer_for_a_side",
                violation_error_message="An answer is for one of the two.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.side}"

    @property
    def marks_by_question(self) -> dict[str, int]:
        """Each mark under the name of its question."""
        return dict(zip(QUESTIONS, self.marks, strict=False))

    @property
    def reasons_by_question(self) -> dict[str, str]:
        """The reasons that were given, under the names of their questions."""
        return {name: why for name, why in zip(QUESTIONS, self.reasons, strict=False) if why}


class HandOffQuerySet(models.QuerySet["HandOff"]):
    def visible_to(self, person: "Person") -> Self:
        """Hand-offs both of whose clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(source__in=seen, target__in=seen)

    def current(self) -> Self:
        """Those that still happen."""
        return self.filter(ended_at__isnull=True)


class HandOff(models.Model):
    """Work that people of one cluster pass to another by hand."""

    source = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=LONGEST_LINE)
    way = models.CharField(max_length=7, choices=[(one.value, WAY_WORDS[one]) for one in Way])
    count = models.PositiveIntegerField()  # a `period`
    period = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Period])
    delay_hours = models.FloatField(null=True, blank=True)  # it usually waits to be taken up; None: nobody measured
    evidence = models.CharField(max_length=LONGEST_LINE)  # who counted, or where
    declared_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    end_reason = models.CharField(max_length=LONGEST_LINE, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = HandOffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="handoff_between_two",
                violation_error_message="A hand-off is between two clusters.",
            ),
            models.CheckConstraint(condition=Q(way__in=[*Way]), name="handoff_way_known"),
            models.CheckConstraint(condition=Q(period__in=[*Period]), name="handoff_period_known"),
            models.CheckConstraint(
                condition=Q(count__gte=1, count__lte=MOST_COUNT),
                name="handoff_count_bounded",
                violation_error_message="A count lies between 1 and 1,000,000.",
            ),
            models.CheckConstraint(
                condition=Q(delay_hours__isnull=True) | Q(delay_hours__gte=0, delay_hours__lte=MOST_HOURS),
                name="handoff_delay_bounded",
                violation_error_message="Hours lie between 0 and 8,760, a year.",
            ),
            models.UniqueConstraint(
                "source",
                "target",
                Lower("what"),
                condition=Q(ended_at__isnull=True),
                name="handoff_once",
                violation_error_message="This hand-off is on record already: end it before it is counted anew.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="handoff_ended_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["source", "target"], name="handoff_between")]

    def __str__(self) -> str:
        return self.what

    @property
    def monthly(self) -> float:
        """How many a month."""
        return self.count * A_MONTH[self.period]

    @property
    def often(self) -> str:
        """How often: "12 a week"."""
        return f"{self.count:,} a {self.period}"


class SiloActionQuerySet(models.QuerySet["SiloAction"]):
    def visible_to(self, person: "Person") -> Self:
        """Actions about pairs this person may know of."""
        return self.filter(both_seen_by(person))


class SiloAction(models.Model):
    """Something that somebody does about a silo until a day."""

    first = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=LONGEST_LINE)
    indicator = models.CharField(
        max_length=10, choices=[(one.value, WORDS[one]) for one in Indicator], blank=True
    )  # it should move; "": none in particular
    advice_key = models.CharField(max_length=120, blank=True)  # of the advice it came from
    owner = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(
        max_length=8, choices=[(one.value, one.value) for one in SiloActionState], default=SiloActionState.PLANNED
    )
    planned_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=LONGEST_LINE, blank=True)  # what came of it, or why it was dropped
    version = models.PositiveIntegerField(default=1)

    objects = SiloActionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="silo_action_ordered"),
            models.CheckConstraint(condition=Q(state__in=[*SiloActionState]), name="silo_action_state_known"),
            models.CheckConstraint(condition=Q(indicator__in=["", *Indicator]), name="silo_action_indicator_known"),
            models.CheckConstraint(
                condition=Q(state__in=[SiloActionState.PLANNED, SiloActionState.STARTED], settled_at__isnull=True)
                | (
                    Q(state__in=[SiloActionState.DONE, SiloActionState.DROPPED], settled_at__isnull=False)
                    & ~Q(outcome="")
                ),
                name="silo_action_settled_with_its_outcome",
            ),
            models.UniqueConstraint(
                fields=["first", "second", "advice_key"],
                condition=Q(settled_at__isnull=True) & ~Q(advice_key=""),
                name="silo_action_of_advice_once",
                violation_error_message="Somebody is on this already.",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(settled_at__isnull=True), name="silo_action_due")]

    def __str__(self) -> str:
        return self.what

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:silo", args=[self.first.slug, self.second.slug]) + "#actions"
