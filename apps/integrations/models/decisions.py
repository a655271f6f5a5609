"""Decisions on the pattern by which an integration is built. Only their state moves; what they say never changes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.integrations.models.edges import Integration
from apps.integrations.rules.deciding import LONGEST_REASONS
from apps.integrations.rules.patterns import PATTERN_WORDS, Pattern
from apps.integrations.rules.weighing import BY_WORDS, By
from apps.integrations.states import CURRENT, DecisionState

PATTERNS = [(one.value, PATTERN_WORDS[one]) for one in Pattern]
WEIGHED_BY = [(one.value, BY_WORDS[one]) for one in By]
DECISION_STATES = [(one.value, one.value) for one in DecisionState]


class PatternDecision(models.Model):
    """What an owner of the consumer's cluster decided on, with everything that it rests on."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="decisions")  # dies with it
    number = models.PositiveIntegerField()  # of this integration, from 1
    state = models.CharField(max_length=10, choices=DECISION_STATES, default=DecisionState.DECIDED)
    chosen = models.CharField(max_length=15, choices=PATTERNS)
    recommended = models.CharField(max_length=15, choices=PATTERNS)  # what came first
    is_close_call = models.BooleanField()
    reasons = models.TextField(max_length=LONGEST_REASONS)
    facts = models.JSONField()  # needs and offer, as rules.gates.Facts
    weighed_by = models.CharField(max_length=5, choices=WEIGHED_BY)
    weights = models.JSONField()  # criterion → share of 1
    ranking = models.JSONField()  # [{pattern, closeness}], the nearest first
    excluded = models.JSONField()  # pattern → the sentences of the gates that exclude it
    sensitivity = models.JSONField(default=list, blank=True)  # rules.ranking.Sensitivity of each weight; []: unsaid
    consistency_ratio = models.FloatField(null=True, blank=True)  # of judgements in pairs
    profile_version = models.PositiveSmallIntegerField()
    inputs_sha256 = models.CharField(max_length=64)  # of facts, weights and the profile's version, in hex
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[*DecisionState]), name="pattern_decision_state_known"),
            models.CheckConstraint(
                condition=Q(chosen__in=[*Pattern], recommended__in=[*Pattern]), name="pattern_decision_pattern_known"
            ),
            models.CheckConstraint(condition=Q(weighed_by__in=[*By]), name="pattern_decision_weighed_by_known"),
            models.CheckConstraint(
                condition=~Q(chosen=Pattern.SHARED) & ~Q(recommended=Pattern.SHARED),
                name="pattern_decision_never_shared",
                violation_error_message="A shared database is never decided on.",
            ),
            models.CheckConstraint(condition=~Q(reasons=""), name="pattern_decision_has_reasons"),
            models.CheckConstraint(
                condition=~Q(state=DecisionState.REOPENED) | Q(reopened_at__isnull=False),
                name="pattern_decision_reopened_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=DecisionState.DECIDED) | Q(reopened_at__isnull=True),
                name="pattern_decision_stands_unopened",
            ),
            models.UniqueConstraint(
                fields=["integration", "number"],
                name="pattern_decision_number_once",
                violation_error_message="Somebody decided in the meantime.",
            ),
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(state__in=[*CURRENT]),
                name="pattern_decision_current_once",
                violation_error_message="Somebody decided in the meantime.",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.number} for {self.get_chosen_display()}"

    def get_absolute_url(self) -> str:
        return reverse("integrations:decision", args=[self.integration_id])
