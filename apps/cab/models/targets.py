"""Targets: what a metric should come to, for the federation, a cluster or a board, and who answers for it."""

from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.cab.rules.metrics import HIGHEST_TARGET, METRICS, Direction, Metric, is_met
from apps.clusters.models import Cluster

if TYPE_CHECKING:
    from apps.accounts.models import Person


class MetricTargetQuerySet(models.QuerySet["MetricTarget"]):
    def visible_to(self, person: "Person") -> Self:
        """Those of the federation, and those of clusters (and clusters' boards) the person may know of."""
        known = Cluster.objects.visible_to(person).values("pk")
        return self.filter(
            models.Q(cluster__isnull=True) | models.Q(cluster__in=known),
            models.Q(board__cluster__isnull=True) | models.Q(board__cluster__in=known),
        )


class MetricTarget(models.Model):
    """One target. Without cluster and board it is the federation's."""

    metric = models.CharField(max_length=40, choices=[(one.name, one.title) for one in METRICS.values()])
    cluster = models.ForeignKey(
        "clusters.Cluster", on_delete=models.PROTECT, null=True, blank=True, related_name="metric_targets"
    )
    board = models.ForeignKey(
        "cab.Board", on_delete=models.PROTECT, null=True, blank=True, related_name="metric_targets"
    )
    direction = models.CharField(
        max_length=8, choices=[(Direction.AT_MOST, "at most"), (Direction.AT_LEAST, "at least")]
    )
    value = models.DecimalField(max_digits=10, decimal_places=2)  # in the metric's unit
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="metric_targets")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = MetricTargetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(metric__in=list(METRICS)), name="metric_target_metric_known"),
            models.CheckConstraint(
                condition=models.Q(direction__in=list(Direction)), name="metric_target_direction_known"
            ),
            models.CheckConstraint(
                condition=models.Q(value__gte=0, value__lte=HIGHEST_TARGET),
                name="metric_target_value_in_range",
                violation_error_message="A target lies between 0 and 1,000,000.",
            ),
            models.CheckConstraint(
                condition=models.Q(cluster__isnull=True) | models.Q(board__isnull=True),
                name="metric_target_one_scope",
                violation_error_message="A target is the federation's, a cluster's or a board's; name at most one.",
            ),
            models.UniqueConstraint(
                fields=["metric", "cluster", "board"],
                name="metric_target_once",
                nulls_distinct=False,
                violation_error_message="This metric has a target there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measured.title} of {self.where}"

    def get_absolute_url(self) -> str:
        """The metrics of the place it is for."""
        narrowed = {"cluster": self.cluster, "board": self.board}
        asked = urlencode({name: one.slug for name, one in narrowed.items() if one})
        return f"{reverse('cab:programme')}{'?' if asked else ''}{asked}"

    @property
    def measured(self) -> Metric:
        """What it is a target of."""
        return METRICS[self.metric]

    @property
    def where(self) -> str:
        """Whose target it is; cluster and board have been read."""
        return str(self.cluster or self.board or "the federation")

    @property
    def text(self) -> str:
        """The target as people read it."""
        return f"{self.get_direction_display()} {self.measured.text(float(self.value))}"

    def is_met_by(self, value: float | None) -> bool | None:
        """Whether the value keeps to it; None where there is nothing to measure."""
        return is_met(self.direction, self.value, value)
