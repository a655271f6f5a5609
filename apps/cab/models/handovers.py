"""Handovers: how the assessment of one revision ended, by which policy and for which reasons."""

from django.db import models


class Way(models.TextChoices):
    BOARD = "board", "a board decides"
    APPROVE = "approve", "authorized without a board"
    REFUSE = "refuse", "refused by policy"


class Handover(models.Model):
    """One revision handed over: to a board (its round), or decided by the policies in force."""

    change = models.ForeignKey("cab.Change", on_delete=models.PROTECT, related_name="handovers")
    revision = models.PositiveIntegerField()
    way = models.CharField(max_length=7, choices=Way.choices)
    round = models.OneToOneField("cab.Round", on_delete=models.PROTECT, null=True, related_name="handover")
    # The versions in force then; none while no policy was enabled.
    floor = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="+")
    own = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT, null=True, related_name="+")
    # The published version that authorized it beforehand.
    template = models.ForeignKey("cab.TemplateVersion", on_delete=models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)  # column → value, null where it was not known
    # {"sentence", "rules": [{"source", "number", "name", "sentence", "is_certain"}], "missing", "versions"}
    grounds = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(way__in=Way.values), name="handover_way_known"),
            models.CheckConstraint(
                condition=models.Q(way=Way.BOARD) ^ models.Q(round__isnull=True),
                name="handover_round_iff_board",
                violation_error_message="A board decides in a round; a policy decides without one.",
            ),
            models.CheckConstraint(
                condition=models.Q(way=Way.BOARD)
                | models.Q(floor__isnull=False)
                | models.Q(own__isnull=False)
                | models.Q(way=Way.APPROVE, template__isnull=False),
                name="handover_names_its_policy",
                violation_error_message="What a policy or a template decides names its version.",
            ),
        ]
        indexes = [
            models.Index(fields=["change", "-id"], name="handover_by_change"),
            models.Index(fields=["at"], name="handover_automatic", condition=models.Q(way=Way.APPROVE)),
        ]

    def __str__(self) -> str:
        return f"handover of {self.change_id}, revision {self.revision}"
