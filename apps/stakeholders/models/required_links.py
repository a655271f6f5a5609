"""Links between clusters that people require, and whether anything passes there."""

import operator
from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse

from apps.accounts.rules import Capability
from apps.clusters.models import Cluster, Dependency, Lifecycle
from apps.integrations.models import Integration
from apps.stakeholders.models.silo_survey import HandOff
from apps.stakeholders.rules.required_links import MOST_VOLUME, REASON_WORDS, Reason
from apps.stakeholders.rules.silo_survey import LONGEST_LINE

if TYPE_CHECKING:
    from apps.accounts.models import Person

_PERSON = settings.AUTH_USER_MODEL


class RequiredLinkQuerySet(models.QuerySet["RequiredLink"]):
    def visible_to(self, person: "Person") -> Self:
        """Links both of whose clusters this person may know of."""
        if person.may(Capability.READ_RESTRICTED):
            return self
        seen = Cluster.objects.visible_to(person).values("pk")
        return self.filter(source__in=seen, target__in=seen)

    def current(self) -> Self:
        """Those that are still required."""
        return self.filter(ended_at__isnull=True)

    def with_observed(self) -> Self:
        """With what passes on the map now: `dependencies`, `integrations` (so many of them), `handoffs`, `is_missing`.

        A dependency counts in either direction, as it says who needs whom and not which way data goes; a hand-off in
        that of the link. For pages of a list; `queries.required_links.read_with_observed` reads all of them at once.
        """
        alive = alive_dependencies()
        there, back = (OuterRef("source"), OuterRef("target")), (OuterRef("target"), OuterRef("source"))
        rows = self.annotate(
            # Each direction for itself: two walks along indexes, where one with an “or” would read the whole map.
            dependencies=_sum(
                alive.filter(consumer__cluster=one, provider__cluster=other) for one, other in (there, back)
            ),
            integrations=_sum(
                alive.filter(is_built(), consumer__cluster=one, provider__cluster=other) for one, other in (there, back)
            ),
            handoffs=_sum([HandOff.objects.current().filter(source=there[0], target=there[1])]),
        )
        return rows.annotate(
            is_missing=models.Case(
                models.When(dependencies=0, handoffs=0, then=True), default=False, output_field=models.BooleanField()
            )
        )


def alive_dependencies() -> models.QuerySet[Dependency]:
    """Dependencies of which neither end is retired: what is retired is no longer part of the map."""
    return Dependency.objects.exclude(
        Q(consumer__lifecycle=Lifecycle.RETIRED) | Q(provider__lifecycle=Lifecycle.RETIRED)
    )


def is_built() -> Exists:
    """Whether a dependency is built as one integration or more."""
    built = Integration.objects.filter(consumer=OuterRef("consumer"), interface__component=OuterRef("provider"))
    return Exists(built)


def _sum(parts: Iterable[models.QuerySet[Any]]) -> models.expressions.Combinable:
    """How many rows all of the parts have."""
    return reduce(operator.add, map(_number_of, parts))


def _number_of(rows: models.QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().annotate(all_of_them=models.Value(1)).values("all_of_them")
    return Coalesce(Subquery(counted.annotate(number=models.Count("pk")).values("number")), 0)


class RequiredLink(models.Model):
    """Something that must be able to pass from one cluster to another, as somebody says, and who answers for it."""

    source = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=[(one.value, REASON_WORDS[one]) for one in Reason])
    why = models.CharField(max_length=LONGEST_LINE)  # which workflow, data or aim
    volume = models.PositiveIntegerField(null=True, blank=True)  # would pass a month; None: nobody knows
    owner = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")  # who answers for it
    declared_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    end_reason = models.CharField(max_length=LONGEST_LINE, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = RequiredLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="required_link_between_two",
                violation_error_message="A required link is between two clusters.",
            ),
            models.CheckConstraint(condition=Q(reason__in=[*Reason]), name="required_link_reason_known"),
            models.CheckConstraint(
                condition=Q(volume__isnull=True) | Q(volume__gte=1, volume__lte=MOST_VOLUME),
                name="required_link_volume_bounded",
                violation_error_message="What passes a month lies between 1 and 10,000,000.",
            ),
            models.UniqueConstraint(
                "source",
                "target",
                "reason",
                Lower("why"),
                condition=Q(ended_at__isnull=True),
                name="required_link_once",
                violation_error_message="This link is required already.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="required_link_ended_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["source", "target"], name="required_link_between")]

    def __str__(self) -> str:
        return f"{self.source} to {self.target}"

    def get_absolute_url(self) -> str:
        return f"{reverse('stakeholders:required_links')}#link-{self.pk}"
