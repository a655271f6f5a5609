"""How stakeholders were judged, each time: nothing is overwritten, the newest counts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.stakeholders.models.initiatives import Initiative
from apps.stakeholders.models.people import Stakeholder


class Assessment(models.Model):
    """One judgement of one stakeholder in one initiative, by somebody else."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="assessments")  # part of it
    stakeholder = models.ForeignKey(Stakeholder, on_delete=models.PROTECT, related_name="assessments")
    subject_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)  # accounts that are judged
    power = models.PositiveSmallIntegerField()  # as felt, beside what is computed
    interest = models.PositiveSmallIntegerField()
    urgency = models.PositiveSmallIntegerField()
    legitimacy = models.PositiveSmallIntegerField()
    stance = models.SmallIntegerField()  # −2 against … 2 in favour
    evidence = models.TextField()
    assessor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(power__lte=100, interest__lte=100, urgency__lte=100, legitimacy__lte=100),
                name="assessment_bounded",
                violation_error_message="Power, interest, urgency and legitimacy lie between 0 and 100.",
            ),
            models.CheckConstraint(
                condition=Q(stance__gte=-2, stance__lte=2),
                name="assessment_stance_bounded",
                violation_error_message="A stance lies between −2 and 2.",
            ),
            models.CheckConstraint(
                condition=~Q(subject_ids__contains=[F("assessor")]),
                name="assessment_not_of_oneself",
                violation_error_message="Nobody assesses themselves.",
            ),
        ]
        indexes = [models.Index(fields=["initiative", "stakeholder", "-assessed_at", "-id"], name="assessment_newest")]

    def __str__(self) -> str:
        return f"{self.stakeholder} in {self.initiative}"
