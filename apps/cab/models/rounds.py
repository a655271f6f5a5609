"""Rounds, ballots and conditions: how one board decided one revision."""

from django.conf import settings
from django.db import models

from apps.cab.states import ConditionState, RoundState


class Choice(models.TextChoices):
    APPROVE = "approve", "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions", "approve with conditions"
    REJECT = "reject", "reject"
    REQUEST_CHANGES = "request_changes", "request changes"
    ABSTAIN = "abstain", "abstain"
    RECUSE = "recuse", "recuse"


class Verdict(models.TextChoices):
    APPROVED = "approved", "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions", "approved with conditions"
    REJECTED = "rejected", "rejected"
    CHANGES_REQUESTED = "changes_requested", "changes requested"


class Round(models.Model):
    """One board deciding one revision of one change, with the rules as they stood when it opened."""

    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="rounds")
    board = models.ForeignKey("cab.Board", on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()  # 1, 2, … within the change
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=[(s, s) for s in RoundState], default=RoundState.OPEN)
    verdict = models.CharField(max_length=24, choices=Verdict.choices, blank=True)
    # {"quorum": {"count", "share", "roles"}, "majority", "hides_ballots"}: stored with each decision.
    rule = models.JSONField()
    tally = models.JSONField(default=dict)  # written when it closes: counts, who could vote, the sentence
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # Set when the work began before the decision: since then the round decides after the fact, on its own clock.
    retroactive_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "number"], name="round_once"),
            models.UniqueConstraint(
                fields=["change"],
                name="round_one_open",
                condition=models.Q(state=RoundState.OPEN),
                violation_error_message="A round is already open for this change.",
            ),
            models.CheckConstraint(condition=models.Q(state__in=list(RoundState)), name="round_state_known"),
            models.CheckConstraint(condition=models.Q(verdict__in=["", *Verdict.values]), name="round_verdict_known"),
            models.CheckConstraint(
                condition=models.Q(state=RoundState.OPEN) ^ models.Q(closed_at__isnull=False),
                name="round_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=RoundState.DECIDED) | ~models.Q(verdict=""), name="round_decided_has_verdict"
            ),
        ]
        indexes = [
            models.Index(
                fields=["board", "closes_at"], name="round_open_by_board", condition=models.Q(state=RoundState.OPEN)
            ),
            models.Index(fields=["board", "-id"], name="round_by_board"),
            models.Index(
                fields=["closes_at"],
                name="round_retroactive_open",
                condition=models.Q(state=RoundState.OPEN, retroactive_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.number} of {self.change_id}"


class Ballot(models.Model):
    """One seat's voice in a round. `cast_by` is another person only by delegation."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ballots")
    cast_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()  # the one the voter saw
    seat_role = models.CharField(max_length=8)
    seat_function = models.CharField(max_length=40, blank=True)
    choice = models.CharField(max_length=24, choices=Choice.choices)
    reason = models.TextField(blank=True)
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round", "voter"],
                name="ballot_once",
                violation_error_message="This seat has already voted in this round.",
            ),
            models.CheckConstraint(condition=models.Q(choice__in=Choice.values), name="ballot_choice_known"),
            models.CheckConstraint(
                condition=models.Q(choice__in=[Choice.APPROVE, Choice.APPROVE_WITH_CONDITIONS, Choice.ABSTAIN])
                | ~models.Q(reason=""),
                name="ballot_says_why",
                violation_error_message="Say why: this ballot needs a reason.",
            ),
        ]


class Condition(models.Model):
    """What an approval asks for; open until met or waived."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="conditions")
    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="conditions")
    text = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=[(s, s) for s in ConditionState], default=ConditionState.OPEN)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=list(ConditionState)), name="condition_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=ConditionState.OPEN) ^ models.Q(closed_at__isnull=False),
                name="condition_closed_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["change"], name="condition_open", condition=models.Q(state=ConditionState.OPEN))
        ]
