"""When each check of the map was asked for and ran, and what it measured."""

from django.db import models


class CheckRun(models.Model):
    """One check: how often it was asked for, up to which asking it has answered, and the numbers of its last run.

    A check that goes cluster by cluster keeps how far it is: `answering` is what its present run will have answered.
    """

    checker = models.CharField(max_length=40, unique=True)
    asked = models.PositiveBigIntegerField(default=0)
    answered = models.PositiveBigIntegerField(default=0)
    answering = models.PositiveBigIntegerField(null=True)
    after_cluster = models.PositiveBigIntegerField(default=0)  # the last cluster that the present run has judged
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # clusters of the present or last run; 0: it goes over all at once
    ran_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(default=0)
    checker_version = models.PositiveSmallIntegerField(default=0)
    inputs_sha256 = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)  # raised, resolved, standing
    result = models.JSONField(default=dict)  # what it measured beside its findings

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(answered__lte=models.F("asked")), name="check_answers_what_was_asked"
            )
        ]

    def __str__(self) -> str:
        return self.checker
