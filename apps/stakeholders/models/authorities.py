"""Which resources somebody controls: up to what limit, where, from when to when, and by whose delegation."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.stakeholders.models.people import Stakeholder
from apps.stakeholders.rules.resources import Resource

if TYPE_CHECKING:
    from apps.accounts.models import Person


class AuthorityQuerySet(models.QuerySet["Authority"]):
    def visible_to(self, person: "Person") -> Self:
        """Those over the enterprise, and those over clusters the person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(Q(cluster__isnull=True) | Q(cluster__in=seen))


class Authority(models.Model):
    """What one stakeholder may decide to give, without asking anybody else."""

    holder = models.ForeignKey(Stakeholder, on_delete=models.PROTECT, related_name="authorities")
    resource = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Resource])
    cluster = models.ForeignKey(
        Cluster, on_delete=models.PROTECT, null=True, blank=True, related_name="authorities"
    )  # None: over the enterprise
    unit = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=16, decimal_places=2)  # the limit
    valid = DateRangeField()  # [first day, day after the last)
    delegated_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="delegations"
    )
    evidence = models.CharField(max_length=300)  # the document that says so
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = AuthorityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "authorities"
        constraints = [
            models.CheckConstraint(condition=Q(resource__in=[*Resource]), name="authority_resource_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="authority_not_negative",
                violation_error_message="A limit is not below nothing.",
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False, valid__startswith__isnull=False),
                name="authority_days_bounded",
                violation_error_message="An authority begins on a day, and ends after it.",
            ),
            models.CheckConstraint(
                condition=Q(delegated_from__isnull=True) | ~Q(delegated_from=F("pk")),
                name="authority_not_from_itself",
            ),
            ExclusionConstraint(
                name="authority_once_at_a_time",
                expressions=[
                    ("holder", RangeOperators.EQUAL),
                    ("resource", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    (Coalesce(F("cluster"), Value(0)), RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message="They hold an authority over this resource there in that time: end it first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder}: {self.amount:,f} {self.unit} {self.resource}"
