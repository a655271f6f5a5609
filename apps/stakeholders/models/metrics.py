"""Enterprise KPIs and the metrics of clusters that are aligned with them, their values, and what integrations cost."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.integrations.models import Integration
from apps.stakeholders.rules.costs import MOST_MONTHS, CostKind
from apps.stakeholders.rules.metrics import COURSE_WORDS, Cadence, Course

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL
COURSES = [(one.value, COURSE_WORDS[one]) for one in Course]
_NUMBER: dict[str, Any] = {"max_digits": 15, "decimal_places": 4}


class ValueSource(models.TextChoices):
    COMPUTED = "computed"
    PUSHED = "pushed"


class MetricQuerySet(models.QuerySet["Metric"]):
    def visible_to(self, person: "Person") -> Self:
        """Enterprise KPIs, and metrics of clusters the person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        return self.filter(Q(cluster__isnull=True) | Q(cluster__in=Cluster.objects.visible_to(person).values("pk")))

    def kept(self) -> Self:
        """Those that are not retired."""
        return self.filter(retired_at__isnull=True)


class Metric(models.Model):
    """What is measured each period, from where and to where it should go. Without a cluster it is an enterprise KPI.

    Its values come from `measure` (a name in the registry), from `parts` (a formula over other metrics), or, with
    neither, from whoever sends them.
    """

    code = models.CharField(max_length=60)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, null=True, blank=True, related_name="metrics")
    name = models.CharField(max_length=120)
    meaning = models.TextField(blank=True)  # what it counts, and for pushed values how they are made
    unit = models.CharField(max_length=30)
    course = models.CharField(max_length=4, choices=COURSES)
    cadence = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Cadence], default="month")
    owner = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    baseline = models.DecimalField(**_NUMBER)
    target = models.DecimalField(**_NUMBER)
    measure = models.CharField(max_length=60, blank=True)
    defined_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    defined_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = MetricQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                name="metric_code_once",
                violation_error_message="There is a KPI or a metric of that code already.",
            ),
            models.CheckConstraint(condition=Q(course__in=[*Course]), name="metric_course_known"),
            models.CheckConstraint(condition=Q(cadence__in=[*Cadence]), name="metric_cadence_known"),
            models.CheckConstraint(
                condition=Q(course=Course.UP, target__gt=F("baseline"))
                | Q(course=Course.DOWN, target__lt=F("baseline")),
                name="metric_target_lies_ahead",
                violation_error_message="The target lies on the better side of the baseline.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stakeholders:metric", args=[self.code])

    @property
    def is_kpi(self) -> bool:
        """Whether it is the enterprise's."""
        return self.cluster_id is None


class MetricPart(models.Model):
    """One term of a metric's formula: another metric's value of the same period, times a factor."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="parts")  # part of it
    part = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="used_in")
    factor = models.DecimalField(**_NUMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "part"],
                name="metric_part_once",
                violation_error_message="A metric stands in a formula once.",
            ),
            models.CheckConstraint(condition=~Q(metric=F("part")), name="metric_part_of_another"),
        ]

    def __str__(self) -> str:
        return f"{self.factor} × {self.part}"


class Alignment(models.Model):
    """That a cluster's metric carries a KPI, and with what weight. Those of a KPI sum to one; they are set together."""

    kpi = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="alignments")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="carries")
    weight = models.DecimalField(max_digits=5, decimal_places=4)
    rationale = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "metric"],
                name="alignment_once",
                violation_error_message="This metric is aligned with the KPI already.",
            ),
            models.CheckConstraint(condition=Q(weight__gt=0, weight__lte=1), name="alignment_weight_a_share"),
            models.CheckConstraint(condition=~Q(kpi=F("metric")), name="alignment_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.weight} of {self.kpi} by {self.metric}"


class MetricValue(models.Model):
    """The value of one period, or why there is none. It never changes; a better one takes its place, in the open."""

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="values_of")
    first_on = models.DateField()  # of its period
    value = models.DecimalField(**_NUMBER, null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why there is none
    count = models.PositiveIntegerField(default=0)  # rows it was taken over
    censored = models.PositiveIntegerField(default=0)  # of them still open when the period ended
    details = models.JSONField(default=dict, blank=True)  # further figures of the same rows
    source = models.CharField(max_length=8, choices=ValueSource.choices)
    formula = models.CharField(max_length=500)  # as it was when the value was made
    inputs_sha256 = models.CharField(max_length=64, blank=True)  # of the rows it was computed from
    note = models.CharField(max_length=300, blank=True)  # of who sent it: where it comes from
    made_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "first_on"],
                condition=Q(superseded_at__isnull=True),
                name="metric_value_stands_once",
                violation_error_message="This period has a value already.",
            ),
            models.CheckConstraint(condition=Q(source__in=ValueSource.values), name="metric_value_source_known"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, reason="") | (Q(value__isnull=True) & ~Q(reason="")),
                name="metric_value_or_reason",
                violation_error_message="A period has a value, or a reason why it has none.",
            ),
            models.CheckConstraint(condition=Q(censored__lte=F("count")), name="metric_value_censored_of_count"),
        ]
        indexes = [models.Index(fields=["metric", "-first_on"], name="metric_value_by_period")]

    def __str__(self) -> str:
        return f"{self.metric} of {self.first_on}"


class IntegrationCost(models.Model):
    """What somebody spent on an integration, or on all of a cluster's. Struck out where it was a mistake."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="integration_costs")
    # The cost stays when the integration goes.
    integration = models.ForeignKey(Integration, on_delete=models.SET_NULL, null=True, blank=True, related_name="costs")
    about = models.CharField(max_length=300)  # the integration's name then, or what it was spent on
    kind = models.CharField(max_length=7, choices=[(one.value, one.value) for one in CostKind])
    hours = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    rate = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)  # an hour, in the currency
    amount = models.DecimalField(max_digits=12, decimal_places=2)  # the whole of it
    currency = models.CharField(max_length=3)
    from_on = models.DateField()  # it falls into this month, and the ones after it
    months = models.PositiveSmallIntegerField(default=1)  # in equal parts over so many
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[*CostKind]), name="integration_cost_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=CostKind.LABOUR, hours__gt=0, rate__gt=0)
                | (~Q(kind=CostKind.LABOUR) & Q(hours__isnull=True, rate__isnull=True)),
                name="integration_cost_hours_with_rate",
                violation_error_message="Labour is said in hours and a rate; nothing else is.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, months__gte=1, months__lte=MOST_MONTHS), name="integration_cost_bounded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.about}"


class GoingLive(models.Model):
    """That an integration went live on a day, once."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="integrations_gone_live")
    integration = models.OneToOneField(
        Integration, on_delete=models.SET_NULL, null=True, blank=True, related_name="going_live"
    )
    about = models.CharField(max_length=300)
    live_on = models.DateField()
    recorded_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "goings live"

    def __str__(self) -> str:
        return f"{self.about} live since {self.live_on}"
